"""Landsat: radiance, reflectance and temperature of raw scenes, and how cloudy a pixel looks.

https://developers.google.com/earth-engine/guides/landsat#landsat-processing-methods [S]
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.node import Plane, both
from ..pixels.pointwise import Pointwise, Recipe
from ..values.image import unique_names
from ..values.pixel_type import BYTE, FLOAT
from .image_math import derived, on_grid_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ..values.image import Image, ImageBand

    Floats = NDArray[np.float64]

_SENSED = re.compile(r"B(\d+|6_VCID_[12])")

# Every scene of the Operational Land Imager has these (Landsat 8 and 9 Data Users Handbooks, USGS);
# those of thermal bands are remembered [M].
_OLI: dict[str, float] = {
    **{f"REFLECTANCE_MULT_BAND_{n}": 2e-5 for n in range(1, 10)},
    **{f"REFLECTANCE_ADD_BAND_{n}": -0.1 for n in range(1, 10)},
}
_TIRS: dict[str, dict[str, float]] = {
    "LANDSAT_8": {
        "RADIANCE_MULT_BAND_10": 3.342e-4,
        "RADIANCE_MULT_BAND_11": 3.342e-4,
        "RADIANCE_ADD_BAND_10": 0.1,
        "RADIANCE_ADD_BAND_11": 0.1,
        "K1_CONSTANT_BAND_10": 774.8853,
        "K2_CONSTANT_BAND_10": 1321.0789,
        "K1_CONSTANT_BAND_11": 480.8883,
        "K2_CONSTANT_BAND_11": 1201.1442,
    },
    "LANDSAT_9": {
        "RADIANCE_MULT_BAND_10": 3.8e-4,
        "RADIANCE_MULT_BAND_11": 3.49e-4,
        "RADIANCE_ADD_BAND_10": 0.1,
        "RADIANCE_ADD_BAND_11": 0.1,
        "K1_CONSTANT_BAND_10": 799.0284,
        "K2_CONSTANT_BAND_10": 1329.2405,
        "K1_CONSTANT_BAND_11": 475.6581,
        "K2_CONSTANT_BAND_11": 1198.3494,
    },
}

_GREATEST = 1e100

# Blue, green, red, near infrared, both short-wave infrared bands, temperature.
_BANDS: dict[str, tuple[str, ...]] = {
    "TM": ("B1", "B2", "B3", "B4", "B5", "B7", "B6"),
    "ETM": ("B1", "B2", "B3", "B4", "B5", "B7", "B6_VCID_1"),
    "OLI_TIRS": ("B2", "B3", "B4", "B5", "B6", "B7", "B10"),
}


def is_sensed(name: str) -> bool:
    """Whether a band is one of the sensor's, rather than of quality or angles."""
    return _SENSED.fullmatch(name) is not None


def is_thermal(image: Image, name: str) -> bool:
    """Whether a band has constants of Planck's law."""
    return _known(image, f"K1_CONSTANT_BAND_{name.removeprefix('B')}") is not None


def _known(image: Image, name: str) -> Any:
    """A property, or what every image of a sensor has; None where there is neither."""
    value = image.get(name)
    if value is None and image.get("SENSOR_ID") == "OLI_TIRS":
        value = (_OLI | _TIRS.get(str(image.get("SPACECRAFT_ID")), {})).get(name)
    return value


def _coefficient(image: Image, name: str) -> float:
    """A number of the metadata.

    Raises:
        ServiceError: there is none.
    """
    value = _known(image, name)
    if not isinstance(value, (int, float)) or not abs(value) < _GREATEST:
        raise ServiceError(f"The image has no numeric property '{name}'.")
    return float(value)


def _calibrated(image: Image, function: Callable[[str], Callable[[Floats], Floats]]) -> Image:
    """What the sensor saw, band by band, as floats; quality and angles as they are [M].

    Args:
        image: raw.
        function: of the part of a band's name after `B`, to what its numbers become.
    """
    recipes, made = [], []
    for band in image.bands:
        found = _SENSED.fullmatch(band.id)
        if found is not None:
            recipes.append(Recipe((band,), _changed(function(found[1]))))
            made.append(band)
    node = Pointwise(recipes)
    places = {band.id: i for i, band in enumerate(made)}
    return image.with_bands(
        on_grid_of(band, band.id, FLOAT, node, places[band.id]) if band.id in places else band
        for band in image.bands
    )


