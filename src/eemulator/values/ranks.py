"""Statistics of orders along the first axis of a masked stack: ranks, and pairs of rows.

As in `moments`: values and validity, both `(n, …)`, become a value and a validity each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from ..errors import ServiceError
from .moments import correlation
from .statistics import valid_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from .statistics import Result, Shown, Values

    Floats = NDArray[np.float64]
    Pairs = Callable[[Values, Values, Shown], tuple[Result, ...]]

# A table of so many rows has four million pairs; of pixels, so many numbers are held at once.
_MOST_ROWS = 3_000
_AT_ONCE = 4_000_000


def _columns(values: Values, shown: Shown) -> tuple[Floats, Shown]:
    """Pixels side by side: `(n, pixels)`."""
    flat = (len(values), -1)
    return values.astype(np.float64).reshape(flat), shown.reshape(flat)


def _paired(values: Values) -> None:
    if len(values) > _MOST_ROWS:
        raise ServiceError(
            f"The emulator compares the pairs of at most {_MOST_ROWS} rows, got {len(values)}."
        )


def _ranks(values: Floats, shown: Shown) -> Floats:
    """Ranks among what is valid, equal values sharing the mean of theirs; anything elsewhere."""
    order = np.argsort(np.where(shown, values, np.inf), 0, kind="stable")
    ascending = np.take_along_axis(np.where(shown, values, np.inf), order, 0)
    place = np.broadcast_to(np.arange(len(values))[:, np.newaxis], values.shape)
    new = np.ones(values.shape, np.bool_)
    new[1:] = ascending[1:] != ascending[:-1]
    first = np.maximum.accumulate(np.where(new, place, 0), 0)
    last = np.ones(values.shape, np.bool_)
    last[:-1] = new[1:]
    end = np.minimum.accumulate(np.where(last, place, len(values))[::-1], 0)[::-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, (first + end) / 2 + 1, 0)
    return ranks


def spearman(x: Values, y: Values, shown: Shown) -> tuple[Result, Result]:
    """Pearson's coefficient of the ranks, and how likely one as far from 0 is by chance."""
    place = x.shape[1:]
    left, ok = _columns(x, shown)
    right, _ = _columns(y, shown)
    coefficient, chance = correlation(_ranks(left, ok), _ranks(right, ok), ok)
    return (
        (coefficient[0].reshape(place), coefficient[1].reshape(place)),
        (chance[0].reshape(place), chance[1].reshape(place)),
    )


def kendall(x: Values, y: Values, shown: Shown) -> tuple[Result, Result]:
    """Tau-b, and how likely one as far from 0 is by chance, by the normal distribution [I].

    The variance of the concordance takes account of ties.

    Raises:
        ServiceError: too many rows.
    """
    _paired(x)
    place = x.shape[1:]
    left, ok = _columns(x, shown)
    right, _ = _columns(y, shown)
    tau, chance = np.zeros(left.shape[1]), np.zeros(left.shape[1])
    known, sure = np.zeros(left.shape[1], np.bool_), np.zeros(left.shape[1], np.bool_)
    for part in _parts(left.shape[1], len(left)):
        tau[part], known[part], chance[part], sure[part] = _concordance(
            left[:, part], right[:, part], ok[:, part]
        )
    return (
        (tau.reshape(place), known.reshape(place)),
        (chance.reshape(place), sure.reshape(place)),
    )


