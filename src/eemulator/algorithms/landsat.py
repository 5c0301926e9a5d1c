"""Landsat scenes: calibration, a score of clouds, and composites of the least cloudy pixels.

https://developers.google.com/earth-engine/guides/landsat says what each does.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.node import Plane, both
from ..pixels.pointwise import Pointwise, Recipe
from ..values.collection import Collection
from ..values.image import Image, unique_names
from ..values.pixel_type import BYTE, FLOAT
from ..values.reducer import SIMPLE, percentiles
from .image_collections import images_of, reduced
from .image_mask import update_mask
from .image_math import derived, on_grid_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..values.image import ImageBand

    Numbers = NDArray[np.float64]
    Curve = Callable[[Numbers], Numbers]


def _coefficient(image: Image, name: str, band: str) -> float | None:
    """A property such as `RADIANCE_MULT_BAND_6_VCID_1`; None where it is not there."""
    value = image.get(f"{name}_BAND_{band.removeprefix('B')}")
    return float(value) if isinstance(value, (int, float)) else None


def _line(image: Image, name: str, band: str) -> Curve | None:
    slope = _coefficient(image, f"{name}_MULT", band)
    offset = _coefficient(image, f"{name}_ADD", band)
    if slope is None or offset is None:
        return None
    return lambda numbers: numbers * slope + offset


def _calibrated(image: Image, curves: dict[str, Curve]) -> Image:
    """Some bands through curves, as floats; the others, of quality and angles, stay [I].

    Raises:
        ServiceError: there is none to calibrate.
    """
    if not curves:
        raise ServiceError(
            f"The image '{image.asset_id or image.index}' has no band of which "
            "its properties say how to calibrate it; take a raw scene, such as one of "
            "LANDSAT/LC08/C02/T1."
        )

    def through(curve: Curve) -> Callable[[Plane], Plane]:
        def run(plane: Plane) -> Plane:
            with np.errstate(all="ignore"):
                values = curve(plane.values.astype(np.float64)).astype(np.float32)
            return Plane(values, plane.mask)

        return run

    chosen = [band for band in image.bands if band.id in curves]
    node = Pointwise(Recipe((band,), through(curves[band.id])) for band in chosen)
    made = {band.id: on_grid_of(band, band.id, FLOAT, node, i) for i, band in enumerate(chosen)}
    return image.with_bands(made.get(band.id, band) for band in image.bands)


@algorithm("Landsat.translateMetadata")
def translate_metadata(image: Image) -> Image:
    """The image itself: "does nothing", says its description in the client [S]."""
    return image


@algorithm("Landsat.calibratedRadiance")
def calibrated_radiance(image: Image) -> Image:
    """Radiance by the scene's `RADIANCE_MULT_BAND_N` and `RADIANCE_ADD_BAND_N` [S].

    Raises:
        ServiceError: the properties say this of no band.
    """
    found = {band: _line(image, "RADIANCE", band) for band in image.names}
    curves = {band: line for band, line in found.items() if line is not None}
    return _calibrated(image, curves)


@algorithm("Landsat.TOA")
def top_of_atmosphere(image: Image) -> Image:
    """Reflectance at the top of the atmosphere, and brightness temperature in kelvin.

    `(REFLECTANCE_MULT * number + REFLECTANCE_ADD) / sin(SUN_ELEVATION)`, and
    `K2 / ln(K1 / radiance + 1)`: the formulas of the data's own handbook [S].

    Raises:
        ServiceError: the properties say this of no band, or there is no sun's elevation.
    """
    curves: dict[str, Curve] = {}
    for band in image.names:
        reflectance, radiance = (_line(image, n, band) for n in ("REFLECTANCE", "RADIANCE"))
        k1, k2 = (_coefficient(image, f"{name}_CONSTANT", band) for name in ("K1", "K2"))
        if radiance is not None and k1 is not None and k2 is not None:
            curves[band] = _brightness(radiance, k1, k2)
        elif reflectance is not None:
            curves[band] = _upward(reflectance, _elevation(image))
    return _calibrated(image, curves)


def _elevation(image: Image) -> float:
    """The sine of the sun's elevation."""
    degrees = image.get("SUN_ELEVATION")
    if not isinstance(degrees, (int, float)) or not 0 < degrees <= 90:
        raise ServiceError(f"The image '{image.asset_id or image.index}' has no SUN_ELEVATION.")
    return math.sin(math.radians(degrees))


def _brightness(radiance: Curve, k1: float, k2: float) -> Curve:
    return lambda numbers: k2 / np.log(k1 / radiance(numbers) + 1)


def _upward(reflectance: Curve, sine: float) -> Curve:
    return lambda numbers: reflectance(numbers) / sine


# Blue, green, red, near infrared, two of shortwave infrared, temperature; by the last of them.
_SCORED = {
    "B10": ("B2", "B3", "B4", "B5", "B6", "B7", "B10"),
    "B6_VCID_1": ("B1", "B2", "B3", "B4", "B5", "B7", "B6_VCID_1"),
    "B6": ("B1", "B2", "B3", "B4", "B5", "B7", "B6"),
}


def _scored_bands(image: Image) -> list[ImageBand]:
    for thermal, names in _SCORED.items():
        if thermal in image.names:
            return image.named(names)
    raise ServiceError(
        "The image must be a Landsat TOA scene with a thermal band; "
        f"it has the bands {image.names}."
    )


