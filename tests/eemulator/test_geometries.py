"""Geometries measured and made, against closed formulas, pyproj's geodesics and shapely."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer
from shapely.geometry import mapping, shape

pytestmark = pytest.mark.usefixtures("server")

GEOD = Geod(ellps="WGS84")
G = ee.Geometry
UTM = "EPSG:32738"
SPHERE = 6371007.180918474

SQUARE = shapely.Polygon([(47, -19), (48, -19), (48, -18), (47, -18)])
HOLED = shapely.Polygon(
    SQUARE.exterior.coords, [[(47.2, -18.8), (47.4, -18.8), (47.4, -18.4), (47.2, -18.4)]]
)
SLANTED = shapely.Polygon([(47.5, -18.7), (48.6, -18.5), (48.1, -17.6)])


def on_earth(polygon: Any) -> Any:
    """A client's geometry whose edges are geodesics."""
    return G(mapping(polygon))


def planar(polygon: Any) -> Any:
    return G(mapping(polygon), None, False)


def made(geometry: Any) -> Any:
    return shape(geometry.getInfo())


def measured(polygon: shapely.Polygon) -> tuple[float, float]:
    """Square metres on the ellipsoid, and metres around it and its holes."""
    area, _ = GEOD.geometry_area_perimeter(shapely.geometry.polygon.orient(polygon))
    return abs(area), GEOD.geometry_length(polygon.boundary)


def spherical(polygon: shapely.Polygon) -> float:
    """Square metres on the sphere of WGS 84's area: triangles with the pole, by their excess."""

    def inside(ring: shapely.LinearRing) -> float:
        points = np.radians(np.array(ring.coords))
        tangents = np.tan((np.pi / 2 - points[:, 1]) / 2)
        turns = np.diff(points[:, 0])
        product = tangents[:-1] * tangents[1:]
        excess = 2 * np.arctan2(product * np.sin(turns), 1 + product * np.cos(turns))
        return abs(float(excess.sum()))

    holes = sum(inside(ring) for ring in polygon.interiors)
    return SPHERE**2 * (inside(polygon.exterior) - holes)


@pytest.mark.parametrize("polygon", [SQUARE, HOLED, SLANTED])
def test_area_and_perimeter(polygon: shapely.Polygon) -> None:
    area, (_, length) = spherical(polygon), measured(polygon)
    assert on_earth(polygon).area().getInfo() == pytest.approx(area, rel=1e-9)
    # The service's formula for lengths is one of the first order of the flattening.
    assert on_earth(polygon).perimeter().getInfo() == pytest.approx(length, rel=1e-5)
    assert ee.Feature(on_earth(polygon)).area(1).getInfo() == pytest.approx(area, rel=1e-9)


def test_straight_edges_follow_their_parallel() -> None:
    height = np.sin(np.radians(50)) - np.sin(np.radians(40))
    expected = SPHERE**2 * np.radians(10) * height
    wide = G.Rectangle([0, 40, 10, 50], None, False)
    assert wide.area().getInfo() == pytest.approx(expected, rel=1e-5)
    geodesic = G.Rectangle([0, 40, 10, 50], None, True)
    assert geodesic.area().getInfo() == pytest.approx(spherical(shapely.box(0, 40, 10, 50)))
    assert abs(geodesic.area().getInfo() / expected - 1) > 1e-3


def test_several_parts_count_each() -> None:
    both = G.MultiPolygon([mapping(SQUARE)["coordinates"], mapping(SLANTED)["coordinates"]])
    expected = spherical(SQUARE) + spherical(SLANTED)
    assert both.area().getInfo() == pytest.approx(expected, rel=1e-9)
    assert G.Point([0, 0]).area().getInfo() == 0
    line = shapely.LineString([(47, -19), (48, -18.5), (48.5, -18.5)])
    assert on_earth(line).length().getInfo() == pytest.approx(GEOD.geometry_length(line), rel=1e-5)
    assert on_earth(line).perimeter().getInfo() == 0
    assert on_earth(SQUARE).length().getInfo() == 0


def test_in_a_projection_numbers_are_the_planes() -> None:
    box = G.Rectangle([700_000, 7_900_000, 703_000, 7_904_000], UTM, False)
    proj = ee.Projection(UTM)
    assert box.area(1, proj).getInfo() == 12_000_000
    assert box.perimeter(1, proj).getInfo() == 14_000
    assert box.centroid(1, proj).coordinates().getInfo() == [701_500, 7_902_000]
    assert box.buffer(500, 1, proj).area(1, proj).getInfo() == pytest.approx(
        12_000_000 + 14_000 * 500 + np.pi * 500**2, rel=1e-3
    )
    assert box.distance(box.transform(UTM, 1), 1, proj).getInfo() == 0
    # The same on the Earth, where UTM's scale is 0.9996 or so; the service's sphere is 0.3 % off.
    assert box.area().getInfo() == pytest.approx(12_000_000, rel=4e-3)


