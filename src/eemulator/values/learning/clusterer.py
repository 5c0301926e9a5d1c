"""Clusterers: how they find clusters, and which they have found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from ...errors import ServiceError
from .table import Rows, Table, blocks

Answer = Callable[[Rows], NDArray[np.int64]]
"""The cluster of each row; that of a row does not depend on the others."""

Learn = Callable[[Table], Answer]
"""Finds clusters."""

METRICS = {"Euclidean": "sqeuclidean", "Manhattan": "cityblock", "Chebyshev": "chebyshev"}
"""Distances by the service's names; the square finds the same that is nearest."""


@dataclass(frozen=True, eq=False)
class Clusterer:
    """A clusterer, perhaps trained.

    Attributes:
        name: as after `Clusterer.`.
        learn: how.
        names: of its inputs, in order; None as long as it is not trained.
        found: gives what it found; it looks when it is first wanted, and once.
    """

    name: str
    learn: Learn
    names: tuple[str, ...] | None = None
    found: Callable[[], Answer] | None = None

    def trained(self, names: tuple[str, ...], read: Callable[[], Table]) -> Clusterer:
        """The same with something to learn from, in place of anything before [M]."""
        return replace(self, names=names, found=cache(lambda: self.learn(read())))

    def ready(self) -> tuple[tuple[str, ...], Callable[[], Answer]]:
        """The names of its inputs, and what gives its answers.

        Raises:
            ServiceError: it is not trained.
        """
        if self.names is None or self.found is None:
            raise ServiceError("The clusterer must be trained before it can be used.")
        return self.names, self.found


@dataclass(frozen=True, eq=False, slots=True)
class Scale:
    """Properties from 0 to 1, as Weka measures distances: by the ranges of the training data.

    Attributes:
        low: the least of each property.
        span: its range, 1 where that is 0.
    """

    low: NDArray[np.float64]
    span: NDArray[np.float64]

    @staticmethod
    def of(rows: Rows) -> Scale:
        """That of some rows."""
        low = rows.min(axis=0)
        span = rows.max(axis=0) - low
        return Scale(low, np.where(span == 0, 1.0, span))

    def apply(self, rows: Rows) -> Rows:
        """Rows on it; those beyond the range lie outside of 0 to 1."""
        return (rows - self.low) / self.span


def distances(rows: Rows, centers: Rows, metric: str) -> NDArray[np.float64]:
    """From each row to each centre: `(rows, centers)`."""
    found: NDArray[np.float64] = cdist(rows, centers, METRICS[metric])
    return found


def nearest(rows: Rows, centers: Rows, metric: str) -> NDArray[np.int64]:
    """The nearest centre of each row, the first of several."""
    parts = [distances(some, centers, metric).argmin(axis=1) for some in blocks(rows, len(centers))]
    return np.concatenate(parts)


def by_centers(scale: Scale, centers: Rows, metric: str) -> Answer:
    """The nearest centre, on a scale."""
    return lambda rows: nearest(scale.apply(rows), centers, metric)


def check_metric(metric: str, *known: str) -> None:
    """Refuse a distance that a clusterer does not know."""
    if metric not in known:
        raise ServiceError(f"Unknown distanceFunction '{metric}'; there are {', '.join(known)}.")
