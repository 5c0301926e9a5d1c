"""What the pixels of a published dataset are: one closed formula for all of them.

At a pixel whose centre has the longitude x and the latitude y (degrees; in a CRS of metres,
coordinates divided by 111,320), in the band number n of an image that begins d days after 1970,

    share = (wave(x / a + 7 / 64 n + d / 365.25) + wave(y / b)) / 2

where a is 24° and b 18°, for bands of classes a hundredth of that, and where `wave(u)` is 0 at
whole numbers, 1 halfway between them and straight in between. A band of floats is `low + (high -
low) share`, one of integers the whole part of `low + (high + 1 - low) share`, not above `high`, and
one of classes has the class number ⌊share · classes⌋. There are neither continents nor seas.
Operations are those of IEEE 754 in float64, so that a value is the same to the last bit in every
window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from eemulator.catalog import sinusoidal
from eemulator.catalog.blockwise import blockwise
from eemulator.catalog.plane import centres

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from eemulator.catalog.blockwise import Indices, Pixels
    from eemulator.catalog.model import Grid

    Floats = NDArray[np.float64]

METRES_A_DEGREE = 111_320.0
_EAST, _NORTH, _BAND, _YEAR = 24.0, 18.0, 7 / 64, 365.25
_FINER = 100
_DAY_MILLIS = 86_400_000


@dataclass(frozen=True, slots=True)
class Layer:
    """A band.

    Attributes:
        id: its name.
        dtype: of its values.
        low, high: least and greatest value.
        pyramiding: how overviews are made.
        classes: the values that it may have, instead of `low` to `high`.
        grid: its own lattice, if it is not the dataset's.
    """

    id: str
    dtype: str
    low: float = 0
    high: float = 0
    pyramiding: str = "MEAN"
    classes: tuple[int, ...] = ()
    grid: Grid | None = None


def layers(
    names: str, dtype: str, low: float, high: float, pyramiding: str = "MEAN"
) -> list[Layer]:
    """Bands that differ by name, separated by spaces."""
    return [Layer(name, dtype, low, high, pyramiding) for name in names.split()]


def classes(name: str, values: Sequence[int], dtype: str = "uint8") -> Layer:
    """A band of classes."""
    return Layer(name, dtype, pyramiding="MODE", classes=tuple(values))


def _wave(u: Floats) -> Floats:
    fraction = u - np.floor(u)
    return 1 - np.abs(2 * fraction - 1)


@dataclass(frozen=True)
class Formula:
    """The pixels of one image; calling it samples it (see `model.Sampler`).

    Attributes:
        grid: of the bands that have none of their own.
        layers: all bands, in order.
        start: when the image begins, milliseconds since 1970.
    """

    grid: Grid
    layers: tuple[Layer, ...]
    start: int

    def __call__(self, bands: Sequence[str], rows: Indices, cols: Indices) -> Pixels:
        """Pixels of bands that share a grid: for each, values and validity (True = valid)."""
        numbers = [self._numbers[name] for name in bands]
        grid = self.layers[numbers[0]].grid or self.grid

        def paint(rows: Indices, cols: Indices, targets: list[NDArray[Any]]) -> NDArray[np.bool_]:
            x, y = centres(grid, rows, cols)
            valid = np.ones(targets[0].shape, np.bool_)
            if grid.crs == sinusoidal.CRS:
                valid &= sinusoidal.on_earth(x, y)
            if grid.crs != "EPSG:4326":
                x, y = x / METRES_A_DEGREE, y / METRES_A_DEGREE
            for number, target in zip(numbers, targets, strict=True):
                layer = self.layers[number]
                finer = _FINER if layer.classes else 1
                shift = _BAND * number + self.start / _DAY_MILLIS / _YEAR
                share = (_wave(finer * x / _EAST + shift) + _wave(finer * y / _NORTH)) / 2
                target[...] = np.where(valid, _values(layer, share), 0)
            return valid

        return blockwise(rows, cols, [np.dtype(self.layers[n].dtype) for n in numbers], paint)

    @property
    def _numbers(self) -> dict[str, int]:
        return {layer.id: number for number, layer in enumerate(self.layers)}


def _values(layer: Layer, share: Floats) -> NDArray[Any]:
    if layer.classes:
        last = len(layer.classes) - 1
        which = np.minimum(np.floor(share * len(layer.classes)), last).astype(np.intp)
        return np.asarray(layer.classes).take(which)
    if layer.dtype.startswith("float"):
        return layer.low + (layer.high - layer.low) * share
    return np.minimum(np.floor(layer.low + (layer.high + 1 - layer.low) * share), layer.high)
