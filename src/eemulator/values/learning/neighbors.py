"""Classifiers by distance: to the nearest rows, and to the means of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from ...errors import ServiceError
from .classifier import Model, by_probability
from .table import blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .classifier import Answers, Learn
    from .table import Rows, Table

    Floats = NDArray[np.float64]

METRICS = {
    "EUCLIDEAN": "euclidean",
    "MAHALANOBIS": "mahalanobis",
    "MANHATTAN": "cityblock",
    "BRAYCURTIS": "braycurtis",
}
SEARCHES = ("AUTO", "LINEAR_SEARCH", "KD_TREE", "COVER_TREE")
# Dimensions from which AUTO takes a cover tree [S].
_MANY = 10


def nearest_neighbors(count: int, search: str, metric: str) -> Learn:
    """The class that most of the nearest rows have, the least of several.

    A KD_TREE, and so AUTO of less than ten properties, knows Euclidean distances only [S]. Else
    the searches find the same rows; which of equal distance, they may differ [S].

    Raises:
        ServiceError: an argument is out of its range.
    """
    if count < 1:
        raise ServiceError(f"k must be at least 1, got {count}.")
    if search not in SEARCHES:
        raise ServiceError(f"Unknown searchMethod '{search}'; there are {', '.join(SEARCHES)}.")
    if metric not in METRICS:
        raise ServiceError(f"Unknown metric '{metric}'; there are {', '.join(METRICS)}.")

    def learn(table: Table, regression: bool) -> Model:  # noqa: ARG001
        classes, numbers = table.classes()
        k = min(count, len(numbers))
        width = table.rows.shape[1]
        by_tree = search == "KD_TREE" or (search == "AUTO" and width < _MANY)
        if by_tree or metric == "EUCLIDEAN":
            tree = cKDTree(table.rows)

            def neighbors(rows: Rows) -> NDArray[Any]:
                found: NDArray[Any] = tree.query(rows, k)[1].reshape(len(rows), k)
                return found

        else:
            distances = _distances(table.rows, metric)

            def neighbors(rows: Rows) -> NDArray[Any]:
                parts = [
                    np.argpartition(distances(some), k - 1, axis=1)[:, :k]
                    for some in blocks(rows, len(table.rows))
                ]
                return np.concatenate(parts)

        def probabilities(rows: Rows) -> Floats:
            near = numbers[neighbors(rows)]
            shares = [(near == number).mean(axis=1) for number in range(len(classes))]
            return np.stack(shares, axis=1)

        return Model(by_probability(classes, probabilities), lambda: {"classes": classes.tolist()})

    return learn


def _distances(rows: Rows, metric: str) -> Callable[[Rows], Floats]:
    """Distances to rows: `(others, rows)`; of Mahalanobis, by the covariance of them all."""
    inverse = {"VI": _inverse_covariance(rows)} if metric == "MAHALANOBIS" else {}

    def run(others: Rows) -> Floats:
        found: Floats = cdist(others, rows, METRICS[metric], **inverse)
        # The distance of Bray and Curtis between zeros is 0 / 0.
        return np.nan_to_num(found, copy=False, nan=0.0)

    return run


def _inverse_covariance(rows: Rows) -> Floats:
    """Of a sample; the pseudo-inverse where properties depend on each other [I]."""
    if len(rows) < 2:
        return np.eye(rows.shape[1])
    found: Floats = np.linalg.pinv(np.atleast_2d(np.cov(rows, rowvar=False)), hermitian=True)
    return found


def _euclidean(rows: Rows, center: Floats, inverse: Floats) -> Floats:  # noqa: ARG001
    found: Floats = np.sqrt(((rows - center) ** 2).sum(axis=1))
    return found


def _manhattan(rows: Rows, center: Floats, inverse: Floats) -> Floats:  # noqa: ARG001
    found: Floats = np.abs(rows - center).sum(axis=1)
    return found


def _cosine(rows: Rows, center: Floats, inverse: Floats) -> Floats:  # noqa: ARG001
    """The angle between both, in radians; that to nothing is a right one [M]."""
    lengths = np.sqrt((rows**2).sum(axis=1) * (center**2).sum())
    cosines = np.zeros(len(rows))
    np.divide((rows * center).sum(axis=1), lengths, out=cosines, where=lengths > 0)
    found: Floats = np.arccos(cosines.clip(-1, 1))
    return found


def _mahalanobis(rows: Rows, center: Floats, inverse: Floats) -> Floats:
    # Not a matrix product: its rounding depends on how many rows there are.
    away = rows - center
    squares = np.zeros(len(rows))
    for column in range(away.shape[1]):
        squares += away[:, column] * (away * inverse[column]).sum(axis=1)
    found: Floats = np.sqrt(squares.clip(0))
    return found


CENTER_METRICS: dict[str, Callable[[Rows, Floats, Floats], Floats]] = {
    "euclidean": _euclidean,
    "cosine": _cosine,
    "mahalanobis": _mahalanobis,
    "manhattan": _manhattan,
}


def minimum_distance(metric: str, nearest: int) -> Learn:
    """The class whose mean is nearest, the least of several; or the distances to the means.

    Mahalanobis distances are by the covariance of each class [I].

    Args:
        metric: one of `CENTER_METRICS`.
        nearest: if more than 1, so many classes or distances as an array, the nearest first [S].

    Raises:
        ServiceError: an argument is out of its range.
    """
    if metric not in CENTER_METRICS:
        raise ServiceError(f"Unknown metric '{metric}'; there are {', '.join(CENTER_METRICS)}.")
    if nearest < 1:
        raise ServiceError(f"kNearest must be at least 1, got {nearest}.")
    measure = CENTER_METRICS[metric]

    def learn(table: Table, regression: bool) -> Model:  # noqa: ARG001
        classes, numbers = table.classes()
        members = [table.rows[numbers == number] for number in range(len(classes))]
        centers = [some.mean(axis=0) for some in members]
        inverses = [
            _inverse_covariance(some) if metric == "mahalanobis" else np.empty(0)
            for some in members
        ]

        def distances(rows: Rows) -> Floats:
            pairs = zip(centers, inverses, strict=True)
            return np.stack([measure(rows, center, inverse) for center, inverse in pairs], axis=1)

        def some(found: Answers) -> Answers:
            return found[:, 0] if nearest == 1 else found[:, :nearest]

        def closest(rows: Rows) -> Answers:
            return some(classes[np.argsort(distances(rows), axis=1, kind="stable")])

        def shortest(rows: Rows) -> Answers:
            return some(np.sort(distances(rows), axis=1))

        return Model(
            {"CLASSIFICATION": closest, "REGRESSION": shortest, "RAW": distances},
            lambda: {"classes": classes.tolist()},
        )

    return learn
