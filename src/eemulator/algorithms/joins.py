"""Joins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..expression.registry import algorithm
from ..values.collection import Collection
from ..values.geometry import Feature
from ..values.join import Join, Match
from ..values.time import Date
from .collections import sort_by

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from ..values.element import Element
    from ..values.filters import Filter, Operand


@algorithm("Join.simple")
def simple() -> Join:
    """Primary elements with a match."""

    def pair(primary: Element, matches: Iterable[Match]) -> Iterator[Element]:
        if next(iter(matches), None) is not None:
            yield primary

    return Join(pair)


@algorithm("Join.inverted")
def inverted() -> Join:
    """Primary elements without a match."""

    def pair(primary: Element, matches: Iterable[Match]) -> Iterator[Element]:
        if next(iter(matches), None) is None:
            yield primary

    return Join(pair)


@algorithm("Join.inner")
def inner(primary_key: str, secondary_key: str, measure_key: str | None) -> Join:
    """A feature without a geometry for each pair, which it holds as properties.

    Its index is made of theirs, and the measure is its own [M].
    """

    def pair(primary: Element, matches: Iterable[Match]) -> Iterator[Element]:
        for match in matches:
            properties = {
                "system:index": f"{primary.index}_{match.element.index}",
                primary_key: primary,
                secondary_key: match.element,
            }
            if measure_key is not None and match.measure is not None:
                properties[measure_key] = match.measure
            yield Feature(None, properties)

    return Join(pair)


def _saving(
    key: str, choose: Callable[[list[Match]], Any], *, outer: bool, first_only: bool = False
) -> Join:
    """Primary elements with what is chosen of their matches; with `outer`, those without too."""

    def pair(primary: Element, matches: Iterable[Match]) -> Iterator[Element]:
        found = [next(iter(matches), None)] if first_only else list(matches)
        kept = [match for match in found if match is not None]
        if kept:
            yield primary.with_property(key, choose(kept))
        elif outer:
            yield primary

    return Join(pair)


def _ordered(
    matches: Sequence[Match], ordering: str | None, ascending: bool, measure_key: str | None
) -> list[Element]:
    elements = [match.measured(measure_key) for match in matches]
    return elements if ordering is None else sort_by(elements, ordering, ascending)


@algorithm("Join.saveFirst")
def save_first(
    key: str, ordering: str | None, ascending: bool, measure_key: str | None, outer: bool
) -> Join:
    """The first match, in an order perhaps, as a property."""
    return _saving(
        key,
        lambda matches: _ordered(matches, ordering, ascending, measure_key)[0],
        outer=outer,
        first_only=ordering is None,
    )


@algorithm("Join.saveAll")
def save_all(
    key: str, ordering: str | None, ascending: bool, measure_key: str | None, outer: bool
) -> Join:
    """All matches as a list."""
    return _saving(
        key, lambda matches: _ordered(matches, ordering, ascending, measure_key), outer=outer
    )


@algorithm("Join.saveBest")
def save_best(key: str, measure_key: str, outer: bool) -> Join:
    """The match that lies nearest."""

    def best(matches: list[Match]) -> Element:
        nearest = min(matches, key=lambda m: float("inf") if m.measure is None else m.measure)
        return nearest.measured(measure_key)

    return _saving(key, best, outer=outer)


@algorithm("Join.apply")
def apply(join: Join, primary: Collection, secondary: Collection, condition: Filter) -> Collection:
    """Each primary element with all secondary ones that meet the condition with it."""

    def elements() -> Iterator[Element]:
        candidates = _Candidates(secondary, condition.equal)
        for one in primary:
            yield from join.pair(one, _matches(one, candidates.of(one), condition))

    empty = Collection((), of_images=primary.of_images)
    return empty.derived(elements)


def _matches(one: Element, candidates: Iterable[Element], condition: Filter) -> Iterator[Match]:
    for other in candidates:
        if condition.matches(one, other):
            measure = None if condition.measure is None else condition.measure(one, other)
            yield Match(other, measure)


class _Candidates:
    """The elements of a collection, found by a field that must be equal where there is one.

    Args:
        elements: of the secondary collection.
        equal: the field of the primary element, and that of these.
    """

    def __init__(self, elements: Iterable[Element], equal: tuple[Operand, Operand] | None) -> None:
        self._all = list(elements)
        self._left = None if equal is None else equal[0]
        self._by_key: dict[Hashable, list[Element]] | None = None
        if equal is not None:
            self._by_key = {}
            for element in self._all:
                value = equal[1].of(element)
                if value is None:
                    continue  # equals nothing
                key = _key(value)
                if key is None:
                    self._by_key = None
                    break
                self._by_key.setdefault(key, []).append(element)

    def of(self, element: Element) -> list[Element]:
        """Those that may match a primary element, in order."""
        if self._by_key is None or self._left is None:
            return self._all
        key = _key(self._left.of(element))
        return self._all if key is None else self._by_key.get(key, [])


def _key(value: Any) -> Hashable | None:
    """What equal values have in common; None where that is not easily told."""
    if isinstance(value, Date):
        return value.millis
    return value if isinstance(value, (str, int, float)) else None
