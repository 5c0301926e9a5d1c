"""Colour spaces and mixtures: functions of all bands of a pixel at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.node import Plane, both
from ..pixels.pointwise import Pointwise, Recipe
from ..pixels.unmixing import MOST_NON_NEGATIVE, unmixing
from ..values.pixel_type import DOUBLE, FLOAT
from .image_math import derived

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..values.image import Image
    from ..values.pixel_type import PixelType

    Floats = NDArray[np.float64]


def _together(
    image: Image,
    names: Sequence[str],
    kind: PixelType,
    function: Callable[[Floats], Sequence[Floats]],
) -> Image:
    """Bands computed from all bands of a pixel; masked where any of those is."""

    def output(which: int) -> Callable[..., Plane]:
        def run(*planes: Plane) -> Plane:
            mask = None
            for plane in planes:
                mask = both(mask, plane.mask)
            with np.errstate(all="ignore"):
                found = function(np.stack([plane.values.astype(np.float64) for plane in planes]))
            return Plane(found[which].astype(kind.dtype), mask)

        return run

    node = Pointwise(Recipe(image.bands, output(i)) for i in range(len(names)))
    return image.computed(derived(name, kind, image.bands, node, i) for i, name in enumerate(names))


def _require_three(image: Image) -> None:
    if len(image.bands) != 3:
        raise ServiceError(f"The image must have 3 bands, got {len(image.bands)}.")


def _to_hsv(rgb: Floats) -> Sequence[Floats]:
    red, green, blue = rgb
    value = rgb.max(axis=0)
    chroma = value - rgb.min(axis=0)
    safe = np.where(chroma == 0, 1, chroma)
    hue = np.where(
        value == red,
        (green - blue) / safe % 6,
        np.where(value == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    saturation = np.where(value == 0, 0, chroma / np.where(value == 0, 1, value))
    return np.where(chroma == 0, 0, hue / 6), saturation, value


def _to_rgb(hsv: Floats) -> Sequence[Floats]:
    hue, saturation, value = hsv
    found = []
    for shift in (5, 3, 1):
        part = (shift + hue * 6) % 6
        found.append(value - value * saturation * np.minimum(part, 4 - part).clip(0, 1))
    return found


@algorithm("Image.rgbToHsv")
def rgb_to_hsv(image: Image) -> Image:
    """Red, green and blue of 0 to 1 as `hue`, `saturation` and `value` of 0 to 1; floats [M]."""
    _require_three(image)
    return _together(image, ("hue", "saturation", "value"), FLOAT, _to_hsv)


@algorithm("Image.hsvToRgb")
def hsv_to_rgb(image: Image) -> Image:
    """Hue, saturation and value of 0 to 1 as `red`, `green` and `blue` of 0 to 1; floats [M]."""
    _require_three(image)
    return _together(image, ("red", "green", "blue"), FLOAT, _to_rgb)


_GREATEST = 1e100


@algorithm("Image.unmix")
def unmix(
    image: Image, endmembers: list[list[float]], sum_to_one: bool, non_negative: bool
) -> Image:
    """How much of each spectrum, by least squares: doubles `band_0`, `band_1`, … [M].

    Fractions may be constrained to sum to one, and not to be negative [S]: then they are the best
    that are so [I].

    Raises:
        ServiceError: the spectra do not have as many values as the image bands, or they are too
            many for fractions that must not be negative.
    """
    count = len(image.bands)
    if not endmembers or any(
        not isinstance(spectrum, list)
        or len(spectrum) != count
        or not all(isinstance(value, (int, float)) for value in spectrum)
        for spectrum in endmembers
    ):
        raise ServiceError(f"Each endmember must be a list of {count} numbers.")
    spectra = np.array(endmembers, np.float64)
    # Squares of them must be numbers, too; NaN is not below anything.
    if not (np.abs(spectra) < _GREATEST).all():
        raise ServiceError("Endmembers must be finite.")
    if non_negative and len(endmembers) > MOST_NON_NEGATIVE:
        raise ServiceError(
            f"The emulator keeps at most {MOST_NON_NEGATIVE} endmembers from being negative, "
            f"got {len(endmembers)}."
        )
    solve = unmixing(spectra, sum_to_one=sum_to_one, non_negative=non_negative)
    names = [f"band_{i}" for i in range(len(endmembers))]
    return _together(image, names, DOUBLE, lambda pixels: list(solve(pixels)))
