"""Confusion matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.array import Array
from ..values.confusion import ConfusionMatrix

if TYPE_CHECKING:
    from ..expression.evaluate import Session
    from ..values.collection import Collection

_MOST_CLASSES = 1_000


@algorithm("ConfusionMatrix")
def make(value: Any, order: list[int] | None) -> ConfusionMatrix:
    """Of a square array; the classes are numbered from 0 by default [S].

    Raises:
        ServiceError: it is not square, or there are not as many classes.
    """
    if isinstance(value, ConfusionMatrix) and order is None:
        return value
    array = Array.parsed(value.counts.tolist() if isinstance(value, ConfusionMatrix) else value)
    if array is None or array.values.ndim != 2 or len(set(array.values.shape)) != 1:
        raise ServiceError("A confusion matrix is made of a square array.")
    size = len(array.values)
    names = range(size) if order is None else order
    if not 1 <= size <= _MOST_CLASSES or len(set(names)) != size:
        raise ServiceError(f"There must be {size} different classes, at most {_MOST_CLASSES}.")
    return ConfusionMatrix(array.values.astype(np.float64), tuple(names))


@algorithm("Collection.errorMatrix", session=True)
def error_matrix(
    session: Session,
    collection: Collection,
    actual: str,
    predicted: str,
    order: list[int] | None,
) -> ConfusionMatrix:
    """How often each class was predicted as which; by default classes from 0 to the greatest [S].

    Features of a class that is not in a given order do not count [M].

    Raises:
        ServiceError: a value is no integer from 0 on, or there are too many classes.
    """
    pairs = []
    for feature in collection:
        session.deadline.check()
        pairs.append([_class(feature.get(name), name) for name in (actual, predicted)])
    names = (
        list(range(max((max(pair) for pair in pairs), default=0) + 1)) if order is None else order
    )
    if not 1 <= len(names) <= _MOST_CLASSES or len(set(names)) != len(names):
        raise ServiceError(f"There must be 1 to {_MOST_CLASSES} different classes.")
    at = {name: position for position, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)))
    for was, said in pairs:
        if was in at and said in at:
            counts[at[was], at[said]] += 1
    return ConfusionMatrix(counts, tuple(names))


def _class(value: Any, name: str) -> int:
    if not isinstance(value, (int, float)) or not 0 <= value < 2**31 or value != int(value):
        raise ServiceError(f"Property '{name}' must be an integer from 0 on, got {value!r}.")
    return int(value)


@algorithm("ConfusionMatrix.array")
def array_of(matrix: ConfusionMatrix) -> Array:
    """The counts."""
    return Array.of(np.array(matrix.json()))


@algorithm("ConfusionMatrix.order")
def order_of(matrix: ConfusionMatrix) -> list[int]:
    """The classes of rows and columns."""
    return list(matrix.order)


@algorithm("ConfusionMatrix.accuracy")
def accuracy(matrix: ConfusionMatrix) -> float:
    """The overall accuracy."""
    return matrix.accuracy


@algorithm("ConfusionMatrix.kappa")
def kappa(matrix: ConfusionMatrix) -> float:
    """Cohen's kappa."""
    return matrix.kappa


@algorithm("ConfusionMatrix.producersAccuracy")
def producers_accuracy(matrix: ConfusionMatrix) -> Array:
    """A column, one row a class."""
    return Array.of(matrix.producers[:, np.newaxis])


@algorithm("ConfusionMatrix.consumersAccuracy")
def consumers_accuracy(matrix: ConfusionMatrix) -> Array:
    """A row, one column a class."""
    return Array.of(matrix.consumers[np.newaxis])


@algorithm("ConfusionMatrix.fscore")
def fscore(matrix: ConfusionMatrix, beta: float) -> Array:
    """A vector, one number a class."""
    return Array.of(matrix.fscore(beta))
