"""Geometries."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry.base import BaseGeometry

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..limits import too_many_elements
from ..pixels.default_grid import pixel_bounds
from ..values import measures
from ..values.collection import Collection
from ..values.geometry import WORLD, Feature, Geometry, projected_box, rectangle
from ..values.parse import parse_geometry
from ..values.projection import WGS84, Projection, parse_crs
from ..values.rings import wound
from ..values.shapes import combined, disjoint, inside, intersects
from ..values.unions import united

if TYPE_CHECKING:
    from ..expression.evaluate import Session
    from ..values.element import Element
    from ..values.margin import ErrorMargin


_MOST_DEGREES = 1e6


def _made(kind: str, coordinates: Any, crs: Projection | None, geodesic: bool | None) -> Geometry:
    """A geometry in pixels of a projection, or in longitude and latitude."""
    base = WGS84 if crs is None else crs
    plain = _from_lower_left(_without_points(coordinates))
    geojson = {"type": kind, "coordinates": plain}
    shaped = parse_geometry(geojson, base.crs, geodesic)
    if base == Projection(base.crs):
        return shaped
    a, b, c, d, e, f = base.transform
    moved = shapely.affinity.affine_transform(shaped.shape, [a, b, d, e, c, f])
    return Geometry(moved, base.crs, shaped.geodesic)


def _from_lower_left(coordinates: Any) -> Any:
    """A rectangle as the client writes it begins at the upper left; the service turns that [S]."""
    match coordinates:
        case [[[west, north], [left, south], [east, bottom], [right, top]]] if (
            west == left < east == right and south == bottom < north == top
        ):
            return [[[west, south], [east, south], [east, north], [west, north]]]
    return coordinates


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


def _register_edges(kind: str) -> None:
    @algorithm(f"GeometryConstructors.{kind}", ignores=["maxError", "evenOdd"])
    def make(coordinates: list[Any], crs: Projection | None, geodesic: bool | None) -> Geometry:
        return _made(kind, coordinates, crs, geodesic)


def _register_points(kind: str) -> None:
    @algorithm(f"GeometryConstructors.{kind}")
    def make(coordinates: list[Any], crs: Projection | None) -> Geometry:
        return _made(kind, coordinates, crs, None)


for _kind in ("LineString", "LinearRing", "MultiLineString", "MultiPolygon", "Polygon"):
    _register_edges(_kind)
for _kind in ("Point", "MultiPoint"):
    _register_points(_kind)


@algorithm("GeometryConstructors.Rectangle", ignores=["evenOdd"])
def make_rectangle(
    coordinates: list[Any],
    crs: Projection | None,
    geodesic: bool | None,
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
    """A rectangle of longitude and latitude, on the circle of longitudes [S]."""
    given = [west, south, east, north]
    if not all(abs(degrees) <= _MOST_DEGREES for degrees in given):
        raise ServiceError(f"The degrees are out of range: {given}.")
    if east - west >= 360:
        west, east = -180, 180
    else:
        # By whole turns only: the digits that were given stay.
        turn = 360 * math.floor((west + 180) / 360)
        west -= turn
        east -= turn + 360 * math.floor((east - turn - west) / 360)
    south, north = (min(max(degrees, -90), 90) for degrees in (south, north))
    box = rectangle(west, south, east, north)
    return Geometry(box, WGS84.crs, geodesic=False)


@algorithm("GeometryConstructors.MultiGeometry", ignores=["maxError"])
def multi_geometry(
    geometries: list[Geometry], crs: Projection | None, geodesic: bool | None
) -> Geometry:
    """Several as one."""
    name = WGS84.crs if crs is None else crs.crs
    shapes = [each.shape_in(name) for each in geometries]
    return Geometry(shapely.GeometryCollection(shapes), name, bool(geodesic))


def _in(shape: Geometry, proj: Projection | None) -> Geometry:
    """A shape in the CRS in which an operation was asked for; itself where in none."""
    return shape if proj is None else Geometry(shape.shape_in(proj.crs), proj.crs, geodesic=False)


def _with_place(element: Element, place: Geometry) -> Feature:
    return Feature(place, element.properties)


def _place(element: Element) -> Geometry:
    """Where a feature is.

    Raises:
        ServiceError: nowhere.
    """
    if element.geometry is None:
        raise ServiceError("The feature has no geometry.")
    return element.geometry


Relation = Callable[[Geometry, Geometry], bool]


def _register_relation(name: str, relation: Relation) -> None:
    @algorithm(f"Geometry.{name}", ignores=["maxError"])
    def test(left: Geometry, right: Geometry, proj: Projection | None) -> bool:
        return relation(_in(left, proj), _in(right, proj))

    @algorithm(f"Feature.{name}", ignores=["maxError"])
    def test_features(
        left: Element,
        right: Element,
        proj: Projection | None,
    ) -> bool:
        return relation(_in(_place(left), proj), _in(_place(right), proj))


_register_relation("contains", lambda left, right: inside(right, left))
_register_relation("containedIn", inside)
_register_relation("intersects", intersects)
_register_relation("disjoint", disjoint)

Operation = Callable[[BaseGeometry, BaseGeometry], BaseGeometry]


def _register_operation(name: str, operation: Operation) -> None:
    """What is made of two; in the projection asked for, or else where `combined` works."""

    @algorithm(f"Geometry.{name}", ignores=["maxError"])
    def run(left: Geometry, right: Geometry, proj: Projection | None) -> Geometry:
        return combined(_in(left, proj), _in(right, proj), operation)

    @algorithm(f"Feature.{name}", ignores=["maxError"])
    def run_features(
        left: Element,
        right: Element,
        proj: Projection | None,
    ) -> Element:
        made = combined(_in(_place(left), proj), _in(_place(right), proj), operation)
        return _with_place(left, made)


_register_operation("intersection", lambda left, right: left.intersection(right))
_register_operation("union", lambda left, right: left.union(right))
_register_operation("difference", lambda left, right: left.difference(right))
_register_operation("symmetricDifference", lambda left, right: left.symmetric_difference(right))


def _register_change(name: str, change: Callable[[Geometry], Geometry]) -> None:
    """Another shape made of one; in the projection asked for."""

    @algorithm(f"Geometry.{name}", ignores=["maxError"])
    def run(shape: Geometry, proj: Projection | None) -> Geometry:
        return change(_in(shape, proj))

    @algorithm(f"Feature.{name}", ignores=["maxError"])
    def run_feature(element: Element, proj: Projection | None) -> Element:
        return _with_place(element, change(_in(_place(element), proj)))


def _centroid(shape: Geometry) -> Geometry:
    if _is_projected(shape):
        return Geometry(shape.filled.valid.centroid, shape.crs, geodesic=False)
    return measures.centroid(shape)


def _is_projected(shape: Geometry) -> bool:
    return not parse_crs(shape.crs).is_geographic


_register_change(
    "convexHull", lambda shape: Geometry(wound(shape.valid.convex_hull), shape.crs, shape.geodesic)
)
_register_change(
    "dissolve",
    lambda shape: Geometry(
        wound(united(list(shapely.get_parts(shape.valid)))), shape.crs, shape.geodesic
    ),
)


@algorithm("Geometry.bounds", ignores=["maxError"])
def bounds(shape: Geometry, proj: Projection | None) -> Geometry:
    """The bounding rectangle, in EPSG:4326 by default."""
    target = WGS84.crs if proj is None else proj.crs
    if shape.shape.is_empty:
        return Geometry(shapely.GeometryCollection(), target, geodesic=False)
    return Geometry(rectangle(*shape.bounds_in(target)), target, geodesic=False)


@algorithm("Feature.bounds", ignores=["maxError"])
def feature_bounds(element: Element, proj: Projection | None) -> Element:
    """The same with the bounding rectangle."""
    return _with_place(element, bounds(_place(element), proj))


@algorithm("Geometry.centroid", ignores=["maxError"])
def centroid(shape: Geometry, proj: Projection | None) -> Geometry:
    """The middle of the area; in EPSG:4326 by default."""
    return measures.centroid(shape) if proj is None else _centroid(_in(shape, proj))


@algorithm("Feature.centroid", ignores=["maxError"])
def feature_centroid(element: Element, proj: Projection | None) -> Element:
    """The same at the middle of its area."""
    return _with_place(element, centroid(_place(element), proj))


@algorithm("Geometry.buffer")
def buffer(
    shape: Geometry,
    distance: float,
    margin: ErrorMargin | None,
    proj: Projection | None,
) -> Geometry:
    """All points within a distance: in metres, or in units of the projection asked for."""
    if not math.isfinite(distance):
        raise ServiceError(f"The distance must be finite, got {distance}.")
    unit = "meters" if proj is None else "projected"
    error = margin.value if margin is not None and margin.unit == unit else None
    if proj is None:
        return measures.buffered(shape, distance, error)
    quarter = math.ceil(math.pi / 2 / measures.arc_step(distance, error))
    found = _in(shape, proj).filled.valid.buffer(distance, quad_segs=quarter)
    return Geometry(wound(found), proj.crs, geodesic=False)


@algorithm("Feature.buffer")
def feature_buffer(
    element: Element, distance: float, margin: ErrorMargin | None, proj: Projection | None
) -> Element:
    """The same, wider."""
    return _with_place(element, buffer(_place(element), distance, margin, proj))


@algorithm("Geometry.simplify")
def simplify(shape: Geometry, margin: ErrorMargin, proj: Projection | None) -> Geometry:
    """Fewer points, within a margin: in metres, or in units of the projection."""
    most = margin.value
    if most is None or not (math.isfinite(most) and most >= 0):
        raise ServiceError("Parameter 'maxError' must be a distance.")
    if margin.unit == "projected":
        moved = _in(shape, proj)
        return Geometry(moved.valid.simplify(most), moved.crs, moved.geodesic)
    found = measures.simplified(shape, most)
    return found if proj is None else _in(found, proj)


@algorithm("Feature.simplify")
def feature_simplify(element: Element, margin: ErrorMargin, proj: Projection | None) -> Element:
    """The same with fewer points."""
    return _with_place(element, simplify(_place(element), margin, proj))


def _register_measure(
    name: str, on_earth: Callable[[Geometry], float], in_plane: Callable[[BaseGeometry], float]
) -> None:
    """A number: in metres on the Earth, or in units of the projection asked for."""

    def measured(shape: Geometry, proj: Projection | None) -> float:
        return on_earth(shape) if proj is None else in_plane(_in(shape, proj).valid)

    @algorithm(f"Geometry.{name}", ignores=["maxError"])
    def run(shape: Geometry, proj: Projection | None) -> float:
        return measured(shape, proj)

    @algorithm(f"Feature.{name}", ignores=["maxError"])
    def run_feature(element: Element, proj: Projection | None) -> float:
        return measured(_place(element), proj)


def _lines(shape: BaseGeometry) -> float:
    lines = (part for part in shapely.get_parts(shape) if part.geom_type.startswith("Line"))
    return float(sum(line.length for line in lines))


_register_measure("area", measures.area, lambda shape: shape.area)
_register_measure("perimeter", measures.perimeter, lambda shape: shape.length - _lines(shape))
_register_measure("length", measures.length, _lines)


@algorithm("Geometry.distance", ignores=["maxError"])
def distance(
    left: Geometry,
    right: Geometry,
    proj: Projection | None,
    spherical: bool,
) -> float:
    """Metres between two, or units of the projection asked for.

    Raises:
        ServiceError: on the sphere.
    """
    if proj is not None:
        return float(_in(left, proj).valid.distance(_in(right, proj).valid))
    if spherical:
        raise ServiceError("The emulator measures distances on the ellipsoid only.")
    return measures.distance(left, right)


@algorithm("Feature.distance", ignores=["maxError"])
def feature_distance(
    left: Element, right: Element, proj: Projection | None, spherical: bool
) -> float:
    """Metres between two."""
    return distance(_place(left), _place(right), proj, spherical)


@algorithm("Geometry.withinDistance", ignores=["maxError"])
def within_distance(left: Geometry, right: Geometry, most: float, proj: Projection | None) -> bool:
    """Whether two lie close together."""
    return distance(left, right, proj, spherical=False) <= most


@algorithm("Feature.withinDistance", ignores=["maxError"])
def feature_within_distance(
    left: Element, right: Element, most: float, proj: Projection | None
) -> bool:
    """Whether two lie close together."""
    return within_distance(_place(left), _place(right), most, proj)


@algorithm("Geometry.closestPoints", ignores=["maxError"])
def closest_points(
    left: Geometry,
    right: Geometry,
    proj: Projection | None,
) -> dict[str, Geometry]:
    """The point of each that is nearest to the other."""
    if proj is not None:
        raise ServiceError("The emulator finds closest points on the Earth only.")
    found = measures.nearest(left, right)
    return {} if found is None else dict(zip(("left", "right"), found, strict=True))


@algorithm("Geometry.closestPoint", ignores=["maxError"])
def closest_point(left: Geometry, right: Geometry, proj: Projection | None) -> Geometry | None:
    """The point of the right one that is nearest to the left one."""
    return closest_points(left, right, proj).get("right")


@algorithm("Feature.closestPoints", ignores=["maxError"])
def feature_closest_points(
    left: Element, right: Element, proj: Projection | None
) -> dict[str, Geometry]:
    """The point of each that is nearest to the other."""
    return closest_points(_place(left), _place(right), proj)


@algorithm("Feature.closestPoint", ignores=["maxError"])
def feature_closest_point(
    left: Element, right: Element, proj: Projection | None
) -> Geometry | None:
    """The point of the right one that is nearest to the left one."""
    return closest_point(_place(left), _place(right), proj)


@algorithm("Geometry.coveringGrid", session=True)
def covering_grid(
    session: Session, shape: Geometry, proj: Projection, scale: float | None
) -> Collection:
    """A feature of each cell of a lattice that a geometry meets, row by row.

    Corners lie at whole positions of the projection. Indices are `{column},{row}` [M].

    Raises:
        ServiceError: there would be more than a value may hold.
    """
    lattice = proj if scale is None else proj.at_scale(scale)
    left, top, right, bottom = pixel_bounds(lattice, shape)
    if (right - left) * (bottom - top) > session.limits.working_pixels:
        raise too_many_elements(session.limits.elements)
    area = shape.shape_in(lattice.crs)
    shapely.prepare(area)
    found: list[Element] = []
    for row in range(top, bottom):
        session.deadline.check()
        for column in range(left, right):
            cell = projected_box((column, row, column + 1, row + 1), lattice)
            if not area.intersects(cell.shape):
                continue
            if len(found) == session.limits.elements:
                raise too_many_elements(session.limits.elements)
            found.append(Feature(cell, {"system:index": f"{column},{row}"}))
    return Collection.of(found)


@algorithm("Geometry.geometries")
def geometries_of(shape: Geometry) -> list[Geometry]:
    """The parts of a collection or of several of a kind; any other geometry alone [S]."""
    return [Geometry(part, shape.crs, shape.geodesic) for part in shapely.get_parts(shape.shape)]


@algorithm("Geometry.isUnbounded")
def is_unbounded(shape: Geometry) -> bool:
    """Whether it is the whole world, as that of an image without bounds."""
    return shape is WORLD


@algorithm("Geometry.transform", ignores=["maxError"])
def transform(
    shape: Geometry,
    proj: Projection,
    geodesic: bool | None,
) -> Geometry:
    """In another CRS, vertex by vertex; edges are geodesics in a geographic CRS by default [S]."""
    straight = not parse_crs(proj.crs).is_geographic
    return Geometry(
        shape.shape_in(proj.crs), proj.crs, not straight if geodesic is None else geodesic
    )


@algorithm("Feature.transform", "ProjectionTransform", ignores=["maxError"])
def feature_transform(element: Element, proj: Projection, geodesic: bool | None) -> Element:
    """The same in another CRS."""
    return _with_place(element, transform(_place(element), proj, geodesic))


@algorithm("Feature.setGeometry")
def set_geometry(element: Element, place: Geometry | None) -> Element:
    """The same somewhere else."""
    return Feature(place, element.properties)


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
