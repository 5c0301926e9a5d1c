"""Images whose pixels are arrays, against NumPy on the same numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest

from .synthetic import UTM, formula, is_valid
from .wire import grid, info, pixels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

HEIGHT, WIDTH = 12, 15
ROWS, COLS = np.mgrid[:HEIGHT, :WIDTH]
GRID = grid(UTM.crs, UTM.transform, WIDTH, HEIGHT)
NAMES = ["u8", "f32", "f64", "i32"]
# (row, column, band) of the bands of TEST/UTM, and where all of them are valid.
VALUES = np.stack([formula(name, 3, ROWS, COLS).astype(float) for name in NAMES], axis=-1)
VALID = np.logical_and.reduce([is_valid(name, 3, ROWS, COLS) for name in NAMES])
POINT = [44.0, -18.1]


def image() -> Any:
    """The bands as doubles, all of the same size of numbers."""
    made = ee.Image("TEST/UTM").select(NAMES).toDouble()
    return made.divide(ee.Image([1, 1, 1, 1e9]))


SCALED = VALUES / [1, 1, 1, 1e9]


def sampled(array: Any) -> Any:
    """The one pixel of an image that is everywhere the same."""
    return info(array.sample(ee.Geometry.Point(POINT), 500).first().get("array"))


def constant(values: Any) -> Any:
    return ee.Image(ee.Array(values)).rename("array")


def flattened(array: Any, *shape: int) -> NDArray[Any]:
    """The arrays of all pixels, read as bands: `(row, column, *shape)`."""
    labels = [[str(i) for i in range(length)] for length in shape]
    found = pixels(array.arrayFlatten(labels), GRID)
    names = found.dtype.names
    assert names is not None
    return np.stack([found[name] for name in names], axis=-1).reshape(HEIGHT, WIDTH, *shape)


def same(found: NDArray[Any], expected: NDArray[Any], valid: NDArray[np.bool_] = VALID) -> None:
    np.testing.assert_allclose(found[valid], expected[valid], rtol=1e-9, atol=1e-9)
    assert (found[~valid] == 0).all()


def test_bands_become_arrays_and_bands_again() -> None:
    array = image().toArray()
    assert info(array)["bands"][0]["data_type"] == {
        "type": "PixelType", "precision": "double", "dimensions": 1
    }  # fmt: skip
    found = pixels(array.arrayFlatten([NAMES]), GRID)
    assert found.dtype.names == tuple(NAMES)
    for i, name in enumerate(NAMES):
        same(found[name], SCALED[..., i])
    matrix = array.toArray(1)
    assert info(matrix)["bands"][0]["data_type"]["dimensions"] == 2
    same(flattened(matrix, 4, 1), SCALED[..., np.newaxis])
    same(flattened(matrix.arrayTranspose(), 1, 4), SCALED[..., np.newaxis, :])
    same(flattened(matrix.arrayProject([0]), 4), SCALED)
    same(pixels(array.arrayGet([2]).rename("v"), GRID)["v"], SCALED[..., 2])


def test_labels_are_joined_with_the_last_running_fastest() -> None:
    named = constant([[1, 2], [3, 4]]).arrayFlatten([["mon", "tue"], ["red", "green"]], "-")
    assert info(named.bandNames()) == ["mon-red", "mon-green", "tue-red", "tue-green"]
    assert info(named.reduceRegion(ee.Reducer.first(), ee.Geometry.Point(POINT), 500)) == {
        "mon-red": 1, "mon-green": 2, "tue-red": 3, "tue-green": 4
    }  # fmt: skip


LIST = [[4.0, 1.0, 3.0], [2.0, 9.0, 0.0]]
SQUARE = [[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]]
ONE: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "cat": (lambda a: a.arrayCat(a, 1), np.concatenate([LIST, LIST], 1)),
    "cat, new axis": (lambda a: a.arrayCat(a, 2), np.stack([LIST, LIST], 2)),
    "slice": (lambda a: a.arraySlice(1, 1), np.array(LIST)[:, 1:]),
    "slice from the end": (lambda a: a.arraySlice(1, -2, -1), np.array(LIST)[:, -2:-1]),
    "slice in steps": (lambda a: a.arraySlice(1, 0, 3, 2), np.array(LIST)[:, ::2]),
    "lengths": (lambda a: a.arrayLengths(), [2, 3]),
    "length": (lambda a: a.arrayLength(1), 3),
    "dimensions": (lambda a: a.arrayDimensions(), 2),
    "transpose": (lambda a: a.arrayTranspose(), np.transpose(LIST)),
    "repeat": (lambda a: a.arrayRepeat(0, 2), np.tile(LIST, (2, 1))),
    "repeat, new axis": (lambda a: a.arrayRepeat(2, 2), np.stack([LIST, LIST], 2)),
    "mask": (lambda a: a.arrayMask(ee.Image(ee.Array([[1, 0, 1]]))), np.array(LIST)[:, [0, 2]]),
    "sort": (lambda a: a.arraySlice(0, 0, 1).arraySort(), [[1, 3, 4]]),
    "sort by keys": (
        lambda a: a.arraySort(ee.Image(ee.Array([[2, 3, 1]]))),
        np.array(LIST)[:, [2, 0, 1]],
    ),
    "sums": (lambda a: a.arrayAccum(1), np.cumsum(LIST, 1)),
    "greatest so far": (
        lambda a: a.arrayAccum(0, ee.Reducer.max()),
        np.maximum.accumulate(LIST, 0),
    ),
    "argmax": (lambda a: a.arrayArgmax(), [1, 1]),
    "mean": (lambda a: a.arrayReduce(ee.Reducer.mean(), [0]), np.mean(LIST, 0, keepdims=True)),
    "median": (lambda a: a.arrayReduce(ee.Reducer.median(), [1]), [[3.0], [2.0]]),
    "sum of all": (lambda a: a.arrayReduce(ee.Reducer.sum(), [0, 1]), [[19.0]]),
    "two outputs": (
        lambda a: a.arraySlice(1, 0, 1).arrayReduce(ee.Reducer.minMax(), [0], 1),
        [[2.0, 4.0]],
    ),
    "two inputs": (
        lambda a: a.arrayTranspose().arrayReduce(ee.Reducer.linearFit(), [0], 1),
        [np.polyfit(LIST[0], LIST[1], 1)],
    ),
    "pad": (lambda a: a.arrayPad([3, 4], -1), np.pad(LIST, ((0, 1), (0, 1)), constant_values=-1)),
    "reshape": (
        lambda a: a.arrayReshape(ee.Image(ee.Array([3, -1])), 2),
        np.reshape(LIST, (3, 2)),
    ),
    "and a number": (lambda a: a.multiply(2).add(ee.Image(1)), np.array(LIST) * 2 + 1),
    "and an array": (lambda a: a.subtract(a.sqrt()), np.array(LIST) - np.sqrt(LIST)),
    "compared": (lambda a: a.gt(2), (np.array(LIST) > 2).astype(int)),
}


@pytest.mark.parametrize("name", list(ONE))
def test_functions_of_an_array(name: str) -> None:
    function, expected = ONE[name]
    np.testing.assert_allclose(sampled(function(constant(LIST))), expected, rtol=1e-12)


def test_vectors() -> None:
    vector = constant([1, 2, 3])
    assert sampled(vector.arrayDotProduct(constant([4, 5, 6]))) == 32
    assert sampled(vector.arrayGet(1)) == 2


MATRICES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "inverse": (lambda a: a.matrixInverse(), np.linalg.inv(SQUARE)),
    "pseudo-inverse": (
        lambda a: a.arraySlice(1, 0, 2).matrixPseudoInverse(),
        np.linalg.pinv(np.array(SQUARE)[:, :2]),
    ),
    "determinant": (lambda a: a.matrixDeterminant(), np.linalg.det(SQUARE)),
    "trace": (lambda a: a.matrixTrace(), 9),
    "norm": (lambda a: a.matrixFnorm(), np.linalg.norm(SQUARE)),
    "diagonal": (lambda a: a.matrixDiagonal(), [[4], [3], [2]]),
    "to diagonal": (lambda a: a.matrixDiagonal().matrixToDiag(), np.diag([4, 3, 2])),
    "product": (lambda a: a.matrixMultiply(a), np.matmul(SQUARE, SQUARE)),
    "solution": (
        lambda a: a.matrixSolve(ee.Image(ee.Array([[1], [2], [3]]))),
        np.linalg.solve(SQUARE, [[1], [2], [3]]),
    ),
    "least squares": (
        lambda a: a.arraySlice(1, 0, 2).matrixSolve(ee.Image(ee.Array([[1], [2], [3]]))),
        np.linalg.lstsq(np.array(SQUARE)[:, :2], [[1], [2], [3]], rcond=None)[0],
    ),
    "identity": (lambda a: a.multiply(ee.Image.matrixIdentity(3)), np.diag([4, 3, 2])),
    "transpose": (lambda a: a.arraySlice(0, 0, 1).matrixTranspose(), [[4.0], [1.0], [0.5]]),
    "Cholesky": (
        lambda a: a.matrixCholeskyDecomposition().rename("array"),
        np.linalg.cholesky(SQUARE),
    ),
}


@pytest.mark.parametrize("name", list(MATRICES))
def test_functions_of_a_matrix(name: str) -> None:
    function, expected = MATRICES[name]
    np.testing.assert_allclose(sampled(function(constant(SQUARE))), expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("name", "parts"),
    [("matrixQRDecomposition", "QR"), ("matrixSingularValueDecomposition", "USV")],
)
def test_decompositions_multiply_back(name: str, parts: str) -> None:
    found = getattr(constant(SQUARE), name)()
    assert info(found.bandNames()) == list(parts)
    factors = [found.select(part).rename("array") for part in parts]
    if parts == "USV":
        factors[2] = factors[2].matrixTranspose()
    product = factors[0].matrixMultiply(factors[1])
    for factor in factors[2:]:
        product = product.matrixMultiply(factor)
    np.testing.assert_allclose(sampled(product), SQUARE, rtol=1e-10)


def test_lu_decomposition_with_the_greatest_pivots() -> None:
    """The textbook example of Trefethen and Bau, with exchanges of rows."""
    matrix = [[2, 1, 1, 0], [4, 3, 3, 1], [8, 7, 9, 5], [6, 7, 9, 8]]
    expected: dict[str, list[list[float]]] = {
        "L": [[1, 0, 0, 0], [3 / 4, 1, 0, 0], [1 / 2, -2 / 7, 1, 0], [1 / 4, -3 / 7, 1 / 3, 1]],
        "U": [[8, 7, 9, 5], [0, 7 / 4, 9 / 4, 17 / 4], [0, 0, -6 / 7, -2 / 7], [0, 0, 0, 2 / 3]],
        "P": [[0, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0], [1, 0, 0, 0]],
    }
    image = constant(matrix).matrixLUDecomposition()
    assert info(image.bandNames()) == list(expected)
    of_array = info(ee.Array(matrix).matrixLUDecomposition())
    assert list(of_array) == list(expected)
    for name, part in expected.items():
        np.testing.assert_allclose(of_array[name], part, atol=1e-14)
        assert sampled(image.select(name).rename("array")) == of_array[name]
    with pytest.raises(ee.EEException, match=r"must be a square matrix, got lengths \[1, 2\]"):
        sampled(constant([[1, 2]]).matrixLUDecomposition().select("L").rename("array"))


def test_arithmetic_of_pixels_with_a_matrix() -> None:
    """The guides' tasselled cap: a constant matrix times the bands as a column."""
    matrix = np.array([[0.5, 1, -2, 0.25], [1, 0, 3, -1]])
    product = ee.Image(ee.Array(matrix.tolist())).matrixMultiply(image().toArray().toArray(1))
    same(flattened(product.arrayProject([0]), 2), SCALED @ matrix.T)


