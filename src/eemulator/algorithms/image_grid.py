"""Projections and extents of images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from ..catalog.model import Grid
from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.coverage import coverage
from ..pixels.default_grid import default_projection, natural_bounds, pixel_bounds
from ..pixels.interpolated import Interpolated
from ..pixels.node import Plane, both
from ..pixels.pointwise import Pointwise, Recipe
from ..pixels.resampled import Reprojected
from ..values.geometry import WORLD, Geometry
from ..values.image import Image, ImageBand, require_bands
from ..values.parse import parse_date
from ..values.projection import Projection

if TYPE_CHECKING:
    from ..expression.evaluate import Session
    from ..pixels.interpolated import Mode
    from ..values.element import Element
    from ..values.time import Date


@algorithm("Image.projection")
def projection(image: Image) -> Projection:
    """The default projection of the bands.

    Raises:
        ServiceError: they differ.
    """
    first = require_bands(image).projection
    if any(band.projection != first for band in image.bands):
        raise ServiceError(
            "The bands of the specified image contain different projections. Use Image.select to "
            "pick a single band."
        )
    return first


@algorithm("Image.geometry", "Element.geometry", ignores=["maxError"])
def geometry(element: Element, proj: Projection | None, geodesics: bool | None) -> Geometry:
    """The footprint; the whole world for an image without bounds.

    Args:
        element: the image.
        proj: the CRS of the result; its own by default. The world stays what it is.
        geodesics: whether its edges are geodesics there; as they were by default [S].
    """
    found = element.geometry
    if found is None:
        return WORLD
    if proj is None:
        return found.filled
    edges = found.geodesic if geodesics is None else geodesics
    return Geometry(found.filled.shape_in(proj.crs), proj.crs, edges)


@algorithm("Image.date")
def date(image: Image) -> Date:
    """When it was taken.

    Raises:
        ServiceError: it does not say.
    """
    start = image.get("system:time_start")
    if start is None:
        raise ServiceError("The image has no 'system:time_start'.")
    return parse_date(start)


def rescaled(
    crs: Projection, transform: list[float] | None, scale: float | None, current: float
) -> Projection:
    """The lattice that CRS, transform and scale name together.

    Args:
        crs: a projection; its own transform counts unless it is the identity.
        transform: replaces that of the projection.
        scale: metres a pixel.
        current: metres a pixel where nothing else is said.
    """
    if transform is not None:
        if scale is not None:
            raise ServiceError("Both crsTransform and scale are given.")
        if len(transform) != 6:
            raise ServiceError(f"A CRS transform has 6 elements, got {len(transform)}.")
        a, b, c, d, e, f = transform
        return Projection(crs.crs, (a, b, c, d, e, f))
    if scale is not None:
        return crs.at_scale(scale)
    return crs if crs != Projection(crs.crs) else crs.at_scale(current)


@algorithm("Image.reproject", session=True)
def reproject(
    session: Session,
    image: Image,
    crs: Projection,
    transform: list[float] | None,
    scale: float | None,
) -> Image:
    """Computed on a lattice, and seen from there."""
    lattice = rescaled(crs, transform, scale, require_bands(image).projection.nominal_scale)
    node = Reprojected(image.bands, lattice, session.limits)
    return image.with_bands(
        ImageBand(band.id, band.type, node, i, lattice, extent=band.extent)
        for i, band in enumerate(image.bands)
    )


@algorithm("Image.resample", session=True)
def resample(session: Session, image: Image, mode: str) -> Image:
    """Interpolated where it is read in another projection than its own.

    Raises:
        ServiceError: there is no such mode.
    """
    if mode not in {"bilinear", "bicubic"}:
        raise ServiceError(f"Unknown resampling mode: {mode}. Use 'bilinear' or 'bicubic'.")
    node = Interpolated(image.bands, cast("Mode", mode), session.limits)
    return image.with_bands(replace(band, node=node, index=i) for i, band in enumerate(image.bands))


@algorithm("Image.setDefaultProjection")
def set_default_projection(
    image: Image, crs: Projection, transform: list[float] | None, scale: float | None
) -> Image:
    """Another default; no pixel is moved."""
    lattice = rescaled(crs, transform, scale, 1.0)
    return image.with_bands(
        replace(band, projection=lattice, dimensions=None, window=None) for band in image.bands
    )


@algorithm("Image.clipToBoundsAndScale")
def clip_to_bounds_and_scale(
    image: Image,
    area: Geometry | None,
    width: int | None,
    height: int | None,
    most: int | None,
    scale: float | None,
) -> Image:
    """The bounding box of a geometry, at a size or a scale.

    Raises:
        ServiceError: the sizes contradict one another.
    """
    if (width is None) != (height is None):
        raise ServiceError("Width and height must be given together.")
    if sum(value is not None for value in (width, most, scale)) > 1:
        raise ServiceError("Only one of width and height, maxDimension or scale may be given.")
    band = require_bands(image)
    if area is None:
        area = natural_bounds(band, image)
    base = default_projection(band)
    if scale is not None:
        base = base.at_scale(scale)
    left, top, right, bottom = pixel_bounds(base, area)
    columns, rows = max(right - left, 1), max(bottom - top, 1)
    corner = base.translated(left, top)
    if most is not None:
        factor = most / max(columns, rows)
        width, height = max(round(columns * factor), 1), max(round(rows * factor), 1)
    if width is not None and height is not None:
        if width < 1 or height < 1:
            raise ServiceError("Width and height must be positive.")
        corner = corner.scaled(columns / width, rows / height)
        columns, rows = width, height
    lattice = Grid(corner.crs, corner.transform, columns, rows)
    cover = coverage((lattice,))
    node = Pointwise((Recipe((each, cover), _covered) for each in image.bands), arrays=True)
    return image.with_bands(
        ImageBand(each.id, each.type, node, i, corner, (columns, rows), (lattice,))
        for i, each in enumerate(image.bands)
    )


def _covered(plane: Plane, cover: Plane) -> Plane:
    return plane._replace(mask=both(plane.mask, cover.mask), zeroed=False)
