"""Filters."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..expression.promote import type_name
from ..expression.registry import algorithm
from ..values.element import Element
from ..values.filters import (
    Filter,
    Operand,
    comparable,
    comparison,
    geometry_of,
    nearness,
    of_elements,
    operands,
)
from ..values.geometry import Geometry
from ..values.measures import area, distance
from ..values.parse import parse_date
from ..values.shapes import disjoint, inside, intersects
from ..values.time import Date, DateRange

if TYPE_CHECKING:
    from collections.abc import Callable


def _ordered(test: Callable[[Any, Any], Any]) -> Callable[[Any, Any], bool]:
    return lambda one, other: comparable(one, other) and bool(test(one, other))


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, Date) or isinstance(other, Date):
        return _instant(one) == _instant(other) is not None
    return bool(one == other)


def _instant(value: Any) -> float | None:
    if isinstance(value, Date):
        return value.millis
    return value if isinstance(value, (int, float)) else None


def _contains(one: Any, other: Any) -> bool:
    return isinstance(one, list) and any(_equal(item, other) for item in one)


def _text(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda one, other: isinstance(one, str) and isinstance(other, str) and test(one, other)


def _spatial(test: Callable[[Geometry, Geometry], bool]) -> Callable[[Any, Any], bool]:
    def run(one: Any, other: Any) -> bool:
        left, right = geometry_of(one), geometry_of(other)
        return left is not None and right is not None and test(left, right)

    return run


def _has_type(value: Any, wanted: Any) -> bool:
    """Whether a value is of a type, or of one below it; all are objects [I]."""
    names = {type_name(value), "Object"}
    match value:
        case Geometry():
            names.add(value.shape.geom_type)
        case bool():
            pass
        case int():
            names |= {"Long", "Number"}
        case float():
            names.add("Number")
        case Element():
            names.add("Element")
    return wanted in names


def _date_range_contains(one: Any, other: Any) -> bool:
    instant = _instant(other)
    return isinstance(one, DateRange) and instant is not None and one.contains(instant)


_PREDICATES: dict[tuple[str, ...], Callable[[Any, Any], bool]] = {
    ("Filter.equals", "Filter.eq"): _equal,
    ("Filter.notEquals", "Filter.neq"): lambda one, other: not _equal(one, other),
    ("Filter.lessThan", "Filter.lt"): _ordered(operator.lt),
    ("Filter.lessThanOrEquals", "Filter.lte"): _ordered(operator.le),
    ("Filter.greaterThan", "Filter.gt"): _ordered(operator.gt),
    ("Filter.greaterThanOrEquals", "Filter.gte"): _ordered(operator.ge),
    ("Filter.listContains",): _contains,
    ("Filter.inList",): lambda one, other: _contains(other, one),
    ("Filter.stringStartsWith",): _text(lambda one, other: one.startswith(other)),
    ("Filter.stringEndsWith",): _text(lambda one, other: one.endswith(other)),
    ("Filter.stringContains",): _text(lambda one, other: other in one),
    ("Filter.dateRangeContains",): _date_range_contains,
    ("Filter.hasType",): _has_type,
}
_SPATIAL: dict[str, Callable[[Any, Any], bool]] = {
    "Filter.intersects": _spatial(intersects),
    "Filter.disjoint": _spatial(disjoint),
    "Filter.contains": _spatial(lambda one, other: inside(other, one)),
    "Filter.isContained": _spatial(inside),
}


def _register(names: tuple[str, ...], predicate: Callable[[Any, Any], bool]) -> None:
    @algorithm(*names)
    def compare(
        left_field: str | None, right_value: Any, right_field: str | None, left_value: Any
    ) -> Filter:
        sides = operands(left_field, right_value, right_field, left_value)
        made = comparison(predicate, sides)
        if predicate is _equal:
            return Filter(made.matches, equal=sides)
        if predicate is _date_range_contains:
            return Filter(made.matches, times=_times(*sides))
        return made


def _times(ranges: Operand, instants: Operand) -> DateRange | None:
    """The range that starts must lie in, if it is a fixed one."""
    is_start = instants.field == "system:time_start"
    return ranges.value if is_start and isinstance(ranges.value, DateRange) else None


def _register_spatial(name: str, predicate: Callable[[Any, Any], bool]) -> None:
    @algorithm(name, ignores=["maxError"])
    def compare(
        left_field: str | None, right_value: Any, right_field: str | None, left_value: Any
    ) -> Filter:
        return comparison(predicate, operands(left_field, right_value, right_field, left_value))


for _names, _predicate in _PREDICATES.items():
    _register(_names, _predicate)
for _name, _predicate in _SPATIAL.items():
    _register_spatial(_name, _predicate)


def _difference(one: Any, other: Any) -> float | None:
    a, b = _instant(one), _instant(other)
    return None if a is None or b is None else abs(a - b)


@algorithm("Filter.maxDifference")
def max_difference(
    difference: float,
    left_field: str | None,
    right_value: Any,
    right_field: str | None,
    left_value: Any,
) -> Filter:
    """Two numbers that lie close together; the difference is a join's measure."""
    sides = operands(left_field, right_value, right_field, left_value)
    return nearness(_difference, difference, sides)


