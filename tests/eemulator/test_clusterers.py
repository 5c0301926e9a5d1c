"""Clusterers on groups that lie apart, whatever numbers they get."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest

from eemulator.errors import ServiceError
from eemulator.limits import Deadline
from eemulator.values.learning import kmeans, xmeans
from eemulator.values.learning.table import Table

from .synthetic import UTM, formula, is_valid
from .wire import grid, info, pixels

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("server")

SMALL = grid(UTM.crs, UTM.transform, 40, 30)
ROWS, COLS = np.mgrid[0:30, 0:40]
GROUPS = [(0.0, 0.0), (9.0, 0.0), (0.0, 9000.0), (9.0, 9000.0)]
"""Middles of groups; the second property weighs no more than the first."""


def points(groups: int, size: int = 5) -> list[tuple[int, float, float]]:
    return [
        (number, x + i / size, y + 1000 * j / size)
        for number, (x, y) in enumerate(GROUPS[:groups])
        for i in range(size)
        for j in range(size)
    ]


def table(rows: list[tuple[int, float, float]]) -> Any:
    return ee.FeatureCollection([ee.Feature(None, {"g": g, "x": x, "y": y}) for g, x, y in rows])


MAKERS: dict[str, Callable[[], Any]] = {
    "far apart": lambda: ee.Clusterer.wekaKMeans(3, 3),
    "k-means++": lambda: ee.Clusterer.wekaKMeans(3, 1),
    "medians": lambda: ee.Clusterer.wekaKMeans(3, 3, distanceFunction="Manhattan"),
    "x-means": lambda: ee.Clusterer.wekaXMeans(2, 6),
    "cascade": lambda: ee.Clusterer.wekaCascadeKMeans(2, 6),
    "cascade, k-means++": lambda: ee.Clusterer.wekaCascadeKMeans(2, 6, init=True, restarts=3),
}


@pytest.mark.parametrize("name", MAKERS)
def test_groups_are_found(name: str) -> None:
    rows = points(3)
    known = MAKERS[name]().train(table(rows), ["x", "y"])
    found = info(table(rows).cluster(known).aggregate_array("cluster"))
    pairs = {(row[0], cluster) for row, cluster in zip(rows, found, strict=True)}
    assert len(pairs) == 3
    assert {cluster for _, cluster in pairs} == {0, 1, 2}
    assert info(known.schema()) == ["x", "y"]
    assert info(MAKERS[name]().schema()) is None
    again = MAKERS[name]().train(table(rows), ["x", "y"])
    assert info(table(rows).cluster(again, "k").aggregate_array("k")) == found


def test_the_number_of_clusters_is_within_its_bounds() -> None:
    rows = points(4)
    for least, greatest, expected in ((2, 8, 4), (2, 3, 3), (5, 6, 5)):
        known = ee.Clusterer.wekaXMeans(least, greatest).train(table(rows), ["x", "y"])
        found = info(table(rows).cluster(known).aggregate_count_distinct("cluster"))
        assert found == expected
    one = ee.Clusterer.wekaCascadeKMeans(2, 9).train(table(points(1, 1)), ["x", "y"])
    assert info(table(rows).cluster(one).aggregate_count_distinct("cluster")) == 1


def test_what_is_nearest_is_measured_by_ranges() -> None:
    """As Weka does: both properties from 0 to 1 over the training data."""
    rows = [(0, 0.0, 0.0), (0, 10.0, 1000.0)]
    known = ee.Clusterer.wekaKMeans(2, 3).train(table(rows), ["x", "y"])
    where = [(0, 0.0, 0.0), (0, 10.0, 1000.0), (0, 4.0, 550.0), (0, 6.0, 450.0), (0, 4.0, 650.0)]
    found = info(table(where).cluster(known).aggregate_array("cluster"))
    # 0.4 + 0.55 is less than half of the way, 0.6 + 0.45 and 0.4 + 0.65 more.
    assert [number == found[1] for number in found] == [False, True, False, True, True]


def test_medians_and_means_settle() -> None:
    values = np.array([[0.0], [0.1], [0.8], [10.0], [10.4]])
    start = np.array([[0.0], [10.0]])
    means, labels = kmeans.lloyd(values, start, "Euclidean", 9, Deadline(None))
    np.testing.assert_allclose(means, [[0.3], [10.2]])
    assert labels.tolist() == [0, 0, 0, 1, 1]
    medians, _ = kmeans.lloyd(values, start, "Manhattan", 9, Deadline(None))
    np.testing.assert_allclose(medians, [[0.1], [10.2]])
    # A centre that nothing is near to is given up.
    fewer, _ = kmeans.lloyd(values, np.array([[0.0], [10.0], [99.0]]), "Euclidean", 9, Deadline(9))
    assert len(fewer) == 2


def test_images_part_by_part_with_their_masks() -> None:
    image = ee.Image("TEST/UTM").select("u8", "f32")
    left, top = UTM.transform[2], UTM.transform[5]
    area = ee.Geometry.Rectangle([left, top - 300, left + 400, top], UTM.crs, False, False)
    # As the guide has it: the inputs are the bands of what was sampled.
    known = ee.Clusterer.wekaKMeans(5, 1).train(image.sample(area, 10, numPixels=300))
    said = image.cluster(known)
    assert info(said)["bands"][0]["data_type"] == {
        "type": "PixelType", "precision": "int", "min": -(2**31), "max": 2**31 - 1
    }  # fmt: skip
    both = said.unmask(-1)
    whole = pixels(both, SMALL)["cluster"]
    assert whole.dtype == np.int32
    a, b, c, d, e, f = UTM.transform
    lower = pixels(both, grid(UTM.crs, (a, b, c, d, e, f + 11 * e), 40, 19))["cluster"]
    np.testing.assert_array_equal(whole[11:], lower)
    ok = is_valid("u8", 3, ROWS, COLS) & is_valid("f32", 3, ROWS, COLS)
    np.testing.assert_array_equal(whole >= 0, ok)
    assert set(whole[ok].tolist()) == set(range(5))
    # One cluster is one range of what both bands come from.
    base = formula("u8", 3, ROWS, COLS)
    spans = sorted((base[whole == k].min(), base[whole == k].max()) for k in range(5))
    assert all(one[1] < other[0] for one, other in itertools.pairwise(spans))


@pytest.mark.parametrize("name", ["k", "cascade", "x"])
def test_looking_for_clusters_ends_when_its_time_is_over(name: str) -> None:
    rows = np.random.default_rng(0).random((40, 2))
    late = Table(("x", "y"), rows, np.zeros(40), Deadline(-1.0))
    learn = {
        "k": kmeans.k_means(3, 0, "Euclidean", None, 0),
        "cascade": kmeans.cascade_k_means(2, 5, 3, False, "Euclidean", None),
        "x": xmeans.x_means(2, 5, 3, 9, 9, 0.0, "Euclidean", 0),
    }[name]
    with pytest.raises(ServiceError, match="Computation timed out"):
        learn(late)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (lambda: table(points(1)).cluster(ee.Clusterer.wekaKMeans(2)), "must be trained before"),
        (lambda: ee.Clusterer.wekaKMeans(0).schema(), "nClusters must be 1 to"),
        (lambda: ee.Clusterer.wekaKMeans(2, 2).schema(), "not implemented by the emulator"),
        (lambda: ee.Clusterer.wekaKMeans(2, 4).schema(), "init must be 0 to 3"),
        (lambda: ee.Clusterer.wekaKMeans(2, canopies=True).schema(), "not implemented"),
        (
            lambda: ee.Clusterer.wekaKMeans(2, distanceFunction="Chebyshev").schema(),
            "Unknown distanceFunction 'Chebyshev'; there are Euclidean, Manhattan",
        ),
        (lambda: ee.Clusterer.wekaKMeans(2, maxIterations=0).schema(), "maxIterations"),
        (lambda: ee.Clusterer.wekaCascadeKMeans(1).schema(), "minClusters must be 2 to"),
        (lambda: ee.Clusterer.wekaCascadeKMeans(3, 2).schema(), "maxClusters must be 3 to"),
        (lambda: ee.Clusterer.wekaCascadeKMeans(restarts=0).schema(), "restarts must be 1 to"),
        (lambda: ee.Clusterer.wekaCascadeKMeans(manual=True).schema(), "not implemented"),
        (lambda: ee.Clusterer.wekaXMeans(cutoffFactor=2).schema(), "cutoffFactor"),
        (
            lambda: table(points(1)).cluster(
                ee.Clusterer.wekaKMeans(2).train(table(points(2)), ["x", "z"])
            ),
            "FeatureCollection.cluster: Property 'z' of feature '0' is missing.",
        ),
    ],
)
def test_what_cannot_be(expression: Any, message: str) -> None:
    with pytest.raises(ee.EEException, match=message):
        info(expression())
