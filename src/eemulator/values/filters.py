"""Filters: predicates over elements, and over pairs of elements in a join."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from .element import Element
from .geometry import Geometry

if TYPE_CHECKING:
    from collections.abc import Callable

    from .time import DateRange


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


@dataclass(frozen=True, eq=False, slots=True)
class Filter:
    """A predicate.

    Attributes:
        matches: whether a pair passes: left fields are taken from its first element, right fields
            from its second.
        measure: how far apart a pair is, where the filter measures that.
        equal: fields that are equal in every pair that passes, where there are such.
        times: the range that `system:time_start` of every second element that passes lies in,
            where it is known without looking at them.
    """

    matches: Callable[[Element, Element], bool]
    measure: Callable[[Element, Element], float | None] | None = None
    equal: tuple[Operand, Operand] | None = None
    times: DateRange | None = None

    def passes(self, element: Element) -> bool:
        """Whether an element passes, as both sides of the comparison."""
        return self.matches(element, element)


def of_elements(test: Callable[[Element], bool]) -> Filter:
    """A filter that looks at one element; in a join, at that of the primary collection [I]."""
    return Filter(lambda one, other: test(one))  # noqa: ARG005


def operands(
    left_field: str | None, right_value: Any, right_field: str | None, left_value: Any
) -> tuple[Operand, Operand]:
    """The sides of a comparison.

    Raises:
        ServiceError: one is given twice, or not at all.
    """
    for side, name, value in (
        ("left", left_field, left_value),
        ("right", right_field, right_value),
    ):
        if name is not None and value is not None:
            raise ServiceError(f"Both {side}Field and {side}Value are given.")
    if left_field is None and left_value is None:
        raise ServiceError("Neither leftField nor leftValue is given.")
    return Operand(left_field, left_value), Operand(right_field, right_value)


def comparison(predicate: Callable[[Any, Any], bool], sides: tuple[Operand, Operand]) -> Filter:
    """A filter that compares two operands; a null on either side does not pass."""
    left, right = sides
    of_left, of_right = left.of, right.of

    def matches(one: Element, other: Element) -> bool:
        a, b = of_left(one), of_right(other)
        return a is not None and b is not None and predicate(a, b)

    return Filter(matches)


def nearness(
    distance: Callable[[Any, Any], float | None], most: float, sides: tuple[Operand, Operand]
) -> Filter:
    """A filter that measures how far apart two operands are; beyond a distance none passes."""
    left, right = sides

    def measure(one: Element, other: Element) -> float | None:
        a, b = left.of(one), right.of(other)
        return None if a is None or b is None else distance(a, b)

    def matches(one: Element, other: Element) -> bool:
        measured = measure(one, other)
        return measured is not None and measured <= most

    return Filter(matches, measure)


def comparable(one: Any, other: Any) -> bool:
    """Whether two values have an order: both numbers, or both strings."""
    both_numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
    return both_numbers or (isinstance(one, str) and isinstance(other, str))


def geometry_of(value: Any) -> Geometry | None:
    """The geometry of a value that may be one or have one."""
    if isinstance(value, Geometry):
        return value
    return value.geometry if isinstance(value, Element) else None
