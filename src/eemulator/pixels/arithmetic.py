"""Arithmetic of planes, and the pixel types that come of it.

Integers are computed in a dtype that holds operands and result, so nothing wraps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from ..values.gamma import digamma, lanczos, regularized_gamma, trigamma
from ..values.pixel_type import BOOLEAN, DOUBLE, FLOAT, INT64, PixelType
from .node import Plane, both

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    TypeRule = Callable[[PixelType, PixelType], PixelType]


@dataclass(frozen=True, slots=True)
class Binary:
    """An operation of two operands.

    Attributes:
        function: of two arrays of the working dtype.
        result: the type of its pixels.

    """

    function: Callable[..., NDArray[Any]]
    result: TypeRule

    def compute(self, left: PixelType, right: PixelType) -> Callable[[Plane, Plane], Plane]:
        """The operation between bands of two types."""
        result = self.result(left, right)
        working = left.union(right)
        if result != BOOLEAN:
            working = working.union(result) if result.is_int else result
        function, dtype, wanted = self.function, working.dtype, result.dtype

        def run(one: Plane, other: Plane) -> Plane:
            with np.errstate(all="ignore"):
                values = function(
                    one.values.astype(dtype, copy=False), other.values.astype(dtype, copy=False)
                )
                return Plane(values.astype(wanted, copy=False), both(one.mask, other.mask))

        return run


def _interval(function: Callable[[int, int], float]) -> TypeRule:
    """The range of a monotonic operation is spanned by its values at the corners."""

    def rule(left: PixelType, right: PixelType) -> PixelType:
        if not (left.is_int and right.is_int):
            return left.union(right).without_range()
        corners = [function(a, b) for a in left.bounds for b in right.bounds]
        return PixelType.of_range(min(corners), max(corners))

    return rule


def fraction(left: PixelType, right: PixelType) -> PixelType:
    """Integers divide to a float [M]."""
    joint = left.union(right)
    return FLOAT if joint.is_int else joint.without_range()


def _truth(*operands: PixelType) -> PixelType:  # noqa: ARG001
    return BOOLEAN


def _floating(left: PixelType, right: PixelType) -> PixelType:
    joint = left.union(right)
    return DOUBLE if joint.is_int else joint.without_range()


def _bits(left: PixelType, right: PixelType) -> PixelType:
    """Any pattern of the bits that the operands have."""
    if not (left.is_int and right.is_int):
        return INT64
    joint = left.union(right)
    bits = _bit_length(joint)
    return PixelType.of_range(-(2**bits) if joint.bounds[0] < 0 else 0, 2**bits - 1)


def _bit_length(kind: PixelType) -> int:
    """Bits that the integers of a type take, beside the sign."""
    low, high = kind.bounds
    return max(high.bit_length(), (-low - 1).bit_length() if low < 0 else 0)


def _shifted_left(left: PixelType, right: PixelType) -> PixelType:
    """Wide enough that no bit is lost, up to 64 bits; the service's own rule is not known [M]."""
    if not (left.is_int and right.is_int) or not 0 <= right.bounds[0] <= right.bounds[1] < 64:
        return INT64
    corners = [a << b for a in left.bounds for b in right.bounds]
    return PixelType.of_range(min(corners), max(corners))


def _shifted_right(left: PixelType, right: PixelType) -> PixelType:  # noqa: ARG001
    """No farther from 0 than the operand."""
    if not left.is_int:
        return INT64
    low, high = left.bounds
    return PixelType.of_range(min(low, 0), max(high, 0))


def _joint(left: PixelType, right: PixelType) -> PixelType:
    """The union [S]."""
    return left.union(right).without_range()


def _remainder(left: PixelType, right: PixelType) -> PixelType:
    if not (left.is_int and right.is_int):
        return left.union(right).without_range()
    most = max(abs(v) for v in right.bounds)
    low, high = left.bounds
    return PixelType.of_range(max(-most, low) if low < 0 else 0, min(most, max(high, 0)))


