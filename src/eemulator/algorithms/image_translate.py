"""Images moved across the ground."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import shapely

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.shifted import Shifted
from ..values.geometry import Geometry
from ..values.image import ImageBand, require_bands
from ..values.projection import Projection, meters_per_unit, same_crs

if TYPE_CHECKING:
    from ..catalog.model import Grid
    from ..expression.evaluate import Session
    from ..values.image import Image

# In units of a CRS: a transform moved farther would lose its pixels to rounding.
_FARTHEST = 1e12


@algorithm("Image.translate", session=True)
def translate(
    session: Session, image: Image, x: float, y: float, units: str, proj: Projection | None
) -> Image:
    """The image moved by metres along the axes of a CRS, or by pixels of a projection.

    By default that of the first band. https://developers.google.com/earth-engine/apidocs/
    ee-image-translate [S] Metres count towards the east and the north, pixels along columns and
    rows; lattices in the CRS and the footprint move along, and properties stay [M].

    Raises:
        ServiceError: the unit is not known, or the distance none.
    """
    if units not in ("meters", "pixels"):
        raise ServiceError(f"Unknown units '{units}'; 'meters' or 'pixels' are known.")
    lattice = require_bands(image).projection if proj is None else proj
    if units == "pixels":
        _, _, c, _, _, f = lattice.transform
        _, _, right, _, _, down = lattice.translated(x, y).transform
        offset = right - c, down - f
    else:
        unit = meters_per_unit(lattice.crs)
        offset = x / unit, y / unit
    if not all(math.isfinite(way) and abs(way) < _FARTHEST for way in offset):
        raise ServiceError(f"An image cannot be moved by {x} and {y} {units}.")
    node = Shifted(image.bands, lattice.crs, offset, session.limits)
    moved = [
        _moved(band, ImageBand(band.id, band.type, node, i, band.projection), lattice.crs, offset)
        for i, band in enumerate(image.bands)
    ]
    footprint = image.footprint and _carried(image.footprint, lattice.crs, offset)
    return replace(image.with_bands(moved), footprint=footprint)


def _moved(old: ImageBand, band: ImageBand, crs: str, offset: tuple[float, float]) -> ImageBand:
    """A band on its old lattice moved along, where that is in the CRS and not the 1° default."""
    if not (old.is_fixed and same_crs(old.projection.crs, crs)):
        return band
    extent = None
    if old.extent is not None and all(same_crs(grid.crs, crs) for grid in old.extent):
        extent = tuple(_grid(grid, offset) for grid in old.extent)
    a, b, c, d, e, f = old.projection.transform
    transform = (a, b, c + offset[0], d, e, f + offset[1])
    return replace(
        band,
        projection=Projection(old.projection.crs, transform),
        dimensions=old.dimensions,
        extent=extent,
    )


def _grid(grid: Grid, offset: tuple[float, float]) -> Grid:
    a, b, c, d, e, f = grid.transform
    return replace(grid, transform=(a, b, c + offset[0], d, e, f + offset[1]))


def _carried(shape: Geometry, crs: str, offset: tuple[float, float]) -> Geometry:
    """A footprint in longitude and latitude, each of its corners moved."""
    there = shapely.transform(shape.shape_in(crs), lambda points: points + offset)
    return Geometry(Geometry(there, crs).lonlat)