# The images of TEST/SERIES, each with gaps of its own.
SERIES = np.stack([formula("f64", 10 + i, ROWS, COLS) for i in range(6)])
SEEN = np.stack([is_valid("f64", 10 + i, ROWS, COLS) for i in range(6)])


def series() -> Any:
    return ee.ImageCollection("TEST/SERIES").select("f64")


def test_a_collection_with_gaps() -> None:
    array = series().toArray()
    number = pixels(array.arrayLength(0).rename("n"), GRID)["n"]
    assert (number == SEEN.sum(0)).all()
    assert len(np.unique(number)) > 1, "pixels have arrays of different lengths"
    found = pixels(
        array.arrayReduce(ee.Reducer.mean(), [0]).arrayProject([1]).arrayFlatten([["mean"]]), GRID
    )
    expected = np.ma.array(SERIES, mask=~SEEN)
    np.testing.assert_allclose(found["mean"], expected.mean(0), rtol=1e-12)
    # The greatest three.
    best = array.arraySort().arraySlice(0, -3).arrayProject([0])
    ordered = np.sort(np.where(SEEN, SERIES, -np.inf), axis=0)[-3:]
    same(flattened(best, 3), np.moveaxis(ordered, 0, -1), np.ones((HEIGHT, WIDTH), np.bool_))
    # Elementwise, and elements chosen by a condition.
    high = array.arrayMask(array.gt(5)).arrayLength(0).rename("n")
    assert (pixels(high, GRID)["n"] == ((SERIES > 5) & SEEN).sum(0)).all()


