"""What a person sees while an export runs."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tqdm.auto import tqdm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from geetensor.engine.fetch import PixelRequest


@contextmanager
def progress_bar(
    output_bytes: int, output_itemsize: int, *, enabled: bool
) -> Iterator[Callable[[PixelRequest], None] | None]:
    """A bar that counts bytes of the output, whatever the tiles.

    Args:
        output_bytes: of the whole output.
        output_itemsize: bytes of one value of the output.
        enabled: whether to show it.

    Yields:
        What to call with each request whose pixels are in place, from any thread; None where
        no bar is shown.
    """
    if not enabled:
        yield None
        return
    lock = threading.Lock()
    with tqdm(
        total=output_bytes, unit="B", unit_scale=True, unit_divisor=1000, desc="Earth Engine"
    ) as bar:

        def on_placed(request: PixelRequest) -> None:
            tile = request.tile
            pixels = tile.window.height * tile.window.width * len(tile.group.indices)
            with lock:
                bar.update(pixels * output_itemsize)

        yield on_placed
