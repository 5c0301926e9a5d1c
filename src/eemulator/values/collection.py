"""Collections: elements made when they are wanted, and only once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import shapely

from .element import Element
from .geometry import Geometry
from .image import Image
from .projection import WGS84
from .rings import wound
from .unions import united

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from .time import DateRange


# More than a value may hold: what is walked twice is mostly short.
_REMEMBERED = 8_192


class LazyList:
    """An iterable that can be walked many times, and computes each item once.

    A list of more than `_REMEMBERED` items forgets them, so that memory stays bounded: its items
    are computed in each walk.

    Args:
        start: begins a walk that computes.
    """

    def __init__(self, start: Callable[[], Iterator[Element]]) -> None:
        self._start = start
        self._source: Iterator[Element] | None = None
        self._items: list[Element] = []
        self._done = False
        self._long = False

    def __iter__(self) -> Iterator[Element]:
        position = 0
        while not self._long:
            if position == len(self._items) and not self._advance():
                if self._done:
                    return
                break
            yield self._items[position]
            position += 1
        source, self._source = self._source, None
        if source is None:
            source = islice(self._start(), position, None)
        yield from source

    def _advance(self) -> bool:
        """Remember one more item, if there is one and not too many are there already."""
        if self._done:
            return False
        if len(self._items) == _REMEMBERED:
            self._long = True
            self._items = []
            return False
        if self._source is None:
            self._source = self._start()
        try:
            self._items.append(next(self._source))
        except StopIteration:
            self._done = True
            return False
        return True


@dataclass(frozen=True, eq=False)
class Collection(Element):
    """Images or features.

    Attributes:
        elements: in order.
        properties: of the collection itself.
        asset_id: where it is one.
        count: how many elements, where that is known without making them.
        of_images: whether it is a collection of images when it has no element to tell.
        mapped: whether a function made the elements: their properties are not told beforehand.
        starting: the same collection without elements that begin at other times, where those need
            not be made to tell.
    """

    elements: Iterable[Element] = field(repr=False)
    properties: Mapping[str, Any] = field(default_factory=dict)
    asset_id: str | None = None
    count: int | None = None
    of_images: bool = False
    mapped: bool = False
    starting: Callable[[DateRange], Collection] | None = field(default=None, repr=False)

    @staticmethod
    def of(elements: Sequence[Element], of_images: bool = False) -> Collection:
        """A collection of given elements; those without an index are numbered."""
        numbered = [
            element if element.index is not None else element.with_property("system:index", str(i))
            for i, element in enumerate(elements)
        ]
        return Collection(numbered, count=len(numbered), of_images=of_images)

    def __iter__(self) -> Iterator[Element]:
        return iter(self.elements)

    def __len__(self) -> int:
        return sum(1 for _ in self) if self.count is None else self.count

    @property
    def type_name(self) -> str:  # type: ignore[override]
        """`ImageCollection` or `FeatureCollection`."""
        return "ImageCollection" if self.is_images else "FeatureCollection"

    @property
    def is_images(self) -> bool:
        """Whether its elements are images."""
        first = next(iter(self), None)
        return self.of_images if first is None else isinstance(first, Image)

    def derived(
        self, start: Callable[[], Iterator[Element]], count: int | None = None
    ) -> Collection:
        """Another collection made from this one; it keeps the properties and the id."""
        return replace(self, elements=LazyList(start), count=count, starting=None)

    def get(self, name: str) -> Any:
        """A property, or None; `system:id` also of filtered and mapped ones, as eemont asks."""
        found = self.properties.get(name)
        return self.asset_id if found is None and name == "system:id" else found

    def with_properties(self, properties: Mapping[str, Any]) -> Collection:
        """The same elements with other properties."""
        return replace(self, properties=properties)

    def first(self, count: int) -> list[Element]:
        """At most so many elements from the start."""
        return list(islice(self, count))

    @property
    def geometry(self) -> Geometry | None:
        """The union of the elements' geometries."""
        areas = [e.geometry.filled.lonlat for e in self if e.geometry is not None]
        if not areas:
            return Geometry(shapely.GeometryCollection())
        return Geometry(wound(united(areas)), WGS84.crs)
