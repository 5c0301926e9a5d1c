"""Kernels. Weights are those that Earth Engine's reference shows for each [S]."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.kernel import Kernel, Window, added, changed, fixed, round_about, scaled

if TYPE_CHECKING:
    from ..values.kernel import Shape, Weights

_LEAST = 1e-9


def _circle(x: Any, y: Any, radius: float) -> Weights:
    return np.asarray(x * x + y * y <= radius * radius + _LEAST, np.float64)


def _octagon(x: Any, y: Any, radius: float) -> Weights:
    """A regular octagon around the circle [I]: the reference shows one of radius 3."""
    return np.asarray(abs(x) + abs(y) <= math.sqrt(2) * radius + _LEAST, np.float64)


# One signature for all, whether a shape needs the radius or not.
SHAPES: dict[str, Shape] = {
    "circle": _circle,
    "octagon": _octagon,
    "square": lambda x, y, radius: np.ones((y.size, x.size)),  # noqa: ARG005
    "diamond": lambda x, y, radius: (abs(x) + abs(y) <= radius + _LEAST).astype(np.float64),
    "cross": lambda x, y, radius: (abs(x) == abs(y)).astype(np.float64),  # noqa: ARG005
    "plus": lambda x, y, radius: ((x == 0) | (y == 0)).astype(np.float64),  # noqa: ARG005
}
"""Kernels of ones, by name."""

# One signature here, too.
_DISTANCES: dict[str, Shape] = {
    "euclidean": lambda x, y, radius: np.hypot(x, y),  # noqa: ARG005
    "manhattan": lambda x, y, radius: abs(x) + abs(y),  # noqa: ARG005
    "chebyshev": lambda x, y, radius: np.maximum(abs(x), abs(y)),  # noqa: ARG005
}

_EDGES = {
    "compass": [[1, 1, -1], [1, -2, -1], [1, 1, -1]],
    "kirsch": [[5, -3, -3], [5, 0, -3], [5, -3, -3]],
    "laplacian4": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "laplacian8": [[1, 1, 1], [1, -8, 1], [1, 1, 1]],
    "prewitt": [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
    "roberts": [[1, 0], [0, -1]],
    "sobel": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
}


def _register(name: str, shape: Shape) -> None:
    @algorithm(f"Kernel.{name}")
    def make(radius: float, units: str, normalize: bool, magnitude: float) -> Kernel:
        return round_about(name, (radius, radius), units, shape, magnitude, normalize=normalize)


def _register_edges(name: str, weights: list[list[int]]) -> None:
    @algorithm(f"Kernel.{name}")
    def make(magnitude: float, normalize: bool) -> Kernel:
        return fixed(name, np.array(weights, np.float64), magnitude, normalize=normalize)


for _name, _shape in (SHAPES | _DISTANCES).items():
    _register(_name, _shape)
for _name, _weights in _EDGES.items():
    _register_edges(_name, _weights)


@algorithm("Kernel.rectangle")
def rectangle(across: float, down: float, units: str, normalize: bool, magnitude: float) -> Kernel:
    """Ones in a rectangle."""
    return round_about(
        "rectangle", (across, down), units, SHAPES["square"], magnitude, normalize=normalize
    )


@algorithm("Kernel.gaussian")
def gaussian(radius: float, sigma: float, units: str, normalize: bool, magnitude: float) -> Kernel:
    """A Gaussian, at pixels nearer than the radius: radius 3 has 5 by 5 pixels [S].

    Raises:
        ServiceError: the standard deviation is not positive.
    """
    if not (sigma > 0 and radius > 0):
        raise ServiceError("The radius and sigma must be positive.")

    def shape(x: Any, y: Any, pixels: float) -> Weights:
        spread = sigma * pixels / radius
        return np.asarray(np.exp(-(x * x + y * y) / (2 * spread * spread)), np.float64)

    return round_about(
        "gaussian",
        (radius, radius),
        units,
        shape,
        magnitude,
        normalize=normalize,
        reach=lambda pixels: math.ceil(pixels - 1e-6) - 1,
    )


@algorithm("Kernel.fixed")
def make_fixed(
    width: int, height: int, weights: list[Any], x: int, y: int, normalize: bool
) -> Kernel:
    """A kernel of given weights, row by row; -1 stands for what the weights say themselves.

    Raises:
        ServiceError: the weights are not a table, not of that size, or the focus lies outside.
    """
    try:
        table = np.array(weights, np.float64)
    except (TypeError, ValueError, OverflowError):
        table = np.zeros(0)
    if table.ndim != 2 or not table.size or not np.isfinite(table).all():
        raise ServiceError("Parameter 'weights' must be a list of rows of numbers.")
    rows, columns = table.shape
    if (width not in (-1, columns)) or (height not in (-1, rows)) or max(rows, columns) > 513:
        raise ServiceError(f"The weights are {columns} by {rows}, not {width} by {height}.")
    column, row = columns // 2 if x == -1 else x, rows // 2 if y == -1 else y
    if not (0 <= column < columns and 0 <= row < rows):
        raise ServiceError(f"The focus [{x}, {y}] lies outside of the kernel.")
    return fixed("fixed", table, 1.0, normalize=normalize, focus=(column, row))


@algorithm("Kernel.add")
def add(one: Kernel, other: Kernel, normalize: bool) -> Kernel:
    """The sum of two, foci aligned."""

    def window(metres: float) -> Window:
        total = added(one.window(metres), other.window(metres))
        return total._replace(weights=scaled(total.weights, 1.0, normalize=normalize))

    return Kernel("add", window, one.in_pixels and other.in_pixels)


@algorithm("Kernel.inverse")
def inverse(kernel: Kernel) -> Kernel:
    """One over each weight; zeros stay."""

    def change(window: Window) -> Window:
        weights = window.weights
        return window._replace(
            weights=np.divide(1.0, weights, out=np.zeros_like(weights), where=weights != 0)
        )

    return changed("inverse", kernel, change)


@algorithm("Kernel.rotate")
def rotate(kernel: Kernel, rotations: int) -> Kernel:
    """Turned clockwise by right angles."""

    def change(window: Window) -> Window:
        weights, row, column = window
        for _ in range(rotations % 4):
            rows = weights.shape[0]
            weights, row, column = np.rot90(weights, -1), column, rows - 1 - row
        return Window(weights, row, column)

    return changed("rotate", kernel, change)
