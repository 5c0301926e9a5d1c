"""From a scene and pixel indices to values: the formula behind every synthetic band."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from eemulator.catalog.bands import band_values
from eemulator.catalog.layouts import Level, band_layouts
from eemulator.catalog.mixing import Around, mix

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from eemulator.catalog.orbits import Pass
    from eemulator.catalog.tiles import Tile

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


@dataclass(frozen=True)
class Scene:
    """A tile seen in one pass; calling it samples it (see `model.Sampler`)."""

    tile: Tile
    crossing: Pass
    level: Level

    def __call__(
        self, bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> Pixels:
        """Pixels of bands that share a grid: for each, values and validity (True = valid)."""
        resolution, dtypes = _grid_of(self.level, tuple(bands))
        rows, cols = np.atleast_2d(rows), np.atleast_2d(cols)
        if not (rows.shape[1] == 1 and cols.shape[0] == 1):
            rows, cols = np.broadcast_arrays(rows, cols)
        shape = np.broadcast_shapes(rows.shape, cols.shape)
        values = [np.zeros(shape, dtype) for dtype in dtypes]
        valid = np.empty(shape, np.bool_)
        for block in _blocks(*shape):
            x, y = self.tile.pixel_centres(resolution, _part(rows, block), _part(cols, block))
            with _TURNS:
                valid[block] = self._fill(bands, x, y, [whole[block] for whole in values])
        return [(band, valid.copy()) for band in values]

    def _fill(
        self,
        bands: Sequence[str],
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        targets: list[NDArray[Any]],
    ) -> NDArray[np.bool_]:
        """Write a block of pixels into zeros; returns which of them are valid."""
        seen = self.crossing.orbit.covers(x, y)
        if not seen.any():
            return seen
        around = Around(x, y, self.crossing)
        height, width = seen.shape
        step = max(1, _STRIP // width)
        for start in range(0, height, step):
            strip = slice(start, min(start + step, height))
            partly = None if seen[strip].all() else seen[strip]
            pixels = mix(around, strip)
            for name, target in zip(bands, targets, strict=True):
                band = band_values(pixels, name, self.level)
                target[strip] = band if partly is None else band * partly
        return seen


@lru_cache(maxsize=256)
def _grid_of(level: Level, bands: tuple[str, ...]) -> tuple[int, list[np.dtype[Any]]]:
    """The resolution that bands share, and their dtypes."""
    layouts = band_layouts(level)
    resolutions = {layouts[name].resolution for name in bands}
    if len(resolutions) != 1:
        raise ValueError(f"bands {', '.join(bands)} do not share a grid")
    return resolutions.pop(), [layouts[name].dtype for name in bands]


def _blocks(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    for top in range(0, height, _ROWS):
        for left in range(0, width, _COLUMNS):
            yield slice(top, min(top + _ROWS, height)), slice(left, min(left + _COLUMNS, width))


def _part(index: NDArray[np.int64], block: tuple[slice, slice]) -> NDArray[np.int64]:
    """The block's share of row or column indices that may broadcast."""
    rows = block[0] if index.shape[0] > 1 else slice(None)
    cols = block[1] if index.shape[1] > 1 else slice(None)
    return index[rows, cols]
