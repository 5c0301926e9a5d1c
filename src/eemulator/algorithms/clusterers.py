"""Clusterers: made, trained, described."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import unimplemented
from ..expression.registry import algorithm
from ..values.learning.clusterer import Clusterer
from ..values.learning.kmeans import cascade_k_means, k_means
from ..values.learning.xmeans import x_means
from .classifiers import training

if TYPE_CHECKING:
    from ..expression.evaluate import Session
    from ..values.collection import Collection

# What only canopies need, and what changes only how fast the result is found.
_OF_CANOPIES = ("maxCandidates", "periodicPruning", "minDensity", "t1", "t2")


@algorithm("Clusterer.wekaKMeans", ignores=[*_OF_CANOPIES, "preserveOrder", "fast"])
def weka_k_means(
    count: int, init: int, canopies: bool, metric: str, most: int | None, seed: int
) -> Clusterer:
    """K-means.

    Raises:
        ServiceError: an argument is out of its range, or canopies are asked for.
    """
    if canopies:
        raise unimplemented("K-means by canopies")
    return Clusterer("wekaKMeans", k_means(count, init, metric, most, seed))


@algorithm("Clusterer.wekaCascadeKMeans")
def weka_cascade_k_means(
    least: int,
    greatest: int,
    restarts: int,
    manual: bool,
    plus_plus: bool,
    metric: str,
    most: int | None,
) -> Clusterer:
    """K-means of the best number of clusters.

    Raises:
        ServiceError: an argument is out of its range, or a person should choose the number.
    """
    if manual:
        raise unimplemented("A number of clusters that is chosen by hand")
    learn = cascade_k_means(least, greatest, restarts, plus_plus, metric, most)
    return Clusterer("wekaCascadeKMeans", learn)


@algorithm("Clusterer.wekaXMeans", ignores=["useKD"])
def weka_x_means(
    least: int,
    greatest: int,
    rounds: int,
    most: int,
    most_for_children: int,
    share: float,
    metric: str,
    seed: int,
) -> Clusterer:
    """K-means whose clusters are split as long as that pays."""
    learn = x_means(least, greatest, rounds, most, most_for_children, share, metric, seed)
    return Clusterer("wekaXMeans", learn)


@algorithm("Clusterer.train", session=True)
def train(
    session: Session,
    clusterer: Clusterer,
    features: Collection,
    names: list[str] | None,
    share: float,
    seed: int,
) -> Clusterer:
    """Trained when it is first asked for an answer; then its errors are told.

    Raises:
        ServiceError: no inputs, or a share that is none.
    """
    return clusterer.trained(*training(session, features, names, None, share, seed))


@algorithm("Clusterer.schema")
def schema(clusterer: Clusterer) -> list[str] | None:
    """The names of the inputs; null as long as it is not trained [S]."""
    return None if clusterer.names is None else list(clusterer.names)
