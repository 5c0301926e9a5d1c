"""Overlaps: against another projection, the ellipsoid's own areas, and the true polygon."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

from geetensor.discovery.globe import WORLD, within_globe
from geetensor.discovery.ground import Plane, intersections, touching
from geetensor.discovery.places import Places
from geetensor.discovery.table import make_table

GEOD = pyproj.Geod(ellps="WGS84")


def array(*shapes: Any) -> Any:
    made = np.empty(len(shapes), dtype=object)
    made[:] = shapes
    return made


def percent(footprint: Any, area: Any) -> float:
    scenes = make_table({}, {}, [footprint])
    related = Places.of(area).relate(scenes, np.zeros(1, np.int64), deduplicate=False)
    return float(related["overlap_percentage"].iloc[0])


def on_ellipsoid(shape: Any) -> float:
    """Square metres of polygons whose edges are straight in longitude and latitude."""
    dense = shapely.segmentize(shape, 0.01)
    parts = [part for part in shapely.get_parts(dense) if part.geom_type == "Polygon"]
    rings = [(part.exterior, part.interiors) for part in parts]
    return sum(
        abs(GEOD.polygon_area_perimeter(*outer.xy)[0])
        - sum(abs(GEOD.polygon_area_perimeter(*inner.xy)[0]) for inner in inners)
        for outer, inners in rings
    )


@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-84, 84),
    size=st.floats(0.01, 2),
    shift=st.tuples(st.floats(-1.2, 1.2), st.floats(-1.2, 1.2)),
    hole=st.booleans(),
)
@example(lon=180.0, lat=84.0, size=2.0, shift=(0.5, 0.5), hole=True)
def test_the_share_of_an_area_is_that_on_the_ellipsoid(
    lon: float, lat: float, size: float, shift: tuple[float, float], hole: bool
) -> None:
    def box(x: float, y: float) -> Any:
        return shapely.box(x - size, y - size, x + size, y + size)

    area = box(lon, lat)
    if hole:
        area = area.difference(box(lon, lat).buffer(-size / 2))
    # With points so close that the shortest paths between them are straight.
    footprint = shapely.segmentize(box(lon + shift[0] * size, lat + shift[1] * size), 0.02)
    expected = 100 * on_ellipsoid(area.intersection(footprint)) / on_ellipsoid(area)
    found = percent(within_globe(footprint, geodesic=False), within_globe(area, geodesic=False))
    assert found == pytest.approx(expected, abs=0.02)


def test_edges_of_footprints_are_shortest_paths() -> None:
    # 60° N: the shortest way between its corners is up to 0.06° north of the parallel.
    footprint = shapely.box(10, 58, 14, 60)
    area = shapely.box(11.9, 60, 12.1, 60.01)
    middle = GEOD.npts(10, 60, 14, 60, 1)[0][1]
    assert middle > 60.01
    assert percent(footprint, area) == pytest.approx(100)


def test_a_hole_is_no_part_of_an_area() -> None:
    # georeader measures against the polygon without its holes.
    area = shapely.box(0, 0, 2, 2).difference(shapely.box(0.5, 0.5, 1.5, 1.5))
    assert percent(shapely.box(0.6, 0.6, 1.4, 1.4), area) == 0
    assert percent(shapely.box(-1, -1, 3, 3), area) == pytest.approx(100)


@pytest.mark.parametrize(
    ("area", "footprint", "expected"),
    [
        (shapely.box(-180, 85, 180, 90), shapely.box(0, 80, 90, 90), 25),
        (shapely.box(-180, -90, 180, -85), WORLD, 100),
        (WORLD, WORLD, 100),
        (WORLD, shapely.box(-180, 0, 180, 90), 50),
        (shapely.box(-180, -90, 0, 90), shapely.box(-90, -90, 0, 90), 50),
        (shapely.box(-170, -60, 170, 60), WORLD, 100),
        (
            shapely.MultiPolygon([shapely.box(179, 0, 180, 1), shapely.box(-180, 0, -179, 1)]),
            shapely.box(-180, -1, -178, 2),
            50,
        ),
    ],
)
def test_at_the_poles_and_around_the_globe(area: Any, footprint: Any, expected: float) -> None:
    assert percent(footprint, area) == pytest.approx(expected, abs=0.01)


def test_without_a_footprint_the_overlap_is_not_known() -> None:
    assert np.isnan(percent(None, WORLD))


@given(st.data())
def test_who_touches_whom(data: st.DataObject) -> None:
    corner = st.floats(-5, 5)
    side = st.floats(0.1, 3)

    def boxes(lon: float) -> Any:
        drawn = data.draw(st.lists(st.tuples(corner, corner, side, side), min_size=1, max_size=6))
        return array(*(shapely.box(lon + x, y, lon + x + w, y + h) for x, y, w, h in drawn))

    for lon in (20.0, 178.0):
        footprints, areas = boxes(lon), boxes(lon)
        split, where = (
            array(*(within_globe(one, geodesic=False) for one in shapes))
            for shapes in (footprints, areas)
        )
        found = {tuple(pair) for pair in touching(split, where, Plane(where)).T.tolist()}
        for i, one in enumerate(footprints):
            for j, other in enumerate(areas):
                common = one.intersection(other)
                if common.area > 0.01:
                    assert (i, j) in found
                if one.distance(other) > 0.01:
                    assert (i, j) not in found


def test_large_and_small_footprints_together() -> None:
    footprints = array(WORLD, None, shapely.box(0, 0, 1, 1), shapely.box(50, 0, 51, 1))
    areas = array(shapely.box(0, 0, 2, 1), shapely.box(0.5, 0.5, 0.6, 0.6))
    plane = Plane(areas)
    pairs = touching(footprints, areas, plane)
    assert pairs.T.tolist() == [[0, 0], [0, 1], [2, 0], [2, 1]]
    common = shapely.area(intersections(footprints, areas, plane, pairs))
    whole = shapely.area(plane.areas(areas))
    assert common / whole[pairs[1]] == pytest.approx([1, 1, 0.5, 1], abs=1e-3)
    nobody = touching(array(None), areas, plane)
    assert nobody.shape == (2, 0)
