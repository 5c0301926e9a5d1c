"""Rows of numbers to learn from."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ServiceError
from ...limits import value_too_large

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ...limits import Deadline, Limits
    from ..element import Element

Rows = NDArray[np.float64]
"""`(rows, properties)`."""

# Squares of larger numbers, summed over many rows, are no longer finite.
_LARGEST = 1e100
# A number for each of them and each of `ROWS_AT_ONCE` takes 330 MB. Not a limit of the service.
_MOST_CLASSES = 5_000
# Of one table on the way to the answers.
_MOST_NUMBERS = 2**22

ROWS_AT_ONCE = 8_192
"""Rows to ask a model for together."""


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """What is learned from.

    Attributes:
        names: of the columns of `rows`.
        rows: `(rows, properties)`, at least one row.
        labels: `(rows,)`: what is to be learned of each; without meaning for clusterers.
        deadline: when to give up learning.
    """

    names: tuple[str, ...]
    rows: Rows
    labels: NDArray[np.float64]
    deadline: Deadline

    def classes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The different labels in ascending order, and which of them each row has.

        Raises:
            ServiceError: a label is no integer, or there are too many.
        """
        found, numbers = np.unique(self.labels, return_inverse=True)
        wrong = found[(found != np.trunc(found)) | (np.abs(found) > 2**31 - 1)]
        if wrong.size:
            raise ServiceError(
                f"Classes must be integers, got {wrong[0].item()}; for other numbers set the "
                "output mode to REGRESSION before training."
            )
        if found.size > _MOST_CLASSES:
            raise ServiceError(f"There may be at most {_MOST_CLASSES} classes, got {found.size}.")
        return found.astype(np.int64), numbers.ravel()


def table_of(
    features: Iterable[Element],
    names: Sequence[str],
    label: str | None,
    limits: Limits,
    deadline: Deadline,
    *,
    share: float = 1.0,
    seed: int = 0,
) -> Table:
    """The properties of features as a table.

    Args:
        features: one a row.
        names: of the properties that become columns.
        label: the property that is to be learned, if there is one.
        limits: how many bytes the table may take.
        deadline: when to give up reading and learning.
        share: of the features that are taken, chosen by the seed.
        seed: of that choice.

    Raises:
        ServiceError: no features, too many, or a property that is missing or no number.
    """
    generator = np.random.default_rng(seed % 2**63)
    wanted = [*names, *(() if label is None else (label,))]
    most = limits.training_bytes // (8 * len(wanted))
    values = array("d")
    taken = 0
    for position, feature in enumerate(features):
        deadline.check()
        if share < 1 and generator.random() >= share:
            continue
        taken += 1
        if taken > most:
            raise value_too_large()
        values.extend(numbers_of(feature, wanted, position))
    if not values:
        raise ServiceError("No valid training data were found.")
    found = np.array(values).reshape(-1, len(wanted))
    count = len(names)
    labels = np.zeros(len(found)) if label is None else found[:, count].copy()
    return Table(tuple(names), np.ascontiguousarray(found[:, :count]), labels, deadline)


def numbers_of(feature: Element, names: Sequence[str], position: int) -> list[float]:
    """Properties of a feature.

    Raises:
        ServiceError: one is missing [M], or is no finite number.
    """
    found = []
    for name in names:
        value: Any = feature.get(name)
        if type(value) is not float and type(value) is not int:
            value = _number(value, name, feature, position)
        if not -_LARGEST <= value <= _LARGEST:
            raise ServiceError(
                f"Property '{name}' of feature '{_called(feature, position)}' is not finite, or "
                "too large to compute with."
            )
        found.append(value)
    return found


def blocks(rows: Rows, width: int) -> Iterator[Rows]:
    """Rows in parts, so that a table of so many numbers for each of them is not too large."""
    size = max(1, _MOST_NUMBERS // width)
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _number(value: Any, name: str, feature: Element, position: int) -> float:
    where = f"Property '{name}' of feature '{_called(feature, position)}'"
    if value is None:
        raise ServiceError(f"{where} is missing.")
    if not isinstance(value, (int, float)):
        raise ServiceError(f"{where} must be a number.")
    return math.nan if value != value else float(value)


def _called(feature: Element, position: int) -> str:
    return str(position) if feature.index is None else feature.index
