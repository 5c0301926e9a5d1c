"""Images for the eye: values stretched to bytes, or to the colours of a palette."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.node import Plane, both
from ..pixels.pointwise import Pointwise, Recipe
from ..values.colors import parse_palette
from ..values.pixel_type import BYTE
from .image_bands import select
from .image_math import derived

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..pixels.node import Mask
    from ..values.image import Image, ImageBand

    Values = NDArray[np.float64]
    Part = Callable[[Values], Values]
    Stretch = Callable[[Plane], Values]

_RGB = ("vis-red", "vis-green", "vis-blue")


@algorithm("Image.visualize")
def visualize(
    image: Image,
    bands: Any,
    gain: Any,
    bias: Any,
    low: Any,
    high: Any,
    gamma: Any,
    opacity: float | None,
    palette: Any,
    force_rgb: bool,
) -> Image:
    """Bands `vis-red`, `vis-green`, `vis-blue`, or `vis-gray` of one band without a palette.

    Values between `min` and `max`, or values times gain plus bias, become 0 to 255; what lies
    outside is clamped. By default integers are stretched from the range of their type, others
    from 0 to 1 [M]. Halves are rounded up [M]. A pixel is as opaque as the least of its bands.

    Raises:
        ServiceError: not 1 or 3 bands, or arguments that exclude one another.
    """
    chosen = _chosen(image, bands)
    count = len(chosen)
    if palette is not None and count != 1:
        raise ServiceError("Cannot provide a palette when visualizing more than one band.")
    if palette is not None and gamma is not None:
        raise ServiceError("Cannot provide both palette and gamma.")
    if (gain is not None or bias is not None) and (low is not None or high is not None):
        raise ServiceError("Cannot provide both min or max and gain or bias.")
    lows, highs = _numbers("min", low, count), _numbers("max", high, count)
    gains, biases = _numbers("gain", gain, count), _numbers("bias", bias, count)
    gammas = _numbers("gamma", gamma, count)
    stretches = []
    for i, band in enumerate(chosen):
        if gain is not None or bias is not None:
            part = _lifted(_or(gains[i], 1.0), _or(biases[i], 0.0))
        else:
            part = _between(band, lows[i], highs[i])
        stretches.append(_stretched(part, _or(gammas[i], 1.0)))
    share = _share(opacity)
    if palette is not None:
        colors = np.array(parse_palette(palette), np.float64)
        recipes = [
            Recipe((chosen[0],), _colored(stretches[0], colors[:, i], share)) for i in range(3)
        ]
        return _made(image, _RGB, chosen, recipes)
    if count == 1 and not force_rgb:
        return _made(image, ("vis-gray",), chosen, [Recipe(chosen, _byte(stretches[0], 0, share))])
    recipes = [Recipe(chosen, _byte(stretches[i % count], i % count, share)) for i in range(3)]
    return _made(image, _RGB, chosen, recipes)


def _chosen(image: Image, names: Any) -> tuple[ImageBand, ...]:
    if names:
        selectors = names.split(",") if isinstance(names, str) else names
        if not isinstance(selectors, list):
            raise ServiceError("Parameter 'bands' must be a list of names.")
        stripped = [name.strip() if isinstance(name, str) else name for name in selectors]
        found = select(image, stripped, None).bands
    else:
        found = image.bands[:3]
    if len(found) not in (1, 3):
        raise ServiceError(f"Must specify 1 or 3 bands to visualize, got {len(found)}.")
    return found


def _numbers(name: str, value: Any, count: int) -> Sequence[float | None]:
    """One value a band, from one for all, a list, or a text that commas divide."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list):
        items = [items] * count
    elif len(items) == 1:
        items = items * count
    if len(items) != count:
        raise ServiceError(f"Parameter '{name}' must have 1 or {count} values, got {len(items)}.")
    try:
        found = [None if item is None else float(item) for item in items]
    except (TypeError, ValueError, OverflowError):
        found = [math.nan]
    if any(number is not None and not math.isfinite(number) for number in found):
        raise ServiceError(f"Parameter '{name}' must be numbers.")
    return found


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _between(band: ImageBand, low: float | None, high: float | None) -> Part:
    """A range as 0 to 1."""
    least, most = band.type.bounds if band.type.is_int else (0, 1)
    if least == most:  # a constant: the range of what holds it
        info = np.iinfo(band.type.dtype)
        least, most = int(info.min), int(info.max)
    bottom, top = _or(low, least), _or(high, most)
    if bottom == top:
        raise ServiceError(f"The range to visualize is empty: {bottom} to {top}.")
    return lambda values: (values - bottom) / (top - bottom)


def _lifted(gain: float, bias: float) -> Part:
    """Bytes as 0 to 1."""
    return lambda values: (values * gain + bias) / 255


def _share(opacity: float | None) -> float:
    if opacity is not None and not 0 <= opacity <= 1:
        raise ServiceError(f"The opacity must be 0 to 1, got {opacity}.")
    return 1.0 if opacity is None else opacity


def _stretched(part: Part, gamma: float) -> Stretch:
    """Values as 0 to 1, clamped."""
    if gamma <= 0:
        raise ServiceError(f"Gamma must be positive, got {gamma}.")

    def run(plane: Plane) -> Values:
        clamped = part(np.nan_to_num(plane.values.astype(np.float64))).clip(0, 1)
        return clamped if gamma == 1 else clamped ** (1 / gamma)

    return run


def _byte(stretch: Stretch, which: int, share: float) -> Callable[..., Plane]:
    def run(*planes: Plane) -> Plane:
        return _opaque(stretch(planes[which]) * 255, planes, share)

    return run


def _colored(stretch: Stretch, shades: Values, share: float) -> Callable[..., Plane]:
    def run(plane: Plane) -> Plane:
        place = stretch(plane) * (len(shades) - 1)
        return _opaque(np.interp(place, np.arange(len(shades)), shades), (plane,), share)

    return run


def _least(one: Mask | None, other: Mask | None) -> Mask | None:
    """The lesser of two masks: bands that are half seen together are half seen [M]."""
    if one is None or other is None or one is other:
        return other if one is None else one
    return np.minimum(one, other)


def _opaque(values: Values, planes: Sequence[Plane], share: float) -> Plane:
    mask = None
    for plane in planes:
        mask = _least(mask, plane.mask)
    if share < 1:
        mask = both(mask, np.full(values.shape, share, np.float32))
    return Plane(np.floor(values + 0.5).astype(np.uint8), mask)


def _made(
    image: Image, names: Sequence[str], sources: Sequence[ImageBand], recipes: Sequence[Recipe]
) -> Image:
    node = Pointwise(recipes)
    return image.computed(derived(name, BYTE, sources, node, i) for i, name in enumerate(names))
