"""Pixels as values: rectangles as arrays, samples as features, series as lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ..catalog.model import Grid
from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.array_pixels import pixel_values
from ..pixels.clip import centers_inside
from ..pixels.default_grid import bounded_grid, natural_bounds, pixel_bounds
from ..pixels.node import valid
from ..pixels.reader import Reader
from ..pixels.relief import lonlat
from ..values.array import Array
from ..values.collection import Collection
from ..values.geometry import Feature, Geometry
from .elements import to_dictionary
from .image_collections import images_of
from .image_grid import rescaled
from .image_region import area_of, lattice_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ..expression.evaluate import Session
    from ..pixels.node import Plane
    from ..values.element import Element
    from ..values.image import Image, ImageBand
    from ..values.projection import Projection

_MOST_RECTANGLE = 262_144
_MOST_REGION = 1_048_576

BAND_ORDER = "band_order"
"""The property of a sample that classifiers take their inputs from [S].

https://developers.google.com/earth-engine/apidocs/ee-classifier-train
"""


# Pixels that are arrays, which defaultArrayValue is for, are refused here.
@algorithm("Image.sampleRectangle", session=True, ignores=["defaultArrayValue"])
def sample_rectangle(
    session: Session,
    image: Image,
    region: Geometry | None,
    names: list[str] | None,
    default: float | None,
) -> Feature:
    """Each band's pixels, in its own projection, as an array that is a property.

    The geometry is that of the region. Masked pixels take the default; without one, a band that
    is wholly masked gives null [M].

    Raises:
        ServiceError: too many pixels [S], or masked ones without a default [M].
    """
    found: dict[str, Any] = to_dictionary(image, names)
    area = region
    for band in image.bands:
        where = natural_bounds(band, image) if region is None else region
        area = where if area is None else area
        left, top, right, bottom = pixel_bounds(band.projection, where)
        columns, rows = max(right - left, 1), max(bottom - top, 1)
        if columns * rows > _MOST_RECTANGLE:
            raise ServiceError(
                f"Too many pixels in sample; must be <= {_MOST_RECTANGLE}. Got {columns * rows}."
            )
        moved = band.projection.translated(left, top)
        grid = Grid(moved.crs, moved.transform, columns, rows)
        plane = planes_of(session, (band,), grid)[0]
        found[band.id] = _rectangle(band, plane, default)
    return Feature(area, found)


def _rectangle(band: ImageBand, plane: Plane, default: float | None) -> Array | None:
    kind = band.type.without_range()
    if plane.mask is None:
        return Array.of(plane.values, kind)
    ok = valid(plane.mask)
    if default is None:
        if not ok.any():
            return None
        if not ok.all():
            raise ServiceError(
                "Fully masked pixels / pixels outside of the image footprint when sampling band "
                f"'{band.id}' with no default value set. Note that calling sampleRectangle() on "
                "an image after ee.Image.clip() may result in a sampling bounding box outside the "
                "geometry passed to clip()."
            )
        return Array.of(plane.values, kind)
    if kind.is_int and float(default).is_integer():
        fill = int(default)
        low, high = kind.bounds
        kind = type(kind).of_range(min(low, fill), max(high, fill))
        return Array.of(np.where(ok, plane.values.astype(kind.dtype), fill), kind)
    return Array.of(np.where(ok, plane.values.astype(np.float64), default))


def planes_of(
    session: Session, bands: tuple[ImageBand, ...], grid: Grid, *, arrays: bool = False
) -> list[Plane]:
    """The bands on a grid; pixels that are arrays only for who takes them.

    Raises:
        ServiceError: too many pixels.
    """
    session.limits.check_working_pixels(grid.width * grid.height * max(len(bands), 1))
    return Reader(bands, session.deadline, arrays=arrays).read(bands, grid)


def _rows(
    session: Session, image: Image, grid: Grid, chosen: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """Values by band of each chosen pixel, row by row; None where masked."""
    columns = []
    planes = planes_of(session, image.bands, grid, arrays=True)
    for band, plane in zip(image.bands, planes, strict=True):
        values = pixel_values(plane, band.type, chosen)
        if plane.mask is not None:
            ok = valid(plane.mask)[chosen].tolist()
            values = [value if here else None for value, here in zip(values, ok, strict=True)]
        columns.append(values)
    names = image.names
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _points(grid: Grid, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Longitude and latitude of each chosen centre: `(n, 2)`."""
    found = np.broadcast_arrays(*lonlat(grid), chosen)[:2]
    return np.column_stack([axis[chosen] for axis in found])


def _thinned(
    chosen: NDArray[np.bool_], factor: float | None, number: int | None, seed: int
) -> NDArray[np.bool_]:
    """Some of the pixels, the same for the same seed; not those that the service would take."""
    if factor is not None and number is not None:
        raise ServiceError("Only one of factor and numPixels may be given.")
    if factor is None and number is None:
        return chosen
    places = np.flatnonzero(chosen)
    generator = np.random.default_rng(seed % 2**63)
    if factor is not None:
        if not 0 < factor <= 1:
            raise ServiceError(f"The factor must be within (0, 1], got {factor}.")
        kept = places[generator.random(places.size) < factor]
    else:
        # For the type checker: with neither given, all was returned above.
        assert number is not None  # noqa: S101
        if number < 1:
            raise ServiceError(f"Parameter 'numPixels' must be positive, got {number}.")
        kept = generator.choice(places, min(number, places.size), replace=False)
    result = np.zeros(chosen.shape, np.bool_)
    result.ravel()[kept] = True
    return result


