"""geemap's `ee_to_numpy` and `ee_export_image`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import geemap
import numpy as np
import rasterio

from .ground import (
    BOUNDS,
    CRS,
    HEIGHT,
    IMAGE,
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

BANDS = ["u8", "u16"]


def area() -> Any:
    return ee.Geometry.Rectangle(BOUNDS, proj=CRS, geodesic=False)


def check(path: Path) -> None:
    with rasterio.open(path) as file:
        assert (file.height, file.width) == (HEIGHT, WIDTH)
        assert tuple(file.transform)[:6] == TRANSFORM
        for index, band in enumerate(BANDS, start=1):
            wanted = np.where(valid(band), values(band), 0)
            np.testing.assert_array_equal(file.read(index), wanted)


def test_ee_to_numpy(earth_engine: EarthEngine) -> None:
    found = geemap.ee_to_numpy(ee.Image(IMAGE), region=area(), scale=10, bands=BANDS)
    wanted = [np.where(valid(band), values(band), 0) for band in BANDS]
    np.testing.assert_array_equal(found, np.dstack(wanted))


def test_ee_export_image_as_geotiff(earth_engine: EarthEngine, tmp_path: Path) -> None:
    path = tmp_path / "image.tif"
    geemap.ee_export_image(
        ee.Image(IMAGE).select(BANDS),
        str(path),
        crs=CRS,
        scale=10,
        region=area(),
        format="GEO_TIFF",
        unzip=False,
    )
    # What it did not ask for as a zip file it calls one all the same.
    check(path.with_suffix(".zip"))


def test_ee_export_image(earth_engine: EarthEngine, tmp_path: Path) -> None:
    path = tmp_path / "image.tif"
    geemap.ee_export_image(
        ee.Image(IMAGE).select(BANDS), str(path), crs=CRS, scale=10, region=area()
    )
    check(path)
