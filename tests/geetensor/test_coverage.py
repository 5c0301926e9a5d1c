"""Which blocks of an output an area touches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

import geetensor.coverage
from geetensor.coverage import BLOCK, Coverage, cover
from geetensor.geometry import Area
from geetensor.grid import PixelGrid, Window, window_of_geometry

CRS = "EPSG:32738"
BASE = PixelGrid(CRS, Affine(10, 0, 300_000, 0, -10, 8_000_000), 0, 0)

if TYPE_CHECKING:
    import pytest

corners = st.tuples(st.floats(0, 1500), st.floats(0, 1500))


def grid_and_area(pixels: shapely.Polygon | shapely.MultiPolygon) -> tuple[PixelGrid, Area]:
    """A polygon in pixels of `BASE`, as an area, and the grid that an export of it has."""
    shape = shapely.transform(pixels, lambda xy: xy * (10, -10) + (300_000, 8_000_000))
    area = Area(shape, CRS)
    return BASE.window(window_of_geometry(BASE, area.shape, CRS)), area


@settings(max_examples=30)
@given(points=st.lists(corners, min_size=3, max_size=6, unique=True))
def test_nothing_of_the_area_is_blank_and_each_blank_is_far(
    points: list[tuple[float, float]],
) -> None:
    polygon = shapely.Polygon(points)
    if not polygon.is_valid or polygon.area < 1:
        return
    grid, area = grid_and_area(polygon)
    coverage = cover(grid, area)
    blank = np.zeros(grid.shape, int)
    for window in coverage.blanks():
        blank[window.slices] += 1
        assert not coverage.touches(window)
    assert blank.max() <= 1
    row, col = grid.height // 2, grid.width // 2
    for window in (Window(0, 0, *grid.shape), Window(row, col, 1, 1)):
        assert coverage.touches(window) == (blank[window.slices] == 0).any()
    rows, cols = np.nonzero(blank == 0)
    left, top = (~BASE.transform) @ (grid.transform.c, grid.transform.f)
    inside = shapely.contains_xy(polygon, cols + left + 0.5, rows + top + 0.5)
    everywhere = shapely.contains_xy(
        polygon,
        *np.meshgrid(np.arange(grid.width) + left + 0.5, np.arange(grid.height) + top + 0.5),
    )
    assert inside.sum() == everywhere.sum()


def test_a_diagonal_leaves_most_blocks_out() -> None:
    grid, area = grid_and_area(shapely.Polygon([(0, 0), (10, 0), (5000, 4990), (4990, 5000)]))
    coverage = cover(grid, area)
    side = -(-5000 // BLOCK)
    assert coverage.touched.shape == (side, side)
    assert coverage.touched.sum() <= 3 * side
    assert coverage.touched.diagonal().all()
    assert coverage.share == coverage.touched.sum() / side**2


def test_a_rectangle_and_what_fits_a_block_leave_nothing_out() -> None:
    for polygon in (shapely.box(0, 0, 3000, 2000), shapely.Polygon([(0, 0), (250, 0), (0, 250)])):
        coverage = cover(*grid_and_area(polygon))
        assert coverage.share == 1
        assert list(coverage.blanks()) == []


def test_a_vast_grid_has_larger_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geetensor.coverage, "MOST_BLOCKS", 100)
    grid, area = grid_and_area(shapely.Polygon([(0, 0), (10, 0), (5000, 4990), (4990, 5000)]))
    coverage = cover(grid, area)
    assert (coverage.block, coverage.touched.shape) == (512, (10, 10))
    covered = sum(w.height * w.width for w in coverage.blanks())
    assert covered + coverage.touched.sum() * 512**2 >= grid.height * grid.width


def test_windows_at_the_edges_of_blocks() -> None:
    coverage = Coverage((600, 600), 256, np.array([[1, 0, 0], [0, 0, 0], [0, 0, 1]], bool))
    assert coverage.touches(Window(255, 255, 10, 10))
    assert not coverage.touches(Window(256, 0, 256, 600))
    assert not coverage.touches(Window(0, 256, 512, 344))
    assert coverage.touches(Window(511, 511, 2, 2))
    assert list(coverage.blanks()) == [
        Window(0, 256, 256, 344),
        Window(256, 0, 256, 600),
        Window(512, 0, 88, 512),
    ]
