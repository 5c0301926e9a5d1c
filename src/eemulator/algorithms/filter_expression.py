"""Filters written as text: `CLOUD_COVER < 20 && (WRS_PATH == 158 || !(WRS_ROW > 73))`."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.filters import Filter, Operand, comparable, comparison

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
        |(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.:]))
        |(?P<sign>&&|\|\||==|!=|<=|>=|<|>|!|\(|\))
        |(?P<name>[A-Za-z_.][\w.:\-]*))""",
    re.VERBOSE,
)
_ORDERED: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@algorithm("Filter.expression")
def expression(text: str) -> Filter:
    """A filter of comparisons of properties, joined by `&&` and `||`, turned round by `!`.

    A missing property passes no comparison, `!=` neither [M].

    Raises:
        ServiceError: the text is no such expression.
    """
    parser = _Parser(text)
    made = parser.either()
    if parser.kind is not None:
        raise parser.error()
    return made


class _Parser:
    """Reads an expression from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = 0
        self.kind: str | None = None
        self._value = ""
        self._advance()

    def _advance(self) -> None:
        if not self._text[self._end :].strip():
            self.kind, self._value = None, ""
            return
        found = _TOKEN.match(self._text, self._end)
        if found is None:
            raise self.error()
        self._end = found.end()
        self.kind = str(found.lastgroup)
        self._value = found[self.kind]

    def error(self) -> ServiceError:
        """What is wrong, and about where."""
        near = self._text[max(self._end - 20, 0) : self._end + 10]
        return ServiceError(f"Invalid filter expression near '{near}'.")

    def _takes(self, sign: str) -> bool:
        if self.kind == "sign" and self._value == sign:
            self._advance()
            return True
        return False

    def either(self) -> Filter:
        """Terms joined by `||`."""
        terms = [self._every()]
        while self._takes("||"):
            terms.append(self._every())
        tests = [term.matches for term in terms]
        return Filter(lambda one, other: any(test(one, other) for test in tests))

    def _every(self) -> Filter:
        terms = [self._single()]
        while self._takes("&&"):
            terms.append(self._single())
        tests = [term.matches for term in terms]
        return Filter(lambda one, other: all(test(one, other) for test in tests))

    def _single(self) -> Filter:
        if self._takes("!"):
            test = self._single().matches
            return Filter(lambda one, other: not test(one, other))
        if self._takes("("):
            made = self.either()
            if not self._takes(")"):
                raise self.error()
            return made
        return self._comparison()

    def _comparison(self) -> Filter:
        left = self._operand()
        sign = self._value
        if self.kind != "sign" or not (sign in _ORDERED or sign in ("==", "!=")):
            raise self.error()
        self._advance()
        right = self._operand()
        if sign == "==":
            return comparison(lambda a, b: bool(a == b), (left, right))
        if sign == "!=":
            return comparison(lambda a, b: bool(a != b), (left, right))
        test = _ORDERED[sign]
        return comparison(lambda a, b: comparable(a, b) and bool(test(a, b)), (left, right))

    def _operand(self) -> Operand:
        kind, value = self.kind, self._value
        if kind not in ("name", "number", "text"):
            raise self.error()
        self._advance()
        if kind == "name":
            return Operand(value, None)
        if kind == "number":
            return Operand(None, float(value))
        return Operand(None, re.sub(r"\\(.)", r"\1", value[1:-1]))
