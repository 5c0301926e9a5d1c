"""Which parts of an output's grid an area touches. Pure.

Parts are blocks of a fixed size, counted from the grid's corner, so that what an output holds
does not depend on how its requests were cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geetensor.grid import PixelGrid, Window, geometry_in_pixels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from geetensor.geometry import Area

BLOCK = 256
"""Pixels a side of a block."""

MOST_BLOCKS = 2**20
"""Grids of more blocks than this have larger ones: 512 pixels, 1024, and so on."""

_MARGIN = 1.0
"""Pixels. An area this near to a block touches it: edges that are curves in the grid's CRS are
followed by straight lines."""


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """Blocks of a grid that an area touches.

    Attributes:
        shape: `(height, width)` of the grid, in pixels.
        block: pixels a side of a block; those at the grid's end may be smaller.
        touched: `(rows, columns)` of blocks; True where the area comes near. At least one does.
    """

    shape: tuple[int, int]
    block: int
    touched: NDArray[np.bool_]

    def touches(self, window: Window) -> bool:
        """Whether the area touches any block that has pixels of a window."""
        rows = slice(window.row // self.block, -(-(window.row + window.height) // self.block))
        cols = slice(window.col // self.block, -(-(window.col + window.width) // self.block))
        return bool(self.touched[rows, cols].any())

    @property
    def share(self) -> float:
        """Share of the grid's blocks that are touched."""
        return float(self.touched.mean())

    def blanks(self) -> Iterator[Window]:
        """Windows that cover all other blocks, each pixel once."""
        (height, width), block = self.shape, self.block
        for index, line in enumerate(self.touched):
            row = index * block
            edges = np.flatnonzero(np.diff(np.concatenate(([True], line, [True])).astype(np.int8)))
            for first, end in zip(edges[::2], edges[1::2], strict=True):
                col, end_col = int(first) * block, min(int(end) * block, width)
                yield Window(row, col, min(block, height - row), end_col - col)

    def blanks_within(self, window: Window) -> Iterator[Window]:
        """The same as far as they lie in a window, counted from its corner."""
        block, (bottom, right) = self.block, (window.row + window.height, window.col + window.width)
        for row in range(window.row // block, -(-bottom // block)):
            for col in range(window.col // block, -(-right // block)):
                if self.touched[row, col]:
                    continue
                top, left = max(row * block, window.row), max(col * block, window.col)
                height = min((row + 1) * block, bottom) - top
                width = min((col + 1) * block, right) - left
                yield Window(top - window.row, left - window.col, height, width)


def cover(grid: PixelGrid, area: Area) -> Coverage:
    """Find the blocks that an area touches.

    Args:
        grid: of the output, the smallest that contains the area.
        area: of interest.
    """
    block = BLOCK
    while (count := math.ceil(grid.height / block) * math.ceil(grid.width / block)) > MOST_BLOCKS:
        block *= 2
    rows, cols = math.ceil(grid.height / block), math.ceil(grid.width / block)
    everything = Coverage(grid.shape, block, np.ones((rows, cols), np.bool_))
    if count == 1:
        return everything
    in_pixels = shapely.make_valid(geometry_in_pixels(grid, area.shape, area.crs))
    if not all(math.isfinite(v) for v in in_pixels.bounds):
        return everything
    top, left = (block * np.arange(n, dtype=np.float64) for n in (rows, cols))
    blocks: Any = shapely.box(
        left[np.newaxis, :] - _MARGIN,
        top[:, np.newaxis] - _MARGIN,
        left[np.newaxis, :] + block + _MARGIN,
        top[:, np.newaxis] + block + _MARGIN,
    )
    shapely.prepare(in_pixels)
    touched = shapely.intersects(in_pixels, blocks)
    return Coverage(grid.shape, block, touched) if touched.any() else everything
