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
from .warp import in_pixels

if TYPE_CHECKING:
    from ..values.image import Image, ImageBand, Window

# Rounding in a transform must not add a row or a column.
_SLACK = 1e-6
# Around what a clip leaves, in pixels: see `clipped_window`.
_MARGIN = 0.5
_DEGREE = Projection("EPSG:4326", (1.0, 0.0, -180.0, 0.0, -1.0, 90.0))


def default_projection(band: ImageBand) -> Projection:
    """A band's own lattice; 1° of EPSG:4326, north up, where it has none [I]."""
    return band.projection if band.is_fixed else _DEGREE


def natural_bounds(band: ImageBand, image: Image) -> Geometry:
    """Where a band has pixels: its lattice, else the image's footprint, else the world.

    Of a clipped one, the footprint: an export covers the region that it was given [S], and not half
    a pixel more.
    """
    if band.window is None and band.dimensions is not None:
        return projected_box((0, 0, *band.dimensions), band.projection)
    if image.footprint is not None:
        return image.footprint
    return WORLD


def clipped_window(band: ImageBand, area: Geometry) -> Window | None:
    """The pixels that a clip leaves of a band: those of the area's bounds, and half a pixel more.

    The half pixel is inferred [I] from a printed `getInfo` of ESA/WorldCover/v100, clipped by a
    rectangle: with less than 0.31 of a pixel, or more than 0.78, other numbers come out.

    Returns:
        None where the area has no bounds in the band's CRS.
    """
    bounds = _exact_bounds(band.projection, area)
    if bounds is None:
        return band.window
    left, top = (math.floor(low - _MARGIN) for low in bounds[:2])
    right, bottom = (math.ceil(high + _MARGIN) for high in bounds[2:])
    if band.bounds is None:
        return left, top, right, bottom
    west, north, east, south = band.bounds
    left, top = min(max(left, west), east), min(max(top, north), south)
    return left, top, max(min(right, east), left), max(min(bottom, south), top)


def bounded_grid(projection: Projection, area: Geometry) -> Grid:
    """The smallest window of a lattice that holds an area.

    Raises:
        ServiceError: the area is empty, or has no image in the CRS.
    """
    left, top, right, bottom = pixel_bounds(projection, area)
    moved = projection.translated(left, top)
    return Grid(projection.crs, moved.transform, max(right - left, 1), max(bottom - top, 1))


def pixel_bounds(projection: Projection, area: Geometry) -> Window:
    """Columns and rows of a lattice that hold an area.

    Raises:
        ServiceError: the area is empty, or has no image in the CRS.
    """
    bounds = _exact_bounds(projection, area)
    if bounds is None:
        raise ServiceError("The region is empty, or has no image in the projection.")
    left, top, right, bottom = bounds
    return (
        math.floor(left + _SLACK),
        math.floor(top + _SLACK),
        math.ceil(right - _SLACK),
        math.ceil(bottom - _SLACK),
    )


def pixel_count(projection: Projection, area: Geometry) -> float:
    """Pixels of a lattice in the box around an area, parts of them included; 0 of no area."""
    bounds = _exact_bounds(projection, area)
    if bounds is None:
        return 0.0
    left, top, right, bottom = bounds
    return (right - left) * (bottom - top)


def _exact_bounds(
    projection: Projection, area: Geometry
) -> tuple[float, float, float, float] | None:
    """Bounds of an area in columns and rows of a lattice; None where it has none."""
    corners = shapely.get_coordinates(shapely.box(*area.bounds_in(projection.crs)))
    if not corners.size or not np.isfinite(corners).all():
        return None
    u, v = in_pixels(projection.transform, *corners.T)
    return float(u.min()), float(v.min()), float(u.max()), float(v.max())
