"""Reducers: what their pages say they print, and statistics known from SciPy and closed forms.

Sources: https://developers.google.com/earth-engine/apidocs/ee-reducer-count, -minmax, -foreach,
-setoutputs, and so on; arrays along a field axis: ee-array-reduce.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from scipy import optimize, stats

from .synthetic import UTM, formula, is_valid
from .wire import grid, info, pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

SMALL = grid(UTM.crs, UTM.transform, 12, 9)
ROWS, COLS = np.mgrid[0:9, 0:12]
TABLE = [[1, 2.0], [2, 3.1], [3, 2.9], [4, 5.0], [4, 4.0], [6, 5.0]]
X, Y = np.array(TABLE).T

Of = Any
LISTS: list[tuple[list[Any], Of, Any]] = [
    ([], lambda: ee.Reducer.count(), 0),
    ([0], lambda: ee.Reducer.count(), 1),
    ([-1], lambda: ee.Reducer.count(), 1),
    ([1, None, 3], lambda: ee.Reducer.count(), 2),
    ([1, "", 3], lambda: ee.Reducer.count(), 3),
    ([1, None, 3], lambda: ee.Reducer.countEvery(), 3),
    ([1, None, 1], lambda: ee.Reducer.countDistinct(), 2),
    ([1, None, 1], lambda: ee.Reducer.countDistinctNonNull(), 1),
    ([None, 1, None], lambda: ee.Reducer.first(), None),
    ([None, 1, None], lambda: ee.Reducer.firstNonNull(), 1),
    ([None, 1, None], lambda: ee.Reducer.last(), None),
    ([None, 1, None], lambda: ee.Reducer.lastNonNull(), 1),
    ([1, 2, 3, 4], lambda: ee.Reducer.minMax(), {"max": 4, "min": 1}),
    ([1, 2, 3, 4], lambda: ee.Reducer.minMax().setOutputs(["low", ""]), 1),
    ([[1, 8], [3, 5], [2, 9]], lambda: ee.Reducer.max(2), {"max": 3, "max1": 5}),
    ([[1, 8], [3, 5], [2, 9]], lambda: ee.Reducer.min(2), {"min": 1, "min1": 8}),
    ([[1, 2], [3], 4, {"a": 5}], lambda: ee.Reducer.sum().disaggregate(), 15),
    ([[1, 1], [3, 3]], lambda: ee.Reducer.mean().splitWeights(), 2.5),
    ([[1, 1], [3, None]], lambda: ee.Reducer.sum().splitWeights(), 1),
]


@pytest.mark.parametrize("number", range(len(LISTS)))
def test_lists(number: int) -> None:
    items, reducer, expected = LISTS[number]
    assert info(ee.List(items).reduce(reducer())) == expected


def test_arrays_along_their_axes() -> None:
    count = ee.Reducer.count()
    assert info(ee.Array([1, 0, 3]).reduce(count, [0])) == [3]
    table = ee.Array([[1, 0, 3], [1, 2, 3]])
    assert info(table.reduce(count, [0])) == [[2, 2, 2]]
    assert info(table.reduce(count, [1])) == [[3], [3]]
    assert info(table.reduce(count, [1, 0])) == [[6]]
    column = ee.Array([[1], [2], [3], [4]])
    assert info(column.reduce(ee.Reducer.minMax(), [0], 1)) == [[1, 4]]
    # Three series side by side, and x and y along the last axis.
    values = np.arange(24.0).reshape(4, 3, 2) ** 1.5
    found = np.array(info(ee.Array(values.tolist()).reduce(ee.Reducer.linearFit(), [0], 2)))
    assert found.shape == (1, 3, 2)
    for i in range(3):
        np.testing.assert_allclose(
            found[0, i], np.polyfit(values[:, i, 0], values[:, i, 1], 1), rtol=1e-9
        )
    with pytest.raises(ee.EEException, match="A fieldAxis is needed: the reducer has 1 inputs, 2"):
        info(column.reduce(ee.Reducer.minMax(), [0]))
    with pytest.raises(ee.EEException, match="fieldAxis must not be reduced, and have a length"):
        info(table.reduce(ee.Reducer.linearFit(), [0], 1))


def test_positions_of_arrays() -> None:
    arrays = ee.List([ee.Array([[1, 2], [3, 4]])] * 5)
    assert info(arrays.reduce(ee.Reducer.sum().forEachElement())) == [[5, 10], [15, 20]]
    both = info(
        ee.List([ee.Array([1, 9]), ee.Array([4, 2])]).reduce(ee.Reducer.minMax().forEachElement())
    )
    assert both == {"min": [1, 2], "max": [4, 9]}
    assert info(arrays.slice(0, 1).reduce(ee.Reducer.toList().disaggregate())) == [1, 2, 3, 4]
    region = ee.Geometry.Rectangle([400_000, 7_999_900, 400_030, 7_999_930], UTM.crs, False)
    image = ee.Image([1, 2]).toArray()
    found = image.reduceRegion(ee.Reducer.sum().unweighted().forEachElement(), region, 10, UTM.crs)
    assert info(found) == {"array": [9, 18]}
    with pytest.raises(ee.EEException, match="arrays of different shapes"):
        info(ee.List([ee.Array([1]), ee.Array([1, 2])]).reduce(ee.Reducer.sum().forEachElement()))


def scipys(name: str) -> tuple[float, float]:
    found: Any
    match name:
        case "kendall":
            found = stats.kendalltau(X, Y, method="asymptotic")
        case "kendall1":
            found = stats.kendalltau(np.arange(6), Y, method="asymptotic")
        case "spearman":
            found = stats.spearmanr(X, Y)
        case _:
            found = stats.theilslopes(Y, X)
    return float(found[0]), float(found[1])


RANKED: dict[str, tuple[Of, tuple[str, str]]] = {
    "kendall": (lambda: ee.Reducer.kendallsCorrelation(2), ("tau", "p-value")),
    "kendall1": (lambda: ee.Reducer.kendallsCorrelation(), ("tau", "p-value")),
    "spearman": (lambda: ee.Reducer.spearmansCorrelation(), ("correlation", "p-value")),
    "sen": (lambda: ee.Reducer.sensSlope(), ("slope", "offset")),
}


@pytest.mark.parametrize("name", RANKED)
def test_ranks_of_rows_and_of_pixels(name: str) -> None:
    reducer, outputs = RANKED[name]
    items = [row[1] for row in TABLE] if name == "kendall1" else TABLE
    found = info(ee.List(items).reduce(reducer()))
    assert [found[output] for output in outputs] == pytest.approx(scipys(name), rel=1e-9)
    images = [ee.Image(row).rename(["x", "y"]) for row in TABLE]
    # A row with a masked variable does not count.
    images.insert(3, ee.Image([50, -70]).updateMask(ee.Image([1, 0])).rename(["x", "y"]))
    series = ee.ImageCollection(images)
    prefix = ""
    if name == "kendall1":
        series, prefix = series.select("y"), "y_"
    plane = pixels(series.reduce(reducer()), grid("EPSG:4326", (1, 0, 0, 0, -1, 0), 1, 1))
    assert [plane[prefix + o][0, 0] for o in outputs] == pytest.approx(scipys(name), rel=1e-9)


def stack(band: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    values = np.stack([formula(band, 10 + i, ROWS, COLS) for i in range(6)]).astype(float)
    return values, np.stack([is_valid(band, 10 + i, ROWS, COLS) for i in range(6)])


def test_a_trend_at_every_pixel() -> None:
    values, ok = stack("u8")
    trend = ee.ImageCollection("TEST/SERIES").select("u8").reduce(ee.Reducer.kendallsCorrelation())
    found = pixels(trend, SMALL)
    for i, j in np.ndindex(9, 12):
        kept = ok[:, i, j]
        expected = stats.kendalltau(np.arange(6)[kept], values[kept, i, j], method="asymptotic")
        tau = 0 if np.isnan(expected.statistic) else expected.statistic
        assert found["u8_tau"][i, j] == pytest.approx(tau)


def test_outliers_do_not_count() -> None:
    generator = np.random.default_rng(5)
    x = np.column_stack([np.ones(40), generator.uniform(-5, 5, 40)])
    y = x @ [[1.0, -3], [2, 0.5]] + generator.normal(size=(40, 2)) * 0.05
    y[[3, 17, 30]] += 40
    inlying = np.setdiff1d(np.arange(40), [3, 17, 30])
    expected, rest, _, _ = np.linalg.lstsq(x[inlying], y[inlying], rcond=None)
    rows = ee.List(np.column_stack([x, y]).tolist())
    for margin in (3, None):
        found = info(rows.reduce(ee.Reducer.robustLinearRegression(2, 2, margin)))
        tolerance = 1e-9 if margin else 0.02
        np.testing.assert_allclose(found["coefficients"], expected, atol=tolerance)
        if margin:
            np.testing.assert_allclose(found["residuals"], np.sqrt(rest / 37), rtol=1e-9)
    few = ee.List([[1, 2, 3]]).reduce(ee.Reducer.robustLinearRegression(2))
    assert info(few) == {"coefficients": None, "residuals": None}


def test_ridge_regression() -> None:
    generator = np.random.default_rng(6)
    x = generator.normal(size=(25, 3))
    y = x @ [[1.0, 0], [-2, 3], [0.5, 1]] + [4, 5] + generator.normal(size=(25, 2))
    rows = ee.List(np.column_stack([x, y]).tolist())
    found = info(rows.reduce(ee.Reducer.ridgeRegression(3, 2, 0.7)))
    # The normal equations, the intercept free.
    design = np.column_stack([x, np.ones(25)])
    expected = np.linalg.solve(design.T @ design + 0.7 * np.diag([1, 1, 1, 0]), design.T @ y)
    np.testing.assert_allclose(found["coefficients"], expected, rtol=1e-9)
    rest = np.sqrt(((y - design @ expected) ** 2).mean(0))
    np.testing.assert_allclose(found["residuals"], rest, rtol=1e-9)
    # Without a penalty, of one variable, the test of the regression is that of the correlation.
    alone = ee.List(np.column_stack([x[:, 0], y[:, 0]]).tolist())
    plain = info(alone.reduce(ee.Reducer.ridgeRegression(1, 1, 0)))
    line = stats.linregress(x[:, 0], y[:, 0])
    np.testing.assert_allclose(plain["coefficients"], [[line.slope], [line.intercept]], rtol=1e-9)
    np.testing.assert_allclose(plain["pValue"], [line.pvalue], rtol=1e-9)
    images = ee.ImageCollection([ee.Image(row) for row in np.column_stack([x, y]).tolist()])
    at = images.reduce(ee.Reducer.ridgeRegression(3, 2, 0.7)).reduceRegion(
        "first", ee.Geometry.Point(0, 0), 1
    )
    np.testing.assert_allclose(info(at)["coefficients"], expected, rtol=1e-9)
    few = ee.List([[1, 2, 3]]).reduce(ee.Reducer.ridgeRegression(2))
    assert info(few) == {"coefficients": None, "residuals": None, "pValue": None}


def test_the_point_nearest_to_all() -> None:
    points = np.random.default_rng(8).normal(size=(9, 3)).cumsum(0)
    best = optimize.minimize(
        lambda p: np.linalg.norm(points - p, axis=1).sum(), points.mean(0), tol=1e-12
    )
    reducer = ee.Reducer.geometricMedian(3, 1e-12)
    found = info(ee.List(points.tolist()).reduce(reducer))
    assert list(found.values()) == pytest.approx(best.x, abs=1e-5)
    images = ee.ImageCollection([ee.Image(point) for point in points.tolist()])
    at = images.reduce(reducer.setOutputs(["a", "b", "c"])).reduceRegion(
        "first", ee.Geometry.Point(0, 0), 1
    )
    assert [info(at)[name] for name in "abc"] == pytest.approx(best.x, abs=1e-5)


def test_counts_in_cells() -> None:
    rows = np.random.default_rng(9).uniform(-1, 5, (50, 2)).round(1)
    reducer = ee.Reducer.fixed2DHistogram(0, 4, 4, 0, 4.5, 3)
    found = info(ee.List(rows.tolist()).reduce(reducer))
    inside = rows[(rows < [4, 4.5]).all(1)]
    counts, x, y = np.histogram2d(inside[:, 0], inside[:, 1], [4, 3], [[0.0, 4.0], [0.0, 4.5]])
    assert found == {
        "histogram": counts.tolist(),
        "xAxis": x[:-1].tolist(),
        "yAxis": y[:-1].tolist(),
    }
    images = ee.ImageCollection([ee.Image(row) for row in rows.tolist()])
    at = images.reduce(reducer).reduceRegion("first", ee.Geometry.Point(0, 0), 1)
    assert info(at) == found


@pytest.mark.parametrize("cumulative", [False, True])
def test_a_histogram_at_every_pixel(cumulative: bool) -> None:
    values, ok = stack("u8")
    reducer = ee.Reducer.fixedHistogram(0, 120, 6, cumulative)
    series = ee.ImageCollection("TEST/SERIES").select("u8").reduce(reducer)
    counts = series.arraySlice(1, 1, 2).arrayProject([0]).arrayFlatten([list("abcdef")])
    found = pixels(counts, SMALL)
    edges = series.arraySlice(1, 0, 1).arrayProject([0]).arrayFlatten([list("abcdef")])
    assert pixels(edges, SMALL)[0, 0].tolist() == (0, 20, 40, 60, 80, 100)
    for i, j in np.ndindex(9, 12):
        kept = values[ok[:, i, j], i, j]
        expected = np.histogram(kept[kept < 120], 6, (0, 120))[0]
        expected = expected.cumsum() if cumulative else expected
        assert list(found[i, j]) == expected.tolist()


def test_histograms_of_too_many_pixels_are_refused() -> None:
    large = (
        ee.ImageCollection("TEST/SERIES")
        .select(["u8"])
        .reduce(ee.Reducer.fixedHistogram(0, 1, 10**6))
    )
    with pytest.raises(ee.EEException, match="User memory limit exceeded"):
        pixels(large.arrayReduce(ee.Reducer.sum(), [0, 1]).arrayFlatten([["n"], ["m"]]), SMALL)


def test_regions_weigh_the_pairs_of_a_fit() -> None:
    # One column of pixels is whole in the region, the next to seven tenths: in steps of 1/256,
    # https://developers.google.com/earth-engine/guides/reducers_weighting.
    left, top = UTM.transform[2], UTM.transform[5]
    part = ee.Geometry.Rectangle([left, top - 20, left + 17, top], UTM.crs, False, False)
    place = ee.Image.pixelCoordinates(ee.Projection(UTM.crs, UTM.transform))
    image = place.expression("b(0) + b(1) / 7").addBands(place.expression("b(0) ** 2 - b(1) / 3"))
    found = info(
        image.reduceRegion(
            ee.Reducer.linearFit(), part, crs=UTM.crs, crsTransform=list(UTM.transform)
        )
    )
    u, v = np.array([0.5, 0.5, 1.5, 1.5]), np.array([0.5, 1.5, 0.5, 1.5])
    x, y, w = u + v / 7, u**2 - v / 3, np.array([1, 1, 179 / 255, 179 / 255])
    slope, offset = np.polyfit(x, y, 1, w=np.sqrt(w))
    assert found["scale"] == pytest.approx(slope, rel=1e-9)
    assert found["offset"] == pytest.approx(offset, rel=1e-9)
    split = image.reduceRegion(
        ee.Reducer.mean().splitWeights(), part, crs=UTM.crs, crsTransform=list(UTM.transform)
    )
    # The region's own weights count no longer: pixels whose centre is inside are weighed by y.
    assert info(split)["mean"] == pytest.approx((x * y).sum() / y.sum())


def test_a_sliver_of_a_pixel_counts_for_nothing() -> None:
    left, top = UTM.transform[2], UTM.transform[5]
    for metres, counted in ((0.03, 0), (0.05, 1), (5, 128), (9.99, 255)):
        ring = [left, top - 10, left + 10 + metres, top]
        area = ee.Geometry.Rectangle(ring, UTM.crs, False, False)
        total = ee.Image(1).reduceRegion(
            ee.Reducer.sum(), area, crs=UTM.crs, crsTransform=list(UTM.transform)
        )
        assert info(total)["constant"] == pytest.approx(1 + counted / 255)


REFUSED: dict[str, tuple[Of, str]] = {
    "kendall": (lambda: ee.Reducer.kendallsCorrelation(3), "1 or 2 inputs, got 3"),
    "ridge": (lambda: ee.Reducer.ridgeRegression(1, 1, -1), "'lambda' must not be negative"),
    "robust": (lambda: ee.Reducer.robustLinearRegression(1, 1, 0), "'beta' must be positive"),
    "variables": (lambda: ee.Reducer.robustLinearRegression(0), "There must be an independent"),
    "median": (lambda: ee.Reducer.geometricMedian(0), "has 1 to 5000 inputs, got 0"),
    "eta": (lambda: ee.Reducer.geometricMedian(2, 0), "'eta' must be positive"),
    "coordinates": (lambda: ee.Reducer.geometricMedian(10**9), "has 1 to 5000 inputs"),
    "regressors": (lambda: ee.Reducer.ridgeRegression(10**9), "has 1 to 5000 inputs"),
    "cells": (lambda: ee.Reducer.fixed2DHistogram(0, 0, 1, 0, 1, 1), "over a range"),
    "bins": (lambda: ee.Reducer.fixedHistogram(0, 1, 10**7), "has 1 to 1000000 bins"),
    "many cells": (lambda: ee.Reducer.fixed2DHistogram(0, 1, 2000, 0, 1, 2000), "1000000 bins"),
    "split": (lambda: ee.Reducer.mean().repeat(2).splitWeights(), "one input"),
    "extreme": (lambda: ee.Reducer.max(0), "1 to 5000 inputs, got 0"),
    "outputs": (lambda: ee.Reducer.minMax().setOutputs(["a", "a"]), "2 outputs to be named"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused(name: str) -> None:
    reducer, words = REFUSED[name]
    with pytest.raises(ee.EEException, match=words):
        info(reducer().getOutputs())
