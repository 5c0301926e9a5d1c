"""Nodes of an expression as Python functions.

A node is looked at once, however often it is computed: a mapped function runs for each of
thousands of elements. What is nested within a node is called directly, so nesting must be bounded:
nodes that lie deeper are given a name of their own, as if the client had. Named values are not
called but looked up; the evaluator sees to it that they are there.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from shapely.errors import GEOSException

from ..errors import ServiceError
from ..values.weight import check_weight
from .function import Function
from .graph import kind_of
from .promote import fitters
from .registry import lookup

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..limits import Limits
    from .graph import Node

# The client itself nests nodes to a depth of 50, at most.
_DEPTH = 60


@dataclass(eq=False, slots=True)
class Scope:
    """The arguments of one call of a function, and what was computed under them."""

    arguments: dict[str, Any]
    outer: Scope | None
    known: dict[str, Any] = field(default_factory=dict)


class Values(Protocol):
    """The evaluator, as code sees it."""

    def value(self, key: str, scope: Scope) -> Any:
        """A named value, computed now if it is not known."""

    def name(self, node: Node, key: str) -> str:
        """A name for a node that is nested in the value of a key."""


class Session(Protocol):
    """The world, as code sees it: algorithms that ask for it see more."""

    @property
    def limits(self) -> Limits:
        """What to refuse."""


class Compiler:
    """Makes code of one named value.

    Attributes:
        needs: names that must be known before the code runs; those that only a function or a
            branch may come to need are not among them.

    Args:
        values: gives the values of names.
        key: the name whose value it is.
        session: for algorithms that ask for it.
    """

    def __init__(self, values: Values, key: str, session: Session) -> None:
        self.needs: list[str] = []
        self._values = values
        self._key = key
        self._session = session

    def compile(self, node: Node, depth: int = 0) -> Callable[[Scope], Any]:
        """The code of a node."""
        kind = kind_of(node)
        content = node[kind]
        match kind:
            case "constantValue":
                return _constant(content)
            case "integerValue":
                return _raising(_integer, content)
            case "bytesValue":
                return _raising(_bytes, content)
            case "argumentReference":
                return _argument(content)
            case "valueReference":
                return self._reference(content)
        if depth == _DEPTH:
            return self._reference(self._values.name(node, self._key))
        match kind:
            case "arrayValue":
                items = [self.compile(item, depth + 1) for item in content.get("values", [])]
                return self._weighed(lambda scope: [item(scope) for item in items])
            case "dictionaryValue":
                members = {
                    name: self.compile(member, depth + 1)
                    for name, member in content.get("values", {}).items()
                }
                return self._weighed(
                    lambda scope: {name: member(scope) for name, member in members.items()}
                )
            case "functionDefinitionValue":
                return self._function(content)
        if "functionReference" in content:
            return self._call(content, depth)
        return self._invocation(content, depth)

    def _weighed(self, code: Callable[[Scope], Any]) -> Callable[[Scope], Any]:
        """What is put together of other values must not become too much."""
        most = self._session.limits.result_values

        def make(scope: Scope) -> Any:
            made = code(scope)
            check_weight(made, most)
            return made

        return make

    def _reference(self, key: str) -> Callable[[Scope], Any]:
        value = self._values.value
        self.needs.append(key)

        def look_up(scope: Scope) -> Any:
            return value(key, scope)

        return look_up

    def _function(self, definition: Node) -> Callable[[Scope], Any]:
        names = [str(name) for name in definition.get("argumentNames", [])]
        body = definition["body"]
        value = self._values.value

        def define(scope: Scope) -> Function:
            def call(arguments: dict[str, Any]) -> Any:
                return value(body, Scope(arguments, scope))

            return Function(names, call)

        return define

    def _call(self, content: Node, depth: int) -> Callable[[Scope], Any]:
        """A call of a function of the expression."""
        function = self._reference(content["functionReference"])
        arguments = {
            name: self.compile(node, depth + 1)
            for name, node in content.get("arguments", {}).items()
        }

        def run(scope: Scope) -> Any:
            called = function(scope)
            if not isinstance(called, Function):
                raise ServiceError("Invalid expression: a call of something not a function.")
            return called.call_named({name: code(scope) for name, code in arguments.items()})

        return run

    def _invocation(self, content: Node, depth: int) -> Callable[[Scope], Any]:
        """A call of an algorithm; its name goes before the message of what it raises."""
        try:
            found = lookup(content["functionName"])
        except ServiceError as error:
            return _refusal(error)
        given: dict[str, Node] = content.get("arguments", {})
        prefix = f"{found.signature.name}: "
        first = [self._session] if found.needs_session else []
        run = found.run
        if found.lazy:
            return self._lazy(given, depth, [a.name for a in found.signature.arguments], run)
        names = {argument.name for argument in found.signature.arguments}
        for name in given:
            if name not in names:
                message = f"{prefix}Unrecognized argument '{name}'."
                return _refusal(ServiceError(message))
        start = len(first)
        values: list[Any] = [*first, *([None] * len(found.signature.arguments))]
        codes: list[tuple[int, Callable[[Scope], Any]]] = []
        fits: list[tuple[int, Callable[[Any], Any]]] = []
        arguments = zip(found.signature.arguments, fitters(found.signature.name), strict=True)
        for position, (argument, fit) in enumerate(arguments, start):
            node = given.get(argument.name, _NOTHING)
            if "constantValue" in node:
                # A constant is fitted once; one that does not fit is told when it is called.
                values[position] = node["constantValue"]
                try:
                    values[position] = fit(values[position])
                except ServiceError:
                    fits.append((position, fit))
                continue
            codes.append((position, self.compile(node, depth + 1)))
            fits.append((position, fit))

        most = self._session.limits.result_values

        def invoke(scope: Scope) -> Any:
            bound = values.copy()
            for position, code in codes:
                bound[position] = code(scope)
            try:
                for position, fit in fits:
                    bound[position] = fit(bound[position])
                made = run(*bound)
                check_weight(made, most)
            except ServiceError as error:
                raise error.within(prefix) from error
            except GEOSException as error:
                raise ServiceError(f"{prefix}Invalid geometry: {error}.") from error
            return made

        return invoke

    def _lazy(
        self, given: dict[str, Node], depth: int, names: list[str], run: Callable[..., Any]
    ) -> Callable[[Scope], Any]:
        """An algorithm that takes its arguments as functions without arguments."""
        needed = len(self.needs)
        codes = [self.compile(given[name], depth + 1) if name in given else None for name in names]
        del self.needs[needed:]

        def invoke(scope: Scope) -> Any:
            return run(*(None if code is None else _delayed(code, scope) for code in codes))

        return invoke


_NOTHING: Node = {"constantValue": None}


def _delayed(code: Callable[[Scope], Any], scope: Scope) -> Callable[[], Any]:
    return lambda: code(scope)


def _constant(value: Any) -> Callable[[Scope], Any]:
    return lambda scope: value  # noqa: ARG005


def _argument(name: str) -> Callable[[Scope], Any]:
    def look_up(scope: Scope) -> Any:
        at: Scope | None = scope
        while at is not None:
            if name in at.arguments:
                return at.arguments[name]
            at = at.outer
        raise ServiceError(f"Invalid expression: unknown argument '{name}'.")

    return look_up


def _raising(parse: Callable[[Any], Any], text: Any) -> Callable[[Scope], Any]:
    """A constant that is parsed once; what is wrong with it is told when it is needed."""
    try:
        return _constant(parse(text))
    except ServiceError as error:
        return _refusal(error)


def _refusal(error: ServiceError) -> Callable[[Scope], Any]:
    def refuse(scope: Scope) -> Any:  # noqa: ARG001
        raise error

    return refuse


def _integer(text: Any) -> int:
    try:
        return int(text)
    except (TypeError, ValueError):
        raise ServiceError(f"Invalid expression: '{text}' is not an integer.") from None


def _bytes(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise ServiceError("Invalid expression: bytes that are not base 64.") from None
