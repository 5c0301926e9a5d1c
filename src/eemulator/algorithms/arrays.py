"""Arrays: element by element as images are, pixel by pixel; and their matrices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.arithmetic import BINARY, UNARY, Binary, Unary, cast, fraction, half_up
from ..pixels.node import Plane
from ..values.array import Array
from ..values.eigen import eigen as eigenvectors
from ..values.pixel_type import TYPES, PixelType, union_of
from .image_math import ALIASES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ..values.element import Element
    from ..values.reducer import Reducer

    Matrix = NDArray[np.float64]

_MOST = 10_000_000
_MOST_SIDE = 1_000


@algorithm("Array")
def make(values: Any, kind: PixelType | None) -> Array:
    """From a number, nested lists of numbers or an array, perhaps in another type.

    Raises:
        ServiceError: the lists are not all of one length, or hold something else.
    """
    found = Array.parsed(values)
    if found is None:
        if kind is not None and values == []:
            return Array.of(np.zeros(0, kind.dtype), kind.element)
        raise ServiceError("Array values must be numbers, in lists of one length at each depth.")
    return found if kind is None else _cast(found, kind.element)


def _cast(array: Array, kind: PixelType) -> Array:
    """Fractions are rounded, halves up, as `Array.byte` does by its page [S]."""
    values = half_up(array.values) if kind.is_int else array.values
    return Array.of(cast(Plane(values, None), array.type, kind).values, kind)


def _paired(operation: Binary, left: Array, right: Array) -> Array:
    """Arrays of one shape, or one of them a single number.

    Raises:
        ServiceError: they are neither.
    """
    a, b = left.values, right.values
    if a.shape != b.shape and a.ndim and b.ndim:
        raise ServiceError(
            f"The arrays must have the same lengths, got {list(a.shape)} and {list(b.shape)}."
        )
    a, b = np.broadcast_arrays(a, b)
    run = operation.compute(left.type, right.type)
    values = run(Plane(a, None), Plane(b, None)).values
    return Array.of(np.asarray(values), operation.result(left.type, right.type))


def _register_binary(name: str, operation: Binary) -> None:
    @algorithm(f"Array.{name}")
    def run(left: Array, right: Array) -> Array:
        return _paired(operation, left, right)


def _register_unary(name: str, operation: Unary) -> None:
    @algorithm(f"Array.{name}")
    def run(array: Array) -> Array:
        values = operation.compute(array.type)(Plane(array.values, None)).values
        return Array.of(np.asarray(values), operation.result(array.type))


def _register_cast(name: str, kind: PixelType) -> None:
    @algorithm(f"Array.{name}", f"Array.to{name[0].upper()}{name[1:]}")
    def run(array: Array) -> Array:
        return _cast(array, kind)


# Powers of integers are floats of 32 bits: 0.009999999776482582 for 10 to the -2 [S].
_BINARY = {**BINARY, "pow": Binary(np.power, fraction)}

for _name, _operation in _BINARY.items():
    _register_binary(_name, _operation)
for _alias, _name in ALIASES.items():
    _register_binary(_alias, _BINARY[_name])
for _name, _single in UNARY.items():
    _register_unary(_name, _single)
_register_unary("bitwise_not", UNARY["bitwiseNot"])
for _name, _kind in TYPES.items():
    _register_cast(_name, _kind)


def _axis(array: Array, axis: int) -> int:
    if not 0 <= axis < array.values.ndim:
        raise ServiceError(
            f"There is no axis {axis} in an array of {array.values.ndim} dimensions."
        )
    return axis


@algorithm("Array.identity")
def identity(size: int) -> Array:
    """A square of zeros with ones on the diagonal."""
    if not 0 <= size <= _MOST_SIDE:
        raise ServiceError(f"The size must be 0 to {_MOST_SIDE}, got {size}.")
    return Array.of(np.eye(size, dtype=np.int64))


@algorithm("Array.cat")
def cat(arrays: list[Array], axis: int) -> Array:
    """One after the other along an axis; a new axis where it is one more than there are.

    Raises:
        ServiceError: there is none, or their lengths differ.
    """
    if not arrays:
        raise ServiceError("There must be an array to concatenate.")
    parts = [np.atleast_1d(array.values) for array in arrays]
    if all(axis == part.ndim for part in parts):
        parts = [part[..., np.newaxis] for part in parts]
    if any(part.ndim != parts[0].ndim for part in parts) or not 0 <= axis < parts[0].ndim:
        raise ServiceError(f"The arrays cannot be joined along axis {axis}.")
    shapes = {part.shape[:axis] + part.shape[axis + 1 :] for part in parts}
    if len(shapes) > 1:
        raise ServiceError(f"The arrays must have the same lengths but along axis {axis}.")
    kind = union_of(array.type for array in arrays)
    return Array.of(np.concatenate(parts, axis), kind)


@algorithm("Array.get")
def get(array: Array, position: list[int]) -> float:
    """The number at a position; negative ones count from the end.

    Otsu's threshold, as the service's makers publish it, takes the last of a sorted array so:
    https://medium.com/google-earth/otsus-method-for-image-segmentation-f5c48f405e [S].

    Raises:
        ServiceError: it is none of the array's.
    """
    shape = array.values.shape
    if len(position) != len(shape) or not all(
        -length <= at < length for at, length in zip(position, shape, strict=True)
    ):
        raise ServiceError(f"The position {position} lies outside of {list(shape)}.")
    found: float = array.values[tuple(position)].item()
    return found


@algorithm("Array.toList")
def to_list(array: Array) -> Any:
    """Nested lists."""
    return array.json()


@algorithm("Array.length")
def length(array: Array) -> Array:
    """The length of each axis."""
    return Array.of(np.array(array.values.shape, np.int64))


@algorithm("Array.slice")
def slice_(array: Array, axis: int, start: int, end: int | None, step: int) -> Array:
    """Positions along an axis; negative ones count from the end."""
    if step < 1:
        raise ServiceError(f"Parameter 'step' must be positive, got {step}.")
    index: list[Any] = [slice(None)] * array.values.ndim
    index[_axis(array, axis)] = slice(start, end, step)
    return Array.of(array.values[tuple(index)], array.type)


@algorithm("Array.cut")
def cut(array: Array, position: list[int]) -> Array:
    """One position of each axis, or -1 for all of it; axes stay."""
    shape = array.values.shape
    if len(position) != len(shape) or not all(
        -1 <= at < size for at, size in zip(position, shape, strict=True)
    ):
        raise ServiceError(f"The position {position} lies outside of {list(shape)}.")
    index = tuple(slice(None) if at == -1 else slice(at, at + 1) for at in position)
    return Array.of(array.values[index], array.type)


@algorithm("Array.project")
def project(array: Array, axes: list[int]) -> Array:
    """Some axes; the others must be of length 1."""
    if len(set(axes)) != len(axes):
        raise ServiceError("The axes must be different.")
    kept = [_axis(array, axis) for axis in axes]
    others = [axis for axis in range(array.values.ndim) if axis not in kept]
    if any(array.values.shape[axis] > 1 for axis in others):
        raise ServiceError("Axes that are dropped must be at most of length 1.")
    if any(array.values.shape[axis] == 0 for axis in others):
        raise ServiceError("An empty axis cannot be dropped.")
    order = np.transpose(array.values, [*kept, *others])
    return Array.of(order.reshape(order.shape[: len(kept)]), array.type)


@algorithm("Array.repeat")
def repeat(array: Array, axis: int, copies: int) -> Array:
    """Copies one after the other along an axis; a new one where it is one more than there are."""
    values = array.values[..., np.newaxis] if axis == array.values.ndim else array.values
    if copies < 0 or values.size * copies > _MOST:
        raise ServiceError(f"An array cannot be repeated {copies} times.")
    if not 0 <= axis < values.ndim:
        raise ServiceError(
            f"There is no axis {axis} in an array of {array.values.ndim} dimensions."
        )
    tiles = [1] * values.ndim
    tiles[axis] = copies
    return Array.of(np.tile(values, tiles), array.type)


@algorithm("Array.reshape")
def reshape(array: Array, shape: Array) -> Array:
    """Other lengths for the same numbers; one may be -1."""
    if shape.values.ndim > 1:
        raise ServiceError(f"The lengths of an array are one list, not {shape.json()}.")
    try:
        values = array.values.reshape([int(size) for size in shape.values.ravel()])
    except (ValueError, OverflowError):
        raise ServiceError(
            f"An array of {array.values.size} numbers cannot be of lengths {shape.json()}."
        ) from None
    return Array.of(values, array.type)


@algorithm("Array.pad")
def pad(array: Array, lengths: list[int], fill: float) -> Array:
    """Grown at the end of each axis to a length, if it is shorter."""
    shape = array.values.shape
    if len(lengths) != len(shape):
        raise ServiceError(f"There must be {len(shape)} lengths, got {len(lengths)}.")
    more = [max(want - size, 0) for want, size in zip(lengths, shape, strict=True)]
    # An empty axis makes no room for the others.
    if np.prod([float(max(a + b, 1)) for a, b in zip(shape, more, strict=True)]) > _MOST:
        raise ServiceError(f"An array cannot be of lengths {lengths}.")
    kind = array.type.union(PixelType.of_constant(fill))
    values = np.pad(
        array.values.astype(kind.dtype), [(0, extra) for extra in more], constant_values=fill
    )
    return Array.of(values, kind)


@algorithm("Array.mask")
def mask(array: Array, keep: Array) -> Array:
    """The positions along which another array is not 0; it has one axis longer than 1.

    Raises:
        ServiceError: the lengths do not fit.
    """
    values, chosen = array.values, keep.values
    long = [axis for axis, size in enumerate(chosen.shape) if size > 1]
    axis = long[0] if long else 0
    if (
        len(long) > 1
        or not chosen.ndim
        or axis >= values.ndim
        or (chosen.shape[axis] != values.shape[axis])
    ):
        raise ServiceError(f"A mask of {list(chosen.shape)} does not fit {list(values.shape)}.")
    return Array.of(values.compress(chosen.ravel() != 0, axis), array.type)


@algorithm("Array.sort")
def sort(array: Array, keys: Array | None) -> Array:
    """In order of keys, along the one axis on which these are longer than 1; of its own values.

    Raises:
        ServiceError: the keys are longer than 1 along several axes, or do not fit.
    """
    given = array if keys is None else keys
    shape = given.values.shape
    long = [axis for axis, size in enumerate(shape) if size > 1]
    axis = long[0] if long else 0
    if not array.values.ndim:
        return array
    if len(long) > 1 or axis >= array.values.ndim or given.values.size != array.values.shape[axis]:
        raise ServiceError(f"Keys of {list(shape)} do not fit {list(array.values.shape)}.")
    order = np.argsort(given.values.ravel(), kind="stable")
    return Array.of(np.take(array.values, order, axis), array.type)


@algorithm("Array.argmax")
def argmax(array: Array) -> list[int] | None:
    """The position of the first of the greatest; null of an empty array."""
    if not array.values.size:
        return None
    at = np.unravel_index(int(np.argmax(array.values)), array.values.shape)
    return [int(i) for i in at]


@algorithm("Array.reduce")
def reduce(array: Array, reducer: Reducer, axes: list[int], field: int | None) -> Array:
    """A reducer along some axes, which become of length 1.

    Along the field axis lie the inputs of a reducer of several, and then its outputs.

    Raises:
        ServiceError: there is no field axis although there are several inputs or outputs, it is
            reduced or of another length than the inputs are many, or an output is no number.
    """
    chosen = sorted({_axis(array, axis) for axis in axes})
    outputs = len(reducer.outputs)
    if field is None and (reducer.inputs != 1 or outputs != 1):
        raise ServiceError(
            f"A fieldAxis is needed: the reducer has {reducer.inputs} inputs, {outputs} outputs."
        )
    if not chosen:
        return array
    values = array.values[..., np.newaxis] if field is None else array.values
    along = values.ndim - 1 if field is None else _axis(array, field)
    if along in chosen or values.shape[along] != reducer.inputs:
        raise ServiceError(
            f"The fieldAxis must not be reduced, and have a length of {reducer.inputs}."
        )
    kept = [axis for axis in range(values.ndim) if axis not in (*chosen, along)]
    moved = np.transpose(values, [*kept, *chosen, along])
    tables = moved.reshape(-1, math.prod(values.shape[axis] for axis in chosen), reducer.inputs)
    found = np.array([_outputs(reducer, table) for table in tables.tolist()])
    # Back to where the axes were: those kept, those reduced, the outputs.
    shape = [*(values.shape[axis] for axis in kept), *(1 for _ in chosen), outputs]
    made = np.moveaxis(found.reshape(shape), range(values.ndim), [*kept, *chosen, along])
    return Array.of(made[..., 0] if field is None else made)


def _outputs(reducer: Reducer, rows: list[list[Any]]) -> list[Any]:
    found = reducer.aggregate(rows, [1.0] * len(rows))
    if not all(isinstance(value, (int, float)) for value in found):
        raise ServiceError(f"Reducer.{reducer.name} gives no number of {len(rows)} values.")
    return found


@algorithm("Array.accum")
def accumulate(array: Array, axis: int, reducer: Reducer | None) -> Array:
    """A reducer of all up to each position along an axis; the sum by default."""
    along = _axis(array, axis)
    if reducer is None:
        return Array.of(np.cumsum(array.values, along))
    if array.values.shape[along] > _MOST_SIDE:
        raise ServiceError(f"The axis is longer than {_MOST_SIDE}.")
    if reducer.inputs != 1 or len(reducer.outputs) != 1:
        raise ServiceError("The reducer must have one input and one output.")
    rows = np.moveaxis(array.values, along, -1)
    table = rows.reshape(-1, rows.shape[-1]).tolist()
    found = [
        [_outputs(reducer, [[value] for value in row[: i + 1]])[0] for i in range(len(row))]
        for row in table
    ]
    return Array.of(np.moveaxis(np.array(found).reshape(rows.shape), -1, along))


@algorithm("Array.transpose", "Array.matrixTranspose")
def transpose(array: Array, one: int, other: int) -> Array:
    """Two axes in each other's place; a row becomes a column."""
    values = array.values
    while values.ndim <= max(one, other, 0) and values.ndim < 2:
        values = values[..., np.newaxis]
    if not (0 <= one < values.ndim and 0 <= other < values.ndim):
        raise ServiceError(f"There are no axes {one} and {other} to exchange.")
    return Array.of(np.swapaxes(values, one, other), array.type)