@pytest.mark.parametrize("middle", [(47.3, -18.2), (179.99, 65), (-179.99, -1), (10, 88)])
def test_a_buffer_of_a_point_is_a_circle(middle: tuple[float, float]) -> None:
    found = made(G.Point(middle).buffer(20_000))
    corners = shapely.get_coordinates(found)
    start = np.broadcast_to(middle, corners.shape)
    metres = GEOD.inv(start[:, 0], start[:, 1], corners[:, 0], corners[:, 1])[2]
    # On the service's sphere they are exact: test_documented_geometries.py.
    assert metres == pytest.approx(20_000, rel=6e-3)
    # Longitudes go on beyond the antimeridian.
    assert abs(corners[:, 0] - middle[0]).max() < 10
    assert found.contains(shapely.Point(middle))


def test_what_crosses_the_poles_is_buffered_without_a_warning() -> None:
    """In Mercator its corners are infinitely far away."""
    bow = G.Polygon([[[-400, -95], [400, -95], [0, 95]]], None, False)
    found = bow.buffer(10, ee.ErrorMargin(1, "projected"), "EPSG:3857").getInfo()
    assert found["coordinates"] == []


def test_buffers_of_areas() -> None:
    wider, narrower = on_earth(SQUARE).buffer(5000), on_earth(SQUARE).buffer(-5000)
    area, length = measured(SQUARE)
    round_corners = np.pi * 5000**2
    assert measured(made(wider))[0] == pytest.approx(area + 5000 * length + round_corners, rel=1e-4)
    assert measured(made(narrower))[0] == pytest.approx(
        area - 5000 * length + 4 * 5000**2, rel=1e-4
    )
    assert made(wider).contains(SQUARE)
    assert SQUARE.contains(made(narrower))
    assert made(on_earth(SQUARE).buffer(-100_000)).is_empty
    with pytest.raises(ee.EEException, match="pole"):
        G.Point([0, 89.9]).buffer(50_000).getInfo()


def test_centroid() -> None:
    point = made(on_earth(SLANTED).centroid())
    # Of areas: moments of small cells, each weighed by its area.
    x, y = (
        a.ravel() for a in np.meshgrid(np.arange(47.5, 48.6, 0.01), np.arange(-18.7, -17.6, 0.01))
    )
    inside = shapely.contains_xy(SLANTED, x, y)
    weights = np.cos(np.radians(y[inside]))
    assert point.x == pytest.approx(np.average(x[inside], weights=weights), abs=2e-3)
    assert point.y == pytest.approx(np.average(y[inside], weights=weights), abs=2e-3)
    across = G.Rectangle([179, -1, 181, 1], None, False).centroid()
    assert made(across).x == pytest.approx(180)
    assert made(G.LineString([[0, 0], [2, 0]]).centroid()).x == pytest.approx(1)


def test_distance() -> None:
    here, there = (47.0, -18.0), (47.3, -18.4)
    expected = GEOD.inv(*here, *there)[2]
    assert G.Point(here).distance(G.Point(there)).getInfo() == pytest.approx(expected, rel=1e-5)
    assert on_earth(SQUARE).distance(on_earth(SLANTED)).getInfo() == 0
    east = G.Point([48.5, -18.5])
    nearest = GEOD.inv(48.5, -18.5, 48, -18.5)[2]
    assert on_earth(SQUARE).distance(east).getInfo() == pytest.approx(nearest, rel=1e-4)
    assert on_earth(SQUARE).withinDistance(east, nearest * 1.01).getInfo() is True
    assert on_earth(SQUARE).withinDistance(east, nearest * 0.99).getInfo() is False
    across = G.Point([179.9, 0]).distance(G.Point([-179.9, 0])).getInfo()
    assert across == pytest.approx(0.2 * 111_319.4908, rel=1e-6)
    closest = on_earth(SQUARE).closestPoint(east)
    assert closest.getInfo()["coordinates"] == [48.5, -18.5]
    pair = on_earth(SQUARE).closestPoints(east).getInfo()
    assert pair["left"]["coordinates"] == pytest.approx([48, -18.5], abs=2e-3)


@pytest.mark.parametrize("name", ["intersection", "union", "difference", "symmetric_difference"])
def test_operations_of_two(name: str) -> None:
    camel = "symmetricDifference" if name.startswith("s") else name
    expected = getattr(SQUARE, name)(SLANTED)
    found = made(getattr(on_earth(SQUARE), camel)(on_earth(SLANTED)))
    assert found.symmetric_difference(expected).area < 1e-12
    features = getattr(ee.Feature(on_earth(SQUARE), {"a": 1}), camel)(ee.Feature(on_earth(SLANTED)))
    assert features.get("a").getInfo() == 1
    assert made(features.geometry()).symmetric_difference(expected).area < 1e-12


