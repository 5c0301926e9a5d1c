"""Functions around the gamma function that SciPy has not, or has with other ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

if TYPE_CHECKING:
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
