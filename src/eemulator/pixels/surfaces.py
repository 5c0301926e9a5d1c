"""Planes as heights: parabolas upon pixels, shadows, and pits filled with water."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from ..values.projection import meters_per_unit, parse_crs
from .neighborhood import shown
from .node import Plane
from .relief import latitudes
from .warp import steps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid

    Floats = NDArray[np.float64]


def parabolas(reach: int) -> Callable[[Sequence[Plane], Grid], Plane]:
    """The upper surface of parabolas that open downwards, a pixel's value high; never below 0.

    `max(value - dx² - dy²)`, along one axis after the other; of planes padded by `reach`.
    """

    def run(planes: Sequence[Plane], grid: Grid) -> Plane:
        plane = planes[0]
        heights = np.where(shown(plane), plane.values, 0).astype(np.float64)
        heights = np.maximum(np.nan_to_num(heights), 0)
        # Beyond the square root of the highest, every parabola is below 0.
        wide = int(min(reach, np.sqrt(heights.max(initial=0))))
        for axis in (0, 1):
            raised = heights.copy()
            for step in range(1, wide + 1):
                length = heights.shape[axis] - step
                low, high = _part(axis, 0, length), _part(axis, step, step + length)
                np.maximum(raised[low], heights[high] - step * step, out=raised[low])
                np.maximum(raised[high], heights[low] - step * step, out=raised[high])
            heights = raised
        middle = (slice(reach, reach + grid.height), slice(reach, reach + grid.width))
        return Plane(heights[middle], None)

    return run


def _part(axis: int, start: int, stop: int) -> tuple[slice, ...]:
    return (slice(None),) * axis + (slice(start, stop),)


def lit(azimuth: float, zenith: float, reach: int) -> Callable[[Sequence[Plane], Grid], Plane]:
    """1 where a light is seen, 0 where what is higher stands before it.

    The way to the light is followed a pixel of its longer axis at a time, at the next centres. In
    a geographic CRS a degree of longitude is as long as at the pixel's row, on the sphere.

    Args:
        azimuth: of the light, degrees clockwise from north, which is up in the CRS.
        zenith: of the light, degrees from overhead.
        reach: pixels to follow; of planes padded by as many.
    """

    def run(planes: Sequence[Plane], grid: Grid) -> Plane:
        plane = planes[0]
        ok = shown(plane)
        heights = np.where(ok, plane.values, -np.inf).astype(np.float64)
        across, down, metres = _paces(grid, azimuth)
        rows = np.arange(grid.height)[:, np.newaxis] + reach
        columns = np.arange(grid.width)[np.newaxis, :] + reach
        here = heights[rows, columns]
        rise = 1 / np.tan(np.radians(zenith)) if zenith > 0 else np.inf
        dark = np.zeros(here.shape, np.bool_)
        for step in range(1, reach + 1):
            there = heights[
                rows + np.rint(step * down).astype(np.int64),
                columns + np.rint(step * across).astype(np.int64),
            ]
            dark |= there > here + step * metres * rise
        return Plane((~dark).astype(np.uint8), None if ok.all() else ok[rows, columns])

    return run


def _paces(grid: Grid, azimuth: float) -> tuple[Floats, Floats, Floats]:
    """Columns, rows and metres of a step towards an azimuth; each `(height or 1, 1)`.

    The longer of columns and rows is 1.
    """
    a, b, _, d, e, _ = grid.transform
    unit = meters_per_unit(grid.crs)
    east, north = np.array([[np.sin(np.radians(azimuth))]]), np.cos(np.radians(azimuth))
    if parse_crs(grid.crs).is_geographic:
        # Of a turned grid, the first column's.
        east = east / np.cos(np.radians(latitudes(grid)[:, :1]))
    x, y = east / unit, np.broadcast_to(north / unit, east.shape)
    across, down = steps((a, b, d, e), x, y)
    longer = np.maximum(np.abs(across), np.abs(down))
    return across / longer, down / longer, 1 / longer


def filled(border: float | None, reach: int) -> Callable[[Sequence[Plane], Grid], Plane]:
    """Heights with their pits filled to the lowest way out, over sides and corners of pixels.

    The way out ends at the edge of the padded plane or at a masked pixel. Every way is as high as
    its highest pixel; the lowest ways are those of a minimum spanning tree (Soille & Gratin 1994
    fill to the same level by erosion).

    Args:
        border: how high it is to leave at least; None for as high as the pixel left from.
        reach: pixels by which planes are padded.
    """

    def run(planes: Sequence[Plane], grid: Grid) -> Plane:
        plane = planes[0]
        ok = shown(plane)
        levels = _levels(plane.values.astype(np.float64), ok, border)
        middle = (slice(reach, reach + grid.height), slice(reach, reach + grid.width))
        mask = None if plane.mask is None else plane.mask[middle]
        return Plane(levels[middle].astype(plane.values.dtype), mask)

    return run


def _levels(heights: Floats, ok: NDArray[np.bool_], border: float | None) -> Floats:
    place = np.arange(heights.size).reshape(heights.shape)
    outside = heights.size
    edge = np.ones(heights.shape, np.bool_)
    edge[1:-1, 1:-1] = _beside(~ok)
    leaving = place[edge & ok]
    flat = heights.ravel()
    starts, stops = [leaving], [np.full(leaving.size, outside)]
    costs = [np.maximum(flat[leaving], -np.inf if border is None else border)]
    for row, column in ((0, 1), (1, 0), (1, 1), (1, -1)):
        one, other = _pairs(place, ok, row, column)
        starts.append(one)
        stops.append(other)
        costs.append(np.maximum(flat[one], flat[other]))
    cost = np.concatenate(costs)
    if not cost.size:
        return heights
    # A sparse graph has no links of weight 0.
    weights = cost - cost.min() + 1
    graph = sparse.coo_array(
        (weights, (np.concatenate(starts), np.concatenate(stops))), shape=(outside + 1,) * 2
    ).tocsr()
    tree = sparse.csgraph.minimum_spanning_tree(graph)
    _, before = sparse.csgraph.breadth_first_order(tree, outside, directed=False)
    level = np.append(flat, -np.inf if border is None else border)
    before = np.where(before < 0, np.arange(outside + 1), before)
    before[outside] = outside
    # Each step doubles how much of the way out is looked at.
    while True:
        raised = np.maximum(level, level[before])
        further = before[before]
        if (further == before).all() and (raised == level).all():
            return level[:outside].reshape(heights.shape)
        level, before = raised, further


def _beside(there: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which inner pixels have one of some among their eight neighbours."""
    height, width = there.shape
    found = np.zeros((height - 2, width - 2), np.bool_)
    for row in range(3):
        for column in range(3):
            found |= there[row : row + height - 2, column : column + width - 2]
    return found


def _pairs(
    place: NDArray[Any], ok: NDArray[np.bool_], row: int, column: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Pairs of valid pixels that lie a step apart."""
    height, width = place.shape
    right, left = max(column, 0), max(-column, 0)
    here = (slice(0, height - row), slice(left, width - right))
    there = (slice(row, height), slice(right, width - left))
    both_shown = ok[here] & ok[there]
    return place[here][both_shown], place[there][both_shown]
