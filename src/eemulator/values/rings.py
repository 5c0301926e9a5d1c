"""Rings: footprints that mean areas, and shapes that cross themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.geometry.polygon import orient

from ..errors import ServiceError

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

# Shapes of fewer points are repaired in no time, however they cross.
_FEW_POINTS = 200
_EDGES_AT_ONCE = 256
# Pairs of edges whose boxes may meet: each with itself and its neighbours, and some more. The time
# goes with the square of the crossings (measured): a second for so many, ten for four times more.
_MOST_MEETINGS = 10_000
_NEIGHBOURS = 4


def areal(shape: BaseGeometry) -> BaseGeometry:
    """A footprint is told as a ring, and means the area within."""
    if shape.geom_type == "LinearRing":
        filled = shapely.Polygon(shapely.get_coordinates(shape))
        if is_valid(filled):
            return filled
        check_crossings(filled)
        return shapely.make_valid(filled)
    return shape


def wound(shape: BaseGeometry) -> BaseGeometry:
    """The same, outer rings anticlockwise and holes clockwise: so the service makes them [S]."""
    match shape:
        case shapely.Polygon():
            return orient(shape)
        case shapely.MultiPolygon():
            return shapely.MultiPolygon([orient(part) for part in shape.geoms])
        case shapely.GeometryCollection():
            return shapely.GeometryCollection([wound(part) for part in shape.geoms])
    return shape


def is_valid(shape: BaseGeometry) -> bool:
    """Shapely's `is_valid`, without its touching the process' warning filters.

    A server in the thread of somebody's test must not lose that test's warnings.
    """
    return bool(shapely.is_valid_reason(shape) == "Valid Geometry")


def check_crossings(shape: BaseGeometry) -> None:
    """Refuse to repair a shape whose edges may cross too often: that takes time and memory.

    Nothing stops GEOS once it has begun. Edges whose boxes meet are counted, some at a time.

    Raises:
        ServiceError: they are too many.
    """
    points = shapely.get_coordinates(shape)
    if len(points) < _FEW_POINTS:
        return
    # From one ring to the next there is an edge too many: it does not matter.
    edges = np.asarray(shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1)))
    tree = shapely.STRtree(edges)
    left = _MOST_MEETINGS + _NEIGHBOURS * len(edges)
    for start in range(0, len(edges), _EDGES_AT_ONCE):
        left -= tree.query(edges[start : start + _EDGES_AT_ONCE]).shape[1]
        if left < 0:
            raise ServiceError("The geometry's edges cross each other too often.", kind="edges")
