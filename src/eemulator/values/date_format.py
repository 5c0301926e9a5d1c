"""Dates as text, by the patterns of Joda-Time.

https://www.joda.org/joda-time/apidocs/org/joda/time/format/DateTimeFormat.html
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from ..errors import ServiceError
from .zone_names import zone_letters, zone_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    Piece = Callable[[datetime], str]

ISO = "yyyy-MM-dd'T'HH:mm:ss"
"""The pattern where none is given [S]."""

TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

_NUMBERS: dict[str, Callable[[datetime], int]] = {
    "d": lambda at: at.day,
    "D": lambda at: at.timetuple().tm_yday,
    "w": lambda at: at.isocalendar().week,
    "e": lambda at: at.isoweekday(),
    "H": lambda at: at.hour,
    "k": lambda at: at.hour or 24,
    "K": lambda at: at.hour % 12,
    "h": lambda at: at.hour % 12 or 12,
    "m": lambda at: at.minute,
    "s": lambda at: at.second,
    "C": lambda at: at.year // 100,
}
_YEARS: dict[str, Callable[[datetime], int]] = {
    "y": lambda at: at.year,
    "Y": lambda at: at.year,
    "x": lambda at: at.isocalendar().year,
}


def formatted(at: datetime, pattern: str) -> str:
    """A moment as a pattern writes it, in English."""
    return "".join(piece(at) for piece in _pieces(pattern))


@lru_cache(maxsize=256)
def _pieces(pattern: str) -> tuple[Piece, ...]:
    """What a pattern is made of.

    Raises:
        ServiceError: a letter of it means nothing.
    """
    pieces: list[Piece] = []
    position = 0
    while position < len(pattern):
        found = TOKEN.match(pattern, position)
        if found is None:
            raise ServiceError(f"Invalid date format '{pattern}'.")
        position = found.end()
        if found[2]:
            pieces.append(_field(found[2], len(found[0]), pattern))
        else:
            quoted = found[1]
            text = found[0] if quoted is None else quoted.replace("''", "'") or "'"
            pieces.append(_text(text))
    return tuple(pieces)


def _text(text: str) -> Piece:
    return lambda at: text  # noqa: ARG005


def _field(letter: str, width: int, pattern: str) -> Piece:
    if letter in _NUMBERS:
        number = _NUMBERS[letter]
        return lambda at: f"{number(at):0{width}d}"
    if letter in _YEARS:
        year = _YEARS[letter]
        if width == 2:
            return lambda at: f"{year(at) % 100:02d}"
        return lambda at: f"{year(at):0{width}d}"
    match letter:
        case "M":
            if width >= 3:
                return lambda at: MONTHS[at.month - 1][: None if width > 3 else 3]
            return lambda at: f"{at.month:0{width}d}"
        case "E":
            return lambda at: DAYS[at.weekday()][: None if width > 3 else 3]
        case "S":
            return lambda at: f"{at.microsecond:06d}".ljust(width, "0")[:width]
        case "a":
            return lambda at: "PM" if at.hour >= 12 else "AM"
        case "G":
            return _text("AD")
        case "Z":
            return _zone_id if width > 2 else lambda at: _offset(at, ":" if width == 2 else "")
        case "z":
            return zone_name if width > 3 else zone_letters
    raise ServiceError(f"Illegal pattern component '{letter}' in date format '{pattern}'.")


def _zone_id(at: datetime) -> str:
    return str(at.tzinfo)


def _offset(at: datetime, between: str) -> str:
    minutes = int((at.utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}{between}{rest:02d}"
