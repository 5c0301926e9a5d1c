"""The filter text of `listAssets`: comparisons of times and properties, and an area.

    startTime >= "2024-01-01T00:00:00Z" AND endTime < "2024-02-01T00:00:00Z"
    AND intersects("{'type':'Point','coordinates':[47.5,-18.9]}") AND properties.CLOUD_COVER<30

The client writes it so [S]; GeoJSON is in single quotes within double ones. The language is that
of https://google.aip.dev/160, as the reference of the method says: `OR` binds stronger than `AND`,
`NOT` or `-` before one condition, or before several in parentheses, is the contrary. What the
service has no field for is refused: conditions without a sign between them, `:` and wildcards. What
an absent property does, and an image without an end, is remembered [M]: see `_Comparison`.
"""

from __future__ import annotations

import json
import math
import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import shapely
from shapely.errors import ShapelyError

from ..errors import ServiceError
from ..values.geometry import Feature, Geometry, footprint_ring
from ..values.parse import parse_date, parse_geometry
from ..values.shapes import intersects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..catalog.model import Asset
    from ..values.element import Element

    Filtered = Asset | Element

_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
        |(?P<sign><=|>=|!=|=|<|>)
        |(?P<bracket>[()])
        |(?P<word>[^\s"'()<>=!]+))""",
    re.VERBOSE,
)
_MINUS = re.compile(r"\s*-")
_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DEEPEST = 50
"""Parentheses within one another."""

_TIMES = {
    "startTime": ("system:time_start",),
    # An image without an end is over when it begins [M].
    "endTime": ("system:time_end", "system:time_start"),
}


class Condition(Protocol):
    """Something that an asset, or a row of a table, meets or not."""

    def __call__(self, asset: Filtered) -> bool:
        """Whether it does."""


@dataclass(frozen=True, slots=True)
class _Comparison:
    """A property against a value; an asset without the property meets none, `!=` neither [M].

    Attributes:
        names: of the property; the first that is there counts.
        compare: the comparison.
        number: the value as a number, if it is one.
        text: the value as text, if it can be meant as such.
    """

    names: tuple[str, ...]
    compare: Callable[[Any, Any], Any]
    number: float | None
    text: str | None

    def __call__(self, asset: Filtered) -> bool:
        """Whether the asset meets it."""
        found = next((v for n in self.names if (v := asset.properties.get(n)) is not None), None)
        if isinstance(found, (int, float)) and self.number is not None:
            return bool(self.compare(found, self.number))
        if isinstance(found, str) and self.text is not None:
            return bool(self.compare(found, self.text))
        return False


@dataclass(frozen=True, slots=True)
class _Intersects:
    """Assets whose footprint meets an area."""

    area: Geometry

    def __call__(self, asset: Filtered) -> bool:
        """Whether the asset meets it."""
        if isinstance(asset, Feature):
            return asset.shape is not None and intersects(asset.shape, self.area)
        footprint = getattr(asset, "footprint", None)
        return footprint is not None and intersects(footprint_ring(footprint), self.area)


@dataclass(frozen=True, slots=True)
class _Joined:
    """Several conditions together.

    Attributes:
        conditions: them.
        enough: `all` or `any`.
    """

    conditions: Sequence[Condition]
    enough: Callable[[Iterable[bool]], bool]

    def __call__(self, asset: Filtered) -> bool:
        """Whether the asset meets enough of them."""
        return self.enough(condition(asset) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class _Contrary:
    """What does not meet a condition; hence also what lacks the property [I]."""

    condition: Condition

    def __call__(self, asset: Filtered) -> bool:
        """Whether the asset does not."""
        return not self.condition(asset)


def parse_filter(text: str) -> Condition:
    """The condition that a filter text says; without a word, all meet it.

    Raises:
        ServiceError: it is malformed, or of a kind that the emulator does not know.
    """
    tokens = _Tokens(text)
    if not tokens.left():
        return _Joined((), all)
    condition = _expression(tokens, _DEEPEST)
    if tokens.left():
        raise tokens.error("conditions are joined by AND or OR")
    return condition


def _expression(tokens: _Tokens, depth: int) -> Condition:
    """Conditions joined by AND, each of which may be some that are joined by OR."""
    groups: list[Condition] = []
    while not groups or tokens.takes("AND"):
        alternatives = [_term(tokens, depth)]
        while tokens.takes("OR"):
            alternatives.append(_term(tokens, depth))
        groups.append(_Joined(alternatives, any))
    return _Joined(groups, all)


def _term(tokens: _Tokens, depth: int) -> Condition:
    """One condition, or some in parentheses, or the contrary of either."""
    if tokens.takes("NOT") or tokens.takes_minus():
        return _Contrary(_simple(tokens, depth))
    return _simple(tokens, depth)


def _simple(tokens: _Tokens, depth: int) -> Condition:
    if not tokens.takes("("):
        return _condition(tokens)
    if depth == 0:
        raise tokens.error(f"more than {_DEEPEST} parentheses are open")
    condition = _expression(tokens, depth - 1)
    if not tokens.takes(")"):
        raise tokens.error("a closing parenthesis is missing")
    return condition


def _condition(tokens: _Tokens) -> Condition:
    name = tokens.take("word")
    if name in ("NOT", "OR", "AND"):
        raise tokens.error(f"'{name}' is not the name of a field")
    if name == "intersects":
        for kind, wanted in (("bracket", "("), ("quoted", None), ("bracket", ")")):
            found = tokens.take(kind)
            if wanted is None:
                area = _area(found, tokens)
            elif found != wanted:
                raise tokens.error("intersects takes one text")
        return _Intersects(area)
    sign = _SIGNS[tokens.take("sign")]
    value = tokens.take("quoted", "word")
    if name in _TIMES:
        return _Comparison(_TIMES[name], sign, parse_date(_unquoted(value)).millis, None)
    if not name.startswith("properties.") or name == "properties.":
        raise tokens.error(f"unknown field '{name}'")
    text = _unquoted(value)
    # A value in quotes is text; a bare one is a number if it can be read as one, and text too.
    number = None if value[0] in "\"'" else _number(text)
    return _Comparison((name.removeprefix("properties."),), sign, number, text)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[0] in "\"'" else text


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _area(quoted: str, tokens: _Tokens) -> Geometry:
    """GeoJSON, its double quotes written as single ones, or WKT [S]."""
    text = _unquoted(quoted)
    try:
        if text.lstrip().startswith("{"):
            return parse_geometry(json.loads(text.replace("'", '"')), geodesic=False)
        shape = shapely.from_wkt(text)
    except (ValueError, RecursionError, ShapelyError):
        raise tokens.error("intersects takes GeoJSON or WKT") from None
    return Geometry(shape, geodesic=False)


class _Tokens:
    """The words and signs of a filter text, one after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0

    def left(self) -> bool:
        """Whether there are more."""
        return bool(self._text[self._position :].strip())

    def take(self, *kinds: str) -> str:
        """The next one, which must be of one of some kinds."""
        found = _TOKEN.match(self._text, self._position)
        if found is None or found.lastgroup not in kinds:
            raise self.error(f"a {' or '.join(kinds)} is missing")
        self._position = found.end()
        return found[str(found.lastgroup)]

    def takes(self, text: str) -> bool:
        """Whether the next one is this; then it is taken."""
        found = _TOKEN.match(self._text, self._position)
        if found is None or found.lastgroup == "quoted" or found[str(found.lastgroup)] != text:
            return False
        self._position = found.end()
        return True

    def takes_minus(self) -> bool:
        """Whether a minus follows, be it a part of a word; then it is taken."""
        found = _MINUS.match(self._text, self._position)
        if found is not None:
            self._position = found.end()
        return found is not None

    def error(self, what: str) -> ServiceError:
        """What is wrong, and about where."""
        near = self._text[max(self._position - 20, 0) : self._position + 20]
        return ServiceError(f"Invalid filter: {what}, near '{near}'.", kind="filter")
