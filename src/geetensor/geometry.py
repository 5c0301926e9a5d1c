"""Areas in the forms that people have them, as shapely polygons with a CRS."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Point, Polygon, shape
from shapely.validation import explain_validity

from geetensor.errors import InvalidInputError
from geetensor.grid import crs_name, parse_crs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

GEOGRAPHIC = "EPSG:4326"


@dataclass(frozen=True, slots=True)
class Area:
    """An area of interest.

    Attributes:
        shape: valid, not empty.
        crs: of its coordinates; x is easting or longitude.
    """

    shape: Polygon | MultiPolygon
    crs: str


@dataclass(frozen=True, slots=True)
class Spot:
    """Pixels around a point.

    Attributes:
        x: easting or longitude, in units of the CRS.
        y: northing or latitude, in units of the CRS.
        crs: of the point.
        shape: `(height, width)`, in pixels of whatever grid it is asked of.
    """

    x: float
    y: float
    crs: str
    shape: tuple[int, int]


def parse_spot(point: tuple[float, float], size: object, crs: object = GEOGRAPHIC) -> Spot:
    """Check a point and a size.

    Args:
        point: x and y.
        size: pixels: a whole number, or `(height, width)`.
        crs: of the point.

    Raises:
        InvalidInputError: if the point is not finite or the size no size.
    """
    sides = size if isinstance(size, (tuple, list)) else (size, size)
    if len(sides) != 2 or not all(_is_whole(side) and side > 0 for side in sides):
        raise InvalidInputError(
            f"size must be pixels, a whole number above 0 or (height, width); got {size!r}."
        )
    if not all(math.isfinite(v) for v in point):
        raise InvalidInputError(f"The point has coordinates that are not finite: {point}.")
    return Spot(*point, crs_name(crs), (int(sides[0]), int(sides[1])))


def _is_whole(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def as_point(geometry: object) -> tuple[float, float] | None:
    """The coordinates of a point: shapely's, GeoJSON's or a pair of numbers; None for others."""
    if isinstance(geometry, Point):
        return None if geometry.is_empty else (geometry.x, geometry.y)
    if isinstance(geometry, Mapping):
        inner = geometry.get("geometry", geometry)
        if not isinstance(inner, Mapping) or inner.get("type") != "Point":
            return None
        geometry = inner.get("coordinates")
    if not isinstance(geometry, (tuple, list, np.ndarray)) or len(geometry) not in {2, 3}:
        return None
    try:
        x, y = (float(v) for v in geometry[:2])
    except (TypeError, ValueError):
        return None
    return x, y


def parse_area(geometry: object, crs: object = GEOGRAPHIC) -> Area:
    """Check an area.

    Args:
        geometry: a shapely polygon or multipolygon, a GeoJSON mapping (a Feature, too), or
            bounds `(min x, min y, max x, max y)`. Bounds in degrees whose west is east of their
            east, such as `(170, -20, -170, -10)`, cross the antimeridian.
        crs: of its coordinates; a GeoJSON that names its own (`crs` of GeoJSON 2008, which
            Earth Engine writes) has that.

    Raises:
        InvalidInputError: if it is none of these, or empty, invalid, without extent or
            outside of the CRS; with the reason.
    """
    name = crs_name(_own_crs(geometry) or crs)
    polygon = _as_polygon(geometry, in_degrees=parse_crs(name).is_geographic)
    if polygon.is_empty:
        raise InvalidInputError("The geometry is empty.")
    if not all(math.isfinite(v) for v in polygon.bounds):
        raise InvalidInputError(f"The geometry has coordinates that are not finite: {polygon.wkt}")
    if not polygon.is_valid:
        raise InvalidInputError(
            f"The geometry is not valid: {explain_validity(polygon)}. shapely.make_valid() "
            "may repair it."
        )
    if polygon.area <= 0:
        raise InvalidInputError("The geometry has no interior.")
    left, bottom, right, top = polygon.bounds
    if parse_crs(name).is_geographic and not (bottom >= -90 and top <= 90 and right - left <= 360):
        raise InvalidInputError(
            f"The geometry's bounds {polygon.bounds} are not degrees of longitude and latitude. "
            f"Is it in another CRS than {name}? Pass crs_geometry=."
        )
    return Area(polygon, name)


def _own_crs(geometry: object) -> object:
    if not isinstance(geometry, Mapping):
        return None
    named = geometry.get("crs")
    return named.get("properties", {}).get("name") if isinstance(named, Mapping) else None


def _as_polygon(geometry: object, *, in_degrees: bool) -> Polygon | MultiPolygon:
    if isinstance(geometry, Mapping):
        geojson = geometry.get("geometry", geometry) if "type" in geometry else geometry
        try:
            geometry = shape(dict(geojson))
        except (
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            IndexError,
            shapely.errors.ShapelyError,
        ) as error:
            raise InvalidInputError(f"Not a GeoJSON geometry: {error}") from error
    elif isinstance(geometry, (tuple, list, np.ndarray)):
        geometry = _box(geometry, in_degrees=in_degrees)
    if not isinstance(geometry, (Polygon, MultiPolygon)):
        raise InvalidInputError(
            f"geometry must be a Polygon or a MultiPolygon (shapely, ee.Geometry or GeoJSON), or "
            f"bounds (min x, min y, max x, max y); got {type(geometry).__name__}."
        )
    return shapely.force_2d(geometry)


def _box(bounds: Sequence[Any] | NDArray[Any], *, in_degrees: bool) -> Polygon:
    try:
        left, bottom, right, top = (float(v) for v in bounds)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"Bounds must be four numbers (min x, min y, max x, max y), got {bounds!r}."
        ) from error
    if in_degrees and -180 <= right < left <= 180 and left - right > 180:
        right += 360  # across the antimeridian, as in RFC 7946, section 5.2
    if not (left < right and bottom < top):
        raise InvalidInputError(
            f"Bounds must be (min x, min y, max x, max y) with min < max, got {bounds!r}."
        )
    return shapely.box(left, bottom, right, top)