def test_casts_keep_the_arrays() -> None:
    array = series().toArray()
    cut = array.toInt16()
    assert info(cut)["bands"][0]["data_type"] == {
        "type": "PixelType", "precision": "int", "min": -(2**15), "max": 2**15 - 1, "dimensions": 2
    }  # fmt: skip
    total = cut.arrayReduce(ee.Reducer.sum(), [0]).arrayGet([0, 0]).rename("sum")
    assert (pixels(total, GRID)["sum"] == np.where(SEEN, np.trunc(SERIES), 0).sum(0)).all()


def test_an_array_for_each_band() -> None:
    two = ee.ImageCollection("TEST/SERIES").select(["f64", "i32"])
    array = two.toArrayPerBand(0)
    assert info(array.bandNames()) == ["f64", "i32"]
    found = flattened(array.select("f64"), 6)
    same(found, np.moveaxis(SERIES, 0, -1), np.asarray(SEEN.all(0)))
    dropped = two.toArrayPerBand(0, True).select("f64")
    number = pixels(dropped.arrayLength(0).rename("n"), GRID)["n"]
    assert (number == SEEN.sum(0)).all()
    first = np.take_along_axis(SERIES, SEEN.argmax(0)[np.newaxis], 0)[0]
    np.testing.assert_allclose(pixels(dropped.arrayGet(0).rename("v"), GRID)["v"], first)


