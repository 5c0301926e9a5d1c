"""Reducers over tables and over stacks of pixels, against NumPy and SciPy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from .synthetic import UTM, formula, is_valid
from .wire import grid, info, pixels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

SMALL = grid(UTM.crs, UTM.transform, 20, 15)
ROWS, COLS = np.mgrid[0:15, 0:20]


def stack(band: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The six images of the series: `(image, row, column)`."""
    values = np.stack([formula(band, 10 + i, ROWS, COLS) for i in range(6)]).astype(float)
    return values, np.stack([is_valid(band, 10 + i, ROWS, COLS) for i in range(6)])


def runs(values: Any) -> int:
    return 1 + int(np.count_nonzero(np.diff(values)))


def circular(values: Any) -> complex:
    return complex(np.exp(1j * np.asarray(values)).mean())


SINGLE: dict[str, tuple[Callable[[], Any], Callable[[Any], float]]] = {
    "stdDev": (ee.Reducer.stdDev, np.std),
    "variance": (ee.Reducer.variance, np.var),
    "sampleStdDev": (ee.Reducer.sampleStdDev, lambda v: np.std(v, ddof=1)),
    "sampleVariance": (ee.Reducer.sampleVariance, lambda v: np.var(v, ddof=1)),
    "skew": (ee.Reducer.skew, stats.skew),
    "kurtosis": (ee.Reducer.kurtosis, stats.kurtosis),
    "p0": (lambda: ee.Reducer.percentile([0]), np.min),
    "p30": (lambda: ee.Reducer.percentile([30]), lambda v: np.percentile(v, 30)),
    "p100": (lambda: ee.Reducer.percentile([100]), np.max),
    "intervalMean": (
        lambda: ee.Reducer.intervalMean(20, 80),
        lambda v: np.mean([x for x in v if np.percentile(v, 20) <= x <= np.percentile(v, 80)]),
    ),
    "countDistinct": (ee.Reducer.countDistinct, lambda v: len(set(v))),
    "countRuns": (ee.Reducer.countRuns, runs),
    "bitwiseAnd": (lambda: ee.Reducer.bitwiseAnd(), lambda v: np.bitwise_and.reduce(np.int64(v))),
    "bitwiseOr": (lambda: ee.Reducer.bitwiseOr(), lambda v: np.bitwise_or.reduce(np.int64(v))),
    "circularMean": (ee.Reducer.circularMean, lambda v: float(np.angle(circular(v)))),
    "circularVariance": (ee.Reducer.circularVariance, lambda v: 1 - abs(circular(v))),
    "circularStddev": (
        ee.Reducer.circularStddev, lambda v: math.sqrt(-2 * math.log(abs(circular(v))))
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(SINGLE))
def test_of_one_input(name: str) -> None:
    make, expected = SINGLE[name]
    values = [3, 3, 9, 4, 12, 12, 5, 1]
    assert ee.List(values).reduce(make()).getInfo() == pytest.approx(expected(values), rel=1e-9)
    # The same through a stack of images, masked pixels left out.
    found = pixels(ee.ImageCollection("TEST/SERIES").select("u8").reduce(make()), SMALL)
    column, ok = stack("u8")
    (band,) = found.dtype.names or ()
    reference = np.array([
        [expected(column[ok[:, i, j], i, j]) for j in range(20)] for i in range(15)
    ])  # fmt: skip
    np.testing.assert_allclose(found[band], reference, rtol=1e-7, atol=1e-7)


def test_of_nothing() -> None:
    nothing = ee.List([None, None])
    assert nothing.reduce(ee.Reducer.skew()).getInfo() is None
    assert nothing.reduce(ee.Reducer.countRuns()).getInfo() == 0
    assert nothing.reduce(ee.Reducer.percentile([10, 90])).getInfo() == {"p10": None, "p90": None}
    assert ee.List([5]).reduce(ee.Reducer.sampleVariance()).getInfo() is None


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(-99, 99), st.integers(-99, 99)), min_size=3, max_size=12).filter(
        lambda rows: len({x for x, _ in rows}) > 1 and len({y for _, y in rows}) > 1
    )
)
def test_of_two_inputs(rows: list[tuple[int, int]]) -> None:
    x, y = (np.array(column, float) for column in zip(*rows, strict=True))
    table = ee.List([list(row) for row in rows])
    fit = info(table.reduce(ee.Reducer.linearFit()))
    line = stats.linregress(x, y)
    assert fit == pytest.approx({"scale": line.slope, "offset": line.intercept}, abs=1e-9)
    pearson = info(table.reduce(ee.Reducer.pearsonsCorrelation()))
    expected = stats.pearsonr(x, y)
    assert pearson["correlation"] == pytest.approx(expected.statistic, abs=1e-9)
    assert pearson["p-value"] == pytest.approx(expected.pvalue, abs=1e-7)
    sen = info(table.reduce(ee.Reducer.sensSlope()))
    slope, offset, _, _ = stats.theilslopes(y, x)
    assert sen == pytest.approx({"slope": slope, "offset": offset}, abs=1e-9)


