"""More statistics along the first axis of a masked stack: moments, ranks, circles, pairs.

As in `statistics`: values and validity, both `(n, …)`, become a value and a validity each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from .statistics import ascending, mean, valid_count

if TYPE_CHECKING:
    from collections.abc import Callable

    from .statistics import Result, Shown, Values

    Statistic = Callable[[Values, Shown], Result]
    Paired = Callable[[Values, Values, Shown], tuple[Result, ...]]


def _moment(values: Values, shown: Shown, power: int) -> Values:
    """A central moment."""
    centre, _ = mean(values, shown)
    distance = np.where(shown, values - centre, 0.0)
    found: Values = (distance**power).sum(axis=0) / np.maximum(valid_count(shown), 1)
    return found


def sample_variance(values: Values, shown: Shown) -> Result:
    """The variance with one degree of freedom less; nothing of a single value."""
    number = valid_count(shown)
    square = _moment(values, shown, 2) * number
    return square / np.maximum(number - 1, 1), number > 1


def sample_deviation(values: Values, shown: Shown) -> Result:
    """The root of the same."""
    square, enough = sample_variance(values, shown)
    return np.sqrt(square), enough


def skew(values: Values, shown: Shown) -> Result:
    """The third standardized moment, of the population [M]; nothing of values all alike."""
    square = _moment(values, shown, 2)
    spread = square > 0
    third = _moment(values, shown, 3)
    return np.divide(third, square**1.5, out=np.zeros_like(third), where=spread), spread


def kurtosis(values: Values, shown: Shown) -> Result:
    """The fourth standardized moment less 3, of the population [M]."""
    square = _moment(values, shown, 2)
    spread = square > 0
    fourth = _moment(values, shown, 4)
    return np.divide(fourth, square**2, out=np.zeros_like(fourth), where=spread) - 3, spread


def percentile(percent: float) -> Statistic:
    """The value below which so many percent lie; between two, in proportion [M]."""

    def run(values: Values, shown: Shown) -> Result:
        number = valid_count(shown)
        ordered = ascending(values, shown).astype(np.float64)
        place = np.maximum(number - 1, 0) * (percent / 100)
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, np.maximum(number - 1, 0))
        below, above = (np.take_along_axis(ordered, i[np.newaxis], 0)[0] for i in (low, high))
        below, above = (np.where(number > 0, part, 0.0) for part in (below, above))
        return below + (above - below) * (place - low), number > 0

    return run


def interval_mean(low: float, high: float) -> Statistic:
    """The mean of what lies between two percentiles, both included [I]."""
    lower, upper = percentile(low), percentile(high)

    def run(values: Values, shown: Shown) -> Result:
        bottom, top = lower(values, shown)[0], upper(values, shown)[0]
        slack = 1e-12 * np.maximum(np.abs(bottom), np.abs(top))
        return mean(values, shown & (values >= bottom - slack) & (values <= top + slack))

    return run


def distinct(values: Values, shown: Shown) -> Result:
    """How many different values; 0 is an answer."""
    number = valid_count(shown)
    ordered = ascending(values, shown)
    new = np.ones(ordered.shape, np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    rank = np.arange(len(ordered)).reshape(-1, *[1] * (ordered.ndim - 1))
    return (new & (rank < number)).sum(axis=0), np.ones(number.shape, np.bool_)


def runs(values: Values, shown: Shown) -> Result:
    """How many runs of equal values, masked ones left out."""
    count = np.zeros(values.shape[1:], np.int64)
    before = np.zeros(values.shape[1:], values.dtype)
    begun = np.zeros(values.shape[1:], np.bool_)
    for layer, ok in zip(values, shown, strict=True):
        count += ok & (~begun | (layer != before))
        before = np.where(ok, layer, before)
        begun |= ok
    return count, np.ones(count.shape, np.bool_)


def bits(function: Any) -> Statistic:
    """A bitwise operation of all."""

    def run(values: Values, shown: Shown) -> Result:
        whole = values.astype(np.int64)
        found = function.reduce(np.where(shown, whole, function.identity), axis=0)
        return found, shown.any(axis=0)

    return run


def _resultant(values: Values, shown: Shown) -> tuple[Values, Values, Values]:
    """The mean of the unit vectors of angles: east, north, length."""
    angles = values.astype(np.float64, copy=False)
    sine, _ = mean(np.sin(angles), shown)
    cosine, _ = mean(np.cos(angles), shown)
    return sine, cosine, np.hypot(sine, cosine).clip(0, 1)


def circular_mean(values: Values, shown: Shown) -> Result:
    """The direction of the sum of unit vectors, in radians, -π to π."""
    sine, cosine, _ = _resultant(values, shown)
    return np.arctan2(sine, cosine), shown.any(axis=0)


def circular_variance(values: Values, shown: Shown) -> Result:
    """One less the length of the mean unit vector [I]."""
    return 1 - _resultant(values, shown)[2], shown.any(axis=0)


def circular_deviation(values: Values, shown: Shown) -> Result:
    """The root of -2 times the logarithm of that length [I]."""
    return np.sqrt(-2 * np.log(_resultant(values, shown)[2])), shown.any(axis=0)


def of_pairs(
    which: int, function: Callable[[Values, Values, Shown], tuple[Result, ...]]
) -> Statistic:
    """One output of a function of two inputs, which lie one after the other in the stack."""

    def run(values: Values, shown: Shown) -> Result:
        both = shown[0::2] & shown[1::2]
        return function(values[0::2], values[1::2], both)[which]

    return run


def _products(x: Values, y: Values, shown: Shown) -> tuple[Values, ...]:
    """Means of both, and sums of squares and products around them."""
    centre_x, _ = mean(x, shown)
    centre_y, _ = mean(y, shown)
    u, v = np.where(shown, x - centre_x, 0.0), np.where(shown, y - centre_y, 0.0)
    return centre_x, centre_y, (u * u).sum(0), (v * v).sum(0), (u * v).sum(0)


def linear_fit(x: Values, y: Values, shown: Shown) -> tuple[Result, Result]:
    """Slope and offset of the least squares; nothing where all x are alike [I]."""
    centre_x, centre_y, square, _, product = _products(x, y, shown)
    known = square > 0
    slope = np.divide(product, square, out=np.zeros_like(product), where=known)
    return (slope, known), (centre_y - slope * centre_x, known)


def correlation(x: Values, y: Values, shown: Shown) -> tuple[Result, Result]:
    """Pearson's coefficient, and how likely one as far from 0 is by chance, two-sided."""
    _, _, square_x, square_y, product = _products(x, y, shown)
    known = (square_x > 0) & (square_y > 0)
    scale = np.sqrt(square_x * square_y)
    r = np.divide(product, scale, out=np.zeros_like(product), where=known).clip(-1, 1)
    freedom = valid_count(shown) - 2
    t = np.abs(r) * np.sqrt(np.maximum(freedom, 1) / np.maximum(1 - r * r, 1e-300))
    chance = 2 * special.stdtr(np.maximum(freedom, 1), -t)
    return (r, known), (chance, known & (freedom > 0))
