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
        return filled if filled.is_valid else shapely.make_valid(filled)
    return shape
