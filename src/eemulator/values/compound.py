"""Reducers made of others, or by arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from .numbers import number
from .reducer import Reducer, numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .reducer import Row


def combined(name: str, parts: Sequence[Reducer]) -> Reducer:
    """Several reducers over the same input, as `minMax`."""
    return Reducer(
        name,
        1,
        tuple(output for part in parts for output in part.outputs),
        lambda rows, weights: [v for part in parts for v in part.aggregate(rows, weights)],
        any(part.weighted for part in parts),
        tuple(s for part in parts for s in part.statistics),
        tuple(r for part in parts for r in part.rules),
    )


def side_by_side(one: Reducer, other: Reducer, prefix: str, *, shared: bool) -> Reducer:
    """Two reducers at once.

    Args:
        one: its outputs come first.
        other: its outputs are prefixed.
        prefix: of these.
        shared: whether both take the same inputs, or the other those that follow.

    Raises:
        ServiceError: inputs cannot be shared, or outputs have the same name.
    """
    names = (*one.outputs, *(f"{prefix}{name}" for name in other.outputs))
    if len(set(names)) != len(names):
        raise ServiceError(f"Reducers have outputs of the same name: {', '.join(names)}.")
    if shared and one.inputs != other.inputs:
        raise ServiceError("Reducers that share inputs must have as many of them.")
    cut = 0 if shared else one.inputs

    def aggregate(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:
        return [
            *one.aggregate([row[: one.inputs] for row in rows], weights),
            *other.aggregate([row[cut : cut + other.inputs] for row in rows], weights),
        ]

    inputs = one.inputs if shared else one.inputs + other.inputs
    weighted = one.weighted or other.weighted
    if not (shared and one.statistics and other.statistics):
        return Reducer("combine", inputs, names, aggregate, weighted)
    return Reducer(
        "combine",
        inputs,
        names,
        aggregate,
        weighted,
        one.statistics + other.statistics,
        one.rules + other.rules,
    )


def grouped(reducer: Reducer, field: int, name: str) -> Reducer:
    """A reducer over the rows of each value of one input, in order of that value.

    The one output, `groups`, is a list of dictionaries: the value, and the reducer's outputs.
    """
    if not 0 <= field <= reducer.inputs:
        raise ServiceError(f"There is no input {field} to group by.")

    def aggregate(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:
        groups: dict[str, tuple[Any, list[Row], list[float]]] = {}
        for row, weight in zip(rows, weights, strict=True):
            value = row[field]
            if value is None:
                continue
            _, members, heavy = groups.setdefault(repr(value), (value, [], []))
            members.append([*row[:field], *row[field + 1 :]])
            heavy.append(weight)
        ordered = sorted(
            groups.values(),
            key=lambda g: (
                (isinstance(g[0], str), g[0])
                if isinstance(g[0], (str, int, float))
                else (True, repr(g[0]))
            ),
        )
        return [
            [{name: value} | reducer.table(members, heavy) for value, members, heavy in ordered]
        ]

    return Reducer("group", reducer.inputs + 1, ("groups",), aggregate, reducer.weighted)


def percentiles(wanted: Sequence[float], names: Sequence[str] | None) -> Reducer:
    """Values below which so many percent lie; between two, in proportion [M]."""
    if not wanted or not all(0 <= each <= 100 for each in wanted):
        raise ServiceError("Percentiles must be between 0 and 100, and there must be one.")
    outputs = tuple(names or (f"p{number(float(each))}" for each in wanted))
    if len(outputs) != len(wanted) or len(set(outputs)) != len(outputs):
        raise ServiceError("There must be one output name for each percentile.")

    def aggregate(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:  # noqa: ARG001
        values = [row[0] for row in rows if row[0] is not None]
        if not values:
            return [None] * len(wanted)
        return [float(v) for v in np.percentile(numbers(values), list(wanted))]

    return Reducer("percentile", 1, outputs, aggregate)


def to_list(size: int | None, optional: int) -> Reducer:
    """Collect the inputs, in tuples of a size; rows with a null that is not optional are dropped.

    Args:
        size: inputs a row; None for bare values.
        optional: how many of the last inputs may be null.
    """
    inputs = 1 if size is None else size
    if inputs < 1 or not 0 <= optional <= inputs:
        raise ServiceError(f"Invalid tuple size {size} with {optional} optional inputs.")

    def aggregate(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:  # noqa: ARG001
        needed = inputs - optional
        kept = [list(row) for row in rows if all(v is not None for v in row[:needed])]
        return [[row[0] for row in kept] if size is None else kept]

    return Reducer("toList", inputs, ("list",), aggregate)


def repeat(reducer: Reducer, count: int) -> Reducer:
    """Copies side by side; every output becomes a list, with an entry a copy."""
    if count < 1:
        raise ServiceError(f"The count must be positive, got {count}.")
    width = reducer.inputs

    def aggregate(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:
        copies = [
            reducer.aggregate([row[i * width : (i + 1) * width] for row in rows], weights)
            for i in range(count)
        ]
        return [list(outputs) for outputs in zip(*copies, strict=True)]

    return Reducer("repeat", width * count, reducer.outputs, aggregate, reducer.weighted)
