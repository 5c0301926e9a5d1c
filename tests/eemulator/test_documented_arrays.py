"""Arrays of the reference's examples, and the values beside them."""

from __future__ import annotations

import math
from typing import Any

import ee
import pytest

from .documented import Pages, check, to
from .wire import info

pytestmark = pytest.mark.usefixtures("server")

HALF = math.sqrt(0.5)


def array(values: Any) -> Any:
    return ee.Array(values)


def empty() -> Any:
    return ee.Array([], ee.PixelType.int8())


ARRAYS: Pages = {
    "array": [
        (empty, []),
        (lambda: ee.Array([[]], ee.PixelType.uint8()), [[]]),
        (lambda: ee.Array([[], []], ee.PixelType.float()), [[], []]),
        (lambda: ee.Array([ee.Number(123).toUint8()]), [123]),
        (lambda: ee.Array(ee.List.sequence(0, 10, 2)), [0, 2, 4, 6, 8, 10]),
        (lambda: ee.Array(ee.Array([1, 2, 3])), [1, 2, 3]),
    ],
    "array-accum": [
        (lambda: array([[1, 3], [5, 7]]).accum(0), [[1, 3], [6, 10]]),
        (lambda: array([[1, 3], [5, 7]]).accum(1), [[1, 4], [5, 12]]),
        (lambda: array([2, -2, 3, 1]).accum(0), [2, 0, 3, 4]),
        (lambda: array([2, -2, 3, 1]).accum(0, ee.Reducer.max()), [2, 2, 3, 3]),
        (lambda: array([2, -2, 3, 1]).accum(0, ee.Reducer.mean()), [2, 0, 1, 1]),
        (lambda: array([2, -2, 3]).accum(0, ee.Reducer.product()), [2, -4, -12]),
    ],
    "array-acos": [(lambda: array([-1, 0, 1]).acos(), [math.pi, math.pi / 2, 0])],
    "array-add": [
        (lambda: empty().add(empty()), []),
        (lambda: array([0]).add(1), [1]),
        (lambda: array([[0, 1, 2], [3, 4, 5]]).add(1), [[1, 2, 3], [4, 5, 6]]),
    ],
    "array-and": [
        (lambda: array([1, 1]).And([-2, 2]), [1, 1]),
        (lambda: array([1, 1]).And(ee.Array([0.0, 2.0], ee.PixelType.double())), [0, 1]),
    ],
    "array-argmax": [
        (lambda: empty().argmax(), None),
        (lambda: array([[3, 4, 2], [6, 5, 7]]).argmax(), [1, 2]),
        (lambda: array([1, 1, 1, 9, 9, 9]).argmax(), [3]),
    ],
    "array-bitcount": [
        (lambda: empty().bitCount(), []),
        (lambda: array([0, 1, 2, 3, 0xFFFF]).bitCount(), [0, 1, 1, 2, 16]),
        (lambda: array([[0, 1], [6, 13]]).bitCount(), [[0, 1], [2, 3]]),
        (lambda: array([-1]).bitCount(), [64]),
        (lambda: ee.Array([-1], ee.PixelType.int8()).bitCount(), [64]),
        (lambda: array([-2]).bitCount(), [63]),
    ],
    "array-bitstoarray": [
        (lambda: ee.Array.bitsToArray(0), [0]),
        (lambda: ee.Array.bitsToArray(1), [1]),
        (lambda: ee.Array.bitsToArray(5), [1, 0, 1]),
        (lambda: ee.Array.bitsToArray(0xFF), [1] * 8),
        (lambda: ee.Array.bitsToArray(-1), [1] * 64),
        (lambda: ee.Array.bitsToArray(-1).toInt8(), [1] * 64),
    ],
    "array-bitwiseand": [
        (lambda: empty().bitwiseAnd(empty()), []),
        (lambda: ee.Array(0xFFFF).bitwiseAnd(ee.Array(0xFF)), 255),
        (lambda: ee.Array(-1).bitwiseAnd(ee.Array(-2)), -2),
        (lambda: array([6, 6]).bitwiseAnd(ee.Array([1, 11])), [2 & 1, 2]),
    ],
    "array-bitwisenot": [
        (lambda: empty().bitwiseNot(), []),
        (lambda: array([0, 1, 0xFF, -1, -2, -3]).bitwiseNot(), [-1, -2, -256, 0, 1, 2]),
        (lambda: ee.Array(0xFF).toInt64().bitwiseNot(), -256),
    ],
    "array-bitwisexor": [
        (lambda: array([1, 2, 3]).bitwiseXor(ee.Array([5, 8, 16])), [4, 10, 19]),
        (lambda: ee.Array(0x00FF).bitwiseXor(ee.Array(0xFF00)), 65535),
    ],
    "array-bitwiseor": [
        (lambda: ee.Array(-1).bitwiseOr(ee.Array(0xFF)), -1),
        (lambda: ee.Array(-2).bitwiseOr(ee.Array(-4)), -2),
        (lambda: array([6, 6]).bitwiseOr(ee.Array([1, 11])), [7, 15]),
    ],
    "array-byte": [
        (lambda: array([-1, 255, 256]).byte(), [0, 255, 255]),
        (lambda: array([-0.1, 0.1, 0.5, 127.1, 255.1, 255.9]).byte(), [0, 0, 1, 127, 255, 255]),
        (lambda: ee.Array([[], []], ee.PixelType.float()).byte(), [[], []]),
    ],
    "array-cat": [
        (lambda: ee.Array.cat([empty()]), []),
        (lambda: ee.Array.cat([empty(), array([1])]), [1]),
        (lambda: ee.Array.cat([array([1]), array([2])], 1), [[1, 2]]),
        (lambda: ee.Array.cat([array([0, 1, 2]), array([3, 4, 5])], 1), [[0, 3], [1, 4], [2, 5]]),
        (lambda: ee.Array.cat([array([[0], [1]]), array([[3], [4]])], 2), [[[0, 3]], [[1, 4]]]),
    ],
    "array-cbrt": [
        (lambda: empty().cbrt(), []),
        (lambda: array([0, 1, 8, 27, -27]).cbrt(), [0, 1, 2, 3, -3]),
    ],
    "array-ceil": [(lambda: array([-1.1, -0.1, 0, 0.1, 1.1]).ceil(), [-1, 0, 0, 1, 2])],
    "array-cosh": [(lambda: array([-4, 0, 4]).cosh(), to(2, 27.31, 1, 27.31))],
    "array-cut": [
        (lambda: array([9]).cut([-1]), [9]),
        (lambda: array([[0, 1, 2], [3, 4, 5]]).cut([-1, 0]), [[0], [3]]),
        (lambda: array([[0, 1, 2], [3, 4, 5]]).cut([1, -1]), [[3, 4, 5]]),
    ],
    "array-digamma": [
        (lambda: ee.Array(0).digamma(), "-Infinity"),
        (lambda: array([1, 2]).digamma(), to(3, -0.577, 0.423)),
    ],
    "array-divide": [
        (lambda: ee.Array(2).divide(0), 0),
        (lambda: ee.Array(2).divide([1]), [2]),
        (lambda: array([3, 4]).divide(2), [1.5, 2]),
        (lambda: array([3, 4]).divide([2, 4]), [1.5, 1]),
    ],
    "array-dotproduct": [
        (lambda: array([0, 1, 2]).dotProduct(array([3, 4, 5])), 14),
        (lambda: array([1.5, 2.5]).dotProduct(array([3, 4])), 14.5),
    ],
    "array-eq": [
        (lambda: array([1.1]).float().eq(array([1.1])), [0]),
        (lambda: array([1.1]).double().eq(array([1.1])), [1]),
        (lambda: array([1]).int8().eq(array([1]).int32()), [1]),
    ],
    "array-erf": [(lambda: array([-6, 0, 6]).erf(), [-1, 0, 1])],
    "array-erfc": [(lambda: array([-6, 0, 28]).erfc(), [2, 1, 0])],
    "array-erfcinv": [(lambda: array([0.1, 1, 1.9]).erfcInv(), to(3, 1.163, 0, -1.163))],
    "array-erfinv": [(lambda: array([-0.99, 0, 0.99]).erfInv(), to(2, -1.82, 0, 1.82))],
    "array-first": [
        (lambda: empty().first(empty()), []),
        (lambda: array([0, 1, 2]).first(1), [0, 1, 2]),
        (lambda: array([3, 4, 5]).first(array([0, 1, 2])), [3, 4, 5]),
    ],
    "array-firstnonzero": [
        (lambda: array([-1, 0, 1]).firstNonZero([2, -1, 2]), [-1, -1, 1]),
        (lambda: array([[1, 2], [0, 0]]).firstNonZero([[0, 0], [3, 4]]), [[1, 2], [3, 4]]),
    ],
    "array-exp": [
        (lambda: array([-1, 0, 1, 2]).exp(), to(3, math.exp(-1), 1, math.e, 7.389)),
    ],
    "array-floor": [
        (lambda: array([2.1, 2.5, 2.9, -2.1, -2.5, -2.9]).floor(), [2, 2, 2, -3, -3, -3]),
    ],
    "array-get": [(lambda: array([[0, 1, 2], [3, 4, 5]]).get([1, 2]), 5)],
    "array-gte": [(lambda: array([-1, 0, 1]).gte([-2, 1, 1]), [1, 0, 1])],
    "array-identity": [
        (lambda: ee.Array.identity(0), []),
        (lambda: ee.Array.identity(2), [[1, 0], [0, 1]]),
    ],
    "array-log": [(lambda: array([math.exp(-1), 1, math.e]).log(), [-1, 0, 1])],
    "array-log10": [(lambda: array([0.1, 1, 10, 100]).log10(), [-1, 0, 1, 2])],
    "array-mask": [
        (lambda: array([1]).mask([0]), []),
        (lambda: array([0, 1, 2, 3]).mask([0, 4, -1, 1.2]), [1, 2, 3]),
        (lambda: array([[1, 2, 3, 4]]).mask([[0, 0, 0, 0]]), [[]]),
        (lambda: array([[1, 2, 3, 4]]).mask([[1, 0, 1, 1]]), [[1, 3, 4]]),
        (lambda: array([[1], [2], [3], [4]]).mask([[0], [0], [0], [0]]), []),
        (lambda: array([[1], [2], [3], [4]]).mask([[1], [0], [1], [1]]), [[1], [3], [4]]),
        (lambda: empty().mask(empty()), []),
    ],
    "array-max": [(lambda: array([0, -3, 5, 3]).max(array([0, -1, 2, 4])), [0, -1, 5, 4])],
    "array-mod": [
        (lambda: array([-1, -7, -8, -9]).mod(array([8, 8, 8, 8])), [-1, -7, 0, -1]),
        (lambda: array([8, 8, 8, 8]).mod(array([-1, -7, -8, -9])), [0, 1, 0, 8]),
        (lambda: array([2.5]).mod(array([1.2])), [0.10000000000000009]),
    ],
    "array-multiply": [
        (lambda: array([1, -2, 2, 4]).multiply([-1, -4, -1, 1.2]), [-1, 8, -2, 4.8]),
        (lambda: empty().multiply(empty()), []),
    ],
    "array-not": [
        (lambda: empty().Not(), []),
        (lambda: array([-1, -0.1, 0, 0.1, 1]).Not(), [0, 0, 1, 0, 0]),
    ],
    "array-or": [(lambda: array([0, 0, 1, 1]).Or(array([0, 1, 0, 1])), [0, 1, 1, 1])],
    "array-pow": [
        (lambda: array([-2] * 6).pow([-2, -1, 0, 1, 2, 3]), [0.25, -0.5, 1, -2, 4, -8]),
        (
            lambda: array([10] * 6).pow([-2, -1, 0, 1, 2, 3]),
            [0.009999999776482582, 0.10000000149011612, 1, 10, 100, 1000],
        ),
        (
            lambda: ee.Array([10] * 6, ee.PixelType.int32()).pow([-2, -1, 0, 1, 2, 3]),
            [0.009999999776482582, 0.10000000149011612, 1, 10, 100, 1000],
        ),
    ],
    "array-slice": [
        (lambda: array([1, 2, 3, 4, 5, 6]).slice(0, 0, 10, 1), [1, 2, 3, 4, 5, 6]),
        (lambda: array([1, 2, 3, 4, 5, 6]).slice(0, 6), []),
        (lambda: array([1, 2, 3, 4, 5, 6]).slice(0, 0, -3), [1, 2, 3]),
        (lambda: array([1, 2, 3, 4, 5, 6]).slice(0, -2, 6), [5, 6]),
        (lambda: array([[1, 2], [3, 4], [5, 6]]).slice(0, 0, 3, 2), [[1, 2], [5, 6]]),
        (lambda: empty().slice(0, 0, 0, 1), []),
    ],
    "array-subtract": [(lambda: array([-1, 0, 1]).subtract([-5, 6, 7]), [4, -6, -6])],
}

