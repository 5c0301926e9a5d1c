"""Statistics of rows that do not all count alike: what tables have besides means and sums."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .numbers import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Row = Sequence[Any]


def _complete(
    rows: Sequence[Row], weights: Sequence[float], inputs: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows without a null, and their weights."""
    kept = [
        (row[:inputs], w)
        for row, w in zip(rows, weights, strict=True)
        if w > 0 and None not in row[:inputs]
    ]
    table = numbers([value for row, _ in kept for value in row]).reshape(-1, inputs)
    return table, np.array([w for _, w in kept], np.float64)


def linear_fit(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:
    """Slope and offset of the least weighted squares; nulls where all x are alike."""
    table, heavy = _complete(rows, weights, 2)
    if not len(table):
        return [None, None]
    centre = np.average(table, axis=0, weights=heavy)
    x, y = (table - centre).T
    square = float((heavy * x * x).sum())
    if square == 0:
        return [None, None]
    slope = float((heavy * x * y).sum()) / square
    return [slope, float(centre[1] - slope * centre[0])]


def _resultant(rows: Sequence[Row], weights: Sequence[float]) -> complex | None:
    """The mean of the unit vectors of angles."""
    table, heavy = _complete(rows, weights, 1)
    return complex(np.average(np.exp(1j * table[:, 0]), weights=heavy)) if len(table) else None


def circular_mean(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:
    """The direction of the sum of unit vectors, in radians, -π to π."""
    mean = _resultant(rows, weights)
    return [None if mean is None else math.atan2(mean.imag, mean.real)]


def circular_variance(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:
    """One less the length of the mean unit vector [I]."""
    mean = _resultant(rows, weights)
    return [None if mean is None else 1 - min(abs(mean), 1.0)]


def circular_deviation(rows: Sequence[Row], weights: Sequence[float]) -> list[Any]:
    """The root of -2 times the logarithm of that length [S]; null where it is 0."""
    mean = _resultant(rows, weights)
    return [None if not mean else math.sqrt(-2 * math.log(min(abs(mean), 1.0)))]
