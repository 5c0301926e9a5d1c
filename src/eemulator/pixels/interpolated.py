"""Images whose pixels are interpolated where they are read in another projection than their own.

On a grid that is coarser than the projection, between pixels of the level that is read there.
What the service's documentation does not say is assumed here [I]: the kernel is cubic convolution
with a = -1/2, as GDAL's; a pixel is masked where the nearest one is, and masked ones do not count;
where one of 4 x 4 pixels is masked, the 2 x 2 around the place are interpolated linearly, with
weights that sum up to 1; bands keep their types, with integers rounded and kept within range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from ..catalog.model import Grid
from .default_grid import default_projection
from .locate import SNAP
from .node import Need, Operation, Plane, both, masked_plane, valid
from .pyramid import level_read
from .resampled import on_lattice
from .warp import exact_positions

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from ..limits import Limits
    from ..values.image import ImageBand
    from ..values.projection import Projection

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

Mode = Literal["bilinear", "bicubic"]

REACH: dict[Mode, int] = {"bilinear": 1, "bicubic": 2}
"""Native pixels that count, on each side of the place."""
_FARTHEST = 1e15
_GREATEST = 2**63 - 1024  # the float64 below 2**63


class Interpolated(Operation):
    """Bands between the pixels of their own projections.

    Args:
        bands: the inputs, one an output.
        mode: of interpolation.
        limits: how many native pixels may be computed for one read.
    """

    def __init__(self, bands: Sequence[ImageBand], mode: Mode, limits: Limits) -> None:
        self.inputs = bands
        self._mode = mode
        self._limits = limits

    def steps(
        self, indices: Sequence[int], grid: Grid
    ) -> Generator[Need, list[Plane], list[Plane]]:
        """Projection by projection: compute the pixels around the grid's, and interpolate."""
        groups: dict[tuple[Projection, tuple[int, int] | None], list[int]] = {}
        for index in indices:
            band = self.inputs[index]
            groups.setdefault((default_projection(band), band.dimensions), []).append(index)
        found: dict[int, Plane] = {}
        for (native, native_size), members in groups.items():
            bands = [self.inputs[index] for index in members]
            _, projection, size = level_read(grid, native, native_size)
            if on_lattice(grid, projection):
                planes = yield Need(bands, grid)
                found.update(zip(members, planes, strict=True))
                continue
            places = Places.of(grid, projection, size, REACH[self._mode])
            if places is None:
                found.update((i, masked_plane(grid, self.inputs[i].type.dtype)) for i in members)
                continue
            self._limits.check_working_pixels(
                places.native.width * places.native.height * len(bands)
            )
            planes = yield Need(bands, places.native)
            for index, plane in zip(members, planes, strict=True):
                found[index] = places.read(plane, self._mode)
        return [found[index] for index in indices]


