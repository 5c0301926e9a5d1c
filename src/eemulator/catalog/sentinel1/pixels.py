"""Backscatter: what the land of the other sensors would look like to a C-band radar."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from eemulator.catalog.afar import step
from eemulator.catalog.blockwise import blockwise, strips
from eemulator.catalog.mixing import Around, mix
from eemulator.catalog.noise import lattice_values
from eemulator.catalog.plane import centres, to_plane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from eemulator.catalog.blockwise import Indices, Pixels
    from eemulator.catalog.mixing import Mixture
    from eemulator.catalog.model import Grid
    from eemulator.catalog.sentinel1.passes import Outline
    from eemulator.catalog.weather import Moment

# Backscatter (power) of each material, like and cross polarised; round numbers of the usual order.
_LIKE = {
    "laterite": 0.055, "tan": 0.05, "straw": 0.06, "leaves": 0.09, "paddy": 0.018, "forest": 0.17,
    "town": 0.55, "clear": 0.0045, "muddy": 0.0055,
}  # fmt: skip
_CROSS = {
    "laterite": 0.007, "tan": 0.006, "straw": 0.01, "leaves": 0.02, "paddy": 0.003, "forest": 0.045,
    "town": 0.08, "clear": 0.0007, "muddy": 0.0008,
}  # fmt: skip
_POWER = {"VV": (_LIKE, 1.0), "VH": (_CROSS, 1.0), "HH": (_LIKE, 1.15), "HV": (_CROSS, 1.05)}
_ORDER = tuple(_POWER)
_SPECKLE = 0.45

# Incidence at the near and the far edge of the swath, degrees.
_NEAR, _FAR = 30.5, 46.0


@dataclass(frozen=True)
class Backscatter:
    """An image; calling it samples it (see `model.Sampler`).

    Attributes:
        grid: of the polarisations.
        angles: the coarse grid of `angle`.
        outline: outside of which there is no pixel.
        moment: when it was taken, the hour being that of a morning: radar needs no sun.
        ascending: whether the near edge is in the west.
        side: of what each pixel stands for, in pixels (see `afar`).
    """

    grid: Grid
    angles: Grid
    outline: Outline
    moment: Moment
    ascending: bool
    side: int = 1

    def afar(self, side: int) -> Backscatter:
        """The same where a pixel stands for so many a side."""
        return replace(self, side=side)

    def __call__(self, bands: Sequence[str], rows: Indices, cols: Indices) -> Pixels:
        """Pixels of bands that share a grid: for each, values and validity (True = valid)."""
        if list(bands) == ["angle"]:
            return [self._angle(rows, cols)]

        def paint(rows: Indices, cols: Indices, targets: list[NDArray[Any]]) -> NDArray[np.bool_]:
            return self._paint(bands, rows, cols, targets)

        return blockwise(rows, cols, [np.dtype(np.float64)] * len(bands), paint)

    def _paint(
        self,
        bands: Sequence[str],
        rows: Indices,
        cols: Indices,
        targets: list[NDArray[Any]],
    ) -> NDArray[np.bool_]:
        x, y = centres(self.grid, rows, cols)
        seen = self.outline.covers(x, y)
        if not seen.any():
            return seen
        seen_from = step(self.side * self.grid.transform[0])
        place = to_plane(self.grid.crs, x, y)
        around = Around(*place, self.moment, weather=False, step=seen_from)
        for strip in strips(*seen.shape):
            part = rows[strip] if rows.shape[0] > 1 else rows
            columns = cols[strip] if cols.shape[0] > 1 else cols
            pixels = mix(around, strip)
            for name, target in zip(bands, targets, strict=True):
                power = _power(pixels, name)
                # Speckle is each pixel's own.
                seed = 31 + 7 * _ORDER.index(name) + self.moment.seed % 101
                noise = lattice_values(columns, part, seed)
                power *= noise.astype(np.float64) * _SPECKLE + 1
                target[strip] = np.where(seen[strip], 10 * np.log10(power), 0)
        return seen

    def _angle(self, rows: Indices, cols: Indices) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Incidence, from the near to the far edge; there is a value all over the coarse grid."""
        rows, cols = np.broadcast_arrays(np.atleast_2d(rows), np.atleast_2d(cols))
        last = self.angles.width - 1
        steps = cols if self.ascending else last - cols
        values = (_NEAR + (_FAR - _NEAR) * steps / last).astype(np.float32)
        return values, np.ones(values.shape, np.bool_)


def _power(m: Mixture, polarisation: str) -> NDArray[np.float64]:
    of, factor = _POWER[polarisation]
    total = np.zeros(m.light.shape, np.float64)
    for name, share in m.shares.items():
        total += share * of[name]
    return np.maximum(total * factor, 1e-5)
