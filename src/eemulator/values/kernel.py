"""Kernels: weights around a pixel, some of them sized in metres."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    # From columns and rows away from the focus, and the radius, to weights.
    Shape = Callable[[Any, Any, float], NDArray[np.float64]]

Weights = NDArray[np.float64]

# Most pixels from the focus to the edge. The service's own limit is not known [M].
_MOST = 256


class Window(NamedTuple):
    """Weights with a focus.

    Attributes:
        weights: `(rows, columns)`, row 0 uppermost.
        row: of the focus.
        column: of the focus.
    """

    weights: Weights
    row: int
    column: int

    @property
    def margins(self) -> tuple[int, int, int, int]:
        """Pixels beyond the focus: left, top, right, bottom."""
        rows, columns = self.weights.shape
        return self.column, self.row, columns - 1 - self.column, rows - 1 - self.row


@dataclass(frozen=True, eq=False, slots=True)
class Kernel:
    """A kernel.

    Attributes:
        name: as after `Kernel.`.
        window: its weights for pixels of so many metres.
        in_pixels: whether it is the same for pixels of any size.
        radius: in pixels, across columns, for pixels of so many metres; None where it has none.
    """

    name: str
    window: Callable[[float], Window]
    in_pixels: bool = True
    radius: Callable[[float], float] | None = None

    def json(self) -> dict[str, Any]:
        """As in `getInfo`; the layout is remembered [M]. Weights only where they are known."""
        shown: dict[str, Any] = {"type": f"Kernel.{self.name}"}
        if self.in_pixels:
            window = self.window(1.0)
            shown["center"] = [window.column, window.row]
            shown["weights"] = window.weights.tolist()
        return shown


def scaled(weights: Weights, magnitude: float, *, normalize: bool) -> Weights:
    """Weights made to sum to 1 (where their sum is not 0), then times a magnitude."""
    total = weights.sum()
    return weights * (magnitude / total if normalize and total else magnitude)


def fixed(
    name: str,
    weights: Weights,
    magnitude: float,
    *,
    normalize: bool,
    focus: tuple[int, int] | None = None,
) -> Kernel:
    """A kernel of given weights.

    Args:
        name: as after `Kernel.`.
        weights: `(rows, columns)`.
        magnitude: factor of all.
        normalize: whether they are made to sum to 1 before.
        focus: `(column, row)`; the middle by default, right and below of it if there is none [S].
    """
    rows, columns = weights.shape
    column, row = (columns // 2, rows // 2) if focus is None else focus
    window = Window(scaled(weights, magnitude, normalize=normalize), row, column)
    return Kernel(name, lambda metres: window)  # noqa: ARG005


def round_about(
    name: str,
    radii: tuple[float, float],
    units: str,
    shape: Shape,
    magnitude: float,
    *,
    normalize: bool,
    reach: Callable[[float], int] = math.floor,
) -> Kernel:
    """A kernel of pixels whose centres lie within a radius [I].

    Args:
        name: as after `Kernel.`.
        radii: across columns and across rows.
        units: `pixels` or `meters`.
        shape: weights by distance and the first radius, both in pixels.
        magnitude: factor of all weights.
        normalize: whether they are made to sum to 1 before.
        reach: pixels from the focus to the edge, of a radius.

    Raises:
        ServiceError: the unit is not known, or a radius negative.
    """
    if units not in ("pixels", "meters"):
        raise ServiceError(f"Unknown kernel units '{units}'; 'pixels' or 'meters' are known.")
    if not all(math.isfinite(radius) and radius >= 0 for radius in radii):
        raise ServiceError(f"The radius of a kernel must not be negative, got {min(radii)}.")

    def scale(metres: float) -> float:
        return 1 / metres if units == "meters" else 1.0

    def window(metres: float) -> Window:
        across, down = (radius * scale(metres) for radius in radii)
        columns, rows = (max(_bounded(reach(radius + 1e-9)), 0) for radius in (across, down))
        x = np.arange(-columns, columns + 1, dtype=np.float64)[np.newaxis, :]
        y = np.arange(-rows, rows + 1, dtype=np.float64)[:, np.newaxis]
        weights = np.broadcast_to(shape(x, y, across), (y.size, x.size)).astype(np.float64)
        return Window(scaled(weights, magnitude, normalize=normalize), rows, columns)

    return Kernel(name, window, units == "pixels", radius=lambda metres: radii[0] * scale(metres))


def _bounded(pixels: int) -> int:
    if pixels > _MOST:
        raise ServiceError(f"The kernel reaches {pixels} pixels far, at most {_MOST} are allowed.")
    return pixels


def changed(name: str, kernel: Kernel, change: Callable[[Window], Window]) -> Kernel:
    """A kernel with its window changed."""
    return Kernel(name, lambda metres: change(kernel.window(metres)), kernel.in_pixels)


def added(one: Window, other: Window) -> Window:
    """The sum of two, foci aligned."""
    left, top, right, bottom = (max(pair) for pair in zip(one.margins, other.margins, strict=True))
    weights = np.zeros((top + 1 + bottom, left + 1 + right))
    for window in (one, other):
        rows, columns = window.weights.shape
        row, column = top - window.row, left - window.column
        weights[row : row + rows, column : column + columns] += window.weights
    return Window(weights, top, left)
