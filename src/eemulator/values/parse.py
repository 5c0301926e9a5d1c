"""Values from what people write: dates from text, geometries from GeoJSON."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape as shape_of

from ..errors import ServiceError
from .geometry import Geometry
from .projection import WGS84, parse_crs, same_crs
from .time import EPOCH, Date

_KINDS = frozenset(
    {
        "Point",
        "MultiPoint",
        "LineString",
        "LinearRing",
        "MultiLineString",
        "Polygon",
        "MultiPolygon",
        "GeometryCollection",
    }
)


def parse_date(value: Any, zone: str | None = None) -> Date:
    """A date from a date, milliseconds or ISO 8601.

    Args:
        value: `Date`, number or text.
        zone: time zone of a text that names none; UTC by default.

    Raises:
        ServiceError: it is none of these.
    """
    if isinstance(value, Date):
        return value
    if isinstance(value, (int, float)) and math.isfinite(value):
        return Date(int(value))
    try:
        moment = datetime.fromisoformat(_full(value))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(zone or "UTC"))
        # Whole milliseconds, without the rounding of a float.
        return Date((moment - EPOCH) // _MILLISECOND)
    except (TypeError, ValueError, OverflowError, ZoneInfoNotFoundError):
        raise ServiceError(f"Invalid date: {value!r}.") from None


def _full(text: str) -> str:
    """A date whose month and day have two digits each: `2020` and `2021-4-30T…` are dates [S]."""
    found = _LOOSE.fullmatch(text)
    if found is None:
        return text
    year, month, day, rest = found.groups()
    hour = rest if rest is None or ":" in rest else f"{rest}:00"
    return f"{year}-{int(month or 1):02d}-{int(day or 1):02d}{hour or ''}"


_LOOSE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(T\d.*)?)?)?")
_MILLISECOND = datetime(1970, 1, 1, 0, 0, 0, 1000) - datetime(1970, 1, 1)  # noqa: DTZ001


def parse_geometry(geojson: Any, crs: str | None = None, geodesic: bool | None = None) -> Geometry:
    """A geometry from GeoJSON, unclosed rings closed.

    Args:
        geojson: with Earth Engine's `crs` and `geodesic`, perhaps.
        crs: overrides that of the GeoJSON; EPSG:4326 by default.
        geodesic: overrides that of the GeoJSON; by default true for geographic CRSs.

    Raises:
        ServiceError: it is no geometry.
    """
    if not isinstance(geojson, dict) or geojson.get("type") not in _KINDS:
        raise ServiceError("Invalid GeoJSON geometry.")
    name = crs or _named_crs(geojson) or WGS84.crs
    if geodesic is None:
        given = geojson.get("geodesic")
        geodesic = parse_crs(name).is_geographic if given is None else bool(given)
    try:
        shape = shape_of(_closed(geojson))
        finite = bool(math.isfinite(shapely.get_coordinates(shape).sum()))
    except (ShapelyError, TypeError, ValueError, IndexError, KeyError, AttributeError) as error:
        raise ServiceError(f"Invalid GeoJSON geometry: {error}") from error
    if not finite:
        raise ServiceError("Invalid GeoJSON geometry: coordinates must be finite.")
    return Geometry(shape, name, geodesic and not _is_projected(name))


def _is_projected(crs: str) -> bool:
    return not same_crs(crs, WGS84.crs) and not parse_crs(crs).is_geographic


def _named_crs(geojson: dict[str, Any]) -> str | None:
    declared = geojson.get("crs")
    if not isinstance(declared, dict):
        return None
    properties = declared.get("properties")
    name = properties.get("name") if isinstance(properties, dict) else None
    return name if isinstance(name, str) else None


def _closed(geojson: dict[str, Any]) -> dict[str, Any]:
    """The same with rings that end where they began."""
    kind = geojson["type"]
    if kind == "GeometryCollection":
        members = [_closed(member) for member in geojson["geometries"]]
        return {"type": kind, "geometries": members}
    coordinates = geojson["coordinates"]
    if kind == "Polygon":
        coordinates = [_ring(ring) for ring in coordinates]
    elif kind == "MultiPolygon":
        coordinates = [[_ring(ring) for ring in polygon] for polygon in coordinates]
    return {"type": kind, "coordinates": coordinates}


def _ring(points: list[Any]) -> list[Any]:
    return points if not points or points[0] == points[-1] else [*points, points[0]]
