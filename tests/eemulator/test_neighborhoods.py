"""Kernels, filters, distances and relief against SciPy, NumPy or a closed formula."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer
from scipy import ndimage
from scipy.stats import kstest

from .synthetic import LONLAT, UTM, formula, is_valid, part
from .wire import grid, info, pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

# A window well inside of the image: neighbours beyond its edges are there.
LEFT, TOP, WIDTH, HEIGHT, MARGIN = 50, 60, 40, 30, 20
_A, _, _C, _, _E, _F = UTM.transform
INSIDE = part(LEFT, TOP, WIDTH, HEIGHT)
ROWS, COLS = np.mgrid[TOP - MARGIN : TOP + HEIGHT + MARGIN, LEFT - MARGIN : LEFT + WIDTH + MARGIN]


def image(*bands: str) -> Any:
    return ee.Image("TEST/UTM").select(list(bands))


def around(band: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values and validity with a margin."""
    return formula(band, 3, ROWS, COLS).astype(float), is_valid(band, 3, ROWS, COLS)


def core(values: NDArray[Any]) -> NDArray[Any]:
    return values[MARGIN:-MARGIN, MARGIN:-MARGIN]


def weights(kernel: Any) -> list[list[float]]:
    found: list[list[float]] = info(kernel)["weights"]
    return found


# What Earth Engine's reference shows of each kernel, as far as it shows digits.
SHOWN: list[tuple[Any, str]] = [
    (lambda: ee.Kernel.circle(3), "0001000 0111110 0111110 1111111 0111110 0111110 0001000"),
    (lambda: ee.Kernel.octagon(3), "0011100 0111110 1111111 1111111 1111111 0111110 0011100"),
    (lambda: ee.Kernel.diamond(3), "0001000 0011100 0111110 1111111 0111110 0011100 0001000"),
    (lambda: ee.Kernel.cross(3), "1000001 0100010 0010100 0001000 0010100 0100010 1000001"),
    (lambda: ee.Kernel.plus(3), "0001000 0001000 0001000 1111111 0001000 0001000 0001000"),
    (lambda: ee.Kernel.square(2), "11111 11111 11111 11111 11111"),
    (lambda: ee.Kernel.rectangle(2, 1), "11111 11111 11111"),
]


@pytest.mark.parametrize(("make", "rows"), SHOWN)
def test_kernels_of_ones_sum_to_one(make: Any, rows: str) -> None:
    expected = np.array([[int(digit) for digit in row] for row in rows.split()])
    np.testing.assert_allclose(weights(make()), expected / expected.sum(), rtol=1e-12)


def test_kernels_by_distance_and_of_edges() -> None:
    y, x = np.mgrid[-3:4, -3:4]
    assert weights(ee.Kernel.chebyshev(3)) == np.maximum(abs(x), abs(y)).tolist()
    assert weights(ee.Kernel.manhattan(3)) == (abs(x) + abs(y)).tolist()
    np.testing.assert_allclose(weights(ee.Kernel.euclidean(3)), np.hypot(x, y))
    assert weights(ee.Kernel.sobel()) == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert weights(ee.Kernel.compass()) == [[1, 1, -1], [1, -2, -1], [1, 1, -1]]
    assert weights(ee.Kernel.kirsch()) == [[5, -3, -3], [5, 0, -3], [5, -3, -3]]
    assert weights(ee.Kernel.prewitt()) == [[1, 0, -1]] * 3
    assert weights(ee.Kernel.laplacian8(2)) == [[2, 2, 2], [2, -16, 2], [2, 2, 2]]
    assert info(ee.Kernel.roberts()) == {
        "type": "Kernel.roberts", "center": [1, 1], "weights": [[1, 0], [0, -1]]
    }  # fmt: skip
    gaussian = np.array(weights(ee.Kernel.gaussian(3)))
    assert gaussian.shape == (5, 5)
    assert gaussian[2] == pytest.approx([0.021, 0.098, 0.162, 0.098, 0.021], abs=1e-3)
    assert gaussian.sum() == pytest.approx(1)


