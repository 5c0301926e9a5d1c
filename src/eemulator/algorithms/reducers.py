"""Reducers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.compound import combined, grouped, percentiles, repeat, side_by_side, to_list
from ..values.reducer import SIMPLE, Reducer

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLAIN = (
    "mean",
    "sum",
    "product",
    "count",
    "countDistinct",
    "stdDev",
    "variance",
    "allNonZero",
    "anyNonZero",
    "countDistinctNonNull",
    "countEvery",
    "frequencyHistogram",
    "sampleStdDev",
    "sampleVariance",
)


def _register(name: str, reducer: Reducer) -> None:
    @algorithm(f"Reducer.{name}")
    def make() -> Reducer:
        return reducer


for _name in _PLAIN:
    _register(_name, SIMPLE[_name])
# Rows with nulls are dropped before any of these sees them.
for _name, _of in {
    "first": "first",
    "last": "last",
    "firstNonNull": "first",
    "lastNonNull": "last",
    "and": "allNonZero",
    "or": "anyNonZero",
}.items():
    _register(_name, SIMPLE[_of])
_register("minMax", combined("minMax", (SIMPLE["min"], SIMPLE["max"])))


def _register_bucketed(name: str) -> None:
    @algorithm(f"Reducer.{name}")
    def make(*buckets: Any) -> Reducer:  # noqa: ARG001 - exact at any number of values
        return SIMPLE[name]


def _register_extreme(name: str) -> None:
    @algorithm(f"Reducer.{name}")
    def make(inputs: int) -> Reducer:
        if inputs != 1:
            raise ServiceError("The emulator only has this reducer for one input.")
        return SIMPLE[name]


for _name in ("median", "mode"):
    _register_bucketed(_name)
for _name in ("min", "max"):
    _register_extreme(_name)


@algorithm("Reducer.toList")
def make_to_list(size: int | None, optional: int) -> Reducer:
    """Collects its inputs."""
    return to_list(size, optional)


@algorithm("Reducer.repeat")
def make_repeat(reducer: Reducer, count: int) -> Reducer:
    """Copies of a reducer, side by side."""
    return repeat(reducer, count)


@algorithm("Reducer.combine")
def make_combine(one: Reducer, other: Reducer, prefix: str, shared: bool) -> Reducer:
    """Two reducers at once."""
    return side_by_side(one, other, prefix, shared=shared)


@algorithm("Reducer.group")
def make_group(reducer: Reducer, field: int, name: str) -> Reducer:
    """A reducer over each group of rows."""
    return grouped(reducer, field, name)


@algorithm("Reducer.setOutputs")
def set_outputs(reducer: Reducer, names: list[str]) -> Reducer:
    """Other names for the outputs."""
    if len(names) != len(reducer.outputs) or len(set(names)) != len(names):
        raise ServiceError(f"The reducer has {len(reducer.outputs)} outputs to be named.")
    return replace(reducer, outputs=tuple(names))


@algorithm("Reducer.unweighted")
def make_unweighted(reducer: Reducer) -> Reducer:
    """Every input counts alike."""

    def aggregate(rows: Sequence[Any], weights: Sequence[float]) -> list[Any]:
        return reducer.aggregate(rows, [1.0] * len(weights))

    return replace(reducer, aggregate=aggregate, weighted=False)


@algorithm("Reducer.percentile")
def make_percentile(
    wanted: list[float],
    names: list[str] | None,
    *buckets: Any,  # noqa: ARG001 - exact at any number of values
) -> Reducer:
    """Percentiles."""
    return percentiles(wanted, names)


@algorithm("Reducer.getOutputs")
def get_outputs(reducer: Reducer) -> list[str]:
    """Names of the outputs."""
    return list(reducer.outputs)
