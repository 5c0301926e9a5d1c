"""An expression from the wire, as the Python that somebody may have written.

The text is for reading: it is cut at a length and a depth, so that a short expression of very many
values cannot make a long page, and malformed expressions are shown as far as they go.
"""

from __future__ import annotations

import keyword
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..wheel import Signature, signatures

if TYPE_CHECKING:
    from collections.abc import Iterator

_LENGTH = 4_000
_DEPTH = 60
_LINE = 88
_SHORT = 30
_MORE = "…"

# Where the client's name differs from the algorithm's.
_SPELLED = {
    "Image.load": "Image",
    "ImageCollection.load": "ImageCollection",
    "Collection": "FeatureCollection",
    "Collection.loadTable": "FeatureCollection",
    "Image.constant": "Image",
    "ImageCollection.fromImages": "ImageCollection",
}
# Families whose algorithms are methods of several classes.
_METHODS_OF = {"Collection", "AggregateFeatureCollection", "Element", "reduce"}


def expression_code(wire: Any) -> str:
    """An expression as Python text.

    Args:
        wire: the JSON value of `expression`.

    Returns:
        At most about 4,000 characters; what is used more than once has a name; calls on the
        outermost value stand on lines of their own where one line is too long.
    """
    values = wire.get("values") if isinstance(wire, dict) else None
    if not isinstance(values, dict):
        return _MORE
    writer = _Writer(values)
    result = writer.of_key(wire.get("result")).text()
    return "\n".join([*writer.definitions, result])


@dataclass
class _Chain:
    """A value and the calls on it: `ee.Image("a")` and `.select("b")`."""

    head: str
    calls: list[str] = field(default_factory=list)

    def flat(self) -> str:
        return self.head + "".join(self.calls)

    def text(self) -> str:
        flat = self.flat()
        if len(flat) <= _LINE or not self.calls:
            return flat
        return "\n    ".join([self.head, *self.calls])


