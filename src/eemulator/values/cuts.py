"""Lines cut at distances along them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from .geometry import Geometry
from .measures import on_ellipsoid
from .projection import WGS84

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Points = NDArray[np.float64]


def cut(shape: Geometry, distances: list[float], crs: str | None) -> Geometry:
    """The pieces of all lines; nothing of what is no line [S].

    Args:
        shape: with lines in it.
        distances: from the start of each line, ascending: in metres, or in units of the CRS.
        crs: of the pieces; EPSG:4326 by default.
    """
    target = WGS84.crs if crs is None else crs
    moved = shape.shape_in(target)
    on_earth = crs is None
    bent = on_earth and shape.geodesic
    pieces = [
        piece
        for line in _lines(moved)
        for piece in _pieces(
            shapely.get_coordinates(line),
            np.array(distances),
            _metres if on_earth else _straight,
            _along_circle if bent else _along,
        )
    ]
    return Geometry(shapely.MultiLineString(pieces), target, bent)


def _lines(shape: shapely.Geometry) -> list[shapely.Geometry]:
    parts = shapely.get_parts(shapely.get_parts(shape))
    return [part for part in parts if part.geom_type in ("LineString", "LinearRing")]


def _pieces(
    points: Points,
    distances: NDArray[np.float64],
    length: Callable[[Points, Points], NDArray[np.float64]],
    between: Callable[[Points, Points, float], Points],
) -> list[Points]:
    """A line in pieces, by the lengths of its edges and the points between their ends."""
    lengths = length(points[:-1], points[1:])
    reached = np.concatenate([[0.0], np.cumsum(lengths)])
    cuts = distances[(distances > 0) & (distances < reached[-1])]
    made: list[Points] = []
    start, begun = points[:1], 1
    for at in cuts:
        edge = int(np.searchsorted(reached, at, side="right")) - 1
        share = float((at - reached[edge]) / lengths[edge])
        end = between(points[edge], points[edge + 1], share)[np.newaxis]
        # A cut at a corner is the corner itself.
        inner = points[begun : edge + 1] if share > 0 else points[begun:edge]
        made.append(np.concatenate([start, inner, end]))
        start, begun = end, edge + 1
    return [*made, np.concatenate([start, points[begun:]])]


def _metres(start: Points, end: Points) -> NDArray[np.float64]:
    return on_ellipsoid(np.radians(start), np.radians(end))


def _straight(start: Points, end: Points) -> NDArray[np.float64]:
    return np.asarray(np.hypot(*(end - start).T))


def _along(start: Points, end: Points, share: float) -> Points:
    return start + share * (end - start)


def _along_circle(start: Points, end: Points, share: float) -> Points:
    """The point of a great circle, its longitude next to that of the start."""
    if share == 0:
        return start
    one, other = _vector(start), _vector(end)
    angle = np.arctan2(np.linalg.norm(np.cross(one, other)), one @ other)
    x, y, z = np.sin((1 - share) * angle) * one + np.sin(share * angle) * other
    longitude, latitude = np.degrees([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))])
    return np.array([(longitude - start[0] + 180) % 360 - 180 + start[0], latitude])


def _vector(point: Points) -> Points:
    longitude, latitude = np.radians(point)
    level = np.cos(latitude)
    return np.array([level * np.cos(longitude), level * np.sin(longitude), np.sin(latitude)])
