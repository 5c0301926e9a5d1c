"""Spectra under a kernel: which of the neighbours is nearest, and which farthest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .neighborhood import core, padded, pixel_metres, shown
from .node import Need, Operation, Plane

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from ..catalog.model import Grid
    from ..limits import Limits
    from ..values.image import ImageBand
    from ..values.kernel import Kernel, Window

Metric = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
"""From two stacks of spectra, `(bands, rows, columns)`, to their distances."""


class SpectralExtreme(Operation):
    """All bands of one pixel under a kernel: of the spectrum least or most like the middle's.

    Pixels that are masked in any band are not among the neighbours, nor those whose distance is no
    number; of equal distances the first counts, row by row. Masked where the pixel itself is.

    Args:
        bands: of the spectra; an output each.
        kernel: its cells that are not 0 are the neighbours.
        metric: the distance.
        farthest: whether the most distant is taken, or the closest.
        centroid: whether distances are those from the mean of the neighbours.
        limits: how many pixels may be computed for one read.
    """

    def __init__(
        self,
        bands: Sequence[ImageBand],
        kernel: Kernel,
        metric: Metric,
        *,
        farthest: bool,
        centroid: bool,
        limits: Limits,
    ) -> None:
        self.inputs = bands
        self._kernel = kernel
        self._metric = metric
        self._farthest = farthest
        self._centroid = centroid
        self._limits = limits

    def steps(
        self, indices: Sequence[int], grid: Grid
    ) -> Generator[Need, list[Plane], list[Plane]]:
        """Ask for the wider window of all bands."""
        window = self._kernel.window(pixel_metres(grid))
        wide = padded(grid, window.margins)
        self._limits.check_working_pixels(wide.width * wide.height * len(self.inputs))
        planes = yield Need(self.inputs, wide)
        ok = np.logical_and.reduce([shown(plane) for plane in planes])
        with np.errstate(all="ignore"):
            which, known = self._chosen(planes, ok, window)
        mask = known & core(ok, window)
        cells = np.argwhere(window.weights != 0)
        if not len(cells):
            cells = np.array([[window.row, window.column]])
        rows = np.arange(grid.height)[:, np.newaxis] + cells[which, 0]
        columns = np.arange(grid.width)[np.newaxis, :] + cells[which, 1]
        return [Plane(planes[index].values[rows, columns], mask) for index in indices]

    def _chosen(
        self, planes: Sequence[Plane], ok: NDArray[np.bool_], window: Window
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The number of the cell, and whether there is any."""
        spectra = np.stack([plane.values.astype(np.float64) for plane in planes])
        cells = [_cell(row, column, ok, window) for row, column in np.argwhere(window.weights != 0)]
        middle = _cell(window.row, window.column, ok, window)
        reference = spectra[:, *middle]
        if self._centroid and cells:
            total = np.sum([np.where(ok[at], spectra[:, *at], 0) for at in cells], axis=0)
            reference = total / np.sum([ok[at] for at in cells], axis=0)
        worst = -np.inf if self._farthest else np.inf
        best = np.full(reference.shape[1:], worst)
        which = np.zeros(best.shape, np.int64)
        for number, at in enumerate(cells):
            distance = np.where(ok[at], self._metric(spectra[:, *at], reference), np.nan)
            better = distance > best if self._farthest else distance < best
            best[better] = distance[better]
            which[better] = number
        return which, best != worst


def _cell(row: int, column: int, ok: NDArray[Any], window: Window) -> tuple[slice, slice]:
    """What of a padded plane lies under a cell of the kernel."""
    rows, columns = window.weights.shape
    return (
        slice(row, row + ok.shape[0] - rows + 1),
        slice(column, column + ok.shape[1] - columns + 1),
    )
