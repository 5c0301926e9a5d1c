"""Classifiers against closed formulas, NumPy, and each other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
import shapely

import eemulator
from eemulator.algorithms import classifiers
from eemulator.errors import ServiceError
from eemulator.limits import Deadline
from eemulator.values.learning import classifier, forest, platt, support_vectors
from eemulator.values.learning.table import Table, table_of

from . import synthetic
from .conftest import signed_in
from .synthetic import UTM, formula, is_valid
from .wire import call, compute, grid, info, pixels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

SMALL = grid(UTM.crs, UTM.transform, 40, 30)
ROWS, COLS = np.mgrid[0:30, 0:40]
CENTERS = {1: (20.0, 20.0), 3: (60.0, 6.0), 6: (9.0, 60.0)}
"""Classes of `TRAINING`, and the middle of their 5 by 5 points, which are 1 apart."""

TRAINING = [
    (name, x + i - 2, y + j - 2)
    for name, (x, y) in CENTERS.items()
    for i in range(5)
    for j in range(5)
]
NEW = [
    (name, x + 5 * math.cos(i), y + 4 * math.sin(i))
    for name, (x, y) in CENTERS.items()
    for i in range(6)
]
"""Points around the classes that no line between two classes comes near to."""


def table(rows: list[tuple[Any, ...]], names: str = "c x y") -> Any:
    return ee.FeatureCollection(
        [ee.Feature(None, dict(zip(names.split(), row, strict=True))) for row in rows]
    )


def trained(made: Any, rows: list[tuple[Any, ...]] = TRAINING) -> Any:
    return made.train(table(rows), "c", ["x", "y"])


def answers(known: Any, rows: list[tuple[Any, ...]]) -> list[Any]:
    said = table(rows).classify(known, "said").aggregate_array("said")
    found: list[Any] = info(said)
    return found


def learned_on(made: Any) -> Any:
    """A classifier that learned in which of three parts of its range `u8` lies."""
    rows = [(k, 20 + 100 * k + i, 5.0 - i) for k in range(3) for i in range(-9, 10)]
    return made.train(table(rows, "c u8 f32"), "c", ["u8", "f32"])


MAKERS: dict[str, Callable[[], Any]] = {
    "cart": lambda: ee.Classifier.smileCart(),
    "forest": lambda: ee.Classifier.smileRandomForest(7, seed=3),
    "boost": lambda: ee.Classifier.smileGradientTreeBoost(12, shrinkage=0.3, seed=2),
    "knn": lambda: ee.Classifier.smileKNN(3),
    "knn, linear": lambda: ee.Classifier.smileKNN(3, "LINEAR_SEARCH", "MANHATTAN"),
    "bayes": lambda: ee.Classifier.smileNaiveBayes(),
    "svm": lambda: ee.Classifier.libsvm(),
    "svm, margin": lambda: ee.Classifier.libsvm("Margin", kernelType="RBF", gamma=0.01, cost=10),
    "svm, nu": lambda: ee.Classifier.libsvm(svmType="NU_SVC", nu=0.1),
    "distance": lambda: ee.Classifier.minimumDistance(),
    "mahalanobis": lambda: ee.Classifier.minimumDistance("mahalanobis"),
}


@pytest.mark.parametrize("name", MAKERS)
def test_classes_that_lie_apart_are_told_apart(name: str) -> None:
    known = trained(MAKERS[name]())
    assert answers(known, TRAINING + NEW) == [row[0] for row in TRAINING + NEW]
    matrix = info(known.confusionMatrix())
    expected = np.zeros((7, 7), int)
    expected[[1, 3, 6], [1, 3, 6]] = 25
    assert matrix == expected.tolist()
    assert info(known.explain())["classes"] == [1, 3, 6]
    assert info(known.schema()) == ["x", "y"]
    assert info(known.mode()) == "CLASSIFICATION"
    assert info(MAKERS[name]().schema()) is None


def image() -> Any:
    return ee.Image("TEST/UTM")


def stored(*names: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values, `(rows, columns, bands)`, and where all of them are valid."""
    values = [formula(name, 3, ROWS, COLS).astype(np.float64) for name in names]
    ok = np.logical_and.reduce([is_valid(name, 3, ROWS, COLS) for name in names])
    return np.stack(values, axis=-1), ok


DISTANCES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "euclidean": lambda x, m, _: np.linalg.norm(x - m, axis=-1),
    "manhattan": lambda x, m, _: np.abs(x - m).sum(-1),
    "cosine": lambda x, m, _: np.arccos((x @ m) / (np.linalg.norm(x, axis=-1) * np.linalg.norm(m))),
    "mahalanobis": lambda x, m, s: np.sqrt(
        np.einsum("...i,ij,...j", x - m, np.linalg.inv(s), x - m)
    ),
}
SCATTERED = [
    (k, 40 * k + i * i % 37, 90 * k - i * 7 % 23 - 50.0) for k in range(3) for i in range(9)
]