@algorithm("Array.dotProduct")
def dot_product(one: Array, other: Array) -> float:
    """The sum of the products of two vectors."""
    if one.values.ndim != 1 or one.values.shape != other.values.shape:
        raise ServiceError("The arrays must be vectors of one length.")
    found: float = (one.values.astype(np.float64) @ other.values.astype(np.float64)).item()
    return found


def _matrix(array: Array, *, square: bool = False) -> Matrix:
    """A matrix in doubles.

    Raises:
        ServiceError: it is none, not square, too large, or holds what is not finite.
    """
    values = array.values.astype(np.float64)
    if values.ndim != 2 or not values.size or (square and values.shape[0] != values.shape[1]):
        kind = "a square matrix" if square else "a matrix"
        raise ServiceError(f"The array must be {kind}, got lengths {list(values.shape)}.")
    if max(values.shape) > _MOST_SIDE or not np.isfinite(values).all():
        raise ServiceError(f"A matrix has at most {_MOST_SIDE} finite rows and columns.")
    return values


def _register_matrix(name: str, function: Callable[[Matrix], Any], *, square: bool) -> None:
    @algorithm(f"Array.{name}")
    def run(array: Array) -> Any:
        try:
            found = function(_matrix(array, square=square))
        except np.linalg.LinAlgError:
            raise ServiceError("The matrix is singular.") from None
        return Array.of(found) if isinstance(found, np.ndarray) and found.ndim else float(found)


