"""Pixels into an array in memory, and their masks into another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from geetensor.masks import Beside
from geetensor.sinks.placement import Placement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from geetensor.grid import Window
    from geetensor.masks import Fill
    from geetensor.plan import Tile
    from geetensor.sinks.placement import Scalings


class MemorySink:
    """An array that tiles are written into, and one for its mask where that is wanted.

    Args:
        shape: `(time, band, height, width)`.
        dtype: of the array.
        fill: value of masked pixels.
        cast: whether the caller asked for this dtype, so that what it cannot hold may be lost.
        mask: what of the mask to keep; None for nothing.
        scalings: what brings each band of each date to physical units; None for none.

    Attributes:
        values: the array, of shape `(time, band, height, width)`.
        mask: of the same shape; bool, True where valid, or float32, 0 to 1. None where not kept.
    """

    takes_any_tile: ClassVar[bool] = True

    def __init__(
        self,
        shape: tuple[int, int, int, int],
        dtype: np.dtype[Any],
        fill: Fill,
        *,
        cast: bool,
        mask: Beside | None = None,
        scalings: Scalings | None = None,
    ) -> None:
        self.values: NDArray[Any] = np.empty(shape, dtype)
        self.mask: NDArray[Any] | None = None
        if mask is not None:
            self.mask = np.empty(shape, np.bool_ if mask is Beside.BITS else np.float32)
        self._fill = fill
        self._cast = cast
        self._scalings = scalings

    def fill(self, windows: Iterable[Window], absent: Iterable[tuple[int, int]]) -> None:
        """Write fill where nothing else belongs.

        Args:
            windows: in all dates and bands.
            absent: dates and their bands, in all windows.
        """
        for window in windows:
            self.values[:, :, *window.slices] = self._fill
            if self.mask is not None:
                self.mask[:, :, *window.slices] = 0
        for time, band in absent:
            self.values[time, band] = self._fill
            if self.mask is not None:
                self.mask[time, band] = 0

    def has_room(self, tile: Tile) -> bool:  # noqa: ARG002
        """There is: all of the array was made at once."""
        return True

    def open_tile(self, tile: Tile) -> Placement:
        """Begin to write a tile to its place; see `geetensor.engine.pixels.Sink`."""
        # (height, width) of the output under the tile, one view a date and band
        places = [(time, index) for time in tile.times for index in tile.group.indices]
        targets = [self.values[place][tile.window.slices] for place in places]
        masks = None
        if self.mask is not None:
            masks = [self.mask[place][tile.window.slices] for place in places]
        return Placement(
            tile, targets, self._fill, lossy=self._cast, scalings=self._scalings, masks=masks
        )
