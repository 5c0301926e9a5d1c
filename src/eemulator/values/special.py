"""Special functions that SciPy has not, or has under other names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

# P. Godfrey's coefficients of the Lanczos series for g = 607/128:
# https://www.numericana.com/answer/info/godfrey.htm
_LANCZOS = (
    0.99999999999999709182,
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


def lanczos(x: NDArray[Any]) -> NDArray[Any]:
    """The Lanczos series, whose product with an elementary function is the gamma function.

    Infinite at -1, -2, … [S].
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = [c / (x + i) for i, c in enumerate(_LANCZOS[1:], 1)]
    return np.asarray(sum(reversed(terms)) + _LANCZOS[0])


def lower_gamma(x: NDArray[Any], a: NDArray[Any]) -> NDArray[Any]:
    """The regularised lower incomplete gamma function P(a, x); NaN where either is negative."""
    return np.asarray(special.gammainc(a, x))
