"""Reducers made of others, or by arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from . import regression
from .array import Array
from .collection import Collection
from .geometry import Feature
from .numbers import numbers
from .reducer import Reducer, arrays

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


def side_by_side_of(reducer: Reducer, names: Sequence[str]) -> Reducer:
    """A copy of a reducer for each name, each with inputs of its own.

    An only output is called by the name; several are `{name}_{output}` [I].

    Raises:
        ServiceError: there is no name, or one twice.
    """
    if not names or len(set(names)) != len(names):
        raise ServiceError("There must be names for the outputs, all different.")
    width = reducer.inputs
    alone = len(reducer.outputs) == 1
    outputs = tuple(
        name if alone else f"{name}_{output}" for name in names for output in reducer.outputs
    )

    def aggregate(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:
        return [
            value
            for i in range(len(names))
            for value in reducer.aggregate(
                [row[i * width : (i + 1) * width] for row in rows], weights
            )
        ]

    return Reducer("forEach", width * len(names), outputs, aggregate, reducer.weighted)


def to_collection(names: Sequence[str], optional: int) -> Reducer:
    """Collect the inputs as features without a place; a row with a null is dropped.

    Args:
        names: of the properties, one an input.
        optional: how many of the last inputs may be null.

    Raises:
        ServiceError: there is no name, or one twice.
    """
    if len(set(names)) != len(names):
        raise ServiceError("The property names must be different.")
    listed = to_list(len(names), optional)

    def aggregate(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:
        kept = listed.aggregate(rows, weights)[0]
        return [
            Collection.of(
                [
                    Feature(None, {k: v for k, v in zip(names, row, strict=True) if v is not None})
                    for row in kept
                ]
            )
        ]

    return Reducer("toCollection", len(names), ("features",), aggregate)


def linear_regression(independent: int, dependent: int) -> Reducer:
    """Least squares without a constant; nothing where there are too few rows [S].

    Outputs are the coefficients, `(independent, dependent)`, and the root mean square of the
    residuals of each dependent variable, both arrays.

    Raises:
        ServiceError: there is no variable.
    """
    if independent < 1 or dependent < 1:
        raise ServiceError("There must be an independent and a dependent variable.")
    inputs = independent + dependent

    def aggregate(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:
        kept = [(row, w) for row, w in zip(rows, weights, strict=True) if None not in row[:inputs]]
        if len(kept) <= independent:
            return [None, None]
        table = numbers([value for row, _ in kept for value in row[:inputs]]).reshape(-1, inputs)
        heavy = np.sqrt([weight for _, weight in kept])[:, np.newaxis]
        x, y = table[:, :independent] * heavy, table[:, independent:] * heavy
        found, _, rank, _ = np.linalg.lstsq(x, y, rcond=None)
        if rank < independent:
            return [None, None]
        rest = np.sqrt(((y - x @ found) ** 2).sum(0) / (heavy**2).sum())
        return [Array.of(found), Array.of(rest)]

    return Reducer(
        "linearRegression",
        inputs,
        ("coefficients", "residuals"),
        aggregate,
        True,
        regression.linear_regression(independent, dependent),
        (arrays(2), arrays(1)),
    )


def covariance(name: str, *, centred: bool) -> Reducer:
    """The covariances of the elements of vectors: a matrix, of the whole population [M].

    Args:
        name: as after `Reducer.`.
        centred: whether the vectors are taken to have the mean 0 [S].
    """

    def aggregate(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:  # noqa: ARG001
        found = [row[0] for row in rows if row[0] is not None]
        if not found:
            return [None]
        if not all(isinstance(each, Array) and each.values.ndim == 1 for each in found) or (
            len({each.values.shape for each in found}) > 1
        ):
            raise ServiceError("Need arrays of one dimension and one length to reduce.")
        table = np.stack([each.values for each in found]).astype(np.float64)
        if not centred:
            table = table - table.mean(0)
        return [Array.of(table.T @ table / len(table))]

    return Reducer(name, 1, ("covariance",), aggregate)
