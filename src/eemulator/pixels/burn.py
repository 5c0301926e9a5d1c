"""Shapes as pixels: which centres lie inside, and which pixels a line goes through.

In NumPy, since `rasterio.features` swaps the warning filters of the whole process at each call: two
threads undo that for each other, and tests in the same process lose what they set. The results are
GDAL's but for centres on an edge, of which each belongs to one of the two sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from .warp import in_pixels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from ..catalog.model import Grid

    Points = NDArray[np.float64]

# Columns and rows farther away than this are as good as this: they fit into integers.
_FAR = 2.0**40

# What lies this near to an edge between pixels, in pixels, lies on it: the window around a shape is
# found so too (`default_grid`), and a point must not fall out of it by a rounding error.
_SNAP = 1e-6


class Burned(NamedTuple):
    """A part of a grid.

    Attributes:
        window: rows and columns.
        inside: `(rows, columns)`: which of its pixels are meant.
    """

    window: tuple[slice, slice]
    inside: NDArray[np.bool_]


def burned(shape: BaseGeometry, grid: Grid) -> Burned | None:
    """The pixels of a shape: those whose centre lies inside; of lines and points, all they touch.

    Args:
        shape: valid, in the CRS of the grid.
        grid: the pixels.

    Returns:
        The part of the grid around the shape; None where it has no pixel there.
    """
    corners = shapely.get_coordinates(shape)
    if not len(corners) or not np.isfinite(corners).all():
        return None
    points = _snapped(corners, grid)
    low = np.floor(points.min(axis=0)).clip(0).astype(int)
    high = (np.floor(points.max(axis=0)) + 1).clip(None, (grid.width, grid.height)).astype(int)
    if (low >= high).any():
        return None
    inside = np.zeros((high[1] - low[1], high[0] - low[0]), np.bool_)
    for part in shapely.get_parts(shape):
        _burn(part, grid, low, inside)
    window = slice(low[1], high[1]), slice(low[0], high[0])
    return Burned(window, inside) if inside.any() else None


def touched(lines: BaseGeometry, grid: Grid) -> NDArray[np.bool_]:
    """`(height, width)`: the pixels that lines go through."""
    found = np.zeros((grid.height, grid.width), np.bool_)
    for points in _strings(lines, grid):
        _trace(points, found)
    return found


def _burn(
    part: BaseGeometry, grid: Grid, low: NDArray[np.int64], target: NDArray[np.bool_]
) -> None:
    if part.geom_type == "GeometryCollection":
        for each in shapely.get_parts(part):
            _burn(each, grid, low, target)
        return
    strings = [points - low for points in _strings(part, grid)]
    if part.area > 0:
        target |= _filled(strings, target.shape)
        return
    for points in strings:
        _trace(points, target)


def _strings(shape: BaseGeometry, grid: Grid) -> Iterator[Points]:
    """The points of each line or ring of a shape, in columns and rows."""
    for part in shapely.get_parts(shape):
        rings = shapely.get_rings(part) if part.geom_type == "Polygon" else [part]
        for ring in rings:
            yield _snapped(shapely.get_coordinates(ring), grid)


def placed(shape: BaseGeometry, grid: Grid) -> BaseGeometry:
    """A shape of the grid's CRS in columns and rows."""
    found: BaseGeometry = shapely.transform(
        shape, lambda points: np.column_stack(in_pixels(grid.transform, *points.T))
    )
    return found


def _snapped(points: Points, grid: Grid) -> Points:
    found = np.column_stack(in_pixels(grid.transform, *points.T))
    edges = np.rint(found)
    found = np.where(np.abs(found - edges) < _SNAP, edges, found)
    return found.clip(-_FAR, _FAR)


def _filled(rings: list[Points], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Centres inside of rings, by the even-odd rule."""
    height, width = shape
    start = np.concatenate([ring[:-1] for ring in rings])
    stop = np.concatenate([ring[1:] for ring in rings])
    upward = start[:, 1] > stop[:, 1]
    start, stop = (
        np.where(upward[:, np.newaxis], stop, start),
        np.where(upward[:, np.newaxis], start, stop),
    )
    # Rows whose centre lies from the upper end on, and before the lower one.
    first = np.ceil(start[:, 1] - 0.5).clip(0, height).astype(np.int64)
    last = np.ceil(stop[:, 1] - 0.5).clip(0, height).astype(np.int64)
    edge, rows = _spread(first, last)
    (x0, y0), (x1, y1) = start[edge].T, stop[edge].T
    x = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
    columns = np.floor(x + 0.5).clip(0, width).astype(np.int64)
    # Along a row, what lies between the first crossing and the second is inside, and so on.
    places = np.sort(rows * (width + 1) + columns).tolist()
    inside = np.zeros((height, width + 1), np.bool_)
    flat = inside.reshape(-1)
    for begin, end in zip(places[::2], places[1::2], strict=True):
        flat[begin:end] = True
    return inside[:, :width]


def _trace(points: Points, target: NDArray[np.bool_]) -> None:
    """Mark the pixels that a line goes through; a point is in one."""
    if len(points) == 1:
        points = np.repeat(points, 2, axis=0)
    start, way = points[:-1], np.diff(points, axis=0)
    count = len(start)
    segments, moments = [np.arange(count)] * 2, [np.zeros(count), np.ones(count)]
    height, width = target.shape
    for axis, size in ((0, width), (1, height)):
        # Where it comes into another column, or row, of those that there are.
        low = np.minimum(start[:, axis], start[:, axis] + way[:, axis])
        high = np.maximum(start[:, axis], start[:, axis] + way[:, axis])
        first = np.ceil(low).clip(0, size + 1).astype(np.int64)
        last = (np.floor(high) + 1).clip(0, size + 1).astype(np.int64)
        last[way[:, axis] == 0] = first[way[:, axis] == 0]
        segment, lines = _spread(first, last)
        segments.append(segment)
        moments.append((lines - start[segment, axis]) / way[segment, axis])
    segment, moment = np.concatenate(segments), np.concatenate(moments).clip(0, 1)
    order = np.lexsort((moment, segment))
    segment, moment = segment[order], moment[order]
    # Between two moments of a segment it stays in one pixel.
    same = segment[1:] == segment[:-1]
    middle = ((moment[1:] + moment[:-1]) / 2)[same]
    which = segment[1:][same]
    place = np.floor(start[which] + middle[:, np.newaxis] * way[which])
    there = ((place >= 0) & (place < (width, height))).all(axis=1)
    columns, rows = place[there].astype(np.int64).T
    target[rows, columns] = True


def _spread(
    first: NDArray[np.int64], last: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All whole numbers of ranges `[first, last)`, and which range each is of."""
    counts = np.maximum(last - first, 0)
    which = np.repeat(np.arange(len(first)), counts)
    offsets = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    return which, first[which] + offsets
