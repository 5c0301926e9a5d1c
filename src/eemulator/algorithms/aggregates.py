"""Statistics of a property over a collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..expression.registry import algorithm
from ..values.filters import Operand
from ..values.reducer import SIMPLE

if TYPE_CHECKING:
    from ..values.collection import Collection
    from ..values.reducer import Reducer


def _column(source: Collection, name: str) -> list[Any]:
    operand = Operand(name, None)
    return [value for element in source if (value := operand.of(element)) is not None]


@algorithm("AggregateFeatureCollection.array")
def aggregate_array(source: Collection, name: str) -> list[Any]:
    """All values of a property that are not null."""
    return _column(source, name)


@algorithm("AggregateFeatureCollection.histogram")
def aggregate_histogram(source: Collection, name: str) -> dict[str, int]:
    """How often each value occurs."""
    counts: dict[str, int] = {}
    for value in _column(source, name):
        counts[str(value)] = counts.get(str(value), 0) + 1
    return counts


@algorithm("AggregateFeatureCollection.stats")
def aggregate_stats(source: Collection, name: str) -> dict[str, Any]:
    """What is usual to know of a property; every weight is 1. The names are remembered [M]."""
    values = _column(source, name)
    rows = [[value] for value in values]

    def of(reducer: str) -> Any:
        return next(iter(SIMPLE[reducer].table(rows).values()))

    return {
        "max": of("max"),
        "mean": of("mean"),
        "min": of("min"),
        "sample_sd": of("sampleStdDev"),
        "sample_var": of("sampleVariance"),
        "sum": of("sum"),
        "sum_sq": sum(value * value for value in values),
        "total_count": len(source),
        "total_sd": of("stdDev"),
        "total_var": of("variance"),
        "valid_count": len(values),
        "weight_sum": len(values),
        "weighted_sum": of("sum"),
    }


def _register_aggregate(name: str, reducer: Reducer) -> None:
    @algorithm(f"AggregateFeatureCollection.{name}")
    def run(source: Collection, column: str) -> Any:
        return reducer.table([[value] for value in _column(source, column)])[reducer.outputs[0]]


@algorithm("AggregateFeatureCollection.first")
def aggregate_first(source: Collection, name: str) -> Any:
    """The property of the first object; null where it has none, or there is no object."""
    operand = Operand(name, None)
    return next((operand.of(element) for element in source), None)


_OF_REDUCER = {
    "count": "count",
    "min": "min",
    "max": "max",
    "mean": "mean",
    "product": "product",
    "sum": "sum",
    "total_sd": "stdDev",
    "total_var": "variance",
    "count_distinct": "countDistinct",
    "sample_sd": "sampleStdDev",
    "sample_var": "sampleVariance",
}
for _name, _reducer in _OF_REDUCER.items():
    _register_aggregate(_name, SIMPLE[_reducer])
