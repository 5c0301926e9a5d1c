"""Fractions of endmembers against SciPy's solvers, pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from scipy.optimize import nnls

from .synthetic import UTM, formula, is_valid
from .wire import grid, info, pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

BANDS = ("u8", "i16", "f32", "flag")
SCALES = (0.01, 0.0001, 0.1, 1.0)
WIDTH, HEIGHT = 9, 7
SMALL = grid(UTM.crs, UTM.transform, WIDTH, HEIGHT)
ENDMEMBERS = np.array([[1.0, 0.2, 0.1, 0.5], [0.1, -1.0, 0.4, 0.2], [0.5, 0.6, -0.9, 0.1]])


def mixed() -> tuple[Any, NDArray[np.float64], NDArray[np.bool_]]:
    """An image, its spectra `(bands, rows, columns)`, and where all bands are valid."""
    rows, cols = np.mgrid[:HEIGHT, :WIDTH]
    values = np.stack(
        [formula(band, 3, rows, cols) * scale for band, scale in zip(BANDS, SCALES, strict=True)]
    )
    shown = np.all([is_valid(band, 3, rows, cols) for band in BANDS], axis=0)
    image = ee.Image("TEST/UTM").select(list(BANDS)).multiply(ee.Image(list(SCALES)))
    return image, values, shown


def fractions(image: Any, **constraints: bool) -> NDArray[np.float64]:
    found = pixels(image.unmix(ENDMEMBERS.tolist(), **constraints), SMALL)
    return np.stack([found[f"band_{i}"] for i in range(len(ENDMEMBERS))])


def test_fractions_that_are_not_negative() -> None:
    image, values, shown = mixed()
    found = fractions(image, nonNegative=True)
    clipped = 0
    for row, column in np.argwhere(shown).tolist():
        expected, _ = nnls(ENDMEMBERS.T, values[:, row, column])
        np.testing.assert_allclose(found[:, row, column], expected, atol=1e-6)
        clipped += int((expected == 0).any())
    assert clipped > 5
    assert not found[:, ~shown].any()


def test_fractions_that_sum_to_one() -> None:
    """The last is what the others leave: least squares of the others alone."""
    image, values, shown = mixed()
    found = fractions(image, sumToOne=True)
    last = ENDMEMBERS[-1]
    for row, column in np.argwhere(shown).tolist():
        others, *_ = np.linalg.lstsq(
            (ENDMEMBERS[:-1] - last).T, values[:, row, column] - last, rcond=None
        )
        expected = [*others, 1 - others.sum()]
        np.testing.assert_allclose(found[:, row, column], expected, atol=1e-6)


def test_fractions_of_both_kinds() -> None:
    """A heavy equation for the sum is nearly a constraint."""
    image, values, shown = mixed()
    found = fractions(image, sumToOne=True, nonNegative=True)
    heavy = 1e4
    system = np.vstack([ENDMEMBERS.T, np.full(len(ENDMEMBERS), heavy)])
    for row, column in np.argwhere(shown).tolist():
        expected, _ = nnls(system, [*values[:, row, column], heavy])
        np.testing.assert_allclose(found[:, row, column], expected, atol=1e-5)
    np.testing.assert_allclose(found[:, shown].sum(axis=0), 1)
    assert (found >= 0).all()


def test_too_many_endmembers() -> None:
    many = [[float(i == j) for j in range(11)] for i in range(11)]
    image = ee.Image.constant(list(range(11)))
    assert len(info(image.unmix(many, True).bandNames())) == 11
    with pytest.raises(ee.EEException, match="at most 10 endmembers from being negative, got 11"):
        info(image.unmix(many, False, True))
