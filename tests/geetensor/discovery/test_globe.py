"""Polygons at the antimeridian, at the poles, and all around the globe."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import mapping

from geetensor.discovery import globe
from geetensor.discovery.areas import globe_polygons, parse_polygon
from geetensor.discovery.globe import WORLD, centre, parse_footprints, within_globe
from geetensor.errors import BadReplyError, InvalidInputError

EAST = shapely.box(178, -20, 180, -10)
WEST = shapely.box(-180, -20, -177, -10)
BOTH = shapely.MultiPolygon([EAST, WEST])


def ring(*points: tuple[float, float], kind: str = "Polygon", **more: Any) -> dict[str, Any]:
    closed = [*points, points[0]]
    return {"type": kind, "coordinates": [closed] if kind == "Polygon" else closed, **more}


def footprint(geojson: dict[str, Any]) -> Any:
    [found] = parse_footprints([geojson])
    return found


@pytest.mark.parametrize("kind", ["Polygon", "LinearRing"])
@pytest.mark.parametrize("clockwise", [True, False])
@pytest.mark.parametrize("west", [-177, 183])
def test_a_footprint_across_the_antimeridian_is_split(
    kind: str, clockwise: bool, west: float
) -> None:
    points = [(178.0, -20.0), (west, -20.0), (west, -10.0), (178.0, -10.0)]
    found = footprint(ring(*(points[::-1] if clockwise else points), kind=kind))
    assert found.is_valid
    assert found.geom_type == "MultiPolygon"
    # Its edges are shortest paths, and so cross a little nearer to the pole.
    assert found.symmetric_difference(BOTH).area < 0.02 * BOTH.area
    assert found.bounds == pytest.approx((-180, -20.02, 180, -10), abs=0.01)


def test_what_the_service_calls_planar_goes_the_long_way() -> None:
    points = [(178.0, -20.0), (-177.0, -20.0), (-177.0, -10.0), (178.0, -10.0)]
    found = footprint(ring(*points, geodesic=False))
    assert found.equals(shapely.box(-177, -20, 178, -10))


@pytest.mark.parametrize("reverse", [True, False])
@pytest.mark.parametrize("lat", [80.0, -80.0])
def test_a_footprint_around_a_pole_reaches_it(lat: float, reverse: bool) -> None:
    points = [(lon, lat) for lon in range(-180, 180, 10)]
    found = footprint(ring(*(points[::-1] if reverse else points)))
    assert found.is_valid
    cap = shapely.box(-180, min(lat, 90 * lat / 80), 180, max(lat, 90 * lat / 80))
    assert found.symmetric_difference(cap).area < 0.05 * cap.area


@pytest.mark.parametrize(
    "coordinates",
    [
        [["-Infinity", "-Infinity"], ["Infinity", "-Infinity"], ["Infinity", "Infinity"]],
        [[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]],
        [[-180, -90], [0, -90], [180, -90], [180, 0], [180, 90], [0, 90], [-180, 90], [-180, -90]],
    ],
)
def test_the_whole_globe_is_the_whole_globe(coordinates: Any) -> None:
    assert footprint({"type": "LinearRing", "coordinates": coordinates}).equals(WORLD)
    assert footprint({"type": "Polygon", "coordinates": [coordinates]}).equals(WORLD)


def test_none_stays_none_and_what_crosses_itself_is_mended() -> None:
    bow_tie = ring((0, 0), (2, 2), (2, 0), (0, 2))
    none, mended = parse_footprints([None, bow_tie])
    assert none is None
    assert mended.is_valid
    assert mended.area == pytest.approx(2)
    assert len(parse_footprints([])) == 0


@pytest.mark.parametrize("wrong", [{"type": "Spiral"}, {"coordinates": []}, {"type": "Polygon"}])
def test_what_is_no_geometry_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadReplyError, match="footprint"):
        footprint(wrong)


@given(
    west=st.floats(-360, 340),
    width=st.floats(0.1, 359),
    south=st.floats(-89, 80),
    height=st.floats(0.1, 9),
)
def test_planar_edges_lose_and_gain_nothing(
    west: float, width: float, south: float, height: float
) -> None:
    box = shapely.box(west, south, west + width, south + height)
    found = within_globe(box, geodesic=False)
    assert found.is_valid
    assert found.area == pytest.approx(box.area)
    assert found.bounds[0] >= -180
    assert found.bounds[2] <= 180
    inside = [west + width * share for share in (0.01, 0.5, 0.99)]
    for lon in inside:
        assert found.buffer(1e-9).contains(
            shapely.Point((lon + 180) % 360 - 180, south + height / 2)
        )


@pytest.mark.parametrize(
    ("shape", "lon", "lat"),
    [
        (shapely.box(10, 20, 14, 22), 12, 21),
        (BOTH, -179.5, -15),
        (shapely.MultiPolygon([shapely.box(170, 0, 180, 1), WEST]), 180 - 3, None),
        (WORLD, 0, 0),
        (shapely.box(-180, 80, 180, 90), 0, 85),
    ],
)
def test_the_middle(shape: Any, lon: float, lat: float | None) -> None:
    found = centre(shape)
    if lat is not None:
        assert found == pytest.approx((lon, lat), abs=1e-9)
    assert -180 <= found[0] < 180


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), most=st.integers(60, 400), depth=st.floats(0.01, 0.9))
def test_roughly_an_area_is_all_of_it_and_little_more(seed: int, most: int, depth: float) -> None:
    turn = np.linspace(0, 2 * np.pi, 500, endpoint=False)
    reach = 1 - depth * np.random.default_rng(seed).uniform(0, 1, turn.size)
    coast = shapely.Polygon(np.column_stack((179 + reach * np.cos(turn), reach * np.sin(turn))))
    lake = shapely.Point(179, 0).buffer(0.05, 50)
    area = within_globe(shapely.make_valid(coast).difference(lake), geodesic=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(globe, "MOST_CORNERS", most)
        rough = globe.roughly(area)
    assert shapely.get_num_coordinates(rough) <= most
    assert rough.is_valid
    assert rough.buffer(1e-9).contains(area)
    assert rough.within(WORLD)
    assert rough.bounds[1] > area.bounds[1] - 0.6
    assert rough.bounds[3] < area.bounds[3] + 0.6


def geodesic_square() -> Any:
    return ee.Geometry.Polygon([[178, -20], [-177, -20], [-177, -10], [178, -10]])


@pytest.mark.parametrize(
    "area",
    [
        lambda: (178, -20, -177, -10),
        lambda: (178, -20, 183, -10),
        lambda: (-182, -20, -177, -10),
        lambda: shapely.box(178, -20, 183, -10),
        lambda: BOTH,
        lambda: mapping(BOTH),
        lambda: {"type": "Feature", "geometry": mapping(BOTH), "properties": {}},
        lambda: ee.Geometry.BBox(178, -20, -177, -10),
        geodesic_square,
        lambda: ee.Feature(geodesic_square(), {}),
    ],
)
def test_an_area_across_the_antimeridian(server: Any, area: Any) -> None:
    found = parse_polygon(area())
    assert found.is_valid
    assert found.symmetric_difference(BOTH).area < 0.02 * BOTH.area


def test_bounds_that_are_only_mixed_up_are_refused() -> None:
    for bounds in [(10, 0, 5, 1), (0, 1, 1, 0), (500, 0, 100, 1)]:
        with pytest.raises(InvalidInputError, match="min < max"):
            parse_polygon(bounds)


@pytest.mark.parametrize(("crs", "sign"), [("EPSG:3413", 1), ("EPSG:3031", -1)])
def test_an_area_around_a_pole_in_a_polar_projection(crs: str, sign: int) -> None:
    [found] = globe_polygons(np.array([shapely.Point(0, 0).buffer(1e6, 64)]), crs)
    assert found.is_valid
    assert found.contains(shapely.Point(123, sign * 89.5))
    assert found.contains(shapely.Point(-179.9, sign * 85))
    assert not found.intersects(shapely.Point(0, sign * 75))


def test_cells_of_a_utm_zone_at_the_antimeridian() -> None:
    # Zone 1 begins at -180; its west reaches across.
    cell = shapely.box(100_000, 8_000_000, 300_000, 8_100_000)
    [found] = globe_polygons(np.array([cell]), "EPSG:32701")
    assert found.is_valid
    assert found.geom_type == "MultiPolygon"
    assert found.bounds[0] == -180
    assert found.bounds[2] == 180
    assert sum(part.bounds[2] - part.bounds[0] for part in found.geoms) < 2.1


def test_an_area_with_no_place_on_the_globe_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="no place in longitude and latitude"):
        globe_polygons(np.array([shapely.box(1e9, 1e9, 2e9, 2e9)]), "EPSG:32638")
