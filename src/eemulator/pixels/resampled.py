"""Images computed on a lattice of their own, then seen through another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..catalog.model import Grid
from ..values.projection import same_crs
from .locate import SNAP
from .node import Need, Operation, Plane, both, masked_plane
from .warp import positions

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from ..limits import Limits
    from ..values.image import ImageBand
    from ..values.projection import Projection
    from .node import Mask


class Reprojected(Operation):
    """Bands on the pixels of a projection, nearest neighbour from there.

    Args:
        bands: the inputs, one an output.
        projection: the lattice.
        limits: how many pixels of the lattice may be computed for one read.
    """

    takes_arrays = True

    def __init__(self, bands: Sequence[ImageBand], projection: Projection, limits: Limits) -> None:
        self.inputs = bands
        self._projection = projection
        self._limits = limits

    def steps(
        self, indices: Sequence[int], grid: Grid
    ) -> Generator[Need, list[Plane], list[Plane]]:
        """Compute the lattice's pixels under the grid, and pick."""
        bands = [self.inputs[index] for index in indices]
        if on_lattice(grid, self._projection):
            return (yield Need(bands, grid))
        lattice = Grid(self._projection.crs, self._projection.transform, 1, 1)
        with np.errstate(all="ignore"):
            col, row = positions(grid, lattice)
        return (yield from nearest(bands, self._projection, grid, (col, row), self._limits))


def nearest(
    bands: Sequence[ImageBand],
    lattice: Projection,
    grid: Grid,
    place: tuple[NDArray[np.float64], NDArray[np.float64]],
    limits: Limits,
) -> Generator[Need, list[Plane], list[Plane]]:
    """The pixels of a lattice that lie under those of a grid.

    Args:
        bands: to compute on the lattice.
        lattice: where.
        grid: what is asked for.
        place: columns and rows of the lattice, with fractions, under each pixel of the grid;
            infinite where there is none.
        limits: how many pixels of the lattice may be computed.
    """
    col, row = place
    sane = np.isfinite(col) & np.isfinite(row) & (np.abs(col) < 1e15) & (np.abs(row) < 1e15)
    if not sane.any():
        return [masked_plane(grid, band.type.dtype, band.type.dimensions) for band in bands]
    cols = np.floor(np.where(sane, col, col[sane].min()) + SNAP).astype(np.int64)
    rows = np.floor(np.where(sane, row, row[sane].min()) + SNAP).astype(np.int64)
    left, top = int(cols.min()), int(rows.min())
    width, height = int(cols.max()) - left + 1, int(rows.max()) - top + 1
    limits.check_working_pixels(width * height * len(bands))
    moved = lattice.translated(left, top)
    planes = yield Need(bands, Grid(moved.crs, moved.transform, width, height))
    return [_picked(plane, rows - top, cols - left, sane) for plane in planes]


def _picked(
    plane: Plane,
    rows: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    cols: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    sane: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> Plane:
    values = plane.values[rows, cols]
    lengths = None if plane.lengths is None else plane.lengths[rows, cols]
    mask: Mask | None = None if plane.mask is None else plane.mask[rows, cols]
    if not sane.all():
        mask = both(mask, sane)
    return Plane(values, mask, lengths=lengths)


def on_lattice(grid: Grid, projection: Projection) -> bool:
    """Whether a grid's pixels are exactly the lattice's."""
    if not same_crs(grid.crs, projection.crs):
        return False
    a, b, c, d, e, f = grid.transform
    pa, pb, pc, pd, pe, pf = projection.transform
    if (a, b, d, e) != (pa, pb, pd, pe) or b != 0 or d != 0:
        return False
    offsets = ((c - pc) / a, (f - pf) / e)
    return all(abs(offset - round(offset)) < SNAP for offset in offsets)
