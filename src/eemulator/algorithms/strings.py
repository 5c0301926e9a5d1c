"""Strings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.json_text import load_json
from ..values.numbers import number
from ..values.patterns import Pattern
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
    check_length(len(one) + len(other))
    return one + other


def check_length(count: int) -> None:
    """Refuse a text that would fill the memory."""
    if count > _MOST_CHARACTERS:
        raise ServiceError(f"A string cannot have {count} characters.")


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
    parts = list(text) if not pattern else _compiled(pattern, flags).split(text)
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


@algorithm("String.match")
def match(text: str, pattern: str, flags: str) -> list[str]:
    """The first match and its groups; with the flag `g` all matches."""
    compiled = _compiled(pattern, flags)
    return compiled.all(text) if "g" in flags else compiled.first(text)


@algorithm("String.replace")
def replace(text: str, pattern: str, replacement: str, flags: str) -> str:
    """The first match replaced, or with the flag `g` all; `$1` stands for a group."""
    made = _compiled(pattern, flags).replaced(text, replacement, once="g" not in flags)
    check_length(len(made))
    return made


def _compiled(pattern: str, flags: str) -> Pattern:
    if not set(flags) <= set("gi"):
        raise ServiceError(f"Invalid regular expression flags '{flags}'.")
    return Pattern(pattern, ignore_case="i" in flags)


@algorithm("String.encodeJSON", session=True)
def encode_json(session: Session, value: Any) -> str:
    """A value as JSON: keys sorted, no spaces [S]."""
    text = json.dumps(to_json(value, session.limits), separators=(",", ":"), sort_keys=True)
    check_length(len(text))
    return text


@algorithm("String.decodeJSON")
def decode_json(text: str) -> Any:
    """The value of JSON."""
    try:
        return load_json(text)
    except ValueError:
        raise ServiceError("Invalid JSON.") from None
