"""Trees that are learned: one, many that vote, many that correct each other.

scikit-learn grows them; which splits of equal worth it takes, and which rows a seed leaves to a
tree, are its own, not Smile's.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import ServiceError
from .classifier import Model, by_probability
from .tree_text import tree_text
from .trees import Tree, columns_of, mean, raw, shares, single

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from .classifier import Answers, Learn
    from .table import Rows, Table

MOST_TREES = 5_000
"""Of one classifier. Not a limit of the service."""

LOSSES = {
    "LeastSquares": "squared_error",
    "LeastAbsoluteDeviation": "absolute_error",
    "Huber": "huber",
}


class _Grower:
    """Grows trees of one table.

    Args:
        table: what to learn from.
        regression: whether to learn numbers, not classes.
        options: of scikit-learn's trees.
    """

    def __init__(self, table: Table, regression: bool, options: dict[str, Any]) -> None:
        # It takes seconds to import, and only those who classify need it.
        from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

        self.rows = single(table.rows)
        self.classes: NDArray[np.int64] | None = None
        self._targets: NDArray[Any] = table.labels
        if not regression:
            self.classes, self._targets = table.classes()
        self._kind = DecisionTreeRegressor if regression else DecisionTreeClassifier
        self._options = options
        self.importance = np.zeros(len(table.names))

    def grow(self, seed: int, chosen: NDArray[np.intp] | slice) -> tuple[Tree, NDArray[Any]]:
        """A tree of chosen rows, and what each of its nodes knows: a share of each class."""
        grown = self._kind(random_state=seed, **self._options)
        grown.fit(self.rows[chosen], self._targets[chosen])
        inner = grown.tree_
        self.importance += inner.compute_feature_importances(normalize=False)
        if self.classes is None:
            known = value = inner.value[:, 0, 0]
        else:
            known = np.zeros((inner.node_count, len(self.classes)))
            known[:, grown.classes_] = inner.value[:, 0]
            value = self.classes[known.argmax(axis=1)].astype(np.float64)
        tree = Tree(
            inner.feature.astype(np.intp),
            inner.threshold.copy(),
            inner.children_left.astype(np.intp),
            inner.children_right.astype(np.intp),
            value,
            inner.n_node_samples.astype(np.float64),
            inner.impurity.copy(),
        )
        return tree, known


def cart(most_leaves: int | None, least: int) -> Learn:
    """One tree; the impurity of Gini, or the variance, decides.

    Raises:
        ServiceError: an argument is out of its range.
    """
    options = _options(most_leaves, least)

    def learn(table: Table, regression: bool) -> Model:
        grower = _Grower(table, regression, options)
        tree, known = grower.grow(0, slice(None))
        said = raw([tree], single)

        def probabilities(rows: Rows) -> NDArray[np.float64]:
            found: NDArray[np.float64] = known[tree.leaves(columns_of(single(rows)))]
            return found

        def explain() -> dict[str, Any]:
            return {
                **_classes(grower.classes),
                "importance": _importance(table, grower.importance),
                "tree": tree_text(tree, table.names),
            }

        if grower.classes is None:
            return Model({"REGRESSION": mean(said)}, explain)
        return Model(by_probability(grower.classes, probabilities), explain)

    return learn


def random_forest(
    count: int, split: int | None, least: int, bag: float, most_leaves: int | None, seed: int
) -> Learn:
    """Trees of some of the rows each, that look at some of the properties at each split.

    The class is that of most trees, the least of several; a number is their mean. A part of the
    rows is drawn without repetition, all of them with repetition [I].

    Args:
        count: of trees.
        split: properties that are looked at; by default the square root of their number [S].
        least: rows of a leaf.
        bag: the part of the rows that a tree is grown of.
        most_leaves: of a tree.
        seed: of what is left to chance.

    Raises:
        ServiceError: an argument is out of its range.
    """
    _check_count(count)
    options = _options(most_leaves, least)
    if not 0 < bag <= 1:
        raise ServiceError(f"bagFraction must be within (0, 1], got {bag}.")
    if split is not None and split < 0:
        raise ServiceError(f"variablesPerSplit must not be negative, got {split}.")

    def learn(table: Table, regression: bool) -> Model:
        size, width = table.rows.shape
        looked_at = min(split or max(1, math.isqrt(width)), width)
        grower = _Grower(table, regression, {**options, "max_features": looked_at})
        generator = np.random.default_rng(seed % 2**63)
        trees, bags = [], []
        for _ in range(count):
            table.deadline.check()
            chosen = generator.choice(size, max(1, round(bag * size)), replace=bag == 1)
            bags.append(np.unique(chosen))
            trees.append(grower.grow(int(generator.integers(2**31)), chosen)[0])
        said = raw(trees, single)

        def explain() -> dict[str, Any]:
            return {
                **_classes(grower.classes),
                "importance": _importance(table, grower.importance),
                "numberOfTrees": count,
                "outOfBagErrorEstimate": _out_of_bag(table, grower.classes, said, bags),
                "trees": [tree_text(tree, table.names) for tree in trees],
            }

        return Model(voted(said, grower.classes), cache(explain))

    return learn


def voted(
    said: Callable[[Rows], NDArray[np.float64]], classes: NDArray[np.int64] | None
) -> dict[str, Callable[[Rows], Answers]]:
    """Outputs of trees: those of classes by their shares of the votes, or of numbers."""
    if classes is None:
        return {"REGRESSION": mean(said), "RAW_REGRESSION": said}
    return {**by_probability(classes, lambda rows: shares(said(rows), classes)), "RAW": said}


def _out_of_bag(
    table: Table,
    classes: NDArray[np.int64] | None,
    said: Callable[[Rows], NDArray[np.float64]],
    bags: Sequence[NDArray[np.intp]],
) -> float:
    """How wrong the trees are that have not seen a row: a share, or the root of a mean square."""
    unseen = np.ones((len(table.rows), len(bags)), np.bool_)
    for number, bag in enumerate(bags):
        unseen[bag, number] = False
    told = unseen.any(axis=1)
    if not told.any():
        return 0.0
    votes, unseen, labels = said(table.rows[told]), unseen[told], table.labels[told]
    if classes is None:
        means = np.where(unseen, votes, 0).sum(axis=1) / unseen.sum(axis=1)
        return float(np.sqrt(((means - labels) ** 2).mean()))
    counts = np.stack([((votes == each) & unseen).sum(axis=1) for each in classes], axis=1)
    return float((classes[counts.argmax(axis=1)] != labels).mean())


def gradient_tree_boost(
    count: int, shrinkage: float, sampling: float, most_leaves: int | None, loss: str, seed: int
) -> Learn:
    """Trees that each correct those before.

    Args:
        count: of trees; so many for each class where there are more than two.
        shrinkage: how much of a correction counts.
        sampling: the part of the rows that a tree is grown of.
        most_leaves: of a tree.
        loss: of regressions.
        seed: of what is left to chance.

    Raises:
        ServiceError: an argument is out of its range.
    """
    _check_count(count)
    options: dict[str, Any] = _options(most_leaves, 1) | {"max_depth": None}
    for name, value in (("shrinkage", shrinkage), ("samplingRate", sampling)):
        if not 0 < value <= 1:
            raise ServiceError(f"{name} must be within (0, 1], got {value}.")
    if loss not in LOSSES:
        raise ServiceError(f"Unknown loss '{loss}'; there are {', '.join(LOSSES)}.")
    options |= {"n_estimators": count, "learning_rate": shrinkage}

    def learn(table: Table, regression: bool) -> Model:
        from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

        def look(*_: Any) -> None:
            table.deadline.check()

        rows = single(table.rows)
        # One row is all of them; scikit-learn averages over those that are left out.
        part = sampling if len(rows) > 1 else 1.0
        classes: NDArray[np.int64] | None = None
        if regression:
            boosted = GradientBoostingRegressor(
                loss=LOSSES[loss], subsample=part, random_state=seed % 2**32, **options
            ).fit(rows, table.labels, monitor=look)
            outputs: dict[str, Any] = {"REGRESSION": lambda rows: boosted.predict(single(rows))}
        else:
            classes, numbers = table.classes()
            require_two(classes)
            boosted = GradientBoostingClassifier(
                subsample=part, random_state=seed % 2**32, **options
            ).fit(rows, numbers, monitor=look)
            outputs = by_probability(classes, lambda rows: boosted.predict_proba(single(rows)))

        def explain() -> dict[str, Any]:
            importance = sum(
                each.tree_.compute_feature_importances(normalize=False)
                for each in boosted.estimators_.ravel()
            )
            return {
                **_classes(classes),
                "importance": _importance(table, importance),
                "numberOfTrees": count,
            }

        return Model(outputs, explain)

    return learn


def require_two(classes: NDArray[np.int64]) -> None:
    """Refuse to tell classes apart where there is only one."""
    if len(classes) < 2:
        raise ServiceError("Only one class: at least two are needed to tell them apart.")


def _options(most_leaves: int | None, least: int) -> dict[str, Any]:
    """Of scikit-learn's trees."""
    if most_leaves is not None and not 2 <= most_leaves < 2**31:
        raise ServiceError(f"maxNodes must be at least 2, got {most_leaves}.")
    if not 1 <= least < 2**31:
        raise ServiceError(f"minLeafPopulation must be at least 1, got {least}.")
    return {"max_leaf_nodes": most_leaves, "min_samples_leaf": least}


def _check_count(count: int) -> None:
    if not 1 <= count <= MOST_TREES:
        raise ServiceError(f"numberOfTrees must be 1 to {MOST_TREES}, got {count}.")


def _classes(classes: NDArray[np.int64] | None) -> dict[str, Any]:
    return {} if classes is None else {"classes": classes.tolist()}


def _importance(table: Table, importance: Any) -> dict[str, float]:
    """By property: how much its splits lessen the impurity, summed over the trees [I]."""
    return dict(zip(table.names, np.asarray(importance, np.float64).tolist(), strict=True))
