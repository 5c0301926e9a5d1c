"""Geometries measured on the Earth: areas, lengths, distances, and shapes made by distances.

Areas and lengths are those of geodesics on the WGS 84 ellipsoid, exact but for edges that are
straight in their CRS, which are followed at steps of `_STEP` degrees. What needs a plane (distance
between shapes, buffer, centroid, simplify) is worked out in an azimuthal projection around the
shape: exact at its middle, and off by some 0.02 % at 100 km from there, 2 % at 1,000 km. Earth
Engine works on a sphere or on the ellipsoid [I] and gives buffers corners of its own [M].
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely
from pyproj import CRS, Geod, Transformer
from shapely.geometry.polygon import orient
from shapely.ops import nearest_points

from ..errors import ServiceError
from .geometry import Geometry
from .projection import WGS84, same_crs
from .shapes import beside

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    Floats = NDArray[np.float64]

GEOD = Geod(ellps="WGS84")

_STEP = 0.25
# Corners of a quarter of a circle; the service's depend on the error margin.
_QUARTER = 24


def followed(shape: Geometry) -> BaseGeometry:
    """A shape in longitude and latitude, straight edges with points enough to be followed."""
    if shape.geodesic:
        return shape.lonlat
    if not same_crs(shape.crs, WGS84.crs):
        left, bottom, right, top = shape.valid.bounds
        step = max(right - left, top - bottom) / 64
        dense = shapely.segmentize(shape.valid, step) if step > 0 else shape.valid
        return Geometry(dense, shape.crs).lonlat
    return shapely.segmentize(shape.lonlat, _STEP)


def area(shape: Geometry) -> float:
    """Square metres; parts of a collection that overlap count each."""
    return sum(abs(GEOD.geometry_area_perimeter(part)[0]) for part in _parts(shape, "Polygon"))


def perimeter(shape: Geometry) -> float:
    """Metres around the polygons, holes included."""
    return sum(_length(part.boundary) for part in _parts(shape, "Polygon"))


def length(shape: Geometry) -> float:
    """Metres along the lines; polygons do not count."""
    return sum(_length(part) for part in _parts(shape, "LineString", "LinearRing"))


def _length(line: BaseGeometry) -> float:
    return float(GEOD.geometry_length(line))


def _parts(shape: Geometry, *kinds: str) -> list[BaseGeometry]:
    """The single geometries of some kinds, in longitude and latitude.

    Parts that overlap stay apart.
    """
    found: list[BaseGeometry] = []
    waiting = [shape]
    while waiting:
        each = waiting.pop()
        if hasattr(each.shape, "geoms"):
            waiting += [Geometry(p, each.crs, each.geodesic) for p in each.shape.geoms]
        elif each.shape.geom_type in kinds:
            # A ring that crosses itself may fall into several.
            for part in shapely.get_parts(followed(each)):
                found.append(orient(part) if isinstance(part, shapely.Polygon) else part)
    return found


@lru_cache(maxsize=256)
def _around(
    kind: Literal["aeqd", "laea"], longitude: float, latitude: float
) -> tuple[Transformer, Transformer]:
    plane = CRS.from_proj4(f"+proj={kind} +lon_0={longitude} +lat_0={latitude} +datum=WGS84")
    return (
        Transformer.from_crs(WGS84.crs, plane, always_xy=True),
        Transformer.from_crs(plane, WGS84.crs, always_xy=True),
    )


class Plane:
    """A plane around shapes, in metres.

    Args:
        middle: longitude and latitude of the point where it touches the Earth.
        kind: true to distances from the middle (`aeqd`), or to areas (`laea`).
    """

    def __init__(self, middle: tuple[float, float], kind: Literal["aeqd", "laea"] = "aeqd") -> None:
        self._longitude = middle[0]
        self._to, self._back = _around(kind, *middle)

    def of(self, shape: BaseGeometry) -> BaseGeometry:
        """A shape of longitude and latitude in the plane.

        Raises:
            ServiceError: it reaches to the other side of the Earth.
        """
        found = _moved(shape, self._to.transform)
        if not np.isfinite(shapely.get_coordinates(found)).all():
            raise ServiceError("The emulator cannot measure a geometry that large.")
        return found

    def lonlat(self, shape: BaseGeometry) -> BaseGeometry:
        """A shape of the plane in longitude and latitude, counted on from the middle.

        Raises:
            ServiceError: a pole lies in it.
        """

        def convert(x: Floats, y: Floats) -> tuple[Floats, Floats]:
            longitude, latitude = self._back.transform(x, y)
            near = (longitude - self._longitude + 180) % 360 - 180 + self._longitude
            return near, latitude

        poles = _moved(shapely.MultiPoint([(0, 90), (0, -90)]), self._to.transform)
        if any(shape.covers(pole) for pole in poles.geoms if _is_finite(pole)):  # type: ignore[attr-defined]
            raise ServiceError("The emulator has no geometries that hold a pole.")
        return _moved(shape, convert)


def _is_finite(point: BaseGeometry) -> bool:
    return bool(np.isfinite(shapely.get_coordinates(point)).all())


def _moved(
    shape: BaseGeometry,
    convert: Callable[[Floats, Floats], tuple[Floats, Floats]],
) -> BaseGeometry:
    return shapely.transform(shape, lambda p: np.column_stack(convert(p[:, 0], p[:, 1])))


def _middle(shape: BaseGeometry) -> tuple[float, float]:
    west, south, east, north = shape.bounds
    return (west + east) / 2, (south + north) / 2


def buffered(shape: Geometry, metres: float) -> Geometry:
    """All points within a distance; with a negative one, those that far inside."""
    found = shape.filled.lonlat
    if found.is_empty:
        return Geometry(found)
    plane = Plane(_middle(found))
    return Geometry(plane.lonlat(plane.of(found).buffer(metres, quad_segs=_QUARTER)))


def centroid(shape: Geometry) -> Geometry:
    """The middle of its area; of lines or points where it has none."""
    found = shape.filled.lonlat
    if found.is_empty:
        return Geometry(shapely.Point())
    plane = Plane(_middle(found), "laea")
    return Geometry(plane.lonlat(plane.of(found).centroid))


def simplified(shape: Geometry, metres: float) -> Geometry:
    """Fewer points, none moved farther than a distance from the outline."""
    found = shape.lonlat
    if found.is_empty:
        return shape
    plane = Plane(_middle(found))
    return Geometry(plane.lonlat(plane.of(found).simplify(metres)), geodesic=shape.geodesic)


def nearest(one: Geometry, other: Geometry) -> tuple[Geometry, Geometry] | None:
    """The point of each that is nearest to the other; None where one is empty."""
    a = one.filled.lonlat
    b = beside(other.filled.lonlat, a)
    if a.is_empty or b.is_empty:
        return None
    plane = Plane(_middle(a if a.geom_type == "Point" else b))
    left, right = nearest_points(plane.of(a), plane.of(b))
    return Geometry(plane.lonlat(left)), Geometry(plane.lonlat(right))


def distance(one: Geometry, other: Geometry) -> float:
    """Metres between two; 0 where they meet, infinite where one is empty."""
    pair = nearest(one, other)
    if pair is None:
        return math.inf
    (x, y), (u, v) = (shapely.get_coordinates(point.shape)[0] for point in pair)
    return float(GEOD.inv(x, y, u, v)[2])
