"""Lists."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.geometry import Feature
from ..values.java_random import JavaRandom
from .collections import sort_key
from .strings import check_length

if TYPE_CHECKING:
    from ..expression.function import Function
    from ..values.filters import Filter
    from ..values.reducer import Reducer

_MOST_ITEMS = 10_000_000


@algorithm("List.get", "List.getNumber", "List.getString", "List.getGeometry")
def get(items: list[Any], index: int) -> Any:
    """An item; negative positions count from the end."""
    count = len(items)
    if not -count <= index < count:
        raise ServiceError(
            f"List index must be between 0 and {count - 1}, or {-count} and -1. Found {index}."
        )
    return items[index]


@algorithm("List.slice")
def slice_(items: list[Any], start: int, end: int | None, step: int | None) -> list[Any]:
    """A part; positions beyond the end are cut."""
    if step is not None and step < 1:
        raise ServiceError(f"Parameter 'step' must be positive, got {step}.")
    return items[start:end:step]


@algorithm("List.map")
def map_items(items: list[Any], function: Function, drop_nulls: bool) -> list[Any]:
    """A function of each item."""
    made = []
    for index, item in enumerate(items):
        try:
            result = function(item)
        except ServiceError as error:
            raise error.within(f"Error in map(ID={index}):\n") from error
        if result is not None or not drop_nulls:
            made.append(result)
    return made


@algorithm("List.iterate")
def iterate(items: list[Any], function: Function, start: Any) -> Any:
    """A function of each item and of what it returned before."""
    result = start
    for item in items:
        result = function(item, result)
    return result


@algorithm("List.filter")
def filter_items(items: list[Any], test: Filter) -> list[Any]:
    """The items that pass; the field `item` is the item itself."""
    return [item for item in items if test.passes(Feature(None, {"item": item}))]


@algorithm("List.size", "List.length")
def size(items: list[Any]) -> int:
    """How many items."""
    return len(items)


@algorithm("List.add")
def add(items: list[Any], item: Any) -> list[Any]:
    """One more at the end."""
    return [*items, item]


@algorithm("List.cat")
def cat(items: list[Any], other: list[Any]) -> list[Any]:
    """One after the other."""
    check_size(len(items) + len(other))
    return [*items, *other]


@algorithm("List.contains")
def contains(items: list[Any], item: Any) -> bool:
    """Whether an item is there."""
    return item in items


@algorithm("List.containsAll")
def contains_all(items: list[Any], other: list[Any]) -> bool:
    """Whether all of another list are there."""
    return all(item in items for item in other)


@algorithm("List.equals")
def equals(items: list[Any], other: list[Any]) -> bool:
    """Whether both hold the same."""
    return items == other


@algorithm("List.indexOf")
def index_of(items: list[Any], item: Any) -> int:
    """Where an item is first; -1 for nowhere."""
    return items.index(item) if item in items else -1


@algorithm("List.remove")
def remove(items: list[Any], item: Any) -> list[Any]:
    """Without the first of an item."""
    position = index_of(items, item)
    return items if position < 0 else items[:position] + items[position + 1 :]


@algorithm("List.removeAll")
def remove_all(items: list[Any], other: list[Any]) -> list[Any]:
    """Without all of another list."""
    return [item for item in items if item not in other]


@algorithm("List.replaceAll")
def replace_all(items: list[Any], old: Any, new: Any) -> list[Any]:
    """One item in place of another."""
    return [new if item == old else item for item in items]


@algorithm("List.reverse")
def reverse(items: list[Any]) -> list[Any]:
    """From the end."""
    return items[::-1]


@algorithm("List.distinct")
def distinct(items: list[Any]) -> list[Any]:
    """Each item once."""
    seen: list[Any] = []
    for item in items:
        if item not in seen:
            seen.append(item)
    return seen


@algorithm("List.flatten")
def flatten(items: list[Any]) -> list[Any]:
    """Lists in lists as one list."""
    flat: list[Any] = []
    waiting = [iter(items)]
    while waiting:
        for item in waiting[-1]:
            if isinstance(item, list):
                waiting.append(iter(item))
                break
            flat.append(item)
            check_size(len(flat))
        else:
            waiting.pop()
    return flat


@algorithm("List.sort")
def sort(items: list[Any], keys: list[Any] | None) -> list[Any]:
    """In order, perhaps that of a list of keys."""
    if keys is None:
        return sorted(items, key=sort_key)
    if len(keys) != len(items):
        raise ServiceError("The list and its keys must be of one size.")
    order = sorted(range(len(items)), key=lambda i: sort_key(keys[i]))
    return [items[i] for i in order]


@algorithm("List.zip")
def zip_(items: list[Any], other: list[Any]) -> list[list[Any]]:
    """Pairs, as many as the shorter list has items."""
    return [list(pair) for pair in zip(items, other, strict=False)]


@algorithm("List.repeat")
def repeat(value: Any, count: int) -> list[Any]:
    """A value many times."""
    check_size(count)
    return [value] * count


@algorithm("List.sequence")
def sequence(start: float, end: float | None, step: float, count: int | None) -> list[float]:
    """Numbers from a start to an end, both included."""
    if count is not None:
        check_size(count)
        if end is not None:
            step = (end - start) / (count - 1) if count > 1 else 0
        return [start + i * step for i in range(count)]
    if end is None or step == 0:
        raise ServiceError("Either 'end' and a 'step' other than 0, or 'count' must be given.")
    number = max(int((end - start) / step + 1e-9) + 1, 0) if (end - start) / step >= 0 else 0
    check_size(number)
    return [start + i * step for i in range(number)]


def check_size(count: int) -> None:
    """Refuse a list that would fill the memory."""
    if not 0 <= count <= _MOST_ITEMS:
        raise ServiceError(f"A list cannot have {count} items.")


@algorithm("List.join")
def join(items: list[Any], separator: str) -> str:
    """All items as one text."""
    check_length(len(separator) * (len(items) - 1))
    parts: list[str] = []
    length = 0
    for item in items:
        parts.append("" if item is None else str(item))
        length += len(parts[-1])
        check_length(length)
    check_length(length + len(separator) * (len(items) - 1))
    return separator.join(parts)


@algorithm("List.reduce")
def reduce(items: list[Any], reducer: Reducer) -> Any:
    """A reducer over the items; a single output is given bare.

    An item is a list of inputs where the reducer has several [S].
    """
    alone = reducer.inputs == 1
    rows = [item if isinstance(item, list) and not alone else [item] for item in items]
    if any(len(row) != reducer.inputs for row in rows):
        raise ServiceError(f"The reducer needs {reducer.inputs} inputs an item.")
    outputs = reducer.table(rows)
    return next(iter(outputs.values())) if len(outputs) == 1 else outputs


@algorithm("List.frequency")
def frequency(items: list[Any], item: Any) -> int:
    """How often an item is there."""
    return items.count(item)


@algorithm("List.insert")
def insert(items: list[Any], index: int, item: Any) -> list[Any]:
    """One more at a position; negative ones count from the end."""
    if not -len(items) <= index <= len(items):
        raise ServiceError(f"List index {index} is out of range for {len(items)} items.")
    made = items.copy()
    made.insert(index, item)
    return made


@algorithm("List.set")
def set_(items: list[Any], index: int, item: Any) -> list[Any]:
    """Another item at a position; negative ones count from the end."""
    get(items, index)
    made = items.copy()
    made[index] = item
    return made


@algorithm("List.replace")
def replace(items: list[Any], old: Any, new: Any) -> list[Any]:
    """One item in place of the first of another."""
    position = index_of(items, old)
    return items if position < 0 else set_(items, position, new)


@algorithm("List.splice")
def splice(items: list[Any], start: int, count: int, other: list[Any] | None) -> list[Any]:
    """Another list in place of some items from a position on."""
    if count < 0:
        raise ServiceError(f"Parameter 'count' must not be negative, got {count}.")
    begin = max(start + len(items), 0) if start < 0 else start
    return [*items[:begin], *(other or ()), *items[begin + count :]]


@algorithm("List.swap")
def swap(items: list[Any], one: int, other: int) -> list[Any]:
    """Two items in each other's place."""
    first, second = get(items, one), get(items, other)
    return set_(set_(items, one, second), other, first)


