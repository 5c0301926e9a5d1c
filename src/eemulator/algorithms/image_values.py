"""Functions of one band's values: ranges, tables, polynomials."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.node import Plane, both
from ..pixels.pointwise import Pointwise, Recipe
from ..values.image import Image, require_bands
from ..values.pixel_type import DOUBLE, PixelType, union_of
from .image_math import derived

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..values.image import ImageBand

    Values = NDArray[Any]


def each_band(
    image: Image,
    kinds: Sequence[PixelType],
    make: Callable[[ImageBand, PixelType], Callable[..., Plane]],
) -> Image:
    """A function of each band on its own; what arithmetic keeps of the metadata.

    Args:
        image: the operand.
        kinds: the pixel type of each result.
        make: from a band and its result's type to what computes its plane.
    """
    node = Pointwise(
        Recipe((band,), make(band, kind)) for band, kind in zip(image.bands, kinds, strict=True)
    )
    return image.computed(
        derived(band.id, kind, (band,), node, i)
        for i, (band, kind) in enumerate(zip(image.bands, kinds, strict=True))
    )


def _mapped(function: Callable[[Values], Values]) -> Callable[..., Callable[[Plane], Plane]]:
    """A function of values, computed in doubles or in the result's type if that is of integers."""

    # The signature is that of `each_band`'s argument; so it is below.
    def make(band: ImageBand, kind: PixelType) -> Callable[[Plane], Plane]:  # noqa: ARG001
        def run(plane: Plane) -> Plane:
            with np.errstate(all="ignore"):
                values = function(plane.values)
            return Plane(values.astype(kind.dtype, copy=False), plane.mask)

        return run

    return make


@algorithm("Image.clamp")
def clamp(image: Image, low: float, high: float) -> Image:
    """Values within a range; whole limits keep a band of integers one [M].

    Raises:
        ServiceError: the range is empty.
    """
    if not low <= high:
        raise ServiceError(f"The range [{low}, {high}] is empty.")
    whole = low.is_integer() and high.is_integer() and max(abs(low), abs(high)) < 2**53

    def kind_of(kind: PixelType) -> PixelType:
        if not kind.is_int:
            return kind.without_range()
        if not whole:
            return DOUBLE
        return PixelType.of_range(*(min(max(v, int(low)), int(high)) for v in kind.bounds))

    def clamped(values: Values) -> Values:
        if values.dtype.kind == "f" or not whole:
            return values.astype(np.float64, copy=False).clip(low, high)
        return values.astype(np.int64, copy=False).clip(int(low), int(high))

    return each_band(image, [kind_of(band.type) for band in image.bands], _mapped(clamped))


@algorithm("Image.unitScale")
def unit_scale(image: Image, low: float, high: float) -> Image:
    """The range as 0 to 1, in floating point; values outside are not clamped [S]."""
    span = high - low
    if not (math.isfinite(span) and span):
        raise ServiceError(f"The range [{low}, {high}] is empty.")
    kinds = [DOUBLE if band.type.is_int else band.type.without_range() for band in image.bands]
    return each_band(image, kinds, _mapped(lambda v: (v.astype(np.float64) - low) / span))


@algorithm("Image.polynomial")
def polynomial(image: Image, coefficients: list[float]) -> Image:
    """A polynomial of each pixel, the constant term first; in doubles [M]."""
    if not coefficients:
        raise ServiceError("A polynomial has one coefficient at least.")

    def valued(values: Values) -> Values:
        base = values.astype(np.float64)
        result = np.full(base.shape, coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            result *= base
            result += coefficient
        return result

    return each_band(image, [DOUBLE] * len(image.bands), _mapped(valued))


_BEHAVIORS = ("extrapolate", "clamp", "mask", "input")


@algorithm("Image.interpolate")
def interpolate(image: Image, x: list[float], y: list[float], behavior: str) -> Image:
    """The first band through a piecewise linear function, in doubles.

    Raises:
        ServiceError: the function is none, or the behaviour outside of it is not known.
    """
    if behavior not in _BEHAVIORS:
        raise ServiceError(f"The behavior must be one of {', '.join(_BEHAVIORS)}.")
    if len(x) != len(y) or len(x) < 2 or not (np.diff(x) > 0).all():
        raise ServiceError(
            "The lists x and y must be of one size, at least 2, and x must be strictly increasing."
        )
    first = require_bands(image)
    at, to = np.asarray(x, np.float64), np.asarray(y, np.float64)
    slopes = np.diff(to) / np.diff(at)

    def run(plane: Plane) -> Plane:
        values = plane.values.astype(np.float64)
        result = np.interp(values, at, to)
        outside = (values < at[0]) | (values > at[-1])
        if behavior == "mask":
            return Plane(result, both(plane.mask, ~outside))
        if behavior == "input":
            result = np.where(outside, values, result)
        elif behavior == "extrapolate":
            result = np.where(values < at[0], to[0] + (values - at[0]) * slopes[0], result)
            result = np.where(values > at[-1], to[-1] + (values - at[-1]) * slopes[-1], result)
        return Plane(result, plane.mask)

    return each_band(image.with_bands([first]), [DOUBLE], lambda band, kind: run)  # noqa: ARG005


@algorithm("Image.remap")
def remap(
    image: Image, old: list[Any], new: list[Any], default: float | None, name: str | None
) -> Image:
    """Values of one band by a table, as band `remapped`; those not in it are masked, or a default.

    Properties stay [S].
    Of a value that the table has twice, the last entry counts [M]. The type is the least that
    holds the table's values [M].

    Raises:
        ServiceError: the lists are not of numbers, or not of one size.
    """
    band = require_bands(image) if name is None else image.named([name])[0]
    if len(old) != len(new) or not old:
        raise ServiceError(
            f"The lists must be of one size, at least 1, got {len(old)} and {len(new)}."
        )
    results = [*new, *([] if default is None else [default])]
    if not all(isinstance(v, (int, float)) and math.isfinite(v) for v in [*old, *results]):
        raise ServiceError("The lists and the default must hold numbers.")
    kind = union_of(
        PixelType.of_constant(int(v) if float(v).is_integer() else float(v)) for v in results
    ).without_range()
    table = dict(zip((float(v) for v in old), new, strict=True))
    keys = np.array(sorted(table))
    targets = np.array([table[key] for key in keys.tolist()]).astype(kind.dtype)
    fallback = kind.dtype.type(0 if default is None else default)

    def run(plane: Plane) -> Plane:
        values = plane.values.astype(np.float64)
        at = np.minimum(np.searchsorted(keys, values), len(keys) - 1)
        known = keys[at] == values
        result = np.where(known, targets[at], fallback)
        return Plane(result, plane.mask if default is not None else both(plane.mask, known))

    node = Pointwise([Recipe((band,), run)])
    return image.with_bands([derived("remapped", kind, (band,), node, 0)])