def _divide(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Division by zero gives zero [S]."""
    return np.where(b == 0, 0, a / np.where(b == 0, 1, b)).astype(a.dtype)


def _mod(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    return np.where(b == 0, 0, np.fmod(a, np.where(b == 0, 1, b))).astype(a.dtype)


def _logical(function: Callable[..., NDArray[Any]]) -> Callable[..., NDArray[Any]]:
    return lambda a, b: function(a != 0, b != 0)


def _bitwise(function: Callable[..., NDArray[Any]]) -> Callable[..., NDArray[Any]]:
    def run(*operands: NDArray[Any]) -> NDArray[Any]:
        return function(*(_as_integers(each) for each in operands))

    return run


def _as_integers(values: NDArray[Any]) -> NDArray[Any]:
    """Fractions are cut."""
    return values.astype(np.int64) if values.dtype.kind == "f" else values


def _shift(function: Callable[..., NDArray[Any]]) -> Callable[..., NDArray[Any]]:
    """Shifts of 64 bits; of the number of places the lowest six bits count, as in Java [M]."""

    def run(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
        return function(a.astype(np.int64), b.astype(np.int64) & 63)

    return run


def _first_nonzero(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    return np.where(a != 0, a, b)


BINARY: dict[str, Binary] = {
    "add": Binary(np.add, _interval(lambda a, b: a + b)),
    "subtract": Binary(np.subtract, _interval(lambda a, b: a - b)),
    "multiply": Binary(np.multiply, _interval(lambda a, b: a * b)),
    "divide": Binary(_divide, fraction),
    "mod": Binary(_mod, _remainder),
    "pow": Binary(np.power, _floating),
    # The angle of the vector [x, y]: the left operand is x [S].
    "atan2": Binary(lambda x, y: np.arctan2(y, x), _floating),
    "hypot": Binary(np.hypot, _floating),
    "gammainc": Binary(regularized_gamma, _floating),
    "min": Binary(np.minimum, _interval(min)),
    "max": Binary(np.maximum, _interval(max)),
    "eq": Binary(np.equal, _truth),
    "neq": Binary(np.not_equal, _truth),
    "gt": Binary(np.greater, _truth),
    "gte": Binary(np.greater_equal, _truth),
    "lt": Binary(np.less, _truth),
    "lte": Binary(np.less_equal, _truth),
    "and": Binary(_logical(np.logical_and), _truth),
    "or": Binary(_logical(np.logical_or), _truth),
    "bitwiseAnd": Binary(_bitwise(np.bitwise_and), _bits),
    "bitwiseOr": Binary(_bitwise(np.bitwise_or), _bits),
    "bitwiseXor": Binary(_bitwise(np.bitwise_xor), _bits),
    "leftShift": Binary(_shift(np.left_shift), _shifted_left),
    "rightShift": Binary(_shift(np.right_shift), _shifted_right),
    "first": Binary(lambda a, b: a, _joint),  # noqa: ARG005
    "firstNonZero": Binary(_first_nonzero, _joint),
}


def _whole(left: PixelType, right: PixelType) -> PixelType:
    """Integers divide to integers no farther from 0 than the dividend."""
    if not (left.is_int and right.is_int):
        return fraction(left, right)
    most = max(map(abs, left.bounds))
    return PixelType.of_range(-most if min(*left.bounds, *right.bounds) < 0 else 0, most)


def _quotient(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """Integers without the remainder; the sign of a quotient does not change its size [I]."""
    if a.dtype.kind == "f":
        return _divide(a, b)
    known = np.where(b == 0, 1, b)
    return np.where(b == 0, 0, (a - np.fmod(a, known)) // known)


QUOTIENT = Binary(_quotient, _whole)
"""The division sign of formulas: `10 / 20` is 0, `10 * 1.0 / 20` is 0.5 [S].

https://developers.google.com/earth-engine/guides/image_math#expressions
"""


@dataclass(frozen=True, slots=True)
class Unary:
    """An operation of one operand, computed in the result's dtype or the operand's, if wider."""

    function: Callable[[NDArray[Any]], NDArray[Any]]
    result: Callable[[PixelType], PixelType]

    def compute(self, operand: PixelType) -> Callable[[Plane], Plane]:
        """The operation on bands of a type."""
        result = self.result(operand)
        working = (result if result != BOOLEAN else operand).union(operand)
        function, dtype, wanted = self.function, working.dtype, result.dtype

        def run(plane: Plane) -> Plane:
            with np.errstate(all="ignore"):
                values = function(plane.values.astype(dtype, copy=False))
                if values.dtype.kind == "f" and result.is_int:
                    values = _clamped(values, *result.bounds)
                return Plane(values.astype(wanted, copy=False), plane.mask)

        return run


def _real(operand: PixelType) -> PixelType:
    """Functions of analysis: integers give doubles [M]."""
    return DOUBLE if operand.is_int else operand.without_range()


def _rounded(operand: PixelType) -> PixelType:
    """Rounding: floats become integers of 32 bits, doubles of 64 [M]."""
    if operand.is_int:
        return operand
    bits = 31 if operand.precision == "float" else 63
    return PixelType("int", -(2**bits), 2**bits - 1)


def _absolute(operand: PixelType) -> PixelType:
    if not operand.is_int:
        return operand.without_range()
    low, high = operand.bounds
    least = 0 if low < 0 < high else min(abs(low), abs(high))
    return PixelType.of_range(least, max(abs(low), abs(high)))


def _sign(operand: PixelType) -> PixelType:
    return PixelType("int", -1, 1) if operand.is_int else operand.without_range()


def half_up(a: NDArray[Any]) -> NDArray[Any]:
    """Java's rounding: halves go up."""
    return a if a.dtype.kind in "iu" else np.floor(a + 0.5)


def _keep_int(function: Callable[..., NDArray[Any]]) -> Callable[[NDArray[Any]], NDArray[Any]]:
    return lambda a: a if a.dtype.kind in "iu" else function(a)


def _signed(operand: PixelType) -> PixelType:
    """The smallest signed integers that can hold the operand [S]."""
    if not operand.is_int:
        return INT64
    bits = next(size for size in (7, 15, 31, 63) if size >= min(_bit_length(operand), 63))
    return PixelType("int", -(2**bits), 2**bits - 1)


def _bit_number(operand: PixelType) -> PixelType:  # noqa: ARG001
    return PixelType("int", 0, 64)


UNARY: dict[str, Unary] = {
    "abs": Unary(np.abs, _absolute),
    "not": Unary(lambda a: a == 0, _truth),
    "signum": Unary(np.sign, _sign),
    "floor": Unary(_keep_int(np.floor), _rounded),
    "ceil": Unary(_keep_int(np.ceil), _rounded),
    "round": Unary(half_up, _rounded),
    "bitwiseNot": Unary(_bitwise(np.invert), _signed),
    # NumPy counts the bits of the absolute value: negative numbers go through uint64.
    "bitCount": Unary(
        lambda a: np.bitwise_count(_as_integers(a).astype(np.int64).view(np.uint64)), _bit_number
    ),
    **{
        name: Unary(function, _real)
        for name, function in {
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
            "gamma": special.gamma,
            "digamma": digamma,
            "trigamma": trigamma,
            "lanczos": lanczos,
            "erf": special.erf,
            "erfc": special.erfc,
            "erfInv": special.erfinv,
            "erfcInv": special.erfcinv,
        }.items()
    },
}


def cast(plane: Plane, source: PixelType, target: PixelType) -> Plane:
    """A plane in another type: fractions are cut, and values clamped to the range [M]."""
    dtype = target.dtype
    values = plane.values
    with np.errstate(all="ignore"):
        if target.is_int and not (source.is_int and _within(source, target)):
            values = _clamped(values, *target.bounds)
        return Plane(values.astype(dtype, copy=False), plane.mask)


def _clamped(values: NDArray[Any], low: int, high: int) -> NDArray[Any]:
    if values.dtype.kind == "f":
        # The greatest double below 2**63 is what an int64 can be clamped to.
        top = math.nextafter(float(high), 0) if high > 2**53 else high
        whole: NDArray[Any] = np.nan_to_num(np.trunc(values), posinf=top, neginf=low)
        return whole.clip(low, top)
    info = np.iinfo(values.dtype)
    return values.clip(max(low, int(info.min)), min(high, int(info.max)))


def _within(source: PixelType, target: PixelType) -> bool:
    return target.bounds[0] <= source.bounds[0] and source.bounds[1] <= target.bounds[1]