EIGEN: list[tuple[Any, Any]] = [
    ([[0, 0], [0, 0]], [[0, 0, 1], [0, 1, 0]]),
    ([[1, 0], [0, 0]], [[1, 1, 0], [0, 0, 1]]),
    ([[0, 1], [0, 0]], [[0, 0, 1], [0, 1, 0]]),
    ([[0, 0], [1, 0]], [[0, -1, 0], [0, 0, -1]]),
    ([[0, 0], [0, 1]], [[1, 0, 1], [0, 1, 0]]),
    ([[1, 1], [0, 0]], [[1, 1, 0], [0, -HALF, HALF]]),
    ([[0, 0], [1, 1]], [[1, 0, -1], [0, -HALF, HALF]]),
    ([[1, 0], [1, 0]], [[1, HALF, HALF], [0, 0, 1]]),
    ([[1, 0], [0, 1]], [[1, 1, 0], [1, 0, 1]]),
    ([[0, 1], [1, 0]], [[1, HALF, HALF], [-1, HALF, -HALF]]),
    ([[0, 1], [0, 1]], [[1, HALF, HALF], [0, 1, 0]]),
    ([[1, 1], [0, 1]], [[1, 0, 1], [1, 1, 0]]),
    ([[1, 0], [1, 1]], [[1, -1, 0], [1, 0, -1]]),
    ([[0, 1], [1, 1]], [[1.62, -0.53, -0.85], [-0.62, -0.85, 0.53]]),
    ([[1, 1], [1, 1]], [[2, HALF, HALF], [0, HALF, -HALF]]),
    ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 1]]),
    ([[2, 0, 0], [0, 3, 0], [0, 0, 4]], [[4, 0, 0, 1], [3, 0, 1, 0], [2, 1, 0, 0]]),
    ([[1, 0, 0], [0, 0, 0], [0, 0, 0]], [[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
    ([[1] * 3] * 3, [[3, *[-0.58] * 3], [0, 0, -HALF, HALF], [0, -0.82, 0.41, 0.41]]),
]


@pytest.mark.parametrize("page", ARRAYS)
def test_values_are_those_of_the_page(page: str) -> None:
    check(ARRAYS[page])


def test_eigenvectors_are_those_of_the_page() -> None:
    """https://developers.google.com/earth-engine/apidocs/ee-array-eigen: to two digits there."""
    found = info(ee.List([ee.Array(matrix).eigen() for matrix, _ in EIGEN]))
    for rows, (matrix, expected) in zip(found, EIGEN, strict=True):
        assert rows == [pytest.approx(row, abs=0.0051) for row in expected], matrix
