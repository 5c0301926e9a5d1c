"""Calendar arithmetic: units of time, in a time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..errors import ServiceError
from .time import EPOCH, Date, DateRange

if TYPE_CHECKING:
    from datetime import tzinfo

DAY = 86_400_000

LENGTHS: dict[str, float] = {
    "second": 1_000,
    "minute": 60_000,
    "hour": 3_600_000,
    "day": DAY,
    "week": 7 * DAY,
    # Mean lengths in the Gregorian calendar [M]; the service says "average" [S].
    "month": 365.2425 * DAY / 12,
    "year": 365.2425 * DAY,
}
"""Milliseconds in each unit, months and years on average."""


def unit_of(name: str) -> str:
    """A unit by its name, singular or plural.

    Raises:
        ServiceError: there is none of that name.
    """
    unit = name.lower().removesuffix("s")
    if unit not in LENGTHS:
        raise ServiceError(f"Unknown time unit '{name}'.")
    return unit


def zone_of(name: str | None) -> tzinfo:
    """A time zone; UTC by default.

    Raises:
        ServiceError: there is none of that name.
    """
    if name is None:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ServiceError(f"Unknown time zone '{name}'.") from None


def local(date: Date, zone: str | None = None) -> datetime:
    """A date as clocks of a zone show it."""
    try:
        return date.moment().astimezone(zone_of(zone))
    except (OverflowError, ValueError):
        raise ServiceError(f"The date {date.millis} is out of range.") from None


def from_local(moment: datetime) -> Date:
    """The instant at which clocks show a moment."""
    return Date((moment.astimezone(UTC) - EPOCH) // timedelta(milliseconds=1))


def advanced(date: Date, delta: float, unit: str, zone: str | None = None) -> Date:
    """A date some units later.

    Days, weeks, months and years keep the clock's time; a month that is too short gives its last
    day. What is left of a whole number of units counts by their mean length [M].
    """
    unit = unit_of(unit)
    if not abs(delta) < 1e9:
        raise ServiceError(f"Cannot advance a date by {delta} {unit}s.")
    if unit in ("second", "minute", "hour"):
        return Date(date.millis + round(delta * LENGTHS[unit]))
    whole = int(delta)
    try:
        moved = from_local(_stepped(local(date, zone), whole, unit))
    except (OverflowError, ValueError):
        raise ServiceError(f"The date {date.millis} + {delta} {unit}s is out of range.") from None
    return Date(moved.millis + round((delta - whole) * LENGTHS[unit]))


def _stepped(moment: datetime, count: int, unit: str) -> datetime:
    """A moment some calendar units later, on the same clocks."""
    if unit in ("day", "week"):
        return moment + timedelta(days=count * (7 if unit == "week" else 1))
    months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "year" else 1)
    first = moment.replace(year=months // 12, month=months % 12 + 1, day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    last = (after - timedelta(days=1)).day
    return first.replace(day=min(moment.day, last))


def span(date: Date, unit: str, zone: str | None = None) -> DateRange:
    """The unit of the calendar that a date lies in; weeks begin on Monday."""
    unit = unit_of(unit)
    at = local(date, zone)
    if unit in ("second", "minute", "hour"):
        begin = at.replace(microsecond=0)
        if unit != "second":
            begin = begin.replace(second=0)
        if unit == "hour":
            begin = begin.replace(minute=0)
        start = from_local(begin)
        return DateRange(start.millis, start.millis + int(LENGTHS[unit]))
    begin = at.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "week":
        begin -= timedelta(days=begin.weekday())
    elif unit == "month":
        begin = begin.replace(day=1)
    elif unit == "year":
        begin = begin.replace(month=1, day=1)
    return DateRange(from_local(begin).millis, from_local(_stepped(begin, 1, unit)).millis)


def part(date: Date, unit: str, zone: str | None = None) -> int:
    """A unit as a calendar or clock shows it; weeks are those of ISO 8601."""
    at = local(date, zone)
    match unit_of(unit):
        case "year":
            return at.year
        case "month":
            return at.month
        case "week":
            return at.isocalendar().week
        case "day":
            return at.day
        case "hour":
            return at.hour
        case "minute":
            return at.minute
        case _:
            return at.second


def relative(date: Date, unit: str, whole: str, zone: str | None = None) -> int:
    """How many units of a larger one have passed; 0 where it is not the larger one [S]."""
    unit, whole = unit_of(unit), unit_of(whole)
    if LENGTHS[unit] >= LENGTHS[whole]:
        return 0
    start = Date(span(date, whole, zone).start)
    if unit == "month":
        return local(date, zone).month - local(start, zone).month
    if unit in ("day", "week"):
        days = (local(date, zone).date() - local(start, zone).date()).days
        return days // 7 if unit == "week" else days
    return int((date.millis - start.millis) // LENGTHS[unit])
