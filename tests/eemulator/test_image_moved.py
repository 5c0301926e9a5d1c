"""Images at other coordinates, and displaced, against the formula of each pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from pyproj import Transformer

from .synthetic import UTM, formula, is_valid
from .wire import grid, info, pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

LEFT, TOP, WIDTH, HEIGHT = 50, 60, 14, 11
_A, _, _C, _, _E, _F = UTM.transform
EAST, NORTH = _C + LEFT * _A, _F + TOP * _E
INSIDE = grid(UTM.crs, (_A, 0, EAST, 0, _E, NORTH), WIDTH, HEIGHT)
ROWS, COLS = np.mgrid[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH]


def image(*bands: str) -> Any:
    return ee.Image("TEST/UTM").select(list(bands))


def stored(name: str, rows: NDArray[Any], cols: NDArray[Any]) -> NDArray[np.float64]:
    """What a band shows, masked pixels as -1."""
    values = formula(name, 3, rows, cols).astype(float)
    return np.where(is_valid(name, 3, rows, cols), values, -1)


def test_pixels_move_to_the_same_coordinates_of_another_crs() -> None:
    """Eastings and northings of zone 38 S, taken for those of zone 33 N."""
    moved = image("u8", "i32").changeProj(ee.Projection(UTM.crs), ee.Projection("EPSG:32633"))
    there = grid("EPSG:32633", (_A, 0, EAST, 0, _E, NORTH), WIDTH, HEIGHT)
    found = pixels(moved.unmask(-1, False), there)
    for name in ("u8", "i32"):
        np.testing.assert_array_equal(found[name], stored(name, ROWS, COLS))
    described = info(moved)["bands"][0]
    assert described["crs"] == "EPSG:32633"
    assert described["crs_transform"] == list(UTM.transform)
    assert described["dimensions"] == [UTM.width, UTM.height]
    assert info(moved.get("time")) == info(image("u8").get("time"))
    assert info(moved.get("system:footprint")) is None


def test_the_transforms_of_the_projections_count() -> None:
    """A source of smaller pixels stretches the image: what was at 10 m is at 10 / 0.5 m."""
    moved = image("u8").changeProj(ee.Projection(UTM.crs).scale(0.5, 0.5), ee.Projection(UTM.crs))
    there = grid(UTM.crs, (20, 0, 2 * EAST, 0, -20, 2 * NORTH), WIDTH, HEIGHT)
    found = pixels(moved.unmask(-1, False), there)["u8"]
    np.testing.assert_array_equal(found, stored("u8", ROWS, COLS))
    assert info(moved.projection().nominalScale()) == pytest.approx(20)


def test_other_grids_see_pixels_of_the_new_crs() -> None:
    moved = image("u8").changeProj(ee.Projection(UTM.crs), ee.Projection("EPSG:32633"))
    to_lonlat = Transformer.from_crs("EPSG:32633", "EPSG:4326", always_xy=True)
    lon, lat = to_lonlat.transform(EAST + 75, NORTH - 75)
    step = 1e-4
    there = grid("EPSG:4326", (step, 0, lon, 0, -step, lat), 5, 5)
    found = pixels(moved.unmask(-1, False), there)["u8"]
    y, x = np.mgrid[:5, :5] + 0.5
    back = Transformer.from_crs("EPSG:4326", "EPSG:32633", always_xy=True)
    east, north = back.transform(lon + x * step, lat - y * step)
    # The pixel under the nearest centre of the grid's scale: at most one beside.
    columns, rows = (east - _C) / _A, (north - _F) / _E
    near = [
        stored("u8", np.floor(rows + r).astype(int), np.floor(columns + c).astype(int))
        for r in (-0.7, 0, 0.7)
        for c in (-0.7, 0, 0.7)
    ]
    assert (np.stack(near) == found).any(axis=0).all()


def test_whole_pixels_of_displacement() -> None:
    shift = ee.Image([30, -20]).setDefaultProjection(UTM.crs, None, 10)
    for mode in ("nearest_neighbor", "bilinear", "bicubic"):
        moved = image("u8", "i32").displace(shift, mode)
        found = pixels(moved.unmask(-1, False), INSIDE)
        np.testing.assert_array_equal(found["u8"], stored("u8", ROWS + 2, COLS + 3))
        np.testing.assert_array_equal(found["i32"], stored("i32", ROWS + 2, COLS + 3))
    assert info(moved.propertyNames()) == info(image("u8").propertyNames())
    assert info(moved.projection()) == info(image("u8").projection())


def test_half_pixels_are_interpolated_by_the_mode() -> None:
    """Columns of a plane: every mode finds a linear function again, but for the nearest."""
    plane = ee.Image.pixelCoordinates(ee.Projection(UTM.crs)).select("x")
    lattice = plane.setDefaultProjection(UTM.crs, list(UTM.transform))
    shift = ee.Image([4, 0]).setDefaultProjection(UTM.crs, None, 10)
    here = EAST + 10 * (np.arange(WIDTH) + 0.5)
    for mode, moved in (("bilinear", 4), ("bicubic", 4), ("nearest_neighbor", 0)):
        found = pixels(lattice.displace(shift, mode), INSIDE)["x"]
        np.testing.assert_allclose(found, np.broadcast_to(here + moved, found.shape), rtol=1e-12)


def test_each_pixel_goes_its_own_way_and_masked_ones_nowhere() -> None:
    """Displacements of 0 or 20 m, in another CRS than the image and the grid."""
    flag = ee.Image("TEST/UTM").select("flag")
    shift = flag.multiply(20).addBands(flag.multiply(0))
    found = pixels(image("i32").displace(shift, "nearest_neighbor").unmask(-1), INSIDE)["i32"]
    far = formula("flag", 3, ROWS, COLS).astype(int) * 2
    expected = formula("i32", 3, ROWS, COLS + far).astype(float)
    ok = is_valid("flag", 3, ROWS, COLS)
    np.testing.assert_array_equal(found, np.where(ok, expected, -1))
    # One degree east by a displacement in degrees' metres.
    degree = ee.Image([0.001 * 6_378_137 * np.pi / 180, 0])
    place = ee.Image.pixelLonLat().select("longitude")
    small = grid("EPSG:4326", (0.001, 0, 44, 0, -0.001, -18), 6, 4)
    east = pixels(place.displace(degree), small)["longitude"]
    np.testing.assert_allclose(east[0], 44 + 0.001 * (np.arange(6) + 1.5), rtol=1e-12)


def test_infinite_pixels_are_interpolated_without_a_warning() -> None:
    endless = image("f32").multiply(0).add(1e308).multiply(10)
    found = pixels(endless.displace(ee.Image([4, 3]), "bicubic").unmask(-1), INSIDE)["f32"]
    assert (found == np.inf).any()
    assert not (np.isfinite(found) & (found != -1)).any()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: image("u8").displace(ee.Image([1, 1]), "cubic"), "Unknown interpolation mode"),
        (lambda: image("u8").displace(ee.Image(1)), "must have two bands, got 1"),
        (lambda: image("u8").displace(ee.Image([1, 1]), "bilinear", -1), "must not be negative"),
    ],
)
def test_what_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ee.EEException, match=message):
        info(make())
