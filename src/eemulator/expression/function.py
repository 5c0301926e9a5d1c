"""Functions as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Function:
    """A function of the expression, called with its arguments in order.

    Args:
        names: of its parameters.
        call: computes it from arguments by name.
    """

    def __init__(self, names: list[str], call: Callable[[dict[str, Any]], Any]) -> None:
        self._names = names
        self._call = call

    def __call__(self, *arguments: Any) -> Any:
        """Apply it; surplus arguments are dropped, missing ones are null."""
        padded = list(arguments) + [None] * (len(self._names) - len(arguments))
        return self._call(dict(zip(self._names, padded, strict=False)))

    def call_named(self, arguments: dict[str, Any]) -> Any:
        """Apply it to arguments by name."""
        return self._call({name: arguments.get(name) for name in self._names})
