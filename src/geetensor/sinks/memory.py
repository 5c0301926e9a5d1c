"""Pixels into an array in memory, and their masks into another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geetensor.errors import LossyReplyError
from geetensor.masks import Beside

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from geetensor.grid import Window
    from geetensor.masks import BandGroup, Fill
    from geetensor.plan import Tile
    from geetensor.scales import Scaling


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

    def __init__(
        self,
        shape: tuple[int, int, int, int],
        dtype: np.dtype[Any],
        fill: Fill,
        *,
        cast: bool,
        mask: Beside | None = None,
        scalings: Sequence[Sequence[Scaling | None] | None] | None = None,
    ) -> None:
        self.values: NDArray[Any] = np.empty(shape, dtype)
        self.mask: NDArray[Any] | None = None
        if mask is not None:
            self.mask = np.empty(shape, np.bool_ if mask is Beside.BITS else np.float32)
        self._fill = fill
        self._cast = cast
        self._scalings = scalings or [None] * shape[0]

    def fill(self, windows: Iterable[Window]) -> None:
        """Write fill where nothing else belongs, in all dates and bands."""
        for window in windows:
            self.values[:, :, *window.slices] = self._fill
            if self.mask is not None:
                self.mask[:, :, *window.slices] = 0

    def open_tile(self, tile: Tile) -> _Placement:
        """Begin to write a tile to its place; see `geetensor.engine.pixels.Sink`."""
        # (height, width) of the output under the tile, one view a date and band
        places = [(time, index) for time in tile.times for index in tile.group.indices]
        targets = [self.values[place][tile.window.slices] for place in places]
        masks = None
        if self.mask is not None:
            masks = [self.mask[place][tile.window.slices] for place in places]
        found = [self._scalings[time] for time, _ in places]
        scalings = [of[i] if of else None for of, (_, i) in zip(found, places, strict=True)]
        return _Placement(targets, masks, scalings, tile.group, self._fill, lossy=self._cast)


class _Placement:
    """Writes one tile.

    Args:
        targets: where its bands belong, each `(height, width)`.
        masks: where their masks belong, alike; None for nowhere.
        scalings: what brings each to physical units; None for one that stays as it is.
        group: the bands of a date, and how their masked pixels are told.
        fill: what to put under these.
        lossy: whether the targets need not hold every value.
    """

    def __init__(
        self,
        targets: Sequence[NDArray[Any]],
        masks: Sequence[NDArray[Any]] | None,
        scalings: Sequence[Scaling | None],
        group: BandGroup,
        fill: Fill,
        *,
        lossy: bool,
    ) -> None:
        self._targets = targets
        self._masks = masks
        self._scalings = scalings
        self._group = group
        self._fill = fill
        self._lossy = lossy

    def write_rows(self, first: int, bands: Sequence[NDArray[Any]]) -> None:
        """Write rows to their place.

        Args:
            first: row of the tile.
            bands: each `(rows, width)`: those of a date, and those of its masks, then the next.

        Raises:
            LossyReplyError: if a value does not survive the array's dtype, and no dtype was
                asked for.
        """
        group = self._group
        of_a_date, count = group.band_count, len(group.indices)
        for number, target_band in enumerate(self._targets):
            date, place = divmod(number, count)
            of_date = bands[date * of_a_date : (date + 1) * of_a_date]
            band, beside = of_date[place], of_date[count:]
            rows = slice(first, first + len(band))
            valid = group.valid(place, band, beside)
            target = target_band[rows]  # a view: this is the only copy
            scaling = self._scalings[number]
            made = band if scaling is None else band * np.float64(scaling.gain) + scaling.offset
            with np.errstate(invalid="ignore"):
                # what stands under a mask, and what it becomes in another dtype, does not matter
                np.copyto(target, made, casting="unsafe")
            if valid is not None:
                target[~valid] = self._fill
            exact = scaling is None and not self._lossy
            if exact and not np.can_cast(band.dtype, target.dtype, "safe"):
                _check_lossless(target, band, valid)
            if self._masks is not None:
                mask = valid if group.beside is Beside.BITS else beside[place]
                self._masks[number][rows] = mask

    def finish(self) -> None:
        """Nothing is left to do."""


def _check_lossless(
    target: NDArray[Any], band: NDArray[Any], valid: NDArray[np.bool_] | None
) -> None:
    lost = (target != band) & (band == band)  # NaN stays NaN
    if valid is not None:
        lost &= valid
    if lost.any():
        raise LossyReplyError(
            f"A band came as {band.dtype.name}, which its metadata did not announce, and "
            f"{band[lost].flat[0]} does not fit into {target.dtype.name}. Pass dtype=."
        )
