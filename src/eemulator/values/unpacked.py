"""Reducers of what holds several numbers: arrays, lists, rows with a weight of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from .array import Array
from .reducer import Reducer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .reducer import Row


def for_each_element(reducer: Reducer) -> Reducer:
    """A reducer of each position of arrays of one shape; outputs are arrays of that shape [S]."""

    def aggregate(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:
        kept = [(row, w) for row, w in zip(rows, weights, strict=True) if None not in row]
        arrays = [value for row, _ in kept for value in row]
        if not kept:
            return [None] * len(reducer.outputs)
        if not all(isinstance(each, Array) for each in arrays):
            raise ServiceError("Reducer.forEachElement: the inputs must be arrays.")
        shapes = {each.values.shape for each in arrays}
        if len(shapes) > 1:
            raise ServiceError(f"Reducer.forEachElement: arrays of different shapes, {shapes}.")
        shape = shapes.pop()
        # Rows, then inputs, then positions.
        table = np.stack([each.values for each in arrays]).reshape(len(kept), reducer.inputs, -1)
        heavy = [weight for _, weight in kept]
        found = [reducer.aggregate(at.tolist(), heavy) for at in np.moveaxis(table, 2, 0)]
        return [_array(column, shape) for column in zip(*found, strict=True)]

    return Reducer("forEachElement", reducer.inputs, reducer.outputs, aggregate, reducer.weighted)


def _array(values: Sequence[Any], shape: tuple[int, ...]) -> Array:
    if not all(isinstance(value, (int, float)) for value in values):
        raise ServiceError("Reducer.forEachElement: each output must be a number.")
    return Array.of(np.array(values).reshape(shape))


def disaggregated(reducer: Reducer, axis: int | None) -> Reducer:
    """A reducer of the items of arrays, lists and dictionaries, one by one [S].

    Args:
        reducer: of one input.
        axis: of arrays, along which they are taken apart; all numbers by default.

    Raises:
        ServiceError: the reducer has several inputs.
    """
    if reducer.inputs != 1:
        raise ServiceError("The emulator disaggregates the inputs of reducers of one input only.")

    def items(value: Any) -> Iterator[Any]:
        match value:
            case Array() if axis is None:
                yield from value.values.ravel().tolist()
            case Array():
                if axis != 0 or value.values.ndim > 1:
                    raise ServiceError(
                        "The emulator disaggregates arrays along axis 0 of one, or completely."
                    )
                yield from value.values.tolist()
            case list():
                yield from value
            case dict():
                yield from value.values()
            case _:
                yield value

    def aggregate(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:
        pairs = [(item, w) for row, w in zip(rows, weights, strict=True) for item in items(row[0])]
        return reducer.aggregate([[item] for item, _ in pairs], [weight for _, weight in pairs])

    return Reducer("disaggregate", 1, reducer.outputs, aggregate, reducer.weighted)


def with_split_weights(reducer: Reducer) -> Reducer:
    """A reducer of pairs: what its input was, and how much that counts; regions weigh nothing.

    Raises:
        ServiceError: it has several inputs, or one without a weight.
    """
    if not reducer.weighted:
        return reducer
    if reducer.inputs != 1:
        raise ServiceError(
            "The emulator splits the weights of reducers of one input; split them before repeat, "
            "forEach or combine."
        )

    def aggregate(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:  # noqa: ARG001
        kept = [row for row in rows if row[1] is not None]
        if not all(isinstance(row[1], (int, float)) for row in kept):
            raise ServiceError("Reducer.splitWeights: the weights must be numbers.")
        return reducer.aggregate([row[:1] for row in kept], [float(row[1]) for row in kept])

    return replace(reducer, inputs=2, aggregate=aggregate, weighted=False, statistics=(), rules=())
