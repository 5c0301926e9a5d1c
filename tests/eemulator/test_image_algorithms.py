"""What images become: formulas, coarser pixels, spectra, pictures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from .synthetic import UTM, formula, is_valid
from .wire import grid, info, pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

ONE = grid("EPSG:4326", (1, 0, 0, 0, -1, 0), 1, 1)
SMALL = grid(UTM.crs, UTM.transform, 40, 30)
ROWS, COLS = np.mgrid[0:30, 0:40]
_A, _, _C, _, _E, _F = UTM.transform


def image(*bands: str) -> Any:
    return ee.Image("TEST/UTM").select(list(bands))


def stored(band: str, rows: Any = ROWS, cols: Any = COLS) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    return formula(band, 3, rows, cols), is_valid(band, 3, rows, cols)


def single(value: Any) -> float:
    found = pixels(value, ONE)
    return float(found[(found.dtype.names or ())[0]].item())


FORMULAS = [
    ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("-2 ** 2", -4), ("2 ** 3 ** 2", 512), ("7 % 4", 3),
    ("5 > 3 && 2 >= 2", 1), ("5 < 3 || !1", 0), ("1 != 2", 1), ("1 == 2 ? 10 : 20", 20),
    ("1 ? 0 ? 3 : 4 : 5", 4), ("1 ^ 1", 0), ("6 & 3 | 8", 10), ("~5 & 7", 2), ("1 << 4 >> 2", 4),
    ("min(3, max(1, 2), 9)", 2), ("sqrt(pow(3, 2) + pow(4, 2))", 5), ("1.5e1 - .5", 14.5),
    ("abs(-3) + +2", 5), ("6.0 / 4", 1.5), ("2 ** -1", 0.5),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), FORMULAS)
def test_formulas_of_images_and_of_numbers(text: str, value: float) -> None:
    assert single(ee.Image(0).expression(text)) == pytest.approx(value)
    if text.count(",") < 2:
        assert ee.Number.expression(text).getInfo() == pytest.approx(value)


def test_formulas_see_bands_and_variables() -> None:
    (u8, p), (f32, q) = stored("u8"), stored("f32")
    base = image("u8", "f32")
    expected = np.where(p & q, (u8 - f32) / (u8 + f32), 0)
    for found in (
        base.expression("(b(0) - b(1)) / (b(0) + b(1))"),
        base.expression("(b('u8') - b('f32')) / (b(\"u8\") + b('f32'))"),
        base.expression("(x - y) / (x + y)", {"x": image("u8"), "y": image("f32")}),
        base.expression("(i.u8 - i['f32']) / (i[0] + i[-1])", {"i": base}),
    ):
        values = pixels(found, SMALL)
        np.testing.assert_allclose(
            values[(values.dtype.names or ())[0]], expected, rtol=2e-6, atol=1e-6
        )
    named = base.expression("ratio = b('u8') / k", {"k": 4})
    assert info(named.bandNames()) == ["ratio"]
    all_of_them = base.expression("b() + 1")
    assert info(all_of_them.bandNames()) == ["u8", "f32"]
    chosen = pixels(image("u8", "i16").expression("b(0) > 100 ? b(0) : b(1)"), SMALL)["u8"]
    i16, r = stored("i16")
    np.testing.assert_array_equal(chosen, np.where(p & r, np.where(u8 > 100, u8, i16), 0))
    assert ee.Number.expression("a.b * Math.PI + c", {"a": {"b": 2}, "c": 1}).getInfo() == (
        pytest.approx(2 * math.pi + 1)
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 +", "Unable to parse the expression near '1\\+'"),
        ("(1", "Unable to parse"),
        ("1 2", "Unable to parse"),
        ("a @ b", "Unable to parse the expression near ' @ b'"),
        ("nir + 1", "Unknown variable 'nir'"),
        ("sine(1)", "There is no function 'sine' of 1 operands"),
        ("b('x')", "Band pattern 'x' did not match any bands"),
        ("b(1.5)", "Unable to parse"),
        ("x = b()", "Only a single band can be named 'x'"),
        ("(" * 3000 + "1" + ")" * 3000, "nested too deeply"),
        ("1" * 200_000, "200000 characters is too long"),
    ],
)
def test_formulas_that_are_none(text: str, message: str) -> None:
    with pytest.raises(ee.EEException, match=message):
        image("u8", "f32").expression(text).getInfo()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="0123456789.()[]+-*/%<>=!&|^~?:,'\"abxE _@$", max_size=30))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    try:
        found = ee.Number.expression(text, {"a": 1, "x": {"b": 2}}).getInfo()
    except ee.EEException as error:
        assert "Number.expression: " in str(error)  # noqa: PT017 - either is an answer
    else:
        assert isinstance(found, (int, float, str))


COARSE = grid(UTM.crs, (40, 0, _C, 0, -40, _F), 10, 8)


def blocks(band: str, size: int = 4) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Native pixels of each coarse one: `(rows, columns, size * size)`."""
    rows, cols = np.mgrid[0 : 8 * size, 0 : 10 * size]
    values, ok = stored(band, rows, cols)
    shape = (8, size, 10, size)
    cut = (8, 10, size * size)
    return (
        values.astype(float).reshape(shape).swapaxes(1, 2).reshape(cut),
        ok.reshape(shape).swapaxes(1, 2).reshape(cut),
    )


