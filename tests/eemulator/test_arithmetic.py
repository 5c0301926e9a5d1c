"""Arithmetic of images and numbers: every operation against NumPy, SciPy or a closed formula."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import special

from .synthetic import UTM, formula, is_valid
from .wire import grid, info, pixels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

ONE = grid("EPSG:4326", (1, 0, 0, 0, -1, 0), 1, 1)
SMALL = grid(UTM.crs, UTM.transform, 40, 30)
ROWS, COLS = np.mgrid[0:30, 0:40]


def image(*bands: str) -> Any:
    return ee.Image("TEST/UTM").select(list(bands))


def stored(band: str, k: int = 3) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    return formula(band, k, ROWS, COLS), is_valid(band, k, ROWS, COLS)


def at_once(*images: Any) -> list[float]:
    """The single pixels of images without a projection."""
    found = pixels(ee.Image.cat(list(images)), ONE)
    return [float(found[name].item()) for name in names_of(found)]


def names_of(array: NDArray[Any]) -> tuple[str, ...]:
    return array.dtype.names or ()


def kind(expression: Any, band: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = info(expression)["bands"][band]["data_type"]
    found.pop("type")
    return found


def apply(value: Any, name: str, *operands: Any) -> Any:
    """An algorithm by name: methods of the client are not all called like it."""
    return ee.ApiFunction(name, signature(name)).call(value, *operands)


def signature(name: str) -> dict[str, Any]:
    found: dict[str, Any] = ee.ApiFunction.lookup(name).getSignature()
    return found


TWO: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": lambda a, b: np.where(b == 0, 0, a / np.where(b == 0, 1, b)),
    "mod": lambda a, b: np.where(b == 0, 0, np.fmod(a, np.where(b == 0, 1, b))),
    "pow": np.power,
    "atan2": lambda x, y: np.arctan2(y, x),
    "hypot": np.hypot,
    "min": np.minimum,
    "max": np.maximum,
    "eq": np.equal,
    "neq": np.not_equal,
    "gt": np.greater,
    "gte": np.greater_equal,
    "lt": np.less,
    "lte": np.less_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "first": lambda a, b: a,  # noqa: ARG005
    "firstNonZero": lambda a, b: np.where(a != 0, a, b),
    "first_nonzero": lambda a, b: np.where(a != 0, a, b),
}  # fmt: skip
WHOLE: dict[str, Callable[..., Any]] = {
    "bitwiseAnd": np.bitwise_and,
    "bitwiseOr": np.bitwise_or,
    "bitwiseXor": np.bitwise_xor,
    "bitwise_and": np.bitwise_and,
    "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor,
    "leftShift": lambda a, b: np.left_shift(a, b & 63),
    "rightShift": lambda a, b: np.right_shift(a, b & 63),
    "left_shift": lambda a, b: np.left_shift(a, b & 63),
    "right_shift": lambda a, b: np.right_shift(a, b & 63),
}
SINGLE: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "not": lambda a: a == 0,
    "signum": np.sign,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": lambda a: np.floor(a + 0.5),
    "sqrt": np.sqrt,
    "cbrt": np.cbrt,
    "exp": np.exp,
    "log": np.log,
    "log10": np.log10,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "erf": special.erf,
    "erfc": special.erfc,
    "erfInv": special.erfinv,
    "erfcInv": special.erfcinv,
    "gamma": special.gamma,
    # The service's series, from 49 on, has a `+` for a `-`: test_documented_values.py.
    "digamma": lambda a: special.digamma(a) - 2 / 120 / (a + np.ceil(49 - a)) ** 4,
    "trigamma": lambda a: special.polygamma(1, a),
}
# Within the domain of all of them.
FRACTIONS = [0.001, 0.25, 0.5, 0.75, 0.999]


@pytest.mark.parametrize("name", list(SINGLE))
def test_functions_of_one_number(name: str) -> None:
    found = at_once(*(apply(ee.Image(value), f"Image.{name}") for value in FRACTIONS))
    expected = SINGLE[name](np.array(FRACTIONS)).astype(float)
    # Digamma and trigamma are sums of some fifty terms.
    sums = name in ("digamma", "trigamma")
    np.testing.assert_allclose(found, expected, rtol=1e-12 if sums else 1e-14)
    numbers = info(ee.List([apply(ee.Number(v), f"Number.{name}") for v in FRACTIONS]))
    np.testing.assert_allclose(numbers, expected, rtol=1e-12 if sums else 1e-13)


def test_incomplete_gamma_and_lanczos_of_images_numbers_and_arrays() -> None:
    x, a = np.array([0.25, 2.5, 9.0]), np.array([0.5, 2.0, 7.25])
    images = [ee.Image(p).gammainc(q) for p, q in zip(x.tolist(), a.tolist(), strict=True)]
    expected = special.gammaincc(a, x)
    np.testing.assert_allclose(1 - np.array(at_once(*images)), expected, rtol=1e-12)
    found = info(ee.Array(x.tolist()).gammainc(ee.Array(a.tolist())))
    np.testing.assert_allclose(1 - np.array(found), expected, rtol=1e-12)
    # What the sum is for: the gamma function.
    g = 607 / 128 + 0.5
    scale = math.sqrt(2 * math.pi) * (x + g) ** (x + 0.5) * np.exp(-(x + g)) / x
    sums = at_once(*(apply(ee.Image(value), "Image.lanczos") for value in x.tolist()))
    np.testing.assert_allclose(sums * scale, special.gamma(x), rtol=1e-13)
    assert info(ee.Array(x.tolist()).lanczos()) == sums
    assert kind(ee.Image(3).gammainc(2)) == {"precision": "double"}
    assert kind(ee.Image(3).toFloat().gammainc(2)) == {"precision": "float"}


@pytest.mark.parametrize("name", list(TWO))
@pytest.mark.parametrize(
    "operands", [[(7, 2), (-7, 2), (0, 3), (5, 0)], [(2.5, 1.25), (-0.5, 2.0), (0.0, 3.5)]]
)
def test_functions_of_two_numbers(name: str, operands: list[tuple[float, float]]) -> None:
    left, right = (np.array(column, float) for column in zip(*operands, strict=True))
    expected = TWO[name](left, right).astype(float)
    found = at_once(*(apply(ee.Image(a), f"Image.{name}", b) for a, b in operands))
    np.testing.assert_allclose(found, expected, rtol=2e-7)
    numbers = info(ee.List([apply(ee.Number(a), f"Number.{name}", b) for a, b in operands]))
    np.testing.assert_allclose(numbers, expected, rtol=1e-14)


@pytest.mark.parametrize("name", list(WHOLE))
def test_functions_of_bits(name: str) -> None:
    operands = [(0b1100, 0b1010), (255, 3), (-6, 2), (1, 40), (65_535, 16)]
    left, right = (np.array(column, np.int64) for column in zip(*operands, strict=True))
    expected = WHOLE[name](left, right)
    found = at_once(*(apply(ee.Image(a), f"Image.{name}", b) for a, b in operands))
    assert found == expected.tolist()
    numbers = info(ee.List([apply(ee.Number(a), f"Number.{name}", b) for a, b in operands]))
    assert numbers == expected.tolist()


def test_bits_of_one_number() -> None:
    values = [0, 1, 255, -1, -256, 2**40]
    for name in ("bitwiseNot", "bitwise_not"):
        assert at_once(*(apply(ee.Image(v), f"Image.{name}") for v in values)) == [
            ~v for v in values
        ]
        assert info(ee.List([apply(ee.Number(v), f"Number.{name}") for v in values])) == [
            ~v for v in values
        ]
    counts = [(v % 2**64).bit_count() for v in values]
    assert at_once(*(ee.Image(v).bitCount() for v in values)) == counts
    assert info(ee.List([ee.Number(v).bitCount() for v in values])) == counts


def test_types_of_bits() -> None:
    u8, i16 = image("u8"), image("i16")
    # The smallest signed type that can hold the input.
    assert kind(u8.bitwiseNot()) == {"precision": "int", "min": -(2**15), "max": 2**15 - 1}
    assert kind(i16.bitwiseNot()) == {"precision": "int", "min": -(2**15), "max": 2**15 - 1}
    assert kind(u8.bitCount()) == {"precision": "int", "min": 0, "max": 64}
    assert kind(u8.leftShift(8)) == {"precision": "int", "min": 0, "max": 255 * 256}
    assert kind(i16.rightShift(2)) == {"precision": "int", "min": -(2**15), "max": 2**15 - 1}
    assert kind(u8.firstNonZero(i16)) == {"precision": "int", "min": -(2**15), "max": 2**15 - 1}


TREES = st.recursive(
    st.sampled_from(["u8", "i16", "u16", "flag", "f32", "f64"]) | st.integers(-40, 40),
    lambda inner: st.tuples(
        st.sampled_from(["add", "subtract", "multiply", "min", "max", "gt", "eq", "firstNonZero"]),
        inner,
        inner,
    ),
    max_leaves=6,
)


def _grown(tree: Any) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_]]:
    """A tree as an image, as exact values, and where it is valid."""
    if isinstance(tree, str):
        values, ok = stored(tree)
        return image(tree), values.astype(np.float64), ok
    if isinstance(tree, int):
        everywhere = np.ones(ROWS.shape, np.bool_)
        return ee.Image(tree), np.full(ROWS.shape, float(tree)), everywhere
    name, left, right = tree
    (a, x, p), (b, y, q) = _grown(left), _grown(right)
    return apply(a, f"Image.{name}", b), TWO[name](x, y).astype(np.float64), p & q


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TREES)
def test_random_trees_against_numpy(tree: Any) -> None:
    expression, exact, ok = _grown(tree)
    found = pixels(expression, SMALL)
    values = found[names_of(found)[0]].astype(np.float64)
    right = np.isclose(values, np.where(ok, exact, 0), rtol=3e-5, atol=1e-3)
    # A comparison may turn on the rounding of a float32.
    assert right.mean() > 0.98


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TREES)
def test_stated_ranges_hold_what_is_computed(tree: Any) -> None:
    expression, exact, ok = _grown(tree)
    found = kind(expression)
    if found["precision"] == "int" and ok.any():
        assert found["min"] <= exact[ok].min()
        assert exact[ok].max() <= found["max"]


def test_clamp_and_unit_scale() -> None:
    values, ok = stored("i16")
    found = pixels(image("i16").clamp(-500, 9000), SMALL)["i16"]
    np.testing.assert_array_equal(found, np.where(ok, values.clip(-500, 9000), 0))
    assert kind(image("i16").clamp(-500, 9000)) == {"precision": "int", "min": -500, "max": 9000}
    assert kind(image("i16").clamp(0.5, 9)) == {"precision": "double"}
    found = pixels(image("i16").unitScale(-25_000, 25_000), SMALL)["i16"]
    np.testing.assert_allclose(found, np.where(ok, (values + 25_000.0) / 50_000, 0))
    assert at_once(ee.Image(30).unitScale(10, 20)) == [2.0]
    assert ee.Number(30).unitScale(10, 20).getInfo() == 2
    with pytest.raises(ee.EEException, match=r"Image.clamp: The range \[9.0, 1.0\] is empty"):
        image("i16").clamp(9, 1).getInfo()


def test_polynomial() -> None:
    values, ok = stored("f64")
    found = pixels(image("f64").polynomial([1, -2, 0, 0.5]), SMALL)["f64"]
    expected = np.polynomial.Polynomial([1, -2, 0, 0.5])(values)
    np.testing.assert_allclose(found, np.where(ok, expected, 0), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("behavior", "below", "above"),
    [
        ("extrapolate", -10.0, 70.0),
        ("clamp", 0.0, 40.0),
        ("input", -1.0, 5.0),
        ("mask", None, None),
    ],
)
def test_interpolate(behavior: str, below: float | None, above: float | None) -> None:
    images = [
        ee.Image(v).interpolate([0, 1, 3], [0, 10, 40], behavior).unmask(-99)
        for v in (-1, 0.5, 2, 3, 5)
    ]
    expected = [below, 5.0, 25.0, 40.0, above]
    assert at_once(*images) == [-99 if v is None else v for v in expected]


def test_remap() -> None:
    values, ok = stored("u8")
    old, new = list(range(0, 100, 3)), [v * 7 - 20 for v in range(0, 100, 3)]
    found = pixels(image("u8").remap(old, new), SMALL)["remapped"]
    known = ok & np.isin(values, old)
    np.testing.assert_array_equal(found, np.where(known, values.astype(int) * 7 - 20, 0))
    mask = pixels(image("u8").remap(old, new).mask(), SMALL)["remapped"]
    np.testing.assert_array_equal(mask, known)
    filled = pixels(image("i16", "u8").remap(old, new, 1000, "u8"), SMALL)["remapped"]
    expected = np.where(known, values.astype(int) * 7 - 20, 1000)
    np.testing.assert_array_equal(filled, np.where(ok, expected, 0))


def test_where() -> None:
    (u8, u8_ok), (i16, i16_ok), (flag, flag_ok) = stored("u8"), stored("i16"), stored("flag")
    expression = image("u8").where(image("flag"), image("i16"))
    chosen = flag_ok & i16_ok & (flag != 0)
    found = pixels(expression, SMALL)["u8"]
    expected = np.where(chosen, i16, u8.astype(np.int16))
    np.testing.assert_array_equal(found, np.where(u8_ok, expected, 0))
    # The type is the larger; id and properties stay.
    assert kind(expression) == {"precision": "int", "min": -(2**15), "max": 2**15 - 1}
    assert info(expression)["id"] == "TEST/UTM"


def test_where_does_not_look_at_a_masked_test() -> None:
    masked = ee.Image(1).updateMask(0)
    assert at_once(ee.Image(5).where(masked, 9), ee.Image(5).where(1, masked)) == [5, 5]
    assert at_once(ee.Image(5).where(1, 9), ee.Image(5).where(0, 9)) == [9, 5]


def test_self_mask() -> None:
    flag, ok = stored("flag")
    found = pixels(image("flag").selfMask().mask(), SMALL)["flag"]
    np.testing.assert_array_equal(found, ok & (flag != 0))


def test_blend() -> None:
    (u8, u8_ok), (i16, i16_ok) = stored("u8"), stored("i16")
    found = pixels(image("u8").blend(image("i16")), SMALL)["u8"]
    expected = np.where(i16_ok, i16, np.where(u8_ok, u8, 0))
    np.testing.assert_array_equal(found, expected)
    half = ee.Image(10.0).updateMask(0.5)
    over = ee.Image(20.0).blend(half)
    assert at_once(over, over.mask()) == [15, 1]
    both = ee.Image(20.0).updateMask(0.5).blend(half)
    # 0.5 of the upper, half of the rest of the lower: 0.75 in all.
    found_both = at_once(both, both.mask())
    assert found_both == pytest.approx([10 * 2 / 3 + 20 / 3, 0.75])
    assert info(ee.Image([1, 2]).blend(3).bandNames()) == ["constant", "constant_1"]


def test_quality_mosaic() -> None:
    series = ee.ImageCollection("TEST/SERIES").select(["u8", "f32"])
    found = pixels(series.qualityMosaic("f32"), SMALL)
    ranks = np.stack([np.where(stored("f32", 10 + i)[1], stored("f32", 10 + i)[0], -np.inf)
                      for i in range(6)])  # fmt: skip
    best = ranks.argmax(axis=0)
    shown = np.isfinite(ranks).any(axis=0)
    values = np.stack([stored("u8", 10 + i)[0] for i in range(6)])
    expected = np.take_along_axis(values, best[np.newaxis], 0)[0]
    np.testing.assert_array_equal(found["u8"], np.where(shown, expected, 0))
    assert series.qualityMosaic("f32").projection().getInfo()["crs"] == "EPSG:4326"
    with pytest.raises(ee.EEException, match="Band pattern 'cloud' did not match"):
        series.qualityMosaic("cloud").getInfo()


def test_clip_to_collection() -> None:
    a, _, c, _, e, f = UTM.transform

    def box(left: int, top: int, right: int, bottom: int) -> Any:
        return ee.Feature(
            ee.Geometry.Rectangle([c + left * a, f + bottom * e, c + right * a, f + top * e],
                                  UTM.crs, False))  # fmt: skip

    features = ee.FeatureCollection([box(2, 3, 10, 9), box(20, 1, 30, 4)])
    found = pixels(image("i32").clipToCollection(features), SMALL)["i32"]
    inside = ((COLS >= 2) & (COLS < 10) & (ROWS >= 3) & (ROWS < 9)) | (
        (COLS >= 20) & (COLS < 30) & (ROWS >= 1) & (ROWS < 4)
    )
    np.testing.assert_array_equal(found, np.where(inside, stored("i32")[0], 0))


def test_paint() -> None:
    a, _, c, _, e, f = UTM.transform

    def box(left: int, top: int, right: int, bottom: int, n: int) -> Any:
        corners = [c + left * a, f + bottom * e, c + right * a, f + top * e]
        return ee.Feature(ee.Geometry.Rectangle(corners, UTM.crs, False), {"n": n})

    features = ee.FeatureCollection([box(2, 3, 10, 9, 7), box(8, 1, 30, 5, 300)])
    one = (COLS >= 2) & (COLS < 10) & (ROWS >= 3) & (ROWS < 9)
    two = (COLS >= 8) & (COLS < 30) & (ROWS >= 1) & (ROWS < 5)
    u8, ok = stored("u8")
    base = np.where(ok, u8, 0).astype(int)
    by_number = pixels(image("u8").paint(features, 255), SMALL)["u8"]
    np.testing.assert_array_equal(by_number, np.where(one | two, 255, base))
    by_name = pixels(image("u8").paint(features, "n"), SMALL)["u8"]
    np.testing.assert_array_equal(by_name, np.where(two, 300, np.where(one, 7, base)))
    assert kind(image("u8").paint(features, "n"))["max"] == 300
    on_nothing = pixels(ee.Image().paint(features, 5).mask(), SMALL)["constant"]
    np.testing.assert_array_equal(on_nothing, one | two)
    # Lines along the edges of pixels: of a width of 2, a pixel on either side.
    edge = (COLS >= 1) & (COLS < 11) & (ROWS >= 2) & (ROWS < 10)
    edge &= ~((COLS >= 3) & (COLS < 9) & (ROWS >= 4) & (ROWS < 8))
    first = ee.FeatureCollection([box(2, 3, 10, 9, 7)])
    outline = pixels(image("u8").paint(first, 255, 2), SMALL)["u8"]
    round_ = (COLS >= 2) & (COLS < 10) | (ROWS >= 3) & (ROWS < 9)
    np.testing.assert_array_equal(outline[round_], np.where(edge, 255, base)[round_])
    by_property = pixels(image("u8").paint(first, 7, "n"), SMALL)["u8"]
    away = np.hypot(
        np.maximum(np.maximum(2 - (COLS + 0.5), COLS + 0.5 - 10), 0),
        np.maximum(np.maximum(3 - (ROWS + 0.5), ROWS + 0.5 - 9), 0),
    )
    sure = np.abs(away - 3.5) > 0.1
    expected = np.where(away < 3.5, 7, base)
    np.testing.assert_array_equal(by_property[sure], expected[sure])
    # A point and a polygon of one feature: a disk, and a frame.
    spot = ee.Geometry.Point([c + 20.5 * a, f + 15.5 * e], UTM.crs)
    several = ee.Geometry.MultiPoint([spot.coordinates()], UTM.crs)
    dotted = pixels(image("u8").paint(ee.FeatureCollection([several]), 9, 3), SMALL)["u8"]
    disk = np.hypot(COLS - 20, ROWS - 15) < 1.5
    np.testing.assert_array_equal(dotted, np.where(disk, 9, base))
    with pytest.raises(ee.EEException, match="0 to 1000 pixels wide, got -1"):
        image("u8").paint(features, 1, -1).getInfo()
    with pytest.raises(ee.EEException, match="'color' must be a number or the name"):
        image("u8").paint(features, "nothing").getInfo()


def test_bands_put_together_and_named() -> None:
    many = ee.Image.cat([image("u8", "u16"), image("u8"), 5])
    assert info(many.bandNames()) == ["u8", "u16", "u8_1", "constant"]
    renamed = image("u8", "u16", "f32").regexpRename("u(\\d+)", "b$1_")
    assert info(renamed.bandNames()) == ["b8_", "b16_", "f32"]
    types = info(image("u8", "f64").bandTypes())
    assert types["u8"] == {"type": "PixelType", "precision": "int", "min": 0, "max": 255}
    assert types["f64"] == {"type": "PixelType", "precision": "double"}
    time = ee.Image("TEST/UTM").metadata("system:time_start", "t")
    assert at_once(time) == [1_704_067_200_000]
    assert info(time.bandNames()) == ["t"]
    with pytest.raises(ee.EEException, match="has no numeric property 'time'"):
        ee.Image("TEST/UTM").metadata("time").getInfo()


BOMBS = ["(a+)+$", "(a|aa)+$", "(.*)*x", "(?:(a*)*)*b", "(x+x+)+y", "[a-z]{4000000000}",
         "x{1000}{1000}{1000}", "(" * 2000 + ")" * 2000, "(?=a)" * 2000]  # fmt: skip


@pytest.mark.parametrize("pattern", BOMBS)
def test_no_pattern_stalls(pattern: str) -> None:
    name = "a" * 60 + "b"
    calls: list[Callable[[], Any]] = [
        lambda: ee.Image(1).rename(name).select([pattern]).getInfo(),
        lambda: ee.Image(1).rename(name).regexpRename(pattern, "z").getInfo(),
        lambda: ee.String(name).match(pattern).getInfo(),
        lambda: ee.Feature(None, {name: 1}).select([pattern]).getInfo(),
    ]
    for call in calls:
        try:
            call()
        except ee.EEException as error:
            assert "pattern" in str(error).lower()  # noqa: PT017 - either is an answer


def test_numbers_that_have_no_value() -> None:
    assert ee.Number(-1).sqrt().getInfo() == "NaN"
    assert math.isnan(pixels(ee.Image(-1).sqrt(), ONE)["constant"].item())
