"""How much a value holds.

Values refer to each other: a list of twice the list before, sixty times, takes a kilobyte, and
whoever walks it, to compare it or to write it down, never comes to its end. So each value is
weighed when it is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely

from ..errors import ServiceError
from .array import Array
from .element import Element
from .geometry import Geometry
from .image import Image

if TYPE_CHECKING:
    from collections.abc import Collection as Items

# Characters that weigh as much as one number.
_CHARACTERS = 16
# Weighed by what they are; nothing else is heavy.
_HEAVY = (list, dict, str, Geometry, Array, Element)
_MOST_EDGES = 2_000_000


def check_weight(value: Any, most: int) -> None:
    """Refuse a value of too many parts, counting each part as often as it is met.

    Args:
        value: of any kind; images and collections are taken for what they say of themselves.
        most: numbers, strings, lists, … that it may hold.

    Raises:
        ServiceError: it holds more, or a geometry has too many edges.
    """
    if not isinstance(value, _HEAVY):
        return
    left = most
    waiting: list[Any] = [value]
    while waiting:
        left -= _own_weight(value := waiting.pop())
        if left < 0:
            raise ServiceError("The result is too large.", kind="result size")
        inner = _inner(value)
        if inner:
            left -= len(inner)
            waiting += [item for item in inner if isinstance(item, _HEAVY)]


def _own_weight(value: Any) -> int:
    if isinstance(value, str):
        return len(value) // _CHARACTERS
    if isinstance(value, Geometry):
        edges = int(shapely.get_num_coordinates(value.shape))
        if edges > _MOST_EDGES:
            # [M] of the service.
            raise ServiceError(
                f"Geometry has too many edges ({edges} > {_MOST_EDGES}).", kind="edges"
            )
        return edges
    return value.values.size if isinstance(value, Array) else 0


def _inner(value: Any) -> Items[Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, Element) and type(value.properties) is dict:
        place = () if isinstance(value, Image) else (getattr(value, "shape", None),)
        return [*value.properties.values(), *place]
    return ()
