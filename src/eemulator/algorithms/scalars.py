"""Numbers."""

from __future__ import annotations

import math
import operator
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.gamma import digamma, lanczos, regularized_gamma, trigamma
from ..values.numbers import Long, number
from ..values.pixel_type import TYPES
from .image_math import ALIASES

if TYPE_CHECKING:
    from collections.abc import Callable


def _divide(a: float, b: float) -> float:
    return a / b if b else 0.0


def _mod(a: float, b: float) -> float:
    return math.fmod(a, b) if b else 0.0


def _wrapped(value: int) -> int:
    """An integer in 64 bits, two's complement."""
    return (value + 2**63) % 2**64 - 2**63


def _lanczos(value: float) -> float:
    with np.errstate(divide="ignore"):
        return float(lanczos(float(value)))


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": _divide,
    "mod": _mod,
    "pow": lambda a, b: math.pow(a, b),
    "min": min,
    "max": max,
    "first": lambda a, b: a,  # noqa: ARG005 - called with both, as all of these are
    "firstNonZero": lambda a, b: a or b,
    # The angle of the vector [x, y]: the left operand is x [S].
    "atan2": lambda x, y: math.atan2(y, x),
    "hypot": math.hypot,
    "gammainc": lambda a, b: float(regularized_gamma(a, b)),
    "eq": lambda a, b: int(a == b),
    "neq": lambda a, b: int(a != b),
    "lt": lambda a, b: int(a < b),
    "lte": lambda a, b: int(a <= b),
    "gt": lambda a, b: int(a > b),
    "gte": lambda a, b: int(a >= b),
    "and": lambda a, b: int(bool(a and b)),
    "or": lambda a, b: int(bool(a or b)),
    "bitwiseAnd": lambda a, b: int(a) & int(b),
    "bitwiseOr": lambda a, b: int(a) | int(b),
    "bitwiseXor": lambda a, b: int(a) ^ int(b),
    "leftShift": lambda a, b: _wrapped(_wrapped(int(a)) << (int(b) & 63)),
    "rightShift": lambda a, b: _wrapped(int(a)) >> (int(b) & 63),
}
_UNARY: dict[str, Callable[[Any], Any]] = {
    "not": lambda a: int(not a),
    "abs": abs,
    "floor": math.floor,
    "ceil": math.ceil,
    "round": lambda a: math.floor(a + 0.5),
    "signum": lambda a: (a > 0) - (a < 0),
    "sqrt": math.sqrt,
    "cbrt": math.cbrt,
    "exp": math.exp,
    "log": math.log,
    "log10": math.log10,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "bitwiseNot": lambda a: ~int(a),
    "bitCount": lambda a: (int(a) & (2**64 - 1)).bit_count(),
    "gamma": lambda a: float(special.gamma(a)),
    "digamma": lambda a: float(digamma(np.array(a))),
    "trigamma": lambda a: float(trigamma(np.array(a))),
    "lanczos": _lanczos,
    "erf": math.erf,
    "erfc": math.erfc,
    "erfInv": lambda a: float(special.erfinv(a)),
    "erfcInv": lambda a: float(special.erfcinv(a)),
}


def _safe(function: Callable[..., Any], *operands: float) -> Any:
    """A function of numbers; what has no value is NaN, what is too large is infinite."""
    try:
        result = function(*operands)
        # Numbers have 64 bits; what does not fit goes on as a double.
        return float(result) if isinstance(result, int) and abs(result) >= 2**63 else result
    except ValueError:
        return math.nan
    except OverflowError:
        return math.inf


def function_of(name: str, operands: int) -> Callable[..., Any] | None:
    """A function of `Number` by its name, of one or two operands; None where there is none."""
    table: dict[str, Callable[..., Any]] = _UNARY if operands == 1 else _BINARY
    if operands not in (1, 2) or name not in table:
        return None
    return partial(_safe, table[name])


def _register_binary(name: str, function: Callable[..., Any]) -> None:
    @algorithm(f"Number.{name}")
    def run(left: float, right: float) -> Any:
        return _safe(function, left, right)


def _register_unary(name: str, function: Callable[..., Any]) -> None:
    @algorithm(f"Number.{name}")
    def run(value: float) -> Any:
        return _safe(function, value)


def _register_cast(name: str) -> None:
    kind = TYPES[name]

    @algorithm(f"Number.{name}", f"Number.to{name[0].upper()}{name[1:]}")
    def run(value: float) -> float:
        if not kind.is_int:
            return float(value)
        low, high = kind.bounds
        return Long(0 if math.isnan(value) else min(max(value, low), high))


for _name, _function in _BINARY.items():
    _register_binary(_name, _function)
for _alias, _name in ALIASES.items():
    _register_binary(_alias, _BINARY[_name])
for _name, _single in _UNARY.items():
    _register_unary(_name, _single)
_register_unary("bitwise_not", _UNARY["bitwiseNot"])
for _name in TYPES:
    _register_cast(_name)


@algorithm("Number.clamp")
def clamp(value: float, low: float, high: float) -> float:
    """Within a range."""
    return min(max(value, low), high)


@algorithm("Number.unitScale")
def unit_scale(value: float, low: float, high: float) -> float:
    """The range as 0 to 1; values outside are not clamped [S]."""
    return _divide(value - low, high - low)


@algorithm("Number.parse")
def parse(text: str, radix: int) -> float:
    """A number from text."""
    try:
        return int(text, radix) if radix != 10 else _decimal(text)
    except ValueError:
        raise ServiceError(f"Unable to parse '{text}' as a number.") from None


def _decimal(text: str) -> float:
    try:
        return int(text)
    except ValueError:
        return float(text)


@algorithm("Number.format")
def format_(value: float, pattern: str) -> str:
    """A number as text, by a pattern of printf's.

    Raises:
        ServiceError: it is none, or not for one number.
    """
    found = _PATTERN.fullmatch(pattern)
    if found is None:
        raise ServiceError(f"Invalid number format '{pattern}'.")
    if found["kind"] == "s":
        return pattern.replace(found["field"], str(number(value)), 1)
    whole = found["kind"] in "dxX"
    if whole and not float(value).is_integer():
        raise ServiceError(f"The format '{pattern}' is for whole numbers, got {value}.")
    return pattern % (int(value) if whole else float(value))


_PATTERN = re.compile(r"[^%]*(?P<field>%[-+ 0,]{0,5}\d{0,3}(\.\d{1,2})?(?P<kind>[dxXfeEgs]))[^%]*")
