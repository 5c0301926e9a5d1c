"""geedim: arrays and GeoTIFFs, by download URLs and a client of its own for them."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import aiohttp
import ee
import geedim  # noqa: F401 - registers the `gd` accessor
import numpy as np
import pytest
import rasterio

from .ground import (
    CRS,
    HEIGHT,
    IMAGE,
    NUMBERS,
    SERIES,
    TRANSFORM,
    WIDTH,
    on_synthetic_ground,
    valid,
    values,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_eemulator.session import EarthEngine

pytestmark = on_synthetic_ground

BANDS = ["i16", "f32"]


def prepared(source: Any) -> Any:
    made = source.select(BANDS).gd.prepareForExport(
        crs=CRS, crs_transform=TRANSFORM, shape=(HEIGHT, WIDTH)
    )
    return made.gd


def test_to_numpy(earth_engine: EarthEngine) -> None:
    found = prepared(ee.Image(IMAGE)).toNumPy(masked=True)
    assert found.dtype == np.float32
    for index, band in enumerate(BANDS):
        np.testing.assert_array_equal(~found.mask[..., index], valid(band))
        ok = valid(band)
        np.testing.assert_array_equal(found.data[..., index][ok], values(band)[ok])
    requests = earth_engine.stats.requests
    assert requests["thumbnails"] == requests["getThumbnail"]


def test_to_geotiff(earth_engine: EarthEngine, tmp_path: Path) -> None:
    path = tmp_path / "image.tif"
    prepared(ee.Image(IMAGE).add(0)).toGeoTIFF(path)
    with rasterio.open(path) as file:
        assert tuple(file.transform)[:6] == TRANSFORM
        assert file.crs.to_string() == CRS
        for index, band in enumerate(BANDS, start=1):
            ok = valid(band)
            np.testing.assert_array_equal(file.read_masks(index) != 0, ok)
            np.testing.assert_array_equal(file.read(index)[ok], values(band)[ok])


def test_metadata_of_assets_come_from_another_host(
    earth_engine: EarthEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A GeoTIFF of what has an asset's id is given tags from Earth Engine's STAC catalogue, whose
    # address cannot be changed: without a network this fails.
    def offline(host: str, *arguments: Any, **options: Any) -> Any:
        if host not in ("127.0.0.1", "localhost"):
            raise socket.gaierror(f"{host}: this test is offline")
        return look_up(host, *arguments, **options)

    look_up = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", offline)
    with pytest.raises(aiohttp.ClientConnectorError, match="earthengine-stac.storage.googleapis"):
        prepared(ee.Image(IMAGE)).toGeoTIFF(tmp_path / "image.tif")


def test_a_collection(earth_engine: EarthEngine) -> None:
    found = prepared(ee.ImageCollection(SERIES)).toNumPy(masked=True)
    assert found.shape == (HEIGHT, WIDTH, len(BANDS), 6)
    ids = [name for name in NUMBERS if name.startswith(SERIES)]
    for date, asset_id in enumerate(ids):
        for index, band in enumerate(BANDS):
            ok = valid(band, asset_id)
            np.testing.assert_array_equal(~found.mask[..., index, date], ok)
            np.testing.assert_array_equal(
                found.data[..., index, date][ok], values(band, asset_id)[ok]
            )