def test_kernels_of_kernels() -> None:
    sobel = ee.Kernel.sobel()
    assert weights(sobel.inverse()) == [[-1, 0, 1], [-0.5, 0, 0.5], [-1, 0, 1]]
    assert weights(sobel.rotate(1)) == [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]
    assert weights(sobel.rotate(-2)) == [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
    total = np.array(weights(ee.Kernel.chebyshev(3).add(ee.Kernel.square(1, "pixels", False, 100))))
    y, x = np.mgrid[-3:4, -3:4]
    inner = (abs(x) <= 1) & (abs(y) <= 1)
    np.testing.assert_array_equal(total, np.maximum(abs(x), abs(y)) + 100 * inner)
    turned = info(ee.Kernel.roberts().rotate(1))
    assert (turned["weights"], turned["center"]) == ([[0, 1], [-1, 0]], [0, 1])
    fixed = ee.Kernel.fixed(3, 2, [[1, 2, 3], [4, 5, 6]], 0, 1)
    assert info(fixed)["center"] == [0, 1]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ee.Kernel.circle(-1), "must not be negative"),
        (lambda: ee.Kernel.circle(1e9), "reaches 1000000000 pixels far, at most 256"),
        (lambda: ee.Kernel.circle(1, "feet"), "Unknown kernel units 'feet'"),
        (lambda: ee.Kernel.fixed(3, 3, [[1]]), "The weights are 1 by 1, not 3 by 3"),
        (lambda: ee.Kernel.fixed(1, 1, [["a"]]), "must be a list of rows of numbers"),
        (lambda: image("u8").focalMax(1, "heart"), "Unknown kernel type 'heart'"),
        (lambda: image("u8").focalMax(1, "circle", "pixels", 0), "iterations must be 1 to"),
        (lambda: image("u8").fastDistanceTransform(256, "meters"), "Only 'pixels' are supported"),
        (lambda: image("u8").reduceNeighborhood(ee.Reducer.toList(), ee.Kernel.square(1)),
         "cannot reduce images with Reducer.toList"),
        (lambda: image("u8", "u16").directionalDistanceTransform(0, 9), "a single band"),
    ],
)  # fmt: skip
def test_what_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ee.EEException, match=message):
        make().getInfo()


def test_convolution() -> None:
    kernel = ee.Kernel.fixed(3, 2, [[1, 2, 3], [-4, 5, 0.5]], 0, 1)
    found = pixels(image("i32").convolve(kernel), INSIDE)["i32"]
    values, _ = around("i32")
    expected = np.zeros(values.shape)
    for (row, column), weight in np.ndenumerate(np.array([[1, 2, 3], [-4, 5, 0.5]])):
        expected += weight * np.roll(values, (1 - row, -column), (0, 1))
    np.testing.assert_allclose(found, core(expected), rtol=1e-12)
    mask = pixels(image("u8").convolve(ee.Kernel.square(1)).mask(), INSIDE)["u8"]
    _, ok = around("u8")
    np.testing.assert_array_equal(mask, core(ndimage.minimum_filter(ok, 3)))


FOCAL: dict[str, Any] = {
    "Max": np.nanmax, "Min": np.nanmin, "Mean": np.nanmean, "Median": np.nanmedian,
}  # fmt: skip


def footprint(shape: str, radius: float) -> NDArray[np.bool_]:
    n = math.floor(radius)
    y, x = np.mgrid[-n : n + 1, -n : n + 1]
    found: dict[str, NDArray[np.bool_]] = {
        "circle": x * x + y * y <= radius * radius,
        "square": np.ones(x.shape, np.bool_),
        "plus": (x == 0) | (y == 0),
        "cross": abs(x) == abs(y),
        "diamond": abs(x) + abs(y) <= radius,
    }
    return found[shape]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(list(FOCAL)),
    shape=st.sampled_from(["circle", "square", "plus", "cross", "diamond"]),
    radius=st.sampled_from([0, 1, 1.5, 2, 3.7]),
    band=st.sampled_from(["u8", "i16", "f32"]),
)
def test_focal_filters(name: str, shape: str, radius: float, band: str) -> None:
    filtered = getattr(image(band), f"focal{name}")(radius, shape)
    found = pixels(filtered, INSIDE)[band]
    values, ok = around(band)
    expected = ndimage.generic_filter(
        np.where(ok, values, np.nan)[MARGIN - 4 : 4 - MARGIN, MARGIN - 4 : 4 - MARGIN],
        lambda cells: np.nan if np.isnan(cells).all() else FOCAL[name](cells),
        footprint=footprint(shape, radius),
    )[4:-4, 4:-4]
    np.testing.assert_allclose(found, np.nan_to_num(expected), rtol=1e-6)


