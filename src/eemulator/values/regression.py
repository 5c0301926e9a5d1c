"""Least squares of many pixels at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .statistics import Result, Shown, Values

    Floats = NDArray[np.float64]
    Statistic = Callable[[Values, Shown], Result]
    Fitted = Callable[[Values, Shown], tuple[Floats, Floats, NDArray[np.bool_]]]


def least_squares(
    a: NDArray[np.float64], b: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """X of A X = B in the least squares, and where the columns of A are independent.

    Args:
        a: `(pixels, rows, columns)`, at least as many rows as columns.
        b: `(pixels, rows, targets)`.

    Returns:
        `(pixels, columns, targets)`, zeros where the solution is not unique; and `(pixels,)`.
    """
    q, r = np.linalg.qr(a)
    size = np.abs(np.diagonal(r, axis1=1, axis2=2))
    # Independent of the columns' units: each is held against its own length.
    lengths = np.sqrt((a**2).sum(1))
    tolerance = np.finfo(np.float64).eps * max(a.shape[1:]) * 8
    regular = (size > tolerance * lengths).all(1)
    found = np.zeros((len(a), a.shape[2], b.shape[2]))
    right = np.matmul(np.swapaxes(q[regular], 1, 2), b[regular])
    found[regular] = np.linalg.solve(r[regular], right)
    return found, regular


def rows_of(values: Values, shown: Shown, width: int) -> tuple[Floats, NDArray[np.bool_]]:
    """`(pixels, rows, variables)`, zeros where one is masked; `(pixels, rows)`: where none is."""
    table = values.reshape(-1, width, *values.shape[1:]).astype(np.float64)
    known = np.all(shown.reshape(table.shape), axis=1).reshape(len(table), -1)
    rows = np.moveaxis(table.reshape(len(table), width, -1), -1, 0)
    return np.where(known.T[..., np.newaxis], rows, 0.0), known.T


def coefficients_and_residuals(fitted: Fitted) -> tuple[Statistic, Statistic]:
    """The two statistics of a fit, each masked where it is not known."""

    def coefficients(values: Values, shown: Shown) -> Result:
        found, _, mask = fitted(values, shown)
        return found, mask

    def residuals(values: Values, shown: Shown) -> Result:
        _, rest, mask = fitted(values, shown)
        return rest, mask

    return coefficients, residuals


def linear_regression(independent: int, dependent: int) -> tuple[Statistic, Statistic]:
    """Statistics of a stack of rows of variables: the coefficients, and the residuals' RMS.

    Rows with a masked variable do not count. A pixel of too few rows, or of dependent variables,
    is masked.

    Returns:
        Of pixels `(…)`: arrays `(…, independent, dependent)`, and `(…, dependent)`.
    """

    def fitted(values: Values, shown: Shown) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        rows, known = rows_of(values, shown, independent + dependent)
        place = values.shape[1:]
        number = known.sum(1)
        x, y = rows[..., :independent], rows[..., independent:]
        if rows.shape[1] <= independent:
            found = np.zeros((len(rows), independent, dependent))
            regular = np.zeros(len(rows), np.bool_)
        else:
            found, regular = least_squares(x, y)
        squares = ((y - np.matmul(x, found)) ** 2).sum(1)
        rest = np.sqrt(squares / np.maximum(number, 1)[:, np.newaxis])
        mask = (regular & (number > independent)).reshape(place)
        return (
            found.reshape(*place, independent, dependent),
            rest.reshape(*place, dependent),
            mask,
        )

    return coefficients_and_residuals(fitted)
