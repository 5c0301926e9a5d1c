"""The expression on the wire: checked once, without recursion, before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

Node = dict[str, Any]

_KINDS = frozenset(
    {
        "constantValue",
        "integerValue",
        "bytesValue",
        "arrayValue",
        "dictionaryValue",
        "functionInvocationValue",
        "functionDefinitionValue",
        "argumentReference",
        "valueReference",
    }
)


def kind_of(node: Any) -> str:
    """Which of the nine kinds a node is.

    Raises:
        ServiceError: none, or more than one.
    """
    if isinstance(node, dict):
        kinds = [key for key in node if key in _KINDS]
        if len(kinds) == 1:
            return str(kinds[0])
    raise ServiceError("Invalid expression: a value must be of exactly one kind.")


@dataclass(frozen=True, eq=False)
class Expression:
    """A checked expression.

    Attributes:
        values: nodes by key.
        result: the key of the answer.
        open_keys: keys whose value depends on the arguments of an enclosing function; they must
            not be remembered from one call to the next.
    """

    values: dict[str, Node]
    result: str
    open_keys: frozenset[str]


def parse_expression(wire: Any, max_nodes: int) -> Expression:
    """Check an expression.

    Args:
        wire: the JSON value of `expression`.
        max_nodes: most nodes.

    Raises:
        ServiceError: it is malformed, too large, or refers to itself.
    """
    if not isinstance(wire, dict) or not isinstance(wire.get("values"), dict):
        raise ServiceError("Invalid expression: 'values' is missing.")
    values: dict[str, Node] = wire["values"]
    result = wire.get("result")
    if not isinstance(result, str) or result not in values:
        raise ServiceError(f"Invalid expression: unknown result '{result}'.")
    references: dict[str, list[tuple[str, frozenset[str]]]] = {}
    arguments: dict[str, set[str]] = {}
    count = 0
    for key, root in values.items():
        references[key] = []
        arguments[key] = set()
        waiting = [root]
        while waiting:
            node = waiting.pop()
            count += 1
            if count > max_nodes:
                raise ServiceError(f"Invalid expression: more than {max_nodes} nodes.")
            kind = kind_of(node)
            if kind == "argumentReference":
                arguments[key].add(str(node[kind]))
            references[key].extend(_references(node, kind))
            waiting.extend(_children(node, kind))
        for reference, _ in references[key]:
            if reference not in values:
                raise ServiceError(f"Invalid expression: unknown reference '{reference}'.")
    order = _post_order(references)
    free: dict[str, frozenset[str]] = {}
    for key in order:
        names = set(arguments[key])
        for reference, bound in references[key]:
            names |= free[reference] - bound
        free[key] = frozenset(names)
    return Expression(values, result, frozenset(key for key, names in free.items() if names))


def _references(node: Node, kind: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Keys that a node refers to, each with the argument names that it binds."""
    if kind == "valueReference":
        yield _key(node[kind]), frozenset()
    elif kind == "functionDefinitionValue":
        definition = node[kind]
        if not isinstance(definition, dict) or not isinstance(
            definition.get("argumentNames", []), list
        ):
            raise ServiceError("Invalid expression: a malformed function definition.")
        yield (
            _key(definition.get("body")),
            frozenset(map(str, definition.get("argumentNames", []))),
        )
    elif kind == "functionInvocationValue":
        invocation = node[kind]
        if not isinstance(invocation, dict):
            raise ServiceError("Invalid expression: a malformed function invocation.")
        if "functionReference" in invocation:
            yield _key(invocation["functionReference"]), frozenset()
        elif not isinstance(invocation.get("functionName"), str):
            raise ServiceError("Invalid expression: an invocation without a function.")


def _key(value: Any) -> str:
    if not isinstance(value, str):
        raise ServiceError("Invalid expression: a reference must be a string.")
    return value


def _children(node: Node, kind: str) -> list[Node]:
    """Nodes written inside a node."""
    if kind == "arrayValue":
        items = node[kind].get("values", []) if isinstance(node[kind], dict) else None
        if not isinstance(items, list):
            raise ServiceError("Invalid expression: a malformed array.")
        return items
    if kind in ("dictionaryValue", "functionInvocationValue"):
        name = "values" if kind == "dictionaryValue" else "arguments"
        members = node[kind].get(name, {}) if isinstance(node[kind], dict) else None
        if not isinstance(members, dict):
            raise ServiceError(f"Invalid expression: malformed {name}.")
        return list(members.values())
    return []


def _post_order(references: dict[str, list[tuple[str, frozenset[str]]]]) -> list[str]:
    """Keys, each after all that it refers to.

    Raises:
        ServiceError: a value refers to itself.
    """
    order: list[str] = []
    state: dict[str, bool] = {}  # False: entered, True: done.
    for start in references:
        stack = [start]
        while stack:
            key = stack[-1]
            if key not in state:
                state[key] = False
                for reference, _ in references[key]:
                    if state.get(reference) is False:
                        raise ServiceError("Invalid expression: a value refers to itself.")
                    if reference not in state:
                        stack.append(reference)
            else:
                stack.pop()
                if not state[key]:
                    state[key] = True
                    order.append(key)
    return order
