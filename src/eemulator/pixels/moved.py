"""Images seen at other places: their coordinates taken for those of another CRS, or displaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from affine import Affine

from ..catalog.model import Grid
from ..values.image import ImageBand
from ..values.projection import IDENTITY, Projection, meters_per_unit, same_crs, transformer
from .interpolated import REACH, Places
from .neighborhood import pixel_metres
from .node import Need, Operation, Plane, both, masked_plane
from .pyramid import level_read
from .resampled import Reprojected
from .warp import exact_positions

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from ..limits import Limits
    from .interpolated import Mode

    Steps = Generator[Need, list[Plane], list[Plane]]


class Reinterpreted(Operation):
    """Bands at the coordinates of one projection, read at the same ones of another.

    On a grid of another CRS than the new projection's, pixels of that one, of the grid's scale,
    are computed first [I].

    Args:
        bands: the inputs, one an output.
        source: where they are read.
        target: where they are shown.
        limits: how many pixels may be computed for one read.
    """

    takes_arrays = True

    def __init__(
        self, bands: Sequence[ImageBand], source: Projection, target: Projection, limits: Limits
    ) -> None:
        self.inputs = bands
        self._source = source
        self._target = target
        self._limits = limits

    def steps(self, indices: Sequence[int], grid: Grid) -> Steps:
        """Ask for the same pixels elsewhere."""
        if not same_crs(grid.crs, self._target.crs):
            shown = [ImageBand(b.id, b.type, self, i) for i, b in enumerate(self.inputs)]
            lattice = Projection(self._target.crs).at_scale(pixel_metres(grid))
            return (yield from Reprojected(shown, lattice, self._limits).steps(indices, grid))
        moved = reinterpreted(Projection(grid.crs, grid.transform), self._target, self._source)
        there = Grid(moved.crs, moved.transform, grid.width, grid.height)
        return (yield Need([self.inputs[index] for index in indices], there))


def reinterpreted(lattice: Projection, source: Projection, target: Projection) -> Projection:
    """A lattice of the CRS of one projection, at the same coordinates of another."""
    moved = Affine(*target.transform) * ~Affine(*source.transform) * Affine(*lattice.transform)
    return Projection(target.crs, (moved.a, moved.b, moved.c, moved.d, moved.e, moved.f))


class Displaced(Operation):
    """Bands read at places that another image says, relative to each pixel.

    Args:
        bands: the inputs, one an output.
        across: metres along the first axis of its own projection.
        down: metres along the second.
        mode: how they are read between pixels.
        limits: how many pixels may be computed for one read.
    """

    def __init__(
        self,
        bands: Sequence[ImageBand],
        across: ImageBand,
        down: ImageBand,
        mode: Mode | Literal["nearest_neighbor"],
        limits: Limits,
    ) -> None:
        self._bands = bands
        self._shift = (across, down)
        self._mode = mode
        self._limits = limits
        self.inputs = [*bands, across, down]

    def steps(self, indices: Sequence[int], grid: Grid) -> Steps:
        """Ask for the displacements, then for the pixels around where they lead."""
        across, down = yield Need(self._shift, grid)
        crs = self._shift[0].projection.crs
        metres = meters_per_unit(crs)
        with np.errstate(all="ignore"):
            x, y = exact_positions(grid, Grid(crs, IDENTITY, 1, 1))
            x, y = x + across.values / metres, y + down.values / metres
        known = both(across.mask, down.mask)
        if known is not None:
            # Where nothing is said, the place must not make the window larger.
            x, y = np.where(known > 0, x, np.nan), np.where(known > 0, y, np.nan)
        result = []
        for index in indices:
            band = self._bands[index]
            # Without pixels of its own, an image has those that are asked for.
            native = band.projection if band.is_fixed else Projection(grid.crs, grid.transform)
            _, lattice, size = level_read(grid, native, band.dimensions)
            with np.errstate(all="ignore"):
                u, v = (x, y)
                if not same_crs(crs, lattice.crs):
                    u, v = transformer(crs, lattice.crs).transform(x, y)
                col, row = ~Affine(*lattice.transform) * (u, v)
            reach = 0 if self._mode == "nearest_neighbor" else REACH[self._mode]
            places = Places.at(col, row, lattice, size, reach)
            if places is None:
                result.append(masked_plane(grid, band.type.dtype))
                continue
            there = places.native
            self._limits.check_working_pixels(there.width * there.height)
            (plane,) = yield Need([band], there)
            if self._mode == "nearest_neighbor":
                result.append(places.pick(plane))
            else:
                result.append(places.read(plane, self._mode))
        return result
