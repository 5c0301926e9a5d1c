"""Images moved across the ground."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..values.projection import Projection, same_crs, transformer
from .node import Need, Operation, Plane
from .resampled import nearest
from .warp import in_pixels

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from ..catalog.model import Grid
    from ..limits import Limits
    from ..values.image import ImageBand


class Shifted(Operation):
    """Bands seen some way off, in units of a CRS.

    Within the CRS, pixels are computed just where they were; in another one, they are the nearest
    of the grid asked for.

    Args:
        bands: the inputs, one an output.
        crs: in which they move.
        offset: `(x, y)`.
        limits: how many pixels may be computed for one read.
    """

    def __init__(
        self, bands: Sequence[ImageBand], crs: str, offset: tuple[float, float], limits: Limits
    ) -> None:
        self.inputs = bands
        self._crs = crs
        self._offset = offset
        self._limits = limits

    def steps(
        self, indices: Sequence[int], grid: Grid
    ) -> Generator[Need, list[Plane], list[Plane]]:
        """Ask for the place that the pixels come from."""
        bands = [self.inputs[index] for index in indices]
        x, y = self._offset
        a, b, c, d, e, f = grid.transform
        if same_crs(grid.crs, self._crs):
            return (yield Need(bands, replace(grid, transform=(a, b, c - x, d, e, f - y))))
        column = np.arange(grid.width)[np.newaxis, :] + 0.5
        row = np.arange(grid.height)[:, np.newaxis] + 0.5
        with np.errstate(all="ignore"):
            there = transformer(grid.crs, self._crs).transform(
                a * column + b * row + c, d * column + e * row + f
            )
            east, north = transformer(self._crs, grid.crs).transform(there[0] - x, there[1] - y)
            place = in_pixels(grid.transform, east, north)
        lattice = Projection(grid.crs, grid.transform)
        return (yield from nearest(bands, lattice, grid, place, self._limits))
