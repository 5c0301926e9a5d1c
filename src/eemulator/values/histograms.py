"""Reducers that count in bins."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..limits import out_of_memory
from .array import Array
from .numbers import numbers
from .reducer import Reducer, arrays, of_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .reducer import Row
    from .statistics import Result, Shown, Values

_MOST_BINS = 1_000_000
_MOST_AT_PIXELS = 2**25


def fixed_histogram(low: float, high: float, steps: int, *, cumulative: bool) -> Reducer:
    """Lower edges and weights of bins of one width, as an array; what lies outside is left out.

    Of pixels, too, where each image counts once [S].

    Raises:
        ServiceError: the range is empty, or there is no bin.
    """
    if not (low < high and 1 <= steps <= _MOST_BINS):
        raise ServiceError(f"A histogram has 1 to {_MOST_BINS} bins over a range.")
    edges = np.linspace(low, high, steps + 1)

    def aggregate(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:
        pairs = [(row[0], w) for row, w in zip(rows, weights, strict=True) if row[0] is not None]
        values = numbers([value for value, _ in pairs])
        inside = (values >= low) & (values < high)
        heavy = np.asarray([weight for _, weight in pairs], np.float64)[inside]
        bins = np.searchsorted(edges, values[inside], "right") - 1
        counts = np.bincount(bins, heavy, steps)
        return [Array.of(np.column_stack([edges[:-1], counts.cumsum() if cumulative else counts]))]

    def at_pixels(values: Values, shown: Shown) -> Result:
        place = values.shape[1:]
        _check_size(math.prod(place) * steps)
        column = values.reshape(len(values), -1).astype(np.float64)
        ok = shown.reshape(column.shape) & (column >= low) & (column < high)
        bins = np.searchsorted(edges, column, "right") - 1
        cell = np.arange(column.shape[1]) * steps + bins
        counts = np.bincount(cell[ok], minlength=column.shape[1] * steps).reshape(-1, steps)
        counts = counts.cumsum(1) if cumulative else counts
        found = np.stack([np.broadcast_to(edges[:-1], counts.shape), counts], -1)
        return found.reshape(*place, steps, 2), np.ones(place, np.bool_)

    made = of_stack("fixedHistogram", 1, {"histogram": (at_pixels, arrays(2))})
    return replace(made, aggregate=aggregate, weighted=True)


def _check_size(numbers_: int) -> None:
    """Refuse histograms of pixels that would be too many numbers together."""
    if numbers_ > _MOST_AT_PIXELS:
        raise out_of_memory()


def fixed_2d_histogram(x: tuple[float, float, int], y: tuple[float, float, int]) -> Reducer:
    """Counts of pairs in cells of one size, `(x bins, y bins)`, and the lower edges of the bins.

    The layout of the counts and the outputs' names are inferred [I].

    Args:
        x: the range and the number of bins of the first input.
        y: those of the second.

    Raises:
        ServiceError: a range is empty, or there is no bin, or too many.
    """
    for low, high, steps in (x, y):
        if not (
            math.isfinite(high - low) and low < high and steps >= 1 and x[2] * y[2] <= _MOST_BINS
        ):
            raise ServiceError(f"A histogram has 1 to {_MOST_BINS} bins over a range.")
    edges = [np.linspace(low, high, steps + 1) for low, high, steps in (x, y)]

    def counts(values: Values, shown: Shown) -> Result:
        place = values.shape[1:]
        _check_size(math.prod(place) * x[2] * y[2])
        both = (shown[0::2] & shown[1::2]).reshape(len(values) // 2, -1)
        bins = []
        for input_, edge in enumerate(edges):
            column = values[input_::2].astype(np.float64).reshape(both.shape)
            both &= (column >= edge[0]) & (column < edge[-1])
            bins.append(np.searchsorted(edge, column, "right") - 1)
        pixels = both.shape[1]
        cell = (np.arange(pixels) * x[2] + bins[0]) * y[2] + bins[1]
        found = np.bincount(cell[both], minlength=pixels * x[2] * y[2]).astype(np.float64)
        return found.reshape(*place, x[2], y[2]), np.ones(place, np.bool_)

    def lower(which: int) -> Callable[[Values, Shown], Result]:
        def run(values: Values, shown: Shown) -> Result:  # noqa: ARG001
            place = values.shape[1:]
            edge = edges[which][:-1]
            return np.broadcast_to(edge, (*place, len(edge))), np.ones(place, np.bool_)

        return run

    return of_stack(
        "fixed2DHistogram",
        2,
        {
            "histogram": (counts, arrays(2)),
            "xAxis": (lower(0), arrays(1)),
            "yAxis": (lower(1), arrays(1)),
        },
    )


def histogram(
    most: int | None, width: float | None, *, as_array: bool, cumulative: bool = False
) -> Reducer:
    """Counts in bins as wide as a power of 2, the least one that needs not too many bins [S].

    The output is a dictionary of `bucketMin`, `bucketWidth`, `histogram` and `bucketMeans`, the
    mean of an empty bin being its middle [M]; or an array of the lower edges and the weights.

    Args:
        most: bins, rounded up to a power of 2; 256 by default [M].
        width: of a bin, at the least.
        as_array: which output.
        cumulative: whether the weights of an array are sums from the first bin on.

    Raises:
        ServiceError: there is no bin, or too many.
    """
    if most is not None and not 1 <= most <= _MOST_BINS:
        raise ServiceError(f"A histogram has 1 to {_MOST_BINS} bins.")
    if width is not None and not (math.isfinite(width) and width > 0):
        raise ServiceError(f"The width of a bin must be positive, got {width}.")
    bins = 2 ** math.ceil(math.log2(256 if most is None else most))

    def aggregate(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:
        pairs = [(row[0], w) for row, w in zip(rows, weights, strict=True) if row[0] is not None]
        values = numbers([value for value, _ in pairs])
        finite = np.isfinite(values)
        values, heavy = values[finite], np.asarray([weight for _, weight in pairs])[finite]
        if not values.size:
            return [None]
        step = _bin_width(float(values.min()), float(values.max()), bins, width)
        first = math.floor(values.min() / step)
        index = (np.floor(values / step) - first).astype(np.int64)
        counts = np.bincount(index, heavy)
        edges = (first + np.arange(len(counts))) * step
        if as_array:
            column = counts.cumsum() if cumulative else counts
            return [Array.of(np.column_stack([edges, column]))]
        total = np.bincount(index, heavy * values)
        means = np.where(counts > 0, total / np.where(counts > 0, counts, 1), edges + step / 2)
        return [
            {
                "bucketMeans": means.tolist(),
                "bucketMin": float(edges[0]),
                "bucketWidth": step,
                "histogram": counts.tolist(),
            }
        ]

    return Reducer("autoHistogram" if as_array else "histogram", 1, ("histogram",), aggregate, True)


def _bin_width(low: float, high: float, most: int, least: float | None) -> float:
    """The least width with which all bins suffice: a given one times a power of 2, or any power.

    A single value lies in a bin of 1 [M].
    """
    if least is not None:
        step = least
    elif low == high:
        step = 1.0
    else:
        # Rounding: neighbouring numbers must not share an edge.
        smallest = max(high / most - low / most, max(abs(low), abs(high)) * 2.0**-50, 2.0**-1000)
        step = 2.0 ** (math.floor(math.log2(smallest)) - 1)
    while math.floor(high / step) - math.floor(low / step) >= most:
        step *= 2
    return step
