"""The pixel grid: which window an area needs, to the pixel."""

from __future__ import annotations

import math
from fractions import Fraction

import pyproj
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

from geetensor.errors import InvalidInputError
from geetensor.grid import (
    METRES_PER_DEGREE,
    TOLERANCE,
    PixelGrid,
    Window,
    converted_resolution,
    crs_name,
    lattice,
    metres_per_unit,
    resolution_from_scale,
    same_crs,
    window_of_geometry,
)

UTM = "EPSG:32738"
TILE = PixelGrid(UTM, Affine(10.0, 0.0, 699960.0, 0.0, -10.0, 7900000.0), 10980, 10980)

cells = st.integers(-5000, 20000)
sizes = st.integers(1, 3000)


@given(row=cells, col=cells, height=sizes, width=sizes)
def test_a_box_of_whole_pixels_is_its_own_window(
    row: int, col: int, height: int, width: int
) -> None:
    window = Window(row, col, height, width)
    box = shapely.box(*TILE.window(window).bounds)
    assert window_of_geometry(TILE, box, UTM) == window


@given(
    row=cells,
    col=cells,
    height=sizes,
    width=sizes,
    noise=st.floats(-0.9 * TOLERANCE, 0.9 * TOLERANCE),
)
def test_floating_point_noise_adds_no_pixel(
    row: int, col: int, height: int, width: int, noise: float
) -> None:
    window = Window(row, col, height, width)
    left, bottom, right, top = TILE.window(window).bounds
    box = shapely.box(left - 10 * noise, bottom + 10 * noise, right - 10 * noise, top + 10 * noise)
    assert window_of_geometry(TILE, box, UTM) == window


@given(row=cells, col=cells, inside=st.floats(0.01, 0.99), reach=st.floats(0.01, 0.99))
def test_what_reaches_into_a_pixel_adds_it(row: int, col: int, inside: float, reach: float) -> None:
    left, top = 699960 + 10 * (col + inside), 7900000 - 10 * (row + inside)
    box = shapely.box(left, top - 10 * (1 + reach), left + 10 * (1 + reach), top)
    expected = math.ceil(inside + 1 + reach)
    assert window_of_geometry(TILE, box, UTM) == Window(row, col, expected, expected)


def test_an_area_within_one_pixel_is_that_pixel() -> None:
    box = shapely.box(700001, 7899991, 700002, 7899992)
    assert window_of_geometry(TILE, box, UTM) == Window(0, 4, 1, 1)


@given(
    row=cells,
    col=cells,
    angle=st.floats(-3, 3),
    shear=st.floats(-0.4, 0.4),
    height=sizes,
    width=sizes,
)
def test_sheared_and_turned_lattices(
    row: int, col: int, angle: float, shear: float, height: int, width: int
) -> None:
    turned = Affine.translation(5e5, 7e6) @ Affine.rotation(math.degrees(angle))
    transform = turned @ Affine(10.0, 10 * shear, 0.0, 0.0, -12.0, 0.0)
    base = PixelGrid(UTM, transform, 0, 0)
    corners = [(col, row), (col + width, row), (col + width, row + height), (col, row + height)]
    area = shapely.Polygon([transform @ corner for corner in corners])
    assert window_of_geometry(base, area, UTM) == Window(row, col, height, width)


@given(
    lon=st.floats(44.0, 50.0),
    lat=st.floats(-25.0, -12.0),
    width=st.floats(0.001, 0.5),
    height=st.floats(0.001, 0.5),
)
def test_every_point_of_an_area_in_another_crs_is_covered(
    lon: float, lat: float, width: float, height: float
) -> None:
    area = shapely.box(lon, lat, lon + width, lat + height)
    window = window_of_geometry(TILE, area, "EPSG:4326")
    grid = TILE.window(window)
    to_utm = pyproj.Transformer.from_crs(4326, 32738, always_xy=True)
    edge = area.boundary
    steps = 1000  # not a divisor or multiple of how the code follows an edge
    points = [edge.interpolate(i / steps, normalized=True).coords[0] for i in range(steps)]
    points += area.exterior.coords  # corners, which the steps may pass over
    xs, ys = to_utm.transform([x for x, _ in points], [y for _, y in points])
    left, bottom, right, top = grid.bounds
    slack = 0.01  # metres: a curve between two of the points that the code follows
    assert left - slack <= min(xs) < left + 10
    assert right - 10 < max(xs) <= right + slack
    assert bottom - slack <= min(ys) < bottom + 10
    assert top - 10 < max(ys) <= top + slack


