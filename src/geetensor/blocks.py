"""The blocks in which an output is stored: what is written at once, and noted as done. Pure.

Blocks follow from the output alone, and not from how many requests go out at a time, so that an
export which was killed finds the same ones when it goes on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geetensor.errors import InvalidInputError
from geetensor.grid import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geetensor.plan import Tile

Sizes = tuple[int, int, int, int]
"""Of time, band, y and x."""

DIMENSIONS = ("time", "band", "y", "x")

BLOCK_BYTES = 8 * 2**20
"""Bytes of a block, about, as Earth Engine counts them or in the output, whichever is more: as
much as a request is best, and as little as forty of them at a time may hold in memory."""

CHUNK_SIDE = 512
"""Pixels a side of a chunk, the least that a reader decompresses. With 256, zarr takes twice the
CPU to write a shard: half a millisecond a chunk."""

CHUNK_BYTES = 2**19
"""Bytes of the output that a chunk has, about: images smaller than this share one, which a reader
of a pixel's series is glad of."""

LARGEST_CHUNK = 64 * 2**20
"""Bytes of a chunk at the most: a block is held in memory, and is no smaller than a chunk."""


@dataclass(frozen=True, slots=True)
class Block:
    """A part of an output that is stored at once.

    Attributes:
        index: among all blocks, in the order in which they are fetched.
        position: among the blocks along time, band, y and x.
        times: first date, and how many.
        bands: first band, and how many.
        window: pixels of the output's grid.
    """

    index: int
    position: Sizes
    times: tuple[int, int]
    bands: tuple[int, int]
    window: Window

    @property
    def shape(self) -> Sizes:
        """`(time, band, height, width)`."""
        return self.times[1], self.bands[1], self.window.height, self.window.width

    @property
    def slices(self) -> tuple[slice, slice, slice, slice]:
        """Of the whole output: time, band, row and column."""
        (time, times), (band, bands) = self.times, self.bands
        return slice(time, time + times), slice(band, band + bands), *self.window.slices


