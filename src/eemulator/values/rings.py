"""Footprints as Earth Engine tells them: rings that mean areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


def areal(shape: BaseGeometry) -> BaseGeometry:
    """A footprint is told as a ring, and means the area within."""
    if shape.geom_type == "LinearRing":
        filled = shapely.Polygon(shapely.get_coordinates(shape))
        return filled if is_valid(filled) else shapely.make_valid(filled)
    return shape


def is_valid(shape: BaseGeometry) -> bool:
    """Shapely's `is_valid`, without its touching the process' warning filters.

    A server in the thread of somebody's test must not lose that test's warnings.
    """
    return bool(shapely.is_valid_reason(shape) == "Valid Geometry")