def test_focal_names_types_and_iterations() -> None:
    twice = image("u8").focal_max(1, "square", "pixels", 2)
    once = image("u8").focal_max(2, "square")
    np.testing.assert_array_equal(pixels(twice, INSIDE), pixels(once, INSIDE))
    assert info(once)["bands"][0]["data_type"]["max"] == 255
    assert info(image("u8").focal_mean())["bands"][0]["data_type"]["precision"] == "double"
    by_kernel = image("u8").focal_max(kernel=ee.Kernel.square(2))
    np.testing.assert_array_equal(pixels(by_kernel, INSIDE), pixels(once, INSIDE))
    metres = image("u8").focal_max(20, "square", "meters")
    np.testing.assert_array_equal(pixels(metres, INSIDE), pixels(once, INSIDE))
    mode = pixels(image("flag").focal_mode(1, "square"), INSIDE)["flag"]
    values, ok = around("flag")
    ones = ndimage.correlate((values * ok), np.ones((3, 3)), mode="nearest")
    valid = ndimage.correlate(ok.astype(float), np.ones((3, 3)), mode="nearest")
    np.testing.assert_array_equal(mode, core(ones > valid - ones))


def test_reduce_neighborhood() -> None:
    kernel = ee.Kernel.fixed(3, 3, [[1, 2, 0], [3, 4, 5], [0, 0.5, 6]])
    table = np.array([[1, 2, 0], [3, 4, 5], [0, 0.5, 6]])
    values, ok = around("u8")
    total = ndimage.correlate(values * ok, table, mode="nearest")
    weight = ndimage.correlate(ok.astype(float), table, mode="nearest")
    reducer = ee.Reducer.mean().combine(ee.Reducer.sum(), "", True)
    found = pixels(image("u8").reduceNeighborhood(reducer, kernel), INSIDE)
    assert found.dtype.names == ("u8_mean", "u8_sum")
    here = core(ok)
    np.testing.assert_allclose(found["u8_mean"], np.where(here, core(total / weight), 0))
    np.testing.assert_allclose(found["u8_sum"], np.where(here, core(total), 0))
    filled = pixels(
        image("u8").reduceNeighborhood(ee.Reducer.mean(), kernel, "mask", False), INSIDE
    )
    cells = (table != 0).astype(float)
    expected = ndimage.correlate(values * ok, cells, mode="nearest") / ndimage.correlate(
        ok.astype(float), cells, mode="nearest"
    )
    np.testing.assert_allclose(filled["u8_mean"], core(expected))
    counts = pixels(image("u8").reduceNeighborhood(ee.Reducer.count(), kernel), INSIDE)["u8_count"]
    number = ndimage.correlate(ok.astype(float), cells, mode="nearest")
    np.testing.assert_array_equal(counts, np.where(here, core(number), 0))
    # Half a mask, and a kernel of ones: the smaller counts.
    half = image("i32").toDouble().updateMask(0.5)
    least = half.reduceNeighborhood(ee.Reducer.sum(), ee.Kernel.square(1, normalize=False), "min")
    i32, _ = around("i32")
    expected = ndimage.correlate(i32, np.full((3, 3), 0.5), mode="nearest")
    np.testing.assert_allclose(pixels(least, INSIDE)["i32_sum"], core(expected), rtol=1e-9)


def test_neighborhood_to_bands() -> None:
    found = pixels(image("u8").neighborhoodToBands(ee.Kernel.plus(1)), INSIDE)
    assert found.dtype.names == ("u8_0_-1", "u8_-1_0", "u8_0_0", "u8_1_0", "u8_0_1")
    values, ok = around("u8")
    expected = np.roll(np.where(ok, values, 0), (0, -1), (0, 1))
    np.testing.assert_array_equal(found["u8_1_0"], core(expected))


