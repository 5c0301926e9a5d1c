"""Formulas written as text: `2.5 * (nir - red) / (nir + 6 * red + 1)`, parsed into calls.

The operators and their precedence are JavaScript's, with `**` above the signs and `^` an exclusive
or [S]. What names, bands and functions mean is a reader's affair.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from ..errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

_MOST_CHARACTERS = 100_000
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
        |(?P<name>[A-Za-z_$][\w$]*)
        |(?P<text>"[^"\\]*"|'[^'\\]*')
        |(?P<sign>\*\*|&&|\|\||==|!=|<=|>=|<<|>>|[-+*/%<>!&|^~?:()\[\].,=]))""",
    re.VERBOSE,
)
_SPACE = re.compile(r"\s*")

# Operations of two operands, those that bind least first.
_LEVELS: tuple[dict[str, str], ...] = (
    {"||": "or"},
    {"&&": "and"},
    {"|": "bitwiseOr"},
    {"^": "bitwiseXor"},
    {"&": "bitwiseAnd"},
    {"==": "eq", "!=": "neq"},
    {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"},
    {"<<": "leftShift", ">>": "rightShift"},
    {"+": "add", "-": "subtract"},
    {"*": "multiply", "/": "divide", "%": "mod"},
)
_SIGNS = {"!": "not", "~": "bitwiseNot"}


class Reader(Protocol[T]):
    """What the parts of a formula mean; each method raises a `ServiceError` where they do not."""

    def number(self, value: float) -> T:
        """A number."""

    def name(self, name: str) -> T:
        """A variable."""

    def member(self, base: T, name: str) -> T:
        """`base.name`."""

    def item(self, base: T, selectors: Sequence[str | int]) -> T:
        """`base[selectors]`."""

    def selected(self, selectors: Sequence[str | int]) -> T:
        """`b(selectors)`."""

    def call(self, name: str, operands: Sequence[T]) -> T:
        """A function or an operation, by the name that algorithms have."""

    def choice(self, condition: T, yes: T, no: T) -> T:
        """`condition ? yes : no`."""

    def titled(self, name: str, value: T) -> T:
        """`name = value`."""


def read(text: str, reader: Reader[T]) -> T:
    """The meaning of a formula.

    Raises:
        ServiceError: the text is none, or the reader knows no meaning.
    """
    if len(text) > _MOST_CHARACTERS:
        raise ServiceError(f"An expression of {len(text)} characters is too long.")
    return _Parser(text, reader).whole()


class _Parser(Generic[T]):
    """Reads a formula from left to right."""

    def __init__(self, text: str, reader: Reader[T]) -> None:
        self._reader = reader
        self._tokens: list[tuple[str, str]] = []
        end = 0
        while _SPACE.match(text, end).end() < len(text):  # type: ignore[union-attr]
            found = _TOKEN.match(text, end)
            if found is None:
                raise _unreadable(text[end : end + 20])
            end = found.end()
            kind = str(found.lastgroup)
            self._tokens.append((kind, found[kind]))
        self._at = 0

    def whole(self) -> T:
        """The formula, perhaps with a name for its result."""
        title = None
        if len(self._tokens) > 1 and self._tokens[0][0] == "name" and self._tokens[1][1] == "=":
            title = self._tokens[0][1]
            self._at = 2
        value = self._choice()
        if self._at < len(self._tokens):
            raise self._error()
        return value if title is None else self._reader.titled(title, value)

    def _error(self) -> ServiceError:
        near = "".join(token for _, token in self._tokens[max(self._at - 3, 0) : self._at + 2])
        return _unreadable(near)

    def _takes(self, *signs: str) -> str | None:
        if self._at < len(self._tokens):
            kind, token = self._tokens[self._at]
            if kind == "sign" and token in signs:
                self._at += 1
                return token
        return None

    def _needs(self, sign: str) -> None:
        if self._takes(sign) is None:
            raise self._error()

    def _choice(self) -> T:
        condition = self._level(0)
        if self._takes("?") is None:
            return condition
        yes = self._choice()
        self._needs(":")
        return self._reader.choice(condition, yes, self._choice())

    def _level(self, level: int) -> T:
        if level == len(_LEVELS):
            return self._signed()
        names = _LEVELS[level]
        left = self._level(level + 1)
        while (sign := self._takes(*names)) is not None:
            left = self._reader.call(names[sign], [left, self._level(level + 1)])
        return left

    def _signed(self) -> T:
        sign = self._takes("-", "+", *_SIGNS)
        if sign is None:
            return self._power()
        operand = self._signed()
        if sign == "+":
            return operand
        if sign == "-":
            return self._reader.call("multiply", [operand, self._reader.number(-1)])
        return self._reader.call(_SIGNS[sign], [operand])

    def _power(self) -> T:
        base = self._postfix()
        if self._takes("**") is None:
            return base
        return self._reader.call("pow", [base, self._signed()])

    def _postfix(self) -> T:
        value = self._single()
        while True:
            if self._takes("["):
                value = self._reader.item(value, self._selectors("]"))
            elif self._takes("."):
                value = self._reader.member(value, self._word())
            else:
                return value

    def _word(self) -> str:
        if self._at == len(self._tokens) or self._tokens[self._at][0] != "name":
            raise self._error()
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _single(self) -> T:
        if self._takes("("):
            value = self._choice()
            self._needs(")")
            return value
        if self._at == len(self._tokens):
            raise self._error()
        kind, token = self._tokens[self._at]
        if kind == "number":
            self._at += 1
            whole = token.isdigit()
            return self._reader.number(int(token) if whole else float(token))
        name = self._word()
        if self._takes("(") is None:
            return self._reader.name(name)
        if name == "b":
            return self._reader.selected(self._selectors(")"))
        operands: list[T] = []
        if self._takes(")") is None:
            operands.append(self._choice())
            while self._takes(","):
                operands.append(self._choice())
            self._needs(")")
        return self._reader.call(name, operands)

    def _selectors(self, end: str) -> list[str | int]:
        """Names in quotation marks and positions, up to a closing bracket."""
        found: list[str | int] = []
        if self._takes(end):
            return found
        while True:
            sign = self._takes("-")
            if self._at == len(self._tokens):
                raise self._error()
            kind, token = self._tokens[self._at]
            if kind == "number" and token.isdigit():
                found.append(-int(token) if sign else int(token))
            elif kind == "text" and sign is None:
                found.append(token[1:-1])
            else:
                raise self._error()
            self._at += 1
            if self._takes(end):
                return found
            self._needs(",")


def _unreadable(near: str) -> ServiceError:
    return ServiceError(f"Unable to parse the expression near '{near}'.")
