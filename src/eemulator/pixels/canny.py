"""Edges: pixels whose gradient is the greatest along its own direction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .neighborhood import running, shown
from .node import Plane

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid

MARGINS = (2, 2, 2, 2)
"""Pixels around the asked ones: one for the gradient, one for those to compare it with."""

# Towards which neighbour a gradient points, as (row, column), by its angle in steps of 45°.
_TOWARDS = ((0, 1), (1, 1), (1, 0), (1, -1))
_AROUND = np.ones((3, 3), np.bool_)


def edges(threshold: float) -> Callable[[Sequence[Plane], Grid], Plane]:
    """The magnitude of the gradient at edges, 0 beside them.

    The gradient is Sobel's, its weights not divided by their sum [I]. Of two equal neighbours
    along it the upper or left one is the edge [I]. Masked where one of the nine pixels is.

    Args:
        threshold: gradients must be greater.
    """

    def run(planes: Sequence[Plane], grid: Grid) -> Plane:
        plane = planes[0]
        ok = shown(plane)
        across, down = _sobel(np.where(ok, plane.values, 0).astype(np.float64))
        whole = running(ok.view(np.uint8), _AROUND, highest=False).astype(np.bool_)
        magnitude = np.where(whole, np.hypot(across, down), 0)
        core = (slice(1, 1 + grid.height), slice(1, 1 + grid.width))
        here = magnitude[core]
        angle = np.arctan2(down[core], across[core]) / (np.pi / 4)
        direction = np.rint(np.nan_to_num(angle)).astype(np.int64) % 4
        found = np.zeros(here.shape)
        for number, (row, column) in enumerate(_TOWARDS):
            before, after = (
                magnitude[1 + r : 1 + r + grid.height, 1 + c : 1 + c + grid.width]
                for r, c in ((-row, -column), (row, column))
            )
            edge = (direction == number) & (here > threshold) & (here > before) & (here >= after)
            found[edge] = here[edge]
        return Plane(found, whole[core])

    return run


def _sobel(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Along columns and along rows; a pixel less on each side."""
    tall = values[:-2] + 2 * values[1:-1] + values[2:]
    wide = values[:, :-2] + 2 * values[:, 1:-1] + values[:, 2:]
    return tall[:, 2:] - tall[:, :-2], wide[2:] - wide[:-2]
