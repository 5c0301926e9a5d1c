"""Confusion matrices: what was, against what was predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class ConfusionMatrix:
    """Counts of pairs.

    Attributes:
        counts: `(actual, predicted)`.
        order: the class of each row and column.
    """

    counts: Numbers
    order: tuple[int, ...]

    def json(self) -> Any:
        """Nested lists, counts as integers where they are."""
        whole = bool((self.counts == np.trunc(self.counts)).all())
        return (self.counts.astype(np.int64) if whole else self.counts).tolist()

    @property
    def accuracy(self) -> float:
        """The share of what was predicted as it was."""
        return float(_share(np.trace(self.counts), self.counts.sum()))

    @property
    def producers(self) -> Numbers:
        """Of each actual class, the share that was predicted so."""
        return _share(np.diagonal(self.counts), self.counts.sum(axis=1))

    @property
    def consumers(self) -> Numbers:
        """Of each predicted class, the share that was so."""
        return _share(np.diagonal(self.counts), self.counts.sum(axis=0))

    @property
    def kappa(self) -> float:
        """Cohen's: how far the accuracy is beyond that of chance, 1 at best."""
        total = self.counts.sum()
        chance = float(_share(self.counts.sum(axis=0) @ self.counts.sum(axis=1), total * total))
        return float(_share(self.accuracy - chance, 1 - chance))

    def fscore(self, beta: float) -> Numbers:
        """Of each class, the harmonic mean of both shares, the producer's weighing `beta`²."""
        recall, precision = self.producers, self.consumers
        square = beta * beta
        return _share((1 + square) * precision * recall, square * precision + recall)


def _share(part: Any, whole: Any) -> Numbers:
    """A quotient; 0 of nothing [M]."""
    there = np.asarray(whole) != 0
    found: Numbers = np.where(there, part / np.where(there, whole, 1), 0.0)
    return found
