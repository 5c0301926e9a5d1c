"""Reducers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.compound import (
    combined,
    covariance,
    grouped,
    linear_regression,
    repeat,
    side_by_side,
    side_by_side_of,
    to_collection,
    to_list,
)
from ..values.histograms import fixed_histogram, histogram
from ..values.reducer import MORE, SIMPLE, Reducer, extreme, interval_mean, percentiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..values.image import Image

# Of histograms, which the service makes of many values; here any number is exact.
_BUCKETS = ("maxBuckets", "minBucketWidth", "maxRaw")
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
    "first",
    "firstNonNull",
    "frequencyHistogram",
    "last",
    "lastNonNull",
    "sampleStdDev",
    "sampleVariance",
)


def _register(name: str, reducer: Reducer) -> None:
    @algorithm(f"Reducer.{name}")
    def make() -> Reducer:
        return reducer


for _name in _PLAIN:
    _register(_name, SIMPLE[_name])
for _name, _reducer in MORE.items():
    _register(_name, _reducer)
_register("covariance", covariance("covariance", centred=False))
_register("centeredCovariance", covariance("centeredCovariance", centred=True))
_register("and", SIMPLE["allNonZero"])
_register("or", SIMPLE["anyNonZero"])
_register("minMax", combined("minMax", (SIMPLE["min"], SIMPLE["max"])))


def _register_bucketed(name: str) -> None:
    @algorithm(f"Reducer.{name}", ignores=_BUCKETS)
    def make() -> Reducer:
        return SIMPLE[name]


def _register_extreme(name: str) -> None:
    @algorithm(f"Reducer.{name}")
    def make(inputs: int) -> Reducer:
        return SIMPLE[name] if inputs == 1 else extreme(name, inputs)


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
    """Other names for the outputs; one whose name is null or empty is dropped."""
    kept = [i for i, name in enumerate(names) if name]
    chosen = tuple(names[i] for i in kept)
    if len(names) != len(reducer.outputs) or len(set(chosen)) != len(chosen):
        raise ServiceError(f"The reducer has {len(reducer.outputs)} outputs to be named.")

    def aggregate(rows: Sequence[Any], weights: Sequence[float]) -> list[Any]:
        found = reducer.aggregate(rows, weights)
        return [found[i] for i in kept]

    return replace(
        reducer,
        outputs=chosen,
        aggregate=aggregate,
        statistics=tuple(reducer.statistics[i] for i in kept if reducer.statistics),
        rules=tuple(reducer.rules[i] for i in kept if reducer.rules),
    )


@algorithm("Reducer.unweighted")
def make_unweighted(reducer: Reducer) -> Reducer:
    """Every input counts alike."""

    def aggregate(rows: Sequence[Any], weights: Sequence[float]) -> list[Any]:
        return reducer.aggregate(rows, [1.0] * len(weights))

    return replace(reducer, aggregate=aggregate, weighted=False)


@algorithm("Reducer.percentile", ignores=_BUCKETS)
def make_percentile(
    wanted: list[float],
    names: list[str] | None,
) -> Reducer:
    """Percentiles."""
    return percentiles(wanted, names)


@algorithm("Reducer.getOutputs")
def get_outputs(reducer: Reducer) -> list[str]:
    """Names of the outputs."""
    return list(reducer.outputs)


@algorithm("Reducer.intervalMean", ignores=_BUCKETS)
def make_interval_mean(
    low: float,
    high: float,
) -> Reducer:
    """The mean between two percentiles."""
    return interval_mean(low, high)


@algorithm("Reducer.fixedHistogram")
def make_fixed_histogram(low: float, high: float, steps: int, cumulative: bool) -> Reducer:
    """Counts in bins of one width."""
    return fixed_histogram(low, high, steps, cumulative=cumulative)


@algorithm("Reducer.histogram", ignores=["maxRaw"])
def make_histogram(most: int | None, width: float | None) -> Reducer:
    """Counts in bins as wide as a power of 2."""
    return histogram(most, width, as_array=False)


@algorithm("Reducer.autoHistogram", ignores=["maxRaw"])
def make_auto_histogram(most: int | None, width: float | None, cumulative: bool) -> Reducer:
    """The same as an array."""
    return histogram(most, width, as_array=True, cumulative=cumulative)


@algorithm("Reducer.linearRegression")
def make_linear_regression(independent: int, dependent: int) -> Reducer:
    """Least squares of several variables."""
    return linear_regression(independent, dependent)


@algorithm("Reducer.forEach")
def make_for_each(reducer: Reducer, names: list[str]) -> Reducer:
    """A copy of a reducer for each name."""
    return side_by_side_of(reducer, names)


@algorithm("Reducer.forEachBand")
def make_for_each_band(reducer: Reducer, image: Image) -> Reducer:
    """A copy of a reducer for each band, called by it."""
    return side_by_side_of(reducer, image.names)


@algorithm("Reducer.toCollection")
def make_to_collection(names: list[str], optional: int) -> Reducer:
    """Collects its inputs as features."""
    return to_collection(names, optional)
