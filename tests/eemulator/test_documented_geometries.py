"""Geometries: what the service printed, and what the reference says of them.

The numbers come from a notebook that keeps the service's answers, `4_features.ipynb` of
https://github.com/csaybar/EEwPython; the rest from the reference's pages, named beside each.
"""

from __future__ import annotations

import math

import ee
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemulator.values.measures import circle

from .wire import info

pytestmark = pytest.mark.usefixtures("server")

G = ee.Geometry
WIDE = [[[-5, 40], [65, 40], [65, 60], [-5, 60], [-5, 60]]]
RADIUS = 6371007.180918474

CIRCLE = [
    [-49.99999999999999, 38.99886595148144],
    [-53.20474725917394, 38.602502406482586],
    [-56.06709669803667, 37.45722975411991],
    [-58.312892402302516, 35.68469088261632],
    [-59.773317122835486, 33.460151118979596],
    [-60.38439752060462, 30.984868434368728],
    [-60.16442383142079, 28.463419733621432],
    [-59.18786052691904, 26.088342083648815],
    [-57.56569549052195, 24.030369005938855],
    [-55.43358562814607, 22.431617188100535],
    [-52.945011877191924, 21.39998374902646],
    [-50.26611370295384, 21.00432888871484],
    [-47.570107809804476, 21.27095390434668],
    [-45.03086247602782, 22.182140244075608],
    [-42.8163731673025, 23.67714126914173],
    [-41.08300105123353, 25.655356624825323],
    [-39.97033818901132, 27.98095430596674],
    [-39.59493017414427, 30.488323793900133],
    [-40.03967834989804, 32.988557385293525],
    [-41.33580499173312, 35.27844072904945],
    [-43.43756311193738, 37.15451165759298],
    [-46.19769883234222, 38.43431130419216],
    [-49.36104074793436, 38.98351932864184],
    [-49.99999999999999, 38.99886595148144],
]


def test_a_wide_polygon() -> None:
    polygon = G.Polygon(WIDE)
    area, perimeter, centroid, coordinates, kind, geodesic = info(
        ee.List(
            [
                polygon.area().divide(1000 * 1000),
                polygon.perimeter().divide(1000),
                polygon.centroid().coordinates(),
                polygon.coordinates(),
                polygon.type(),
                polygon.geodesic(),
            ]
        )
    )
    assert area == pytest.approx(9918985.748240016, rel=2e-15)
    assert perimeter == pytest.approx(13979.88727044261, rel=2e-15)
    assert centroid == pytest.approx([30.000000000000004, 54.56306390486972], abs=1e-13)
    assert coordinates == [[*WIDE[0], WIDE[0][0]]]
    assert kind == "Polygon"
    assert geodesic is True


def test_a_buffer_of_a_point() -> None:
    found = info(G.Point([-50, 30]).buffer(1e6))
    assert found["type"] == "Polygon"
    (ring,) = found["coordinates"]
    assert len(ring) == len(CIRCLE)
    np.testing.assert_allclose(ring, CIRCLE, rtol=0, atol=1e-13)


@given(
    st.floats(-180, 180),
    st.floats(-60, 60),
    st.floats(1, 1e6),
    st.floats(0.05, 1.5),
)
def test_a_circle_is_round(longitude: float, latitude: float, metres: float, step: float) -> None:
    """Corners lie at one distance from the middle, by the haversine formula, anticlockwise."""
    shape = circle(longitude, latitude, metres, step).shape
    assert shape.exterior.is_ccw  # type: ignore[attr-defined]
    points = np.radians(np.array(shape.exterior.coords))  # type: ignore[attr-defined]
    x, y = math.radians(longitude), math.radians(latitude)
    haversine = (
        np.sin((points[:, 1] - y) / 2) ** 2
        + math.cos(y) * np.cos(points[:, 1]) * np.sin((points[:, 0] - x) / 2) ** 2
    )
    away = 2 * np.arcsin(np.sqrt(haversine)) * 6_367_000
    np.testing.assert_allclose(away, metres, rtol=1e-6)


@pytest.mark.parametrize(("error", "corners"), [(None, 23), (1, 71), (50, 10), ("projected", 23)])
def test_corners_of_a_buffer_keep_its_error(error: float | str | None, corners: int) -> None:
    """`maxError` "defaults to 1% of the distance": ee-geometry-buffer. 360° / 2 acos(1 - e / r)."""
    margin = ee.ErrorMargin(1, error) if isinstance(error, str) else error
    (ring,) = info(G.Point([10, 50]).buffer(1000, margin).coordinates())
    assert len(ring) - 1 == corners