def test_a_fit_through_a_stack() -> None:
    series = ee.ImageCollection("TEST/SERIES").select(["u8", "f32"])
    found = pixels(series.reduce(ee.Reducer.linearFit()), SMALL)
    assert found.dtype.names == ("scale", "offset")
    (x, p), (y, q) = stack("u8"), stack("f32")
    for i, j in [(0, 0), (3, 7), (14, 19)]:
        ok = p[:, i, j] & q[:, i, j]
        slope, offset = np.polyfit(x[ok, i, j], y[ok, i, j], 1)
        assert found["scale"][i, j] == pytest.approx(slope, rel=1e-5)
        assert found["offset"][i, j] == pytest.approx(offset, rel=1e-5, abs=1e-5)
    with pytest.raises(ee.EEException, match="The reducer has 2 inputs, but the image has 1 bands"):
        series.select("u8").reduce(ee.Reducer.linearFit()).getInfo()


def test_linear_regression() -> None:
    generator = np.random.default_rng(3)
    x = np.column_stack([np.ones(30), generator.normal(size=(30, 2))])
    y = x @ [[1.0, 0], [-2, 3], [0.5, 1]] + generator.normal(size=(30, 2)) * 0.1
    table = ee.List(np.column_stack([x, y]).tolist())
    found = info(table.reduce(ee.Reducer.linearRegression(3, 2)))
    expected, rest, _, _ = np.linalg.lstsq(x, y, rcond=None)
    np.testing.assert_allclose(found["coefficients"], expected, rtol=1e-9)
    np.testing.assert_allclose(found["residuals"], np.sqrt(rest / 30), rtol=1e-9)
    few = ee.List([[1, 2, 3], [1, 3, 4]]).reduce(ee.Reducer.linearRegression(2))
    assert info(few) == {"coefficients": None, "residuals": None}


def test_histograms_and_collections() -> None:
    values = [0, 1, 1.5, 2, 2.5, 9, -1, 10]
    found = info(ee.List(values).reduce(ee.Reducer.fixedHistogram(0, 10, 5)))
    counts, edges = np.histogram([v for v in values if 0 <= v < 10], 5, (0, 10))
    assert found == np.column_stack([edges[:-1], counts]).tolist()
    summed = info(ee.List(values).reduce(ee.Reducer.fixedHistogram(0, 10, 5, True)))
    assert [row[1] for row in summed] == counts.cumsum().tolist()
    rows = ee.List([[1, "a"], [None, "b"], [3, None]])
    kept = info(rows.reduce(ee.Reducer.toCollection(["n", "s"], 1)))
    assert [f["properties"] for f in kept["features"]] == [{"n": 1, "s": "a"}, {"n": 3}]


def test_a_reducer_for_each_band() -> None:
    box = ee.Geometry.Rectangle([400_000, 7_999_900, 400_030, 7_999_930], UTM.crs, False)
    image = ee.Image("TEST/UTM").select(["i32", "u8"])
    each = ee.Reducer.max().forEachBand(image)
    alone = image.reduceRegion(ee.Reducer.max(), box, 10)
    found = info(image.reduceRegion(each, box, 10))
    rows, cols = np.mgrid[9:12, 4:7]
    ok = is_valid("u8", 3, rows, cols)
    assert found["i32"] == formula("i32", 3, rows, cols)[ok].max()
    assert info(alone)["u8"] == formula("u8", 3, rows, cols)[ok].max()
    two = ee.Reducer.minMax().forEach(["a", "b"])
    assert info(two.getOutputs()) == ["a_min", "a_max", "b_min", "b_max"]
    assert info(ee.List([[1, 5], [2, 4]]).reduce(two)) == {
        "a_min": 1, "a_max": 2, "b_min": 4, "b_max": 5
    }  # fmt: skip
