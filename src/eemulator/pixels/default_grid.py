"""Grids that a request leaves to the service."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import shapely

from ..catalog.model import Grid
from ..errors import ServiceError
from ..values.geometry import WORLD, Geometry, projected_box
from ..values.projection import Projection

if TYPE_CHECKING:
    from ..values.image import Image, ImageBand

# Rounding in a transform must not add a row or a column.
_SLACK = 1e-6
_DEGREE = Projection("EPSG:4326", (1.0, 0.0, -180.0, 0.0, -1.0, 90.0))


def default_projection(band: ImageBand) -> Projection:
    """A band's own lattice; 1° of EPSG:4326, north up, where it has none [I]."""
    return band.projection if band.is_fixed else _DEGREE


def natural_bounds(band: ImageBand, image: Image) -> Geometry:
    """Where a band has pixels: its lattice, else the image's footprint, else the world."""
    if band.dimensions is not None:
        return projected_box((0, 0, *band.dimensions), band.projection)
    if image.footprint is not None:
        return image.footprint
    return WORLD


def bounded_grid(projection: Projection, area: Geometry) -> Grid:
    """The smallest window of a lattice that holds an area.

    Raises:
        ServiceError: the area is empty, or has no image in the CRS.
    """
    left, top, right, bottom = pixel_bounds(projection, area)
    moved = projection.translated(left, top)
    return Grid(projection.crs, moved.transform, max(right - left, 1), max(bottom - top, 1))


def pixel_bounds(projection: Projection, area: Geometry) -> tuple[int, int, int, int]:
    """Columns and rows of a lattice that hold an area: `(left, top, right, bottom)`."""
    left, top, right, bottom = _exact_bounds(projection, area)
    return (
        math.floor(left + _SLACK),
        math.floor(top + _SLACK),
        math.ceil(right - _SLACK),
        math.ceil(bottom - _SLACK),
    )


def pixel_count(projection: Projection, area: Geometry) -> float:
    """Pixels of a lattice in the box around an area, parts of them included."""
    left, top, right, bottom = _exact_bounds(projection, area)
    return (right - left) * (bottom - top)


def _exact_bounds(projection: Projection, area: Geometry) -> tuple[float, float, float, float]:
    """The box around an area, in pixels of a lattice."""
    a, b, c, d, e, f = projection.transform
    determinant = a * e - b * d
    corners = shapely.get_coordinates(shapely.box(*area.bounds_in(projection.crs)))
    if not corners.size or not np.isfinite(corners).all():
        raise ServiceError("The region is empty, or has no image in the projection.")
    x, y = corners[:, 0] - c, corners[:, 1] - f
    u, v = (e * x - b * y) / determinant, (a * y - d * x) / determinant
    return float(u.min()), float(v.min()), float(u.max()), float(v.max())
