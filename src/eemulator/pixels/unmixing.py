"""Fractions of known spectra in mixed ones: least squares, with constraints."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_NON_NEGATIVE = 10
"""Endmembers of which every choice is tried: 1023 of ten."""

# What rounding may leave below zero.
_ZERO = 1e-9


def unmixing(
    spectra: Floats, *, sum_to_one: bool, non_negative: bool
) -> Callable[[Floats], Floats]:
    """From pixels `(bands, …)` to the fractions `(endmembers, …)` that lie closest.

    Without a constraint by the pseudo-inverse. Fractions that sum to one solve the same with a
    Lagrange multiplier. Those that are not negative either are the best of the solutions of all
    choices of endmembers that have none below zero: the optimum is among them, as it solves the
    problem of the endmembers that it takes.

    Args:
        spectra: `(endmembers, bands)`.
        sum_to_one: whether fractions sum to one.
        non_negative: whether they must not be below zero; at most `MOST_NON_NEGATIVE` then.
    """
    count = len(spectra)
    if not non_negative:
        factors, offset = _solution(spectra, sum_to_one=sum_to_one)
        return lambda pixels: _fractions(factors, offset, pixels)
    choices = []
    for size in range(count, 0, -1):
        for chosen in combinations(range(count), size):
            factors, offset = _solution(spectra[list(chosen)], sum_to_one=sum_to_one)
            choices.append((list(chosen), factors, offset))

    def run(pixels: Floats) -> Floats:
        best = np.zeros((count, *pixels.shape[1:]))
        # Nothing of anything is a choice, too, but for fractions that sum to one.
        least = (pixels**2).sum(axis=0) if not sum_to_one else np.full(pixels.shape[1:], np.inf)
        for chosen, factors, offset in choices:
            found = _fractions(factors, offset, pixels)
            rest = pixels - np.tensordot(spectra[chosen].T, found, axes=1)
            error = (rest**2).sum(axis=0)
            better = (found >= -_ZERO).all(axis=0) & (error < least)
            least[better] = error[better]
            best[:, better] = 0
            for place, values in zip(chosen, found, strict=True):
                best[place][better] = values[better]
        return best.clip(0)

    return run


def _solution(spectra: Floats, *, sum_to_one: bool) -> tuple[Floats, Floats]:
    """Factors `(endmembers, bands)` of the pixel's values, and what is added to their sums."""
    inverse: Floats
    if not sum_to_one:
        inverse = np.linalg.pinv(spectra.T).astype(np.float64)
        return inverse, np.zeros(len(spectra))
    count = len(spectra)
    system = np.ones((count + 1, count + 1))
    system[:count, :count] = spectra @ spectra.T
    system[count, count] = 0
    inverse = np.linalg.pinv(system)[:count].astype(np.float64)
    return inverse[:, :count] @ spectra, inverse[:, count]


def _fractions(factors: Floats, offset: Floats, pixels: Floats) -> Floats:
    found: Floats = np.tensordot(factors, pixels, axes=1)
    return found + offset.reshape(-1, *(1,) * (pixels.ndim - 1))
