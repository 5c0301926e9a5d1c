"""Spectral morphology against NumPy, pixel by pixel; images moved by whole pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from pyproj import Transformer

from .synthetic import UTM, formula, is_valid, part
from .wire import info, pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

BANDS = ("u8", "u16", "f64")
WIDTH, HEIGHT = 9, 7
_A, _, _C, _, _E, _F = UTM.transform


def window(left: int, top: int, width: int = WIDTH, height: int = HEIGHT) -> dict[str, Any]:
    return part(left, top, width, height)


def stored(left: int, top: int, width: int, height: int) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Spectra, `(bands, rows, columns)`, and where all bands are valid; `f64` made positive."""
    rows, cols = np.mgrid[top : top + height, left : left + width]
    values = np.stack([formula(band, 3, rows, cols).astype(float) for band in BANDS])
    values[2] += 20
    return values, np.all([is_valid(band, 3, rows, cols) for band in BANDS], axis=0)


def spectra() -> Any:
    image = ee.Image("TEST/UTM").select(list(BANDS))
    return image.add(ee.Image([0, 0, 20]))


def angle(a: NDArray[Any], b: NDArray[Any]) -> float:
    return float(np.arccos(np.clip(a @ b / np.sqrt((a @ a) * (b @ b)), -1, 1)))


def square(a: NDArray[Any], b: NDArray[Any]) -> float:
    return float(((a - b) ** 2).sum())


@pytest.mark.parametrize(("metric", "distance"), [("sam", angle), ("sed", square)])
@pytest.mark.parametrize("centroid", [False, True])
def test_erosion_dilation_and_gradient(metric: str, distance: Any, centroid: bool) -> None:
    eroded = pixels(spectra().spectralErosion(metric, None, centroid), window(50, 60))
    dilated = pixels(spectra().spectralDilation(metric, useCentroid=centroid), window(50, 60))
    gradient = pixels(spectra().spectralGradient(metric, useCentroid=centroid), window(50, 60))
    assert eroded.dtype.names == dilated.dtype.names == BANDS
    assert gradient.dtype.names == ("distance",)
    values, ok = stored(49, 59, WIDTH + 2, HEIGHT + 2)
    for row in range(HEIGHT):
        for column in range(WIDTH):
            shown = ok[row : row + 3, column : column + 3].ravel()
            near = values[:, row : row + 3, column : column + 3].reshape(3, 9)
            if not shown[4]:
                assert gradient["distance"][row, column] == 0
                assert dilated["u16"][row, column] == 0
                continue
            middle = near[:, shown].mean(axis=1) if centroid else near[:, 4]
            ways = np.array([distance(spectrum, middle) for spectrum in near.T])
            ends = []
            for found, best in ((dilated, ways[shown].max()), (eroded, ways[shown].min())):
                ends.append(np.array([found[band][row, column] for band in BANDS], float))
                # Rounding decides between two that are as far as each other.
                assert distance(ends[-1], middle) == pytest.approx(best, abs=1e-6)
                assert (np.abs(near[:, shown].T - ends[-1]) < 1e-9).all(axis=1).any()
            way = gradient["distance"][row, column]
            assert way == pytest.approx(distance(*ends), abs=1e-6)


def test_spectral_kernels_and_refusals() -> None:
    plus = ee.Kernel.plus(1)
    one = pixels(spectra().spectralDilation("sed", plus), window(50, 60))
    values, ok = stored(49, 59, WIDTH + 2, HEIGHT + 2)
    cells = [(1, 1), (0, 1), (1, 0), (1, 2), (2, 1)]
    for row, column in np.argwhere(ok[1:-1, 1:-1]).tolist():
        there = [values[:, row + r, column + c] for r, c in cells if ok[row + r, column + c]]
        farthest = max(square(spectrum, there[0]) for spectrum in there)
        found = np.array([one[band][row, column] for band in BANDS], float)
        assert square(found, there[0]) == pytest.approx(farthest)
    with pytest.raises(ee.EEException, match="Unknown metric 'far'"):
        info(spectra().spectralErosion("far"))


