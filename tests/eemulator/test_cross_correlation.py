"""Cross-correlation against NumPy's coefficients, window by window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest

from .synthetic import UTM, formula, is_valid, part
from .wire import info, pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

LEFT, TOP, WIDTH, HEIGHT = 50, 60, 7, 5
INSIDE = part(LEFT, TOP, WIDTH, HEIGHT)
BANDS = ["u8", "f32"]


def image() -> Any:
    return ee.Image("TEST/UTM").select(BANDS)


def stored(margin: int) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """`(bands, rows, columns)` with a margin, and where they are valid."""
    rows, cols = np.mgrid[
        TOP - margin : TOP + HEIGHT + margin, LEFT - margin : LEFT + WIDTH + margin
    ]
    values = np.stack([formula(band, 3, rows, cols).astype(float) for band in BANDS])
    return values, np.stack([is_valid(band, 3, rows, cols) for band in BANDS])


def correlate(*arguments: Any) -> Any:
    return ee.Algorithms.CrossCorrelation(*arguments)


@pytest.mark.parametrize(("x", "y"), [(2, -1), (0, 0), (-3, 3)])
def test_a_shift_is_found(x: int, y: int) -> None:
    whole = image().unmask(0)
    found = pixels(correlate(whole, whole.translate(x, y, "pixels"), 3, 5), INSIDE)
    assert found.dtype.names == ("deltaX", "deltaY", "eucDist", "corrCoefficient")
    np.testing.assert_array_equal(found["deltaX"], x)
    np.testing.assert_array_equal(found["deltaY"], y)
    np.testing.assert_allclose(found["eucDist"], np.hypot(x, y), rtol=1e-6)
    np.testing.assert_allclose(found["corrCoefficient"], 1, rtol=1e-6)


def test_coefficients_of_what_is_valid_in_both() -> None:
    gap, size, margin = 1, 3, 6
    other = image().pow(2).translate(1, 0, "pixels")
    found = pixels(correlate(image(), other, gap, size, 0.8), INSIDE)
    values, ok = stored(margin)
    moved = np.roll(values**2, 1, axis=2), np.roll(ok, 1, axis=2)
    for row in range(HEIGHT):
        for column in range(WIDTH):
            best = -2.0
            for y in range(-gap, gap + 1):
                for x in range(-gap, gap + 1):
                    top, left = margin + row - 1, margin + column - 1
                    here = np.s_[:, top : top + size, left : left + size]
                    there = np.s_[:, top + y : top + y + size, left + x : left + x + size]
                    both = ok[here] & moved[1][there]
                    best = max(best, np.corrcoef(values[here][both], moved[0][there][both])[0, 1])
            assert found["corrCoefficient"][row, column] == pytest.approx(best, abs=1e-5)


def test_windows_with_too_much_masked() -> None:
    """`maxMaskedFrac` holds at every offset."""
    one = ee.Image.random(1).updateMask(_column().neq(LEFT + 3))
    found = correlate(one, ee.Image.random(2), 1, 3)
    seen = pixels(found.mask().select("deltaX"), INSIDE)["deltaX"]
    columns = np.arange(WIDTH)
    np.testing.assert_array_equal(seen, np.broadcast_to(np.abs(columns - 3) > 1, seen.shape))
    reverse = correlate(ee.Image.random(2), one, 1, 3)
    seen = pixels(reverse.mask().select("deltaX"), INSIDE)["deltaX"]
    np.testing.assert_array_equal(seen, np.broadcast_to(np.abs(columns - 3) > 2, seen.shape))
    third = pixels(correlate(one, ee.Image.random(2), 1, 3, 0.34).mask(), INSIDE)["deltaX"]
    assert third.all()


def _column() -> Any:
    lattice = ee.Projection(UTM.crs, list(UTM.transform))
    return ee.Image.pixelCoordinates(lattice).select("x").floor()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 3, 1.5), "'maxMaskedFrac' must be 0 to 1"),
        ((999, 3), "'maxGap' must be 0 to 50"),
        ((1, 1), "'windowSize' must be 2 to 255"),
    ],
)
def test_what_is_refused(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ee.EEException, match=message):
        info(correlate(image(), image(), *arguments))
    with pytest.raises(ee.EEException, match="same number of bands; got 2 and 1"):
        info(correlate(image(), image().select(0), 1, 3))
