"""Classifiers: made, set, trained, described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.confusion import ConfusionMatrix
from ..values.learning.bayes import naive_bayes
from ..values.learning.classifier import LISTS, MODES, Classifier, Known, Model
from ..values.learning.forest import cart, gradient_tree_boost, random_forest, voted
from ..values.learning.neighbors import minimum_distance, nearest_neighbors
from ..values.learning.region import spectral_region
from ..values.learning.support_vectors import MODES as MACHINE_MODES
from ..values.learning.support_vectors import Machine
from ..values.learning.table import ROWS_AT_ONCE, table_of
from ..values.learning.tree_text import parse_trees
from ..values.learning.trees import raw
from .image_sample import BAND_ORDER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..expression.evaluate import Session
    from ..values.collection import Collection
    from ..values.learning.table import Table

# Output modes of each: https://developers.google.com/earth-engine/guides/classification [S].
_CLASSES = ("CLASSIFICATION",)
_SHARES = (*_CLASSES, "PROBABILITY", "MULTIPROBABILITY")
_NUMBERS = (*_SHARES, "REGRESSION")
_MOST_CLASSES = 1_000


@algorithm("Classifier.smileCart")
def smile_cart(most_leaves: int | None, least: int) -> Classifier:
    """A decision tree."""
    return Classifier("smileCart", _NUMBERS, cart(most_leaves, least))


@algorithm("Classifier.smileRandomForest")
def smile_random_forest(
    count: int, split: int | None, least: int, bag: float, most_leaves: int | None, seed: int
) -> Classifier:
    """Decision trees that vote."""
    learn = random_forest(count, split, least, bag, most_leaves, seed)
    return Classifier("smileRandomForest", MODES, learn)


@algorithm("Classifier.smileGradientTreeBoost")
def smile_gradient_tree_boost(
    count: int, shrinkage: float, sampling: float, most_leaves: int | None, loss: str, seed: int
) -> Classifier:
    """Decision trees that each correct those before."""
    learn = gradient_tree_boost(count, shrinkage, sampling, most_leaves, loss, seed)
    return Classifier("smileGradientTreeBoost", _NUMBERS, learn)


@algorithm("Classifier.smileKNN")
def smile_knn(count: int, search: str, metric: str) -> Classifier:
    """The nearest training data."""
    learn = nearest_neighbors(count, search, metric)
    return Classifier("smileKNN", (*_CLASSES, "PROBABILITY"), learn)


@algorithm("Classifier.smileNaiveBayes")
def smile_naive_bayes(smoothing: float) -> Classifier:
    """Naive Bayes of counts."""
    return Classifier("smileNaiveBayes", _SHARES, naive_bayes(smoothing))


@algorithm("Classifier.libsvm")
def libsvm(
    procedure: str,
    kind: str,
    kernel: str,
    shrinking: bool,
    degree: int | None,
    gamma: float | None,
    offset: float | None,
    cost: float | None,
    nu: float | None,
    tolerance: float | None,
    loss_tolerance: float | None,
    one_class: int | None,
) -> Classifier:
    """A support vector machine."""
    machine = Machine(
        procedure,
        kind,
        kernel,
        shrinking,
        degree,
        gamma,
        offset,
        cost,
        nu,
        tolerance,
        loss_tolerance,
        one_class,
    )
    machine.check()
    return Classifier("libsvm", MACHINE_MODES[kind], machine.learn)


@algorithm("Classifier.minimumDistance")
def minimum(metric: str, nearest: int) -> Classifier:
    """The nearest means of classes; arrays in each mode where several are asked for [S]."""
    modes = (*_CLASSES, "REGRESSION", "RAW")
    lists = LISTS if nearest == 1 else frozenset(MODES)
    return Classifier("minimumDistance", modes, minimum_distance(metric, nearest), lists=lists)


@algorithm("Classifier.decisionTree")
def decision_tree(text: str) -> Classifier:
    """A tree as R prints it; its inputs are the names in its conditions, as they are met [I].

    Raises:
        ServiceError: it cannot be read.
    """
    return _ensemble("decisionTree", [text])


@algorithm("Classifier.decisionTreeEnsemble")
def decision_tree_ensemble(texts: list[str]) -> Classifier:
    """Trees as R prints them, that vote."""
    return _ensemble("decisionTreeEnsemble", texts)


def _ensemble(name: str, texts: Sequence[str]) -> Classifier:
    trees, names = parse_trees(texts)
    said = raw(trees, lambda rows: rows)
    leaves = np.concatenate([tree.value[tree.left < 0] for tree in trees])
    # Votes are for classes; numbers between them go to the nearest [I].
    classes = np.unique(np.rint(leaves.clip(-(2**31), 2**31 - 1))).astype(np.int64)
    outputs = voted(lambda rows: np.rint(said(rows)), classes) | voted(said, None)
    model = Model(outputs, lambda: {"classes": classes.tolist(), "numberOfTrees": len(trees)})
    return Classifier(name, MODES, known=Known(names, lambda _: model))


@algorithm("Classifier.spectralRegion")
def region(coordinates: list[list[float]], schema: list[str] | None) -> Classifier:
    """1 within a polygon of two inputs, else 0.

    Raises:
        ServiceError: the polygon is none, or there are not two inputs.
    """
    names = ["u", "v"] if schema is None else schema
    if len(names) != 2:
        raise ServiceError(f"The schema must have 2 names, got {len(names)}.")
    model = spectral_region(coordinates)
    return Classifier("spectralRegion", _CLASSES, known=Known(tuple(names), lambda _: model))


@algorithm("Classifier.train", session=True)
def train(
    session: Session,
    classifier: Classifier,
    features: Collection,
    label: str,
    names: list[str] | None,
    share: float,
    seed: int,
) -> Classifier:
    """Trained when it is first asked for an answer; then its errors are told.

    Raises:
        ServiceError: no inputs, or a share that is none.
    """
    return classifier.trained(*training(session, features, names, label, share, seed))


def training(
    session: Session,
    features: Collection,
    names: list[str] | None,
    label: str | None,
    share: float,
    seed: int,
) -> tuple[tuple[str, ...], Callable[[], Table]]:
    """What to learn from: the names of the inputs, and their table when it is first wanted.

    Raises:
        ServiceError: no inputs, or a share that is none.
    """
    inputs = _inputs_of(features, names, label)
    _check_share(share)
    return inputs, lambda: table_of(
        features, inputs, label, session.limits, session.deadline, share=share, seed=seed
    )


def _inputs_of(features: Collection, names: list[str] | None, label: str | None) -> tuple[str, ...]:
    """The names to train on; by default the bands of the image that the features sample [S].

    Raises:
        ServiceError: there are none.
    """
    if names is None:
        order = features.properties.get(BAND_ORDER)
        if not isinstance(order, list):
            raise ServiceError(
                f"inputProperties must be given, as the features have no '{BAND_ORDER}' property."
            )
        names = [str(name) for name in order if name != label]
    if not names or len(set(names)) != len(names):
        raise ServiceError("There must be inputProperties, each once.")
    return tuple(names)


def _check_share(share: float) -> None:
    """Refuse a part of the features that is none [S]."""
    if not 0 < share <= 1:
        raise ServiceError(f"subsampling must be within (0, 1], got {share}.")


@algorithm("Classifier.setOutputMode")
def set_output_mode(classifier: Classifier, mode: str) -> Classifier:
    """Before or after training."""
    return classifier.with_mode(mode)


@algorithm("Classifier.mode")
def mode_of(classifier: Classifier) -> str:
    """The output mode."""
    return classifier.mode


@algorithm("Classifier.schema")
def schema(classifier: Classifier) -> list[str] | None:
    """The names of the inputs; null as long as it is not trained [S]."""
    return None if classifier.known is None else list(classifier.known.names)


@algorithm("Classifier.explain")
def explain(classifier: Classifier) -> dict[str, Any]:
    """What it learned; what is told of which classifier is in decision 028."""
    return dict(classifier.model().explain())


@algorithm("Classifier.confusionMatrix")
def confusion_matrix(classifier: Classifier) -> ConfusionMatrix:
    """Of its own training data: classes from 0 to the greatest [S].

    Raises:
        ServiceError: it was not trained, does not tell classes, or a class is below 0 or too great.
    """
    known = classifier.ready()
    if known.table is None:
        raise ServiceError("The classifier has no training data.")
    if classifier.mode != "CLASSIFICATION" or classifier.gives_lists:
        raise ServiceError("Confusion matrices are of classifiers in the mode CLASSIFICATION.")
    table, answer = known.table(), classifier.output()
    was, _ = table.classes()
    actual = table.labels.astype(np.int64)
    said = []
    for start in range(0, len(actual), ROWS_AT_ONCE):
        table.deadline.check()
        said.append(answer(table.rows[start : start + ROWS_AT_ONCE]).astype(np.int64))
    predicted = np.concatenate(said)
    least, size = min(was[0], predicted.min()), int(max(was[-1], predicted.max())) + 1
    if least < 0 or size > _MOST_CLASSES:
        raise ServiceError(f"Classes must be from 0 to {_MOST_CLASSES - 1}.")
    counts = np.bincount(actual * size + predicted, minlength=size * size)
    return ConfusionMatrix(counts.reshape(size, size).astype(np.float64), tuple(range(size)))
