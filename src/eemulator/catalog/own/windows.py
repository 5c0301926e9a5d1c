"""Pixels at rows and columns, read in windows of bounded size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Indices = NDArray[np.int64]
    # Values, and validity of bool or float32.
    Pixels = list[tuple[NDArray[Any], NDArray[Any]]]

# Of the pixels of one window, whatever the request: 32 MiB.
_WINDOW_BYTES = 32 * 2**20
# Pixels along a side of a window, unless a block of the file is larger: those of one request lie
# mostly side by side.
_SIDE = 2048


class Source(Protocol):
    """Bands of one grid that are stored together; read from many threads."""

    @property
    def block(self) -> tuple[int, int]:
        """Rows and columns that are stored, and hence read, as one."""

    @property
    def is_fractional(self) -> bool:
        """Whether pixels may be valid in part; validity is float32 then."""

    def dtype(self, number: int) -> np.dtype[Any]:
        """Of a band's values."""

    def read(self, numbers: Sequence[int], rows: slice, cols: slice) -> Pixels:
        """A window of some bands.

        Args:
            numbers: of the bands, from 0.
            rows: `[start, stop)`, within the grid.
            cols: the same of columns.

        Returns:
            For each band, values and whether, or how far, the file itself has them valid.
        """


class _Piece(NamedTuple):
    """A window, and which of its pixels go where.

    Attributes:
        rows: of the window.
        cols: of the window.
        picked: index of a window's array.
        target: index of an output's array.
    """

    rows: slice
    cols: slice
    picked: Any
    target: Any


def read_at(source: Source, numbers: Sequence[int], rows: Indices, cols: Indices) -> Pixels:
    """Bands at given positions.

    Args:
        source: of the bands.
        numbers: of the bands.
        rows: `(h, 1)` with columns of `(1, w)`, or both of one shape.
        cols: likewise.

    Returns:
        For each band, values and validity, of the shape that rows and columns broadcast to.
    """
    rows, cols = np.atleast_2d(rows), np.atleast_2d(cols)
    is_lattice = rows.shape[1] == 1 and cols.shape[0] == 1
    shape = np.broadcast_shapes(rows.shape, cols.shape)
    dtypes = [source.dtype(number) for number in numbers]
    validity = np.float32 if source.is_fractional else np.bool_
    found: Pixels = [(np.zeros(shape, dtype), np.zeros(shape, validity)) for dtype in dtypes]
    if 0 in shape:
        return found
    sides = _sides(source.block, sum(dtype.itemsize + 1 for dtype in dtypes))
    if is_lattice:
        pieces = _of_lattice(rows[:, 0], cols[0], sides)
        targets = found
    else:
        rows, cols = np.broadcast_arrays(rows, cols)
        pieces = _of_scattered(rows.ravel(), cols.ravel(), sides)
        targets = [(values.reshape(-1), valid.reshape(-1)) for values, valid in found]
    for piece in pieces:
        window = source.read(numbers, piece.rows, piece.cols)
        for (values, valid), (all_values, all_valid) in zip(window, targets, strict=True):
            all_values[piece.target] = values[piece.picked]
            all_valid[piece.target] = valid[piece.picked]
    return found


def _sides(block: tuple[int, int], pixel_bytes: int) -> tuple[int, int]:
    """Rows and columns of a window: whole blocks, as many as the bound lets through, but one."""
    high, wide = block
    across = max(wide, _SIDE // wide * wide)
    room = _WINDOW_BYTES // (across * pixel_bytes)
    return max(high, min(room, max(_SIDE, high)) // high * high), across


def _of_lattice(rows: Indices, cols: Indices, sides: tuple[int, int]) -> Iterator[_Piece]:
    """Windows of rows and columns that are monotonic each."""
    across = list(_runs(cols, sides[1]))
    for row_part, row_window, row_picked in _runs(rows, sides[0]):
        for col_part, col_window, col_picked in across:
            if isinstance(row_picked, slice) or isinstance(col_picked, slice):
                picked: Any = (row_picked, col_picked)
            else:
                picked = np.ix_(row_picked, col_picked)
            yield _Piece(row_window, col_window, picked, (row_part, col_part))


def _runs(index: Indices, side: int) -> Iterator[tuple[slice, slice, Any]]:
    """Positions whose indices lie in one window, the window, and where they are in it."""
    cuts = np.flatnonzero(np.diff(index // side)) + 1
    for start, stop in zip([0, *cuts], [*cuts, len(index)], strict=True):
        part = index[start:stop]
        low, high = int(part.min()), int(part.max()) + 1
        is_run = high - low == len(part) and part[0] == low
        yield slice(start, stop), slice(low, high), slice(None) if is_run else part - low


def _of_scattered(rows: Indices, cols: Indices, sides: tuple[int, int]) -> Iterator[_Piece]:
    """Windows of positions in any order; all flat."""
    down, along = rows // sides[0], cols // sides[1]
    order = np.lexsort((along, down))
    down, along = down[order], along[order]
    cuts = np.flatnonzero((np.diff(down) != 0) | (np.diff(along) != 0)) + 1
    for members in np.split(order, cuts):
        r, c = rows[members], cols[members]
        top, left = int(r.min()), int(c.min())
        yield _Piece(
            slice(top, int(r.max()) + 1),
            slice(left, int(c.max()) + 1),
            (r - top, c - left),
            members,
        )