def _changed(function: Callable[[Floats], Floats]) -> Callable[[Plane], Plane]:
    def run(plane: Plane) -> Plane:
        with np.errstate(all="ignore"):
            values = function(plane.values.astype(np.float64))
        return Plane(values.astype(np.float32), plane.mask)

    return run


def _line(image: Image, quantity: str, number: str, divisor: float = 1.0) -> Any:
    slope = _coefficient(image, f"{quantity}_MULT_BAND_{number}") / divisor
    offset = _coefficient(image, f"{quantity}_ADD_BAND_{number}") / divisor
    return lambda values: slope * values + offset


@algorithm("Landsat.calibratedRadiance")
def calibrated_radiance(image: Image) -> Image:
    """`RADIANCE_MULT_BAND_N` times each band plus `RADIANCE_ADD_BAND_N`, of the metadata [S].

    Raises:
        ServiceError: one of them is missing.
    """
    return _calibrated(image, lambda number: _line(image, "RADIANCE", number))


@algorithm("Landsat.TOA")
def top_of_atmosphere(image: Image) -> Image:
    """Reflectance at the top of the atmosphere, and brightness temperature in kelvins.

    By the metadata of Collection 2: a line in the digital numbers over the sine of the sun's
    elevation; and `K2 / ln(K1 / radiance + 1)`
    (https://www.usgs.gov/landsat-missions/using-usgs-landsat-level-1-data-product) [S].

    Raises:
        ServiceError: a coefficient is missing, or the sun is not up.
    """

    def of_band(number: str) -> Callable[[Floats], Floats]:
        if is_thermal(image, f"B{number}"):
            radiance = _line(image, "RADIANCE", number)
            one = _coefficient(image, f"K1_CONSTANT_BAND_{number}")
            two = _coefficient(image, f"K2_CONSTANT_BAND_{number}")
            return lambda values: two / np.log(one / radiance(values) + 1)
        height = math.sin(math.radians(_coefficient(image, "SUN_ELEVATION")))
        if not height > 0:
            raise ServiceError("The sun is not up in this image: SUN_ELEVATION is not positive.")
        line: Callable[[Floats], Floats] = _line(image, "REFLECTANCE", number, height)
        return line

    return _calibrated(image, of_band)


@algorithm("Landsat.simpleCloudScore")
def simple_cloud_score(image: Image) -> Image:
    """The image with band `cloud`: 0 to 100, how bright, cold and little like snow a pixel is.

    The least of several scores, as the service's published sample has it; cut to whole numbers,
    and masked where one of the bands is [M].

    Raises:
        ServiceError: `SENSOR_ID` is not `TM`, `ETM` or `OLI_TIRS`, or a band is missing.
    """
    sensor = image.get("SENSOR_ID")
    if not isinstance(sensor, str) or sensor not in _BANDS:
        raise ServiceError(
            f"The property SENSOR_ID must be one of {', '.join(_BANDS)}, got {sensor!r}."
        )
    sources: tuple[ImageBand, ...] = tuple(image.named(_BANDS[sensor]))
    node = Pointwise([Recipe(sources, _cloudy)])
    band = derived("cloud", BYTE, sources, node, 0)
    return image.with_bands(unique_names([*image.bands, band]))


def _cloudy(*planes: Plane) -> Plane:
    mask = None
    for plane in planes:
        mask = both(mask, plane.mask)
    blue, green, red, near, short, shorter, kelvins = (
        plane.values.astype(np.float64) for plane in planes
    )
    total = green + short
    snow = np.divide(green - short, total, out=np.zeros_like(total), where=total != 0)
    score = np.minimum.reduce(
        [
            _share(blue, 0.1, 0.3),
            _share(red + green + blue, 0.2, 0.8),
            _share(near + short + shorter, 0.3, 0.8),
            _share(kelvins, 300, 290),
            _share(snow, 0.8, 0.6),
        ]
    )
    # Rounding must not cut a whole number down.
    return Plane(np.floor(100 * score.clip(0, 1) + 1e-6).astype(np.uint8), mask)


def _share(values: Floats, nothing: float, everything: float) -> Floats:
    return (values - nothing) / (everything - nothing)
