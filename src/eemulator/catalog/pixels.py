"""From a scene and pixel indices to values: the formula behind every synthetic band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from eemulator.catalog.orbits import Pass
    from eemulator.catalog.sentinel2 import Level
    from eemulator.catalog.tiles import Tile


@dataclass(frozen=True)
class Scene:
    """A tile seen in one pass; calling it samples it (see `model.Sampler`)."""

    tile: Tile
    crossing: Pass
    level: Level

    def __call__(
        self, bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
        """Pixels of bands that share a grid."""
        from eemulator.catalog.sentinel2 import bands_of

        known = {band.id: band for band in bands_of(self.tile, self.level)}
        resolution = int(known[bands[0]].grid.transform[0])
        x, y = self.tile.pixel_centres(resolution, rows, cols)
        valid = self.crossing.orbit.covers(x, y)
        out: list[tuple[NDArray[Any], NDArray[np.bool_]]] = []
        for i, name in enumerate(bands):
            hilly = np.floor(np.abs(x % 5000 - 2500) + np.abs(y % 7000 - 3500)) / 6
            values = (hilly + 50 * i).astype(known[name].dtype)
            values = np.where(valid, values, known[name].dtype.type(0))
            out.append((values, valid))
        return out
