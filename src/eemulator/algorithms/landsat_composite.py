"""A cloud-free composite of raw Landsat scenes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..limits import too_many_elements
from ..pixels.arithmetic import BINARY, UNARY
from ..pixels.constant import constant_image
from ..values.collection import Collection
from ..values.pixel_type import BYTE, FLOAT
from ..values.reducer import SIMPLE, percentiles
from .image_bands import select
from .image_cast import cast_bands
from .image_collections import images_of, reduced
from .image_mask import update_mask
from .image_math import binary, unary
from .landsat import is_sensed, is_thermal, simple_cloud_score, top_of_atmosphere

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..expression.evaluate import Session
    from ..values.image import Image


@algorithm("Landsat.translateMetadata")
def translate_metadata(image: Image) -> Image:
    """The image itself: "does nothing" [S]."""
    return image


@algorithm("Landsat.simpleComposite", session=True)
def simple_composite(
    session: Session,
    collection: Collection,
    percentile: int,
    score_range: int,
    depth: int,
    as_float: bool,
) -> Image:
    """A percentile of the scenes that look least cloudy at each pixel, of raw ones.

    At the top of the atmosphere; those count whose score is at most `cloudScoreRange` above the
    lowest. Bytes by default: reflectance times 255, kelvins less 100, rounded. Of each path and row
    no more than the `maxDepth` scenes of the least `CLOUD_COVER` are used.
    https://developers.google.com/earth-engine/apidocs/ee-algorithms-landsat-simplecomposite [S]
    The service chooses scenes by place; here they are chosen as whole scenes [I].

    Raises:
        ServiceError: there is no scene, or too many, or one lacks metadata or a band.
    """
    if depth < 1:
        raise ServiceError(f"Parameter 'maxDepth' must be positive, got {depth}.")
    scenes = images_of(collection)
    if len(scenes) > session.limits.elements:
        raise too_many_elements(session.limits.elements)
    if not scenes:
        raise ServiceError("The collection to composite is empty.")
    seen, scores = [], []
    for scene in _clearest(scenes, depth):
        calibrated = top_of_atmosphere(scene)
        seen.append(select(calibrated, [name for name in scene.names if is_sensed(name)], None))
        scores.append(select(simple_cloud_score(calibrated), ["cloud"], None))
    lowest = reduced(Collection.of(scores, of_images=True), SIMPLE["min"], keep_names=True)
    bound = binary(BINARY["add"], lowest, constant_image(score_range))
    accepted = [
        update_mask(image, binary(BINARY["lte"], score, bound))
        for image, score in zip(seen, scores, strict=True)
    ]
    found = reduced(
        Collection.of(accepted, of_images=True), percentiles([percentile], None), keep_names=True
    )
    if as_float:
        return cast_bands(found, [FLOAT] * len(found.bands))
    thermal = [is_thermal(scenes[0], name) for name in found.names]
    factor = _row([1 if hot else 255 for hot in thermal], found.names)
    offset = _row([-100 if hot else 0 for hot in thermal], found.names)
    scaled = binary(BINARY["add"], binary(BINARY["multiply"], found, factor), offset)
    return cast_bands(unary(UNARY["round"], scaled), [BYTE] * len(found.bands))


def _row(values: list[Any], names: Sequence[str]) -> Image:
    """Constants, a band each."""
    made = constant_image(values)
    return made.with_bands(band.renamed(name) for band, name in zip(made.bands, names, strict=True))


def _clearest(scenes: Sequence[Image], depth: int) -> list[Image]:
    """In their order, so many of each path and row at most, the least cloudy ones."""
    places: dict[str, list[Image]] = {}
    for scene in scenes:
        place = f"{scene.get('WRS_PATH')}/{scene.get('WRS_ROW')}"
        places.setdefault(place, []).append(scene)
    kept = {
        id(scene) for group in places.values() for scene in sorted(group, key=_cloudiness)[:depth]
    }
    return [scene for scene in scenes if id(scene) in kept]


def _cloudiness(scene: Image) -> float:
    cover = scene.get("CLOUD_COVER")
    return cover if isinstance(cover, (int, float)) else math.inf
