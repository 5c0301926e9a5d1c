"""Probabilities from decisions between pairs of classes, as libsvm has them.

A sigmoid turns a decision into the probability of the first class of a pair (Platt 1999; Lin, Lin
and Weng 2007); those of all pairs are coupled (Wu, Lin and Weng 2004, their second approach).
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Probabilities of a pair, as libsvm cuts them.
_LEAST = 1e-7


def sigmoid(decisions: Floats, first: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset: `expit(slope * decision + offset)` is how likely the first class is.

    Args:
        decisions: `(rows,)`: of rows that took no part in the training.
        first: `(rows,)`: whether they are of the first class.
    """
    count = int(first.sum())
    # Not 1 and 0: a row more of each class, of which nothing is known.
    targets = np.where(first, (count + 1) / (count + 2), 1 / (len(first) - count + 2))
    scale = float(np.abs(decisions).max()) or 1.0
    scaled = decisions / scale

    def loss(pair: Floats) -> tuple[float, Floats]:
        z = pair[0] * scaled + pair[1]
        value = (targets * np.logaddexp(0, -z) + (1 - targets) * np.logaddexp(0, z)).sum()
        slope = expit(z) - targets
        return float(value), np.array([(slope * scaled).sum(), slope.sum()])

    start = np.array([0.0, np.log((count + 1) / (len(first) - count + 1))])
    slope, offset = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return float(slope / scale), float(offset)


def coupled(decisions: Floats, sigmoids: list[tuple[float, float]], count: int) -> Floats:
    """Probabilities of classes: `(rows, classes)`.

    Args:
        decisions: `(rows, pairs)`: positive for the first of a pair; (0, 1), (0, 2), …, (1, 2), …
        sigmoids: of each pair.
        count: of classes.
    """
    pairwise = np.zeros((len(decisions), count, count))
    for column, (one, other) in enumerate(combinations(range(count), 2)):
        slope, offset = sigmoids[column]
        likely = expit(slope * decisions[:, column] + offset).clip(_LEAST, 1 - _LEAST)
        pairwise[:, one, other], pairwise[:, other, one] = likely, 1 - likely
    if count == 2:
        return np.stack([pairwise[:, 0, 1], pairwise[:, 1, 0]], axis=1)
    # The least sum of (r_ji p_i - r_ij p_j)² where the p have the sum 1.
    system = np.ones((len(decisions), count + 1, count + 1))
    system[:, count, count] = 0
    system[:, :count, :count] = -pairwise * pairwise.transpose(0, 2, 1)
    diagonal = np.arange(count)
    system[:, diagonal, diagonal] = (pairwise**2).sum(axis=1)
    wanted = np.zeros((len(decisions), count + 1, 1))
    wanted[:, count] = 1
    found: Floats = np.linalg.solve(system, wanted)[:, :count, 0].clip(0)
    shares: Floats = found / found.sum(axis=1, keepdims=True)
    return shares