def test_pixels_without_a_result_are_masked_one_by_one() -> None:
    """A line through two points of one x, (flag, f64) and (0, 1), has no slope."""
    x = ee.Image("TEST/UTM").select("flag")
    points = x.addBands(image().select("f64")).toArray().arrayCat(constant([0, 1]), 1)
    fit = points.arrayTranspose().arrayReduce(ee.Reducer.linearFit(), [0], 1)
    found = pixels(fit.arrayGet([0, 0]).mask().rename("m"), GRID)["m"]
    valid = is_valid("flag", 3, ROWS, COLS) & VALID
    vertical = formula("flag", 3, ROWS, COLS) == 0
    assert (found == (valid & ~vertical)).all()


def test_lengths_from_another_image() -> None:
    count = ee.Image("TEST/UTM").select("flag").add(1).unmask(1)
    cut = series().toArray().arraySlice(0, 0, count)
    found = pixels(cut.arrayLength(0).rename("n"), GRID)["n"]
    flag = formula("flag", 3, ROWS, COLS)
    assert (found == np.where(is_valid("flag", 3, ROWS, COLS), flag + 1, 1)).all()


def test_pixels_that_no_image_has_are_masked() -> None:
    gaps = SEEN[:2].any(0)
    two = series().limit(2).map(lambda each: each.updateMask(ee.Image("TEST/UTM").select("flag")))
    shown = is_valid("flag", 3, ROWS, COLS) & (formula("flag", 3, ROWS, COLS) == 1) & gaps
    found = pixels(two.toArray().arrayLength(0).unmask(-1).rename("n"), GRID)["n"]
    assert ((found == -1) == ~shown).all()
    assert not shown.all()


def fits() -> tuple[Any, NDArray[Any], NDArray[Any]]:
    """A line in time through each pixel's values: variables, coefficients and residuals."""
    days = np.arange(6.0)
    expected = np.zeros((HEIGHT, WIDTH, 2))
    rest = np.zeros((HEIGHT, WIDTH))
    for row in range(HEIGHT):
        for col in range(WIDTH):
            here = SEEN[:, row, col]
            x = np.column_stack([np.ones(here.sum()), days[here]])
            y = SERIES[here, row, col]
            expected[row, col] = np.linalg.lstsq(x, y, rcond=None)[0]
            rest[row, col] = np.sqrt(np.mean((y - x @ expected[row, col]) ** 2))

    def variables(each: Any) -> Any:
        day = ee.Date(each.get("system:time_start")).difference("2024-01-01", "day")
        return ee.Image.constant(1).addBands(ee.Image(day)).addBands(each).rename("one", "t", "y")

    return series().map(variables), expected, rest


