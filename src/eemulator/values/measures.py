"""Geometries measured on the Earth: areas, lengths, distances, and shapes made by distances.

Areas are those of great circles on the sphere that has WGS 84's area, geodetic latitudes taken as
they are; lengths are those of `on_ellipsoid`: so all digits are the service's (docs/decisions/026).
So are the centroids of areas and the buffers of points. Edges that are straight in their CRS are
followed at steps of `_STEP` degrees. What needs a plane (the nearest points of shapes, buffers of
more than a point, simplify) is worked out in an azimuthal projection around the shape: exact at its
middle, and off by some 0.02 % at 100 km from there, 2 % at 1,000 km.
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
from .rings import wound
from .shapes import beside

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    Floats = NDArray[np.float64]

_AXIS = 6_378_137.0
_FLATTENING = 1 / 298.257223563
# The radius of the sphere with the area of the ellipsoid.
_SPHERE = Geod(a=6_371_007.180918474, f=0)

_STEP = 0.25
# The sphere on which buffers are made, the error of their edges as a share of the distance, and the
# least such share, which makes circles of some two thousand corners.
_BUFFERED = 6_367_000.0
_ERROR = 0.01
_LEAST = 1e-6


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
    return sum(abs(_SPHERE.geometry_area_perimeter(part)[0]) for part in _parts(shape, "Polygon"))


def perimeter(shape: Geometry) -> float:
    """Metres around the polygons, holes included."""
    return sum(_length(part.boundary) for part in _parts(shape, "Polygon"))


def length(shape: Geometry) -> float:
    """Metres along the lines; polygons do not count."""
    return sum(_length(part) for part in _parts(shape, "LineString", "LinearRing"))


def _length(line: BaseGeometry) -> float:
    if hasattr(line, "geoms"):
        return sum(_length(part) for part in line.geoms)
    points = np.radians(shapely.get_coordinates(line))
    return float(on_ellipsoid(points[:-1], points[1:]).sum())


def on_ellipsoid(start: Floats, end: Floats) -> Floats:
    """Metres between points, by Andoyer's formula, to the first order of the flattening.

    J. Meeus, Astronomical Algorithms, 2nd edition, page 85.

    Args:
        start: longitudes and latitudes in radians, of shape (n, 2).
        end: as many.
    """
    middle, half = (start + end) / 2, (start - end) / 2
    f, g, turn = middle[:, 1], half[:, 1], half[:, 0]
    near = np.sin(g) ** 2 * np.cos(turn) ** 2 + np.cos(f) ** 2 * np.sin(turn) ** 2
    far = np.cos(g) ** 2 * np.cos(turn) ** 2 + np.sin(f) ** 2 * np.sin(turn) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        angle = np.arctan(np.sqrt(near / far))
        ratio = np.sqrt(near * far) / angle
        flat = (3 * ratio - 1) / (2 * far) * np.sin(f) ** 2 * np.cos(g) ** 2
        flat -= (3 * ratio + 1) / (2 * near) * np.cos(f) ** 2 * np.sin(g) ** 2
        metres = 2 * angle * _AXIS * (1 + _FLATTENING * flat)
    # Points in the same place, or opposite ones, where the way is half the equator at the most.
    return np.where(near == 0, 0.0, np.where(far == 0, np.pi * _AXIS, metres))


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


def buffered(shape: Geometry, metres: float, error: float | None = None) -> Geometry:
    """All points within a distance; with a negative one, those that far inside.

    Args:
        shape: of which.
        metres: the distance.
        error: how far straight edges may be from a circle, in metres; 1 % of the distance by
            default [S].
    """
    found = shape.filled.lonlat
    if found.is_empty:
        return Geometry(found)
    step = arc_step(metres, error)
    if found.geom_type == "Point" and metres > 0:
        longitude, latitude = shapely.get_coordinates(found)[0].tolist()
        return circle(longitude, latitude, metres, step)
    plane = Plane(_middle(found))
    quarter = math.ceil(math.pi / 2 / step)
    return Geometry(wound(plane.lonlat(plane.of(found).buffer(metres, quad_segs=quarter))))


def arc_step(distance: float, error: float | None) -> float:
    """The angle, in radians, between corners of a circle whose edges stay within an error."""
    share = _ERROR if not error or not distance else min(max(error / abs(distance), _LEAST), 1.0)
    return 2 * math.acos(1 - share)


def circle(longitude: float, latitude: float, metres: float, step: float) -> Geometry:
    """The circle around a point, as the service makes it: corners on it, from the north westwards.

    The sphere is one of 6,367 km; the last edge is what the others leave (docs/decisions/026).

    Raises:
        ServiceError: a pole lies in it.
    """
    reach = metres / _BUFFERED
    if reach >= math.pi / 2 - abs(math.radians(latitude)):
        raise ServiceError("The emulator has no geometries that hold a pole.")
    turned = np.arange(0, 2 * math.pi, step)
    start = math.radians(latitude)
    rise = np.sin(start) * np.cos(reach) + np.cos(start) * np.sin(reach) * np.cos(turned)
    aside = np.arctan2(
        -np.sin(turned) * np.sin(reach) * np.cos(start), np.cos(reach) - np.sin(start) * rise
    )
    corners = np.column_stack([longitude + np.degrees(aside), np.degrees(np.arcsin(rise))])
    return Geometry(shapely.Polygon(corners))


def centroid(shape: Geometry) -> Geometry:
    """The middle of its area, that of a body's mass seen from the middle of the sphere [S].

    Of lines or points where it has no area.
    """
    found = shape.filled.lonlat
    if found.is_empty:
        return Geometry(shapely.Point())
    rings = [
        ring
        for part in _parts(shape.filled, "Polygon")
        for ring in (part.exterior, *part.interiors)  # type: ignore[attr-defined]
    ]
    if rings:
        return Geometry(_mass(rings, _middle(found)[0]))
    plane = Plane(_middle(found), "laea")
    return Geometry(plane.lonlat(plane.of(found).centroid))


def _mass(rings: list[BaseGeometry], near: float) -> BaseGeometry:
    """Where the vector points that is the integral over rings' insides, to their left.

    By Stokes' theorem it is half the sum of the edges' normals, each as long as the edge. Those of
    small rings cancel to almost nothing, so they are added in what precision the machine has.

    Args:
        rings: in longitude and latitude, edges being great circles.
        near: the longitude to give the point's next to.
    """
    total = np.zeros(3, np.longdouble)
    for ring in rings:
        points = np.radians(shapely.get_coordinates(ring).astype(np.longdouble))
        level = np.cos(points[:, 1])
        vectors = np.column_stack(
            [level * np.cos(points[:, 0]), level * np.sin(points[:, 0]), np.sin(points[:, 1])]
        )
        normals = np.cross(vectors[:-1], np.diff(vectors, axis=0))
        sines = np.sqrt((normals**2).sum(1))
        angles = np.arctan2(sines, (vectors[:-1] * vectors[1:]).sum(1))
        edges = sines > 0
        total += (normals[edges] * (angles[edges] / sines[edges])[:, np.newaxis]).sum(0)
    x, y, z = total
    longitude, latitude = np.degrees([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))])
    turned = (float(longitude) - near + 180) % 360 - 180 + near
    return shapely.Point(turned, float(latitude))


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
    return float(on_ellipsoid(np.radians([[x, y]]), np.radians([[u, v]]))[0])