_register_matrix("matrixInverse", np.linalg.inv, square=True)
_register_matrix("matrixPseudoInverse", np.linalg.pinv, square=False)
_register_matrix("matrixDeterminant", np.linalg.det, square=True)
_register_matrix("matrixTrace", np.trace, square=True)
_register_matrix("matrixFnorm", np.linalg.norm, square=False)


@algorithm("Array.matrixDiagonal")
def diagonal(array: Array) -> Array:
    """The diagonal as a column."""
    return Array.of(np.diagonal(_matrix(array))[:, np.newaxis].astype(array.type.dtype), array.type)


@algorithm("Array.matrixToDiag")
def to_diagonal(array: Array) -> Array:
    """A square with a column on its diagonal."""
    column = array.values.ravel()
    if array.values.ndim not in (1, 2) or array.values.shape[1:] not in ((), (1,)):
        raise ServiceError(f"The array must be a column, got lengths {list(array.values.shape)}.")
    if not 1 <= column.size <= _MOST_SIDE:
        raise ServiceError(f"A matrix has 1 to {_MOST_SIDE} rows.")
    return Array.of(np.diag(column), array.type.union(PixelType("int", 0, 0)))


@algorithm("Array.matrixMultiply")
def multiply(left: Array, right: Array) -> Array:
    """The product of two matrices."""
    a, b = _matrix(left), _matrix(right)
    if a.shape[1] != b.shape[0]:
        raise ServiceError(f"{list(a.shape)} and {list(b.shape)} cannot be multiplied.")
    return Array.of(a @ b)


