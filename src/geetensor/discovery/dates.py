"""Dates in the forms that people have them, as an interval in UTC."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geetensor.errors import InvalidInputError

Date = str | dt.date | dt.datetime | np.datetime64
"""A day (`"2024-06-30"`), a month, a year, or a moment. Without a timezone it is UTC."""

_CALENDAR = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_CALENDAR_UNITS = {"Y", "M", "D"}

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}.*")
"""Pandas reads a day in many more forms, as its midnight: as an end, it would not be included."""

_NOT_A_DATE = "Not a date: {!r}. Pass '2024-06-30', '2024-06-30T12:00' or a datetime."


@dataclass(frozen=True, slots=True)
class Interval:
    """A span of time.

    Attributes:
        start: its first millisecond since 1970 in UTC.
        end: the first one after it.
    """

    start: int
    end: int

    def cut(self, count: int) -> list[Interval]:
        """About equal parts of it, in order; at least one, none of them empty."""
        length = self.end - self.start
        count = min(max(count, 1), length)
        edges = [self.start + length * number // count for number in range(count + 1)]
        return [Interval(*pair) for pair in itertools.pairwise(edges)]


def parse_interval(start_date: Date | None, end_date: Date | None) -> Interval | None:
    """Check two dates.

    Args:
        start_date: a day, month, year or moment, included.
        end_date: a day, month or year, which is included, or a moment, which is not.

    Returns:
        None where both are None: any time, or none.

    Raises:
        InvalidInputError: if one is not a date, or if the end is not after the start.
    """
    if start_date is None and end_date is None:
        return None
    (start, _), (_, end) = _span(start_date), _span(end_date)
    if start >= end:
        raise InvalidInputError(f"end_date {end_date} is not after start_date {start_date}.")
    return Interval(_milliseconds(start), _milliseconds(end))


def _span(date: Date | None) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First moment of a day, month or year, and the first one after it; a moment twice."""
    try:
        if isinstance(date, str):
            date = date.strip()
            if _CALENDAR.fullmatch(date):
                return _period(date)
            if not _MOMENT.fullmatch(date):
                raise InvalidInputError(_NOT_A_DATE.format(date))
        if isinstance(date, np.datetime64) and np.datetime_data(date.dtype)[0] in _CALENDAR_UNITS:
            return _period(str(date))
        if isinstance(date, dt.date) and not isinstance(date, dt.datetime):
            return _period(date.isoformat())
        if isinstance(date, (str, dt.datetime, np.datetime64)):
            moment = pd.Timestamp(date)
            utc = moment.tz_localize("UTC") if moment.tz is None else moment.tz_convert("UTC")
            if isinstance(utc, pd.Timestamp):  # and not pandas' NaT
                return utc, utc
    except (ValueError, TypeError) as error:
        raise InvalidInputError(_NOT_A_DATE.format(date)) from error
    raise InvalidInputError(_NOT_A_DATE.format(date))


def _period(text: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    period = pd.Period(text)
    return period.start_time.tz_localize("UTC"), (period + 1).start_time.tz_localize("UTC")


def _milliseconds(moment: pd.Timestamp) -> int:
    """Rounded up: scenes have whole milliseconds, and one before the moment is before it."""
    microseconds = int(moment.tz_localize(None).asm8.astype("datetime64[us]").astype(np.int64))
    return -(-microseconds // 1000)