@algorithm("List.unzip")
def unzip(items: list[list[Any]]) -> list[list[Any]]:
    """The first of each item, then the second of each, as far as all have one."""
    if not all(isinstance(item, list) for item in items):
        raise ServiceError("The items must be lists.")
    return [list(column) for column in zip(*items, strict=False)]


def _starts(items: list[Any], part: list[Any]) -> list[int]:
    last = len(items) - len(part)
    return [at for at in range(last + 1) if items[at : at + len(part)] == part]


@algorithm("List.indexOfSublist")
def index_of_sublist(items: list[Any], part: list[Any]) -> int:
    """Where a list is first found within; -1 for nowhere."""
    return next(iter(_starts(items, part)), -1)


@algorithm("List.lastIndexOfSubList")
def last_index_of_sublist(items: list[Any], part: list[Any]) -> int:
    """Where a list is last found within; -1 for nowhere."""
    return next(reversed(_starts(items, part)), -1)


@algorithm("List.shuffle")
def shuffle(items: list[Any], seed: Any) -> list[Any]:
    """In another order, always the same for a seed; in any where the seed is false.

    Which order is Java's for the seed [M]; without one it is that of 0 [M].

    Raises:
        ServiceError: the seed is neither an integer nor false.
    """
    if seed is False:
        return random.sample(items, len(items))
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        raise ServiceError(f"Parameter 'seed' must be an integer or false, got {seed!r}.")
    return JavaRandom(seed or 0).shuffled(items)


@algorithm("List.rotate")
def rotate(items: list[Any], distance: int) -> list[Any]:
    """Each item so many positions later; what leaves the end comes in at the start [M]."""
    if not items:
        return items
    cut = -distance % len(items)
    return items[cut:] + items[:cut]