@algorithm("Array.matrixSolve")
def solve(left: Array, right: Array) -> Array:
    """X of A X = B; of the least squares where A has more rows than columns."""
    a, b = _matrix(left), _matrix(right)
    if a.shape[0] != b.shape[0]:
        raise ServiceError(f"{list(a.shape)} and {list(b.shape)} have not as many rows.")
    found, _, rank, _ = np.linalg.lstsq(a, b, rcond=None)
    if rank < a.shape[1]:
        raise ServiceError("The matrix is singular.")
    return Array.of(found)


@algorithm("Array.matrixLUDecomposition")
def lu(array: Array) -> dict[str, Array]:
    """`L`, `U` and the permutation `P` with P A = L U; L has ones on its diagonal [S]."""
    p, lower, upper = linalg.lu(_matrix(array, square=True))
    return {"L": Array.of(lower), "U": Array.of(upper), "P": Array.of(p.T)}


@algorithm("Array.matrixQRDecomposition")
def qr(array: Array) -> dict[str, Array]:
    """`Q` and `R`; signs are those of LAPACK [M]."""
    q, r = np.linalg.qr(_matrix(array), "complete")
    return {"Q": Array.of(q), "R": Array.of(r)}


@algorithm("Array.matrixSingularValueDecomposition")
def svd(array: Array) -> dict[str, Array]:
    """`U`, `S` and `V` with A = U S Vᵀ; signs are those of LAPACK [M]."""
    a = _matrix(array)
    u, s, v = np.linalg.svd(a, full_matrices=True)
    middle = np.zeros(a.shape)
    np.fill_diagonal(middle, s)
    return {"U": Array.of(u), "S": Array.of(middle), "V": Array.of(v.T)}