def _apart(one: Any, other: Any) -> float | None:
    left, right = geometry_of(one), geometry_of(other)
    return None if left is None or right is None else distance(left, right)


@algorithm("Filter.withinDistance", ignores=["maxError"])
def within_distance(
    most: float,
    left_field: str | None,
    right_value: Any,
    right_field: str | None,
    left_value: Any,
) -> Filter:
    """Two geometries that lie close together, in metres; the distance is a join's measure."""
    return nearness(_apart, most, operands(left_field, right_value, right_field, left_value))


@algorithm("Filter.not")
def negate(inner: Filter) -> Filter:
    """Passes what another does not: also an element without the property."""
    test = inner.matches
    return Filter(lambda one, other: not test(one, other))


@algorithm("Filter.and")
def conjunction(filters: list[Filter]) -> Filter:
    """Passes what all pass; the measure is that of the first that has one [M]."""
    tests = [each.matches for each in filters]
    return Filter(
        lambda one, other: all(test(one, other) for test in tests),
        next((each.measure for each in filters if each.measure), None),
        next((each.equal for each in filters if each.equal), None),
        next((each.times for each in filters if each.times), None),
    )


@algorithm("Filter.or")
def disjunction(filters: list[Filter]) -> Filter:
    """Passes what any passes."""
    tests = [each.matches for each in filters]
    return Filter(lambda one, other: any(test(one, other) for test in tests))


@algorithm("Filter.always")
def always() -> Filter:
    """Passes everything."""
    # Filters are asked with both sides of a join, whether they look at them or not.
    return Filter(lambda one, other: True)  # noqa: ARG005


@algorithm("Filter.never")
def never() -> Filter:
    """Passes nothing."""
    # As above.
    return Filter(lambda one, other: False)  # noqa: ARG005


@algorithm("Filter.notNull")
def not_null(names: list[str]) -> Filter:
    """Elements that have all of some properties."""
    fields = [Operand(name, None) for name in names]
    return of_elements(lambda element: all(each.of(element) is not None for each in fields))


@algorithm("Filter.hasGeometry")
def has_geometry() -> Filter:
    """Elements that have a geometry."""
    return of_elements(lambda element: element.geometry is not None)


@algorithm("Filter.area", ignores=["maxError"])
def area_between(low: float, high: float, selector: str | None) -> Filter:
    """Elements whose geometry has an area within a range of square metres, both included."""
    operand = None if selector in (None, "", ".geo") else Operand(selector, None)

    def passes(element: Element) -> bool:
        shape = element.geometry if operand is None else geometry_of(operand.of(element))
        return shape is not None and low <= area(shape.filled) <= high

    return of_elements(passes)


@algorithm("Filter.rangeContains")
def range_contains(selector: str, low: Any, high: Any) -> Filter:
    """Elements whose property lies between two values, both included."""
    operand = Operand(selector, None)

    def passes(element: Element) -> bool:
        value = operand.of(element)
        value = value.millis if isinstance(value, Date) else value
        return comparable(value, low) and comparable(value, high) and low <= value <= high

    return of_elements(passes)


@algorithm("Filter.dayOfYear")
def day_of_year(start: int, end: int) -> Filter:
    """Elements of some days of any year."""
    return calendar_range(start, end, "day_of_year")


@algorithm("Filter.calendarRange")
def calendar_range(start: int, end: int | None, field: str) -> Filter:
    """Elements whose time lies in a range of a calendar field; the range may wrap."""
    if field not in _FIELDS:
        raise ServiceError(f"Unknown calendar field '{field}'.")
    read = _FIELDS[field]
    low, high = start, start if end is None else end

    def passes(element: Element) -> bool:
        time = element.get("system:time_start")
        if time is None:
            return False
        value = read(parse_date(time))
        return low <= value <= high if low <= high else value >= low or value <= high

    return of_elements(passes)


_FIELDS: dict[str, Callable[[Date], int]] = {
    "year": lambda date: date.moment().year,
    "month": lambda date: date.moment().month,
    "hour": lambda date: date.moment().hour,
    "minute": lambda date: date.moment().minute,
    "day_of_year": lambda date: date.moment().timetuple().tm_yday,
    "day_of_month": lambda date: date.moment().day,
    "day_of_week": lambda date: date.moment().isoweekday(),
}
