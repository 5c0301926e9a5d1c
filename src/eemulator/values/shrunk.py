"""Least squares of many pixels that do not trust every row, or every coefficient.

Rows of variables lie one after the other in a stack, as in `regression`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from .regression import coefficients_and_residuals, least_squares, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .statistics import Result, Shown, Values

    Floats = NDArray[np.float64]
    Statistic = Callable[[Values, Shown], Result]

# Talwar's tuning constant, in standard deviations: O'Leary, "Robust regression computation using
# iteratively reweighted least squares", SIAM J. Matrix Anal. Appl. 11 (1990), table 1.
_TALWAR = 2.795
# The median of absolute residuals of a standard normal distribution.
_MEDIAN_DEVIATION = 0.6744897501960817
_MOST_ROUNDS = 50


def robust_regression(
    independent: int, dependent: int, margin: float | None
) -> tuple[Statistic, Statistic]:
    """Least squares of what is no outlier: the coefficients, and the residuals' RMS.

    A row is an outlier if the root mean square of its residuals is over a margin [S]. Which ones
    are is decided again after each fit, from the fit of all rows on, until none changes. The
    default margin is Talwar's constant times the deviation that the median of the residuals stands
    for [I]. The residuals are those of the rows that count [I].

    Args:
        independent: variables, first in a row.
        dependent: variables.
        margin: of residuals; None for the default.
    """

    def fitted(values: Values, shown: Shown) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        rows, known = rows_of(values, shown, independent + dependent)
        place = values.shape[1:]
        x, y = rows[..., :independent], rows[..., independent:]
        used = known
        found = np.zeros((len(rows), independent, dependent))
        regular = np.zeros(len(rows), np.bool_)
        if rows.shape[1] >= independent:
            for _ in range(_MOST_ROUNDS):
                weights = used[..., np.newaxis]
                found, regular = least_squares(x * weights, y * weights)
                apart = np.sqrt(((y - x @ found) ** 2).mean(2))
                kept = known & (apart <= _margin(apart, known, margin))
                if bool((kept == used)[regular].all()):
                    break
                used = np.where(regular[:, np.newaxis], kept, used)
        number = np.maximum(used.sum(1), 1)[:, np.newaxis]
        rest = np.sqrt((((y - x @ found) * used[..., np.newaxis]) ** 2).sum(1) / number)
        return (
            found.reshape(*place, independent, dependent),
            rest.reshape(*place, dependent),
            regular.reshape(place),
        )

    return coefficients_and_residuals(fitted)


def _margin(apart: Floats, known: NDArray[np.bool_], margin: float | None) -> Any:
    if margin is not None:
        return margin
    ordered = np.sort(np.where(known, apart, np.inf), 1)
    number = known.sum(1)
    middle = np.stack([np.maximum(number - 1, 0) // 2, np.minimum(number // 2, len(known[0]) - 1)])
    pair = np.take_along_axis(ordered, middle.T, 1).mean(1)
    # Rounding: rows on one plane are no outliers of each other.
    least = 1e-9 * np.where(known, apart, 0.0).max(1)
    deviation = _TALWAR / _MEDIAN_DEVIATION * np.where(number > 0, pair, 0.0)
    return np.maximum(deviation, least)[:, np.newaxis] + 1e-12


def ridge_regression(
    independent: int, dependent: int, penalty: float
) -> tuple[Statistic, Statistic, Statistic]:
    """Coefficients kept small: themselves and, last, the intercepts; the residuals' RMS; p-values.

    The sum of squares to be least has the penalty times the squares of the coefficients added, of
    variables as they are; the intercept is free [I]. A p-value is that of Fisher's test of the
    whole regression [I].

    Args:
        independent: variables, first in a row.
        dependent: variables.
        penalty: called lambda.
    """

    def fitted(values: Values, shown: Shown) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
        rows, known = rows_of(values, shown, independent + dependent)
        place = values.shape[1:]
        number = known.sum(1)
        enough = number > independent
        count = np.maximum(number, 1)[:, np.newaxis]
        centre = rows.sum(1) / count
        around = np.where(known[..., np.newaxis], rows - centre[:, np.newaxis], 0.0)
        x, y = around[..., :independent], around[..., independent:]
        # Rows of the penalty's root keep the system square at least, and regular.
        extra = np.broadcast_to(
            np.sqrt(penalty) * np.eye(independent), (len(x), independent, independent)
        )
        nothing = np.zeros((len(x), independent, dependent))
        found, regular = least_squares(
            np.concatenate([x, extra], 1), np.concatenate([y, nothing], 1)
        )
        intercept = centre[:, independent:] - np.einsum(
            "pi,pid->pd", centre[:, :independent], found
        )
        squares = ((y - x @ found) ** 2).sum(1)
        freedom = np.maximum(number - independent - 1, 1)[:, np.newaxis]
        explained = np.maximum((y**2).sum(1) - squares, 0.0)
        ratio = np.divide(
            explained * freedom,
            squares * independent,
            out=np.full(squares.shape, np.inf),
            where=squares > 0,
        )
        chance = special.fdtrc(independent, freedom, ratio)
        table = np.concatenate([found, intercept[:, np.newaxis]], 1)
        return (
            table.reshape(*place, independent + 1, dependent),
            np.sqrt(squares / count).reshape(*place, dependent),
            chance.reshape(*place, dependent),
            (enough & regular).reshape(place),
        )

    def output(which: int) -> Statistic:
        def run(values: Values, shown: Shown) -> Result:
            found = fitted(values, shown)
            return found[which], found[3]

        return run

    return output(0), output(1), output(2)


def geometric_median(
    inputs: int, least: float
) -> Callable[[int], Callable[[Values, Shown], Result]]:
    """The point whose distances to all rows sum to the least, by Weiszfeld's method.

    Args:
        inputs: coordinates a row.
        least: it is found when a step makes the sum smaller by less than this.

    Returns:
        The statistic of one coordinate.
    """

    def found(values: Values, shown: Shown) -> tuple[Floats, NDArray[np.bool_]]:
        rows, known = rows_of(values, shown, inputs)
        count = np.maximum(known.sum(1), 1)[:, np.newaxis]
        point = rows.sum(1) / count
        total = np.full(len(rows), np.inf)
        for _ in range(_MOST_ROUNDS * 10):
            apart = np.sqrt(((rows - point[:, np.newaxis]) ** 2).sum(2))
            now = np.where(known, apart, 0.0).sum(1)
            if bool((total - now < least).all()):
                break
            # A row at the point itself would weigh infinitely much.
            weights = np.where(known, 1 / np.maximum(apart, 1e-12), 0.0)[..., np.newaxis]
            point = (rows * weights).sum(1) / np.maximum(weights.sum(1), 1e-300)
            total = now
        some: NDArray[np.bool_] = np.any(known, axis=1)
        return point, some

    def coordinate(which: int) -> Statistic:
        def run(values: Values, shown: Shown) -> Result:
            point, mask = found(values, shown)
            return point[:, which].reshape(values.shape[1:]), mask.reshape(values.shape[1:])

        return run

    return coordinate
