"""Tiles once more: the pixels of some that were not fetched yet, in others. Pure.

What a plan was made for may turn out not to be so: the service takes fewer requests at a time, or
smaller ones. Then what is left is cut again, as one would have cut it knowing that.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import replace
from typing import TYPE_CHECKING

from geetensor.grid import Window
from geetensor.plan import LIMITS, SMALLEST_BYTES, Tile, plan_tiles, tile_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from geetensor.masks import BandGroup
    from geetensor.plan import Limits


def replan_tiles(
    tiles: Sequence[Tile],
    concurrency: int,
    limits: Limits = LIMITS,
    *,
    most_together: int | None = None,
) -> list[Tile]:
    """The same pixels in tiles that fill whole waves of requests; larger ones first.

    Args:
        tiles: that do not overlap.
        concurrency: requests at a time.
        limits: what one request may ask for.
        most_together: dates in one request, at the most; None for as many as is good.
    """
    blocks = list(_blocks(tiles))
    sizes = [block.counted_bytes for block in blocks]
    target = tile_bytes(sum(sizes), concurrency, limits)
    count = math.ceil(sum(sizes) / target)
    if target == SMALLEST_BYTES:
        count = sum(sizes) // target  # which is to be the smallest
    planned: list[Tile] = []
    for block, share in zip(blocks, _shares(count, sizes), strict=True):
        planned += (
            _moved(tile, block.window)
            for tile in plan_tiles(
                (block.window.height, block.window.width),
                [block.group],
                limits,
                times=block.times,
                target=math.ceil(block.counted_bytes / share),
                most_together=most_together,
            )
        )
    return sorted(planned, key=lambda tile: -tile.counted_bytes)


def _shares(count: int, sizes: Sequence[int]) -> list[int]:
    """How many of some requests each block gets: at least one, and the more the larger it is.

    Rounded up each, they would be some more than fit into whole waves.

    Args:
        count: requests in all.
        sizes: of the blocks, in bytes.
    """
    shares = [1] * len(sizes)
    heap = [(-float(size), index) for index, size in enumerate(sizes)]
    heapq.heapify(heap)
    for _ in range(count - len(sizes)):
        _, index = heap[0]  # whose requests are the largest so far
        shares[index] += 1
        heapq.heapreplace(heap, (-sizes[index] / shares[index], index))
    return shares


def _moved(tile: Tile, origin: Window) -> Tile:
    """A tile of a block, as a tile of the whole output."""
    row, col, height, width = tile.window
    return replace(tile, window=Window(origin.row + row, origin.col + col, height, width))


def _blocks(tiles: Iterable[Tile]) -> Iterator[Tile]:
    """As few and large tiles as may be, whatever the limits, that have the same pixels."""
    windows: dict[tuple[BandGroup, tuple[int, ...]], list[Window]] = {}
    for tile in tiles:
        windows.setdefault((tile.group, tile.times), []).append(tile.window)
    times: dict[tuple[BandGroup, Window], list[int]] = {}
    for (group, dates), parts in windows.items():
        for window in _joined(parts):
            times.setdefault((group, window), []).extend(dates)
    for (group, window), all_dates in times.items():
        yield Tile(group, window, tuple(sorted(all_dates)))


def _joined(windows: Sequence[Window]) -> list[Window]:
    """Rectangles of the same pixels, made of neighbours."""
    lines_first = _columns_joined(_rows_joined(windows))
    columns_first = _rows_joined(_columns_joined(windows))
    return min(lines_first, columns_first, key=len)


def _rows_joined(windows: Sequence[Window]) -> list[Window]:
    """Windows, where those side by side are one."""
    joined: list[Window] = []
    for row, col, height, width in sorted(windows, key=lambda w: (w.row, w.height, w.col)):
        last = joined[-1] if joined else None
        if last and (last.row, last.height, last.col + last.width) == (row, height, col):
            joined[-1] = Window(row, last.col, height, last.width + width)
        else:
            joined.append(Window(row, col, height, width))
    return joined


def _columns_joined(windows: Sequence[Window]) -> list[Window]:
    """Windows, where those one below the other are one."""
    turned = _rows_joined([Window(w.col, w.row, w.width, w.height) for w in windows])
    return [Window(w.col, w.row, w.width, w.height) for w in turned]
