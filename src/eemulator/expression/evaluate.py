"""Evaluation of expressions.

The evaluator is a loop over generators, one for each node under way, so that the depth of an
expression is bounded by memory and not by Python's stack. Values that depend on no function
argument are computed once; the others once in each call.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..limits import too_deep
from .function import Function
from .graph import Expression, Node, kind_of
from .promote import bind
from .registry import Algorithm, lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ..catalog.model import Catalog
    from ..limits import Deadline, Limits

    Steps = Generator["_Ask", Any, Any]


@dataclass(frozen=True, slots=True)
class Session:
    """What algorithms may know of the world.

    Attributes:
        catalog: the assets.
        limits: what to refuse.
        deadline: when to give up.
    """

    catalog: Catalog
    limits: Limits
    deadline: Deadline


@dataclass(eq=False, slots=True)
class _Scope:
    """The arguments of one call of a function, and what was computed under them."""

    arguments: dict[str, Any]
    outer: _Scope | None
    known: dict[str, Any] = field(default_factory=dict)

    def argument(self, name: str) -> Any:
        scope: _Scope | None = self
        while scope is not None:
            if name in scope.arguments:
                return scope.arguments[name]
            scope = scope.outer
        raise ServiceError(f"Invalid expression: unknown argument '{name}'.")


@dataclass(frozen=True, slots=True)
class _Ask:
    """A node to evaluate next."""

    node: Node
    scope: _Scope


class Evaluator:
    """Evaluates one expression.

    Args:
        expression: checked.
        session: the world.
    """

    def __init__(self, expression: Expression, session: Session) -> None:
        self._expression = expression
        self._session = session
        self._top = _Scope({}, None)

    def result(self) -> Any:
        """The value of the whole expression.

        Raises:
            ServiceError: in the service's words.
        """
        try:
            return self._run(_Ask({"valueReference": self._expression.result}, self._top))
        except RecursionError:
            raise too_deep() from None

    def _run(self, ask: _Ask) -> Any:
        stack = [self._evaluate(ask)]
        received: Any = None
        while stack:
            self._session.deadline.check()
            try:
                following = stack[-1].send(received)
            except StopIteration as finished:
                stack.pop()
                received = finished.value
            else:
                stack.append(self._evaluate(following))
                received = None
        return received

    def _evaluate(self, ask: _Ask) -> Steps:
        node, scope = ask.node, ask.scope
        kind = kind_of(node)
        content = node[kind]
        match kind:
            case "constantValue":
                return content
            case "integerValue":
                return _integer(content)
            case "bytesValue":
                return _bytes(content)
            case "argumentReference":
                return scope.argument(content)
            case "valueReference":
                return (yield from self._referred(content, scope))
            case "arrayValue":
                items = []
                for item in content.get("values", []):
                    items.append((yield _Ask(item, scope)))
                return items
            case "dictionaryValue":
                members = {}
                for key, member in content.get("values", {}).items():
                    members[key] = yield _Ask(member, scope)
                return members
            case "functionDefinitionValue":
                return self._function(content, scope)
            case _:
                return (yield from self._invoke(content, scope))

    def _referred(self, key: str, scope: _Scope) -> Steps:
        home = scope if key in self._expression.open_keys else self._top
        if key not in home.known:
            home.known[key] = yield _Ask(self._expression.values[key], home)
        return home.known[key]

    def _function(self, definition: Node, scope: _Scope) -> Function:
        names = [str(name) for name in definition.get("argumentNames", [])]
        body = {"valueReference": definition["body"]}

        def call(arguments: dict[str, Any]) -> Any:
            return self._run(_Ask(body, _Scope(arguments, scope)))

        return Function(names, call)

    def _invoke(self, invocation: Node, scope: _Scope) -> Steps:
        given: dict[str, Node] = invocation.get("arguments", {})
        if "functionReference" in invocation:
            function = yield _Ask({"valueReference": invocation["functionReference"]}, scope)
            arguments = {}
            for name, node in given.items():
                arguments[name] = yield _Ask(node, scope)
            if not isinstance(function, Function):
                raise ServiceError("Invalid expression: a call of something not a function.")
            return function.call_named(arguments)
        name = invocation["functionName"]
        found = lookup(name)
        if found.lazy:
            arguments = {key: self._delayed(node, scope) for key, node in given.items()}
        else:
            arguments = {}
            for key, node in given.items():
                arguments[key] = yield _Ask(node, scope)
        return self.apply(found, arguments)

    def _delayed(self, node: Node, scope: _Scope) -> Callable[[], Any]:
        return lambda: self._run(_Ask(node, scope))

    def apply(self, found: Algorithm, arguments: dict[str, Any]) -> Any:
        """Call an algorithm; its name goes before the message of what it raises."""
        try:
            if found.lazy:
                names = [argument.name for argument in found.signature.arguments]
                bound = [arguments.get(name) for name in names]
            else:
                bound = bind(found.signature, arguments)
            if found.needs_session:
                bound.insert(0, self._session)
            return found.run(*bound)
        except ServiceError as error:
            raise error.within(f"{found.signature.name}: ") from error


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