@given(resolution=st.sampled_from([10.0, 20.0, 0.3, 1 / 3600, 1000.0]), row=cells, col=cells)
def test_a_lattice_runs_through_the_multiples_of_the_scale(
    resolution: float, row: int, col: int
) -> None:
    grid = lattice(UTM, resolution).window(Window(row, col, 3, 4))
    assert grid.transform.c == resolution * col
    assert grid.transform.f == -resolution * row


def test_scale_is_in_crs_units_and_in_metres_where_that_is_degrees() -> None:
    assert resolution_from_scale(10, UTM) == 10
    assert resolution_from_scale(0.25, "EPSG:4326") == 0.25
    assert resolution_from_scale(10, "EPSG:4326") == 10 / METRES_PER_DEGREE
    assert math.isclose(METRES_PER_DEGREE, 111319.49079327358)


@pytest.mark.parametrize("scale", [0, -10, math.nan, math.inf, "10", None, True])
def test_a_scale_that_is_no_size_is_refused(scale: object) -> None:
    with pytest.raises(InvalidInputError, match="scale"):
        resolution_from_scale(scale, UTM)  # type: ignore[arg-type]


def test_crs_names() -> None:
    assert crs_name(32738) == UTM
    assert crs_name(pyproj.CRS(32738)) == UTM
    assert crs_name("epsg:32738") == UTM
    assert crs_name("SR-ORG:6974") == "SR-ORG:6974"
    assert crs_name(pyproj.CRS("+proj=sinu +R=6371007.181")).startswith("PROJCRS")
    assert same_crs("EPSG:4326", "OGC:CRS84")
    assert not same_crs(UTM, "EPSG:32739")
    assert metres_per_unit("SR-ORG:6974") == 1
    assert metres_per_unit("EPSG:2263") == pytest.approx(0.3048, rel=1e-5)
    for nonsense in ("EPSG:0", "no crs", object()):
        with pytest.raises(InvalidInputError, match="Unknown CRS"):
            crs_name(nonsense)


@given(row=cells, col=cells, height=sizes, width=sizes)
def test_touches_is_about_interiors(row: int, col: int, height: int, width: int) -> None:
    part = shapely.box(*TILE.window(Window(row, col, height, width)).bounds)
    shares = row < 10980 and row + height > 0 and col < 10980 and col + width > 0
    assert TILE.touches(part, UTM) == shares


def test_touches_across_crs() -> None:
    here = shapely.box(47.2, -19.3, 47.3, -19.2)
    there = shapely.box(12.0, 41.9, 12.1, 42.0)
    assert TILE.touches(here, "EPSG:4326")
    assert not TILE.touches(there, "EPSG:4326")


def test_parts_on_both_sides_do_not_touch_what_is_between() -> None:
    left, bottom, right, top = TILE.bounds
    sides = shapely.MultiPolygon(
        [
            shapely.box(left - 100, bottom, left - 10, top),
            shapely.box(right + 10, bottom, right + 100, top),
        ]
    )
    assert not TILE.touches(sides, UTM)


@given(resolution=st.floats(1e-6, 1e6), steps=st.integers(-(2**22), 2**22))
def test_multiples_of_a_derived_resolution_are_exact(resolution: float, steps: int) -> None:
    derived = converted_resolution(resolution, "EPSG:4326", "EPSG:3857")
    assert derived == pytest.approx(resolution * METRES_PER_DEGREE, rel=2e-9)
    assert Fraction(derived) * steps == Fraction(derived * steps)
