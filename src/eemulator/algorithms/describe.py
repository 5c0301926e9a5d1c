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
    """A value that is a dictionary already, as a description is.

    Raises:
        ServiceError: it is none.
    """
    if not isinstance(value, dict):
        raise ServiceError("Dictionary: the emulator makes none of anything else.")
    return value
