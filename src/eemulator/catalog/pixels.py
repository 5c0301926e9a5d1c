"""From a Sentinel-2 scene and pixel indices to values: the formula behind every band."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from eemulator.catalog.afar import step
from eemulator.catalog.bands import band_values
from eemulator.catalog.blockwise import blockwise, strips
from eemulator.catalog.layouts import Level, band_layouts
from eemulator.catalog.mixing import Around, mix

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from eemulator.catalog.blockwise import Indices, Pixels
    from eemulator.catalog.orbits import Pass
    from eemulator.catalog.tiles import Tile


@dataclass(frozen=True)
class Scene:
    """A tile seen in one pass; calling it samples it (see `model.Sampler`).

    Attributes:
        tile: what of the land.
        crossing: when.
        level: of processing.
        side: of what each pixel stands for, in pixels (see `afar`).
    """

    tile: Tile
    crossing: Pass
    level: Level
    side: int = 1

    def __call__(self, bands: Sequence[str], rows: Indices, cols: Indices) -> Pixels:
        """Pixels of bands that share a grid: for each, values and validity (True = valid)."""
        resolution, dtypes = _grid_of(self.level, tuple(bands))

        def paint(rows: Indices, cols: Indices, targets: list[NDArray[Any]]) -> NDArray[np.bool_]:
            return self._paint(bands, resolution, rows, cols, targets)

        return blockwise(rows, cols, dtypes, paint)

    def _paint(
        self,
        bands: Sequence[str],
        resolution: int,
        rows: Indices,
        cols: Indices,
        targets: list[NDArray[Any]],
    ) -> NDArray[np.bool_]:
        x, y = self.tile.pixel_centres(resolution, rows, cols)
        seen = self.crossing.orbit.covers(x, y)
        if not seen.any():
            return seen
        around = Around(x, y, self.crossing.moment, step=step(self.side * resolution))
        for strip in strips(*seen.shape):
            partly = None if seen[strip].all() else seen[strip]
            pixels = mix(around, strip)
            for name, target in zip(bands, targets, strict=True):
                band = band_values(pixels, name, self.level)
                target[strip] = band if partly is None else band * partly
        return seen


@lru_cache(maxsize=256)
def _grid_of(level: Level, bands: tuple[str, ...]) -> tuple[int, list[np.dtype[Any]]]:
    """The resolution that bands share, and their dtypes."""
    layouts = band_layouts(level)
    resolutions = {layouts[name].resolution for name in bands}
    if len(resolutions) != 1:
        raise ValueError(f"bands {', '.join(bands)} do not share a grid")
    return resolutions.pop(), [layouts[name].dtype for name in bands]
