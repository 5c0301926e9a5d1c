"""Downloads by URL: a request is kept under a name, and its pixels fetched by that name."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import ee
import numpy as np

from tests.eemulator.synthetic import UTM, formula, is_valid
from tests.eemulator.wire import send

if TYPE_CHECKING:
    import eemulator


def test_get_download_url(server: eemulator.Server) -> None:
    a, _, left, _, e, top = UTM.transform
    url = ee.Image("TEST/UTM").getDownloadURL(
        {
            "format": "NPY",
            "bands": ["u16", "flag"],
            "crs": UTM.crs,
            "crs_transform": [a, 0, left + 20 * a, 0, e, top + 30 * e],
            "dimensions": [40, 25],
        }
    )
    reply = send(server, "GET", urlsplit(url).path)
    assert reply.status == 200
    rows, cols = np.arange(30, 55)[:, None], np.arange(20, 60)[None]
    assert reply.array.shape == (25, 40)
    for name in ("u16", "flag"):
        valid = is_valid(name, 3, rows, cols)
        expected = np.where(valid, formula(name, 3, rows, cols), 0)
        np.testing.assert_array_equal(reply.array[name], expected)


def test_an_unknown_name_is_not_found(server: eemulator.Server) -> None:
    path = "/v1/projects/local-emulator/thumbnails/none:getPixels"
    assert send(server, "GET", path).status == 404