def test_regressions_through_a_collection() -> None:
    """The guides' three ways to the same coefficients."""
    variables, expected, rest = fits()
    everywhere = np.ones((HEIGHT, WIDTH), np.bool_)
    reduced = variables.reduce(ee.Reducer.linearRegression(2, 1))
    assert info(reduced.bandNames()) == ["coefficients", "residuals"]
    assert [band["data_type"]["dimensions"] for band in info(reduced)["bands"]] == [2, 1]
    same(flattened(reduced.select("coefficients").arrayProject([0]), 2), expected, everywhere)
    same(flattened(reduced.select("residuals"), 1)[..., 0], rest, everywhere)
    array = variables.toArray()
    x, y = array.arraySlice(1, 0, 2), array.arraySlice(1, 2, 3)
    for solved in (
        x.matrixSolve(y),
        x.matrixPseudoInverse().matrixMultiply(y),
        x.arrayTranspose().matrixMultiply(x).matrixInverse()
        .matrixMultiply(x.arrayTranspose()).matrixMultiply(y),
    ):  # fmt: skip
        same(flattened(solved.arrayProject([0]), 2), expected, everywhere)


def test_too_few_images_give_no_coefficients() -> None:
    variables, _, _ = fits()
    two = variables.limit(2).reduce(ee.Reducer.linearRegression(2, 1)).select("coefficients")
    found = pixels(two.mask().rename("m"), GRID)["m"]
    assert (found == 0).all()


def gapped() -> Any:
    """As many rows at each pixel as there are images that show it."""
    return ee.ImageCollection("TEST/SERIES").select(["f64"]).toArray()


