"""Dates from text, by the patterns of Joda-Time.

https://www.joda.org/joda-time/apidocs/org/joda/time/format/DateTimeFormat.html
What a pattern leaves out is that of 1 January 2000, midnight, as in Joda-Time.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from ..errors import ServiceError
from .calendar import from_local, zone_of
from .date_format import DAYS, MONTHS, TOKEN

if TYPE_CHECKING:
    from .time import Date

_MOST_CHARACTERS = 1_000
_COUNTED = frozenset("yYMdDHkKhmsS")
# Years of two digits are those from 80 years before this one to 19 after.
_BEFORE = 80


def parsed(text: str, pattern: str, zone: str | None = None) -> Date:
    """The date that a text states in the way of a pattern.

    Raises:
        ServiceError: it does not, or the pattern is none that can be read.
    """
    if len(text) > _MOST_CHARACTERS:
        raise ServiceError(f"A date of {len(text)} characters is too long.")
    expression, letters = _compiled(pattern)
    found = expression.fullmatch(text)
    if found is None:
        raise ServiceError(f"Invalid format: \"{text}\" does not fit '{pattern}'.")
    given = dict(zip(letters, found.groups(), strict=True))
    try:
        clocks = UTC if "Z" in given else zone_of(zone)
        return from_local(_moment(given).replace(tzinfo=clocks) - _offset(given.get("Z")))
    except (ValueError, OverflowError) as error:
        raise ServiceError(f'Cannot parse "{text}": {error}.') from None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """A pattern as a regular expression, and the letter of each of its groups.

    Raises:
        ServiceError: it is none, or names a field twice.
    """
    if len(pattern) > _MOST_CHARACTERS:
        raise ServiceError(f"A date format of {len(pattern)} characters is too long.")
    tokens = list(TOKEN.finditer(pattern))
    if "".join(token[0] for token in tokens) != pattern:
        raise ServiceError(f"Invalid date format '{pattern}'.")
    letters = tuple(token[2] for token in tokens if token[2])
    if len(set(letters)) < len(letters):
        raise ServiceError(f"The date format '{pattern}' names a field twice.")
    following = [after for _, after in pairwise([*tokens, None])]
    written = (
        _expression(token, pattern, tight=after is not None and _is_number(after))
        for token, after in zip(tokens, following, strict=True)
    )
    return re.compile("".join(written), re.IGNORECASE), letters


def _is_number(token: re.Match[str]) -> bool:
    return token[2] in _COUNTED and not (token[2] == "M" and len(token[0]) > 2)


def _expression(token: re.Match[str], pattern: str, *, tight: bool) -> str:
    """The regular expression of one field, or of text."""
    letter, width = token[2], len(token[0])
    if not letter:
        quoted = token[1]
        return re.escape(token[0] if quoted is None else quoted.replace("''", "'") or "'")
    if _is_number(token):
        # A number that follows at once leaves this one its width.
        digits = f"{{{width}}}" if tight else "{1,9}"
        return rf"(\d{digits})"
    match letter:
        case "M":
            return f"({'|'.join(_names(MONTHS))})"
        case "E":
            return f"({'|'.join(_names(DAYS))})"
        case "a":
            return "(AM|PM)"
        case "Z" if width <= 2:
            return r"(Z|[-+]\d\d:?\d\d)"
    raise ServiceError(f"The emulator cannot read '{letter}' of the date format '{pattern}'.")


def _names(names: tuple[str, ...]) -> list[str]:
    """Whole names before short ones."""
    return [*names, *(name[:3] for name in names)]


def _moment(given: dict[str, str]) -> datetime:
    """The moment that fields state."""

    def field(letter: str, otherwise: int) -> int:
        return int(given.get(letter, otherwise))

    month = given.get("M", "1")
    day = datetime(
        _year(given),
        int(month) if month.isdigit() else _month(month),
        field("d", 1),
        tzinfo=UTC,
    )
    if "D" in given:
        year = day.year
        day = day.replace(month=1, day=1) + timedelta(days=int(given["D"]) - 1)
        if day.year != year:
            raise ValueError("day of year is out of range for the year")
    hour = field("H", field("k", 0) % 24)
    if "a" in given or "h" in given or "K" in given:
        afternoon = given.get("a", "AM").upper() == "PM"
        hour = field("K", field("h", 12) % 12) + 12 * afternoon
    fraction = int(given.get("S", "0").ljust(6, "0")[:6])
    return day.replace(hour=hour, minute=field("m", 0), second=field("s", 0), microsecond=fraction)


def _year(given: dict[str, str]) -> int:
    written = given.get("y", given.get("Y", "2000"))
    if len(written) != 2:
        return int(written)
    first = datetime.now(UTC).year - _BEFORE
    return first + (int(written) - first) % 100


def _month(name: str) -> int:
    short = [month[:3].lower() for month in MONTHS]
    return short.index(name[:3].lower()) + 1


def _offset(text: str | None) -> timedelta:
    """What clocks are ahead of UTC; nothing where a text does not say."""
    if text is None or text in "Zz":
        return timedelta()
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError("offset must be within a day")
    minutes += hours * 60
    return timedelta(minutes=-minutes if text[0] == "-" else minutes)
