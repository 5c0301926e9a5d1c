"""Joins: what becomes of an element and those of another collection that match it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .element import Element


@dataclass(frozen=True, slots=True)
class Match:
    """An element of the secondary collection that meets the condition.

    Attributes:
        element: itself.
        measure: how far it is from the primary one, where the condition measures that.
    """

    element: Element
    measure: float | None

    def measured(self, key: str | None) -> Element:
        """The element, the measure kept under a key."""
        if key is None or self.measure is None:
            return self.element
        return self.element.with_property(key, self.measure)


class Pairing(Protocol):
    """What a join makes of a primary element and its matches."""

    def __call__(self, primary: Element, matches: Iterable[Match]) -> Iterator[Element]:
        """The elements of the result; matches are looked for as they are asked for."""


@dataclass(frozen=True, eq=False, slots=True)
class Join:
    """How pairs become a collection."""

    pair: Pairing