class Places:
    """Where the centres of a grid's pixels lie among native pixels.

    Attributes:
        native: the native pixels that count.
    """

    def __init__(self, native: Grid, col: Floats, row: Floats, inside: NDArray[np.bool_]) -> None:
        self.native = native
        self._inside = inside
        self._nearest = _floor(row + SNAP), _floor(col + SNAP)
        # From here on, positions count from the centre of the first pixel.
        row, col = row - 0.5, col - 0.5
        self._first = _floor(row), _floor(col)
        self._part = row - self._first[0], col - self._first[1]

    @staticmethod
    def of(
        grid: Grid, projection: Projection, size: tuple[int, int] | None, reach: int
    ) -> Places | None:
        """The places of a grid; None where it has nothing to do with the pixels.

        Args:
            grid: where to read.
            projection: of the native pixels.
            size: `(width, height)` of these, where they are bounded.
            reach: native pixels that count on each side.
        """
        lattice = Grid(projection.crs, projection.transform, 1, 1)
        with np.errstate(all="ignore"):
            col, row = exact_positions(grid, lattice)
        return Places.at(col, row, projection, size, reach)

    @staticmethod
    def at(
        col: Floats,
        row: Floats,
        projection: Projection,
        size: tuple[int, int] | None,
        reach: int,
    ) -> Places | None:
        """The places at positions in a projection, with fractions; the rest is as of `of`."""
        inside = np.isfinite(col) & np.isfinite(row)
        inside &= (np.abs(col) < _FARTHEST) & (np.abs(row) < _FARTHEST)
        if size is not None:
            inside &= (col > -SNAP) & (col < size[0]) & (row > -SNAP) & (row < size[1])
        if not inside.any():
            return None
        col, row = (
            np.where(inside, col, col[inside].min()),
            np.where(inside, row, row[inside].min()),
        )
        left, top = int(np.floor(col.min() - 0.5)), int(np.floor(row.min() - 0.5))
        left, top = left - reach, top - reach
        width = int(np.floor(col.max() - 0.5)) + reach - left + 1
        height = int(np.floor(row.max() - 0.5)) + reach - top + 1
        moved = projection.translated(left, top)
        native = Grid(moved.crs, moved.transform, width, height)
        return Places(native, col - left, row - top, inside)

    def pick(self, plane: Plane) -> Plane:
        """The nearest pixels of the band."""
        mask = None if plane.mask is None else plane.mask[self._nearest]
        return Plane(
            plane.values[self._nearest],
            mask if self._inside.all() else both(mask, self._inside),
        )

    def read(self, plane: Plane, mode: Mode) -> Plane:
        """The band at the places."""
        shown = np.ones(plane.values.shape, np.bool_) if plane.mask is None else valid(plane.mask)
        samples = np.where(shown, plane.values, 0).astype(np.float64)
        values, _ = self._sum(samples, shown, "bilinear")
        if mode == "bicubic":
            smooth, whole = self._sum(samples, shown, "bicubic")
            values = np.where(whole, smooth, values)
        mask: Any = self._inside
        if plane.mask is not None:
            mask = np.where(self._inside, plane.mask[self._nearest], plane.mask.dtype.type(0))
        return Plane(_typed(values, plane.values.dtype), None if mask.all() else mask)

    def _sum(
        self, samples: Floats, shown: NDArray[np.bool_], mode: Mode
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """Weighted means of those samples that are shown, and whether all that count are."""
        (first_row, first_col), (down, across) = self._first, self._part
        total, weight = np.zeros_like(down), np.zeros_like(down)
        whole = np.ones(down.shape, np.bool_)
        taps = range(1 - REACH[mode], 1 + REACH[mode])
        for k in taps:
            for m in taps:
                share = _kernel(k - down, mode) * _kernel(m - across, mode)
                place = first_row + k, first_col + m
                there = shown[place]
                # Infinities of both signs, or one that does not count, make no number.
                with np.errstate(over="ignore", invalid="ignore"):
                    total += np.where(there, share * samples[place], 0)
                weight += np.where(there, share, 0)
                whole &= there
        with np.errstate(divide="ignore", invalid="ignore"):
            partly = np.nan_to_num(total / weight, posinf=np.inf, neginf=-np.inf)
        return np.where(whole, total, partly), whole


def _floor(position: Floats) -> Indices:
    return cast("Indices", np.floor(position).astype(np.int64))


def _kernel(distance: Floats, mode: Mode) -> Floats:
    """The weight of a sample at a distance, in native pixels."""
    x = np.abs(distance)
    if mode == "bilinear":
        return cast("Floats", np.clip(1 - x, 0, 1))
    near = (1.5 * x - 2.5) * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return cast("Floats", np.where(x <= 1, near, np.where(x < 2, far, 0)))


def _typed(values: Floats, dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        values = np.clip(np.rint(values), info.min, min(info.max, _GREATEST))
    typed: NDArray[Any] = values.astype(dtype)
    return typed
