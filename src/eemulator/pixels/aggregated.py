"""Many pixels of a lattice become one of a coarser grid."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import sparse

from ..catalog.model import Grid
from ..errors import ServiceError
from ..values import statistics
from ..values.projection import same_crs
from .locate import is_axis_aligned, locate
from .neighborhood import padded, shown
from .node import Need, Operation, Plane, masked_plane
from .warp import positions

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from ..limits import Limits
    from ..values.image import ImageBand
    from ..values.projection import Projection
    from .composite import Statistic

    Floats = NDArray[np.float64]

_SLACK = 1e-6
# Native pixels from the origin, beyond which nothing lies.
_FARTHEST = 2.0**40


class Aggregated(Operation):
    """Statistics of the native pixels under each pixel of a coarser grid.

    On a grid that is finer than the lattice, the nearest pixel. Statistics that can be weighted
    count each native pixel by the part of the coarser one that it covers [S], where the grid runs
    along the lattice; otherwise, and in other statistics, those count whose centres lie inside [I].

    Args:
        bands: of one lattice.
        lattice: theirs.
        outputs: `(band, statistic, dtype)` of each output.
        weighted: whether the statistics are.
        most: native pixels a pixel.
        best_effort: whether to take a coarser lattice instead of failing on more.
        limits: how many pixels may be computed for one read.
    """

    def __init__(
        self,
        bands: Sequence[ImageBand],
        lattice: Projection,
        outputs: Sequence[tuple[int, Statistic, np.dtype[Any]]],
        *,
        weighted: bool,
        most: int,
        best_effort: bool,
        limits: Limits,
    ) -> None:
        self.inputs = bands
        self._lattice = lattice
        self._outputs = outputs
        self._weighted = weighted
        self._most = most
        self._best_effort = best_effort
        self._limits = limits

    def steps(
        self, indices: Sequence[int], grid: Grid
    ) -> Generator[Need, list[Plane], list[Plane]]:
        """Read the native pixels under the grid, once for all outputs."""
        outputs = [self._outputs[index] for index in indices]
        needed = list(dict.fromkeys(band for band, _, _ in outputs))
        native = self._native(grid)
        if native is None:
            return [masked_plane(grid, dtype) for _, _, dtype in outputs]
        if native.pitch < 1 - _SLACK:
            planes = yield Need([self.inputs[band] for band, _, _ in outputs], grid)
            return [_converted(p, dtype) for p, (_, _, dtype) in zip(planes, outputs, strict=True)]
        window = native.grid
        self._limits.check_working_pixels(window.width * window.height * len(needed))
        planes = yield Need([self.inputs[band] for band in needed], window)
        found = dict(zip(needed, planes, strict=True))
        gather = _Gathered(grid, window)
        result = []
        for band, statistic, dtype in outputs:
            with np.errstate(all="ignore"):
                if not (self._weighted and statistic in _WEIGHTED):
                    plane = gather.stacked(found[band], statistic)
                elif gather.aligned:
                    plane = gather.weighted(found[band], mean=statistic is statistics.mean)
                else:
                    plane = gather.centered(found[band], mean=statistic is statistics.mean)
            result.append(_converted(plane, dtype))
        return result

    def _native(self, grid: Grid) -> _Native | None:
        """The window of the lattice under a grid; None where there is none."""
        lattice = self._lattice
        while True:
            found = _under(grid, lattice)
            if found is None or found.most <= self._most:
                return found
            if not self._best_effort:
                raise ServiceError(
                    f"Too many input pixels per output pixel: {found.most}, but maxPixels allows "
                    f"only {self._most}."
                )
            lattice = lattice.scaled(2, 2)


class _Native(NamedTuple):
    """A window of a lattice under a grid.

    Attributes:
        grid: the window, and some more.
        pitch: native pixels from one pixel of the grid to the next, along the nearer axis.
        most: native pixels that may meet in one.
    """

    grid: Grid
    pitch: float
    most: int


def _converted(plane: Plane, dtype: np.dtype[Any]) -> Plane:
    return Plane(plane.values.astype(dtype, copy=False), plane.mask)


def _under(grid: Grid, lattice: Projection) -> _Native | None:
    """The native pixels that a grid touches; None where it has no place in the lattice."""
    wide = padded(grid, (1, 1, 1, 1))
    with np.errstate(all="ignore"):
        columns, rows = positions(wide, Grid(lattice.crs, lattice.transform, 1, 1))
    columns, rows = columns[np.isfinite(columns)], rows[np.isfinite(rows)]
    if not columns.size or not rows.size:
        return None
    left, top, right, bottom = columns.min(), rows.min(), columns.max(), rows.max()
    if max(abs(left), abs(top), abs(right), abs(bottom)) > _FARTHEST:
        return None
    across, down = (right - left) / (wide.width - 1), (bottom - top) / (wide.height - 1)
    most = math.ceil(max(across, 1) - _SLACK) * math.ceil(max(down, 1) - _SLACK)
    first_column, first_row = math.floor(left), math.floor(top)
    moved = lattice.translated(first_column, first_row)
    size = math.ceil(right) + 1 - first_column, math.ceil(bottom) + 1 - first_row
    return _Native(Grid(moved.crs, moved.transform, *size), min(across, down), most)


_WEIGHTED = frozenset({statistics.mean, statistics.total})


class _Gathered:
    """Which pixels of a native grid lie under which of another.

    Attributes:
        aligned: whether rows and columns of both run alike, in one CRS.
    """

    def __init__(self, grid: Grid, native: Grid) -> None:
        self._grid = grid
        self._native = native
        self.aligned = (
            same_crs(grid.crs, native.crs) and is_axis_aligned(grid) and is_axis_aligned(native)
        )

    def weighted(self, plane: Plane, *, mean: bool) -> Plane:
        """The mean or the sum; each pixel weighs the part of the whole that it covers [S].

        So a sum is a mean where nothing is masked; one that adds up is of an unweighted reducer.
        """
        a, _, c, _, e, f = self._grid.transform
        na, _, nc, _, ne, nf = self._native.transform
        rows = _overlaps((f - nf) / ne, e / ne, self._grid.height, self._native.height)
        columns = _overlaps((c - nc) / na, a / na, self._grid.width, self._native.width)
        ok = shown(plane)
        mask = ok.astype(np.float64) if plane.mask is None else plane.mask.astype(np.float64)
        values = np.where(ok, plane.values, 0).astype(np.float64) * mask
        whole = abs(a / na * e / ne)
        total = rows @ (columns @ values.T).T / whole
        weight = rows @ (columns @ mask.T).T / whole
        inside = weight > 0
        if mean:
            total = np.divide(total, weight, out=np.zeros_like(total), where=inside)
        return Plane(total, inside)

    def centered(self, plane: Plane, *, mean: bool) -> Plane:
        """The same where pixels are not alike: each weighs one over the centres inside."""
        if mean:
            return self.stacked(plane, statistics.mean)
        total = self.stacked(plane, statistics.total)
        number = self.stacked(Plane(plane.values, None), statistics.count).values
        return Plane(total.values / np.maximum(number, 1), total.mask)

    def stacked(self, plane: Plane, statistic: Statistic) -> Plane:
        """Any statistic of the pixels whose centres lie inside."""
        grid = self._grid
        located = locate(self._native, grid)
        if located is None:
            return masked_plane(grid, plane.values.dtype)
        window = plane.values[located.window]
        ok = shown(plane)[located.window]
        if located.inside is not None:
            ok = ok & located.inside
        place = np.broadcast_to(located.rows * grid.width + located.cols, window.shape)[ok]
        order = np.argsort(place, kind="stable")
        place, values = place[order], window[ok][order]
        counts = np.bincount(place, minlength=grid.width * grid.height)
        rank = np.arange(place.size) - np.repeat(np.cumsum(counts) - counts, counts)
        depth = max(int(counts.max(initial=0)), 1)
        stack = np.zeros((depth, grid.width * grid.height), values.dtype)
        filled = np.zeros(stack.shape, np.bool_)
        stack[rank, place] = values
        filled[rank, place] = True
        shape = (depth, grid.height, grid.width)
        return Plane(*statistic(stack.reshape(shape), filled.reshape(shape)))


def _overlaps(start: float, step: float, count: int, native: int) -> Any:
    """How much of each native interval each coarser one covers: a sparse `(count, native)`."""
    edges = start + step * np.arange(count + 1)
    lows, highs = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
    first = np.clip(np.floor(lows + _SLACK).astype(np.int64), 0, native)
    last = np.clip(np.ceil(highs - _SLACK).astype(np.int64), first, native)
    sizes = last - first
    outer = np.repeat(np.arange(count), sizes)
    inner = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes) + first[outer]
    part = np.minimum(highs[outer], inner + 1) - np.maximum(lows[outer], inner)
    return sparse.csr_array((np.maximum(part, 0), (outer, inner)), shape=(count, native))
