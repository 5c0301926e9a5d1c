"""Pixels made of where they are: coordinates, areas, random numbers."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from ..values.projection import same_crs, transformer
from .node import Leaf, Plane
from .relief import lonlat
from .warp import positions, steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid
    from .locate import Locator

    Floats = NDArray[np.float64]

# Cylindrical, equal-area, on the ellipsoid: parallels and meridians stay straight.
_EQUAL_AREA = "+proj=cea +ellps=WGS84 +units=m +no_defs"


class Placed(Leaf):
    """Outputs that depend on nothing but the grid."""

    def planes(
        self,
        indices: Sequence[int],
        grid: Grid,
        locator: Locator,  # noqa: ARG002
    ) -> list[Plane]:
        """Values at the centres; masked where a point has none."""
        shape = (grid.height, grid.width)
        with np.errstate(all="ignore"):
            found = self.values(grid)
        result = []
        for index in indices:
            values = np.broadcast_to(found[index], shape)
            finite = np.isfinite(found[index])
            mask = None if finite.all() else np.broadcast_to(finite, shape)
            result.append(Plane(values, mask))
        return result

    @abstractmethod
    def values(self, grid: Grid) -> Sequence[Floats]:
        """Every output, as arrays that broadcast to the grid."""


class LonLat(Placed):
    """Degrees of longitude and latitude."""

    def values(self, grid: Grid) -> Sequence[Floats]:
        """Both."""
        return lonlat(grid)


class Coordinates(Placed):
    """Columns and rows of a lattice, or coordinates where its transform is the identity."""

    def __init__(self, lattice: Grid) -> None:
        self._lattice = lattice

    def values(self, grid: Grid) -> Sequence[Floats]:
        """Both."""
        return positions(grid, self._lattice)


class Area(Placed):
    """Square metres on the ellipsoid."""

    def values(self, grid: Grid) -> Sequence[Floats]:
        """The area of each pixel's four corners, joined straight in an equal-area projection."""
        a, b, c, d, e, f = grid.transform
        columns = np.arange(grid.width + 1, dtype=np.float64)[np.newaxis, :]
        rows = np.arange(grid.height + 1, dtype=np.float64)[:, np.newaxis]
        if same_crs(grid.crs, "EPSG:4326") and b == 0 and d == 0:
            # All pixels of a row are alike.
            columns = columns[:, :2]
        across, down = a * columns + b * rows + c, d * columns + e * rows + f
        x, y = transformer(grid.crs, _EQUAL_AREA).transform(across, down)
        first = (x[1:, 1:] - x[:-1, :-1]) * (y[1:, :-1] - y[:-1, 1:])
        second = (x[1:, :-1] - x[:-1, 1:]) * (y[1:, 1:] - y[:-1, :-1])
        return [np.abs(first - second) / 2]


class Noise(Placed):
    """Random numbers of pixels, the same whenever they are asked for.

    Not the service's numbers, whose making is not known. A pixel's number depends on the seed and
    on its place in the lattice of the request's pixel size.
    """

    def __init__(self, seed: int, *, normal: bool) -> None:
        self._seed = np.uint64(seed % 2**64)
        self._normal = normal

    def values(self, grid: Grid) -> Sequence[Floats]:
        """Uniform in [0, 1), or of the standard normal distribution."""
        a, b, c, d, e, f = grid.transform
        left, top = steps((a, b, d, e), c, f)
        column = _whole(left + np.arange(grid.width))[np.newaxis, :]
        row = _whole(top + np.arange(grid.height))[:, np.newaxis]
        bits = _mixed(_mixed(_mixed(column + self._seed) ^ row) + self._seed)
        uniform = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
        if not self._normal:
            return [uniform]
        normal: Floats = special.ndtri(np.maximum(uniform, 2.0**-54))
        return [normal]


def _whole(positions_: NDArray[Any]) -> NDArray[np.uint64]:
    bounded = np.clip(np.nan_to_num(np.floor(positions_ + 0.5)), -(2.0**62), 2.0**62)
    whole: NDArray[np.uint64] = bounded.astype(np.int64).view(np.uint64)
    return whole


def _mixed(bits: NDArray[np.uint64]) -> NDArray[Any]:
    """The finalizer of SplitMix64: every bit of the input turns about half of the output's."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
