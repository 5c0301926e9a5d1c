"""Strings."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.numbers import number
from ..values.to_json import to_json

if TYPE_CHECKING:
    from ..expression.evaluate import Session

_MOST_CHARACTERS = 10_000_000


@algorithm("String", session=True)
def string(session: Session, value: Any) -> str:
    """Anything as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return str(number(value))
    return json.dumps(to_json(value, session.limits))


@algorithm("String.cat")
def cat(one: str, other: str) -> str:
    """One after the other."""
    if len(one) + len(other) > _MOST_CHARACTERS:
        raise ServiceError(f"A string cannot have {len(one) + len(other)} characters.")
    return one + other


@algorithm("String.length")
def length(text: str) -> int:
    """How many characters."""
    return len(text)


@algorithm("String.slice")
def slice_(text: str, start: int, end: int | None) -> str:
    """A part."""
    return text[start:end]


@algorithm("String.equals")
def equals(text: str, other: Any) -> bool:
    """Whether both are the same."""
    return bool(text == other)


@algorithm("String.index")
def index(text: str, pattern: str) -> int:
    """Where a text first is; -1 for nowhere."""
    return text.find(pattern)


@algorithm("String.rindex")
def rindex(text: str, pattern: str) -> int:
    """Where a text last is; -1 for nowhere."""
    return text.rfind(pattern)


@algorithm("String.toLowerCase")
def lower(text: str) -> str:
    """Small letters."""
    return text.lower()


@algorithm("String.toUpperCase")
def upper(text: str) -> str:
    """Capitals."""
    return text.upper()


@algorithm("String.trim")
def trim(text: str) -> str:
    """Without the space around."""
    return text.strip()


@algorithm("String.compareTo")
def compare_to(one: str, other: str) -> int:
    """-1, 0 or 1, as the first comes before, with or after the other."""
    return (one > other) - (one < other)


@algorithm("String.split")
def split(text: str, pattern: str, flags: str) -> list[str]:
    """The parts between matches; those at the end that are empty are left out, as in Java [M].

    An empty pattern gives the characters.
    """
    parts = list(text) if not pattern else [p or "" for p in _compiled(pattern, flags).split(text)]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


@algorithm("String.match")
def match(text: str, pattern: str, flags: str) -> list[str]:
    """The first match and its groups; with the flag `g` all matches."""
    compiled = _compiled(pattern, flags)
    if "g" in flags:
        return [found[0] for found in compiled.finditer(text)]
    found = compiled.search(text)
    return [] if found is None else [found[0], *(group or "" for group in found.groups())]


@algorithm("String.replace")
def replace(text: str, pattern: str, replacement: str, flags: str) -> str:
    """The first match replaced, or with the flag `g` all; `$1` stands for a group."""
    written = re.sub(r"\$(\d)", r"\\g<\1>", replacement.replace("\\", "\\\\"))
    try:
        made = _compiled(pattern, flags).sub(written, text, count=0 if "g" in flags else 1)
    except (re.error, IndexError):
        raise ServiceError(f"Invalid replacement '{replacement}'.") from None
    if len(made) > _MOST_CHARACTERS:
        raise ServiceError(f"A string cannot have {len(made)} characters.")
    return made


def _compiled(pattern: str, flags: str) -> re.Pattern[str]:
    if not set(flags) <= set("gi"):
        raise ServiceError(f"Invalid regular expression flags '{flags}'.")
    try:
        return re.compile(pattern, re.IGNORECASE if "i" in flags else 0)
    except (re.error, RecursionError, OverflowError):
        raise ServiceError(f"Invalid regular expression '{pattern}'.") from None


@algorithm("String.encodeJSON", session=True)
def encode_json(session: Session, value: Any) -> str:
    """A value as JSON."""
    return json.dumps(to_json(value, session.limits))


@algorithm("String.decodeJSON")
def decode_json(text: str) -> Any:
    """The value of JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ServiceError("Invalid JSON.") from None
