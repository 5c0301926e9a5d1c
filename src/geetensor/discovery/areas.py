"""The areas that are asked about, within ±180°."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import ee
import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from geetensor.discovery.globe import polygons_of, within_globe
from geetensor.ee_utils import parse_geometry
from geetensor.errors import InvalidInputError
from geetensor.geometry import GEOGRAPHIC
from geetensor.grid import crs_name, parse_crs, same_crs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry import MultiPolygon, Polygon

    from geetensor.ee_utils import Geometry
    from geetensor.engine.transport import Transport

_STEPS = 64
"""Of an edge as long as the area, between points that are projected."""

_TOLERANCE = 1e-6
"""Degrees, 0.1 m: points that lie this near to a straight edge are left out again."""


def parse_polygon(polygon: Geometry, transport: Transport | None = None) -> Polygon | MultiPolygon:
    """An area of interest, in longitude and latitude within ±180°.

    Args:
        polygon: as `geetensor.ee_utils.parse_geometry` takes it, in EPSG:4326 if it does not say
            otherwise. Its edges are straight in its own CRS, and may go on beyond ±180°. Of an
            `ee.Geometry` with geodesic edges, one whose ends lie more than 180° apart crosses the
            antimeridian.
        transport: to ask the service for a geometry that it computes.

    Raises:
        InvalidInputError: if it is no valid area.
    """
    area = parse_geometry(polygon, GEOGRAPHIC, transport)
    if same_crs(area.crs, GEOGRAPHIC):
        return within_globe(area.shape, geodesic=_is_geodesic(polygon))
    [moved] = globe_polygons(np.array([area.shape], dtype=object), area.crs)
    return polygons_of(moved)


def parse_polygons(
    polygons: Sequence[Geometry] | gpd.GeoSeries | gpd.GeoDataFrame, transport: Transport
) -> tuple[NDArray[Any], pd.Index[Any]]:
    """Areas of interest, and their labels: those of an index, or else their positions.

    Args:
        polygons: each as `parse_polygon` takes it; or a GeoDataFrame or GeoSeries, in any CRS.
        transport: to ask the service for geometries that it computes.

    Raises:
        InvalidInputError: if one is no valid area; says which.
    """
    if isinstance(polygons, (gpd.GeoDataFrame, gpd.GeoSeries)):
        return cell_polygons(polygons), polygons.index
    one = isinstance(polygons, (str, Mapping, shapely.Geometry, ee.ComputedObject))
    if one or not isinstance(polygons, Collection):
        raise InvalidInputError(
            f"polygons must be several areas, got {type(polygons).__name__}: put one in a list."
        )
    areas = np.empty(len(polygons), dtype=object)
    for index, polygon in enumerate(polygons):
        try:
            areas[index] = parse_polygon(polygon, transport)
        except InvalidInputError as error:
            raise InvalidInputError(f"Area {index}: {error}") from error
    return areas, pd.RangeIndex(len(areas))


def cell_polygons(grid: gpd.GeoDataFrame | gpd.GeoSeries) -> NDArray[Any]:
    """The polygons of a table, in longitude and latitude within ±180°.

    Raises:
        InvalidInputError: if it is no such table, or one is no valid area; says which.
    """
    if not isinstance(grid, (gpd.GeoDataFrame, gpd.GeoSeries)) or grid.crs is None:
        raise InvalidInputError("Expected a GeoDataFrame of polygons, with a CRS.")
    shapes = grid.geometry.to_numpy()
    polygons = np.isin(shapely.get_type_id(shapes), (3, 6))  # of polygons and multipolygons
    wrong = ~(polygons & shapely.is_valid(shapes) & (shapely.area(shapes) > 0))
    if wrong.any():
        raise InvalidInputError(f"{grid.index[wrong][0]!r} is no valid polygon with an interior.")
    return globe_polygons(shapes, crs_name(grid.crs))


def globe_polygons(shapes: NDArray[Any], crs: str) -> NDArray[Any]:
    """Areas in any CRS, in longitude and latitude within ±180°.

    Args:
        shapes: valid polygons and multipolygons.
        crs: of their coordinates; edges that turn into curves are followed.

    Raises:
        InvalidInputError: if one has no place there.
    """
    shapes = shapely.force_2d(shapes)
    moved = shapes.copy()
    at_home = same_crs(crs, GEOGRAPHIC)
    if not at_home:
        left, bottom, right, top = shapely.bounds(shapes).T
        dense = shapely.segmentize(shapes, np.fmax(right - left, top - bottom) / _STEPS)
        transformer = pyproj.Transformer.from_crs(parse_crs(crs), GEOGRAPHIC, always_xy=True)
        moved = shapely.transform(
            dense, lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))
        )
        lost = ~np.isfinite(shapely.bounds(moved)).all(axis=1)
        if lost.any():
            raise InvalidInputError(
                f"The area {shapes[lost][0].bounds} has no place in longitude and latitude. Is it "
                f"in another CRS than {crs}?"
            )
    left, _, right, _ = shapely.bounds(moved).T
    for index in np.flatnonzero((left < -180) | (right > 180) | (right - left > 180)):
        geodesic = not parse_crs(crs).is_geographic
        moved[index] = within_globe(moved[index], geodesic=geodesic)
    if not at_home:
        # Few of the points along the edges are needed.
        moved = shapely.simplify(moved, _TOLERANCE)
        for index in np.flatnonzero(~shapely.is_valid(moved)):
            moved[index] = polygons_of(shapely.make_valid(moved[index]))
    return moved


def _is_geodesic(polygon: object) -> bool:
    """Whether edges are shortest paths, which the client says of its own geometries alone."""
    if isinstance(polygon, (ee.Feature, ee.FeatureCollection)):
        return True
    return isinstance(polygon, ee.Geometry) and (
        bool(polygon.func) or polygon.toGeoJSON().get("geodesic") is not False
    )