@algorithm("Landsat.simpleCloudScore")
def simple_cloud_score(image: Image) -> Image:
    """The image with band `cloud` [S], 0 to 100: bright in blue, in the visible and infrared, cold.

    The least of how far each lies between two thresholds, and of how little like snow it is. The
    thresholds are those of the example that the service publishes of this score [S]; it is
    rounded to a byte [M].

    Raises:
        ServiceError: the image has not the bands of a Landsat scene.
    """
    chosen = _scored_bands(image)
    node = Pointwise([Recipe(tuple(chosen), _score)])
    cloud = derived("cloud", BYTE, chosen, node, 0)
    return image.with_bands(unique_names([*image.bands, cloud]))


def _score(*planes: Plane) -> Plane:
    blue, green, red, near, first, second, kelvin = (
        plane.values.astype(np.float64) for plane in planes
    )
    with np.errstate(all="ignore"):
        snow = np.nan_to_num((green - first) / (green + first))
        likely = np.minimum.reduce(
            [
                _between(blue, 0.1, 0.3),
                _between(red + green + blue, 0.2, 0.8),
                _between(near + first + second, 0.3, 0.8),
                _between(kelvin, 300, 290),
                _between(snow, 0.8, 0.6),
            ]
        )
    mask = None
    for plane in planes:
        mask = both(mask, plane.mask)
    return Plane(np.floor(np.clip(likely, 0, 1) * 100 + 0.5).astype(np.uint8), mask)


def _between(values: Numbers, nothing: float, all_: float) -> Numbers:
    return (values - nothing) / (all_ - nothing)


@algorithm("Landsat.pathRowLimit")
def path_row_limit(collection: Collection, most_of_place: int, most: int) -> Collection:
    """The least cloudy scenes of each path and row, and of all, in the order that they had [I].

    Of all, scenes are taken from every place in turn [I]. The service limits each request for
    itself; the emulator the collection.

    Raises:
        ServiceError: a limit is not positive.
    """
    if most_of_place < 1 or most < 1:
        raise ServiceError("The limits must be positive.")
    places: dict[tuple[Any, Any], list[tuple[float, int]]] = {}
    scenes = images_of(collection)
    for number, image in enumerate(scenes):
        cover = image.get("CLOUD_COVER")
        clouds = float(cover) if isinstance(cover, (int, float)) else math.inf
        place = image.get("WRS_PATH"), image.get("WRS_ROW")
        places.setdefault(place, []).append((clouds, number))
    ranked = [
        (rank, *scene)
        for found in places.values()
        for rank, scene in enumerate(sorted(found)[:most_of_place])
    ]
    kept = sorted(number for _, _, number in sorted(ranked)[:most])
    return collection.derived(lambda: iter([scenes[number] for number in kept]), len(kept))


@algorithm("Landsat.simpleComposite")
def simple_composite(
    collection: Collection, percentile: int, span: int, depth: int, as_float: bool
) -> Image:
    """Percentiles of the pixels whose score of clouds is at most `span` over the least there.

    Of raw scenes, of each path and row the least cloudy `depth`. Reflectances are multiplied by
    255, and 100 taken from temperatures, unless they are to be floats [S].

    Raises:
        ServiceError: there is no scene, or one is not raw.
    """
    if span < 0:
        raise ServiceError(f"Parameter 'cloudScoreRange' must not be negative, got {span}.")
    scenes = images_of(path_row_limit(collection, depth, max(len(collection), 1)))
    if not scenes:
        raise ServiceError("The collection has no scene.")
    calibrated = [top_of_atmosphere(scene) for scene in scenes]
    names = [band.id for band in calibrated[0].bands if band.type == FLOAT]
    thermal = [name for name in names if _coefficient(scenes[0], "K1_CONSTANT", name) is not None]
    scores = [_only(simple_cloud_score(image), ["cloud"]) for image in calibrated]
    least = reduced(Collection.of(scores), SIMPLE["min"], keep_names=True)
    accepted = [
        update_mask(_only(image, names), _within(score, least, span))
        for image, score in zip(calibrated, scores, strict=True)
    ]
    made = reduced(Collection.of(accepted), percentiles([percentile], ["p"]), keep_names=True)
    return made if as_float else _bytes(made, thermal)


def _only(image: Image, names: Sequence[str]) -> Image:
    return image.with_bands(image.named(names))


def _within(score: Image, least: Image, span: int) -> Image:
    """Where a score is hardly over the least."""
    bands = (score.bands[0], least.bands[0])

    def run(own: Plane, lowest: Plane) -> Plane:
        near = own.values.astype(np.int64) <= lowest.values.astype(np.int64) + span
        return Plane(near.astype(np.uint8), both(own.mask, lowest.mask))

    node = Pointwise([Recipe(bands, run)])
    return score.with_bands([derived("near", BYTE, bands, node, 0)])


def _bytes(image: Image, thermal: Sequence[str]) -> Image:
    def through(name: str) -> Callable[[Plane], Plane]:
        def run(plane: Plane) -> Plane:
            values = plane.values - 100 if name in thermal else plane.values * 255
            return Plane(np.floor(values + 0.5).clip(0, 255).astype(np.uint8), plane.mask)

        return run

    node = Pointwise(Recipe((band,), through(band.id)) for band in image.bands)
    return image.with_bands(
        on_grid_of(band, band.id, BYTE, node, i) for i, band in enumerate(image.bands)
    )
