"""Statistics along the first axis of a masked stack.

Each takes values and validity, both `(n, height, width)`, and returns a value and a validity for
each pixel. A pixel without a single valid value is masked, except where zero is an answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Values = NDArray[Any]
Shown = NDArray[np.bool_]
Result = tuple[Values, Any]


def valid_count(shown: Shown) -> Values:
    """How many are valid."""
    number: Values = shown.sum(axis=0)
    return number


def ascending(values: Values, shown: Shown) -> Values:
    """Valid values in order, the others after them."""
    found: Values = np.sort(np.where(shown, values, _top(values)), axis=0)
    return found


def total(values: Values, shown: Shown) -> Result:
    """The sum."""
    return np.where(shown, values, 0).sum(axis=0, dtype=_wide(values)), shown.any(axis=0)


def product(values: Values, shown: Shown) -> Result:
    """The product."""
    return np.where(shown, values, 1).prod(axis=0, dtype=np.float64), shown.any(axis=0)


def mean(values: Values, shown: Shown) -> Result:
    """The arithmetic mean."""
    number = shown.sum(axis=0)
    added = np.where(shown, values, 0).sum(axis=0, dtype=np.float64)
    return added / np.maximum(number, 1), number > 0


def variance(values: Values, shown: Shown) -> Result:
    """The mean square distance from the mean."""
    centre, any_ = mean(values, shown)
    distance = np.where(shown, values - centre, 0.0)
    return (distance**2).sum(axis=0) / np.maximum(shown.sum(axis=0), 1), any_


def deviation(values: Values, shown: Shown) -> Result:
    """The standard deviation (of the population)."""
    square, any_ = variance(values, shown)
    return np.sqrt(square), any_


def least(values: Values, shown: Shown) -> Result:
    """The minimum."""
    return np.where(shown, values, _top(values)).min(axis=0), shown.any(axis=0)


def greatest(values: Values, shown: Shown) -> Result:
    """The maximum."""
    return np.where(shown, values, _bottom(values)).max(axis=0), shown.any(axis=0)


def companion(which: int, inputs: int, *, greatest: bool) -> Callable[[Values, Shown], Result]:
    """An input of the first row whose first input is the greatest, or the least, of all.

    Args:
        which: input to give.
        inputs: of a row; they lie one after the other in the stack.
        greatest: rather than least.
    """

    def run(values: Values, shown: Shown) -> Result:
        rows = values.reshape(-1, inputs, *values.shape[1:])
        known = shown.reshape(rows.shape).all(axis=1)
        first = rows[:, 0]
        rank = np.where(known, first, _bottom(first) if greatest else _top(first))
        at = (rank.argmax(axis=0) if greatest else rank.argmin(axis=0))[np.newaxis]
        return np.take_along_axis(rows[:, which], at, 0)[0], known.any(axis=0)

    return run


def median(values: Values, shown: Shown) -> Result:
    """The middle value, or the mean of the middle two."""
    number = shown.sum(axis=0)
    ordered = ascending(values, shown).astype(np.float64)
    last = max(len(values) - 1, 0)
    low = np.clip((number - 1) // 2, 0, last)[np.newaxis]
    high = np.clip(number // 2, 0, last)[np.newaxis]
    pair = np.take_along_axis(ordered, low, 0) + np.take_along_axis(ordered, high, 0)
    return (pair / 2)[0], number > 0


def mode(values: Values, shown: Shown) -> Result:
    """The most frequent value, the least of them where several are."""
    ordered = ascending(values, shown)
    number = shown.sum(axis=0)
    best = ordered[0]
    most = np.zeros(best.shape, np.int64)
    run = np.zeros(best.shape, np.int64)
    for i, layer in enumerate(ordered):
        run = np.where((layer == ordered[i - 1]) & (i > 0), run + 1, 1)
        better = (run > most) & (i < number)
        best = np.where(better, layer, best)
        most = np.where(better, run, most)
    return best, number > 0


def count(values: Values, shown: Shown) -> Result:  # noqa: ARG001
    """How many are valid; 0 is an answer."""
    number = shown.sum(axis=0)
    return number, np.ones(number.shape, np.bool_)


def first(values: Values, shown: Shown) -> Result:
    """The first valid value."""
    at = shown.argmax(axis=0)[np.newaxis]
    return np.take_along_axis(values, at, 0)[0], shown.any(axis=0)


def last(values: Values, shown: Shown) -> Result:
    """The last valid value."""
    return first(values[::-1], shown[::-1])


def all_nonzero(values: Values, shown: Shown) -> Result:
    """1 where no valid value is 0."""
    return ((values != 0) | ~shown).all(axis=0), shown.any(axis=0)


def any_nonzero(values: Values, shown: Shown) -> Result:
    """1 where a valid value is not 0."""
    return ((values != 0) & shown).any(axis=0), shown.any(axis=0)


def _wide(values: Values) -> type[np.float64 | np.int64]:
    return np.float64 if values.dtype.kind == "f" else np.int64


def _top(values: Values) -> Any:
    kind = values.dtype
    return kind.type(np.inf) if kind.kind == "f" else np.iinfo(kind).max


def _bottom(values: Values) -> Any:
    kind = values.dtype
    return kind.type(-np.inf) if kind.kind == "f" else np.iinfo(kind).min
