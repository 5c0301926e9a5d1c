"""Dates, ranges of them, and error margins."""

from __future__ import annotations

from typing import Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.margin import ErrorMargin
from ..values.parse import parse_date
from ..values.time import Date, DateRange

_UNITS = {
    "second": 1_000,
    "minute": 60_000,
    "hour": 3_600_000,
    "day": 86_400_000,
    "week": 7 * 86_400_000,
    # Mean lengths, for differences only [M].
    "month": 365.2425 * 86_400_000 / 12,
    "year": 365.2425 * 86_400_000,
}


@algorithm("Date")
def date(value: Any, zone: str | None) -> Date:
    """From milliseconds or text."""
    return parse_date(value, zone)


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
    return (value.millis - start.millis) / _length(unit)


def _length(unit: str) -> float:
    length = _UNITS.get(unit.rstrip("s"))
    if length is None:
        raise ServiceError(f"Unknown time unit '{unit}'.")
    return length


@algorithm("DateRange")
def date_range(start: Any, end: Any, zone: str | None) -> DateRange:
    """From a start to an end that is not included; one millisecond by default."""
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


@algorithm("ErrorMargin")
def error_margin(value: float | None, unit: str) -> ErrorMargin:
    """How much error is accepted; the emulator makes none."""
    return ErrorMargin(value, unit)
