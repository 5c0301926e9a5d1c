"""Windows of synthetic pixels, worked out a block at a time."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Indices = NDArray[np.int64]
    Pixels = list[tuple[NDArray[Any], NDArray[np.bool_]]]

# Pixels of a window are worked out in blocks of this many rows and columns, so that the nodes
# around a block are few and memory is bounded ...
_ROWS, _COLUMNS = 512, 1024
# ... and within a block in strips of about this many pixels, which stay in the cache.
_STRIP = 16_384

# Blocks worked on at once. More threads would spend their time handing the interpreter's lock to
# each other (measured: twice the processor time); as a turn is one block long, no request waits
# for the whole of another. Half the processors are left to the sockets and to the client.
_TURNS = threading.BoundedSemaphore(max(1, (os.cpu_count() or 1) // 2))


class Paint(Protocol):
    """Works out a block of pixels."""

    def __call__(
        self, rows: Indices, cols: Indices, targets: list[NDArray[Any]]
    ) -> NDArray[np.bool_]:
        """Write values into arrays of zeros.

        Args:
            rows: row indices, `(h, 1)` or `(h, w)`.
            cols: column indices, `(1, w)` or `(h, w)`.
            targets: one `(h, w)` for each band, to be left 0 where a pixel is not valid.

        Returns:
            Which pixels are valid, `(h, w)`.
        """


def blockwise(
    rows: Indices, cols: Indices, dtypes: Sequence[np.dtype[Any]], paint: Paint
) -> Pixels:
    """Pixels at rows and columns that broadcast (see `model.Sampler`).

    Args:
        rows: row indices.
        cols: column indices.
        dtypes: of the bands.
        paint: works out a block.

    Returns:
        For each band, values and validity (True = valid).
    """
    rows, cols = np.atleast_2d(rows), np.atleast_2d(cols)
    if not (rows.shape[1] == 1 and cols.shape[0] == 1):
        rows, cols = np.broadcast_arrays(rows, cols)
    shape = np.broadcast_shapes(rows.shape, cols.shape)
    values = [np.zeros(shape, dtype) for dtype in dtypes]
    valid = np.empty(shape, np.bool_)
    for block in _blocks(*shape):
        with _TURNS:
            targets = [whole[block] for whole in values]
            valid[block] = paint(_part(rows, block), _part(cols, block), targets)
    return [(band, valid.copy()) for band in values]


def strips(height: int, width: int) -> Iterator[slice]:
    """Rows of a block, some at a time."""
    step = max(1, _STRIP // width)
    for start in range(0, height, step):
        yield slice(start, min(start + step, height))


def _blocks(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    for top in range(0, height, _ROWS):
        for left in range(0, width, _COLUMNS):
            yield slice(top, min(top + _ROWS, height)), slice(left, min(left + _COLUMNS, width))


def _part(index: Indices, block: tuple[slice, slice]) -> Indices:
    """The block's share of row or column indices that may broadcast."""
    rows = block[0] if index.shape[0] > 1 else slice(None)
    cols = block[1] if index.shape[1] > 1 else slice(None)
    return index[rows, cols]
