"""Collections of whatever."""

from __future__ import annotations

import hashlib
import heapq
import sys
from dataclasses import replace
from itertools import islice
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import shapely

from ..catalog.model import TableAsset
from ..errors import ServiceError
from ..expression.registry import algorithm
from ..limits import asset_not_found, too_many_elements
from ..names import asset_id
from ..values.collection import Collection
from ..values.element import Element
from ..values.filters import Filter, Operand
from ..values.geometry import Feature, Geometry
from ..values.time import Date
from .filter_expression import expression
from .geometries import bounds as bounds_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..expression.evaluate import Session
    from ..expression.function import Function
    from ..values.projection import Projection
    from ..values.reducer import Reducer


@algorithm("Collection")
def collection(features: list[Any]) -> Collection:
    """A collection of given features."""
    return Collection.of([_feature(item) for item in features])


def _feature(item: Any) -> Element:
    if isinstance(item, Geometry):
        return Feature(item, {})
    if isinstance(item, Element):
        return item
    raise ServiceError("Parameter 'features' must be a list of features.")


@algorithm("Collection.size")
def size(source: Collection) -> int:
    """How many elements."""
    return len(source)


@algorithm("Collection.first")
def first(source: Collection) -> Element | None:
    """The first element; null of an empty collection."""
    return next(iter(source), None)


@algorithm("Collection.toList", session=True)
def to_list(session: Session, source: Collection, count: int, offset: int) -> list[Element]:
    """Some elements as a list.

    Raises:
        ServiceError: more than a value may hold.
    """
    if count < 0 or offset < 0:
        raise ServiceError("Parameters 'count' and 'offset' must not be negative.")
    most = session.limits.elements
    start, stop = min(offset, sys.maxsize), min(offset + min(count, most + 1), sys.maxsize)
    found = list(islice(source, start, stop))
    if len(found) > most:
        raise too_many_elements(most)
    return found


@algorithm("Collection.filter")
def filter_elements(source: Collection, test: Any) -> Collection:
    """The elements that pass a filter, which may be written as text: `'random <= 0.8'` [S].

    https://developers.google.com/earth-engine/apidocs/ee-classifier-train

    Raises:
        ServiceError: it is no filter.
    """
    if isinstance(test, str):
        test = expression(test)
    if not isinstance(test, Filter):
        raise ServiceError("Parameter 'filter' must be a Filter.")
    if test.times is not None and source.starting is not None:
        source = source.starting(test.times)
    matches, starting = test.matches, source.starting
    found = source.derived(lambda: (element for element in source if matches(element, element)))
    if starting is None:
        return found
    return replace(found, starting=lambda times: filter_elements(starting(times), test))


@algorithm("Collection.limit")
def limit(source: Collection, most: int | None, key: str | None, ascending: bool) -> Collection:
    """In order of a property, and not more than so many; elements without it come first."""
    if most is not None and most < 1:
        raise ServiceError(f"Parameter 'limit' must be positive, got {most}.")
    most = None if most is None else min(most, sys.maxsize)

    def elements() -> Iterator[Element]:
        if key is None:
            return islice(iter(source), most)
        ordered = sort_by(source, key, ascending, most)
        # Each is let go as it is given: what becomes of it need not be held fifty thousand times.
        ordered.reverse()
        return (ordered.pop() for _ in range(len(ordered)))

    count = None
    if source.count is not None:
        count = source.count if most is None else min(source.count, most)
    return source.derived(elements, count)


def sort_by(
    elements: Iterable[Element], key: str, ascending: bool, most: int | None = None
) -> list[Element]:
    """A stable sort by a property, perhaps of the first so many only."""
    operand = Operand(key, None)

    def position(element: Element) -> tuple[int, Any]:
        return sort_key(operand.of(element))

    if most is None:
        return sorted(elements, key=position, reverse=not ascending)
    choose = heapq.nsmallest if ascending else heapq.nlargest
    return choose(most, elements, key=position)