def sampled(
    session: Session,
    image: Image,
    grid: Grid,
    chosen: NDArray[np.bool_],
    *,
    drop_nulls: bool,
    geometries: bool,
) -> list[tuple[dict[str, Any], Geometry | None]]:
    """Properties and places of the chosen pixels."""
    rows = _rows(session, image, grid, chosen)
    points = _points(grid, chosen) if geometries else None
    found = []
    for i, row in enumerate(rows):
        if drop_nulls and None in row.values():
            continue
        place = None if points is None else Geometry(shapely.Point(points[i]))
        found.append(({name: v for name, v in row.items() if v is not None}, place))
    return found


def sample_of(image: Image, found: list[tuple[dict[str, Any], Geometry | None]]) -> Collection:
    """What was sampled as features, which remember the order of the bands."""
    features = Collection.of([Feature(place, properties) for properties, place in found])
    return features.with_properties({BAND_ORDER: image.names})


@algorithm("Image.sample", session=True, ignores=["tileScale"])
def sample(
    session: Session,
    image: Image,
    region: Geometry | None,
    scale: float | None,
    crs: Projection | None,
    factor: float | None,
    number: int | None,
    seed: int,
    drop_nulls: bool,
    geometries: bool,
) -> Collection:
    """A feature of each pixel whose centre lies in a region, row by row.

    Which pixels a `factor` or `numPixels` leaves is the emulator's own choice.

    Raises:
        ServiceError: too many pixels, or both a factor and a number.
    """
    area = area_of(image, region)
    grid = bounded_grid(lattice_for(image, crs, None, scale), area)
    session.limits.check_working_pixels(grid.width * grid.height)
    chosen = _thinned(centers_inside(area, grid), factor, number, seed)
    found = sampled(session, image, grid, chosen, drop_nulls=drop_nulls, geometries=geometries)
    return sample_of(image, found)


@algorithm("Image.sampleRegions", session=True, ignores=["tileScale"])
def sample_regions(
    session: Session,
    image: Image,
    collection: Collection,
    names: list[str] | None,
    scale: float | None,
    crs: Projection | None,
    geometries: bool,
) -> Collection:
    """A feature of each pixel in each region, with properties of the region's feature.

    A pixel is in a region if its centre is; in a point or a line, if that runs through it [I].
    Indices are `{feature}_{number}` [M]. Pixels with a masked band are left out [M].
    """
    lattice = lattice_for(image, crs, None, scale)
    order = {BAND_ORDER: image.names}

    def elements() -> Iterator[Element]:
        for region in collection:
            session.deadline.check()
            area = region.geometry
            if area is None or area.shape.is_empty:
                continue
            grid = bounded_grid(lattice, area.filled)
            session.limits.check_working_pixels(grid.width * grid.height)
            chosen = centers_inside(area.filled, grid)
            kept = to_dictionary(region, names)
            found = sampled(session, image, grid, chosen, drop_nulls=True, geometries=geometries)
            for i, (properties, place) in enumerate(found):
                index = {"system:index": f"{region.index}_{i}"}
                yield Feature(place, kept | properties | index)

    return Collection((), order).derived(elements)


@algorithm("ImageCollection.getRegion", session=True)
def get_region(
    session: Session,
    collection: Collection,
    area: Geometry,
    scale: float | None,
    crs: Projection,
    transform: list[float] | None,
) -> list[list[Any]]:
    """A table: a header, then for each pixel in a region a row of each image that meets it.

    Columns are `id`, `longitude`, `latitude`, `time` and the bands of the first image; null where
    a pixel is masked. Pixel by pixel, images in their order [M].

    Raises:
        ServiceError: too many values [S], or no scale.
    """
    if scale is None and transform is None:
        raise ServiceError("Either a scale or a crsTransform is needed.")
    grid = bounded_grid(rescaled(crs, transform, scale, 1.0), area)
    session.limits.check_working_pixels(grid.width * grid.height)
    chosen = centers_inside(area, grid)
    count = int(chosen.sum())
    images = [
        image
        for image in images_of(collection)
        if image.footprint is None
        or shapely.intersects(image.footprint.filled.lonlat, area.filled.lonlat)
    ]
    names = images[0].names if images else []
    if count * len(names) * len(images) > _MOST_REGION:
        raise ServiceError(
            f"Too many values: {count} points x {len(names)} bands x {len(images)} images > "
            f"{_MOST_REGION}."
        )
    points = _points(grid, chosen).tolist()
    tables = []
    for image in images:
        same = image.with_bands(image.named(names))
        tables.append([list(row.values()) for row in _rows(session, same, grid, chosen)])
    found: list[list[Any]] = [["id", "longitude", "latitude", "time", *names]]
    for number, (longitude, latitude) in enumerate(points):
        for image, table in zip(images, tables, strict=True):
            time = image.get("system:time_start")
            found.append([image.index, longitude, latitude, time, *table[number]])
    return found
