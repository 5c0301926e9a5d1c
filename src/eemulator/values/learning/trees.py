"""Decision trees: nodes in arrays, followed for many rows at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from .classifier import Answers
    from .table import Rows

_SINGLE = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False, slots=True)
class Tree:
    """A tree whose nodes ask whether a number is at most a threshold.

    Attributes:
        feature: `(nodes,)`: which column of a row is asked.
        threshold: `(nodes,)`: rows up to it go left.
        left: `(nodes,)`: the node that is then next; -1 at a leaf.
        right: `(nodes,)`: the other.
        value: `(nodes,)`: what a leaf says.
        population: `(nodes,)`: how many rows it was learned from.
        impurity: `(nodes,)`: how different these are.
    """

    feature: NDArray[np.intp]
    threshold: NDArray[np.float64]
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    value: NDArray[np.float64]
    population: NDArray[np.float64]
    impurity: NDArray[np.float64]

    def leaves(self, columns: NDArray[Any]) -> NDArray[np.intp]:
        """The leaf of each row; the rows of a node are split, each is asked once a level.

        Args:
            columns: `(properties, rows)`.
        """
        count = columns.shape[1]
        found = np.zeros(count, np.intp)
        left, right = self.left.tolist(), self.right.tolist()
        waiting = [(0, np.arange(count))]
        while waiting:
            node, members = waiting.pop()
            if left[node] < 0:
                found[members] = node
                continue
            lower = columns[self.feature[node]].take(members) <= self.threshold[node]
            for following, some in (
                (left[node], members[lower]),
                (right[node], members[~lower]),
            ):
                if some.size:
                    waiting.append((following, some))
        return found


def single(rows: Rows) -> NDArray[np.float32]:
    """Rows as scikit-learn's trees see them, in training and after."""
    return rows.clip(-_SINGLE, _SINGLE).astype(np.float32)


def columns_of(rows: NDArray[Any]) -> NDArray[Any]:
    """`(properties, rows)`, each property in one piece of memory."""
    return np.ascontiguousarray(rows.T)


def raw(
    trees: Sequence[Tree], seen: Callable[[Rows], NDArray[Any]]
) -> Callable[[Rows], NDArray[np.float64]]:
    """What each tree says: `(rows, trees)`.

    Args:
        trees: any number.
        seen: turns rows into what the trees were learned from.
    """

    def run(rows: Rows) -> NDArray[np.float64]:
        columns = columns_of(seen(rows))
        said = np.empty((len(rows), len(trees)))
        for number, tree in enumerate(trees):
            said[:, number] = tree.value[tree.leaves(columns)]
        return said

    return run


def shares(said: NDArray[np.float64], classes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Which part of the trees says each class: `(rows, classes)`."""
    found = np.empty((len(said), len(classes)))
    for number, each in enumerate(classes):
        found[:, number] = (said == each).mean(axis=1)
    return found


def mean(said: Callable[[Rows], NDArray[np.float64]]) -> Callable[[Rows], Answers]:
    """The mean of what the trees say."""

    def run(rows: Rows) -> Answers:
        found: Answers = said(rows).mean(axis=1)
        return found

    return run
