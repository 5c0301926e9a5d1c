"""Pixels into one array in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from geetensor.sinks.placement import Placement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from geetensor.grid import Window
    from geetensor.masks import Fill
    from geetensor.plan import Tile


class MemorySink:
    """An array that tiles are written into.

    Args:
        shape: `(time, band, height, width)`.
        dtype: of the array.
        fill: value of masked pixels.
        cast: whether the caller asked for this dtype, so that what it cannot hold may be lost.

    Attributes:
        values: the array, of shape `(time, band, height, width)`.
    """

    takes_any_tile: ClassVar[bool] = True

    def __init__(
        self, shape: tuple[int, int, int, int], dtype: np.dtype[Any], fill: Fill, *, cast: bool
    ) -> None:
        self.values: NDArray[Any] = np.empty(shape, dtype)
        self._fill = fill
        self._cast = cast

    def fill(self, windows: Iterable[Window], absent: Iterable[tuple[int, int]]) -> None:
        """Write fill where nothing else belongs.

        Args:
            windows: in all dates and bands.
            absent: dates and their bands, in all windows.
        """
        for window in windows:
            self.values[:, :, *window.slices] = self._fill
        for time, band in absent:
            self.values[time, band] = self._fill

    def has_room(self, tile: Tile) -> bool:  # noqa: ARG002
        """There is: all of the array was made at once."""
        return True

    def open_tile(self, tile: Tile) -> Placement:
        """Begin to write a tile to its place; see `geetensor.engine.pixels.Sink`."""
        # (height, width) of the output under the tile, one view a date and band
        targets = [
            self.values[time, index][tile.window.slices]
            for time in tile.times
            for index in tile.group.indices
        ]
        return Placement(targets, tile.group.marker, self._fill, lossy=self._cast)
