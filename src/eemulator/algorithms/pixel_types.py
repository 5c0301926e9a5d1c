"""Pixel types as values, and what kind of thing a value is."""

from __future__ import annotations

from typing import Any

from ..errors import ServiceError
from ..expression.promote import type_name
from ..expression.registry import algorithm
from ..values.pixel_type import DOUBLE, FLOAT, INT64, TYPES, PixelType


@algorithm("PixelType")
def make(precision: Any, low: float | None, high: float | None, dimensions: int) -> PixelType:
    """A precision with limits.

    Raises:
        ServiceError: the precision is not known, or the range empty.
    """
    if isinstance(precision, PixelType):
        return precision
    if dimensions < 0:
        raise ServiceError(f"Parameter 'dimensions' must not be negative, got {dimensions}.")
    return _numbers(precision, low, high).arrayed(dimensions)


def _numbers(precision: Any, low: float | None, high: float | None) -> PixelType:
    if precision in ("float", "double"):
        kind = FLOAT if precision == "float" else DOUBLE
        return kind if low is None or high is None else PixelType(kind.precision, low, high)
    if precision == "int":
        least, most = INT64.bounds
        bottom, top = least if low is None else int(low), most if high is None else int(high)
        if bottom > top:
            raise ServiceError(f"The range {bottom} to {top} is empty.")
        return PixelType.of_range(bottom, top)
    if isinstance(precision, str) and precision in TYPES:
        return TYPES[precision]
    raise ServiceError(f"Unknown pixel type '{precision}'.")


def _register(name: str) -> None:
    @algorithm(f"PixelType.{name}")
    def run() -> PixelType:
        return TYPES[name]


for _name in TYPES:
    _register(_name)


@algorithm("PixelType.precision")
def precision_of(kind: PixelType) -> str:
    """`int`, `float` or `double`."""
    return kind.precision


@algorithm("PixelType.minValue")
def least(kind: PixelType) -> float | None:
    """The least value; null where it is not bounded."""
    return kind.min


@algorithm("PixelType.maxValue")
def greatest(kind: PixelType) -> float | None:
    """The greatest value; null where it is not bounded."""
    return kind.max


@algorithm("PixelType.dimensions")
def dimensions_of(kind: PixelType) -> int:
    """Of the array that each pixel is; 0 where it is a number."""
    return kind.dimensions


@algorithm("ObjectType")
def object_type(value: Any) -> str:
    """What kind of thing a value is."""
    return type_name(value)
