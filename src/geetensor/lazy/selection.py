"""Which pixels of an output are looked at, and which windows have them. Pure."""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from geetensor.grid import Window
from geetensor.plan import SMALLEST_BYTES, SMALLEST_SIDE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geetensor.plan import Tile

    Indices = NDArray[np.intp]
    """Along one dimension, each once, in ascending order."""

Index = Any
"""Of one dimension: a whole number, a slice, or an array of numbers or truth values."""


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Every combination of some dates, bands, rows and columns of an output.

    Attributes:
        times: indices of the output's dates.
        bands: indices of its bands.
        rows: of its grid.
        cols: of its grid.
    """

    times: Indices
    bands: Indices
    rows: Indices
    cols: Indices

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """`(time, band, height, width)` of what is selected."""
        return len(self.times), len(self.bands), len(self.rows), len(self.cols)

    def windows(self, bytes_per_pixel: int) -> list[Window]:
        """Windows of the output's grid that have all of its pixels, each once.

        Rows or columns that are not selected are in them where one request more would cost
        more than they do: a few of them, or many narrow ones.

        Args:
            bytes_per_pixel: counted, of all dates and bands together.
        """
        rows_apart = _apart(self.rows, _extent(self.cols) * bytes_per_pixel)
        cols_apart = _apart(self.cols, _extent(self.rows) * bytes_per_pixel)
        return [
            Window(row, col, end_row - row, end_col - col)
            for row, end_row in rows_apart
            for col, end_col in cols_apart
        ]

    def place_of(self, tile: Tile) -> Tile:
        """A tile of the output, as a tile of what is selected: its window may be empty.

        Args:
            tile: of dates and bands that are selected.
        """
        rows, cols = self.within(tile.window)
        indices = tuple(int(at) for at in np.searchsorted(self.bands, tile.group.indices))
        return replace(
            tile,
            group=replace(tile.group, indices=indices),
            window=Window(rows.start, cols.start, rows.stop - rows.start, cols.stop - cols.start),
            times=tuple(int(at) for at in np.searchsorted(self.times, tile.times)),
        )

    def within(self, window: Window) -> tuple[slice, slice]:
        """Which of the selected rows and columns lie in a window of the output's grid."""
        first_row, end_row = np.searchsorted(self.rows, [window.row, window.row + window.height])
        first_col, end_col = np.searchsorted(self.cols, [window.col, window.col + window.width])
        return slice(int(first_row), int(end_row)), slice(int(first_col), int(end_col))


def parse_index(index: Index, length: int) -> tuple[Indices, int | slice | NDArray[np.intp]]:
    """What is to be fetched along a dimension, and how it is put into the order asked for.

    Args:
        index: as NumPy takes it, along one dimension.
        length: of the dimension.

    Returns:
        The indices, and an index of an array that has these along the dimension.

    Raises:
        IndexError: if one is outside of the dimension, or it is no index.
    """
    if isinstance(index, slice):
        start, stop, step = index.indices(length)
        ascending = np.arange(start, stop, step, dtype=np.intp)
        return (ascending, slice(None)) if step > 0 else (ascending[::-1], slice(None, None, -1))
    if np.ndim(index) == 0:
        [one] = _checked(np.array([operator.index(index)], np.intp), length)
        return np.array([one], np.intp), 0
    found = np.asarray(index)
    if found.dtype == np.bool_ and len(found) == length:
        found = np.flatnonzero(found)
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
        raise IndexError(f"Not an index along one dimension of {length}: {index!r}.")
    return np.unique(_checked(found.astype(np.intp), length), return_inverse=True)


def _checked(indices: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    """The same indices, counted from the beginning."""
    counted = np.where(indices < 0, indices + length, indices)
    outside = indices[(counted < 0) | (counted >= length)]
    if outside.size:
        raise IndexError(f"Index {outside[0]} is outside of a dimension of {length}.")
    return counted


def _extent(indices: Indices) -> int:
    return int(indices[-1]) - int(indices[0]) + 1


def _apart(indices: Indices, bytes_each: int) -> Sequence[tuple[int, int]]:
    """Ranges, first and end, that have all of some indices; parted where much is left out.

    Args:
        indices: at least one.
        bytes_each: counted, of what one index costs.
    """
    left_out = np.diff(indices) - 1
    worth = (left_out >= SMALLEST_SIDE) & (left_out * bytes_each >= SMALLEST_BYTES)
    cuts = np.flatnonzero(worth)
    firsts = indices[np.concatenate(([0], cuts + 1))]
    lasts = indices[np.concatenate((cuts, [len(indices) - 1]))]
    return [(int(first), int(last) + 1) for first, last in zip(firsts, lasts, strict=True)]
