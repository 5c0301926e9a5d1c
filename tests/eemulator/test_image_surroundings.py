"""Neighbours, surfaces and objects of images, against SciPy, NumPy or a closed formula."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from scipy import ndimage

from .synthetic import UTM, formula, is_valid, part
from .wire import grid, info, pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

# A window well inside of the image: neighbours beyond its edges are there.
LEFT, TOP, WIDTH, HEIGHT, MARGIN = 50, 60, 24, 20, 12
_, _, _C, _, _, _F = UTM.transform
INSIDE = part(LEFT, TOP, WIDTH, HEIGHT)
ROWS, COLS = np.mgrid[TOP - MARGIN : TOP + HEIGHT + MARGIN, LEFT - MARGIN : LEFT + WIDTH + MARGIN]


def image(*bands: str) -> Any:
    return ee.Image("TEST/UTM").select(list(bands))


def around(band: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Values and validity with a margin."""
    return formula(band, 3, ROWS, COLS), is_valid(band, 3, ROWS, COLS)


def core(values: NDArray[Any]) -> NDArray[Any]:
    return values[MARGIN:-MARGIN, MARGIN:-MARGIN]


def where() -> Any:
    """Columns and rows of `TEST/UTM` as whole numbers."""
    lattice = ee.Projection(UTM.crs, list(UTM.transform))
    return ee.Image.pixelCoordinates(lattice).floor().toInt32()


def test_neighbours_as_arrays() -> None:
    kernel = ee.Kernel.fixed(3, 2, [[0, 2, 0], [1, 1, 1]], -1, -1, False)
    found = image("i16", "f32").neighborhoodToArray(kernel, -40_000.75)
    described = info(found)
    assert [band["data_type"].get("dimensions") for band in described["bands"]] == [2, 2]
    assert described["properties"] == info(image("i16", "f32"))["properties"]
    for row, column in ((0, 0), (1, 2)):
        taken = pixels(found.arrayGet([row, column]), INSIDE)
        for band, filling in (("i16", -(2**15)), ("f32", np.float32(-40_000.75))):
            values, ok = around(band)
            moved = np.roll(np.where(ok, values, filling), (1 - row, 1 - column), (0, 1))
            expected = np.where(core(ok), core(moved), 0)
            np.testing.assert_array_equal(taken[band], expected)
    with pytest.raises(ee.EEException, match="Only fixed, square, rectangle kernels"):
        info(image("u8").neighborhoodToArray(ee.Kernel.circle(2)))


def test_neighbours_as_arrays_are_rows_of_columns() -> None:
    """axis 0 is Y, from the top; axis 1 is X, from the left."""
    at = where().neighborhoodToArray(ee.Kernel.square(1))
    point = ee.Geometry.Point([_C + 655, _F - 755], UTM.crs)
    found = at.reduceRegion("first", point, crs=UTM.crs, crsTransform=list(UTM.transform)).getInfo()
    x, y = found["x"], found["y"]
    assert x == [[x[0][0], x[0][0] + 1, x[0][0] + 2]] * 3
    assert y == [[row] * 3 for row in range(y[0][0], y[0][0] + 3)]


def test_zero_crossings() -> None:
    found = pixels(image("f32", "i16").zeroCrossing(), INSIDE)
    for band in ("f32", "i16"):
        values, ok = around(band)
        signs = np.where(ok, np.sign(values.astype(float)), 0)
        others = [np.roll(signs, step, (0, 1)) for step in ((0, -1), (-1, 0), (-1, -1))]
        crossing = np.any([signs * other < 0 for other in others], axis=0) & ok
        np.testing.assert_array_equal(found[band], core(crossing))
        assert 0 < core(crossing).mean() < 1


def test_parabolas() -> None:
    found = pixels(image("u8").subtract(150).rsedTransform(MARGIN), INSIDE)["u8"]
    values, ok = around("u8")
    heights = np.where(ok, np.maximum(values.astype(float) - 150, 0), 0)
    reach = math.isqrt(100)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    expected = ndimage.grey_dilation(heights, structure=-(x**2.0 + y**2))
    np.testing.assert_allclose(found, core(np.maximum(expected, 0)))


