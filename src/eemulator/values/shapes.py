"""Geometries together: relations, and what is made of two.

They are worked out in longitude and latitude, or in the projected CRS that both share, with
straight edges there. Earth Engine works on the sphere [S]; edges of less than some hundred
kilometres hardly differ. A shape beyond the antimeridian, whichever way its longitudes are counted,
meets what is told from the other side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from .geometry import Geometry
from .projection import WGS84, same_crs
from .rings import wound
from .unions import check_meetings, united

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapely.geometry.base import BaseGeometry

_TURN = 360.0


def together(
    one: Geometry, other: Geometry, crs: str | None = None
) -> tuple[BaseGeometry, BaseGeometry, str]:
    """Both shapes in a CRS that suits them, and that CRS.

    Args:
        one: stays where it is.
        other: in longitude and latitude it is turned to where the first one is.
        crs: in which to work; chosen by default.
    """
    if crs is None:
        crs = one.crs if same_crs(one.crs, other.crs) else WGS84.crs
    a, b = one.filled.shape_in(crs), other.filled.shape_in(crs)
    if same_crs(crs, WGS84.crs) and (one.turned or other.turned):
        b = beside(b, a)
    return a, b, crs


def beside(shape: BaseGeometry, place: BaseGeometry) -> BaseGeometry:
    """A shape in longitude and latitude, turned by 360° to where another is.

    Where it meets the other from both sides, both copies; where it does not, itself.
    """
    if shape.is_empty or place.is_empty:
        return shape
    west, _, east, _ = shape.bounds
    left, _, right, _ = place.bounds
    turns = (k * _TURN for k in (-2, -1, 0, 1, 2))
    copies = [
        shapely.affinity.translate(shape, xoff=turn)
        for turn in turns
        if west + turn <= right and left <= east + turn
    ]
    if not copies:
        return shape
    return copies[0] if len(copies) == 1 else united(copies)


def intersects(one: Geometry, other: Geometry) -> bool:
    """Whether two share a point."""
    a, b, _ = together(one, other)
    return bool(a.intersects(b))


def disjoint(one: Geometry, other: Geometry) -> bool:
    """Whether two share no point."""
    return not intersects(one, other)


def inside(one: Geometry, other: Geometry) -> bool:
    """Whether one lies within the other, edges included."""
    a, b, _ = together(one, other)
    return bool(b.covers(a)) and not a.is_empty


def combined(
    one: Geometry,
    other: Geometry,
    operation: Callable[[BaseGeometry, BaseGeometry], BaseGeometry],
    crs: str | None = None,
) -> Geometry:
    """What an operation makes of two shapes.

    Args:
        one: its edges say what those of the result are.
        other: the other one.
        operation: of shapes in one CRS.
        crs: in which to work; by default the one that both share, else EPSG:4326.

    Raises:
        ServiceError: their edges cross too often.
    """
    a, b, used = together(one, other, crs)
    check_meetings([a, b])
    return Geometry(wound(operation(a, b)), used, one.geodesic)
