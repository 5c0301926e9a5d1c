"""Tiles into blocks in memory; each block is stored once, when all of it is there."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from geetensor.sinks.placement import Placement

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from numpy.typing import NDArray

    from geetensor.blocks import Block, Layout
    from geetensor.coverage import Coverage
    from geetensor.masks import Fill
    from geetensor.plan import Tile
    from geetensor.sinks.placement import Scalings

HELD_BYTES = 200 * 10**6
"""Bytes of blocks in memory, begun or being stored: some forty of them, of 16-bit integers. Where
the disk is slower than the network, it is fewer requests that go out."""

WRITERS = max(2, min(4, os.cpu_count() or 1))
"""Blocks that are compressed and stored at the same time: each takes its size in memory again."""


@dataclass(slots=True, eq=False)
class _Open:
    """A block that is being assembled.

    Attributes:
        block: which.
        values: its pixels, `(time, band, height, width)`.
        buffer: what they lie in.
        missing: values that have not come.
    """

    block: Block
    values: NDArray[Any]
    buffer: NDArray[np.uint8]
    missing: int


class AssemblySink:
    """Blocks that tiles are written into; see `geetensor.engine.pixels.Sink`.

    Every tile must lie within one block. A block is stored by the thread that brings its last
    pixels, after the service is done with that request.

    Args:
        layout: of the output.
        dtype: of the output.
        fill: value of masked pixels.
        coverage: what the area does not touch becomes fill.
        absent: dates and bands that do not come: fill.
        store: called with each block that is whole and its values, `(time, band, height,
            width)`, valid during the call only. From several threads.
        cast: whether the caller asked for this dtype, so that what it cannot hold may be lost.
        scalings: what brings each band of each date to physical units; None for none.
        reserved: bytes of `HELD_BYTES` that storing takes besides, not to be used for blocks.
    """

    takes_any_tile: ClassVar[bool] = False

    def __init__(
        self,
        layout: Layout,
        dtype: np.dtype[Any],
        fill: Fill,
        coverage: Coverage,
        absent: Container[tuple[int, int]],
        store: Callable[[Block, NDArray[Any]], None],
        *,
        cast: bool,
        scalings: Scalings | None = None,
        reserved: int = 0,
    ) -> None:
        self._layout = layout
        self._dtype = dtype
        self._fill = fill
        self._coverage = coverage
        self._absent = absent
        self._store = store
        self._cast = cast
        self._scalings = scalings
        self._reserved = reserved
        self._block_bytes = layout.values * dtype.itemsize
        self._expected: dict[int, int] = {}
        self._open: dict[int, _Open] = {}
        self._spare: list[NDArray[np.uint8]] = []  # buffers of blocks that are stored
        self._held = 0  # blocks
        self._writing = 0
        self._closed = False
        self._changed = threading.Condition()  # guards all of the above
        self._writers = threading.Semaphore(WRITERS)

    def expect(self, block: Block, values: int) -> None:
        """Say how many values of a block will come, before the first of them."""
        with self._changed:
            self._expected[block.index] = values

    def has_room(self, tile: Tile) -> bool:
        """Whether its block is begun already, or may be; it is begun then."""
        block = self._layout.of(tile)
        with self._changed:
            if block.index in self._open:
                return True
            room = HELD_BYTES - self._reserved
            if self._held and (self._held + 1) * self._block_bytes > room:
                return False
            self._begin(block)
            return True

    def open_tile(self, tile: Tile) -> _Part:
        """Begin to write a tile to its block."""
        block = self._layout.of(tile)
        with self._changed:
            begun = self._open.get(block.index) or self._begin(block)
        row, col, height, width = tile.window
        row, col = row - block.window.row, col - block.window.col
        # (height, width) of the block under the tile, one view a date and band
        targets = [
            begun.values[time - block.times[0], index - block.bands[0]][
                row : row + height, col : col + width
            ]
            for time in tile.times
            for index in tile.group.indices
        ]
        placement = Placement(tile, targets, self._fill, lossy=self._cast, scalings=self._scalings)
        return _Part(placement, lambda rows: self._came(begun, rows * width * len(targets)))

    def close(self) -> None:
        """Store nothing more, and wait until nothing is being stored."""
        with self._changed:
            self._closed = True
            while self._writing:
                self._changed.wait(1.0)
            self._open.clear()
            self._spare.clear()

    def _begin(self, block: Block) -> _Open:
        buffer = self._spare.pop() if self._spare else np.empty(self._block_bytes, np.uint8)
        size = int(np.prod(block.shape)) * self._dtype.itemsize
        values = buffer[:size].view(self._dtype).reshape(block.shape)
        begun = _Open(block, values, buffer, self._expected[block.index])
        self._open[block.index] = begun
        self._held += 1
        return begun

    def _write_fill(self, begun: _Open) -> None:
        """Write fill where nothing else belongs."""
        for window in self._coverage.blanks_within(begun.block.window):
            begun.values[:, :, *window.slices] = self._fill
        for time, band in np.ndindex(begun.block.shape[:2]):
            if (time + begun.block.times[0], band + begun.block.bands[0]) in self._absent:
                begun.values[time, band] = self._fill

    def _came(self, begun: _Open, values: int) -> None:
        with self._changed:
            begun.missing -= values
            if begun.missing > 0 or self._closed:
                return
            self._writing += 1
        try:
            self._write_fill(begun)
            with self._writers:
                if not self._closed:
                    self._store(begun.block, begun.values)
        finally:
            with self._changed:
                self._writing -= 1
                self._held -= 1
                self._open.pop(begun.block.index, None)
                self._spare.append(begun.buffer)
                self._changed.notify_all()


class _Part:
    """Writes a tile's rows, and tells how many came."""

    def __init__(self, placement: Placement, on_finish: Callable[[int], None]) -> None:
        self._placement = placement
        self._on_finish = on_finish
        self._rows = 0

    def write_rows(self, first: int, bands: Sequence[NDArray[Any]]) -> None:
        """Write rows to their place; see `Placement.write_rows`."""
        self._placement.write_rows(first, bands)
        self._rows = first + len(bands[0])

    def finish(self) -> None:
        """The rows that came are right."""
        self._on_finish(self._rows)
