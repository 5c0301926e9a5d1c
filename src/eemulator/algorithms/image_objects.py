"""Objects of images: statistics of each, and a colour for each value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.neighborhood import Around
from ..pixels.node import Plane
from ..pixels.objects import of_objects
from ..pixels.pointwise import Pointwise, Recipe
from ..values.image import Image, require_bands, unique_names
from ..values.pixel_type import BYTE
from .image_math import on_grid_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..expression.evaluate import Session
    from ..values.reducer import Reducer

_LARGEST = 1_024


@algorithm("Image.reduceConnectedComponents", session=True)
def reduce_connected_components(
    session: Session, image: Image, reducer: Reducer, label: str | None, most: int
) -> Image:
    """The bands but that of the labels, each reduced over the objects; masked where there is none.

    An object is what touches, over sides and corners, and has one value in the band of the labels,
    by default the first. Objects of more columns or rows than `maxSize` are masked.
    https://developers.google.com/earth-engine/apidocs/ee-image-reduceconnectedcomponents [S]
    A reducer of one output keeps the bands' names, others make `{band}_{output}` [I]. Masks do not
    weigh [M].

    Raises:
        ServiceError: the reducer has no form for pixels, or several inputs; `maxSize` is too large.
    """
    if not 1 <= most <= _LARGEST:
        raise ServiceError(f"Parameter 'maxSize' must be 1 to {_LARGEST}, got {most}.")
    reducer.require_stack()
    labels = require_bands(image) if label is None else image.named([label])[0]
    bands = [band for band in image.bands if band.id != labels.id]
    if not bands:
        raise ServiceError("The image needs a band beside that of the labels.")
    outputs, made = [], []
    for i, band in enumerate(bands):
        for name, statistic, rule in zip(
            reducer.outputs, reducer.statistics, reducer.rules, strict=True
        ):
            kind = rule(band.type, most * most)
            outputs.append(((0, i + 1), of_objects(statistic, kind.dtype, most)))
            made.append((band, band.id if len(reducer.outputs) == 1 else f"{band.id}_{name}", kind))
    node = Around([labels, *bands], (most,) * 4, outputs, session.limits)
    return image.computed(
        on_grid_of(band, name, kind, node, i) for i, (band, name, kind) in enumerate(made)
    )


@algorithm("Image.randomVisualizer")
def random_visualizer(image: Image) -> Image:
    """Bands `viz-red`, `viz-green`, `viz-blue` [M]: a colour for each value of the first band.

    Then all bands of the image [S]. The colours are not the service's.
    """
    band = require_bands(image)
    node = Pointwise(Recipe((band,), _shade(8 * i)) for i in range(3))
    shades = [
        on_grid_of(band, name, BYTE, node, i)
        for i, name in enumerate(("viz-red", "viz-green", "viz-blue"))
    ]
    return image.with_bands(unique_names([*shades, *image.bands]))


def _shade(bits: int) -> Callable[[Plane], Plane]:
    """Eight bits of a number that is another for each value: SplitMix64 of it as a double."""

    def run(plane: Plane) -> Plane:
        # 0 and -0 are one value.
        mixed = (plane.values.astype(np.float64) + 0.0).view(np.uint64)
        with np.errstate(over="ignore"):
            mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = (mixed ^ (mixed >> np.uint64(31))) >> np.uint64(bits)
        return Plane((mixed & np.uint64(255)).astype(np.uint8), plane.mask)

    return run
