"""Pixels into one array in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geetensor.errors import BadReplyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from geetensor.masks import Fill
    from geetensor.plan import Tile


class MemorySink:
    """An array that tiles are written into.

    Args:
        shape: `(time, band, height, width)`.
        dtype: of the array.
        fill: value of masked pixels, and of pixels that no tile covers.
        cast: whether the caller asked for this dtype, so that what it cannot hold may be lost.

    Attributes:
        values: the array, of shape `(time, band, height, width)`.
    """

    def __init__(
        self, shape: tuple[int, int, int, int], dtype: np.dtype[Any], fill: Fill, *, cast: bool
    ) -> None:
        self.values: NDArray[Any] = np.empty(shape, dtype)
        self._fill = fill
        self._cast = cast

    def place(self, time: int, tile: Tile, bands: Sequence[NDArray[Any]]) -> None:
        """Write a tile to its place; see `geetensor.engine.fetch.Sink`.

        Raises:
            BadReplyError: if a value does not survive the array's dtype, and no dtype was
                asked for.
        """
        for index, band in zip(tile.group.indices, bands, strict=True):
            # (height, width) of the output under the tile: a view, so this is the only copy
            target = self.values[time, index][tile.window.slices]
            marker = tile.group.marker
            if marker is None:
                np.copyto(target, band, casting="unsafe")
            else:
                masked = band == marker
                with np.errstate(invalid="ignore"):
                    # what the mark becomes in the target's dtype does not matter
                    np.copyto(target, band, casting="unsafe")
                target[masked] = self._fill
            if not self._cast and not np.can_cast(band.dtype, target.dtype, "safe"):
                self._check_lossless(target, band, marker)

    @staticmethod
    def _check_lossless(target: NDArray[Any], band: NDArray[Any], marker: float | None) -> None:
        lost = (target != band) & (band == band)  # NaN stays NaN
        if marker is not None:
            lost &= band != marker
        if lost.any():
            raise BadReplyError(
                f"A band came as {band.dtype.name}, which its metadata did not announce, and "
                f"{band[lost].flat[0]} does not fit into {target.dtype.name}. Pass dtype=."
            )