def sort_key(value: Any) -> tuple[int, Any]:
    """An order of all values: nulls, then numbers, then strings, then the rest as it comes [I]."""
    if value is None:
        return 0, 0
    if isinstance(value, Date):
        value = value.millis
    if isinstance(value, (int, float)):
        return 1, value
    return (2, value) if isinstance(value, str) else (3, 0)


@algorithm("Collection.map")
def map_elements(source: Collection, function: Function, drop_nulls: bool) -> Collection:
    """A function of each element, called when the element is looked at; indices stay."""

    def elements() -> Iterator[Element]:
        for element in source:
            made = _mapped(element, function)
            if made is not None:
                yield made
            elif not drop_nulls:
                raise ServiceError("A mapped algorithm must return a Feature or Image.").within(
                    _where(element)
                )

    made = source.derived(elements, None if drop_nulls else source.count)
    return replace(made, mapped=True)


def _where(element: Element) -> str:
    """How the service begins the message of an error in a mapped function [S]."""
    return f"Error in map(ID={element.index}):\n"


def _mapped(element: Element, function: Function) -> Element | None:
    try:
        made = _element(function(element))
    except ServiceError as error:
        raise error.within(_where(element)) from error
    if made is None or element.index is None or made.index == element.index:
        return made
    return made.with_property("system:index", element.index)


def _element(made: Any) -> Element | None:
    if made is None or isinstance(made, Element):
        return made
    raise ServiceError("A mapped algorithm must return a Feature or Image.")


@algorithm("Collection.iterate")
def iterate(source: Collection, function: Function, start: Any) -> Any:
    """A function of each element and of what it returned before."""
    result = start
    for element in source:
        result = function(element, result)
    return result


@algorithm("Collection.flatten")
def flatten(source: Collection) -> Collection:
    """The elements of the elements, indices joined by `_`."""

    def elements() -> Iterator[Element]:
        for outer in source:
            if not isinstance(outer, Collection):
                raise ServiceError("The elements of the collection must be collections.")
            for inner in outer:
                yield _prefixed(inner, f"{outer.index}_")

    return source.derived(elements)


def _prefixed(element: Element, prefix: str) -> Element:
    return element.with_property("system:index", f"{prefix}{element.index}")


def joined(one: Collection, other: Collection) -> Collection:
    """The elements of both, indices prefixed `1_` and `2_`."""

    def elements() -> Iterator[Element]:
        for prefix, part in (("1_", one), ("2_", other)):
            for element in part:
                yield _prefixed(element, prefix)

    count = None
    if one.count is not None and other.count is not None:
        count = one.count + other.count
    empty = Collection((), of_images=one.of_images, mapped=one.mapped or other.mapped)
    return empty.derived(elements, count)


@algorithm("Collection.merge")
def merge(one: Collection, other: Collection) -> Collection:
    """Both, one after the other."""
    return joined(one, other)


@algorithm("Collection.distinct")
def distinct(source: Collection, names: Any) -> Collection:
    """The first element of each combination of properties."""
    chosen = [names] if isinstance(names, str) else names
    if not isinstance(chosen, list) or not all(isinstance(name, str) for name in chosen):
        raise ServiceError("Parameter 'properties' must be a name or a list of names.")
    operands = [Operand(name, None) for name in chosen]

    def elements() -> Iterator[Element]:
        seen: set[str] = set()
        for element in source:
            values = repr([_plain(operand.of(element)) for operand in operands])
            if values not in seen:
                seen.add(values)
                yield element

    return source.derived(elements)


def _plain(value: Any) -> Any:
    return value.json() if isinstance(value, (Geometry, Date)) else value


@algorithm("Collection.geometry", ignores=["maxError"])
def geometry(source: Collection) -> Geometry | None:
    """The union of the elements' geometries."""
    return source.geometry


@algorithm("Collection.bounds", ignores=["maxError"])
def bounds(source: Collection, proj: Projection) -> Geometry:
    """The rectangle around all geometries."""
    return bounds_of(source.geometry or Geometry(shapely.GeometryCollection()), proj)


