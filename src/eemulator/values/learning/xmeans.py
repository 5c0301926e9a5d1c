"""X-means: clusters that are split as long as the Bayesian information criterion gains by it.

D. Pelleg and A. Moore (2000): X-means: extending k-means with efficient estimation of the number
of clusters.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ...errors import ServiceError
from .clusterer import Scale, by_centers, check_metric
from .kmeans import check_count, check_steps, first_centers, lloyd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .clusterer import Answer, Learn
    from .table import Rows, Table


def x_means(
    least: int,
    greatest: int,
    rounds: int,
    most: int,
    most_for_children: int,
    share: float,
    metric: str,
    seed: int,
) -> Learn:
    """At least and at most so many clusters.

    Args:
        least: to begin with.
        greatest: number of clusters.
        rounds: of splitting.
        most: steps of k-means.
        most_for_children: steps of k-means between the halves of a cluster.
        share: of the clusters that is split if none gains by it, those first that lose least.
        metric: Chebyshev, Euclidean or Manhattan.
        seed: of what is left to chance.

    Raises:
        ServiceError: an argument is out of its range.
    """
    check_metric(metric, "Euclidean", "Manhattan", "Chebyshev")
    check_count("minClusters", least)
    check_count("maxClusters", greatest, least)
    limits = [
        check_steps(name, value, value)
        for name, value in (
            ("maxIterations", rounds),
            ("maxKMeans", most),
            ("maxForChildren", most_for_children),
        )
    ]
    if not 0 <= share <= 1:
        raise ServiceError(f"cutoffFactor must be within [0, 1], got {share}.")

    def learn(table: Table) -> Answer:
        scale = Scale.of(table.rows)
        points = scale.apply(table.rows)
        generator = np.random.default_rng(seed % 2**63)
        begun = first_centers(points, least, 0, metric, generator)
        centers, labels = lloyd(points, begun, metric, limits[1], table.deadline)
        for _ in range(limits[0]):
            tried = [
                _halves(points[labels == number], metric, limits[2], generator, table)
                for number in range(len(centers))
            ]
            chosen = _chosen([gain for gain, _ in tried], share, greatest - len(centers))
            if not chosen:
                break
            split = [
                tried[number][1] if number in chosen else centers[number : number + 1]
                for number in range(len(centers))
            ]
            begun = np.concatenate(split)
            centers, labels = lloyd(points, begun, metric, limits[1], table.deadline)
        return by_centers(scale, centers, metric)

    return learn


def _chosen(gains: list[float], share: float, room: int) -> set[int]:
    """Clusters to split: those that gain most, or some if none does."""
    order = sorted(range(len(gains)), key=lambda number: -gains[number])
    winners = [number for number in order if gains[number] > 0]
    if not winners:
        possible = [number for number in order if gains[number] > -math.inf]
        winners = possible[: int(share * len(gains))]
    return set(winners[:room])


def _halves(
    points: Rows, metric: str, most: int, generator: np.random.Generator, table: Table
) -> tuple[float, Rows]:
    """What splitting a cluster gains (-inf: it cannot be split), and the halves' centres."""
    begun = first_centers(points, 2, 3, metric, generator)
    halves, labels = lloyd(points, begun, metric, most, table.deadline)
    if len(halves) < 2:
        return -math.inf, halves
    whole = points.mean(axis=0, keepdims=True)
    alone = _information(points, whole, np.zeros(len(points), np.int64))
    return _information(points, halves, labels) - alone, halves


def _information(points: Rows, centers: Rows, labels: NDArray[np.int64]) -> float:
    """The criterion: the likelihood of equal, round clusters, less the price of their number."""
    size, width = points.shape
    clusters = len(centers)
    if size <= clusters:
        return -math.inf
    variance = float(((points - centers[labels]) ** 2).sum()) / (size - clusters)
    # Points that coincide would be infinitely likely.
    variance = max(variance, 1e-12)
    counts = np.bincount(labels, minlength=clusters)
    likelihood = float((counts * np.log(counts / size)).sum())
    likelihood -= size / 2 * math.log(2 * math.pi)
    likelihood -= size * width / 2 * math.log(variance) + (size - clusters) / 2
    price = clusters * (width + 1) / 2 * math.log(size)
    information: float = likelihood - price
    return information