class _Writer:
    """Writes the values of an expression.

    Attributes:
        definitions: a line or more for each value that was given a name.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self.definitions: list[str] = []
        self._values = values
        self._uses = Counter(_references(values))
        self._names: dict[str, str] = {}
        self._arguments_shown = 0
        self._left = _LENGTH
        self._depth = 0

    def of_key(self, key: Any) -> _Chain:
        if not isinstance(key, str):
            return self._chain(None)
        if key in self._names:
            return _Chain(self._spent(self._names[key]))
        before = self._arguments_shown
        chain = self._chain(self._values.get(key))
        # What holds an argument of a function means something else outside of it.
        if self._uses[key] < 2 or self._arguments_shown > before or len(chain.flat()) < _SHORT:
            return chain
        name = self._names[key] = f"v{len(self._names) + 1}"
        self.definitions.append(f"{name} = {chain.text()}")
        return _Chain(name)

    def _spent(self, text: str) -> str:
        """Text that is going to be shown, as far as there is room."""
        room = max(self._left, 0)
        self._left -= len(text)
        return text if len(text) <= room else text[:room] + _MORE

    def _value(self, node: Any) -> str:
        return self._chain(node).flat()

    def _chain(self, node: Any) -> _Chain:
        self._left -= 1  # a node costs something even where it shows nothing
        if self._left <= 0 or self._depth >= _DEPTH:
            return _Chain(_MORE)
        self._depth += 1
        try:
            return self._node(node)
        finally:
            self._depth -= 1

    def _node(self, node: Any) -> _Chain:
        match node:
            case {"valueReference": key}:
                return self.of_key(key)
            case {"functionInvocationValue": dict(call)}:
                return self._call(call)
            case {"functionDefinitionValue": {"argumentNames": list(names), "body": body}}:
                head = self._spent(f"lambda {', '.join(map(_name, names))}: ")
                return _Chain(head + self.of_key(body).flat())
            case {"argumentReference": name}:
                self._arguments_shown += 1
                return _Chain(self._spent(_name(name)))
            case {"arrayValue": {"values": list(items)}}:
                return _Chain(f"[{self._listed(items)}]")
            case {"dictionaryValue": {"values": dict(items)}}:
                return _Chain(f"{{{self._members(items, '{!r}: ')}}}")
            case {"constantValue": value}:
                return _Chain(self._spent(_constant(value)))
            case {"integerValue": value}:
                return _Chain(self._spent(str(value)))
        return _Chain(self._spent(_MORE))

    def _listed(self, items: list[Any]) -> str:
        shown = []
        for item in items:
            shown.append(self._value(item))
            if shown[-1] == _MORE:
                break
        return ", ".join(shown)

    def _members(self, items: dict[str, Any], spelled: str) -> str:
        shown = []
        for name, node in items.items():
            value = self._value(node)
            shown.append(self._spent(spelled.format(name)) + value)
            if value == _MORE:
                break
        return ", ".join(shown)

    def _call(self, call: dict[str, Any]) -> _Chain:
        arguments = call.get("arguments")
        arguments = dict(arguments) if isinstance(arguments, dict) else {}
        name = call.get("functionName")
        if not isinstance(name, str):
            head = f"({self._value({'valueReference': call.get('functionReference')})})"
            return _Chain(f"{head}({self._members(arguments, '{}=')})")
        signature = signatures().get(name)
        receiver = _receiver(signature)
        if receiver is not None and receiver in arguments:
            chain = self._chain(arguments.pop(receiver))
            if not chain.head.startswith("ee.") and not chain.head.isidentifier():
                chain = _Chain(f"ee.{name.partition('.')[0]}({chain.flat()})")
            method = self._spent(f".{_method(name)}")
            rest = self._arguments(signature, arguments, skip=1)
            return _Chain(chain.head, [*chain.calls, f"{method}({rest})"])
        head = self._spent("ee." + _constructor(name))
        return _Chain(f"{head}({self._arguments(signature, arguments)})")

    def _arguments(
        self, signature: Signature | None, arguments: dict[str, Any], skip: int = 0
    ) -> str:
        """Arguments by position as long as none is left out, then by name."""
        names = [a.name for a in signature.arguments[skip:]] if signature else []
        shown = []
        for name in names:
            if name not in arguments:
                break
            shown.append(self._value(arguments.pop(name)))
            if shown[-1] == _MORE:
                return ", ".join(shown)
        if arguments:
            shown.append(self._members(arguments, "{}="))
        return ", ".join(shown)


def _references(values: Any) -> Iterator[str]:
    """The key of each reference to a value, wherever it stands."""
    waiting = [values]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if isinstance(key := node.get("valueReference"), str):
                yield key
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _receiver(signature: Signature | None) -> str | None:
    """The argument that an algorithm is a method of; None for constructors and functions."""
    if signature is None or not signature.arguments:
        return None
    family, _, _ = signature.name.rpartition(".")
    first = signature.arguments[0]
    accepts = first.type.partition("<")[0]
    if accepts in (family, "Element") or family in _METHODS_OF:
        return first.name
    return None


def _constructor(name: str) -> str:
    if name in _SPELLED:
        return _SPELLED[name]
    family, dot, _ = name.replace("GeometryConstructors.", "Geometry.").rpartition(".")
    return f"{family}{dot}{_method(name)}"


def _method(algorithm: str) -> str:
    """As the client spells it: `and`, `or` and `not` begin with a capital letter."""
    family, _, name = algorithm.rpartition(".")
    if family == "AggregateFeatureCollection":
        return f"aggregate_{name}"
    return name.capitalize() if keyword.iskeyword(name) else name


def _name(argument: Any) -> str:
    """The client numbers the arguments of functions: `_MAPPING_VAR_0_0`, the outermost last."""
    text = str(argument)
    number = text.removeprefix("_MAPPING_VAR_")
    if number == text:
        return text
    return "x" if number == "0_0" else f"x{number}"


def _constant(value: Any) -> str:
    try:
        return repr(value)
    except RecursionError:
        return _MORE
