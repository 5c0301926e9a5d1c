"""Unions piece by piece: what shapely makes at once, and an end to those that have none."""

from __future__ import annotations

import threading

import ee
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from eemulator.errors import ServiceError
from eemulator.limits import Limits
from eemulator.values.unions import check_meetings, united
from eemulator.watchdog import Watchdog

from .wire import info

BOXES = st.builds(
    lambda x, y, w, h: shapely.box(x, y, x + w, y + h),
    st.integers(0, 30), st.integers(0, 30), st.integers(1, 5), st.integers(1, 5),
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.lists(BOXES, max_size=100))
def test_a_union_is_that_of_shapely(boxes: list[shapely.Polygon]) -> None:
    found = united(boxes)
    expected = shapely.union_all(boxes)
    assert found.symmetric_difference(expected).area == 0
    # Whole boxes: the area is that of the cells that any covers.
    cells = {
        (x, y)
        for left, bottom, right, top in (box.bounds for box in boxes)
        for x in range(int(left), int(right))
        for y in range(int(bottom), int(top))
    }
    assert found.area == len(cells)


def circles(count: int) -> list[shapely.Polygon]:
    middles = np.random.default_rng(1).random((count, 2))
    return [shapely.Point(middle).buffer(0.3, quad_segs=6) for middle in middles]


def test_a_long_union_can_be_interrupted() -> None:
    """GEOS is never so long at work that the watchdog has to wait for the whole."""
    shapes = circles(3000)
    watchdog = Watchdog(Limits(computation_seconds=None))
    ends, begun = [np.inf], threading.Event()

    def work() -> None:
        begun.set()
        while True:
            united(shapes)

    def end() -> None:
        begun.wait(30)
        ends[0] = -np.inf

    ender = threading.Thread(target=end)
    ender.start()
    try:
        with pytest.raises(ServiceError, match="out of time"):
            watchdog.run_until(work, lambda: ends[0], lambda: ServiceError("out of time"))
    finally:
        ender.join()
        watchdog.close()


def comb(teeth: int) -> shapely.Polygon:
    """A comb of thin teeth, from left to right."""
    points = [(-1.0, -1.0)]
    for tooth in range(teeth):
        y = float(tooth)
        points += [(0.0, y), (teeth + 1.0, y), (teeth + 1.0, y + 0.5), (0.0, y + 0.5)]
    return shapely.Polygon([*points, (-1.0, float(teeth))])


@pytest.mark.usefixtures("server")
def test_combs_that_cross_too_often_are_refused() -> None:
    """A grid of 2,000 by 2,000 crossings: two million edges and more, in the service's words."""
    lying = shapely.affinity.scale(comb(2000), 0.001, 0.001, origin=(0, 0))
    standing = shapely.transform(lying, lambda points: points[:, ::-1])
    one, other = (
        ee.Geometry(shapely.geometry.mapping(each), None, False) for each in (lying, standing)
    )
    with pytest.raises(ee.EEException, match=r"Geometry has too many edges \(\d+ > 2000000\)"):
        info(one.union(other, 1))


def test_few_crossings_are_not_refused() -> None:
    square = shapely.box(0, 0, 1, 1)
    many = shapely.segmentize(shapely.box(0.5, 0.5, 2, 2), 1e-4)
    check_meetings([square, many])
    assert united([square, many]).area == pytest.approx(1 + 2.25 - 0.25)


def test_more_edges_than_a_geometry_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of separate rings add up, holes among them; closing points are no edges."""
    monkeypatch.setattr("eemulator.values.unions.MOST_EDGES", 11)
    holed = shapely.box(0, 0, 3, 3).difference(shapely.box(1, 1, 2, 2))
    square = shapely.box(5, 5, 6, 6)
    with pytest.raises(ServiceError, match="Geometry has too many edges \\(12 > "):
        united([holed, square])
    monkeypatch.setattr("eemulator.values.unions.MOST_EDGES", 12)
    check_meetings([holed, shapely.LineString([(5, 5), (6, 6), (7, 5), (8, 6), (9, 5)])])


@pytest.mark.usefixtures("server")
def test_overlapping_parts_of_a_geometry_are_united() -> None:
    parts = [shapely.geometry.mapping(each)["coordinates"] for each in circles(200)]
    geometry = ee.Geometry.MultiPolygon(parts, None, False)
    expected = shapely.union_all(circles(200))
    found = shapely.geometry.shape(info(geometry.dissolve(1)))
    assert found.symmetric_difference(expected).area < 1e-9
    features = ee.FeatureCollection([ee.Feature(geometry), ee.Feature(ee.Geometry.Point([9, 9]))])
    assert info(features.geometry().type()) == "GeometryCollection"
