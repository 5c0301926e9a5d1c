"""Functions around the gamma function that SciPy has not, or has with other ends or digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# Lanczos' series for g = 607/128, by P. Godfrey: the values that the service prints are its sums.
_FIRST = 0.99999999999999709182
_TERMS = (
    57.156235665862923517,
    -59.597960355475491248,
    14.136097974741747174,
    -0.49191381609762019978,
    0.33994649984811888699e-4,
    0.46523628927048575665e-4,
    -0.98374475304879564677e-4,
    0.15808870322491248884e-3,
    -0.21026444172410488319e-3,
    0.21743961811521264320e-3,
    -0.16431810653676389022e-3,
    0.84418223983852743293e-4,
    -0.26190838401581408670e-4,
    0.36899182659531622704e-5,
)


def regularized_gamma(x: Any, a: Any) -> NDArray[Any]:
    """The regularized lower incomplete gamma function.

    Args:
        x: upper end of the integral; the result is NaN where it is negative.
        a: the parameter; the result is NaN where it is not above 0.
    """
    # SciPy has a limit at a = 0, which the service is not known to have [I].
    found: NDArray[Any] = np.where(np.asarray(a) > 0, special.gammainc(a, x), np.nan)
    return found


def lanczos(x: Any) -> NDArray[Any]:
    """Lanczos' sum, which times powers approximates the gamma function; infinite at -1.

    https://developers.google.com/earth-engine/apidocs/ee-number-lanczos has values of it.
    """
    values = np.asarray(x)
    total = np.zeros(values.shape, np.result_type(values.dtype, np.float32))
    # The small ones first.
    for place in range(len(_TERMS), 0, -1):
        total += _TERMS[place - 1] / (values + place)
    return total + _FIRST


# From here on the asymptotic series are used; below, the recurrence leads there.
_ASYMPTOTIC = 49.0
_NEAR_ZERO = 1e-5
# Farther below zero than this the recurrence takes too many steps.
_LOWEST = -1_000.0


def digamma(x: NDArray[Any]) -> NDArray[Any]:
    """The digamma function, as the service has it: about 3e-9 too small at ordinary arguments [S].

    It prints -0.577215667 of 1 and -1.963510028 of 0.5. That is the series with a `+` for a `-`,
    1/12 x^-2 + 1/120 x^-4 + …, as Apache Commons Math once had. -Infinity at 0, -1, … [S].
    """
    values = np.asarray(x, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        shifted, terms = _raised(values, lambda at: -1 / at)
        square = 1 / shifted**2
        series = np.log(shifted) - 0.5 / shifted
        series -= square * (1 / 12 + square * (1 / 120 - square / 252))
        found = sum(reversed(terms), series)
        near = (values > 0) & (values <= _NEAR_ZERO)
        found = np.where(near, -np.euler_gamma - 1 / values, found)
    return np.where(values < _LOWEST, special.digamma(values), found)


def trigamma(x: NDArray[Any]) -> NDArray[Any]:
    """The trigamma function; Infinity at 0, -1, … [S]."""
    values = np.asarray(x, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        shifted, terms = _raised(values, lambda at: 1 / (at * at))
        square = 1 / shifted**2
        series = 1 / shifted + square / 2
        series += square / shifted * (1 / 6 - square * (1 / 30 - square / 42))
        found = sum(reversed(terms), series)
    return np.where(values < _LOWEST, special.polygamma(1, values), found)


def _raised(
    values: NDArray[Any], term: Callable[[NDArray[Any]], NDArray[Any]]
) -> tuple[NDArray[Any], list[NDArray[Any]]]:
    """Arguments raised by whole steps to where the series hold, and a term of each step.

    The service adds them from the last to the first, which decides about the last digit.
    """
    at, terms = values.copy(), []
    while (low := (at < _ASYMPTOTIC) & (at >= _LOWEST)).any():
        terms.append(np.where(low, term(at), 0.0))
        at = np.where(low, at + 1, at)
    return at, terms
