"""Reducers: many inputs become a few outputs.

One reducer serves tables (rows of values), regions (pixels, with weights) and stacks (pixel by
pixel across images or bands).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from . import moments, ranks, statistics, weighted
from .array import Array
from .numbers import number, numbers
from .pixel_type import BOOLEAN, DOUBLE, INT64, PixelType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..pixels.composite import Statistic

    Row = Sequence[Any]
    Aggregate = Callable[[Sequence[Row], Sequence[float]], list[Any]]
    Rule = Callable[[PixelType, int], PixelType]

# More than an image may have bands.
_MOST_INPUTS = 5_000


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

    def require_stack(self, *, inputs: int = 1) -> None:
        """Refuse a reducer that has no pixel by pixel form, or not that many inputs."""
        if not self.statistics:
            raise ServiceError(f"The emulator cannot reduce images with Reducer.{self.name} yet.")
        if self.inputs not in (1, inputs):
            raise ServiceError(
                f"The reducer has {self.inputs} inputs, but the image has {inputs} bands."
            )


def _same(kind: PixelType, count: int) -> PixelType:  # noqa: ARG001
    return kind.without_range()


def double(kind: PixelType, count: int) -> PixelType:  # noqa: ARG001
    """Of outputs that are doubles, whatever the inputs are."""
    return DOUBLE


def arrays(dimensions: int) -> Rule:
    """Of outputs that are arrays of doubles."""

    def rule(kind: PixelType, count: int) -> PixelType:  # noqa: ARG001
        return DOUBLE.arrayed(dimensions)

    return rule


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


def _distinct_or_null(rows: Sequence[Row], weights: Sequence[float]) -> int:  # noqa: ARG001
    return len({repr(row[0]) for row in rows})


def _end(which: int) -> Callable[[Sequence[Row], Sequence[float]], Any]:
    """The first or the last input, whatever it is."""
    return lambda rows, weights: rows[which][0] if rows else None  # noqa: ARG005


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
    "firstNonNull": "first",
    "lastNonNull": "last",
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


def of_stack(
    name: str, inputs: int, outputs: dict[str, tuple[Statistic, Rule]], *, whole: bool = False
) -> Reducer:
    """A reducer that treats rows of a table as a stack of single pixels.

    Args:
        name: as after `Reducer.`.
        inputs: how many inputs one row has; a row with a null is left out.
        outputs: the statistic and the pixel type of each output.
        whole: whether the outputs are integers.
    """

    def aggregate(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:  # noqa: ARG001
        kept = [value for row in rows if None not in row[:inputs] for value in row[:inputs]]
        if not kept:
            return [0 if rule is _counting else None for _, rule in outputs.values()]
        column = numbers(kept)
        found = []
        with np.errstate(all="ignore"):
            for statistic, _ in outputs.values():
                value, known = statistic(column, np.ones(column.shape, np.bool_))
                if np.ndim(value):
                    plain: Any = Array.of(value)
                else:
                    plain = int(value) if whole else float(value)
                found.append(plain if known else None)
        return found

    return Reducer(
        name,
        inputs,
        tuple(outputs),
        aggregate,
        False,
        tuple(statistic for statistic, _ in outputs.values()),
        tuple(rule for _, rule in outputs.values()),
    )


def of_pairs(
    name: str,
    outputs: tuple[str, str],
    function: Callable[..., tuple[tuple[Any, Any], ...]],
) -> Reducer:
    """A reducer of x and y with two outputs that are numbers.

    Args:
        name: as after `Reducer.`.
        outputs: their names.
        function: of stacks of both, and of where both are valid.
    """
    return of_stack(
        name,
        2,
        {
            output: (moments.of_pairs(which, function), double)
            for which, output in enumerate(outputs)
        },
    )


def _long(kind: PixelType, count: int) -> PixelType:  # noqa: ARG001
    return kind if kind.is_int else INT64


MORE: dict[str, Reducer] = {
    reducer.name: reducer
    for reducer in (
        of_stack("skew", 1, {"skew": (moments.skew, double)}),
        of_stack("kurtosis", 1, {"kurtosis": (moments.kurtosis, double)}),
        of_stack("countRuns", 1, {"count": (moments.runs, _counting)}, whole=True),
        of_stack(
            "bitwiseAnd", 1, {"bitwiseAnd": (moments.bits(np.bitwise_and), _long)}, whole=True
        ),
        of_stack("bitwiseOr", 1, {"bitwiseOr": (moments.bits(np.bitwise_or), _long)}, whole=True),
        replace(
            of_stack("circularMean", 1, {"circularMean": (moments.circular_mean, double)}),
            aggregate=weighted.circular_mean,
            weighted=True,
        ),
        replace(
            of_stack(
                "circularVariance", 1, {"circularVariance": (moments.circular_variance, double)}
            ),
            aggregate=weighted.circular_variance,
            weighted=True,
        ),
        replace(
            of_stack("circularStddev", 1, {"circularStdDev": (moments.circular_deviation, double)}),
            aggregate=weighted.circular_deviation,
            weighted=True,
        ),
        replace(
            of_pairs("linearFit", ("scale", "offset"), moments.linear_fit),
            aggregate=weighted.linear_fit,
            weighted=True,
        ),
        of_pairs("pearsonsCorrelation", ("correlation", "p-value"), moments.correlation),
        # The outputs' names are remembered [M], here and for Kendall's.
        of_pairs("spearmansCorrelation", ("correlation", "p-value"), ranks.spearman),
        of_pairs("sensSlope", ("slope", "offset"), ranks.sens_slope),
    )
}
"""Reducers with one form for tables and for pixels."""


def percentiles(wanted: Sequence[float], names: Sequence[str] | None) -> Reducer:
    """Values below which so many percent lie.

    Raises:
        ServiceError: one is no percentage, or there are not as many names.
    """
    if not wanted or not all(0 <= each <= 100 for each in wanted):
        raise ServiceError("Percentiles must be between 0 and 100, and there must be one.")
    outputs = tuple(names or (f"p{number(float(each))}" for each in wanted))
    if len(outputs) != len(wanted) or len(set(outputs)) != len(outputs):
        raise ServiceError("There must be one output name for each percentile.")
    return of_stack(
        "percentile",
        1,
        {
            name: (moments.percentile(each), double)
            for name, each in zip(outputs, wanted, strict=True)
        },
    )


def interval_mean(low: float, high: float) -> Reducer:
    """The mean between two percentiles.

    Raises:
        ServiceError: they are none.
    """
    if not 0 <= low <= high <= 100:
        raise ServiceError("Percentiles must be between 0 and 100, the lower one first.")
    return of_stack("intervalMean", 1, {"mean": (moments.interval_mean(low, high), double)})


def check_inputs(name: str, inputs: int) -> None:
    """Refuse a number of inputs.

    Raises:
        ServiceError: there is none, or there are more than a table or an image has.
    """
    if not 1 <= inputs <= _MOST_INPUTS:
        raise ServiceError(f"Reducer.{name} has 1 to {_MOST_INPUTS} inputs, got {inputs}.")


def extreme(name: str, inputs: int) -> Reducer:
    """The least or the greatest first input, and the other inputs of its row.

    A row with a null or a masked input does not count [I]. The outputs are `max`, `max1`, and so
    on [M].

    Args:
        name: `min` or `max`.
        inputs: of a row.

    Raises:
        ServiceError: there is no input, or there are too many.
    """
    check_inputs(name, inputs)
    outputs: dict[str, tuple[Statistic, Rule]] = {
        f"{name}{which or ''}": (statistics.companion(which, inputs, greatest=name == "max"), _same)
        for which in range(inputs)
    }
    return of_stack(name, inputs, outputs)


SIMPLE: dict[str, Reducer] = {
    reducer.name: reducer
    for reducer in (
        _simple("mean", _column(_mean), statistics.mean, double, weighted=True),
        _simple("sum", _column(_sum), statistics.total, _summing, weighted=True),
        _simple("product", _column(_unweighted(np.prod)), statistics.product, double),
        _simple("min", _column(_ordered(min)), statistics.least, _same),
        _simple("max", _column(_ordered(max)), statistics.greatest, _same),
        _simple("median", _column(_unweighted(np.median)), statistics.median, double),
        _simple("mode", _column(_mode), statistics.mode, _same),
        _simple("count", _count, statistics.count, _counting),
        _simple("countDistinct", _distinct_or_null, moments.distinct, _counting),
        _simple("countDistinctNonNull", _distinct, moments.distinct, _counting),
        _simple("countEvery", lambda rows, weights: len(rows), None, _counting),  # noqa: ARG005
        _simple("frequencyHistogram", _frequencies, None, double, weighted=True),
        _simple("first", _end(0), statistics.first, _same),
        _simple("last", _end(-1), statistics.last, _same),
        _simple("firstNonNull", _column(_ordered(lambda v: v[0])), statistics.first, _same),
        _simple("lastNonNull", _column(_ordered(lambda v: v[-1])), statistics.last, _same),
        _simple("sampleStdDev", _column(_sampled(np.std)), moments.sample_deviation, double),
        _simple("sampleVariance", _column(_sampled(np.var)), moments.sample_variance, double),
        _simple("stdDev", _column(_unweighted(np.std)), statistics.deviation, double),
        _simple("variance", _column(_unweighted(np.var)), statistics.variance, double),
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
