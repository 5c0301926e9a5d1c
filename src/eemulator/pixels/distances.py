"""How far it is from each pixel to the next one that is not 0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from .neighborhood import shown
from .node import Plane

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid

METRICS = ("squared_euclidean", "manhattan", "chebyshev")
"""Of `fastDistanceTransform`."""


def fast(metric: str, reach: int) -> Callable[[Sequence[Plane], Grid], Plane]:
    """Distances in pixels by a metric, of planes padded by `reach` all round.

    What is farther than `reach` (in the metric, not its square) is masked [M].
    """

    def run(planes: Sequence[Plane], grid: Grid) -> Plane:
        plane = planes[0]
        found = shown(plane) & (plane.values != 0)
        middle = (slice(reach, reach + grid.height), slice(reach, reach + grid.width))
        if not found.any():
            shape = (grid.height, grid.width)
            return Plane(np.zeros(shape, np.float32), np.zeros(shape, np.bool_))
        distance = _distance(found, metric)[middle]
        limit = reach * reach if metric == "squared_euclidean" else reach
        return Plane(distance.astype(np.float32), distance <= limit)

    return run


def nearest(plane: Plane, metric: str, reach: int, radius: float) -> Plane:
    """Distances in pixels to the next pixel that is not 0; masked where there is none so near.

    Args:
        plane: padded all round.
        metric: `euclidean`, `manhattan` or `chebyshev`.
        reach: by how many pixels it is padded.
        radius: in pixels, at most one more than `reach`.
    """
    found = shown(plane) & (plane.values != 0)
    height, width = (size - 2 * reach for size in found.shape)
    if not found.any():
        return Plane(np.zeros((height, width)), np.zeros((height, width), np.bool_))
    squared = metric == "euclidean"
    far = _distance(found, "squared_euclidean" if squared else metric)
    middle = far[reach : reach + height, reach : reach + width].astype(np.float64)
    distance = np.sqrt(middle) if squared else middle
    return Plane(distance, distance <= radius + 1e-9)


def _distance(found: NDArray[np.bool_], metric: str) -> NDArray[Any]:
    if metric != "squared_euclidean":
        kind = "taxicab" if metric == "manhattan" else "chessboard"
        table: NDArray[Any] = ndimage.distance_transform_cdt(~found, kind)
        return table
    nearest = ndimage.distance_transform_edt(~found, return_distances=False, return_indices=True)
    height, width = found.shape
    rows, columns = np.arange(height)[:, np.newaxis], np.arange(width)[np.newaxis, :]
    square: NDArray[Any] = (nearest[0] - rows) ** 2 + (nearest[1] - columns) ** 2
    return square


def steps(angle: float, reach: int) -> list[tuple[int, int, float]]:
    """Offsets `(column, row)` and distances along a direction, a pixel of the longer axis a step.

    Args:
        angle: degrees, counterclockwise from the right [I].
        reach: greatest distance, in pixels.
    """
    across, down = math.cos(math.radians(angle)), -math.sin(math.radians(angle))
    longer = max(abs(across), abs(down))
    return [
        (round(k * across / longer), round(k * down / longer), k / longer)
        for k in range(int(reach * longer + 1e-9) + 1)
    ]


def directional(
    reach: int, path: Sequence[tuple[int, int, float]]
) -> Callable[[Sequence[Plane], Grid], tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Which step of a path first meets a pixel that is not 0 (-1: none), and how far that is."""

    def run(planes: Sequence[Plane], grid: Grid) -> tuple[NDArray[Any], NDArray[Any]]:
        plane = planes[0]
        target = shown(plane) & (plane.values != 0)
        which = np.full((grid.height, grid.width), -1)
        distance = np.zeros((grid.height, grid.width))
        for number, (column, row, length) in enumerate(path):
            met = target[at(column, row, reach, grid)] & (which < 0)
            if met.any():
                which[met] = number
                distance[met] = length
                if (which >= 0).all():
                    break
        return which, distance

    return run


def at(column: int, row: int, reach: int, grid: Grid) -> tuple[slice, slice]:
    """The part of a plane padded by `reach` all round that lies at an offset."""
    top, left = reach + row, reach + column
    return slice(top, top + grid.height), slice(left, left + grid.width)
