"""Arrays and pixel types, against NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eemulator.__main__ import main
from eemulator.wheel import signatures

from .test_arithmetic import FRACTIONS, SINGLE, TWO, WHOLE, apply
from .wire import info

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

GRID = [[1, 2, 3], [4, 5, 6]]
SQUARE = [[4.0, 1, 0.5], [1, 3, 0.25], [0.5, 0.25, 2]]


@pytest.mark.parametrize("name", list(SINGLE))
def test_functions_of_one_array(name: str) -> None:
    found = info(apply(ee.Array([FRACTIONS]), f"Array.{name}"))
    np.testing.assert_allclose(found, [SINGLE[name](np.array(FRACTIONS))], rtol=1e-12)


@pytest.mark.parametrize("name", [*TWO, *WHOLE])
def test_functions_of_two_arrays(name: str) -> None:
    left, right = np.array([[7, -6, 0], [12, 255, 1]]), np.array([[2, 4, 3], [5, 3, 7]])
    function = (TWO | WHOLE)[name]
    operands = (left.astype(float), right.astype(float)) if name in TWO else (left, right)
    found = info(apply(ee.Array(left.tolist()), f"Array.{name}", ee.Array(right.tolist())))
    np.testing.assert_allclose(found, function(*operands), rtol=2e-7)
    # A single number goes with every element.
    with_one = info(apply(ee.Array(left.tolist()), f"Array.{name}", ee.Array(2)))
    two = np.full(left.shape, 2)
    operands = (left.astype(float), two.astype(float)) if name in TWO else (left, two)
    np.testing.assert_allclose(with_one, function(*operands), rtol=2e-7)


def test_casts() -> None:
    mixed = ee.Array([-1.7, 2.5, 300])
    assert info(mixed.toUint8()) == [0, 3, 255]
    assert info(mixed.int()) == [-2, 3, 300]
    assert info(ee.Array([1.9, 2], "int8")) == [2, 2]
    assert info(ee.Array([], ee.PixelType.int8())) == []


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=3).flatmap(
        lambda shape: st.tuples(
            st.just(shape),
            st.lists(
                st.integers(-9, 9), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))
            ),
            st.integers(0, len(shape) - 1),
        )
    )
)
def test_shapes(case: tuple[list[int], list[int], int]) -> None:
    shape, numbers, axis = case
    values: NDArray[Any] = np.array(numbers).reshape(shape)
    array = ee.Array(values.tolist())
    both = info(
        ee.Dictionary(
            {
                "length": array.length(),
                "cat": ee.Array.cat([array, array], axis),
                "slice": array.slice(axis, -1),
                "repeat": array.repeat(axis, 2),
                "flat": array.reshape([-1]),
                "pad": array.pad([4] * len(shape), 7),
                "sum": array.reduce(ee.Reducer.sum(), [axis]),
                "accum": array.accum(axis),
                "most": array.accum(axis, ee.Reducer.max()),
                "argmax": array.argmax(),
                "list": array.toList(),
                "cut": array.cut([0] + [-1] * (len(shape) - 1)),
            }
        )
    )
    assert both["length"] == shape
    assert both["cat"] == np.concatenate([values, values], axis).tolist()
    assert both["slice"] == np.take(values, [-1], axis).tolist()
    tiles = [2 if i == axis else 1 for i in range(len(shape))]
    assert both["repeat"] == np.tile(values, tiles).tolist()
    assert both["flat"] == values.ravel().tolist()
    padded = np.pad(values, [(0, 4 - n) for n in shape], constant_values=7)
    assert both["pad"] == padded.tolist()
    assert both["sum"] == values.sum(axis, keepdims=True).tolist()
    assert both["accum"] == values.cumsum(axis).tolist()
    assert both["most"] == np.maximum.accumulate(values, axis).tolist()
    assert both["argmax"] == list(np.unravel_index(values.argmax(), shape))
    assert both["list"] == values.tolist()
    assert both["cut"] == values[:1].tolist()


def test_elements_axes_and_masks() -> None:
    array = ee.Array(GRID)
    assert info(array.get([1, 2])) == 6
    assert info(array.get([-1, -3])) == 4
    assert info(array.transpose()) == np.transpose(GRID).tolist()
    assert info(ee.Array([1, 2]).transpose()) == [[1, 2]]
    assert info(array.slice(1, 0, 1).project([0])) == [1, 4]
    assert info(array.mask(ee.Array([[1, 0, 1]]))) == [[1, 3], [4, 6]]
    assert info(ee.Array([3, 1, 2]).sort()) == [1, 2, 3]
    assert info(array.sort(ee.Array([[3, 1, 2]]))) == [[2, 3, 1], [5, 6, 4]]
    assert info(ee.Array.identity(2)) == [[1, 0], [0, 1]]
    assert info(ee.Array([1, 2, 3]).dotProduct(ee.Array([4, 5, 6]))) == 32
    assert info(ee.Dictionary({"b": 2, "a": 1}).toArray()) == [1, 2]
    feature = ee.Feature(None, {"x": 1, "y": 2.5})
    assert info(feature.toArray(["y", "x"])) == [2.5, 1]
    assert info(ee.List([[1, 2], 3]).getArray(0)) == [1, 2]


def test_matrices() -> None:
    matrix, square = ee.Array(SQUARE), np.array(SQUARE)
    np.testing.assert_allclose(info(matrix.matrixInverse()), np.linalg.inv(square), atol=1e-12)
    assert info(matrix.matrixDeterminant()) == pytest.approx(np.linalg.det(square))
    assert info(matrix.matrixTrace()) == 9
    assert info(matrix.matrixFnorm()) == pytest.approx(np.sqrt((square**2).sum()))
    assert info(matrix.matrixDiagonal()) == [[4], [3], [2]]
    assert info(ee.Array([[1], [2]]).matrixToDiag()) == [[1, 0], [0, 2]]
    product = matrix.matrixMultiply(ee.Array([[1], [2], [3]]))
    np.testing.assert_allclose(info(product), square @ [[1], [2], [3]])
    np.testing.assert_allclose(info(matrix.matrixSolve(product)), [[1], [2], [3]])
    tall = np.array([[1.0, 0], [1, 1], [1, 2]])
    inverse = ee.Array(tall.tolist()).matrixPseudoInverse()
    np.testing.assert_allclose(info(inverse), np.linalg.pinv(tall), atol=1e-12)
    eigen = np.array(info(matrix.eigen()))
    assert (np.diff(eigen[:, 0]) < 0).all()
    for value, *vector in eigen:
        np.testing.assert_allclose(square @ vector, value * np.array(vector), atol=1e-9)
    parts = info(ee.Array(tall.tolist()).matrixSingularValueDecomposition())
    u, s, v = (np.array(parts[name]) for name in "USV")
    np.testing.assert_allclose(u @ s @ v.T, tall, atol=1e-9)
    parts = info(ee.Array(tall.tolist()).matrixQRDecomposition())
    np.testing.assert_allclose(np.array(parts["Q"]) @ parts["R"], tall, atol=1e-9)
    lower = np.array(info(matrix.matrixCholeskyDecomposition())["L"])
    np.testing.assert_allclose(lower @ lower.T, square, atol=1e-9)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ee.Array([[1, 2], [3]]), "lists of one length at each depth"),
        (lambda: ee.Array(ee.List([1, "a"])), "Array values must be numbers"),
        (lambda: ee.Array([1, 2]).add(ee.Array([1, 2, 3])), r"same lengths, got \[2\] and \[3\]"),
        (lambda: ee.Array(GRID).get([2, 0]), r"The position \[2, 0\] lies outside"),
        (lambda: ee.Array(GRID).get([0, -4]), r"The position \[0, -4\] lies outside"),
        (lambda: ee.Array([[1, 1], [1, 1]]).matrixInverse(), "The matrix is singular"),
        (lambda: ee.Array(GRID).matrixInverse(), "must be a square matrix"),
        (lambda: ee.Array([[0, 1], [-1, 0]]).eigen(), "whose values are complex"),
        (lambda: ee.Array(GRID).matrixLUDecomposition(), "must be a square matrix"),
        (lambda: ee.Array([1]).repeat(0, 10**9), "cannot be repeated"),
        (lambda: ee.Array(GRID).reshape(ee.Array(GRID)), "The lengths of an array are one list"),
        (lambda: ee.Array([1]).pad([10**12]), "cannot be of lengths"),
        (lambda: ee.Array.identity(10**6), "The size must be 0 to 1000"),
        (lambda: ee.Array(GRID).reduce(ee.Reducer.minMax(), [0]), "fieldAxis is needed"),
        (lambda: ee.Array(GRID).slice(5), "There is no axis 5 in an array of 2 dimensions"),
    ],
)
def test_what_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ee.EEException, match=message):
        make().getInfo()


def test_pixel_types() -> None:
    kind = ee.PixelType("int", 0, 200)
    assert info(kind) == {"type": "PixelType", "precision": "int", "min": 0, "max": 200}
    assert info(ee.PixelType.float()) == {"type": "PixelType", "precision": "float"}
    assert info(ee.PixelType.int16())["min"] == -32768
    assert [info(kind.minValue()), info(kind.maxValue()), info(kind.precision())] == [0, 200, "int"]
    assert info(kind.dimensions()) == 0
    cast = ee.Image(300).cast({"constant": kind})
    assert info(cast)["bands"][0]["data_type"]["max"] == 200
    types = [ee.Image(1), 1, 1.5, "a", [1], ee.Date(0), ee.Array([1]), ee.Feature(None)]
    found = [info(ee.Algorithms.ObjectType(value)) for value in types]
    assert found == ["Image", "Integer", "Float", "String", "List", "Date", "Array", "Feature"]


def test_the_list_of_algorithms(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["algorithms"]) == 0
    have = capsys.readouterr()
    assert main(["algorithms", "--missing"]) == 0
    lack = capsys.readouterr()
    names, rest = have.out.split(), lack.out.split()
    assert "Image.add" in names
    assert "Image.hersFeature" in rest
    assert sorted(names + rest) == sorted(signatures())
    assert f"The emulator has {len(names)} of the {len(signatures())} algorithms" in have.err
    assert f"The emulator lacks {len(rest)} of the" in lack.err
