"""Relations between geometries.

They are worked out in longitude and latitude, or in the CRS that both share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .projection import WGS84, same_crs

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from .geometry import Geometry


def together(one: Geometry, other: Geometry) -> tuple[BaseGeometry, BaseGeometry, str]:
    """Both shapes in a CRS that suits them, and that CRS."""
    crs = one.crs if same_crs(one.crs, other.crs) else WGS84.crs
    return one.filled.shape_in(crs), other.filled.shape_in(crs), crs


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