@pytest.mark.parametrize("metric", DISTANCES)
def test_distances_from_the_means_of_classes(metric: str) -> None:
    """https://developers.google.com/earth-engine/apidocs/ee-classifier-minimumdistance"""
    rows = np.array(SCATTERED)
    values, ok = stored("u8", "f32")
    expected = np.stack(
        [
            DISTANCES[metric](values, some.mean(0), np.cov(some, rowvar=False))
            for some in (rows[rows[:, 0] == k, 1:] for k in range(3))
        ],
        axis=-1,
    )
    features = table(SCATTERED, "c u8 f32")
    known = ee.Classifier.minimumDistance(metric).train(features, "c", ["u8", "f32"])
    found = pixels(image().classify(known, "k"), SMALL)
    assert found.dtype["k"] == np.int32
    np.testing.assert_array_equal(found["k"], np.where(ok, expected.argmin(-1), 0))
    least = pixels(image().classify(known.setOutputMode("REGRESSION")), SMALL)["classification"]
    assert least.dtype == np.float32
    np.testing.assert_allclose(least, np.where(ok, expected.min(-1), 0), rtol=1e-5, atol=1e-6)
    raw = image().classify(known.setOutputMode("RAW")).arrayFlatten([["a", "b", "c"]])
    flat = pixels(raw, SMALL)
    for k, name in enumerate("abc"):
        np.testing.assert_allclose(flat[name], np.where(ok, expected[..., k], 0), rtol=1e-5)


def test_several_nearest_means_are_arrays_in_each_mode() -> None:
    """https://developers.google.com/earth-engine/apidocs/ee-classifier-minimumdistance"""
    two = trained(ee.Classifier.minimumDistance("euclidean", 2))
    assert answers(two, [(0, 21.0, 24.0), (0, 55.0, 6.0)]) == [[1, 6], [3, 1]]
    distances = answers(two.setOutputMode("REGRESSION"), [(0, 56.0, 9.0)])
    np.testing.assert_allclose(distances, [[5, math.hypot(36, 11)]])
    # Not more than there are classes.
    many = trained(ee.Classifier.minimumDistance("euclidean", 9))
    assert answers(many, [(0, 55.0, 6.0)]) == [[3, 1, 6]]
    assert info(image().select("u8", "f32").rename("x", "y").classify(two))["bands"][0][
        "data_type"
    ] == {"type": "PixelType", "precision": "int", "min": -(2**31), "max": 2**31 - 1,
          "dimensions": 1}  # fmt: skip


TREE = """\
n= 90

node), split, n, loss, yval, (yprob)
      * denotes terminal node

1) root 90 60 1 (0.33 0.33 0.33)
   2) u8< 97 30 0 4 (1 0 0) *
   3) u8>=97 60 30 2
     6) f32> 12.5 9999 9999 2 *
     7) f32<=12.5 9999 9999 9999
      14) u8 <= 120 30 0 7 *
      15) u8 > 120 30 0 -1 (0 1) *
"""
"""As R prints it, with numbers that nobody looks at."""


def test_a_tree_as_text_is_followed_exactly() -> None:
    known = ee.Classifier.decisionTree(TREE)
    assert info(known.schema()) == ["u8", "f32"]
    values, ok = stored("u8", "f32")
    u8, f32 = values[..., 0], values[..., 1]
    expected = np.select([u8 < 97, f32 > 12.5, u8 <= 120], [4, 2, 7], -1)
    assert {97, 120} < set(u8[ok].astype(int).ravel())
    assert set(expected[ok].ravel()) == {4, 2, 7, -1}
    found = pixels(image().classify(known), SMALL)["classification"]
    np.testing.assert_array_equal(found, np.where(ok, expected, 0))


def test_a_tree_that_is_a_leaf_answers_where_the_image_has_pixels() -> None:
    known = ee.Classifier.decisionTree("1) root 9 9 5 *")
    _, ok = stored("u8")
    found = pixels(image().select("u8").classify(known).unmask(-1), SMALL)["classification"]
    np.testing.assert_array_equal(found, np.where(ok, 5, -1))
    with pytest.raises(ee.EEException, match="Image has no bands"):
        info(image().select([]).classify(known))


