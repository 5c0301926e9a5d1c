"""Which native pixel lies under the centre of each pixel of a grid.

Nearest neighbour, exactly: the answer for a pixel does not depend on the window it is asked in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..values.projection import same_crs, transformer
from .warp import in_pixels, positions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..catalog.model import Grid

# A centre within this many pixels before a pixel's edge counts as on the edge, hence in the next
# pixel: rounding in the transforms (1e-11 pixel) must not decide where a tie falls.
SNAP = 1e-9


@dataclass(frozen=True, slots=True)
class Located:
    """Native pixels under a window of a grid.

    Attributes:
        window: the rows and columns of the grid that have native pixels under them.
        rows: native rows, `(h, 1)` or `(h, w)`, within the native lattice.
        cols: native columns, `(1, w)` or `(h, w)`.
        inside: `(h, w)`, False where the window leaves the native lattice; None for nowhere.
    """

    window: tuple[slice, slice]
    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    inside: NDArray[np.bool_] | None


class Locator:
    """Finds native pixels, and remembers: bands and dates share lattices.

    Not for use by several threads.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[Grid, Grid], Located | None] = {}

    def locate(self, grid: Grid, native: Grid) -> Located | None:
        """Native pixels under a grid; None where the two do not meet."""
        key = (grid, native)
        if key not in self._found:
            self._found[key] = locate(grid, native)
        return self._found[key]


def locate(grid: Grid, native: Grid) -> Located | None:
    """Native pixels under a grid; None where the two do not meet."""
    # Transforms may be anything that a request says: overflows end up outside.
    with np.errstate(all="ignore"):
        if not same_crs(grid.crs, native.crs):
            return None if _apart(grid, native) else _scattered(grid, native)
        if is_axis_aligned(grid) and is_axis_aligned(native):
            return _aligned(grid, native)
        return _scattered(grid, native)


def is_axis_aligned(grid: Grid) -> bool:
    """Whether rows and columns run along the axes of the CRS."""
    return grid.transform[1] == 0 and grid.transform[3] == 0


def _aligned(grid: Grid, native: Grid) -> Located | None:
    ax, _, cx, _, ay, cy = grid.transform
    bx, _, dx, _, by, dy = native.transform
    x = ax * (np.arange(grid.width) + 0.5) + cx
    y = ay * (np.arange(grid.height) + 0.5) + cy
    cols = _index((x - dx) / bx, native.width)
    rows = _index((y - dy) / by, native.height)
    wide = _span(cols, native.width)
    high = _span(rows, native.height)
    if wide is None or high is None:
        return None
    return Located((high, wide), rows[high, np.newaxis], cols[np.newaxis, wide], None)


def _index(position: NDArray[np.floating[Any]], size: int) -> NDArray[np.int64]:
    """Indices of positions; whatever lies outside of `[0, size)`, or nowhere, gets one outside."""
    bounded = np.clip(np.nan_to_num(position + SNAP, nan=-1.0), -1, size)
    index: NDArray[np.int64] = np.floor(bounded).astype(np.int64)
    return index


def _span(index: NDArray[np.int64], size: int) -> slice | None:
    """Where monotonic indices fall within `[0, size)`."""
    inside = np.flatnonzero((index >= 0) & (index < size))
    return slice(int(inside[0]), int(inside[-1]) + 1) if inside.size else None


def _scattered(grid: Grid, native: Grid) -> Located | None:
    col, row = positions(grid, native)
    # Infinities mark points that have no image in the other CRS.
    cols = _index(col, native.width)
    rows = _index(row, native.height)
    inside = (cols >= 0) & (cols < native.width) & (rows >= 0) & (rows < native.height)
    high = np.flatnonzero(inside.any(axis=1))
    if not high.size:
        return None
    wide = np.flatnonzero(inside.any(axis=0))
    window = (slice(int(high[0]), int(high[-1]) + 1), slice(int(wide[0]), int(wide[-1]) + 1))
    inside = inside[window]
    rows = np.where(inside, rows[window], 0)
    cols = np.where(inside, cols[window], 0)
    return Located(window, rows, cols, None if inside.all() else inside)


def _apart(grid: Grid, native: Grid) -> bool:
    """Whether two lattices certainly do not meet: a cheap test on outlines.

    Only outlines that the transform maps without a gap are trusted; a lattice inside the other
    is caught by testing both ways, each with a margin of a tenth of its size.
    """
    for one, other in ((grid, native), (native, grid)):
        outline = _outline_bounds(one, other)
        if outline is None:
            return False
        left, top, right, bottom = outline
        margin = 0.1 * max(right - left, bottom - top) + 2
        if (
            right + margin < 0
            or bottom + margin < 0
            or left - margin > other.width
            or top - margin > other.height
        ):
            return True
    return False


def _outline_bounds(
    one: Grid, other: Grid, points: int = 21
) -> tuple[float, float, float, float] | None:
    """Bounds of one lattice in columns and rows of another; None where not all points map."""
    edge = np.linspace(0.0, 1.0, points)
    zero, full = np.zeros(points), np.ones(points)
    col = np.concatenate([edge, edge, zero, full]) * one.width
    row = np.concatenate([zero, full, edge, edge]) * one.height
    a, b, c, d, e, f = one.transform
    x, y = transformer(one.crs, other.crs).transform(a * col + b * row + c, d * col + e * row + f)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return None
    u, v = in_pixels(other.transform, x, y)
    return float(u.min()), float(v.min()), float(u.max()), float(v.max())
