"""K-means, and how many clusters are best by the criterion of Calinski and Harabasz."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import ServiceError, unimplemented
from .clusterer import Scale, by_centers, check_metric, distances, nearest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ...limits import Deadline
    from .clusterer import Answer, Learn
    from .table import Rows, Table

MOST_CLUSTERS = 10_000
"""Not a limit of the service."""

MOST_STEPS = 500
"""Weka's default [M]."""

_MOST_RESTARTS = 1_000
# `init` of `Clusterer.wekaKMeans` [S].
_RANDOM, _PLUS_PLUS, _CANOPY, _FARTHEST = range(4)


def lloyd(
    points: Rows, centers: Rows, metric: str, most: int, deadline: Deadline
) -> tuple[Rows, NDArray[np.int64]]:
    """Centres that are the means of what is nearest to them, and which each point is nearest to.

    With Manhattan distances they are medians [S]. Centres without a point are given up, as Weka
    does.

    Args:
        points: on one scale.
        centers: to begin with.
        metric: one of `METRICS`.
        most: steps, if it does not come to rest before.
        deadline: when to give up.
    """
    middle = np.median if metric == "Manhattan" else np.mean
    labels = nearest(points, centers, metric)
    for _ in range(most):
        deadline.check()
        kept, starts = np.unique(np.sort(labels), return_index=True)
        members = np.split(points[np.argsort(labels, kind="stable")], starts[1:])
        centers = np.stack([middle(some, axis=0) for some in members])
        before = np.searchsorted(kept, labels)
        labels = nearest(points, centers, metric)
        if (labels == before).all():
            break
    return centers, labels


def _random(points: Rows, count: int, generator: np.random.Generator) -> Rows:
    """Different points, by chance."""
    different = points[np.sort(np.unique(points, axis=0, return_index=True)[1])]
    chosen = generator.choice(len(different), min(count, len(different)), replace=False)
    found: Rows = different[chosen]
    return found


def _spread(
    points: Rows, count: int, generator: np.random.Generator, *, farthest: bool, metric: str
) -> Rows:
    """A point by chance; each of the others far from those before.

    The farthest, or with a probability by its distance, of Euclid the square, as in k-means++.
    """
    centers = [points[generator.integers(len(points))]]
    away = np.full(len(points), np.inf)
    while len(centers) < count:
        away = np.minimum(away, distances(points, np.stack(centers[-1:]), metric)[:, 0])
        total = away.sum()
        if total == 0:
            break
        chosen = int(away.argmax()) if farthest else generator.choice(len(points), p=away / total)
        centers.append(points[chosen])
    return np.stack(centers)


def first_centers(
    points: Rows, count: int, init: int, metric: str, generator: np.random.Generator
) -> Rows:
    """Centres to begin with; fewer where there are not as many different points."""
    if init == _RANDOM:
        return _random(points, count, generator)
    return _spread(points, count, generator, farthest=init == _FARTHEST, metric=metric)


def k_means(count: int, init: int, metric: str, most: int | None, seed: int) -> Learn:
    """So many clusters, numbered from 0 in the order of their first centres.

    Args:
        count: of clusters.
        init: how the first centres are found: 0 by chance, 1 as k-means++ does, 3 far apart.
        metric: Euclidean or Manhattan.
        most: steps; 500 by default.
        seed: of what is left to chance.

    Raises:
        ServiceError: an argument is out of its range, or canopies are asked for.
    """
    check_metric(metric, "Euclidean", "Manhattan")
    check_count("nClusters", count)
    steps = check_steps("maxIterations", most, MOST_STEPS)
    if init == _CANOPY:
        raise unimplemented("The initialization with canopies")
    if init not in (_RANDOM, _PLUS_PLUS, _FARTHEST):
        raise ServiceError(f"init must be 0 to 3, got {init}.")

    def learn(table: Table) -> Answer:
        scale = Scale.of(table.rows)
        points = scale.apply(table.rows)
        generator = np.random.default_rng(seed % 2**63)
        begun = first_centers(points, count, init, metric, generator)
        centers, _ = lloyd(points, begun, metric, steps, table.deadline)
        return by_centers(scale, centers, metric)

    return learn


def cascade_k_means(
    least: int, greatest: int, restarts: int, plus_plus: bool, metric: str, most: int | None
) -> Learn:
    """As many clusters as the criterion of Calinski and Harabasz finds best.

    Of each number of clusters the restart with the least sum of squares counts. The service takes
    no seed here.

    Args:
        least: clusters.
        greatest: number of clusters.
        restarts: for each number.
        plus_plus: whether the first centres are found as k-means++ does, not by chance.
        metric: Euclidean or Manhattan.
        most: steps; 500 by default.

    Raises:
        ServiceError: an argument is out of its range.
    """
    check_metric(metric, "Euclidean", "Manhattan")
    check_count("minClusters", least, 2)
    check_count("maxClusters", greatest, least)
    steps = check_steps("maxIterations", most, MOST_STEPS)
    if not 1 <= restarts <= _MOST_RESTARTS:
        raise ServiceError(f"restarts must be 1 to {_MOST_RESTARTS}, got {restarts}.")

    def learn(table: Table) -> Answer:
        scale = Scale.of(table.rows)
        points = scale.apply(table.rows)
        generator = np.random.default_rng(0)
        different = len(np.unique(points, axis=0))
        best, centers = -np.inf, points.mean(axis=0, keepdims=True)
        for count in range(least, min(greatest, different) + 1):
            found = []
            for _ in range(restarts):
                begun = first_centers(points, count, int(plus_plus), metric, generator)
                tried, labels = lloyd(points, begun, metric, steps, table.deadline)
                within = float(((points - tried[labels]) ** 2).sum())
                found.append((within, tried, labels))
            within, tried, labels = min(found, key=lambda each: each[0])
            criterion = _calinski_harabasz(points, tried, labels, within)
            if criterion > best:
                best, centers = criterion, tried
        return by_centers(scale, centers, metric)

    return learn


def _calinski_harabasz(
    points: Rows, centers: Rows, labels: NDArray[np.int64], within: float
) -> float:
    """How much more clusters differ than the points in them, each by its degrees of freedom."""
    count, clusters = len(points), len(centers)
    if clusters < 2 or count <= clusters:
        return -np.inf if clusters < 2 else 0.0
    away = ((centers - points.mean(axis=0)) ** 2).sum(axis=1)
    between = float((away * np.bincount(labels, minlength=clusters)).sum())
    if within == 0:
        return np.inf
    return between / (clusters - 1) / (within / (count - clusters))


def check_count(name: str, count: int, least: int = 1) -> None:
    """Refuse a number of clusters."""
    if not least <= count <= MOST_CLUSTERS:
        raise ServiceError(f"{name} must be {least} to {MOST_CLUSTERS}, got {count}.")


def check_steps(name: str, most: int | None, default: int) -> int:
    """A number of steps, or the default.

    Raises:
        ServiceError: it is not positive.
    """
    if most is None:
        return default
    if most < 1:
        raise ServiceError(f"{name} must be at least 1, got {most}.")
    return min(most, 1_000_000)
