"""Lines cut into pieces."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.cuts import cut
from ..values.geometry import Feature

if TYPE_CHECKING:
    from ..values.element import Element
    from ..values.geometry import Geometry
    from ..values.projection import Projection


@algorithm("Geometry.cutLines", ignores=["maxError"])
def cut_lines(shape: Geometry, distances: list[float], proj: Projection | None) -> Geometry:
    """The pieces of lines, cut at distances from their start, in metres or units of `proj`.

    Raises:
        ServiceError: the distances are not finite and ascending.
    """
    finite = all(math.isfinite(distance) for distance in distances)
    if not finite or distances != sorted(distances) or (distances and distances[0] < 0):
        raise ServiceError(
            "Parameter 'distances' must be a list of ascending numbers that are not negative."
        )
    # A distance that comes twice cuts once.
    return cut(shape, sorted(set(distances)), None if proj is None else proj.crs)


@algorithm("Feature.cutLines", ignores=["maxError"])
def feature_cut_lines(element: Element, distances: list[float], proj: Projection | None) -> Element:
    """The same with the pieces of its lines.

    Raises:
        ServiceError: it is nowhere, or the distances are not ascending.
    """
    if element.geometry is None:
        raise ServiceError("The feature has no geometry.")
    return Feature(cut_lines(element.geometry, distances, proj), element.properties)
