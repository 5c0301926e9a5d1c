"""Reducers: many inputs become a few outputs.

One reducer serves tables (rows of values), regions (pixels, with weights) and stacks (pixel by
pixel across images or bands).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..pixels import statistics
from .numbers import number
from .pixel_type import BOOLEAN, DOUBLE, PixelType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..pixels.composite import Statistic

    Row = Sequence[Any]
    Aggregate = Callable[[Sequence[Row], Sequence[float]], list[Any]]
    Rule = Callable[[PixelType, int], PixelType]


@dataclass(frozen=True, eq=False, slots=True)
class Reducer:
    """How to reduce.

    Attributes:
        name: as after `Reducer.`.
        inputs: how many inputs one row has.
        outputs: names of the outputs.
        aggregate: from rows and their weights to the outputs; nulls are its own affair.
        weighted: whether pixels count by the part of them inside a region.
        statistics: one an output, where it can reduce stacks of pixels.
        rules: the pixel type of each output, from the inputs' and their number.
    """

    name: str
    inputs: int
    outputs: tuple[str, ...]
    aggregate: Aggregate
    weighted: bool = False
    statistics: tuple[Statistic, ...] = ()
    rules: tuple[Rule, ...] = ()

    def table(self, rows: Sequence[Row], weights: Sequence[float] | None = None) -> dict[str, Any]:
        """The outputs by name."""
        given = [1.0] * len(rows) if weights is None else weights
        return dict(zip(self.outputs, self.aggregate(rows, given), strict=True))

    def require_stack(self) -> None:
        """Refuse a reducer that has no pixel by pixel form."""
        if not self.statistics or self.inputs != 1:
            raise ServiceError(f"The emulator cannot reduce images with Reducer.{self.name} yet.")


def _same(kind: PixelType, count: int) -> PixelType:  # noqa: ARG001
    return kind.without_range()


def _double(kind: PixelType, count: int) -> PixelType:  # noqa: ARG001
    return DOUBLE


def _boolean(kind: PixelType, count: int) -> PixelType:  # noqa: ARG001
    return BOOLEAN


def _counting(kind: PixelType, count: int) -> PixelType:  # noqa: ARG001
    return PixelType("int", 0, count)


def _summing(kind: PixelType, count: int) -> PixelType:
    if not kind.is_int:
        return DOUBLE
    low, high = kind.bounds
    return PixelType.of_range(min(low, low * count), max(high, high * count))


def _column(
    function: Callable[[list[Any], list[float]], Any],
) -> Callable[[Sequence[Row], Sequence[float]], Any]:
    """A function of one column, nulls dropped; null of nothing."""

    def run(rows: Sequence[Row], weights: Sequence[float]) -> Any:
        pairs = [(row[0], w) for row, w in zip(rows, weights, strict=True) if row[0] is not None]
        if not pairs:
            return None
        return function([value for value, _ in pairs], [weight for _, weight in pairs])

    return run


def numbers(values: list[Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Values as an array.

    Raises:
        ServiceError: one is no number.
    """
    if not all(isinstance(value, (int, float)) for value in values):
        raise ServiceError("Need numbers to reduce.")
    return np.asarray(values, np.float64)


def _mean(values: list[Any], weights: list[float]) -> float:
    return float(np.average(numbers(values), weights=weights)) if sum(weights) > 0 else 0.0


def _sum(values: list[Any], weights: list[float]) -> float:
    return float((numbers(values) * weights).sum())


def _ordered(choose: Callable[[list[Any]], Any]) -> Callable[[list[Any], list[float]], Any]:
    def run(values: list[Any], weights: list[float]) -> Any:  # noqa: ARG001
        try:
            return choose(values)
        except TypeError:
            raise ServiceError("Values of different types cannot be compared.") from None

    return run


def _mode(values: list[Any], weights: list[float]) -> Any:
    totals: dict[Any, float] = {}
    for value, weight in zip(values, weights, strict=True):
        totals[value] = totals.get(value, 0.0) + weight
    most = max(totals.values())
    return min(value for value, weight in totals.items() if weight == most)


