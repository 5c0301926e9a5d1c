"""A request, understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Call:
    """A request, understood.

    Attributes:
        kind: as `Stats` counts it.
        name: the resource.
        query: parameters of the URL, or of the body under a method override.
        body: bytes of a POST or PATCH.
        caller: the project that the client names as its own; empty if none.
    """

    kind: str
    name: str
    query: Mapping[str, str]
    body: bytes
    caller: str = ""