def test_several_trees_vote() -> None:
    texts = [
        "1) root 9 9 9\n2) x<=1 9 9 1 *\n3) x>1 9 9 2 *\n1) root 9 9 2 *",
        "1) root 9 9 9\n2) y>=0.5 9 9 2.5 *\n3) y<0.5 9 9 1 *",
    ]
    known = ee.Classifier.decisionTreeEnsemble(texts)
    rows = [(0, 1.0, 0.0), (0, 1.5, 0.0), (0, 0.0, 0.5)]
    assert answers(known.setOutputMode("RAW_REGRESSION"), rows) == [
        [1, 2, 1],
        [2, 2, 1],
        [1, 2, 2.5],
    ]
    assert answers(known, rows) == [1, 2, 2]
    np.testing.assert_allclose(
        answers(known.setOutputMode("REGRESSION"), rows), [4 / 3, 5 / 3, 5.5 / 3]
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # https://github.com/gee-community/geemap/issues/2297
        (
            "1) root 9 9 9\n2) a<=1 9 9 1\n4) a<=0 9 9 1\n3) a>1 9 9 2 *",
            "Classifier.decisionTree: Error parsing line 4: expected 8, got 3.",
        ),
        ("1) root 9 9 9\n2) a<=1 9 9 1 *", "Error parsing line 2: expected 3, got the end."),
        ("2) a<=1 9 9 1 *", "Error parsing line 1: expected 1, got 2."),
        ("1) top 9 9 1 *", "expected root"),
        ("1) root 9 9 9\n2) a=1 9 9 1 *\n3) a>1 9 9 2 *", "line 2: expected a condition"),
        ("1) root 9 9 9\n2) a<1 9 9 x *\n3) a>=1 9 9 2 *", "line 2: expected a number, got 'x'"),
        ("1) root 9 9 9\n2) a<1 9 9 1 *\n3) b>=1 9 9 2 *", "line 3: expected a condition on 'a'"),
        ("1) root 9 *", "expected 3 numbers, got 1"),
        ("", "There is no tree in the text."),
        # Read in a moment, though nobody can say where such a line's blanks belong.
        ("1) root 9 9 9" + " " * 1_000_000 + "x *", "line 1: expected 3 numbers, got 4"),
        ("1) root 9 9 9 " + "(" * 1_000_000, "line 1: expected 3 numbers, got 4"),
    ],
)  # fmt: skip
def test_texts_that_are_no_trees(text: str, message: str) -> None:
    with pytest.raises(ee.EEException) as caught:
        info(ee.Classifier.decisionTree(text).schema())
    assert message in str(caught.value)


def test_a_region_of_two_bands() -> None:
    """https://developers.google.com/earth-engine/apidocs/ee-classifier-spectralregion"""
    outer = [10, -10, 205.5, -12, 190, 20.25, 60, 18]
    hole = [80, -5, 120, -5, 100.5, 10]
    rings = [np.array(ring).reshape(-1, 2) for ring in (outer, hole)]
    area = shapely.Polygon(rings[0], [rings[1]])
    values, ok = stored("u8", "f32")
    inside = shapely.contains_xy(area, values[..., 0], values[..., 1])
    assert 0 < inside[ok].sum() < ok.sum()
    known = ee.Classifier.spectralRegion([outer, hole], ["u8", "f32"])
    found = pixels(image().classify(known), SMALL)["classification"]
    np.testing.assert_array_equal(found, np.where(ok, inside, 0))
    assert info(ee.Classifier.spectralRegion([outer]).schema()) == ["u", "v"]


def test_a_forest_by_its_trees() -> None:
    rows = [(k, 10.0 * k + i * 13 % 17, float(i)) for k in range(3) for i in range(20)]
    known = trained(ee.Classifier.smileRandomForest(9, seed=5), rows)
    votes = np.array(answers(known.setOutputMode("RAW"), rows))
    assert votes.shape == (60, 9)
    shares = np.stack([(votes == k).mean(axis=1) for k in range(3)], axis=1)
    assert (shares.max(axis=1) < 1).any()
    np.testing.assert_allclose(answers(known.setOutputMode("MULTIPROBABILITY"), rows), shares)
    assert answers(known, rows) == shares.argmax(axis=1).tolist()
    described = info(known.explain())
    assert set(described) == {
        "classes", "importance", "numberOfTrees", "outOfBagErrorEstimate", "trees"
    }  # fmt: skip
    assert list(described["importance"]) == ["x", "y"]
    assert described["numberOfTrees"] == len(described["trees"]) == 9
    assert 0 < described["outOfBagErrorEstimate"] < 0.5
    # What it tells of itself makes the same forest again.
    again = ee.Classifier.decisionTreeEnsemble(known.explain().get("trees"))
    order = info(again.schema())
    assert set(order) == {"x", "y"}
    assert answers(again.setOutputMode("RAW"), rows) == votes.tolist()
    same = trained(ee.Classifier.smileRandomForest(9, seed=5), rows)
    assert answers(same.setOutputMode("RAW"), rows) == votes.tolist()
    other = trained(ee.Classifier.smileRandomForest(9, seed=6), rows)
    assert answers(other.setOutputMode("RAW"), rows) != votes.tolist()
    single = info(trained(ee.Classifier.smileRandomForest(5)).explain())
    assert single["outOfBagErrorEstimate"] == 0


