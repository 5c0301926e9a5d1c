"""Reducers."""

from __future__ import annotations

from typing import Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.reducer import SIMPLE, Reducer, combined, repeat, to_list

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
)


def _register(name: str, reducer: Reducer) -> None:
    @algorithm(f"Reducer.{name}")
    def make() -> Reducer:
        return reducer


for _name in _PLAIN:
    _register(_name, SIMPLE[_name])
# Rows with nulls are dropped before any of these sees them, so there is no difference.
for _name, _of in {
    "first": "first",
    "last": "last",
    "firstNonNull": "first",
    "lastNonNull": "last",
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


@algorithm("Reducer.getOutputs")
def get_outputs(reducer: Reducer) -> list[str]:
    """Names of the outputs."""
    return list(reducer.outputs)
