"""What an expression must come to, for the method that evaluates it."""

from __future__ import annotations

from typing import Any

from ..errors import ServiceError
from ..values.collection import Collection
from ..values.image import Image


def as_image(value: Any, wanted: str = "an image") -> Image:
    """A value that is an image.

    Raises:
        ServiceError: it is something else; `wanted` is what the expression should have been.
    """
    if not isinstance(value, Image):
        raise ServiceError(f"Expression does not evaluate to {wanted}.")
    return value


def as_collection(value: Any, wanted: str = "a collection") -> Collection:
    """A value that is a collection; as `as_image`."""
    if not isinstance(value, Collection):
        raise ServiceError(f"Expression does not evaluate to {wanted}.")
    return value
