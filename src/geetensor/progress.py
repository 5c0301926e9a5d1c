"""What a person sees while an export runs."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from geetensor.engine.events import TileFetched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from geetensor.engine.events import Event, Hook


@contextmanager
def progress_bar(
    output_bytes: int, output_itemsize: int, *, enabled: bool
) -> Iterator[Hook | None]:
    """A bar that counts bytes of the output, whatever the tiles.

    Args:
        output_bytes: of the whole output.
        output_itemsize: bytes of one value of the output, with its mask where that is kept.
        enabled: whether to show it.

    Yields:
        What to call with each event, from any thread; None where no bar is shown.
    """
    if not enabled:
        yield None
        return
    lock = threading.Lock()
    with tqdm(
        total=output_bytes, unit="B", unit_scale=True, unit_divisor=1000, desc="Earth Engine"
    ) as bar:

        def on_event(event: Event) -> None:
            if not isinstance(event, TileFetched):
                return
            tile = event.tile
            pixels = len(tile.times) * tile.window.height * tile.window.width
            with lock:
                bar.update(pixels * len(tile.group.indices) * output_itemsize)

        yield on_event


@contextmanager
def patch_bar(total: int | None, *, enabled: bool) -> Iterator[Callable[[], object]]:
    """A bar that counts exports.

    Args:
        total: how many there will be; None if nobody knows.
        enabled: whether to show it.

    Yields:
        What to call when one is done.
    """
    with tqdm(total=total, unit="patch", desc="Earth Engine", disable=not enabled) as bar:
        yield bar.update


class RowCounter:
    """Counts rows of a table, from any thread.

    Args:
        bar: that shows them.
    """

    def __init__(self, bar: tqdm[Any]) -> None:
        self._bar = bar
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        """Note rows that are there."""
        with self._lock:
            self._bar.update(count)

    def expect(self, count: int) -> None:
        """Note that there will be so many more."""
        with self._lock:
            self._bar.total = max(self._bar.n, self._bar.total or 0) + count
            self._bar.refresh()


@contextmanager
def row_bar(*, enabled: bool) -> Iterator[RowCounter]:
    """A bar that counts scenes.

    Args:
        enabled: whether to show it.

    Yields:
        What counts them.
    """
    with tqdm(unit="scene", desc="Earth Engine", disable=not enabled) as bar:
        yield RowCounter(bar)