def test_regressions_are_the_means_of_trees() -> None:
    rows = [(i * i / 7, float(i), float(-i)) for i in range(30)]
    forest_of = trained(ee.Classifier.smileRandomForest(6, bagFraction=1), rows)
    raw = answers(forest_of.setOutputMode("RAW_REGRESSION"), rows)
    means = answers(forest_of.setOutputMode("REGRESSION"), rows)
    np.testing.assert_allclose(means, np.mean(raw, axis=1))
    assert np.abs(np.array(means) - [row[0] for row in rows]).max() < 20
    cart = trained(ee.Classifier.smileCart().setOutputMode("REGRESSION"), rows)
    np.testing.assert_allclose(answers(cart, rows), [row[0] for row in rows])
    for loss in forest.LOSSES:
        boost = ee.Classifier.smileGradientTreeBoost(40, 0.3, 1, None, loss, 0)
        said = answers(trained(boost.setOutputMode("REGRESSION"), rows), rows)
        assert np.abs(np.array(said) - [row[0] for row in rows]).mean() < 2
    for kind in ("EPSILON_SVR", "NU_SVR"):
        # A line through points of a line.
        line = [(2.0 * i + 1, float(i), 0.0) for i in range(12)]
        machine = ee.Classifier.libsvm(svmType=kind, cost=100).setOutputMode("REGRESSION")
        np.testing.assert_allclose(answers(trained(machine, line), [(0, 3.5, 0.0)]), [8], atol=0.11)


