"""Image.resample, against GDAL and a sum by hand."""

from __future__ import annotations

import itertools
import math

import ee
import numpy as np
import pytest
from affine import Affine
from pyproj import Transformer
from rasterio.warp import Resampling, reproject

from .synthetic import UTM, UTM_60, formula, is_valid
from .wire import grid, info, pixels

pytestmark = pytest.mark.usefixtures("server")

# 10 m pixels over COARSE's 60 m ones, from inside of one of them.
FINE = (10.0, 0.0, UTM_60.transform[2] + 490, 0.0, -10.0, UTM_60.transform[5] - 330)
GDALS = {"bilinear": Resampling.bilinear, "bicubic": Resampling.cubic}


def weight(distance: float, mode: str) -> float:
    x = abs(distance)
    if mode == "bilinear":
        return max(1 - x, 0)
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0


def by_hand(band: str, k: int, row: float, col: float, mode: str) -> float | None:
    """A band of an image at a position in its pixels; None where it is masked."""
    if not is_valid(band, k, math.floor(row), math.floor(col)):
        return None
    row, col = row - 0.5, col - 0.5
    for kernel, reach in ((mode, 2 if mode == "bicubic" else 1), ("bilinear", 1)):
        rows = range(math.floor(row) - reach + 1, math.floor(row) + reach + 1)
        cols = range(math.floor(col) - reach + 1, math.floor(col) + reach + 1)
        cells = [
            (float(formula(band, k, r, c)), weight(r - row, kernel) * weight(c - col, kernel))
            for r, c in itertools.product(rows, cols)
            if is_valid(band, k, r, c)
        ]
        if len(cells) == len(rows) * len(cols):
            break
    return sum(v * w for v, w in cells) / sum(w for _, w in cells)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_gdal_has_the_same_between_pixels(mode: str) -> None:
    image = ee.Image("TEST/COARSE").select("i32").resample(mode)
    found = pixels(image, grid(UTM_60.crs, FINE, 60, 50))["i32"]
    rows, cols = np.mgrid[0 : UTM_60.height, 0 : UTM_60.width]
    theirs = np.zeros((50, 60))
    reproject(
        formula("i32", 4, rows, cols).astype(np.float64),
        theirs,
        src_transform=Affine(*UTM_60.transform),
        dst_transform=Affine(*FINE),
        src_crs=UTM_60.crs,
        dst_crs=UTM_60.crs,
        resampling=GDALS[mode],
    )
    assert found.dtype == np.int32
    np.testing.assert_allclose(found, theirs, atol=0.51)
    assert info(image)["bands"][0] == info(ee.Image("TEST/COARSE").select("i32"))["bands"][0]


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("band", ["f64", "u16"])
def test_masked_pixels_do_not_count_and_stay(mode: str, band: str) -> None:
    image = ee.Image("TEST/COARSE").select(band).resample(mode)
    found = pixels(image.unmask(-1, False), grid(UTM_60.crs, FINE, 31, 20))[band]
    for r, c in itertools.product(range(20), range(31)):
        value = by_hand(band, 4, (330 + 10 * r + 5) / 60, (490 + 10 * c + 5) / 60, mode)
        if value is not None and band == "u16":
            value = min(max(value, 0), 65_535)
        tolerance = 0.51 if band == "u16" else 1e-9
        assert found[r, c] == pytest.approx(-1 if value is None else value, abs=tolerance)


def test_across_projections_and_edges() -> None:
    origin = Transformer.from_crs(UTM.crs, "EPSG:4326", always_xy=True).transform(
        UTM.transform[2], UTM.transform[5]
    )
    lonlat = (0.00013, 0.0, origin[0] - 0.0005, 0.0, -0.00013, origin[1] + 0.0003)
    image = ee.Image("TEST/UTM").select("f64").resample("bicubic").unmask(-99, False)
    found = pixels(image, grid("EPSG:4326", lonlat, 30, 20))["f64"]
    to_utm = Transformer.from_crs("EPSG:4326", UTM.crs, always_xy=True)
    inside = 0
    for r, c in itertools.product(range(20), range(30)):
        x, y = to_utm.transform(
            lonlat[2] + (c + 0.5) * lonlat[0], lonlat[5] + (r + 0.5) * lonlat[4]
        )
        row, col = (UTM.transform[5] - y) / 10, (x - UTM.transform[2]) / 10
        if row < 0 or col < 0:
            assert found[r, c] == -99
        elif row > 2 and col > 2:
            inside += 1
            value = by_hand("f64", 3, row, col, "bicubic")
            assert found[r, c] == pytest.approx(-99 if value is None else value, abs=1e-6)
    assert inside > 300


def test_on_its_own_pixels_and_far_from_them_nothing_changes() -> None:
    plain, smooth = ee.Image("TEST/UTM"), ee.Image("TEST/UTM").resample("bicubic")
    own = grid(UTM.crs, UTM.transform, 40, 30)
    np.testing.assert_array_equal(pixels(smooth, own), pixels(plain, own))
    far = grid(UTM.crs, (10.0, 0.0, 900_000.0, 0.0, -10.0, 7_000_000.0), 5, 5)
    assert not pixels(smooth.select("i32"), far)["i32"].any()


def test_another_mode_is_refused() -> None:
    with pytest.raises(ee.EEException, match="Unknown resampling mode: average"):
        info(ee.Image("TEST/UTM").resample("average"))
