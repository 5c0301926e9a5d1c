"""Geometries: a shape in a CRS."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from .element import Element
from .numbers import number
from .projection import WGS84, Projection, same_crs, transformer
from .rings import areal, check_crossings, is_valid
from .unions import united

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, eq=False)
class Geometry:
    """A shape.

    Attributes:
        shape: in coordinates of `crs`, x being easting or longitude.
        crs: a code or WKT.
        geodesic: whether edges are shortest paths on the sphere. It is kept and told, but
            predicates treat every edge as straight in its CRS.
    """

    shape: BaseGeometry
    crs: str = WGS84.crs
    geodesic: bool = True

    @cached_property
    def valid(self) -> BaseGeometry:
        """The shape, its self-crossings resolved (interiors by the even-odd rule), parts united."""
        if is_valid(self.shape):
            return self.shape
        parts = shapely.get_parts(self.shape)
        for part in parts:
            check_crossings(part)
        # A pole is infinitely far away in some CRSs.
        with np.errstate(invalid="ignore"):
            return united(list(shapely.make_valid(parts)))

    def shape_in(self, crs: str) -> BaseGeometry:
        """The shape in another CRS, vertex by vertex."""
        if same_crs(self.crs, crs):
            return self.valid
        convert = transformer(self.crs, crs)

        def project(points: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.column_stack(convert.transform(points[:, 0], points[:, 1]))

        return shapely.transform(self.valid, project)

    @cached_property
    def lonlat(self) -> BaseGeometry:
        """The shape in longitude and latitude."""
        return self.shape_in(WGS84.crs)

    @cached_property
    def filled(self) -> Geometry:
        """The area that a footprint's ring means."""
        inner = areal(self.shape)
        return self if inner is self.shape else Geometry(inner, self.crs, self.geodesic)

    @cached_property
    def planar(self) -> Geometry:
        """The area in longitude and latitude."""
        inner = self.filled.lonlat
        if inner is self.shape and self.geodesic and self.crs == WGS84.crs:
            return self
        return Geometry(inner)

    @cached_property
    def turned(self) -> bool:
        """Whether it has longitudes beyond the antimeridian, on either side."""
        west, _, east, _ = self.lonlat.bounds
        return west < -180 or east > 180

    def bounds_in(self, crs: str) -> tuple[float, float, float, float]:
        """`(left, bottom, right, top)` in another CRS, edges followed closely."""
        if same_crs(self.crs, crs):
            return self.valid.bounds
        left, bottom, right, top = self.valid.bounds
        step = max(right - left, top - bottom) / 64
        dense = shapely.segmentize(self.valid, step) if step > 0 else self.valid
        return Geometry(dense, self.crs).shape_in(crs).bounds

    @cached_property
    def _json(self) -> dict[str, Any]:
        described = geojson(self.shape)
        if not same_crs(self.crs, WGS84.crs):
            described["crs"] = {"type": "name", "properties": {"name": self.crs}}
        if not self.geodesic and self.shape.geom_type not in ("Point", "MultiPoint"):
            described["geodesic"] = False
        return described

    def json(self) -> dict[str, Any]:
        """GeoJSON as in `getInfo`; not to be changed, as others are given the same."""
        return self._json


def geojson(shape: BaseGeometry) -> dict[str, Any]:
    """GeoJSON with lists for tuples, and numbers as the service writes them."""
    if shape.geom_type == "GeometryCollection":
        members = [geojson(part) for part in getattr(shape, "geoms", ())]
        return {"type": "GeometryCollection", "geometries": members}
    return {"type": shape.geom_type, "coordinates": _coordinates(shape)}


def _coordinates(shape: BaseGeometry) -> Any:
    if shape.is_empty:
        return []
    match shape:
        case shapely.Polygon():
            return [_points(shape.exterior), *(_points(ring) for ring in shape.interiors)]
        case shapely.Point():
            return _points(shape)[0]
        case shapely.LineString():
            return _points(shape)
    return [_coordinates(part) for part in getattr(shape, "geoms", ())]


def _points(shape: BaseGeometry) -> list[list[Any]]:
    points: list[list[float]] = shapely.get_coordinates(shape, include_z=shape.has_z).tolist()
    return [[number(value) for value in point] for point in points]


def rectangle(left: float, bottom: float, right: float, top: float) -> shapely.Polygon:
    """A rectangle as the service tells it: anticlockwise from the lower left corner [S]."""
    return shapely.Polygon([(left, bottom), (right, bottom), (right, top), (left, top)])


WORLD = Geometry(rectangle(-180, -90, 180, 90), geodesic=False)
"""The geometry of an image without bounds [I]."""


@dataclass(frozen=True, eq=False)
class Feature(Element):
    """A geometry with properties."""

    shape: Geometry | None
    properties: Mapping[str, Any]

    type_name = "Feature"

    @property
    def geometry(self) -> Geometry | None:
        """Where it is."""
        return self.shape

    def with_properties(self, properties: Mapping[str, Any]) -> Feature:
        """The same place with other properties."""
        return Feature(self.shape, properties)


@lru_cache(maxsize=4096)
def footprint_ring(shape: BaseGeometry) -> Geometry:
    """A footprint (longitude and latitude) as Earth Engine tells it: the outer ring of a polygon.

    The images of a place share one, so that what is worked out of it is worked out once.
    """
    return Geometry(shape.exterior if isinstance(shape, shapely.Polygon) else shape)


def projected_box(bounds: tuple[float, float, float, float], projection: Projection) -> Geometry:
    """A rectangle in pixels of a projection, as a shape in its CRS."""
    a, b, c, d, e, f = projection.transform
    corners = shapely.get_coordinates(rectangle(*bounds))
    x = a * corners[:, 0] + b * corners[:, 1] + c
    y = d * corners[:, 0] + e * corners[:, 1] + f
    return Geometry(shapely.Polygon(np.column_stack([x, y])), projection.crs, geodesic=False)
