"""Choices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..expression.registry import algorithm

if TYPE_CHECKING:
    from collections.abc import Callable


@algorithm("If", lazy=True)
def choose(
    condition: Callable[[], Any] | None,
    true_case: Callable[[], Any] | None,
    false_case: Callable[[], Any] | None,
) -> Any:
    """One of two values; the other is never computed."""
    value = None if condition is None else condition()
    chosen = true_case if _truth(value) else false_case
    return None if chosen is None else chosen()


def _truth(value: Any) -> bool:
    """Null, false, 0 and the empty string are false; anything else is true."""
    return bool(value) if isinstance(value, (bool, int, float, str)) else value is not None


@algorithm("IsEqual")
def is_equal(left: Any, right: Any) -> bool:
    """Whether two values are the same."""
    return bool(left == right)
