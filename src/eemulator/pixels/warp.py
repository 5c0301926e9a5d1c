"""Positions of one lattice's pixel centres in another lattice, across CRSs.

A projection costs a third of a microsecond a point. Large grids are therefore projected on every
16th pixel and interpolated; whichever pixel lies so near to an edge of the other lattice that the
interpolation might misplace it is then projected on its own. The pixel found is the same as if
each had been.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..values.projection import same_crs, transformer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid

    Floats = NDArray[np.float64]

_STEP = 16
_FEWEST = 3 * _STEP
# What rounding in the transforms may amount to, in pixels.
_ROUNDING = 1e-7
# Where the projection bends more than this over a step, in pixels, interpolation gains nothing.
_MOST_BENT = 0.05


def positions(grid: Grid, native: Grid) -> tuple[Floats, Floats]:
    """Columns and rows of another lattice, with fractions, under each centre of a grid.

    Exact enough to take the floor of; infinite where a point has no image in the other CRS.
    """
    if not same_crs(grid.crs, native.crs) and min(grid.width, grid.height) >= _FEWEST:
        near = _interpolated(grid, native)
        if near is not None:
            return near
    return exact_positions(grid, native)


def exact_positions(grid: Grid, native: Grid) -> tuple[Floats, Floats]:
    """The same, each projected on its own: exact enough to interpolate there."""
    cols = np.arange(grid.width, dtype=np.float64)[np.newaxis, :]
    rows = np.arange(grid.height, dtype=np.float64)[:, np.newaxis]
    col, row = _projected(grid, native, cols, rows)
    shape = grid.height, grid.width
    return np.broadcast_to(col, shape), np.broadcast_to(row, shape)


def _projected(
    grid: Grid, native: Grid, cols: NDArray[Any], rows: NDArray[Any]
) -> tuple[Floats, Floats]:
    """The positions under some pixels' centres, each on its own."""
    a, b, c, d, e, f = grid.transform
    cols, rows = cols + 0.5, rows + 0.5
    x, y = (a * cols + b * rows) + c, (d * cols + e * rows) + f
    if not same_crs(grid.crs, native.crs):
        x, y = transformer(grid.crs, native.crs).transform(x, y)
    return in_pixels(native.transform, x, y)


def in_pixels(transform: Sequence[float], x: Any, y: Any) -> tuple[Any, Any]:
    """Columns and rows of a lattice, with fractions, of points in its CRS."""
    a, b, c, d, e, f = transform
    return steps((a, b, d, e), x - c, y - f)


def steps(sides: tuple[float, float, float, float], east: Any, north: Any) -> tuple[Any, Any]:
    """How many columns and rows a way in the CRS goes; `sides` are a, b, d, e of the transform."""
    a, b, d, e = sides
    determinant = a * e - b * d
    return (e * east - b * north) / determinant, (a * north - d * east) / determinant


def _interpolated(grid: Grid, native: Grid) -> tuple[Floats, Floats] | None:
    """The same by interpolation; None where the projection is not smooth enough."""
    node_cols = np.arange(0, grid.width + _STEP, _STEP)[np.newaxis, :]
    node_rows = np.arange(0, grid.height + _STEP, _STEP)[:, np.newaxis]
    found, unsure = [], np.zeros((grid.height, grid.width), np.bool_)
    for nodes in _projected(grid, native, node_cols, node_rows):
        if not np.isfinite(nodes).all():
            return None
        margin = _bend(nodes, 0) + _bend(nodes, 1) + _ROUNDING
        if margin > _MOST_BENT:
            return None
        full = _bilinear(nodes, grid.width, grid.height)
        unsure |= np.abs(full - np.rint(full)) < margin
        found.append(full)
    rows, cols = np.nonzero(unsure)
    if rows.size:
        exact = _projected(grid, native, cols, rows)
        for full, values in zip(found, exact, strict=True):
            full[rows, cols] = values
    return found[0], found[1]


def _bend(nodes: Floats, axis: int) -> float:
    """How far a node lies off the line of its neighbours, at most.

    Interpolation between nodes errs by a quarter of that along each axis; the rest is reserve
    for bends that are sharper between the nodes than at them.
    """
    return float(np.abs(np.diff(nodes, 2, axis)).max() / 2)


def _bilinear(nodes: Floats, width: int, height: int) -> Floats:
    """Values at every pixel from those at every `_STEP`th."""
    part = np.arange(_STEP) / _STEP
    down = np.diff(nodes, axis=0)[:, np.newaxis, :] * part[np.newaxis, :, np.newaxis]
    down += nodes[:-1, np.newaxis, :]
    tall = down.reshape(-1, nodes.shape[1])[:height]
    across = np.diff(tall, axis=1)[:, :, np.newaxis] * part
    across += tall[:, :-1, np.newaxis]
    return across.reshape(height, -1)[:, :width]
