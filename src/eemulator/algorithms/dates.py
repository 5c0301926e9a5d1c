"""Dates, ranges of them, and error margins."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.calendar import LENGTHS, advanced, from_local, local, part, relative, span, unit_of
from ..values.date_format import ISO, formatted
from ..values.date_parse import parsed
from ..values.margin import ErrorMargin
from ..values.parse import parse_date
from ..values.time import UNBOUNDED, Date, DateRange


@algorithm("Date")
def date(value: Any, zone: str | None) -> Date:
    """From milliseconds or text."""
    return parse_date(value, zone)


@algorithm("Date.parse")
def parse(pattern: str, text: str, zone: str | None) -> Date:
    """From text, by a pattern of Joda-Time's."""
    return parsed(text, pattern, zone)


@algorithm("Date.millis")
def millis(value: Date) -> int:
    """Milliseconds since 1970."""
    return value.millis


@algorithm("Date.fromYMD")
def from_ymd(year: int, month: int, day: int, zone: str | None) -> Date:
    """Midnight of a day."""
    return parse_date(f"{year:04d}-{month:02d}-{day:02d}", zone)


@algorithm("Date.difference")
def difference(value: Date, start: Date, unit: str) -> float:
    """Time since another date, in units."""
    return (value.millis - start.millis) / LENGTHS[unit_of(unit)]


@algorithm("Date.advance")
def advance(value: Date, delta: float, unit: str, zone: str | None) -> Date:
    """Some units later."""
    return advanced(value, delta, unit, zone)


@algorithm("Date.format")
def format_(value: Date, pattern: str | None, zone: str | None) -> str:
    """As text, by a pattern of Joda-Time's."""
    return formatted(local(value, zone), ISO if pattern is None else pattern)


@algorithm("Date.get")
def get(value: Date, unit: str, zone: str | None) -> int:
    """A unit, as a calendar or a clock shows it."""
    return part(value, unit, zone)


@algorithm("Date.getRange")
def get_range(value: Date, unit: str, zone: str | None) -> DateRange:
    """The unit of the calendar around it."""
    return span(value, unit, zone)


@algorithm("Date.getFraction")
def get_fraction(value: Date, unit: str, zone: str | None) -> float:
    """How much of a unit has passed, 0 to 1."""
    whole = span(value, unit, zone)
    return (value.millis - whole.start) / (whole.end - whole.start)


@algorithm("Date.getRelative")
def get_relative(value: Date, unit: str, whole: str, zone: str | None) -> int:
    """How many units of a larger one have passed."""
    return relative(value, unit, whole, zone)


@algorithm("Date.unitRatio")
def unit_ratio(one: str, other: str) -> float:
    """How many of a unit another is long."""
    return LENGTHS[unit_of(one)] / LENGTHS[unit_of(other)]


@algorithm("Date.update")
def update(
    value: Date,
    year: int | None,
    month: int | None,
    day: int | None,
    hour: int | None,
    minute: int | None,
    second: float | None,
    zone: str | None,
) -> Date:
    """With some units set to others."""
    at: datetime = local(value, zone)
    given = {"year": year, "month": month, "day": day, "hour": hour, "minute": minute}
    try:
        # The type checker cannot tell these keys from tzinfo, which takes no integer.
        at = at.replace(**{name: unit for name, unit in given.items() if unit is not None})  # type: ignore[arg-type]
        if second is not None:
            at = at.replace(second=0, microsecond=0) + timedelta(seconds=second)
        return from_local(at)
    except (ValueError, OverflowError) as error:
        raise ServiceError(f"Invalid date: {error}.") from None


@algorithm("DateRange")
def date_range(start: Any, end: Any, zone: str | None) -> DateRange:
    """From a start to an end that is not included; one millisecond by default.

    A range stays what it is: the client's filters pass one on as a start [S].
    """
    if isinstance(start, DateRange) and end is None:
        return start
    first = parse_date(start, zone).millis
    last = first + 1 if end is None else parse_date(end, zone).millis
    return DateRange(first, last)


@algorithm("DateRange.start")
def start_of(value: DateRange) -> Date:
    """The first instant."""
    return Date(value.start)


@algorithm("DateRange.end")
def end_of(value: DateRange) -> Date:
    """The instant after the last."""
    return Date(value.end)


@algorithm("DateRange.contains")
def contains(value: DateRange, other: Any) -> bool:
    """Whether an instant or a range lies within."""
    if isinstance(other, DateRange):
        return value.start <= other.start and other.end <= value.end
    return value.contains(parse_date(other).millis)


@algorithm("DateRange.intersection")
def intersection(value: DateRange, other: DateRange) -> DateRange:
    """What both have in common; empty where that is nothing."""
    start = max(value.start, other.start)
    return DateRange(start, max(start, min(value.end, other.end)))


@algorithm("DateRange.intersects")
def intersects(value: DateRange, other: DateRange) -> bool:
    """Whether they have an instant in common."""
    return not is_empty(intersection(value, other))


@algorithm("DateRange.union")
def union(value: DateRange, other: DateRange) -> DateRange:
    """From the earlier start to the later end."""
    if is_empty(value) or is_empty(other):
        return other if is_empty(value) else value
    return DateRange(min(value.start, other.start), max(value.end, other.end))


@algorithm("DateRange.isEmpty")
def is_empty(value: DateRange) -> bool:
    """Whether no instant lies within."""
    return value.end <= value.start


@algorithm("DateRange.unbounded")
def unbounded() -> DateRange:
    """All of time."""
    return UNBOUNDED


@algorithm("DateRange.isUnbounded")
def is_unbounded(value: DateRange) -> bool:
    """Whether it is all of time."""
    return value == UNBOUNDED


@algorithm("ErrorMargin")
def error_margin(value: float | None, unit: str) -> ErrorMargin:
    """How much error is accepted; the emulator makes none."""
    return ErrorMargin.of(value, unit)
