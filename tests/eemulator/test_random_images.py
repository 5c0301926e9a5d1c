"""Images put together at random, by the real client and by NumPy, agree in every pixel.

The second computation knows nothing of the emulator's code: values are NumPy arrays, integers
always of 64 bits, beside the range that Earth Engine gives a band of integers; the dtype of a reply
is the smallest that holds this range. Masks are booleans here: masks are made of comparisons only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .synthetic import UTM, formula, is_valid
from .wire import grid, pixels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

WIDTH, HEIGHT = 13, 11
ROWS, COLS = np.mgrid[0:HEIGHT, 0:WIDTH]
SMALL = grid(UTM.crs, UTM.transform, WIDTH, HEIGHT)
# Beyond, an image of integers is not multiplied any more: the service cuts ranges at 64 bits.
LARGE = 2**40


@dataclass(frozen=True, eq=False)
class Made:
    """An image of one band, twice.

    Attributes:
        client: of the client.
        values: int64, float32 or float64; anything where it is not valid.
        valid: where it is.
        low: least value of the type; of integers only.
        high: greatest value of the type.
    """

    client: Any
    values: NDArray[Any]
    valid: NDArray[np.bool_]
    low: int = 0
    high: int = 0

    @property
    def whole(self) -> bool:
        """Whether it is of integers."""
        return self.values.dtype.kind == "i"

    @property
    def dtype(self) -> np.dtype[Any]:
        """As it arrives."""
        if not self.whole:
            return self.values.dtype
        for name in ("u1", "i1", "u2", "i2", "u4", "i4"):
            info = np.iinfo(name)
            if info.min <= self.low and self.high <= info.max:
                return np.dtype(name)
        return np.dtype("f8")


def stored(name: str) -> Made:
    values = formula(name, 3, ROWS, COLS)
    client = ee.Image("TEST/UTM").select([name])
    valid = is_valid(name, 3, ROWS, COLS) & np.ones_like(ROWS, np.bool_)
    if values.dtype.kind == "f":
        return Made(client, values, valid)
    info = np.iinfo(values.dtype)
    return Made(client, values.astype(np.int64), valid, int(info.min), int(info.max))


def constant(value: float) -> Made:
    kind = np.int64 if isinstance(value, int) else np.float64
    values = np.full((HEIGHT, WIDTH), value, kind)
    bounds = (value, value) if isinstance(value, int) else (0, 0)
    return Made(ee.Image.constant(value), values, np.ones((HEIGHT, WIDTH), np.bool_), *bounds)


def joint(*images: Made) -> np.dtype[Any]:
    """In which several are computed: float32 unless one holds more than it can tell apart."""
    if all(image.whole for image in images):
        return np.dtype(np.int64)
    for image in images:
        if image.values.dtype == np.float64:
            return np.dtype(np.float64)
        if image.whole and max(abs(image.low), abs(image.high)) > 2**24:
            return np.dtype(np.float64)
    return np.dtype(np.float32)


def _arithmetic(
    name: str, function: Callable[..., Any], exact: Callable[[int, int], int]
) -> Callable[[Made, Made], Made]:
    def run(a: Made, b: Made) -> Made:
        kind = joint(a, b)
        values = function(a.values.astype(kind), b.values.astype(kind))
        corners = [exact(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
        made = getattr(a.client, name)(b.client)
        bounds = (min(corners), max(corners)) if kind == np.int64 else (0, 0)
        return Made(made, values, a.valid & b.valid, *bounds)

    return run


def divide(a: Made, b: Made) -> Made:
    kind = joint(a, b) if not (a.whole and b.whole) else np.dtype(np.float32)
    x, y = a.values.astype(kind), b.values.astype(kind)
    values = np.divide(x, y, out=np.zeros_like(x), where=y != 0)
    return Made(a.client.divide(b.client), values, a.valid & b.valid)


def _comparison(name: str, function: Callable[..., Any]) -> Callable[[Made, Made], Made]:
    def run(a: Made, b: Made) -> Made:
        kind = joint(a, b)
        values = function(a.values.astype(kind), b.values.astype(kind)).astype(np.int64)
        return Made(getattr(a.client, name)(b.client), values, a.valid & b.valid, 0, 1)

    return run


def _logical(name: str, function: Callable[..., Any]) -> Callable[[Made, Made], Made]:
    def run(a: Made, b: Made) -> Made:
        values = function(a.values != 0, b.values != 0).astype(np.int64)
        return Made(getattr(a.client, name)(b.client), values, a.valid & b.valid, 0, 1)

    return run


def _bits(name: str, function: Callable[..., Any]) -> Callable[[Made, Made], Made]:
    def run(a: Made, b: Made) -> Made:
        if not (a.whole and b.whole):
            return a
        low, high = min(a.low, b.low), max(a.high, b.high)
        most = 1
        while high >= most or low < -most:
            most *= 2
        values = function(a.values, b.values)
        made = getattr(a.client, name)(b.client)
        return Made(made, values, a.valid & b.valid, -most if low < 0 else 0, most - 1)

    return run


TWO: list[Callable[[Made, Made], Made]] = [
    _arithmetic("add", np.add, lambda x, y: x + y),
    _arithmetic("subtract", np.subtract, lambda x, y: x - y),
    _arithmetic("multiply", np.multiply, lambda x, y: x * y),
    _arithmetic("min", np.minimum, min),
    _arithmetic("max", np.maximum, max),
    divide,
    _comparison("gt", np.greater),
    _comparison("lte", np.less_equal),
    _comparison("eq", np.equal),
    _comparison("neq", np.not_equal),
    _logical("And", np.logical_and),
    _logical("Or", np.logical_or),
    _bits("bitwiseAnd", np.bitwise_and),
    _bits("bitwiseOr", np.bitwise_or),
    _bits("bitwiseXor", np.bitwise_xor),
]


def _cast(name: str, dtype: str) -> Callable[[Made], Made]:
    def run(a: Made) -> Made:
        made = getattr(a.client, name)()
        if dtype[0] == "f":
            return Made(made, a.values.astype(dtype), a.valid)
        info = np.iinfo(dtype)
        values = a.values
        if not a.whole:
            values = np.nan_to_num(np.trunc(values.astype(np.float64)), posinf=1e30, neginf=-1e30)
        clamped = np.clip(values, info.min, info.max).astype(np.int64)
        return Made(made, clamped, a.valid, int(info.min), int(info.max))

    return run


def absolute(a: Made) -> Made:
    ends = (abs(a.low), abs(a.high))
    low = 0 if a.low < 0 < a.high else min(ends)
    bounds = (low, max(ends)) if a.whole else (0, 0)
    return Made(a.client.abs(), np.abs(a.values), a.valid, *bounds)


def negation(a: Made) -> Made:
    return Made(a.client.Not(), (a.values == 0).astype(np.int64), a.valid, 0, 1)


def root(a: Made) -> Made:
    kind = np.float64 if a.whole else a.values.dtype
    return Made(a.client.abs().sqrt(), np.sqrt(np.abs(a.values.astype(kind))), a.valid)


def own_mask(a: Made) -> Made:
    condition = a.client.gt(0)
    return Made(a.client.updateMask(condition), a.values, a.valid & (a.values > 0), a.low, a.high)


def unmasked(a: Made) -> Made:
    low, high = (min(a.low, -7), max(a.high, -7)) if a.whole else (0, 0)
    values = np.where(a.valid, a.values, a.values.dtype.type(-7))
    return Made(a.client.unmask(-7), values, np.ones_like(a.valid), low, high)


def mask_as_image(a: Made) -> Made:
    return Made(a.client.mask(), a.valid.astype(np.float32), np.ones_like(a.valid))


ONE: list[Callable[[Made], Made]] = [
    _cast("toByte", "u1"),
    _cast("toInt8", "i1"),
    _cast("toUint16", "u2"),
    _cast("toInt16", "i2"),
    _cast("toInt32", "i4"),
    _cast("toFloat", "f4"),
    _cast("toDouble", "f8"),
    absolute,
    negation,
    root,
    own_mask,
    unmasked,
    mask_as_image,
]


def where(a: Made, test: Made, value: Made) -> Made:
    kind = joint(a, value)
    chosen = test.valid & (test.values != 0) & value.valid
    values = np.where(chosen, value.values.astype(kind), a.values.astype(kind))
    bounds = _united(a, value)
    return Made(a.client.where(test.client, value.client), values, a.valid, *bounds)


def conditional(test: Made, yes: Made, no: Made) -> Made:
    kind = joint(yes, no)
    truth = test.values != 0
    values = np.where(truth, yes.values.astype(kind), no.values.astype(kind))
    valid = test.valid & np.where(truth, yes.valid, no.valid)
    made = ee.Image().expression("t ? y : n", {"t": test.client, "y": yes.client, "n": no.client})
    return Made(made, values, valid, *_united(yes, no))


def _united(*images: Made) -> tuple[int, int]:
    if not all(image.whole for image in images):
        return 0, 0
    return min(image.low for image in images), max(image.high for image in images)


def _reduced(name: str, kind: Any) -> Callable[[Made, Made, Made], Made]:
    """A reducer over bands; what is masked does not count."""

    def run(a: Made, b: Made, c: Made) -> Made:
        images = (a, b, c)
        stack = np.stack([i.values.astype(joint(*images)) for i in images])
        shown = np.stack([i.valid for i in images])
        made = ee.Image.cat([i.client for i in images]).reduce(name)
        some = np.asarray(shown.any(axis=0))
        if name == "count":
            return Made(made, shown.sum(axis=0), np.ones_like(some), 0, 3)
        if name in ("min", "max"):
            end = np.inf if name == "min" else -np.inf
            whole = stack.dtype.kind == "i"
            masked = np.where(shown, stack, (2**62 if end > 0 else -(2**62)) if whole else end)
            return Made(made, getattr(masked, name)(axis=0), some, *_united(*images))
        total = np.where(shown, stack, 0).sum(axis=0, dtype=kind)
        return Made(made, total / np.maximum(shown.sum(axis=0), 1), some)

    return run


THREE: list[Callable[[Made, Made, Made], Made]] = [
    where,
    conditional,
    _reduced("count", np.int64),
    _reduced("min", None),
    _reduced("max", None),
    _reduced("mean", np.float64),
]


BY_OPERANDS: dict[int, list[Callable[..., Made]]] = {1: [*ONE], 2: [*TWO], 3: [*THREE]}


def _leaf(draw: st.DrawFn) -> Made:
    if draw(st.booleans()):
        return constant(draw(st.sampled_from([0, 1, -3, 200, 70_000, 0.5, -2.25, 1e6])))
    return stored(draw(st.sampled_from(["u8", "i16", "u16", "i32", "f32", "f64", "flag"])))


@st.composite
def expressions(draw: st.DrawFn) -> Made:
    """Built from the leaves up, so that shrinking finds the operation that is wrong."""
    made = [_leaf(draw) for _ in range(3)]
    for _ in range(draw(st.integers(1, 6))):
        arity = draw(st.sampled_from([1, 2, 2, 3]))
        chosen = [draw(st.sampled_from(made)) for _ in range(arity)]
        chosen = [
            _cast("toInt16", "i2")(i) if i.whole and max(-i.low, i.high) > LARGE else i
            for i in chosen
        ]
        operation = draw(st.sampled_from(BY_OPERANDS[arity]))
        with np.errstate(all="ignore"):
            made.append(operation(*chosen))
    return made[-1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(expressions(), min_size=3, max_size=3))
def test_expressions_agree_with_numpy(images: list[Made]) -> None:
    bands = [image.client.rename(f"b{i}") for i, image in enumerate(images)]
    masks = [band.mask().rename(f"m{i}") for i, band in enumerate(bands)]
    found = pixels(ee.Image.cat([*bands, *masks]), SMALL)
    for i, image in enumerate(images):
        np.testing.assert_array_equal(found[f"m{i}"] != 0, image.valid)
        expected = np.where(image.valid, image.values, 0)
        assert found[f"b{i}"].dtype == image.dtype
        np.testing.assert_array_equal(found[f"b{i}"], expected.astype(image.dtype))
