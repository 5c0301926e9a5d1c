"""Downloads of tables: what `ee.FeatureCollection.getDownloadURL` points to.

Source: https://developers.google.com/earth-engine/apidocs/ee-featurecollection-getdownloadurl.
"""

from __future__ import annotations

import csv
import io
import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import ee
import pytest

from .wire import PROJECT, send

if TYPE_CHECKING:
    import eemulator


def table() -> Any:
    return ee.FeatureCollection(
        [
            ee.Feature(ee.Geometry.Point([1, 2]), {"name": "é, first", "n": 1}),
            ee.Feature(ee.Geometry.Point([3, 4]), {"name": "second", "n": 2.5}),
        ]
    )


def fetched(url: str) -> tuple[bytes, Any]:
    with urllib.request.urlopen(url) as reply:  # noqa: S310  the emulator's own
        return reply.read(), reply.headers


@pytest.mark.usefixtures("server")
def test_csv() -> None:
    content, headers = fetched(table().getDownloadURL("csv", ["n", "name"], "my table"))
    assert headers["content-type"].startswith("text/csv")
    assert headers["content-disposition"] == 'attachment; filename="my_table.csv"'
    rows = list(csv.reader(io.StringIO(content.decode())))
    assert rows == [["n", "name"], ["1", "é, first"], ["2.5", "second"]]
    # All properties, by default, the index and the place.
    plain, _ = fetched(table().getDownloadURL())
    header, first, _ = csv.reader(io.StringIO(plain.decode()))
    assert header == ["system:index", "n", "name", ".geo"]
    assert json.loads(first[3]) == {"type": "Point", "coordinates": [1, 2]}


@pytest.mark.usefixtures("server")
def test_geojson() -> None:
    content, headers = fetched(table().getDownloadURL("geojson"))
    assert headers["content-type"].startswith("application/geo+json")
    found = json.loads(content)
    assert [feature["properties"]["n"] for feature in found["features"]] == [1, 2.5]
    assert found["features"][1]["geometry"] == {"type": "Point", "coordinates": [3, 4]}


@pytest.mark.usefixtures("server")
def test_what_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ee.EEException, match="as CSV and GEO_JSON, not as 'KML'"):
        table().getDownloadURL("kml")
    broken = table().map(lambda feature: ee.Feature(feature).set("x", ee.Image("no/such")))
    # Rows are computed when they are fetched.
    with pytest.raises(urllib.error.HTTPError, match="400"):
        fetched(broken.getDownloadURL())


def test_names_that_are_not_known(server: eemulator.Server) -> None:
    found = send(server, "GET", f"{PROJECT}/tables/none:getFeatures")
    assert (found.status, "not found" in found.message) == (404, True)
    body = {"expression": {}, "rows": 3}
    assert 'Unknown name "rows"' in send(server, "POST", f"{PROJECT}/tables", body).message
    table().getDownloadURL()
    assert server.stats.requests["tables"] == 2