def test_a_parabola_is_a_buffer() -> None:
    one = where().expression("b('x') == 60 && b('y') == 70 ? 25 : 0")
    found = pixels(one.rsedTransform(16), INSIDE)
    (band,) = found.dtype.names or ()
    square = (core(ROWS) - 70) ** 2 + (core(COLS) - 60) ** 2
    np.testing.assert_array_equal(found[band], np.maximum(25 - square, 0))
    with pytest.raises(ee.EEException, match="Only 'pixels'"):
        info(one.rsedTransform(16, "meters"))


@pytest.mark.parametrize(
    ("azimuth", "dark"),
    [
        (270.0, lambda x, y: (x > 60) & (x < 64)),  # noqa: ARG005
        (90.0, lambda x, y: (x < 60) & (x > 56)),  # noqa: ARG005
        (0.0, lambda x, y: np.zeros_like(x, np.bool_)),  # noqa: ARG005
    ],
)
def test_a_wall_casts_a_shadow(azimuth: float, dark: Any) -> None:
    """35 m high, the sun 45° high: 35 m long, across pixels of 10 m."""
    wall = where().select("x").eq(60).multiply(35)
    for shadows in (ee.Terrain.hillShadow, ee.Algorithms.HillShadow):
        found = pixels(shadows(wall, azimuth, 45, 20), INSIDE)["shadow"]
        np.testing.assert_array_equal(found == 0, dark(core(COLS), core(ROWS)))
    near = pixels(ee.Terrain.hillShadow(wall, azimuth, 45, 1), INSIDE)["shadow"]
    assert (near == 0).sum() == (HEIGHT if dark(core(COLS), core(ROWS)).any() else 0)


def test_shadows_in_degrees() -> None:
    """At 60° north a degree of longitude is half as long."""
    step = 1e-4
    degrees = grid("EPSG:4326", (step, 0, 10, 0, -step, 60 + step / 2), 20, 1)
    wall = ee.Image.pixelLonLat().select("longitude").lt(10 + step).multiply(100)
    found = pixels(ee.Terrain.hillShadow(wall, 270, 45, 40), degrees)["shadow"][0]
    metres = step * math.pi / 180 * 6_378_137 * 0.5
    # The wall's own pixel is lit from the west: the land there is as high.
    assert (found == 0).sum() == math.ceil(100 / metres) - 1


def test_shadows_that_are_refused() -> None:
    with pytest.raises(ee.EEException, match="not above the horizon"):
        info(ee.Terrain.hillShadow(image("u8"), 0, 91, 10))
    with pytest.raises(ee.EEException, match="hysteresis"):
        info(ee.Terrain.hillShadow(image("u8"), 0, 45, 10, True))


def filled(heights: NDArray[Any], ok: NDArray[np.bool_], border: float | None) -> NDArray[Any]:
    """Reconstruction by erosion, step by step until nothing changes."""
    open_ = ~ndimage.binary_erosion(ok, np.ones((3, 3))) & ok
    level = np.where(open_, heights, 10**6)
    if border is not None:
        level = np.where(open_, np.maximum(level, border), level)
    level = np.where(ok, level, 10**6)
    while True:
        lower = np.maximum(ndimage.grey_erosion(level, (3, 3), mode="nearest"), heights)
        lower = np.where(ok, np.minimum(level, lower), 10**6)
        if (lower == level).all():
            return level
        level = lower


@pytest.mark.parametrize("border", [None, 100])
@pytest.mark.parametrize("masked", [False, True])
def test_pits_are_filled(border: int | None, masked: bool) -> None:
    land = image("u8") if masked else image("u8").unmask(9)
    for fill in (ee.Terrain.fillMinima, ee.Algorithms.FMask.fillMinima):
        found = pixels(fill(land, border, MARGIN), INSIDE)["u8"]
        values, ok = around("u8")
        if not masked:
            values, ok = np.where(ok, values, 9), np.ones_like(ok)
        expected = filled(values.astype(int), ok, border)
        np.testing.assert_array_equal(found, np.where(core(ok), core(expected), 0))
    assert (core(expected) > core(values)).any()


