"""Images whose pixels are matrices: products, inverses, solutions, decompositions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.array_pixels import require_room
from ..pixels.constant import constant_array
from ..values.array import Array
from ..values.pixel_type import DOUBLE, PixelType
from ..values.regression import least_squares
from .image_arrays import computed, each, each_pair

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..pixels.array_pixels import Function, Stack
    from ..values.image import Image

_MOST_SIDE = 1_000
_MATRIX = DOUBLE.arrayed(2)


def _require_matrices(*images: Image) -> None:
    for image in images:
        for band in image.bands:
            if band.type.dimensions != 2:
                raise ServiceError(
                    f"The pixels of band '{band.id}' must be matrices, they have "
                    f"{band.type.dimensions} dimensions."
                )


def _finite(stack: Stack, *, square: bool = False) -> Stack:
    """Matrices in doubles.

    Raises:
        ServiceError: they are not square, empty, or hold what is not finite.
    """
    shape = list(stack.shape[1:])
    if not stack[0].size or (square and shape[0] != shape[1]):
        raise ServiceError(f"The array must be a {'square ' * square}matrix, got lengths {shape}.")
    values = stack.astype(np.float64, copy=False)
    if not np.isfinite(values).all():
        raise ServiceError("A matrix must have finite elements.")
    return values


def _register(
    name: str, function: Callable[[Stack], Stack], kind: PixelType, *, square: bool
) -> None:
    @algorithm(f"Image.{name}")
    def run(image: Image) -> Image:
        _require_matrices(image)

        def compute(stack: Stack) -> Stack:
            try:
                return function(_finite(stack, square=square))
            except np.linalg.LinAlgError:
                raise ServiceError("The matrix is singular.") from None

        return each(image, compute, lambda _: kind)


_register("matrixInverse", np.linalg.inv, _MATRIX, square=True)
_register("matrixPseudoInverse", np.linalg.pinv, _MATRIX, square=False)
_register("matrixDeterminant", np.linalg.det, DOUBLE, square=True)
_register("matrixTrace", lambda a: np.trace(a, axis1=1, axis2=2), DOUBLE, square=True)
_register("matrixFnorm", lambda a: np.linalg.norm(a, axis=(1, 2)), DOUBLE, square=False)


@algorithm("Image.matrixIdentity")
def identity(size: int) -> Image:
    """A square of zeros with ones on the diagonal, everywhere."""
    if not 1 <= size <= _MOST_SIDE:
        raise ServiceError(f"The size must be 1 to {_MOST_SIDE}, got {size}.")
    return constant_array(Array.of(np.eye(size, dtype=np.int64)))


@algorithm("Image.matrixDiagonal")
def diagonal(image: Image) -> Image:
    """The diagonal as a column."""
    _require_matrices(image)
    return each(image, lambda stack: np.diagonal(stack, axis1=1, axis2=2)[..., np.newaxis])


@algorithm("Image.matrixToDiag")
def to_diagonal(image: Image) -> Image:
    """A square with a column on its diagonal."""
    _require_matrices(image)

    def function(stack: Stack) -> Stack:
        count, size, columns = stack.shape
        if columns != 1:
            raise ServiceError(f"The array must be a column, got lengths {list(stack.shape[1:])}.")
        require_room(count, size, size)
        found = np.zeros((count, size, size), stack.dtype)
        found[:, np.arange(size), np.arange(size)] = stack[:, :, 0]
        return found

    def kind_of(kind: PixelType) -> PixelType:
        return kind.element.union(PixelType("int", 0, 0)).arrayed(2)

    return each(image, function, kind_of)


@algorithm("Image.matrixMultiply")
def multiply(left: Image, right: Image) -> Image:
    """The product of two matrices, in doubles."""
    _require_matrices(left, right)

    def function(a: Stack, b: Stack) -> Stack:
        if a.shape[2] != b.shape[1]:
            raise ServiceError(
                f"Matrices of {list(a.shape[1:])} and {list(b.shape[1:])} cannot be multiplied."
            )
        require_room(len(a), a.shape[1], b.shape[2])
        found: Stack = np.matmul(a.astype(np.float64), b.astype(np.float64))
        return found

    return each_pair(left, right, function, _MATRIX)


@algorithm("Image.matrixSolve")
def solve(left: Image, right: Image) -> Image:
    """X of A X = B; of the least squares where A has more rows than columns.

    Raises:
        ServiceError: (of a pixel) the rows differ in number, or the columns of A depend on another.
    """
    _require_matrices(left, right)

    def function(a: Stack, b: Stack) -> Stack:
        a, b = _finite(a), _finite(b)
        if a.shape[1] != b.shape[1]:
            raise ServiceError(
                f"Matrices of {list(a.shape[1:])} and {list(b.shape[1:])} have not as many rows."
            )
        if a.shape[1] < a.shape[2]:
            raise ServiceError("The matrix is singular.")
        found, regular = least_squares(a, b)
        if not regular.all():
            raise ServiceError("The matrix is singular.")
        return found

    return each_pair(left, right, function, _MATRIX)


def _register_parts(name: str, parts: dict[str, Function]) -> None:
    @algorithm(f"Image.{name}")
    def run(image: Image) -> Image:
        _require_matrices(image)
        if len(image.bands) != 1:
            raise ServiceError(f"The image must have one band, got {len(image.bands)}.")
        return computed(
            image,
            [(part, _MATRIX, image.bands, function) for part, function in parts.items()],
        )


def _singular_values(stack: Stack) -> Stack:
    a = _finite(stack)
    found = np.linalg.svd(a, compute_uv=False)
    middle = np.zeros(a.shape)
    middle[:, np.arange(found.shape[1]), np.arange(found.shape[1])] = found
    return middle


def _cholesky(stack: Stack) -> Stack:
    a = _finite(stack, square=True)
    try:
        found = np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        found = None
    if found is None or not np.allclose(a, np.swapaxes(a, 1, 2)):
        raise ServiceError("The matrix must be symmetric and positive definite.")
    return found


_register_parts(
    "matrixLUDecomposition",
    {
        "L": lambda stack: linalg.lu(_finite(stack, square=True))[1],
        "U": lambda stack: linalg.lu(_finite(stack, square=True))[2],
        # SciPy's permutation is that of the product.
        "P": lambda stack: np.swapaxes(linalg.lu(_finite(stack, square=True))[0], 1, 2),
    },
)
# Signs are those of LAPACK [M].
_register_parts(
    "matrixQRDecomposition",
    {
        "Q": lambda stack: np.linalg.qr(_finite(stack), "complete")[0],
        "R": lambda stack: np.linalg.qr(_finite(stack), "complete")[1],
    },
)
_register_parts(
    "matrixSingularValueDecomposition",
    {
        "U": lambda stack: np.linalg.svd(_finite(stack))[0],
        "S": _singular_values,
        "V": lambda stack: np.swapaxes(np.linalg.svd(_finite(stack))[2], 1, 2),
    },
)
_register_parts("matrixCholeskyDecomposition", {"L": _cholesky})
