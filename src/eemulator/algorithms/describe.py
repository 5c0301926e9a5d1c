"""Values within an expression as `getInfo` would show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.to_json import to_json

if TYPE_CHECKING:
    from ..expression.evaluate import Session


@algorithm("Describe", session=True)
def describe(session: Session, value: Any) -> Any:
    """A value as plain dictionaries, lists, numbers and text, as `getInfo` shows it [I]."""
    return to_json(value, session.limits)


@algorithm("Dictionary")
def dictionary(value: Any) -> dict[str, Any]:
    """From a dictionary, as a description is, a list of keys and values in turn, or nothing.

    Raises:
        ServiceError: it is neither.
    """
    if value is None or isinstance(value, dict):
        return value or {}
    if not isinstance(value, list) or len(value) % 2:
        raise ServiceError("A dictionary is made of a dictionary, or of keys and values in turn.")
    if not all(isinstance(key, str) for key in value[::2]):
        raise ServiceError("The keys of a dictionary are strings.")
    return dict(zip(value[::2], value[1::2], strict=True))