@algorithm("Array.matrixCholeskyDecomposition")
def cholesky(array: Array) -> dict[str, Array]:
    """`L` with A = L Lᵀ.

    Raises:
        ServiceError: the matrix is not positive definite.
    """
    a = _matrix(array, square=True)
    try:
        found = np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        found = None
    if found is None or not np.allclose(a, a.T):
        raise ServiceError("The matrix must be symmetric and positive definite.")
    return {"L": Array.of(found)}


@algorithm("Array.eigen")
def eigen(array: Array) -> Array:
    """Rows of an eigenvalue and its vector, greatest value first, signs as the service's [S].

    Raises:
        ServiceError: eigenvalues are not real, or not found.
    """
    with np.errstate(all="ignore"):
        return Array.of(eigenvectors(_matrix(array, square=True)))


@algorithm("List.getArray")
def list_array(items: list[Any], index: int) -> Array:
    """An item that is an array."""
    if not -len(items) <= index < len(items):
        raise ServiceError(f"List index {index} is out of range for {len(items)} items.")
    return make(items[index], None)


@algorithm("Dictionary.getArray")
def dictionary_array(values: dict[str, Any], key: str) -> Array:
    """A value that is an array."""
    if key not in values:
        raise ServiceError(f"Dictionary does not contain key: '{key}'.")
    return make(values[key], None)


@algorithm("Dictionary.toArray")
def dictionary_to_array(values: dict[str, Any], keys: list[str] | None, axis: int) -> Array:
    """Numbers, or arrays, one after the other, in order of the keys."""
    parts = [dictionary_array(values, key) for key in (sorted(values) if keys is None else keys)]
    return cat(parts, axis)


@algorithm("Element.getArray")
def element_array(element: Element, key: str) -> Array | None:
    """A property that is an array, or null."""
    value = element.get(key)
    return None if value is None else make(value, None)


@algorithm("Feature.toArray")
def feature_to_array(feature: Element, names: list[str]) -> Array:
    """Numeric properties as a vector."""
    missing = [name for name in names if not isinstance(feature.get(name), (int, float))]
    if missing:
        raise ServiceError(f"The feature has no numeric property '{missing[0]}'.")
    return make([feature.get(name) for name in names], None)
