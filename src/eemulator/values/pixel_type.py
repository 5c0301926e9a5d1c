"""Pixel types: precision and range, as Earth Engine states them, and NumPy dtypes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

Precision = Literal["int", "float", "double"]

_INT_DTYPES = tuple(
    np.dtype(name)
    for name in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "int64", "uint64")
)
_INT64 = np.iinfo(np.int64)
# Every integer up to here is exact in a float32.
_FLOAT_EXACT = 2**24


@dataclass(frozen=True, slots=True)
class PixelType:
    """The type of a band's pixels.

    Attributes:
        precision: `int`, `float` (32 bits) or `double` (64 bits).
        min: least possible value; always known for `int`, mostly not for the others.
        max: greatest possible value.
        dimensions: of the array that each pixel is; 0 where it is a number.
    """

    precision: Precision
    min: float | None = None
    max: float | None = None
    dimensions: int = 0

    @staticmethod
    def of_dtype(dtype: np.dtype[Any]) -> PixelType:
        """The type of stored pixels."""
        if dtype.kind == "f":
            return DOUBLE if dtype.itemsize == 8 else FLOAT
        if dtype.kind == "b":
            return BOOLEAN
        info = np.iinfo(dtype)
        return PixelType("int", int(info.min), int(info.max))

    @staticmethod
    def of_range(low: float, high: float) -> PixelType:
        """Integers of a range, cut to those of 64 bits."""
        return PixelType("int", max(int(low), int(_INT64.min)), min(int(high), int(_INT64.max)))

    @staticmethod
    def of_constant(value: float) -> PixelType:
        """The type of one number: its exact range."""
        if isinstance(value, int):
            return PixelType("int", value, value)
        return PixelType("double", value, value)

    @property
    def is_int(self) -> bool:
        """Whether it holds integers only."""
        return self.precision == "int"

    @property
    def bounds(self) -> tuple[int, int]:
        """Least and greatest value of an integer type."""
        if self.min is None or self.max is None:
            return int(_INT64.min), int(_INT64.max)
        return int(self.min), int(self.max)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The smallest NumPy dtype that holds every value; unsigned where both would."""
        if self.precision == "float":
            return np.dtype(np.float32)
        if self.precision == "double":
            return np.dtype(np.float64)
        low, high = self.bounds
        for dtype in _INT_DTYPES:
            info = np.iinfo(dtype)
            if info.min <= low and high <= info.max:
                return dtype
        return np.dtype(np.float64)

    @property
    def output_dtype(self) -> np.dtype[Any]:
        """The dtype of a reply: integers of 64 bits arrive as doubles."""
        dtype = self.dtype
        return np.dtype(np.float64) if dtype.kind in "iu" and dtype.itemsize == 8 else dtype

    @property
    def element(self) -> PixelType:
        """The type of one number of an array."""
        return replace(self, dimensions=0) if self.dimensions else self

    def arrayed(self, dimensions: int) -> PixelType:
        """Arrays of so many dimensions, of such numbers."""
        return self if dimensions == self.dimensions else replace(self, dimensions=dimensions)

    def without_range(self) -> PixelType:
        """The same precision; integers keep their range."""
        return self if self.is_int else PixelType(self.precision)

    def union(self, other: PixelType) -> PixelType:
        """The least type that holds the values of both."""
        if self.is_int and other.is_int:
            (a, b), (c, d) = self.bounds, other.bounds
            return PixelType("int", min(a, c), max(b, d))
        if "double" in (self.precision, other.precision):
            return DOUBLE
        for one in (self, other):
            if one.is_int and max(map(abs, one.bounds)) > _FLOAT_EXACT:
                return DOUBLE
        return FLOAT

    def json(self) -> dict[str, Any]:
        """As in `getInfo`."""
        described: dict[str, Any] = {"type": "PixelType", "precision": self.precision}
        if self.min is not None and self.max is not None:
            described["min"], described["max"] = self.min, self.max
        if self.dimensions:
            described["dimensions"] = self.dimensions
        return described


FLOAT = PixelType("float")
DOUBLE = PixelType("double")
BOOLEAN = PixelType("int", 0, 1)
BYTE = PixelType("int", 0, 255)
INT64 = PixelType("int", int(_INT64.min), int(_INT64.max))
MASK = PixelType("float", 0, 1)


def union_of(types: Iterable[PixelType]) -> PixelType:
    """The least type that holds the values of all.

    Raises:
        ValueError: there are none.
    """
    result: PixelType | None = None
    for each in types:
        result = each if result is None else result.union(each)
    if result is None:
        raise ValueError("the union of no types")
    return result


_SIGNED = {8: "int8", 16: "int16", 32: "int32", 64: "int64"}

TYPES: dict[str, PixelType] = {
    **{
        name: PixelType("int", -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        for bits, name in _SIGNED.items()
    },
    **{f"uint{bits}": PixelType("int", 0, 2**bits - 1) for bits in (8, 16, 32)},
    "float": FLOAT,
    "double": DOUBLE,
}
"""Pixel types by the names that casts have."""
TYPES |= {
    "byte": TYPES["uint8"],
    "short": TYPES["int16"],
    "int": TYPES["int32"],
    "long": TYPES["int64"],
}
