"""Images whose coarser pixels are made of all the finer ones under them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.aggregated import Aggregated
from ..values.pixel_type import DOUBLE
from .image_math import on_grid_of

if TYPE_CHECKING:
    from ..expression.evaluate import Session
    from ..values.image import Image, ImageBand
    from ..values.pixel_type import PixelType
    from ..values.reducer import Reducer


@algorithm("Image.reduceResolution", session=True)
def reduce_resolution(
    session: Session, image: Image, reducer: Reducer, best_effort: bool, most: int
) -> Image:
    """Where a coarser grid is asked for, a reducer over the pixels of the bands' own lattices.

    Bands keep their names with a reducer of one output; else they are `{band}_{output}` [S]. With
    `bestEffort`, the pixels are those of the finest level of the image of which no more than
    `maxPixels` meet [S]; an image without levels is computed on lattices of 2, 4, … times the size.

    Raises:
        ServiceError: the reducer has no form for pixels, or `maxPixels` is not positive.
    """
    reducer.require_stack()
    if most < 1:
        raise ServiceError(f"Parameter 'maxPixels' must be positive, got {most}.")
    made: list[ImageBand] = []
    for band in image.bands:
        kinds: list[PixelType] = [
            # Parts of pixels count: a weighted sum is not whole.
            DOUBLE if reducer.weighted and output == "sum" else rule(band.type, most)
            for output, rule in zip(reducer.outputs, reducer.rules, strict=True)
        ]
        node = Aggregated(
            [band],
            band.projection,
            [(0, s, kind.dtype) for s, kind in zip(reducer.statistics, kinds, strict=True)],
            weighted=reducer.weighted,
            most=most,
            best_effort=best_effort,
            limits=session.limits,
        )
        for i, (output, kind) in enumerate(zip(reducer.outputs, kinds, strict=True)):
            name = band.id if len(kinds) == 1 else f"{band.id}_{output}"
            made.append(on_grid_of(band, name, kind, node, i))
    return image.computed(made)