def test_leaves_are_as_few_and_as_large_as_is_asked_for() -> None:
    rows = [(i // 10, float(i), 0.0) for i in range(40)]
    leaves = info(trained(ee.Classifier.smileCart(3), rows).explain())["tree"].count("*")
    assert leaves == 3
    tree = info(trained(ee.Classifier.smileCart(None, 15), rows).explain())["tree"]
    populations = [int(line.split()[-4]) for line in tree.splitlines() if line.endswith("*")]
    assert sum(populations) == 40
    assert min(populations) >= 15


def test_probabilities_by_hand() -> None:
    rows = [
        (4, 0.0, 0.0),
        (4, 1.0, 0.0),
        (9, 2.0, 0.0),
        (4, 3.0, 0.0),
        (9, 4.0, 0.0),
        (9, 9.0, 0.0),
    ]
    near = trained(ee.Classifier.smileKNN(3).setOutputMode("PROBABILITY"), rows)
    # The nearest three of 0 are 4, 4, 9; of 9 they are 9, 9, 4; the greater class counts.
    np.testing.assert_allclose(answers(near, [(0, 0.0, 0.0), (0, 9.0, 0.0)]), [1 / 3, 2 / 3])
    stump = trained(ee.Classifier.smileCart(2).setOutputMode("MULTIPROBABILITY"), rows)
    leaves = answers(stump, [(0, 0.0, 0.0), (0, 9.0, 0.0)])
    np.testing.assert_allclose(leaves, np.array([[1, 0], [0.25, 0.75]]))


def test_naive_bayes_counts() -> None:
    """https://developers.google.com/earth-engine/apidocs/ee-classifier-smilenaivebayes"""
    rows = [(0, 3.0, 1.0), (0, 5.9, -7.0), (1, 1.0, 4.0)]
    known = ee.Classifier.smileNaiveBayes(0.5).setOutputMode("MULTIPROBABILITY")
    # Fractions are cut, what is negative counts for nothing; the smoothing is added to each.
    first = 2 / 3 * (8.5 / 10) ** 2 * (1.5 / 10) ** 3
    second = 1 / 3 * (1.5 / 6) ** 2 * (4.5 / 6) ** 3
    found = answers(trained(known, rows), [(0, 2.0, 3.7)])
    np.testing.assert_allclose(found, [[first / (first + second), second / (first + second)]])


def test_probabilities_of_pairs_are_coupled() -> None:
    """Those that agree with each other come out as they went in."""
    shares = np.array([[0.2, 0.5, 0.3], [0.7, 0.1, 0.2]])
    pairs = [(0, 1), (0, 2), (1, 2)]
    decisions = np.stack([np.log(shares[:, i] / shares[:, j]) for i, j in pairs], axis=1)
    np.testing.assert_allclose(platt.coupled(decisions, [(1.0, 0.0)] * 3, 3), shares)
    rng = np.random.default_rng(0)
    seen = rng.normal(0, 3, 20_000)
    slope, offset = platt.sigmoid(seen, rng.random(20_000) < 1 / (1 + np.exp(-0.8 * seen + 0.4)))
    assert slope == pytest.approx(0.8, abs=0.05)
    assert offset == pytest.approx(-0.4, abs=0.05)


def test_probabilities_of_support_vector_machines() -> None:
    machine = ee.Classifier.libsvm(kernelType="RBF", gamma=0.5, cost=10)
    found = np.array(answers(trained(machine.setOutputMode("MULTIPROBABILITY")), [*TRAINING]))
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert [[1, 3, 6][i] for i in found.argmax(axis=1)] == [row[0] for row in TRAINING]
    two = [row for row in TRAINING if row[0] != 6]
    single = answers(trained(machine.setOutputMode("PROBABILITY"), two), two)
    assert [value > 0.5 for value in single] == [row[0] == 3 for row in two]


def test_one_class() -> None:
    rows = [(int(i < 30), i % 6 + 20.0 * (i >= 30), i // 6 % 5 * 1.0) for i in range(60)]
    for inside in (0, 1):
        known = ee.Classifier.libsvm(
            svmType="ONE_CLASS", kernelType="RBF", gamma=0.1, nu=0.05, oneClass=inside
        )
        middle = [(0, 2.5, 2.0)] if inside else [(0, 22.5, 2.0)]
        said = answers(trained(known, rows), [*middle, (0, 90.0, 90.0)])
        assert said == [inside, 1 - inside]


MODES = {
    "minimumDistance": "CLASSIFICATION REGRESSION RAW",
    "smileCart": "CLASSIFICATION REGRESSION PROBABILITY MULTIPROBABILITY",
    "smileGradientTreeBoost": "CLASSIFICATION REGRESSION PROBABILITY MULTIPROBABILITY",
    "smileKNN": "CLASSIFICATION PROBABILITY",
    "smileNaiveBayes": "CLASSIFICATION PROBABILITY MULTIPROBABILITY",
    "smileRandomForest": (
        "CLASSIFICATION REGRESSION PROBABILITY MULTIPROBABILITY RAW RAW_REGRESSION"
    ),
    "libsvm": "CLASSIFICATION PROBABILITY MULTIPROBABILITY",
}
"""https://developers.google.com/earth-engine/guides/classification"""


@pytest.mark.parametrize("name", MODES)
def test_output_modes_are_those_of_the_guide(name: str) -> None:
    counted = name in ("smileGradientTreeBoost", "smileRandomForest")
    made = getattr(ee.Classifier, name)(*((3,) if counted else ()))
    known = trained(made, [row for row in TRAINING if row[0] != 6])
    for mode in classifier.MODES:
        if mode in MODES[name].split():
            assert info(known.setOutputMode(mode).mode()) == mode
            assert len(answers(known.setOutputMode(mode), NEW[:2])) == 2
        else:
            with pytest.raises(ee.EEException, match=f"does not support the output mode {mode}"):
                info(known.setOutputMode(mode).mode())


def test_types_of_bands_and_properties() -> None:
    known = learned_on(ee.Classifier.smileRandomForest(4))
    kinds = {}
    for mode in classifier.MODES:
        if mode == "PROBABILITY":
            continue
        band = info(image().classify(known.setOutputMode(mode), mode))["bands"][0]
        assert band["id"] == mode
        assert band["crs"] == UTM.crs
        kinds[mode] = (band["data_type"]["precision"], band["data_type"].get("dimensions", 0))
    assert kinds == {
        "CLASSIFICATION": ("int", 0),
        "REGRESSION": ("float", 0),
        "MULTIPROBABILITY": ("float", 1),
        "RAW": ("float", 1),
        "RAW_REGRESSION": ("float", 1),
    }
    feature = ee.Feature(ee.Geometry.Point(1, 2), {"u8": 121, "f32": 4, "kept": "yes"})
    said = info(ee.FeatureCollection([feature]).classify(known).first())
    assert said["properties"] == {"u8": 121, "f32": 4, "kept": "yes", "classification": 1}
    assert said["geometry"]["coordinates"] == [1, 2]


@pytest.mark.parametrize("name", ["forest", "boost", "knn", "svm, margin", "mahalanobis", "bayes"])
def test_parts_equal_the_whole_and_masks_stay(name: str) -> None:
    known = learned_on(MAKERS[name]())
    modes = [mode for mode in ("CLASSIFICATION", "MULTIPROBABILITY") if name in ("forest", "boost")]
    for mode in modes or ["CLASSIFICATION"]:
        said = image().classify(known.setOutputMode(mode))
        if mode == "MULTIPROBABILITY":
            said = said.arrayFlatten([["p", "q", "r"]])
        first = said.select(0).rename("value").addBands(said.select(0).mask().rename("mask"))
        whole = pixels(first, SMALL)
        a, b, c, d, e, f = UTM.transform
        halves = [
            pixels(first, grid(UTM.crs, (a, b, c, d, e, f + e * top), 40, rows))
            for top, rows in ((0, 13), (13, 17))
        ]
        np.testing.assert_array_equal(np.concatenate(halves), whole)
        _, ok = stored("u8", "f32")
        np.testing.assert_array_equal(whole["mask"], ok)


def test_values_that_are_no_numbers_are_masked() -> None:
    zero = image().select("i32").multiply(0)
    broken = zero.divide(0).addBands(zero.log()).rename("u8", "f32").addBands(zero.rename("z"))
    known = learned_on(ee.Classifier.smileCart())
    found = pixels(broken.classify(known).mask(), SMALL)["classification"]
    assert (found == 0).all()


def test_it_is_trained_once_in_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def counted(*arguments: Any, **more: Any) -> Any:
        read.append(arguments[1])
        return table_of(*arguments, **more)

    monkeypatch.setattr(classifiers, "table_of", counted)
    known = trained(ee.Classifier.smileCart())
    bands = ["x", "y"]
    series = ee.ImageCollection("TEST/SERIES").select(["u8", "f32"], bands)
    said = series.map(lambda each: each.classify(known).rename("k")).toBands()
    # More than two strips of rows.
    pixels(said.addBands(image().select(["u8", "f32"], bands).classify(known)),
           grid(UTM.crs, UTM.transform, 1000, 1200))  # fmt: skip
    assert read == [("x", "y")]
    # Nothing is learned where nobody asks for pixels.
    info(said.bandNames())
    info(known.schema())
    assert len(read) == 1


def test_the_guide_from_samples_to_accuracy() -> None:
    """Inputs are the bands of what was sampled, without the property that is learned."""
    clear = image().select("u8").subtract(120).abs().gt(20)
    scene = image().select("u8", "f32").updateMask(clear)
    labels = image().select("u8").gt(120).rename("label").toByte()
    left, top = UTM.transform[2], UTM.transform[5]
    boxes = [
        ee.Feature(
            ee.Geometry.Rectangle(
                [left + 100 * i, top - 100, left + 100 * i + 100, top], UTM.crs, False, False
            ),
            {"part": i},
        )
        for i in range(4)
    ]
    regions = ee.FeatureCollection(boxes)
    sample = scene.addBands(labels).sampleRegions(regions, ["part"], 10)
    assert info(sample.get("band_order")) == ["u8", "f32", "label"]
    training = sample.filter("part < 2")
    known = ee.Classifier.smileCart().train(training, "label")
    assert info(known.schema()) == ["u8", "f32"]
    validation = sample.randomColumn().filter("part >= 2").classify(known)
    matrix = validation.errorMatrix("label", "classification")
    rows, cols = np.mgrid[0:10, 20:40]
    ok = is_valid("u8", 3, rows, cols) & is_valid("f32", 3, rows, cols)
    u8 = formula("u8", 3, rows, cols).astype(int)
    counts = np.bincount(u8[ok & (np.abs(u8 - 120) > 20)] > 120, minlength=2)
    assert info(matrix) == np.diag(counts).tolist()
    assert info(matrix.accuracy()) == 1
    for way in (
        scene.addBands(labels).sample(regions.geometry(), 10),
        scene.addBands(labels).stratifiedSample(20, "label", regions.geometry(), 10),
    ):
        assert info(ee.Classifier.smileCart().train(way, "label").schema()) == ["u8", "f32"]


def test_some_of_the_features_are_taken() -> None:
    rows = [(i % 2, float(i), 0.0) for i in range(200)]
    known = ee.Classifier.smileKNN()
    counts = []
    for seed in (1, 1, 2):
        some = known.train(table(rows), "c", ["x", "y"], 0.3, seed)
        counts.append(info(some.confusionMatrix()))
    assert counts[0] == counts[1]
    assert counts[0] != counts[2]
    assert 30 < np.sum(counts[0]) < 90


def test_too_much_to_learn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = eemulator.Limits(requests_per_second=None, training_bytes=3 * 8 * 74)
    with eemulator.running(synthetic.catalog(), limits) as server:
        signed_in(server, monkeypatch)
        with pytest.raises(ee.EEException, match=r"classify: Computed value is too large\."):
            answers(trained(ee.Classifier.smileCart()), NEW)
        assert answers(trained(ee.Classifier.smileCart(), TRAINING[:74]), NEW[:1]) == [1]
    ee.Reset()


@pytest.mark.parametrize("name", ["forest", "boost", "machine"])
def test_learning_ends_when_its_time_is_over(name: str) -> None:
    rows = np.random.default_rng(0).random((40, 2))
    late = Table(("x", "y"), rows, np.arange(40.0) % 2, Deadline(-1.0))
    learn = {
        "forest": forest.random_forest(5, None, 1, 0.5, None, 0),
        "boost": forest.gradient_tree_boost(5, 0.1, 0.5, None, "Huber", 0),
        "machine": support_vectors.Machine("Voting", "C_SVC", "RBF", True, *[None] * 8).learn,
    }[name]
    with pytest.raises(ServiceError, match="Computation timed out"):
        learn(late, False).outputs["PROBABILITY"](rows)


def untrained() -> Any:
    return ee.Classifier.smileCart()


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            lambda: trained(untrained(), []).explain(),
            "Classifier.explain: No valid training data were found.",
        ),
        (
            lambda: untrained().train(table([(1, 2.0, 3.0), (1, 2.0, 3.0)]), "k", ["x"]).explain(),
            "Property 'k' of feature '0' is missing.",
        ),
        (
            lambda: trained(untrained(), [(1, "a", 3.0)]).explain(),
            "Property 'x' of feature '0' must be a number.",
        ),
        (lambda: trained(untrained(), [(0.5, 1.0, 2.0)]).explain(), "Classes must be integers"),
        (
            lambda: table(NEW).classify(trained(untrained().setOutputMode("PROBABILITY"))),
            "FeatureCollection.classify: Expected 2 classes for PROBABILITY, found 3.",
        ),
        (lambda: image().classify(untrained()), "Image.classify: The classifier must be trained"),
        (lambda: image().classify(trained(untrained())), "Band pattern 'x' did not match any"),
        (
            lambda: table([(1, 2.0)], "c x").classify(trained(untrained())),
            "FeatureCollection.classify: Property 'y' of feature '0' is missing.",
        ),
        (lambda: untrained().train(table(TRAINING), "c").schema(), "'band_order' property"),
        (lambda: untrained().train(table(TRAINING), "c", []).schema(), "must be inputProperties"),
        (
            lambda: untrained().train(table(TRAINING), "c", ["x"], 1.5).schema(),
            r"subsampling must be within \(0, 1\]",
        ),
        (lambda: untrained().setOutputMode("MAYBE").mode(), "Unknown output mode 'MAYBE'"),
        (lambda: ee.Classifier.decisionTree(TREE).train(table([]), "c", ["x"]).mode(), "cannot be"),
        (lambda: ee.Classifier.decisionTree(TREE).confusionMatrix(), "no training data"),
        (
            lambda: trained(untrained().setOutputMode("REGRESSION")).confusionMatrix(),
            "in the mode CLASSIFICATION",
        ),
        (lambda: trained(untrained(), [(-1, 1.0, 2.0)]).confusionMatrix(), "from 0 to"),
        (lambda: ee.Classifier.smileRandomForest(0).mode(), "numberOfTrees must be 1 to"),
        (lambda: ee.Classifier.smileRandomForest(5, bagFraction=2).mode(), "bagFraction"),
        (lambda: ee.Classifier.smileRandomForest(5, -1).mode(), "variablesPerSplit"),
        (lambda: ee.Classifier.smileCart(1).mode(), "maxNodes must be at least 2"),
        (lambda: ee.Classifier.smileCart(None, 0).mode(), "minLeafPopulation"),
        (lambda: ee.Classifier.smileGradientTreeBoost(5, 0).mode(), "shrinkage"),
        (lambda: ee.Classifier.smileGradientTreeBoost(5, loss="x").mode(), "Unknown loss 'x'"),
        (lambda: ee.Classifier.smileKNN(0).mode(), "k must be at least 1"),
        (lambda: ee.Classifier.smileKNN(1, "x").mode(), "Unknown searchMethod 'x'"),
        (lambda: ee.Classifier.smileKNN(1, "AUTO", "x").mode(), "Unknown metric 'x'"),
        (lambda: ee.Classifier.smileNaiveBayes(0).mode(), "lambda must be positive"),
        (lambda: ee.Classifier.minimumDistance("x").mode(), "Unknown metric 'x'"),
        (lambda: ee.Classifier.minimumDistance("cosine", 0).mode(), "kNearest"),
        (lambda: ee.Classifier.libsvm(kernelType="x").mode(), "Unknown kernelType 'x'"),
        (lambda: ee.Classifier.libsvm(nu=2).mode(), r"nu must be within \(0, 1\]"),
        (lambda: ee.Classifier.libsvm(degree=-1).mode(), "degree must be 0 to 100"),
        (lambda: ee.Classifier.libsvm(oneClass=2).mode(), "oneClass must be 0 or 1"),
        (
            lambda: trained(
                ee.Classifier.libsvm(svmType="NU_SVC", nu=0.9), TRAINING[:26]
            ).explain(),
            "cannot be trained: specified nu is infeasible",
        ),
        (
            lambda: table(NEW).classify(trained(ee.Classifier.libsvm(svmType="NU_SVR"))),
            "does not support the output mode CLASSIFICATION; it supports REGRESSION",
        ),
        (lambda: trained(ee.Classifier.libsvm(), TRAINING[:9]).explain(), "Only one class"),
        (
            lambda: trained(
                ee.Classifier.libsvm(svmType="ONE_CLASS", oneClass=0)
            ).explain(),
            "no training data of class 0",
        ),
        (lambda: ee.Classifier.spectralRegion([[1, 2, 3, 4, 5]]).mode(), "coordinate pairs"),
        (lambda: ee.Classifier.spectralRegion([[1] * 6], ["a"]).mode(), "must have 2 names"),
    ],
)  # fmt: skip
def test_what_cannot_be(expression: Any, message: str) -> None:
    with pytest.raises(ee.EEException, match=message):
        info(expression())


def test_what_is_no_classifier(server: eemulator.Server) -> None:
    node = call("Image.classify", image=5, classifier=5)
    reply = compute(server, {"result": "0", "values": {"0": node}})
    assert "Parameter 'classifier' must be of type Classifier, got Integer." in reply.message


def test_classifiers_can_be_looked_at() -> None:
    assert info(ee.Classifier.smileKNN()) == {"type": "Classifier.smileKNN"}
    assert info(ee.Classifier.decisionTree(TREE).explain()) == {
        "classes": [-1, 2, 4, 7],
        "numberOfTrees": 1,
    }


@pytest.mark.parametrize(
    ("search", "metric", "expected"),
    [
        ("LINEAR_SEARCH", "EUCLIDEAN", 1),
        ("COVER_TREE", "MANHATTAN", 2),
        ("LINEAR_SEARCH", "BRAYCURTIS", 3),
        # Less than ten properties: a tree, which does not look at the metric.
        ("AUTO", "BRAYCURTIS", 1),
        ("KD_TREE", "MANHATTAN", 1),
    ],
)
def test_which_is_nearest_by_which_distance(search: str, metric: str, expected: int) -> None:
    """https://developers.google.com/earth-engine/apidocs/ee-classifier-smileknn"""
    # From (11, 20): 7.8, 10 and 8.1 by Euclid; 11, 10 and 11.5 by Manhattan; of all that there is
    # 11 / 51, 10 / 52 and 11.5 / 73.5 by Bray and Curtis.
    rows = [(1, 5.5, 14.5), (2, 11.0, 10.0), (3, 16.75, 25.75)]
    known = trained(ee.Classifier.smileKNN(1, search, metric), rows)
    assert answers(known, [(0, 11.0, 20.0)]) == [expected]


def test_the_nearest_by_the_spread_of_the_data() -> None:
    """Mahalanobis: a step across the data is farther than a long one along them."""
    along = [(1, 10.0 * i, 10.0 * i + i % 3) for i in range(12)]
    known = trained(
        ee.Classifier.smileKNN(1, "COVER_TREE", "MAHALANOBIS"), [*along, (2, 60.0, 40.0)]
    )
    rows = np.array([row[1:] for row in [*along, (2, 60.0, 40.0)]])
    inverse = np.linalg.inv(np.cov(rows, rowvar=False))
    where = np.array([[80.0, 62.0], [64.0, 58.0]])
    away = where[:, np.newaxis] - rows
    squares = np.einsum("...i,ij,...j", away, inverse, away)
    expected = [2 if nearest == 12 else 1 for nearest in squares.argmin(axis=1)]
    assert expected == [2, 1]
    plain = np.linalg.norm(away, axis=-1).argmin(axis=1)
    assert [2 if nearest == 12 else 1 for nearest in plain] != expected
    assert answers(known, [(0, *point) for point in where.tolist()]) == expected


def test_classes_are_bounded() -> None:
    labels = np.arange(5_001.0)
    table_of_many = Table(("x",), labels[:, np.newaxis], labels, Deadline(None))
    with pytest.raises(ServiceError, match="at most 5000 classes, got 5001"):
        forest.cart(None, 1)(table_of_many, False)
    assert (
        forest.cart(None, 1)(table_of_many, True).outputs["REGRESSION"](labels[:3, None]).size == 3
    )