@dataclass(frozen=True, slots=True)
class Layout:
    """How an output is cut into blocks, and these into chunks.

    Attributes:
        shape: of the output.
        block: sides of a block, multiples of a chunk's; those at the end are cut off.
        chunk: sides of a chunk.
    """

    shape: Sizes
    block: Sizes
    chunk: Sizes

    @property
    def counts(self) -> Sizes:
        """How many blocks there are along each dimension."""
        time, band, y, x = (-(-n // b) for n, b in zip(self.shape, self.block, strict=True))
        return time, band, y, x

    @property
    def values(self) -> int:
        """Values of the largest block."""
        return math.prod(min(n, b) for n, b in zip(self.shape, self.block, strict=True))

    def blocks(self) -> Iterator[Block]:
        """All blocks: date by date, from the top left, and of one place band by band."""
        for index in range(math.prod(self.counts)):
            yield self.at(index)

    def at(self, index: int) -> Block:
        """A block by its index."""
        times, bands, rows, cols = self.counts
        rest, band = divmod(index, bands)
        rest, col = divmod(rest, cols)
        time, row = divmod(rest, rows)
        assert time < times  # noqa: S101
        position = time, band, row, col
        # (first, how many) along each dimension
        spans = [
            (at * side, min(side, length - at * side))
            for at, side, length in zip(position, self.block, self.shape, strict=True)
        ]
        (row, height), (col, width) = spans[2:]
        return Block(index, position, spans[0], spans[1], Window(row, col, height, width))

    def of(self, tile: Tile) -> Block:
        """The block that a tile is a part of."""
        _, bands, rows, cols = self.counts
        time, band = tile.times[0] // self.block[0], tile.group.indices[0] // self.block[1]
        row, col = tile.window.row // self.block[2], tile.window.col // self.block[3]
        return self.at(((time * rows + row) * cols + col) * bands + band)


def plan_layout(
    shape: Sizes, counted_bytes: float, itemsize: int, chunks: Sizes | None = None
) -> Layout:
    """Cut an output into blocks.

    Args:
        shape: of the output.
        counted_bytes: of one value, as Earth Engine counts them; a mean over bands will do.
        itemsize: bytes of one value of the output.
        chunks: sides of a chunk, if the caller has chosen.
    """
    chunk = chunks or _default_chunk(shape, itemsize)
    # As many chunks as fit: first of other bands, so that a request has all of them, then of
    # other pixels, and of other dates where the image is exhausted.
    chunk_bytes = math.prod(chunk) * max(counted_bytes, itemsize)
    fit = max(1, int(BLOCK_BYTES / chunk_bytes))
    times, bands, rows, cols = (-(-n // c) for n, c in zip(shape, chunk, strict=True))
    many_bands = _even(bands, fit)
    many_rows, many_cols = _rectangle(rows, cols, fit // many_bands)
    many_times = 1
    if (many_bands, many_rows, many_cols) == (bands, rows, cols):
        many_times = _even(times, fit // (bands * rows * cols))
    many = many_times, many_bands, many_rows, many_cols
    time, band, y, x = (n * c for n, c in zip(many, chunk, strict=True))
    return Layout(shape, (time, band, y, x), chunk)


def parse_chunks(chunks: object, shape: Sizes, itemsize: int) -> Sizes:
    """The chunk that a caller asks for.

    Args:
        chunks: sides by dimension (`time`, `band`, `y`, `x`), -1 for all of one; those not named
            are as by default.
        shape: of the output.
        itemsize: bytes of one value of the output.

    Raises:
        InvalidInputError: if these are no sides, or make a chunk of more than `LARGEST_CHUNK`.
    """
    sides: dict[object, object] = chunks if isinstance(chunks, dict) else {"": chunks}
    unknown = set(sides) - set(DIMENSIONS)
    if unknown or not all(type(n) is int and (n > 0 or n == -1) for n in sides.values()):
        raise InvalidInputError(
            "chunks must be a dict of whole numbers above 0, or -1 for all of a dimension, for any "
            f"of time, band, y and x; got {chunks!r}."
        )
    default = dict(zip(DIMENSIONS, _default_chunk(shape, itemsize), strict=True))
    default["time"] = 1
    asked = (int(str(sides.get(name, default[name]))) for name in DIMENSIONS)
    time, band, y, x = (
        length if side == -1 else min(side, length)
        for side, length in zip(asked, shape, strict=True)
    )
    chunk_bytes = time * band * y * x * itemsize
    if chunk_bytes > LARGEST_CHUNK:
        raise InvalidInputError(
            f"A chunk of {time} × {band} × {y} × {x} values has {chunk_bytes / 1e6:.0f} MB; "
            f"{LARGEST_CHUNK / 1e6:.0f} MB is the most."
        )
    return time, band, y, x


def _default_chunk(shape: Sizes, itemsize: int) -> Sizes:
    times, _, height, width = shape
    y, x = min(CHUNK_SIDE, height), min(CHUNK_SIDE, width)
    together = CHUNK_BYTES // (y * x * itemsize) if (y, x) == (height, width) else 1
    return min(times, max(1, together)), 1, y, x


def _even(total: int, most: int) -> int:
    """Parts of a total, `most` at the most, of about the same size."""
    return math.ceil(total / math.ceil(total / max(1, min(total, most))))


def _rectangle(rows: int, cols: int, most: int) -> tuple[int, int]:
    """Rows and columns of chunks of a block: many, and no long strips."""
    best = 1, 1
    for high in range(1, min(rows, max(1, most)) + 1):
        wide = min(cols, max(1, most // high))
        even = _even(rows, high), _even(cols, wide)
        long = max(even) > 3 * min(even) and even != (rows, cols)
        narrow = even[0] == rows or even[1] == cols  # the image itself is a strip
        if (not long or narrow) and math.prod(even) >= math.prod(best):
            best = even
    return best
