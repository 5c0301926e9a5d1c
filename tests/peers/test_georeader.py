"""georeader's `export_image`, on both of the methods that it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ee
import numpy as np
import pytest
import shapely
from affine import Affine
from georeader.readers import ee_image

from .ground import BOUNDS, CRS, IMAGE, TRANSFORM, on_synthetic_ground, valid, values

if TYPE_CHECKING:
    from pytest_eemulator.session import EarthEngine

pytestmark = on_synthetic_ground

AREA = shapely.box(*BOUNDS)


@pytest.mark.parametrize("computed", [False, True])
def test_export_image(earth_engine: EarthEngine, computed: bool) -> None:
    source = ee.Image(IMAGE) if computed else IMAGE
    bands = ["u16", "u8"]
    found = ee_image.export_image(source, AREA, Affine(*TRANSFORM), CRS, bands, crs_polygon=CRS)
    # Of an area along the edges of pixels it exports a row and a column too many.
    for band, shown in zip(bands, found.values, strict=True):
        wanted = np.where(valid(band), values(band), 0)
        height, width = wanted.shape
        np.testing.assert_array_equal(shown[:height, :width], wanted)
    assert str(found.crs) == CRS
    assert earth_engine.stats.requests == {"computePixels" if computed else "getPixels": 1}