@pytest.mark.parametrize("metric", ["sam", "sed", "emd"])
def test_distances_of_arrays(metric: str) -> None:
    """apidocs/ee-image-spectraldistance: of array images, the first band of each."""
    other = ee.Image("TEST/UTM").select(["u16", "f64", "u8"], list(BANDS)).add(30)
    plain = pixels(spectra().spectralDistance(other, metric), window(50, 60))["distance"]
    arrays = spectra().toArray().addBands(ee.Image(1))
    found = pixels(arrays.spectralDistance(other.toArray(), metric), window(50, 60))["distance"]
    np.testing.assert_allclose(found, plain, rtol=1e-12)
    assert plain.any()
    short = ee.Image([1, 2]).toArray()
    with pytest.raises(ee.EEException, match="must be as long; got 3 and 2"):
        pixels(arrays.spectralDistance(short, metric), window(50, 60))
    with pytest.raises(ee.EEException, match="one dimension"):
        info(short.toArray(1).spectralDistance(short.toArray(1)))


@pytest.mark.parametrize(
    ("x", "y", "units", "columns", "rows"),
    [(30, -20, "meters", 3, 2), (3, 2, "pixels", 3, 2), (-10, 40, "meters", -1, -4)],
)
def test_images_are_moved(x: float, y: float, units: str, columns: int, rows: int) -> None:
    """What is seen is what was so many columns to the left and so many rows above."""
    image = ee.Image("TEST/UTM").select(["u8", "f32"])
    moved = image.translate(x, y, units)
    found = pixels(moved, window(50, 60))
    np.testing.assert_array_equal(found, pixels(image, window(50 - columns, 60 - rows)))
    old, new = info(image)["bands"][0], info(moved)["bands"][0]
    a, b, c, d, e, f = old["crs_transform"]
    assert new["crs_transform"] == [a, b, c + a * columns, d, e, f + e * rows]
    assert new["dimensions"] == old["dimensions"]
    left, top = info(image.geometry(1).bounds(1))["coordinates"][0][3]
    east, north = info(moved.geometry(1).bounds(1))["coordinates"][0][3]
    # The footprint's own corners went as far, give or take a turn of the meridian.
    assert (east - left) * 105_800 == pytest.approx(a * columns, abs=1)
    assert (north - top) * 110_700 == pytest.approx(e * rows, abs=1)


def test_images_are_moved_in_another_crs() -> None:
    """By a second of arc, seen in UTM: the nearest pixel there."""
    image = ee.Image("TEST/UTM").select(["i32"])
    second = 1 / 3600
    moved = image.translate(
        1, -1, "pixels", ee.Projection("EPSG:4326", [second, 0, 0, 0, second, 0])
    )
    found = pixels(moved, window(50, 60))["i32"]
    to, back = (
        Transformer.from_crs(*pair, always_xy=True)
        for pair in ((UTM.crs, "EPSG:4326"), ("EPSG:4326", UTM.crs))
    )
    rows, cols = np.mgrid[60 : 60 + HEIGHT, 50 : 50 + WIDTH]
    lon, lat = to.transform(_C + (cols + 0.5) * _A, _F + (rows + 0.5) * _E)
    x, y = back.transform(lon - second, lat + second)
    expected = formula("i32", 3, np.floor((y - _F) / _E), np.floor((x - _C) / _A))
    np.testing.assert_array_equal(found, expected)


def test_images_that_cannot_be_moved() -> None:
    with pytest.raises(ee.EEException, match="Unknown units 'feet'"):
        info(ee.Image(1).translate(1, 2, "feet"))
    with pytest.raises(ee.EEException, match="cannot be moved"):
        info(ee.Image(1).translate(1e300, 2))
    assert info(ee.Image(1).translate(10, 10).projection())["transform"] == [1, 0, 0, 0, 1, 0]
