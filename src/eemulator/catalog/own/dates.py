"""Moments as Earth Engine stores them: milliseconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def millis(moment: datetime) -> int:
    """Milliseconds of a moment; without a time zone it is UTC."""
    known = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (known - _EPOCH) // timedelta(milliseconds=1)


def read_moment(value: Any) -> int:
    """Milliseconds of a date, of a time, of ISO 8601 text, or of themselves.

    Raises:
        ValueError: it is none of these.
    """
    match value:
        case bool():
            pass
        case int():
            return value
        case datetime():
            return millis(value)
        case date():
            return millis(datetime(value.year, value.month, value.day, tzinfo=UTC))
        case str():
            try:
                return millis(datetime.fromisoformat(value))
            except ValueError:
                pass
    raise ValueError(
        f"{value!r} is no date: write 2024-05-31, 2024-05-31T10:20:30Z, or milliseconds since 1970"
    )
