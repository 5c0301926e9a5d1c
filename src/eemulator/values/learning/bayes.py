"""Naive Bayes of counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import ServiceError
from .classifier import Model, by_probability

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .classifier import Learn
    from .table import Rows, Table


def naive_bayes(smoothing: float) -> Learn:
    """The multinomial model: how often each property occurs in a class, and how often the class.

    Properties are taken for positive integers: negative ones count for nothing [S], fractions are
    cut [I].

    Raises:
        ServiceError: the smoothing is not positive.
    """
    if not 0 < smoothing <= 1e30:
        raise ServiceError(f"lambda must be positive, got {smoothing}.")

    def learn(table: Table, regression: bool) -> Model:  # noqa: ARG001
        classes, numbers = table.classes()
        counts = _counts(table.rows)
        totals = np.stack([counts[numbers == i].sum(axis=0) for i in range(len(classes))])
        totals += smoothing
        likely = np.log(totals / totals.sum(axis=1, keepdims=True))
        before = np.log(np.bincount(numbers) / len(numbers))

        def probabilities(rows: Rows) -> NDArray[np.float64]:
            found = _counts(rows)
            # Not a matrix product: its rounding depends on how many rows there are.
            evidence = [
                prior + (found * each).sum(axis=1)
                for prior, each in zip(before, likely, strict=True)
            ]
            scores = np.stack(evidence, axis=1)
            weights = np.exp(scores - scores.max(axis=1, keepdims=True))
            shares: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
            return shares

        return Model(by_probability(classes, probabilities), lambda: {"classes": classes.tolist()})

    return learn


def _counts(rows: Rows) -> Rows:
    return np.trunc(rows).clip(0, 1e30)
