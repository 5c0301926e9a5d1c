"""Interpolated positions name the same pixels as exact ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from eemulator import Grid
from eemulator.pixels import warp
from eemulator.pixels.locate import SNAP

if TYPE_CHECKING:
    import pytest

CRSS = {
    "EPSG:32738": (400_000.0, 8_000_000.0, 10.0),
    "EPSG:3857": (4_950_000.0, -2_100_000.0, 10.0),
    "EPSG:4326": (44.5, -18.2, 1e-4),
    "ESRI:54009": (4_500_000.0, -2_200_000.0, 10.0),
    "EPSG:3031": (2_000_000.0, 1_500_000.0, 10.0),
    "SR-ORG:6974": (4_700_000.0, -2_000_000.0, 10.0),
}


@settings(max_examples=60)
@given(
    source=st.sampled_from(list(CRSS)),
    target=st.sampled_from(list(CRSS)),
    scale=st.sampled_from([0.5, 1.0, 3.7, 20.0, 300.0]),
    native_scale=st.sampled_from([0.7, 1.0, 6.0]),
    shear=st.sampled_from([0.0, 0.2]),
    size=st.tuples(st.integers(1, 200), st.integers(1, 200)),
)
def test_the_same_pixels(
    source: str,
    target: str,
    scale: float,
    native_scale: float,
    shear: float,
    size: tuple[int, int],
) -> None:
    x, y, unit = CRSS[source]
    unit *= scale
    grid = Grid(source, (unit, shear * unit, x, 0.0, -unit, y), *size)
    u, v, native_unit = CRSS[target]
    native_unit *= native_scale
    native = Grid(target, (native_unit, 0.0, u, 0.0, -native_unit, v), 10, 10)
    cols = np.arange(size[0])[np.newaxis, :]
    rows = np.arange(size[1])[:, np.newaxis]
    exact = warp._projected(grid, native, cols, rows)
    for found, expected in zip(warp.positions(grid, native), exact, strict=True):
        sane = np.isfinite(expected)
        np.testing.assert_array_equal(np.isfinite(found), sane)
        np.testing.assert_array_equal(np.floor(found[sane] + SNAP), np.floor(expected[sane] + SNAP))


def test_large_grids_are_interpolated(monkeypatch: pytest.MonkeyPatch) -> None:
    points = 0
    plain = warp._projected

    def counting(*arguments: object) -> object:
        nonlocal points
        found = plain(*arguments)  # type: ignore[arg-type]
        points += found[0].size
        return found

    monkeypatch.setattr(warp, "_projected", counting)
    grid = Grid("EPSG:4326", (1e-4, 0.0, 44.5, 0.0, -1e-4, -18.2), 512, 512)
    native = Grid("EPSG:32738", (10.0, 0.0, 399_960.0, 0.0, -10.0, 8_000_020.0), 10980, 10980)
    warp.positions(grid, native)
    assert points < 0.05 * 512 * 512


def test_a_grid_across_the_date_line_is_not_interpolated() -> None:
    grid = Grid("EPSG:32701", (1000.0, 0.0, 100_000.0, 0.0, -1000.0, 8_000_000.0), 120, 100)
    native = Grid("EPSG:4326", (0.01, 0.0, -180.0, 0.0, -0.01, 90.0), 36000, 18000)
    cols, _ = warp.positions(grid, native)
    x = 100_000 + 1000 * (np.arange(120) + 0.5)
    lon, _ = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(
        x, np.full(120, 8_000_000 - 500.0)
    )
    np.testing.assert_allclose(cols[0], (lon + 180) / 0.01)
