"""Code as the guides of Earth Engine write it, with values known from elsewhere."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from scipy import ndimage

from .synthetic import DAY, UTM, formula, is_valid
from .wire import grid, info, pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

SMALL = grid(UTM.crs, UTM.transform, 40, 30)
ROWS, COLS = np.mgrid[0:30, 0:40]
BANDS = ["u8", "u16", "f32", "flag"]


def scene() -> Any:
    return ee.Image("TEST/UTM").select(BANDS)


def area(height: int = 30, width: int = 40) -> Any:
    """The first rows and columns of the lattice, exactly."""
    left, top = UTM.transform[2], UTM.transform[5]
    ring = [left, top - 10 * height, left + 10 * width, top]
    return ee.Geometry.Rectangle(ring, UTM.crs, geodesic=False, evenOdd=False)


def stored(band: str, k: int = 3) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    return formula(band, k, ROWS, COLS), is_valid(band, k, ROWS, COLS)


def inside(band: str, k: int = 3) -> NDArray[np.float64]:
    values, valid = stored(band, k)
    return values[valid].astype(np.float64)


def region(image: Any, reducer: Any, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = image.reduceRegion(reducer, area(), 10, **more).getInfo()
    return found


def test_an_index_by_its_formula_and_by_name() -> None:
    image = scene().select(["u8", "u16"], ["NIR", "RED"])
    evi = image.expression(
        "2.5 * ((NIR - RED) / (NIR + 6 * RED - 7.5 * BLUE + 1))",
        {"NIR": image.select("NIR"), "RED": image.select("RED"), "BLUE": ee.Image(0.25)},
    ).rename("EVI")
    (nir, p), (red, q) = stored("u8"), stored("u16")
    expected = 2.5 * ((nir - 1.0 * red) / (nir + 6.0 * red - 7.5 * 0.25 + 1))
    found = pixels(evi, SMALL)["EVI"]
    np.testing.assert_allclose(found, np.where(p & q, expected, 0), rtol=1e-5)
    by_hand = (
        image.select("NIR")
        .subtract(image.select("RED"))
        .divide(image.select("NIR").add(image.select("RED")))
    )
    by_name = image.normalizedDifference(["NIR", "RED"])
    difference = by_hand.subtract(by_name).abs()
    assert region(difference, ee.Reducer.max())["NIR"] < 1e-6


def test_clouds_are_masked_by_bits() -> None:
    def clear(image: Any) -> Any:
        qa = image.select("u16")
        return image.updateMask(qa.bitwiseAnd(1 << 3).eq(0).And(qa.bitwiseAnd(1 << 5).eq(0)))

    found = pixels(ee.ImageCollection("TEST/SERIES").map(clear).select("u8").min(), SMALL)["u8"]
    stack, shown = [], []
    for k in range(10, 16):
        qa = formula("u16", k, ROWS, COLS).astype(int)
        stack.append(formula("u8", k, ROWS, COLS))
        shown.append(is_valid("u8", k, ROWS, COLS) & (qa & 8 == 0) & (qa & 32 == 0))
    least = np.where(shown, stack, 255).min(axis=0)
    np.testing.assert_array_equal(found, np.where(np.any(shown, axis=0), least, 0))


def test_combined_statistics_of_a_region() -> None:
    reducers = (
        ee.Reducer.mean()
        .combine(reducer2=ee.Reducer.stdDev(), sharedInputs=True)
        .combine(reducer2=ee.Reducer.minMax(), sharedInputs=True)
        .combine(reducer2=ee.Reducer.percentile([10, 50]), sharedInputs=True)
    )
    found = region(scene().select(["u8"]), reducers, maxPixels=1e9)
    values = inside("u8")
    assert found["u8_mean"] == pytest.approx(values.mean())
    assert found["u8_stdDev"] == pytest.approx(values.std())
    assert (found["u8_min"], found["u8_max"]) == (values.min(), values.max())
    assert found["u8_p50"] == pytest.approx(np.median(values), abs=1)
    assert found["u8_p10"] == pytest.approx(np.percentile(values, 10), abs=1)


def test_statistics_by_group() -> None:
    image = scene().select(["f32", "flag"])
    found = region(image, ee.Reducer.mean().group(groupField=1, groupName="flag"))["groups"]
    values, shown = stored("f32")
    flag, _ = stored("flag")
    for group in found:
        chosen = shown & (flag == group["flag"])
        assert group["mean"] == pytest.approx(values[chosen].astype(float).mean())
    assert [group["flag"] for group in found] == [0, 1]


def test_a_frequency_histogram() -> None:
    found = region(scene().select("flag"), ee.Reducer.frequencyHistogram())["flag"]
    values = inside("flag")
    assert found == {"0": (values == 0).sum(), "1": (values == 1).sum()}


def test_a_histogram_has_bins_of_powers_of_two() -> None:
    found = region(scene().select("u16"), ee.Reducer.histogram(30))["u16"]
    values = inside("u16")
    width = found["bucketWidth"]
    # 251 * 257 values in at most 32 bins, and 16 times as many would not fit bins half as wide.
    assert width == 2048
    first = math.floor(values.min() / width)
    counts, edges = np.histogram(values, np.arange(first, values.max() // width + 2) * width)
    assert found["histogram"] == counts.tolist()
    assert found["bucketMin"] == edges[0]
    means = [values[values // width == first + i].mean() for i in range(len(counts))]
    assert found["bucketMeans"] == pytest.approx(means)
    array = region(scene().select("u16"), ee.Reducer.autoHistogram(30, cumulative=True))["u16"]
    np.testing.assert_array_equal(array, np.column_stack([edges[:-1], counts.cumsum()]))


@pytest.mark.parametrize(
    ("values", "options", "width", "counts"),
    [
        ([0, 1, 2, 3], {"maxBuckets": 4}, 1, [1, 1, 1, 1]),
        ([0, 1, 2, 3, 4], {"maxBuckets": 4}, 2, [2, 2, 1]),
        ([0.0, 0.3, 0.9], {"maxBuckets": 2}, 0.5, [2, 1]),
        ([-1, 0, 1], {"minBucketWidth": 3}, 3, [1, 2]),
        ([7, 7], {}, 1, [2]),
    ],
)
def test_histograms_of_lists(
    values: list[float], options: dict[str, Any], width: float, counts: list[float]
) -> None:
    found = info(ee.List(values).reduce(ee.Reducer.histogram(**options)))
    assert (found["bucketWidth"], found["histogram"]) == (width, counts)
    assert sum(m * n for m, n in zip(found["bucketMeans"], counts, strict=True)) == pytest.approx(
        sum(values)
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [({"maxBuckets": 0}, "1 to"), ({"minBucketWidth": -1}, "must be positive")],
)
def test_histograms_that_are_none(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ee.EEException, match=message):
        info(ee.List([1]).reduce(ee.Reducer.histogram(**options)))


def test_a_trend_through_time() -> None:
    def with_time(image: Any) -> Any:
        days = image.date().difference(ee.Date("2024-01-01"), "day")
        return (
            image.select("f64").addBands(ee.Image(days).toDouble().rename("t")).select("t", "f64")
        )

    fit = ee.ImageCollection("TEST/SERIES").map(with_time).reduce(ee.Reducer.linearFit())
    found = pixels(fit, SMALL)
    stack = np.stack([formula("f64", 10 + i, ROWS, COLS) for i in range(6)])
    shown = np.stack([is_valid("f64", 10 + i, ROWS, COLS) for i in range(6)])
    for row, col in ((0, 0), (3, 7), (29, 39), (11, 20)):
        chosen = shown[:, row, col]
        slope, offset = np.polyfit(np.flatnonzero(chosen), stack[chosen, row, col], 1)
        assert found["scale"][row, col] == pytest.approx(slope, abs=1e-9)
        assert found["offset"][row, col] == pytest.approx(offset, abs=1e-9)


def test_neighbours_in_time_are_joined() -> None:
    series = ee.ImageCollection("TEST/SERIES").select("u8")
    near = ee.Filter.And(
        ee.Filter.maxDifference(1.5 * DAY, "system:time_start", None, "system:time_start"),
        ee.Filter.greaterThan(leftField="system:time_start", rightField="system:time_start"),
    )
    joined = ee.ImageCollection(ee.Join.saveFirst("before").apply(series, series, near))
    changes = joined.map(
        lambda image: (
            image.toInt16().subtract(ee.Image(image.get("before"))).copyProperties(image, ["name"])
        )
    )
    assert info(changes.aggregate_array("name")) == [f"scene {i}" for i in range(1, 6)]
    last = pixels(ee.Image(changes.toList(5).get(4)), SMALL)["u8"]
    (new, p), (old, q) = stored("u8", 15), stored("u8", 14)
    np.testing.assert_array_equal(last, np.where(p & q, new.astype(int) - old, 0))
    best = ee.Join.saveBest("best", "apart").apply(
        series,
        series.filter(ee.Filter.lt("cloud", 15)),
        ee.Filter.maxDifference(9 * DAY, "system:time_start", None, "system:time_start"),
    )
    # What is measured is told by the match.
    apart = best.toList(6).map(lambda image: ee.Image(ee.Image(image).get("best")).get("apart"))
    assert info(apart) == [(4 - i) * DAY if i < 4 else 0 for i in range(6)]


def test_convolution_with_a_kernel_of_weights() -> None:
    weights = [[1, 1, 1], [1, -8, 1], [1, 1, 1]]
    image = scene().select("u8").unmask(0).toFloat()
    found = pixels(image.convolve(ee.Kernel.fixed(3, 3, weights, -1, -1, False)), SMALL)["u8"]
    values, shown = stored("u8")
    expected = ndimage.correlate(np.where(shown, values, 0).astype(float), np.array(weights, float))
    np.testing.assert_allclose(found[1:-1, 1:-1], expected[1:-1, 1:-1], atol=1e-4)


def test_gradients_are_central_differences() -> None:
    image = scene().select("u16").unmask(0).toFloat()
    found = pixels(image.gradient(), SMALL)
    values, shown = stored("u16")
    z = np.where(shown, values, 0).astype(float)
    # Per metre: pixels are 10 m wide, and y grows northwards, against the rows.
    # The first row and column are the image's own, and lack neighbours.
    inner = np.s_[1:-1, 1:-1]
    np.testing.assert_allclose(found["x"][inner], (z[1:-1, 2:] - z[1:-1, :-2]) / 20)
    np.testing.assert_allclose(found["y"][inner], (z[:-2, 1:-1] - z[2:, 1:-1]) / 20)


def test_patches_are_counted() -> None:
    image = scene().select("flag").unmask(0).selfMask()
    found = pixels(image.connectedPixelCount(100, eightConnected=False), SMALL)["flag"]
    values, shown = stored("flag")
    # Patches that touch the window's edge may go on outside of it.
    labels, _ = ndimage.label(shown & (values == 1))
    sizes = np.bincount(labels.ravel())
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    inner = (labels > 0) & ~np.isin(labels, edge)
    assert inner.any()
    np.testing.assert_array_equal(found[inner], sizes[labels[inner]])


def test_distances_to_the_nearest_pixel() -> None:
    targets = scene().select("u8").unmask(0).gt(240)
    found = pixels(targets.fastDistanceTransform(16).sqrt(), SMALL)["distance"]
    values, shown = stored("u8")
    everywhere = np.where(shown, values, 0) > 240
    expected = ndimage.distance_transform_edt(~everywhere)
    # What lies beyond the window may be nearer.
    edge = np.minimum.reduce([ROWS + 1, COLS + 1, 30 - ROWS, 40 - COLS])
    sure = expected < edge
    assert sure.sum() > 100
    np.testing.assert_allclose(found[sure], expected[sure], rtol=1e-6)


def test_a_regression_with_several_variables() -> None:
    image = ee.Image.cat(
        ee.Image(1), scene().select("u8"), scene().select("flag"), scene().select("f32")
    )
    found = region(image, ee.Reducer.linearRegression(3, 1))
    shown = stored("u8")[1] & stored("flag")[1] & stored("f32")[1]
    x = np.stack([np.ones(shown.sum()), stored("u8")[0][shown], stored("flag")[0][shown]], 1)
    y = stored("f32")[0][shown].astype(float)
    expected, rest, *_ = np.linalg.lstsq(x, y, rcond=None)
    np.testing.assert_allclose(np.ravel(found["coefficients"]), expected, atol=1e-6)
    assert found["residuals"][0] == pytest.approx(math.sqrt(rest[0] / len(y)), abs=1e-6)


def test_zones_of_features() -> None:
    zones = ee.FeatureCollection(
        [ee.Feature(area(10, 40), {"zone": "top"}), ee.Feature(area(30, 5), {"zone": "left"})]
    )
    table = scene().select("u8").reduceRegions(zones, ee.Reducer.mean(), 10)
    means = dict(zip(*(info(table.aggregate_array(n)) for n in ("zone", "mean")), strict=True))
    values, shown = stored("u8")
    assert means["top"] == pytest.approx(values[:10][shown[:10]].mean())
    assert means["left"] == pytest.approx(values[:, :5][shown[:, :5]].mean())


def test_a_list_mapped_and_iterated() -> None:
    years = ee.List.sequence(2001, 2005)
    leap = years.filter(ee.Filter.inList("item", [2004]))
    assert info(leap) == [2004]
    fibonacci = ee.List.sequence(1, 10).iterate(
        lambda _, done: ee.List(done).add(
            ee.Number(ee.List(done).get(-1)).add(ee.Number(ee.List(done).get(-2)))
        ),
        [0, 1],
    )
    assert info(fibonacci) == [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89]
