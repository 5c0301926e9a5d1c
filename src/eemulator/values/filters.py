"""Filters: predicates over elements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from .element import Element
from .geometry import Geometry

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, eq=False, slots=True)
class Filter:
    """A predicate.

    Attributes:
        passes: whether an element passes.
    """

    passes: Callable[[Element], bool]


@dataclass(frozen=True, slots=True)
class Operand:
    """A side of a comparison: a field of the element, or a fixed value."""

    field: str | None
    value: Any

    def of(self, element: Element) -> Any:
        """What to compare."""
        if self.field is None:
            return self.value
        if self.field == ".all":
            return element
        if self.field in (".geo", "system:footprint"):
            return element.geometry
        return element.get(self.field)


def comparison(
    predicate: Callable[[Any, Any], bool],
    left_field: str | None,
    right_value: Any,
    right_field: str | None,
    left_value: Any,
) -> Filter:
    """A filter that compares two operands; a null on either side does not pass.

    Raises:
        ServiceError: an operand is given twice, or not at all.
    """
    for side, name, value in (
        ("left", left_field, left_value),
        ("right", right_field, right_value),
    ):
        if name is not None and value is not None:
            raise ServiceError(f"Both {side}Field and {side}Value are given.")
    if left_field is None and left_value is None:
        raise ServiceError("Neither leftField nor leftValue is given.")
    left, right = Operand(left_field, left_value), Operand(right_field, right_value)

    def passes(element: Element) -> bool:
        one, other = left.of(element), right.of(element)
        return one is not None and other is not None and predicate(one, other)

    return Filter(passes)


def comparable(one: Any, other: Any) -> bool:
    """Whether two values have an order: both numbers, or both strings."""
    both_numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
    return both_numbers or (isinstance(one, str) and isinstance(other, str))


def geometry_of(value: Any) -> Geometry | None:
    """The geometry of a value that may be one or have one."""
    if isinstance(value, Geometry):
        return value
    return value.geometry if isinstance(value, Element) else None