def test_rectangles_of_the_earth() -> None:
    """ee-geometry-bbox-area, ee-geometry-rectangle-area: between parallels and meridians."""
    south, north = math.radians(37.42), math.radians(37.43)
    expected = RADIUS**2 * math.radians(0.01) * (math.sin(north) - math.sin(south))
    found = info(G.BBox(-122.09, 37.42, -122.08, 37.43).area(1))
    assert found == pytest.approx(expected, rel=1e-6)
    # On great circles instead: the edges bend polewards, both alike.
    assert info(G.Rectangle(-122.09, 37.42, -122.08, 37.43).area(1)) == pytest.approx(
        expected, rel=1e-6
    )


@pytest.mark.parametrize(
    ("given_degrees", "west", "east"),
    [
        ((0, 0, 350, 1), 0, 350),
        ((-200, 0, 200, 1), -180, 180),
        ((0, 0, 360, 1), -180, 180),
        ((170, 0, -170, 1), 170, 190),
        ((190, 0, 200, 1), -170, -160),
        ((-122.5, 0, -122, 1), -122.5, -122),
    ],
)
def test_bounding_boxes_lie_on_the_circle_of_longitudes(
    given_degrees: tuple[float, ...], west: float, east: float
) -> None:
    """ee-geometry-bbox: 360 degrees and more are -180 to 180; east may be less than west."""
    (ring,) = info(G.BBox(*given_degrees).coordinates())
    longitudes = [point[0] for point in ring]
    assert (min(longitudes), max(longitudes)) == (west, east)


def test_a_covering_grid_has_the_cell_of_the_page() -> None:
    """ee-geometry-coveringgrid: rows count northwards where the projection's y does."""
    area = G.Point(31.6, -8.54).buffer(100000)
    cells = area.coveringGrid(ee.Projection("EPSG:32736"), 2**14)
    (cell,) = info(cells.filter(ee.Filter.eq("system:index", "18,551")))["features"]
    ring = np.array(cell["geometry"]["coordinates"][0])
    assert (ring.min(0) / 2**14).tolist() == [18, 551]
    assert (ring.max(0) / 2**14).tolist() == [19, 552]


def test_rectangles_begin_at_the_lower_left() -> None:
    """As users read them: corner 0 of `bounds()` is south-west, corner 2 north-east.

    https://github.com/openforis/pysepal/issues/996 does, and the notebook has a Rectangle so.
    """
    ring = [[30.01, 59.8], [30.59, 59.8], [30.59, 60.15], [30.01, 60.15], [30.01, 59.8]]
    box = G.Rectangle(30.01, 59.80, 30.59, 60.15)
    assert info(ee.Feature(box))["geometry"] == {"type": "Polygon", "coordinates": [ring]}
    planar = {"type": "Polygon", "coordinates": [ring], "geodesic": False}
    assert info(box.bounds()) == planar
    assert info(G.BBox(30.01, 59.80, 30.59, 60.15)) == planar


def test_parts_of_several() -> None:
    """guides/geometries: `geometries()` breaks a multi-part geometry into its parts."""
    points = [[-121.68, 39.91], [-97.38, 40.34]]
    found = info(G.MultiPoint(points).geometries())
    assert found == [{"type": "Point", "coordinates": point} for point in points]


def test_rings_of_what_is_made_run_anticlockwise() -> None:
    """The notebook's intersection of two circles does, as its circles and buffers do."""
    one, other = G.Point([-50, 30]).buffer(1e6), G.Point([-40, 30]).buffer(1e6)
    made = [
        one.intersection(other, 1),
        one.union(other, 1),
        one.difference(other, 1),
        one.convexHull(1),
        G.LineString([[0, 0], [1, 1]]).buffer(1000),
        G.MultiPoint([[0, 0], [1, 0], [0, 1]]).convexHull(1),
    ]
    for geometry in info(ee.List(made)):
        points = np.array(geometry["coordinates"][0])
        x, y = points[:-1].T
        u, v = points[1:].T
        assert (x * v - u * y).sum() > 0


@pytest.mark.parametrize("scale", [1e308, 1e-308])
def test_a_grid_of_cells_beyond_numbers_is_refused(scale: float) -> None:
    with pytest.raises(ee.EEException, match="cannot be inverted"):
        info(G.Point(31.6, -8.54).coveringGrid(ee.Projection("EPSG:32736"), scale))


def test_degrees_far_beyond_the_circle_are_refused() -> None:
    with pytest.raises(ee.EEException, match="degrees are out of range"):
        info(ee.ApiFunction.call_("GeometryConstructors.BBox", -1e300, 0, 1e300, 1))
