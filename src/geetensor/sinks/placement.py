"""A tile's rows to their place in arrays: scaled, with fill and masks where pixels are masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geetensor.errors import LossyReplyError
from geetensor.masks import Beside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geetensor.masks import Fill
    from geetensor.plan import Tile
    from geetensor.scales import Scaling

    Scalings = Sequence[Sequence[Scaling | None] | None]
    """What brings each band of each date of an output to physical units; None for one that stays
    as it is, and for a date whose bands all do."""


class Placement:
    """Writes one tile.

    Args:
        tile: of the output: which dates and bands come, and how their masked pixels are told.
        targets: where each band of each date belongs, `(height, width)`.
        fill: what to put under masks.
        lossy: whether the targets need not hold every value.
        scalings: of the whole output; None for none.
        masks: where their masks belong, as the targets; None for nowhere.
    """

    def __init__(
        self,
        tile: Tile,
        targets: Sequence[NDArray[Any]],
        fill: Fill,
        *,
        lossy: bool,
        scalings: Scalings | None = None,
        masks: Sequence[NDArray[Any]] | None = None,
    ) -> None:
        self._group = tile.group
        self._targets = targets
        self._fill = fill
        self._lossy = lossy
        of_dates = [scalings[time] if scalings else None for time in tile.times]
        self._scalings = [of[i] if of else None for of in of_dates for i in tile.group.indices]
        self._masks = masks

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