@algorithm("Collection.union", ignores=["maxError"])
def union(source: Collection) -> Collection:
    """One feature of all geometries, whose index is `union_result` [S]."""
    return Collection.of([Feature(source.geometry, {"system:index": "union_result"})])


@algorithm("Collection.cache")
def cache(source: Collection) -> Collection:
    """The same: the emulator remembers what is short anyway."""
    return source


@algorithm("Collection.loadTable", session=True, ignores=["geometryColumn", "version"])
def load_table(session: Session, name: str) -> Collection:
    """A stored table.

    Raises:
        ServiceError: there is none of that name.
    """
    asset = session.catalog.get(asset_id(name))
    if asset is None:
        raise asset_not_found("Collection", name)
    if not isinstance(asset, TableAsset):
        raise ServiceError(f"Asset '{name}' is not a FeatureCollection.")
    return Collection(asset.features, asset.properties, asset.id, len(asset.features))


@algorithm("Collection.remap")
def remap(source: Collection, old: list[Any], new: list[int], name: str) -> Collection:
    """One property by a table; elements with another value are left out.

    Raises:
        ServiceError: the lists are not of one size, or hold other than texts and integers.
    """
    if len(old) != len(new):
        raise ServiceError(f"The lists must be of one size, got {len(old)} and {len(new)}.")
    if not all(isinstance(value, (str, int, float)) for value in old):
        raise ServiceError("The values to look up must be strings or integers.")
    table = dict(zip(old, new, strict=True))

    def elements() -> Iterator[Element]:
        for element in source:
            value = element.get(name)
            if isinstance(value, (str, int, float)) and value in table:
                yield element.with_property(name, table[value])

    return source.derived(elements)


@algorithm("Collection.fromColumns", ignores=["propertyTypes"])
def from_columns(columns: list[list[Any]], names: list[str]) -> Collection:
    """Features without a place, from a list of values of each property.

    Raises:
        ServiceError: not as many lists as names, or of different sizes.
    """
    if len(columns) != len(names) or len({len(column) for column in columns}) > 1:
        raise ServiceError("There must be a list for each name, all of one size.")
    rows = zip(*columns, strict=True)
    return Collection.of([Feature(None, dict(zip(names, row, strict=True))) for row in rows])


@algorithm("Collection.randomColumn")
def random_column(
    source: Collection, name: str, seed: int, distribution: str, keys: list[str]
) -> Collection:
    """A random number of each element, the same for the same seed and the same keys.

    The numbers are not those of the service.

    Raises:
        ServiceError: the distribution is not known.
    """
    if distribution not in ("uniform", "normal"):
        raise ServiceError(f"Unknown distribution '{distribution}'; use 'uniform' or 'normal'.")

    def number(element: Element) -> float:
        text = repr((seed, [_plain(element.get(key)) for key in keys]))
        bits = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
        uniform = (bits >> 11) * 2.0**-53
        if distribution == "uniform":
            return uniform
        return NormalDist().inv_cdf(max(uniform, 2.0**-54))

    def elements() -> Iterator[Element]:
        return (element.with_property(name, number(element)) for element in source)

    return source.derived(elements, source.count)


@algorithm("Collection.reduceColumns")
def reduce_columns(
    source: Collection, reducer: Reducer, selectors: list[str], weights: list[str] | None
) -> dict[str, Any]:
    """A reducer over rows of properties.

    Raises:
        ServiceError: not as many selectors as the reducer has inputs.
    """
    if len(selectors) != reducer.inputs:
        raise ServiceError(
            f"The reducer has {reducer.inputs} inputs, but {len(selectors)} selectors are given."
        )
    if weights is not None and len(weights) != 1:
        raise ServiceError("The emulator takes one weight selector for all inputs.")
    operands = [Operand(name, None) for name in selectors]
    rows, given = [], []
    for element in source:
        weight = 1.0 if weights is None else element.get(weights[0])
        if weight is not None:
            rows.append([operand.of(element) for operand in operands])
            given.append(float(weight))
    return reducer.table(rows, given)