def test_only_integers_are_filled() -> None:
    with pytest.raises(ee.EEException, match="Only integers can be filled; band 'f32' is float"):
        info(ee.Terrain.fillMinima(image("f32")))


def test_objects_are_reduced() -> None:
    # Bars of 5 columns, cut by what is masked, and a dot in each second one.
    bars = where().expression("b('x') / 5")
    label = bars.updateMask(where().select("y").mod(6).neq(0)).rename("label").toInt32()
    stacked = image("f32", "i16").addBands(label)
    found = pixels(stacked.reduceConnectedComponents(ee.Reducer.mean(), "label", MARGIN), INSIDE)
    assert found.dtype.names == ("f32", "i16")
    whole = np.where(ROWS % 6 == 0, 0, ROWS // 6 * 1000 + COLS // 5 + 1)
    for band in ("f32", "i16"):
        values, ok = around(band)
        names = np.unique(whole[whole > 0])
        kept = np.where(ok, whole, 0)
        means = dict(zip(names, ndimage.mean(values.astype(float), kept, names), strict=True))
        expected = np.vectorize(lambda name, m=means: m.get(name, 0.0))(core(whole))
        np.testing.assert_allclose(found[band], expected, rtol=1e-12)
    pairs = stacked.select("i16", "label").reduceConnectedComponents("minMax", "label", MARGIN)
    assert pixels(pairs, INSIDE).dtype.names == ("i16_min", "i16_max")


def test_objects_hang_together_over_corners_and_are_not_too_large() -> None:
    board = where().expression("(b('x') + b('y')) % 2").rename("board").toByte()
    few = board.updateMask(where().select("x").gte(60).And(where().select("x").lt(65)))
    few = few.updateMask(where().select("y").gte(70).And(where().select("y").lt(75)))
    counts = few.addBands(ee.Image(1).rename("n"))
    for most, expected in ((5, {12, 13, 0}), (4, {0})):
        found = pixels(counts.reduceConnectedComponents("sum", "board", most), INSIDE)["n"]
        assert set(np.unique(found).tolist()) == expected
    # The first band has the labels by default.
    same = pixels(counts.reduceConnectedComponents("sum", None, 5), INSIDE)
    assert same.dtype.names == ("n",)


def test_a_colour_for_each_value() -> None:
    found = image("u8", "f32").randomVisualizer()
    shown = pixels(found, INSIDE)
    assert shown.dtype.names == ("viz-red", "viz-green", "viz-blue", "u8", "f32")
    values, ok = core(around("u8")[0]), core(around("u8")[1])
    colours = np.stack([shown[f"viz-{name}"] for name in ("red", "green", "blue")], -1)
    assert shown["viz-red"].dtype == np.uint8
    by_value = {
        value: np.unique(colours[ok & (values == value)], axis=0)
        for value in np.unique(values[ok]).tolist()
    }
    assert all(len(each) == 1 for each in by_value.values())
    assert len({tuple(each[0].tolist()) for each in by_value.values()}) == len(by_value)
    assert not colours[~ok].any()


def test_neighbours_of_several_bands_together() -> None:
    """apidocs/ee-image-reduceneighborhood: outputs name the bands of such a reducer."""
    pair = image("u8", "f32").reduceNeighborhood(ee.Reducer.linearFit(), ee.Kernel.square(1))
    found = pixels(pair, INSIDE)
    assert found.dtype.names == ("scale", "offset")
    (x, p), (y, q) = around("u8"), around("f32")
    ok = p & q
    for row, column in ((0, 0), (3, 7), (10, 11), (HEIGHT - 1, WIDTH - 1)):
        near = np.s_[MARGIN + row - 1 : MARGIN + row + 2, MARGIN + column - 1 : MARGIN + column + 2]
        shown = ok[near]
        if not shown[1, 1]:
            assert found["scale"][row, column] == 0
            continue
        line = np.polyfit(x[near][shown].astype(float), y[near][shown].astype(float), 1)
        assert found[row, column].tolist() == pytest.approx(tuple(line), abs=1e-5)
    with pytest.raises(ee.EEException, match="The reducer has 2 inputs, but the image has 3 bands"):
        info(image("u8", "f32", "i16").reduceNeighborhood("linearFit", ee.Kernel.square(1)))
