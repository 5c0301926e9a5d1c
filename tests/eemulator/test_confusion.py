"""Confusion matrices against numbers worked out by hand, and by counting."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest

from .wire import info

pytestmark = pytest.mark.usefixtures("server")

COUNTS = [[30, 10, 0], [5, 20, 5], [0, 0, 30]]
"""Rows: what was; columns: what was predicted."""


def test_accuracies_by_hand() -> None:
    matrix = ee.ConfusionMatrix(ee.Array(COUNTS), [7, 8, 9])
    assert info(matrix) == COUNTS
    assert info(matrix.array()) == COUNTS
    assert info(matrix.order()) == [7, 8, 9]
    assert info(matrix.accuracy()) == pytest.approx(0.8)
    producers = [[30 / 40], [20 / 30], [30 / 30]]
    np.testing.assert_allclose(info(matrix.producersAccuracy()), producers)
    consumers = [30 / 35, 20 / 30, 30 / 35]
    np.testing.assert_allclose(info(matrix.consumersAccuracy()), [consumers])
    # By chance 40 of 100 are in the first class and 35 are said to be, and so on.
    chance = 0.4 * 0.35 + 0.3 * 0.3 + 0.3 * 0.35
    assert info(matrix.kappa()) == pytest.approx((0.8 - chance) / (1 - chance))
    # 2 TP / (2 TP + FP + FN)
    f1 = [60 / (60 + 5 + 10), 40 / (40 + 10 + 10), 60 / (60 + 5 + 0)]
    np.testing.assert_allclose(info(matrix.fscore()), f1)
    # 5 TP / (5 TP + 4 FN + FP)
    f2 = [150 / (150 + 40 + 5), 100 / (100 + 40 + 10), 150 / (150 + 0 + 5)]
    np.testing.assert_allclose(info(matrix.fscore(2)), f2)


def table(pairs: list[tuple[Any, Any]]) -> Any:
    return ee.FeatureCollection([ee.Feature(None, {"was": a, "said": b}) for a, b in pairs])


def test_predictions_are_counted() -> None:
    pairs = [(i % 3, i * 7 % 4) for i in range(60)]
    expected = np.zeros((4, 4), int)
    for was, said in pairs:
        expected[was, said] += 1
    assert info(table(pairs).errorMatrix("was", "said")) == expected.tolist()
    some = info(table(pairs).errorMatrix("was", "said", [2, 0]))
    assert some == expected[np.ix_([2, 0], [2, 0])].tolist()


def test_classes_without_a_member_have_no_accuracy() -> None:
    matrix = table([(0, 2)]).errorMatrix("was", "said")
    assert info(matrix.producersAccuracy()) == [[0], [0], [0]]
    assert info(matrix.kappa()) == 0


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (lambda: ee.ConfusionMatrix(ee.Array([[1, 2]])), "square array"),
        (lambda: ee.ConfusionMatrix(ee.Array([[1, 2], [3, 4]]), [1, 1]), "2 different classes"),
        (lambda: table([(0, 1.5)]).errorMatrix("was", "said"), "must be an integer"),
        (lambda: table([(0, 10**6)]).errorMatrix("was", "said"), "different classes"),
    ],
)
def test_what_is_no_confusion_matrix(expression: Any, message: str) -> None:
    with pytest.raises(ee.EEException, match=message):
        info(expression())
