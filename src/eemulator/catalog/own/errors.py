"""What is wrong with somebody's own data, and where that is written."""

from __future__ import annotations


class CatalogError(ValueError):
    """A catalogue of one's own cannot be served: the message says where, and what to do."""


class Refused(Exception):  # noqa: N818 - it becomes a `CatalogError` when the place is known
    """Something that an entry of a catalogue names cannot be served.

    Args:
        message: what is wrong, and what to do.
        keys: where, below the entry: `("bands", 0, "nodata")`.
    """

    def __init__(self, message: str, *keys: str | int) -> None:
        super().__init__(message)
        self.keys = keys