@pytest.mark.parametrize("metric", ["squared_euclidean", "manhattan", "chebyshev"])
def test_fast_distance_transform(metric: str) -> None:
    marks = image("u8").eq(7)
    found = pixels(marks.fastDistanceTransform(12, "pixels", metric).unmask(-1), INSIDE)["distance"]
    values, ok = around("u8")
    targets = np.argwhere(ok & (values == 7)) - MARGIN
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    down, across = (abs(axis[..., None] - targets[:, i]) for i, axis in enumerate((y, x)))
    table = {
        "squared_euclidean": down**2 + across**2,
        "manhattan": down + across,
        "chebyshev": np.maximum(down, across),
    }[metric].min(axis=-1)
    limit = 144 if metric == "squared_euclidean" else 12
    np.testing.assert_array_equal(found, np.where(table <= limit, table, -1))
    nothing = image("u8").eq(300).fastDistanceTransform(5)
    assert not pixels(nothing.mask(), INSIDE)["distance"].any()


@pytest.mark.parametrize(
    ("angle", "column", "row", "length"),
    [(0, 1, 0, 1), (90, 0, -1, 1), (180, -1, 0, 1), (-90, 0, 1, 1), (45, 1, -1, math.sqrt(2)),
     (225, -1, 1, math.sqrt(2))],
)  # fmt: skip
def test_directional_distance_transform(angle: float, column: int, row: int, length: float) -> None:
    pair = image("u8").eq(7).rename("cloud").addBands(image("i32"))
    result = pair.directionalDistanceTransform(angle, 10, "cloud")
    found = pixels(result.unmask(-1), INSIDE)
    assert found.dtype.names == ("i32", "distance")
    values, ok = around("u8")
    target = ok & (values == 7)
    i32, _ = around("i32")
    distance, label = np.full(target.shape, -1.0), np.full(target.shape, -1.0)
    for k in range(int(10 / length + 1e-9), -1, -1):
        there = np.roll(target, (-row * k, -column * k), (0, 1))
        distance[there] = k * length
        label[there] = np.roll(i32, (-row * k, -column * k), (0, 1))[there]
    np.testing.assert_allclose(found["distance"], core(distance), rtol=1e-6)
    np.testing.assert_array_equal(found["i32"], core(label))


def test_relief_of_a_plane() -> None:
    # 3 m down a metre eastwards, 1.5 m up a metre northwards: pixels are 10 m.
    east = ee.Image.pixelCoordinates(ee.Projection("EPSG:32738"))
    dem = east.select("x").multiply(-3).add(east.select("y").multiply(1.5)).rename("elevation")
    found = pixels(ee.Terrain.products(dem), INSIDE)
    assert found.dtype.names == ("elevation", "slope", "aspect", "hillshade")
    slope = math.degrees(math.atan(math.hypot(3, 1.5)))
    np.testing.assert_allclose(found["slope"], slope, rtol=1e-6)
    # Down to the east and to the south.
    np.testing.assert_allclose(found["aspect"], 90 + math.degrees(math.atan2(1.5, 3)), rtol=1e-6)
    # The sun stands in the west, behind the slope.
    assert not found["hillshade"].any()
    lit = pixels(ee.Terrain.hillshade(dem, 116.565051, 26.5), INSIDE)["hillshade"]
    normal = np.array([3, -1.5, 1]) / math.sqrt(1 + 9 + 2.25)
    a, h = math.radians(116.565051), math.radians(26.5)
    sun = np.array([math.cos(h) * math.sin(a), math.cos(h) * math.cos(a), math.sin(h)])
    assert (lit == round(255 * normal @ sun)).all()
    gradient = pixels(dem.gradient(), INSIDE)
    np.testing.assert_allclose(gradient["x"], -3, rtol=1e-6)
    np.testing.assert_allclose(gradient["y"], 1.5, rtol=1e-6)
    derivative = pixels(dem.derivative(), INSIDE)
    np.testing.assert_allclose(derivative["elevation_x"], -30, rtol=1e-6)
    np.testing.assert_allclose(derivative["elevation_y"], -15, rtol=1e-6)
    flat = pixels(ee.Terrain.products(ee.Image(5)).select("slope", "hillshade"), INSIDE)
    assert not flat["slope"].any()
    assert (flat["hillshade"] == round(255 * math.sin(math.radians(45)))).all()


