"""Canny's edges, against SciPy's gradients and a search pixel by pixel."""

from __future__ import annotations

import math
from typing import Any

import ee
import numpy as np
import pytest
from scipy import ndimage

from .synthetic import UTM, part
from .wire import info, pixels

pytestmark = pytest.mark.usefixtures("server")

LEFT, TOP, WIDTH, HEIGHT, MARGIN = 50, 60, 20, 16, 12
_A, _, _C, _, _, _ = UTM.transform
INSIDE = part(LEFT, TOP, WIDTH, HEIGHT)
ROWS, COLS = np.mgrid[TOP - MARGIN : TOP + HEIGHT + MARGIN, LEFT - MARGIN : LEFT + WIDTH + MARGIN]
X, Y = COLS + 0.5, ROWS + 0.5
VALUES = np.sin(X * 0.9) * np.cos(Y * 0.7) + np.sin(X * Y / 20)


def rough() -> Any:
    """Hills and dales, none like another."""
    place = ee.Image.pixelCoordinates(ee.Projection(UTM.crs, list(UTM.transform)))
    x, y = place.select("x"), place.select("y")
    waves = x.multiply(0.9).sin().multiply(y.multiply(0.7).cos())
    return waves.add(x.multiply(y).divide(20).sin()).rename("v")


@pytest.mark.parametrize("sigma", [0, 0.7, 1])
def test_edges_are_the_steepest_pixels_along_their_gradient(sigma: float) -> None:
    threshold = 2
    canny = ee.Algorithms.CannyEdgeDetector(rough(), threshold, sigma)
    assert info(canny.bandNames()) == ["v"]
    found = pixels(canny, INSIDE)["v"]
    smooth = VALUES
    if sigma:
        radius = math.ceil(3 * sigma)
        smooth = ndimage.gaussian_filter(VALUES, sigma, radius=radius)
    across, down = ndimage.sobel(smooth, 1), ndimage.sobel(smooth, 0)
    size = np.hypot(across, down)
    expected = np.zeros(size.shape)
    for row in range(2, len(size) - 2):
        for column in range(2, size.shape[1] - 2):
            turn = round(math.degrees(math.atan2(down[row, column], across[row, column])) / 45) % 4
            r, c = [(0, 1), (1, 1), (1, 0), (1, -1)][turn]
            here = size[row, column]
            beside = size[row - r, column - c], size[row + r, column + c]
            if here > threshold and here > beside[0] and here >= beside[1]:
                expected[row, column] = here
    expected = expected[MARGIN:-MARGIN, MARGIN:-MARGIN]
    assert 5 < (expected > 0).sum() < expected.size / 2
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_step_is_a_line_of_one_pixel() -> None:
    east = ee.Image.pixelCoordinates(ee.Projection(UTM.crs)).select("x")
    step = east.gt(_C + (LEFT + 8) * _A).multiply(100)
    line = pixels(ee.Algorithms.CannyEdgeDetector(step, 399, 0), INSIDE)["x"]
    expected = np.zeros((HEIGHT, WIDTH))
    expected[:, 7] = 400
    np.testing.assert_array_equal(line, expected)
    # Nothing is greater than its own gradient, and a slope has no edge.
    assert not pixels(ee.Algorithms.CannyEdgeDetector(step, 400, 0), INSIDE)["x"].any()
    assert not pixels(ee.Algorithms.CannyEdgeDetector(east.int(), 1, 0), INSIDE)["x"].any()


def test_pixels_beside_masked_ones_are_masked() -> None:
    hole = ee.Image.pixelCoordinates(ee.Projection(UTM.crs)).select("x").neq(_C + (LEFT + 3.5) * _A)
    canny = ee.Algorithms.CannyEdgeDetector(rough().updateMask(hole), 0, 0)
    found = pixels(canny.mask(), INSIDE)["v"]
    expected = np.ones((HEIGHT, WIDTH))
    expected[:, 2:5] = 0
    np.testing.assert_array_equal(found, expected)


def test_a_width_that_is_none_is_refused() -> None:
    with pytest.raises(ee.EEException, match="'sigma' must be 0 to 50, got -1"):
        info(ee.Algorithms.CannyEdgeDetector(rough(), 1, -1))


def test_a_bell_too_narrow_for_numbers_leaves_pixels_as_they_are() -> None:
    found, plain = (
        pixels(ee.Algorithms.CannyEdgeDetector(rough(), 2, sigma), INSIDE)["v"]
        for sigma in (5e-324, 0)
    )
    np.testing.assert_array_equal(found, plain)
