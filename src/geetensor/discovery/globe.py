"""Polygons in longitude and latitude, within ±180°: cut where they cross the antimeridian.

Two readings of an edge: straight in longitude and latitude (shapely's, and Earth Engine's with
`geodesic` false), or the shortest on the globe (Earth Engine's otherwise). They differ most for an
edge whose ends lie more than 180° apart, which only the second takes across the antimeridian.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import antimeridian
import numpy as np
import shapely
from shapely.geometry import LinearRing, MultiPolygon, Polygon, shape

from geetensor.errors import BadReplyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

WORLD = shapely.box(-180.0, -90.0, 180.0, 90.0)

_ALL_BUT = 0.01
"""Degrees that a footprint of the whole globe may lack."""

MOST_CORNERS = 10_000
"""Of an area as the service is told of it: 400 kB of a request, which may have 10 MB."""

_validity = shapely.is_valid_reason
"""Runs in worker threads, where `is_valid` would not do: it sets the process' warning filters
aside for a moment, and another thread's warning is lost."""

_VALID = "Valid Geometry"


def parse_footprints(found: Sequence[Mapping[str, Any] | None]) -> NDArray[Any]:
    """Footprints as the service gives them.

    Args:
        found: GeoJSON in longitude and latitude; None for none.

    Returns:
        Array of valid polygons and multipolygons within ±180°, and of None.

    Raises:
        BadReplyError: if one is no GeoJSON.
    """
    made = np.empty(len(found), dtype=object)
    made[:] = [None if geojson is None else _parse(geojson) for geojson in found]
    left, _, right, _ = shapely.bounds(made).T
    for index in np.flatnonzero((left < -180) | (right > 180) | (right - left > 180)):
        geojson = found[int(index)] or {}
        # Earth Engine's own key; without it, edges are shortest paths.
        made[index] = within_globe(made[index], geodesic=geojson.get("geodesic") is not False)
    for index in np.flatnonzero((_validity(made) != _VALID) & ~shapely.is_missing(made)):
        made[index] = polygons_of(shapely.make_valid(made[index]))
    return made


def _parse(geojson: Mapping[str, Any]) -> BaseGeometry:
    if "Infinity" in str(geojson.get("coordinates", ""))[:100]:
        # That of an image without bounds, as its metadata has it (remembered, not verified).
        return WORLD
    try:
        found = shape(dict(geojson))
    except (ValueError, TypeError, KeyError, AttributeError, shapely.errors.ShapelyError) as error:
        raise BadReplyError(f"A footprint is no geometry: {str(geojson)[:200]}") from error
    return Polygon(found) if isinstance(found, LinearRing) else found


def within_globe(polygons: BaseGeometry, *, geodesic: bool) -> Polygon | MultiPolygon:
    """The same ground within ±180°.

    Args:
        polygons: in longitude and latitude; perhaps beyond ±180°, and not valid.
        geodesic: whether an edge between two ends that lie more than 180° apart crosses the
            antimeridian.
    """
    left, bottom, right, top = polygons.bounds
    if right - left > 360 - _ALL_BUT and top - bottom > 180 - _ALL_BUT:
        return WORLD
    beyond = left < -180 or right > 180
    if not (geodesic and (beyond or _leaps(polygons))):
        return _wrapped(polygons, left, right)
    parts = [_crossing(part) for part in parts_of(polygons)]
    return polygons_of(shapely.make_valid(shapely.union_all(parts)))


def _leaps(polygons: BaseGeometry) -> bool:
    """Whether an edge's ends lie more than 180° apart."""
    rings = shapely.get_rings(shapely.get_parts(polygons))
    return any(np.abs(np.diff(shapely.get_coordinates(ring)[:, 0])).max() > 180 for ring in rings)


def _wrapped(polygons: BaseGeometry, left: float, right: float) -> Polygon | MultiPolygon:
    """Polygons with straight edges, turned back by whole turns."""
    first, last = math.floor((left + 180) / 360), math.ceil((right - 180) / 360)
    if first == last == 0:
        return polygons_of(polygons)
    parts = []
    for turn in range(first, last + 1):
        west = -180 + 360 * turn
        part = shapely.intersection(polygons, shapely.box(west, -90, west + 360, 90))
        parts.append(_shifted(part, -360 * turn))
    return polygons_of(shapely.union_all(parts))


def _crossing(polygon: Polygon) -> Polygon | MultiPolygon:
    """A polygon with shortest edges, cut at the antimeridian; one around a pole reaches it."""
    cut = antimeridian.fix_polygon(polygon, fix_winding=True)
    if abs(cut.bounds[1]) == 90 or cut.bounds[3] == 90:
        # Which side of its ring is meant the order of points should say, and does not always.
        # It is the smaller one.
        other = antimeridian.fix_polygon(polygon.reverse(), fix_winding=True)
        return min(cut, other, key=lambda one: one.area)
    return cut


def polygons_of(found: BaseGeometry) -> Polygon | MultiPolygon:
    """The polygons of a geometry, without the points and lines that an operation left."""
    if isinstance(found, (Polygon, MultiPolygon)):
        return found
    merged = shapely.union_all(parts_of(found))
    return merged if isinstance(merged, (Polygon, MultiPolygon)) else MultiPolygon()


def roughly(polygons: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
    """The same ground and a little around it, with `MOST_CORNERS` at the most.

    Args:
        polygons: within ±180°; with no more corners, they are given back.
    """
    rough = polygons
    left, bottom, right, top = polygons.bounds
    tolerance = max(right - left, top - bottom) / 4096
    while shapely.get_num_coordinates(rough) > MOST_CORNERS:
        # Simplified, the edge is off by the tolerance; the buffer's corners are cut off.
        around = rough.simplify(tolerance).buffer(2 * tolerance, quad_segs=1)
        rough = polygons_of(shapely.intersection(around, WORLD))
        tolerance *= 2
    return rough


def centre(polygons: Polygon | MultiPolygon) -> tuple[float, float]:
    """Longitude and latitude of the middle of some polygons, also across the antimeridian.

    Args:
        polygons: within ±180°.
    """
    left, _, right, _ = polygons.bounds
    if right - left > 180:
        east = [_shifted(part, 360) if part.centroid.x < 0 else part for part in parts_of(polygons)]
        turned = MultiPolygon(east)
        if turned.bounds[2] - turned.bounds[0] < right - left:
            polygons = turned
    middle = polygons.centroid
    return (middle.x + 180) % 360 - 180, middle.y


def parts_of(found: BaseGeometry) -> list[Polygon]:
    """The single polygons of a geometry."""
    parts = shapely.get_parts(shapely.get_parts(found))
    return [part for part in parts if isinstance(part, Polygon) and not part.is_empty]


def _shifted(polygons: BaseGeometry, degrees: float) -> Any:
    return shapely.transform(polygons, lambda xy: np.add(xy, (degrees, 0)))