def test_slopes_in_degrees_and_at_masks() -> None:
    a, _, c, _, e, f = LONLAT.transform
    window = grid(LONLAT.crs, (a, 0, c + 20 * a, 0, e, f + 20 * e), 30, 20)
    # A metre up for 1e-5° of longitude.
    dem = ee.Image.pixelLonLat().select("longitude").multiply(1e5)
    latitude = f + (20 + np.arange(20) + 0.5)[:, None] * e
    degree = 6_378_137 * math.pi / 180
    expected = np.degrees(np.arctan(1e5 / (degree * np.cos(np.radians(latitude)))))
    found = pixels(ee.Terrain.slope(dem), window)["slope"]
    np.testing.assert_allclose(found, np.broadcast_to(expected, (20, 30)), rtol=1e-5)
    mask = pixels(ee.Terrain.slope(image("u8")).mask(), INSIDE)["slope"]
    _, ok = around("u8")
    cross = ndimage.generate_binary_structure(2, 1)
    np.testing.assert_array_equal(mask, core(ndimage.binary_erosion(ok, cross)))


def test_a_wide_window_is_bounded(server: Any) -> None:
    wide = image("u8").focalMax(256, "square", "pixels", 100)
    with pytest.raises(ee.EEException, match="User memory limit exceeded"):
        pixels(wide, INSIDE)


def test_where_pixels_are() -> None:
    found = pixels(ee.Image.pixelLonLat(), INSIDE)
    to_lonlat = Transformer.from_crs(UTM.crs, "EPSG:4326", always_xy=True)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    east, north = _C + (LEFT + x) * _A, _F + (TOP + y) * _E
    longitude, latitude = to_lonlat.transform(east, north)
    np.testing.assert_allclose(found["longitude"], longitude, rtol=1e-12)
    np.testing.assert_allclose(found["latitude"], latitude, rtol=1e-12)
    found = pixels(ee.Image.pixelCoordinates(ee.Projection("EPSG:32738")), INSIDE)
    np.testing.assert_allclose(found["x"], east)
    np.testing.assert_allclose(found["y"], north)
    columns = pixels(ee.Image.pixelCoordinates(image("u8").projection()), INSIDE)
    np.testing.assert_allclose(columns["x"], LEFT + x)


def test_areas_of_pixels() -> None:
    wire = grid("EPSG:4326", (1, 0, 40, 0, -1, 10), 2, 30)
    found = pixels(ee.Image.pixelArea(), wire)["area"]
    for row in (0, 12, 29):
        top = 10.0 - row
        # Parallels are no geodesics: follow them.
        ring = shapely.segmentize(shapely.box(40, top - 1, 41, top), 0.01)
        area = abs(Geod(ellps="WGS84").geometry_area_perimeter(ring)[0])
        assert found[row] == pytest.approx([area, area], rel=1e-8)
    utm = pixels(ee.Image.pixelArea(), INSIDE)["area"]
    left, top = _C + LEFT * _A, _F + TOP * _E
    square = [(left, top), (left + _A, top), (left + _A, top + _E), (left, top + _E)]
    to_lonlat = Transformer.from_crs(UTM.crs, "EPSG:4326", always_xy=True)
    ring = shapely.Polygon([to_lonlat.transform(*corner) for corner in square])
    area = abs(Geod(ellps="WGS84").geometry_area_perimeter(ring)[0])
    assert utm[0, 0] == pytest.approx(area, rel=1e-6)


def test_random_numbers_stay_with_their_pixels() -> None:
    wide = grid(UTM.crs, UTM.transform, 200, 200)
    found = pixels(ee.Image.random(7), wide)["random"]
    part = pixels(ee.Image.random(7), INSIDE)["random"]
    np.testing.assert_array_equal(found[TOP : TOP + HEIGHT, LEFT : LEFT + WIDTH], part)
    assert found.min() >= 0
    assert found.max() < 1
    assert kstest(found.ravel(), "uniform").pvalue > 1e-3
    # Neighbours, and other seeds, have nothing to do with one another.
    assert abs(np.corrcoef(found[:, 1:].ravel(), found[:, :-1].ravel())[0, 1]) < 0.02
    other = pixels(ee.Image.random(8), wide)["random"]
    assert abs(np.corrcoef(found.ravel(), other.ravel())[0, 1]) < 0.02
    normal = pixels(ee.Image.random(7, "normal"), wide)["random"]
    assert kstest(normal.ravel(), "norm").pvalue > 1e-3
