"""Geometries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.geometry import Geometry
from ..values.parse import parse_geometry
from ..values.projection import WGS84, Projection
from ..values.shapes import disjoint, inside, intersects

if TYPE_CHECKING:
    from collections.abc import Callable


def _made(kind: str, coordinates: Any, crs: Projection | None, geodesic: bool | None) -> Geometry:
    """A geometry in pixels of a projection, or in longitude and latitude."""
    base = WGS84 if crs is None else crs
    geojson = {"type": kind, "coordinates": _without_points(coordinates)}
    shaped = parse_geometry(geojson, base.crs, geodesic)
    if base == Projection(base.crs):
        return shaped
    a, b, c, d, e, f = base.transform
    moved = shapely.affinity.affine_transform(shaped.shape, [a, b, d, e, c, f])
    return Geometry(moved, base.crs, shaped.geodesic)


def _without_points(coordinates: Any) -> Any:
    """Coordinates, points among them replaced by theirs."""
    if isinstance(coordinates, Geometry):
        if coordinates.shape.geom_type != "Point":
            raise ServiceError("Coordinates must be numbers or points.")
        return list(coordinates.lonlat.coords[0])
    return (
        [_without_points(item) for item in coordinates]
        if isinstance(coordinates, list)
        else coordinates
    )


def _register(kind: str, *, edges: bool) -> None:
    @algorithm(f"GeometryConstructors.{kind}")
    def make(coordinates: list[Any], crs: Projection | None, *options: Any) -> Geometry:
        return _made(kind, coordinates, crs, options[0] if edges else None)


for _kind in ("LineString", "LinearRing", "MultiLineString", "MultiPolygon", "Polygon"):
    _register(_kind, edges=True)
for _kind in ("Point", "MultiPoint"):
    _register(_kind, edges=False)


@algorithm("GeometryConstructors.Rectangle")
def rectangle(
    coordinates: list[Any],
    crs: Projection | None,
    geodesic: bool | None,
    even_odd: bool,  # noqa: ARG001
) -> Geometry:
    """From two corners, or from `[xMin, yMin, xMax, yMax]`."""
    given = _without_points(coordinates)
    flat = [v for item in given for v in (item if isinstance(item, list) else [item])]
    if len(flat) != 4 or not all(isinstance(v, (int, float)) for v in flat):
        raise ServiceError("A rectangle is made of 2 points or 4 numbers.")
    left, bottom, right, top = flat
    ring = [[left, bottom], [right, bottom], [right, top], [left, top]]
    return _made("Polygon", [ring], crs, geodesic)


@algorithm("GeometryConstructors.BBox")
def bbox(west: float, south: float, east: float, north: float) -> Geometry:
    """A rectangle of longitude and latitude."""
    if east < west:
        east += 360
    return Geometry(
        shapely.box(west, max(south, -90), east, min(north, 90)), WGS84.crs, geodesic=False
    )


@algorithm("GeometryConstructors.MultiGeometry")
def multi_geometry(
    geometries: list[Geometry],
    crs: Projection | None,
    geodesic: bool | None,
    margin: Any,  # noqa: ARG001
) -> Geometry:
    """Several as one."""
    name = WGS84.crs if crs is None else crs.crs
    shapes = [each.shape_in(name) for each in geometries]
    return Geometry(shapely.GeometryCollection(shapes), name, bool(geodesic))


def _register_relation(name: str, relation: Callable[[Geometry, Geometry], bool]) -> None:
    @algorithm(f"Geometry.{name}")
    def test(left: Geometry, right: Geometry, margin: Any, proj: Any) -> bool:  # noqa: ARG001
        return relation(left, right)


_register_relation("contains", lambda left, right: inside(right, left))
_register_relation("containedIn", inside)
_register_relation("intersects", intersects)
_register_relation("disjoint", disjoint)


@algorithm("Geometry.bounds")
def bounds(shape: Geometry, margin: Any, proj: Projection | None) -> Geometry:  # noqa: ARG001
    """The bounding rectangle, in EPSG:4326 by default."""
    target = WGS84.crs if proj is None else proj.crs
    return Geometry(shapely.box(*shape.bounds_in(target), ccw=True), target, geodesic=False)


@algorithm("Geometry.transform")
def transform(
    shape: Geometry,
    proj: Projection,
    margin: Any,  # noqa: ARG001
    geodesic: bool | None,
) -> Geometry:
    """In another CRS, vertex by vertex."""
    keep = shape.geodesic if geodesic is None else geodesic
    return Geometry(shape.shape_in(proj.crs), proj.crs, keep)


@algorithm("Geometry.coordinates")
def coordinates_of(shape: Geometry) -> Any:
    """The coordinates, as GeoJSON."""
    return shape.json().get("coordinates", [])


@algorithm("Geometry.type")
def type_of(shape: Geometry) -> str:
    """What kind of geometry."""
    return str(shape.shape.geom_type)


@algorithm("Geometry.projection")
def projection_of(shape: Geometry) -> Projection:
    """The CRS."""
    return Projection(shape.crs)


@algorithm("Geometry.geodesic", "Geometry.edgesAreGeodesics")
def geodesic_of(shape: Geometry) -> bool:
    """Whether edges are shortest paths."""
    return shape.geodesic