def _count(rows: Sequence[Row], weights: Sequence[float]) -> int:  # noqa: ARG001
    return sum(row[0] is not None for row in rows)


def _distinct(rows: Sequence[Row], weights: Sequence[float]) -> int:  # noqa: ARG001
    return len({repr(row[0]) for row in rows if row[0] is not None})


def _frequencies(rows: Sequence[Row], weights: Sequence[float]) -> dict[str, float]:
    """How much each value weighs; keys are text, as in every dictionary."""
    found: dict[str, float] = {}
    for row, weight in zip(rows, weights, strict=True):
        if row[0] is not None:
            key = str(number(row[0]) if isinstance(row[0], float) else row[0])
            found[key] = found.get(key, 0.0) + weight
    return found


def _sampled(function: Callable[..., Any]) -> Callable[[list[Any], list[float]], float | None]:
    """A statistic with one degree of freedom less; null of a single value [M]."""
    return lambda values, weights: (  # noqa: ARG005
        float(function(numbers(values), ddof=1)) if len(values) > 1 else None
    )


def _unweighted(function: Callable[..., Any]) -> Callable[[list[Any], list[float]], float]:
    return lambda values, weights: float(function(numbers(values)))  # noqa: ARG005


# Outputs that are not called as their reducers, by the client's algorithms.json [S].
_OUTPUTS = {
    "allNonZero": "all",
    "anyNonZero": "any",
    "countDistinct": "count",
    "countDistinctNonNull": "count",
    "countEvery": "count",
    "frequencyHistogram": "histogram",
    "sampleStdDev": "stdDev",
    "sampleVariance": "variance",
}


def _simple(
    name: str,
    function: Callable[[Sequence[Row], Sequence[float]], Any],
    statistic: Statistic | None,
    rule: Rule,
    *,
    weighted: bool = False,
) -> Reducer:
    return Reducer(
        name,
        1,
        (_OUTPUTS.get(name, name),),
        lambda rows, weights: [function(rows, weights)],
        weighted,
        () if statistic is None else (statistic,),
        (rule,),
    )


SIMPLE: dict[str, Reducer] = {
    reducer.name: reducer
    for reducer in (
        _simple("mean", _column(_mean), statistics.mean, _double, weighted=True),
        _simple("sum", _column(_sum), statistics.total, _summing, weighted=True),
        _simple("product", _column(_unweighted(np.prod)), statistics.product, _double),
        _simple("min", _column(_ordered(min)), statistics.least, _same),
        _simple("max", _column(_ordered(max)), statistics.greatest, _same),
        _simple("median", _column(_unweighted(np.median)), statistics.median, _double),
        _simple("mode", _column(_mode), statistics.mode, _same),
        _simple("count", _count, statistics.count, _counting),
        _simple("countDistinct", _distinct, None, _counting),
        _simple("countDistinctNonNull", _distinct, None, _counting),
        _simple("countEvery", lambda rows, weights: len(rows), None, _counting),  # noqa: ARG005
        _simple("frequencyHistogram", _frequencies, None, _double, weighted=True),
        _simple("first", _column(_ordered(lambda v: v[0])), statistics.first, _same),
        _simple("last", _column(_ordered(lambda v: v[-1])), statistics.last, _same),
        _simple("sampleStdDev", _column(_sampled(np.std)), None, _double),
        _simple("sampleVariance", _column(_sampled(np.var)), None, _double),
        _simple("stdDev", _column(_unweighted(np.std)), statistics.deviation, _double),
        _simple("variance", _column(_unweighted(np.var)), statistics.variance, _double),
        _simple(
            "allNonZero",
            _column(lambda values, _: int(all(values))),
            statistics.all_nonzero,
            _boolean,
        ),
        _simple(
            "anyNonZero",
            _column(lambda values, _: int(any(values))),
            statistics.any_nonzero,
            _boolean,
        ),
    )
}