def test_operations_in_a_projection() -> None:
    one = G.Rectangle([700_000, 7_900_000, 703_000, 7_904_000], UTM, False)
    other = G.Rectangle([702_000, 7_901_000, 709_000, 7_902_000], UTM, False)
    both = one.intersection(other, 1).getInfo()
    assert both["crs"]["properties"]["name"] == UTM
    assert shape(both).bounds == (702_000, 7_901_000, 703_000, 7_902_000)
    # Given otherwise, but asked for in UTM: what was straight there stays so.
    lonlat = other.transform("EPSG:4326", 1)
    area = one.intersection(lonlat, 1, ee.Projection(UTM)).area(1, ee.Projection(UTM)).getInfo()
    assert area == pytest.approx(1_000_000, rel=1e-3)


def test_across_the_antimeridian() -> None:
    east = G.Rectangle([178, -1, 181, 1], None, False)
    west = G.Rectangle([-180, -0.5, -178, 0.5], None, False)
    split = G.MultiPolygon(
        [
            mapping(shapely.box(178, -1, 180, 1))["coordinates"],
            mapping(shapely.box(-180, -1, -179, 1))["coordinates"],
        ],
        None,
        False,
    )
    assert east.intersects(west).getInfo() is True
    assert west.intersects(east).getInfo() is True
    assert east.intersects(G.Point([-179.5, 0])).getInfo() is True
    assert east.disjoint(G.Point([-178.5, 0])).getInfo() is True
    assert made(east.intersection(west)).bounds == (180, -0.5, 181, 0.5)
    assert made(west.intersection(east)).bounds == (-180, -0.5, -179, 0.5)
    assert split.contains(G.Rectangle([179, -0.5, 180.5, 0.5], None, False)).getInfo() is True
    assert east.contains(split).getInfo() is True
    found = ee.FeatureCollection([ee.Feature(east), ee.Feature(G.Point([0, 0]))])
    assert found.filterBounds(west).size().getInfo() == 1


def test_hull_simplify_dissolve_and_parts() -> None:
    points = shapely.MultiPoint([(0, 0), (1, 0), (0, 1), (0.2, 0.2)])
    hull = made(on_earth(points).convexHull())
    assert hull.equals(points.convex_hull)
    wavy = shapely.LineString([(x / 100, 0.001 * (x % 2)) for x in range(101)])
    assert len(made(on_earth(wavy).simplify(500)).coords) == 2
    assert len(made(on_earth(wavy).simplify(10)).coords) == 101
    both = G.MultiPolygon([mapping(SQUARE)["coordinates"], mapping(SLANTED)["coordinates"]])
    assert made(both.dissolve()).equals(SQUARE.union(SLANTED))
    mixed = G({"type": "GeometryCollection", "geometries": [mapping(SQUARE), mapping(points)]})
    kinds = [part["type"] for part in mixed.geometries().getInfo()]
    assert kinds == ["Polygon", "MultiPoint"]
    assert on_earth(SQUARE).geometries().size().getInfo() == 1
    assert ee.Image(1).geometry().isUnbounded().getInfo() is True
    assert on_earth(SQUARE).isUnbounded().getInfo() is False


def test_bounds_and_transform() -> None:
    to_utm = Transformer.from_crs("EPSG:4326", UTM, always_xy=True)
    corners = np.array([to_utm.transform(x, y) for x, y in SQUARE.exterior.coords])
    moved = shapely.get_coordinates(made(planar(SQUARE).transform(UTM, 1)))
    assert moved == pytest.approx(corners, abs=1e-6)
    back = made(planar(SQUARE).transform(UTM, 1).transform("EPSG:4326", 1))
    assert shapely.get_coordinates(back) == pytest.approx(shapely.get_coordinates(SQUARE), abs=1e-9)
    assert made(on_earth(SLANTED).bounds()).bounds == SLANTED.bounds
    feature = ee.Feature(on_earth(SLANTED), {"a": 1}).bounds()
    assert made(feature.geometry()).bounds == SLANTED.bounds
    assert made(
        ee.FeatureCollection([feature, ee.Feature(on_earth(SQUARE))]).geometry()
    ).bounds == (SQUARE.union(SLANTED).bounds)


def test_features_without_a_geometry_are_told() -> None:
    with pytest.raises(ee.EEException, match="no geometry"):
        ee.Feature(None, {}).buffer(10).getInfo()
