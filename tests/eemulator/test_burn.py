"""Shapes as pixels, against GDAL and shapely."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import ee
import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rasterio.errors import NotGeoreferencedWarning
from rasterio.features import geometry_mask

import eemulator
from eemulator.pixels.burn import burned, touched
from tests.eemulator.wire import grid, info, pixels

GRIDS = [
    eemulator.Grid("EPSG:32738", (10.0, 0.0, 500.0, 0.0, -10.0, 300.0), 23, 17),
    eemulator.Grid("EPSG:32738", (9.0, 1.5, 480.0, -2.0, -11.0, 310.0), 19, 21),
    eemulator.Grid("EPSG:4326", (10.0, 0.0, 500.0, 0.0, 10.0, 100.0), 23, 17),
]
POINT = st.tuples(st.floats(450, 800), st.floats(50, 350))


def whole(shape: Any, where: eemulator.Grid) -> Any:
    inside = np.zeros((where.height, where.width), np.bool_)
    found = burned(shape, where)
    if found is not None:
        inside[found.window] = found.inside
    return inside


def squares(where: eemulator.Grid) -> Any:
    a, b, c, d, e, f = where.transform
    u = np.arange(where.width)[None, :, None] + np.array([0, 1, 1, 0, 0])
    v = np.arange(where.height)[:, None, None] + np.array([0, 0, 1, 1, 0])
    return shapely.polygons(np.stack([a * u + b * v + c, d * u + e * v + f], axis=-1))


@settings(max_examples=60)
@given(st.lists(POINT, min_size=3, max_size=9), st.sampled_from(GRIDS))
def test_centres_inside_are_gdals(points: Any, where: eemulator.Grid) -> None:
    shape = shapely.make_valid(shapely.Polygon(points))
    parts = [part for part in shapely.get_parts(shape) if part.area > 1e-6]
    areas = shapely.MultiPolygon([p for part in parts for p in shapely.get_parts(part)])
    assume(not areas.is_empty)
    affine = Affine(*where.transform)
    wanted = geometry_mask([areas], (where.height, where.width), affine, invert=True)
    found = whole(areas, where)
    a, b, c, d, e, f = where.transform
    rows, cols = np.nonzero(found != wanted)
    u, v = cols + 0.5, rows + 0.5
    centres = shapely.points(a * u + b * v + c, d * u + e * v + f)
    # Rounding may decide of centres on an edge.
    assert (shapely.distance(centres, areas.boundary) < 1e-6).all()


def test_centres_on_edges_belong_to_one_side() -> None:
    where = GRIDS[0]
    lower = [(515, 215), (555, 215), (555, 255), (535, 275), (515, 255)]
    upper = [(515, 255), (535, 275), (555, 255), (555, 285), (515, 285)]
    found = [whole(shapely.Polygon(corners), where) for corners in (lower, upper)]
    both = whole(shapely.box(515, 215, 555, 285), where)
    assert not (found[0] & found[1]).any()
    np.testing.assert_array_equal(found[0] | found[1], both)
    assert both.sum() == 4 * 7
    hole = shapely.box(525, 225, 545, 245)
    holed = shapely.box(515, 215, 555, 255) - hole
    assert (whole(holed, where).sum(), whole(hole, where).sum()) == (12, 4)


@settings(max_examples=60)
@given(st.lists(POINT, min_size=2, max_size=6), st.sampled_from(GRIDS))
def test_lines_touch_the_pixels_that_they_go_through(points: Any, where: eemulator.Grid) -> None:
    line = shapely.LineString(points)
    found = touched(line, where)
    along = shapely.length(shapely.intersection(squares(where), line))
    near = shapely.distance(squares(where), line) < 1e-6
    assert found[along > 1e-3].all()
    assert near[found].all()
    np.testing.assert_array_equal(whole(line, where), found)


def test_points_collections_and_what_lies_outside() -> None:
    where = GRIDS[0]
    point = shapely.Point(514.0, 283.0)
    assert np.argwhere(whole(point, where)).tolist() == [[1, 1]]
    both = shapely.GeometryCollection([point, shapely.box(600, 200, 620, 220)])
    assert whole(both, where).sum() == 5
    for nothing in (shapely.Point(0, 0), shapely.box(0, 0, 9, 9), shapely.Polygon()):
        assert burned(nothing, where) is None
    # A shape around everything, and one that goes very far.
    assert whole(shapely.box(-1e30, -1e30, 1e30, 1e30), where).all()
    assert burned(shapely.Point(np.inf, 0), where) is None


def test_a_point_on_an_edge_but_for_rounding_is_in_a_pixel(server: eemulator.Server) -> None:
    """Edges of MODIS' pixels lie on whole degrees, but for the last digits of the projection."""
    side = 463.3127165279165
    sinusoidal = ee.Projection("SR-ORG:6974", [side, 0, -20015109.354, 0, -side, 10007554.677])
    for place in ([20, 10], [0, 0], [-60, -30]):
        found = ee.Image(5).reduceRegion("first", ee.Geometry.Point(place), crs=sinusoidal)
        assert found.getInfo() == {"constant": 5}


def test_requests_leave_the_filters_of_warnings_alone(server: eemulator.Server) -> None:
    image = ee.Image("TEST/UTM").select("u8")
    area = image.geometry().centroid(1).buffer(300)
    clipped = image.clip(area)
    painted = ee.Image(0).byte().paint(ee.FeatureCollection([ee.Feature(area)]), 1)
    entered = []
    plain = warnings.catch_warnings.__enter__

    def enter(self: Any) -> Any:
        entered.append(threading.current_thread())
        return plain(self)

    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patched:
        warnings.simplefilter("error", NotGeoreferencedWarning)
        patched.setattr(warnings.catch_warnings, "__enter__", enter)
        pixels(clipped)
        pixels(painted, grid("EPSG:32738", (30, 0, 399_960, 0, -30, 8_000_020), 20, 20))
        info(image.reduceRegion(ee.Reducer.mean(), area, 10))
        info(image.gt(9).reduceToVectors(None, area, 30))
    here = threading.current_thread()
    assert [thread for thread in entered if thread is not here] == []
