"""Fields known at the nodes of a square lattice, read between them bilinearly.

Scenery is expensive to work out and smooth, so it is worked out at nodes some tens of metres
apart and interpolated to pixels. Nodes are points of the plane, not of a window, and the
interpolation is written out once: along x, then along y. Hence a pixel's value is the same, to
the last bit, whether it was asked for alone, in a window whose rows and columns run along the
axes (where most of the work is done once a row or column), or as one of scattered points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from eemulator.catalog.noise import Floats, Ints


class Field(Protocol):
    """A field of nodes, ready to be read at the pixels of a block."""

    def __call__(self, rows: slice) -> Floats:
        """Values at the pixels of some rows: `(rows, w)`."""


class Lattice:
    """The nodes around a block of points.

    Attributes:
        i: node indices along x, broadcastable with `j`; x is `i * spacing` metres.
        j: node indices along y.

    Args:
        x: easting of the points, metres: `(1, w)`, or `(h, w)`.
        y: northing, metres: `(h, 1)`, or `(h, w)`.
        spacing: of the nodes, metres.
    """

    i: Ints
    j: Ints

    def __init__(self, x: Floats, y: Floats, spacing: float) -> None:
        i, self._fx = _cell(x, spacing)
        j, self._fy = _cell(y, spacing)
        self._separable = x.shape[0] == 1 and y.shape[1] == 1
        if self._separable:
            columns, self._nodes_left, self._nodes_right, self._column_cell = _needed(i[0])
            rows, self._nodes_below, self._nodes_above, self._row_cell = _needed(j[:, 0])
            self.i, self.j = columns[None, :], rows[:, None]
            return
        self._shape = np.broadcast_shapes(i.shape, j.shape)
        i, j = np.broadcast_to(i, self._shape), np.broadcast_to(j, self._shape)
        west, south = int(i.min()), int(j.min())
        width, height = int(i.max()) - west + 2, int(j.max()) - south + 2
        if width * height <= 4 * i.size + 64:
            self.i = np.arange(west, west + width)[None, :]
            self.j = np.arange(south, south + height)[:, None]
            self._at = (j - south) * width + (i - west)
            self._step = (1, width)
        else:  # points far apart: each has its own four nodes
            self.i = np.concatenate([i, i + 1, i, i + 1])
            self.j = np.concatenate([j, j, j + 1, j + 1])
            self._at = np.arange(i.size).reshape(i.shape)
            self._step = (i.size, 2 * i.size)

    def field(self, nodes: Floats) -> Field:
        """Makes a field of values at the nodes (of the shape that `i` and `j` broadcast to)."""
        return self._axis_aligned(nodes) if self._separable else self._scattered(nodes)

    def _axis_aligned(self, nodes: Floats) -> Field:
        west = nodes[:, self._nodes_left]
        along = (nodes[:, self._nodes_right] - west).take(self._column_cell, axis=1)
        along *= self._fx
        along += west.take(self._column_cell, axis=1)
        lower = along[self._nodes_below]
        rise = along[self._nodes_above] - lower

        def read(rows: slice) -> Floats:
            cell = self._row_cell[rows]
            pixels = rise.take(cell, axis=0)
            pixels *= self._fy[rows]
            pixels += lower.take(cell, axis=0)
            return pixels

        return read

    def _scattered(self, nodes: Floats) -> Field:
        table = np.ascontiguousarray(nodes).reshape(-1)
        right, up = self._step
        fx, fy = np.broadcast_to(self._fx, self._shape), np.broadcast_to(self._fy, self._shape)

        def read(rows: slice) -> Floats:
            at = self._at[rows]
            lower, lower_right = table.take(at), table.take(at + right)
            upper, upper_right = table.take(at + up), table.take(at + (up + right))
            lower_right -= lower
            lower_right *= fx[rows]
            lower += lower_right
            upper_right -= upper
            upper_right *= fx[rows]
            upper += upper_right
            upper -= lower
            upper *= fy[rows]
            upper += lower
            return upper

        return read


def _cell(x: Floats, spacing: float) -> tuple[Ints, Floats]:
    """The node at or before each point, and how far beyond it the point is (0 to 1)."""
    cells = x / spacing
    before = np.floor(cells)
    return before.astype(np.int64), (cells - before).astype(np.float32)


def _needed(index: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """What a row of points needs of a row of nodes.

    Returns:
        The nodes; where in them each cell's first node is, and its second (points between the
        same two nodes share a cell); and each point's cell.
    """
    cells, cell = np.unique(index, return_inverse=True)
    nodes = np.unique(np.concatenate([cells, cells + 1]))
    return nodes, np.searchsorted(nodes, cells), np.searchsorted(nodes, cells + 1), cell