@pytest.mark.parametrize("name", ["mean", "sum", "max", "min", "median", "count", "mode"])
def test_reduce_resolution(name: str) -> None:
    reducer = getattr(ee.Reducer, name)()
    if name == "sum":
        # A weighted sum counts each pixel by the part that it covers of the coarse one.
        reducer = reducer.unweighted()
    coarse = image("i16").reduceResolution(reducer)
    found = pixels(coarse, COARSE)["i16"]
    values, ok = blocks("i16")
    masked = np.ma.masked_array(values, ~ok)
    if name == "mode":
        expected = np.zeros((8, 10))
        for at in np.ndindex(expected.shape):
            numbers, counts = np.unique(masked[at].compressed(), return_counts=True)
            expected[at] = numbers[counts.argmax()]
    elif name == "count":
        expected = ok.sum(-1)
    else:
        function = np.ma.median if name == "median" else getattr(np.ma, name)
        expected = function(masked, axis=-1).filled(0)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    # On its own lattice nothing is reduced, and there it says that it lies.
    assert (
        info(coarse)["bands"][0]["crs_transform"] == info(image("i16"))["bands"][0]["crs_transform"]
    )
    values, ok = stored("i16")
    fine = pixels(coarse, SMALL)["i16"]
    np.testing.assert_array_equal(fine, ok if name == "count" else np.where(ok, values, 0))
    # Nor on a finer one: the nearest pixel.
    finer = grid(UTM.crs, (5, 0, _C, 0, -5, _F), 4, 4)
    if name != "count":
        found = pixels(coarse, finer)["i16"]
        nearest = np.kron(np.where(ok, values, 0)[:2, :2], np.ones((2, 2)))
        np.testing.assert_array_equal(found, nearest)


def test_reduce_resolution_by_parts_of_pixels() -> None:
    # Pixels of 25 m: the third native one counts half.
    wire = grid(UTM.crs, (25, 0, _C, 0, -25, _F), 6, 4)
    found = pixels(image("i32").reduceResolution(ee.Reducer.mean()), wire)["i32"]
    rows, cols = np.mgrid[0:10, 0:15]
    values = stored("i32", rows, cols)[0].astype(float)
    parts = np.array([[1, 1, 0.5, 0, 0], [0, 0, 0.5, 1, 1]]) / 2.5
    down, across = np.kron(np.eye(2), parts), np.kron(np.eye(3), parts)
    np.testing.assert_allclose(found, down @ values @ across.T, rtol=1e-12)


def test_a_weighted_sum_over_a_pixel_is_a_mean() -> None:
    found = pixels(image("i16").reduceResolution(ee.Reducer.sum()), COARSE)["i16"]
    values, ok = blocks("i16")
    np.testing.assert_allclose(found, (values * ok).sum(-1) / 16)