def _concordance(x: Floats, y: Floats, shown: Shown) -> tuple[Floats, Any, Floats, Any]:
    """Tau-b and where it is known; the chance and where that is."""
    number = valid_count(shown).astype(np.float64)
    pixels = x.shape[1]
    balance, different_x, different_y = np.zeros(pixels), np.zeros(pixels), np.zeros(pixels)
    for i in range(1, len(x)):
        pair = shown[:i] & shown[i]
        over, up = np.sign(x[i] - x[:i]) * pair, np.sign(y[i] - y[:i]) * pair
        balance += (over * up).sum(0)
        different_x += np.abs(over).sum(0)
        different_y += np.abs(up).sum(0)
    known = (different_x > 0) & (different_y > 0)
    scale = np.sqrt(different_x * different_y)
    tau = np.divide(balance, scale, out=np.zeros(pixels), where=known).clip(-1, 1)
    (once_x, twice_x, spread_x), (once_y, twice_y, spread_y) = _ties(x, shown), _ties(y, shown)
    pairs = number * (number - 1)
    variance = (pairs * (2 * number + 5) - spread_x - spread_y) / 18
    variance += once_x * once_y / (2 * np.maximum(pairs, 1))
    variance += twice_x * twice_y / (9 * np.maximum(pairs * (number - 2), 1))
    sure = known & (variance > 0)
    z = np.divide(balance, np.sqrt(np.maximum(variance, 0)), out=np.zeros(pixels), where=sure)
    return tau, known, 2 * special.ndtr(-np.abs(z)), sure


def _ties(values: Floats, shown: Shown) -> tuple[Floats, Floats, Floats]:
    """Over the groups of t equal values: the sums of t(t-1), of t(t-1)(t-2), of t(t-1)(2t+5)."""
    sums = np.zeros((3, values.shape[1]))
    for value, ok in zip(values, shown, strict=True):
        # Each of a group's t members adds a t-th of what the group adds.
        others = np.where(ok, ((values == value) & shown).sum(0) - 1.0, 0.0)
        sums += others, others * (others - 1), others * (2 * others + 7)
    return sums[0], sums[1], sums[2]


def sens_slope(x: Values, y: Values, shown: Shown) -> tuple[Result, Result]:
    """The median of the slopes between all pairs, and the offset to match.

    The offset is the median of y less the slope times the median of x [I].

    Raises:
        ServiceError: too many rows.
    """
    _paired(x)
    place = x.shape[1:]
    left, ok = _columns(x, shown)
    right, _ = _columns(y, shown)
    one, other = np.triu_indices(len(left), 1)
    slope, offset = np.zeros(left.shape[1]), np.zeros(left.shape[1])
    known = np.zeros(left.shape[1], np.bool_)
    for part in _parts(left.shape[1], max(len(one), 1)):
        run = left[other, part] - left[one, part]
        rise = right[other, part] - right[one, part]
        counted = ok[one, part] & ok[other, part] & (run != 0)
        slopes = np.divide(rise, run, out=np.zeros_like(rise), where=counted)
        slope[part], known[part] = _median(slopes, counted)
        middle_x, _ = _median(left[:, part], ok[:, part])
        middle_y, _ = _median(right[:, part], ok[:, part])
        offset[part] = middle_y - slope[part] * middle_x
    found = known.reshape(place)
    return (slope.reshape(place), found), (offset.reshape(place), found)


def _parts(pixels: int, rows: int) -> Iterator[slice]:
    step = max(_AT_ONCE // rows, 1)
    return (slice(start, start + step) for start in range(0, pixels, step))


def _median(values: Floats, shown: Shown) -> tuple[Floats, Any]:
    number = shown.sum(0)
    if not len(values):
        return np.zeros(number.shape), number > 0
    ordered = np.sort(np.where(shown, values, np.inf), 0)
    low = np.maximum(number - 1, 0) // 2
    high = np.minimum(number // 2, len(values) - 1)
    pair = np.take_along_axis(ordered, np.stack([low, high]), 0)
    middle: Floats = np.where(number > 0, pair.mean(0), 0.0)
    return middle, number > 0


def of_positions(which: int, function: Pairs) -> Callable[[Values, Shown], Result]:
    """One output of a function of two inputs, the first of them being the row's number."""

    def run(values: Values, shown: Shown) -> Result:
        rows = np.arange(len(values), dtype=np.float64).reshape(-1, *[1] * (values.ndim - 1))
        return function(np.broadcast_to(rows, values.shape), values, shown)[which]

    return run
