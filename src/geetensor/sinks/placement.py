"""A tile's rows to their place in arrays, with fill where pixels are masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geetensor.errors import LossyReplyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geetensor.masks import Fill


class Placement:
    """Writes one tile.

    Args:
        targets: where its bands belong, each `(height, width)`.
        marker: value of masked pixels in the reply; None for none.
        fill: what to put in its place.
        lossy: whether the targets need not hold every value.
    """

    def __init__(
        self, targets: Sequence[NDArray[Any]], marker: Fill | None, fill: Fill, *, lossy: bool
    ) -> None:
        self._targets = targets
        self._marker = marker
        self._fill = fill
        self._lossy = lossy

    def write_rows(self, first: int, bands: Sequence[NDArray[Any]]) -> None:
        """Write rows to their place.

        Args:
            first: row of the tile.
            bands: each `(rows, width)`.

        Raises:
            LossyReplyError: if a value does not survive the array's dtype, and no dtype was
                asked for.
        """
        for target_band, band in zip(self._targets, bands, strict=True):
            target = target_band[first : first + len(band)]  # a view: this is the only copy
            marker = self._marker
            if marker is None:
                np.copyto(target, band, casting="unsafe")
            else:
                masked = band == marker
                with np.errstate(invalid="ignore"):
                    # what the mark becomes in the target's dtype does not matter
                    np.copyto(target, band, casting="unsafe")
                target[masked] = self._fill
            if not self._lossy and not np.can_cast(band.dtype, target.dtype, "safe"):
                _check_lossless(target, band, marker)

    def finish(self) -> None:
        """Nothing is left to do."""


def _check_lossless(target: NDArray[Any], band: NDArray[Any], marker: Fill | None) -> None:
    lost = (target != band) & (band == band)  # NaN stays NaN
    if marker is not None:
        lost &= band != marker
    if lost.any():
        raise LossyReplyError(
            f"A band came as {band.dtype.name}, which its metadata did not announce, and "
            f"{band[lost].flat[0]} does not fit into {target.dtype.name}. Pass dtype=."
        )