def summed(array: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """How many rows each pixel has, and their sum; -1 where it is masked."""
    parts = array.arrayLength(0).rename("rows"), array.arrayReduce(ee.Reducer.sum(), [0])
    bands = parts[0].addBands(parts[1].arrayGet([0, 0]).rename("sum"))
    found = pixels(bands.toDouble().unmask(-1), GRID)
    return found["rows"], found["sum"]


ROW_COUNT, ROW_SUM = SEEN.sum(axis=0), np.where(SEEN, SERIES, 0).sum(axis=0)
FIRST = COLS < 6
UNLIKE = [[1.0], [2.0], [4.0]]


def first_columns() -> Any:
    left, top = UTM.transform[2], UTM.transform[5]
    box = [left, top - 10 * HEIGHT, left + 60, top]
    return ee.Geometry.Rectangle(box, UTM.crs, False)


def test_arrays_within_a_geometry() -> None:
    rows, sums = summed(gapped().clip(first_columns()))
    np.testing.assert_array_equal(rows, np.where(FIRST, ROW_COUNT, -1))
    np.testing.assert_allclose(sums, np.where(FIRST, ROW_SUM, -1), rtol=1e-9)


def test_arrays_over_arrays() -> None:
    """Those of three rows come from below, and where a condition says so."""
    mosaic = ee.ImageCollection([constant(UNLIKE), gapped().clip(first_columns())]).mosaic()
    condition = ee.Image(1).clip(first_columns()).unmask(0).Not()
    chosen = ee.Image(1).expression("c ? u : g", {
        "c": condition, "u": constant(UNLIKE), "g": gapped()
    })  # fmt: skip
    for array in (
        mosaic,
        gapped().where(condition, constant(UNLIKE)),
        gapped().updateMask(condition.Not()).unmask(constant(UNLIKE)),
        chosen,
    ):
        assert info(array)["bands"][0]["data_type"]["dimensions"] == 2
        rows, sums = summed(array)
        np.testing.assert_array_equal(rows, np.where(FIRST, ROW_COUNT, 3))
        np.testing.assert_allclose(sums, np.where(FIRST, ROW_SUM, 7), rtol=1e-9)
    nothing = ee.ImageCollection([gapped().updateMask(0)]).mosaic()
    assert (summed(nothing)[0] == -1).all()


def test_arrays_of_another_lattice() -> None:
    transform = [15, 0, UTM.transform[2], 0, -15, UTM.transform[5]]
    rows, sums = summed(gapped().reproject(UTM.crs, transform))
    # The pixel under the centre of the pixel of 15 m under each centre.
    column, row = ((10 * at + 5) // 15 * 15 + 7.5 for at in (np.arange(WIDTH), np.arange(HEIGHT)))
    place = np.ix_((row // 10).astype(int), (column // 10).astype(int))
    np.testing.assert_array_equal(rows, ROW_COUNT[place])
    np.testing.assert_allclose(sums, ROW_SUM[place], rtol=1e-9)


def test_arrays_of_a_region() -> None:
    """The guides' principal components take the covariances of the bands from a region."""
    area = ee.Geometry.Rectangle(
        [UTM.transform[2], UTM.transform[5] - 10 * HEIGHT,
         UTM.transform[2] + 10 * WIDTH, UTM.transform[5]], UTM.crs, False
    )  # fmt: skip
    array = image().toArray()
    found = info(array.reduceRegion(ee.Reducer.covariance(), area, 10))["array"]
    rows = SCALED[VALID]
    np.testing.assert_allclose(found, np.cov(rows.T, bias=True), rtol=1e-9)
    centred = array.subtract(ee.Image(ee.Array(rows.mean(0).tolist())))
    found = info(centred.reduceRegion(ee.Reducer.centeredCovariance(), area, 10))["array"]
    np.testing.assert_allclose(found, np.cov(rows.T, bias=True), rtol=1e-9)
    listed = info(array.reduceRegion(ee.Reducer.toList(), area, 10))["array"]
    np.testing.assert_allclose(listed, rows)


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: constant(LIST), "Cannot export array bands"),
    (lambda: constant(LIST).reproject("EPSG:4326", None, 500), "Cannot export array bands"),
    (lambda: constant(LIST).focalMax(2), "are arrays"),
    (lambda: constant(LIST).arrayGet([0]), "a band for each dimension"),
    (lambda: constant(LIST).arrayGet([0, 3]), "out of bounds for axis 1 of length 3"),
    (lambda: constant(LIST).arrayFlatten([["a"], ["b"]]), "the labels have"),
    (lambda: constant(LIST).arrayFlatten([["a"]]), "labels for each"),
    (lambda: constant(LIST).arrayProject([0]).arrayGet(0), "length 1"),
    (lambda: constant(LIST).arraySlice(2).arrayGet([0, 0]), "no axis 2"),
    (lambda: constant(LIST).add(constant(SQUARE)).arrayGet([0, 0]), "same lengths"),
    (lambda: constant(LIST).arrayCat(constant(SQUARE), 1).arrayGet([0, 0]), "same lengths"),
    (lambda: constant(LIST).matrixInverse().arrayGet([0, 0]), "square matrix"),
    (lambda: constant([[1, 2], [2, 4]]).matrixInverse().arrayGet([0, 0]), "singular"),
    (lambda: constant([[1, 2], [2, 4]]).matrixSolve(constant([[1], [1]])).arrayGet([0, 0]),
     "singular"),
    (lambda: constant([1, 2]).matrixTrace(), "must be matrices"),
    (lambda: constant(LIST).matrixMultiply(constant(LIST)).arrayGet([0, 0]), "cannot be mult"),
    (lambda: constant(LIST).arrayRepeat(0, 10**8).arrayGet([0, 0]), "memory limit"),
    (lambda: constant(LIST).arrayPad([10**9, 10**9]).arrayGet([0, 0]), "memory limit"),
    (lambda: constant(LIST).resample("bicubic").arrayGet([0, 0]), "are arrays"),
    (lambda: constant(LIST).where(1, 2), "pixels of equal dimensions"),
    (lambda: constant(LIST).unmask(0), "pixels of equal dimensions"),
    (lambda: constant(LIST).where(constant(LIST), constant(LIST)), "must be numbers, not arrays"),
    (lambda: ee.ImageCollection([constant(LIST), ee.Image(1).rename("array")]).mosaic(),
     "pixels of equal dimensions"),
    (lambda: ee.Image([1, 2]).toArray(1), "axis must be 0 to 0"),
    (lambda: ee.Image(1).updateMask(constant(LIST)), "must be numbers"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_refusals(number: int) -> None:
    make, message = REFUSED[number]
    with pytest.raises(ee.EEException, match=message):
        pixels(make(), GRID)


def test_regions_of_arrays_take_few_reducers() -> None:
    with pytest.raises(ee.EEException, match=r"arrays with Reducer\.mean"):
        info(constant(LIST).reduceRegion(ee.Reducer.mean(), ee.Geometry.Point(POINT), 500))