def test_reduce_resolution_across_projections_and_its_bounds() -> None:
    # In another CRS, what lies within a pixel is found by the centres.
    wire = grid("EPSG:4326", (0.0004, 0, 44.06, 0, -0.0004, -18.09), 5, 5)
    found = pixels(image("i32").toDouble().reduceResolution(ee.Reducer.count()), wire)["i32"]
    rows, cols = np.mgrid[0 : UTM.height, 0 : UTM.width] + 0.5
    to_lonlat = Transformer.from_crs(UTM.crs, "EPSG:4326", always_xy=True)
    x, y = to_lonlat.transform(_C + cols * _A, _F + rows * _E)
    edges = (-18.09 + 0.0004 * np.arange(-5, 1), 44.06 + 0.0004 * np.arange(6))
    expected, _, _ = np.histogram2d(y.ravel(), x.ravel(), edges)
    np.testing.assert_array_equal(found, expected[::-1])
    many = image("u8").reduceResolution(ee.Reducer.mean(), False, 15)
    with pytest.raises(ee.EEException, match="Too many input pixels per output pixel: .*only 15"):
        pixels(many, COARSE)
    rough = pixels(image("i32").reduceResolution(ee.Reducer.count(), True, 4), COARSE)["i32"]
    assert (rough == 4).all()
    both = image("u8").reduceResolution(ee.Reducer.minMax())
    assert info(both.bandNames()) == ["u8_min", "u8_max"]
    # A reprojection asks for the coarse pixels, and the grid sees those.
    seen = (
        image("i32").reduceResolution(ee.Reducer.max()).reproject(UTM.crs, [40, 0, _C, 0, -40, _F])
    )
    values = blocks("i32")[0].max(-1)
    np.testing.assert_array_equal(pixels(seen, SMALL)["i32"], values[ROWS // 4, COLS // 4])


def test_spectral_distance() -> None:
    a, b = np.array([1.0, 2, 3]), np.array([3.0, 1, 2])
    one, other = ee.Image([1, 2, 3]), ee.Image([3, 1, 2])
    angle = math.acos(a @ b / math.sqrt(a @ a * (b @ b)))
    p, q = a / a.sum(), b / b.sum()
    assert single(one.spectralDistance(other)) == pytest.approx(angle)
    assert single(one.spectralDistance(other, "sed")) == pytest.approx(((a - b) ** 2).sum())
    assert single(one.spectralDistance(other, "sid")) == pytest.approx(
        (p * np.log(p / q) + q * np.log(q / p)).sum()
    )
    assert single(one.spectralDistance(other, "emd")) == pytest.approx(
        np.abs(np.cumsum(a - b)).sum()
    )
    assert info(one.spectralDistance(other).bandNames()) == ["distance"]
    with pytest.raises(ee.EEException, match="as many bands; got 3 and 1"):
        one.spectralDistance(5).getInfo()


def test_cloud_displacement_index(own_catalogue: Any) -> None:
    scenes = ee.ImageCollection("COPERNICUS/S2_HARMONIZED").filter('MGRS_TILE == "38KQE"')
    scene = ee.Image(scenes.first())
    index = ee.Algorithms.Sentinel2.CDI(scene)
    assert info(index)["bands"][0]["id"] == "cdi"
    lattice = info(scene.select("B8A").projection())
    assert info(index.projection()) == lattice
    a, _, c, _, e, f = lattice["transform"]
    n = 20
    window = grid(lattice["crs"], (a, 0, c + 3000 * a, 0, e, f + 3000 * e), n, n)
    wide = grid(lattice["crs"], (a, 0, c + 2997 * a, 0, e, f + 2997 * e), n + 6, n + 6)
    fine = grid(
        lattice["crs"], (a / 2, 0, c + 2997 * a, 0, e / 2, f + 2997 * e), 2 * n + 12, 2 * n + 12
    )
    bands = pixels(scene.select("B7", "B8A"), wide)
    near = pixels(scene.select("B8"), fine)["B8"].astype(float)
    mean = near.reshape(n + 6, 2, n + 6, 2).mean((1, 3))
    spread = [
        np.lib.stride_tricks.sliding_window_view(mean / bands[name], (7, 7)).var((2, 3))
        for name in ("B7", "B8A")
    ]
    expected = (spread[0] - spread[1]) / (spread[0] + spread[1])
    found = pixels(index, window)["cdi"]
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_visualize_gray_and_color() -> None:
    values, ok = stored("i16")
    gray = pixels(image("i16").visualize(min=-10_000, max=20_000), SMALL)
    assert gray.dtype == np.dtype([("vis-gray", "u1")])
    part = ((values.astype(float) + 10_000) / 30_000).clip(0, 1)
    np.testing.assert_array_equal(gray["vis-gray"], np.where(ok, np.floor(part * 255 + 0.5), 0))
    forced = pixels(image("i16").visualize(min=-10_000, max=20_000, forceRgbOutput=True), SMALL)
    assert forced.dtype.names == ("vis-red", "vis-green", "vis-blue")
    np.testing.assert_array_equal(forced["vis-blue"], gray["vis-gray"])
    shades = pixels(
        image("i16").visualize(min=-10_000, max=20_000, palette=["black", "00FF00", "#F0F"]), SMALL
    )
    red = np.interp(part * 2, [0, 1, 2], [0, 0, 255])
    green = np.interp(part * 2, [0, 1, 2], [0, 255, 0])
    np.testing.assert_array_equal(shades["vis-red"], np.where(ok, np.floor(red + 0.5), 0))
    np.testing.assert_array_equal(shades["vis-green"], np.where(ok, np.floor(green + 0.5), 0))


def test_visualize_three_bands() -> None:
    three = image("u8", "u16", "f32")
    found = pixels(three.visualize(gain=[1, 1 / 257, 5], bias=[0, 3, 100], gamma=2), SMALL)
    ok = stored("u8")[1] & stored("u16")[1] & stored("f32")[1]
    for name, band, gain, bias in zip(
        found.dtype.names or (), ["u8", "u16", "f32"], [1, 1 / 257, 5], [0, 3, 100], strict=True
    ):
        stretched = ((stored(band)[0].astype(float) * gain + bias) / 255).clip(0, 1)
        expected = np.floor(np.sqrt(stretched) * 255 + 0.5)
        np.testing.assert_array_equal(found[name], np.where(ok, expected, 0))
    faded = pixels(three.visualize(bands="u8,u16,f32", opacity=0.25).mask(), SMALL)
    np.testing.assert_array_equal(faded["vis-green"], np.where(ok, np.float32(0.25), 0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bands": ["u8", "u16"]}, "Must specify 1 or 3 bands to visualize, got 2"),
        ({"bands": ["u8"], "palette": ["nocolor"]}, "Invalid color: 'nocolor'"),
        ({"bands": ["u8"], "palette": []}, "A palette must be a list of colors"),
        ({"palette": ["red"]}, "palette when visualizing more than one band"),
        ({"min": [1, 2]}, "'min' must have 1 or 3 values, got 2"),
        ({"min": "a"}, "Parameter 'min' must be numbers"),
        ({"min": 5, "max": 5}, "The range to visualize is empty"),
        ({"min": 1, "gain": 2}, "Cannot provide both min or max and gain or bias"),
        ({"opacity": 2}, "The opacity must be 0 to 1"),
        ({"gamma": 0}, "Gamma must be positive"),
    ],
)
def test_visualizations_that_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ee.EEException, match=message):
        image("u8", "u16", "f32").visualize(**arguments).getInfo()


def test_cast_adds_bands_that_are_masked() -> None:
    image = ee.Image(300.7).rename("b")
    whole = image.cast({"c": "int16", "b": "int32", "a": "float"})
    assert whole.bandNames().getInfo() == ["b", "a", "c"]
    ordered = image.cast({"b": "uint8", "a": "double"}, ["a", "b"])
    [a, b] = ordered.getInfo()["bands"]
    assert (a["id"], a["data_type"]["precision"], b["id"]) == ("a", "double", "b")
    assert b["data_type"] == {"type": "PixelType", "precision": "int", "min": 0, "max": 255}
    place = {"geometry": ee.Geometry.Point(47, -18), "scale": 10}
    sampled = ordered.reduceRegion(ee.Reducer.first(), **place).getInfo()
    assert sampled == {"a": None, "b": 255}
