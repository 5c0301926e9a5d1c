"""What people call time zones, in English."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name

if TYPE_CHECKING:
    from datetime import datetime


def zone_name(at: datetime) -> str:
    """The zone of a moment in words: `Pacific Daylight Time`."""
    # Babel knows no name of the standard library's own UTC.
    named = at.replace(tzinfo=ZoneInfo("UTC")) if at.tzinfo is UTC else at
    return get_timezone_name(named, locale="en")


def zone_letters(at: datetime) -> str:
    """The zone of a moment in letters: `PDT`; the offset where it has none."""
    name = at.tzname() or ""
    return name if name[:1].isalpha() else f"{name[:3]}:{name[3:] or '00'}"
