"""Images made of features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.vectors import Distances, Gathered
from ..values.filters import Operand
from ..values.image import Image, ImageBand
from ..values.measures import followed
from ..values.pixel_type import DOUBLE

if TYPE_CHECKING:
    from ..expression.evaluate import Session
    from ..values.collection import Collection
    from ..values.reducer import Reducer


@algorithm("Collection.reduceToImage", session=True)
def reduce_to_image(
    session: Session, collection: Collection, properties: list[str], reducer: Reducer
) -> Image:
    """A reducer over the properties of the features in each pixel; bands are called as its outputs.

    A feature without one of the properties, or without a place, does not count [I]. The image has
    no projection of its own [S].

    Raises:
        ServiceError: not as many properties as the reducer has inputs, a property is no number, or
            the reducer has no form for pixels.
    """
    if not reducer.statistics:
        raise ServiceError(f"The emulator cannot reduce to images with Reducer.{reducer.name}.")
    if len(properties) != reducer.inputs:
        raise ServiceError(
            f"The reducer has {reducer.inputs} inputs, but {len(properties)} properties are given."
        )
    operands = [Operand(name, None) for name in properties]
    areas, rows = [], []
    for element in collection:
        session.deadline.check()
        row = [operand.of(element) for operand in operands]
        if element.geometry is None or None in row:
            continue
        if not all(isinstance(value, (int, float)) for value in row):
            raise ServiceError(f"The properties {properties} must be numbers, got {row}.")
        areas.append(element.geometry)
        rows.append(row)
    kinds = [rule(DOUBLE, max(len(rows), 1)) for rule in reducer.rules]
    table = np.array(rows, np.float64).reshape(-1, len(properties))
    outputs = [(s, kind.dtype) for s, kind in zip(reducer.statistics, kinds, strict=True)]
    node = Gathered(areas, table, outputs, session.deadline)
    return Image.of(
        ImageBand(name, kind, node, i)
        for i, (name, kind) in enumerate(zip(reducer.outputs, kinds, strict=True))
    )


@algorithm("Collection.distance", session=True, ignores=["maxError"])
def distance(session: Session, collection: Collection, radius: float) -> Image:
    """Band `distance`: metres from each pixel to the next point, line or edge of a polygon.

    On a sphere, inside polygons too, and masked beyond the radius [S].

    Raises:
        ServiceError: the radius is not positive.
    """
    if not radius > 0:
        raise ServiceError(f"Parameter 'searchRadius' must be positive, got {radius}.")
    shapes = [followed(each.geometry) for each in collection if each.geometry is not None]
    node = Distances(shapes, radius, session.deadline)
    return Image.of([ImageBand("distance", DOUBLE, node, 0)])
