"""Operations that compute each pixel from the pixels around it.

The neighbourhood is one of the grid that is asked for, whatever lattice the image has: as in Earth
Engine, the same expression reaches farther on the ground at a coarser scale [S].
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from ..values import statistics
from ..values.projection import Projection
from .node import Need, Operation, Plane, valid

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid
    from ..limits import Limits
    from ..values.image import ImageBand
    from ..values.kernel import Kernel, Window
    from ..values.pixel_type import PixelType
    from .composite import Statistic

    Margins = tuple[int, int, int, int]
    Local = Callable[[Sequence[Plane], Window], Plane]

# Values of a stack of neighbours that are held at once.
_HELD = 2**23


def padded(grid: Grid, margins: Margins) -> Grid:
    """A grid grown by so many pixels on the left, above, on the right and below."""
    left, top, right, bottom = margins
    a, b, c, d, e, f = grid.transform
    moved = (a, b, c - a * left - b * top, d, e, f - d * left - e * top)
    width, height = grid.width + left + right, grid.height + top + bottom
    return replace(grid, transform=moved, width=width, height=height)


def pixel_metres(grid: Grid) -> float:
    """Metres a pixel, at the point of true scale."""
    return Projection(grid.crs, grid.transform).nominal_scale


class Around(Operation):
    """Outputs computed from a window that is wider than the grid.

    Args:
        bands: the inputs.
        margins: how much wider; perhaps by grid.
        outputs: for each output the inputs that it needs, and what makes its plane of their
            padded planes and of the grid asked for.
        limits: how many pixels may be computed for one read.
    """

    def __init__(
        self,
        bands: Sequence[ImageBand],
        margins: Margins | Callable[[Grid], Margins],
        outputs: Sequence[tuple[Sequence[int], Callable[[Sequence[Plane], Grid], Plane]]],
        limits: Limits,
    ) -> None:
        self.inputs = bands
        self._margins = margins
        self._outputs = outputs
        self._limits = limits

    def steps(
        self, indices: Sequence[int], grid: Grid
    ) -> Generator[Need, list[Plane], list[Plane]]:
        """Ask for the wider window of all inputs at once."""
        needed = list(dict.fromkeys(i for index in indices for i in self._outputs[index][0]))
        margins = self._margins
        wide = padded(grid, margins(grid) if callable(margins) else margins)
        self._limits.check_working_pixels(wide.width * wide.height * len(needed))
        planes = yield Need([self.inputs[i] for i in needed], wide)
        found = dict(zip(needed, planes, strict=True))
        result = []
        for index in indices:
            inputs, compute = self._outputs[index]
            with np.errstate(all="ignore"):
                result.append(compute([found[i] for i in inputs], grid))
        return result


def windowed(
    bands: Sequence[ImageBand],
    kernel: Kernel,
    outputs: Sequence[tuple[Sequence[int], Local]],
    limits: Limits,
) -> Around:
    """Outputs computed under a kernel."""

    def under(local: Local) -> Callable[[Sequence[Plane], Grid], Plane]:
        return lambda planes, grid: local(planes, kernel.window(pixel_metres(grid)))

    return Around(
        bands,
        lambda grid: kernel.window(pixel_metres(grid)).margins,
        [(inputs, under(local)) for inputs, local in outputs],
        limits,
    )


def core(values: NDArray[Any], window: Window) -> NDArray[Any]:
    """The part of a padded array that was asked for."""
    left, top, right, bottom = window.margins
    return values[top : values.shape[0] - bottom, left : values.shape[1] - right]


def shown(plane: Plane) -> NDArray[np.bool_]:
    """Where a plane is valid."""
    return np.ones(plane.values.shape, np.bool_) if plane.mask is None else valid(plane.mask)


def correlated(values: NDArray[Any], window: Window) -> NDArray[np.float64]:
    """The sum of values times the weights above them; only what the window fits into."""
    weights = window.weights
    rows, columns = weights.shape
    height, width = values.shape[0] - rows + 1, values.shape[1] - columns + 1
    there = weights != 0
    found: NDArray[np.float64]
    # Totals of 64-bit integers would not fit.
    small = values.dtype.kind in "iub" and values.dtype.itemsize < 8
    if small and there.any() and np.ptp(weights[there]) == 0:
        found = weights[there][0] * _summed(values, there)
        return found
    whole = ndimage.correlate(values.astype(np.float64, copy=False), weights, mode="nearest")
    found = whole[rows // 2 : rows // 2 + height, columns // 2 : columns // 2 + width]
    return found


def _runs(footprint: NDArray[np.bool_]) -> Iterator[tuple[int, int, int]]:
    """Each row's runs of cells: row, first column, length."""
    for row, cells in enumerate(footprint):
        edges = np.flatnonzero(np.diff(np.pad(cells.astype(np.int8), 1))).tolist()
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            yield row, start, stop - start


def _summed(values: NDArray[Any], footprint: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Sums of integers under a footprint, from running totals of each row: exact."""
    rows, columns = footprint.shape
    height, width = values.shape[0] - rows + 1, values.shape[1] - columns + 1
    totals = np.zeros((values.shape[0], values.shape[1] + 1), np.int64)
    np.cumsum(values, axis=1, out=totals[:, 1:])
    result = np.zeros((height, width), np.int64)
    for row, start, length in _runs(footprint):
        part = totals[row : row + height]
        result += part[:, start + length : start + length + width]
        result -= part[:, start : start + width]
    return result


def running(values: NDArray[Any], footprint: NDArray[np.bool_], *, highest: bool) -> NDArray[Any]:
    """The least or the greatest value under a footprint.

    Each row of the footprint is a few runs: the extremes of runs of a length are found for all
    pixels at once, so that a circle costs its diameter and not its area.
    """
    rows, columns = footprint.shape
    height, width = values.shape[0] - rows + 1, values.shape[1] - columns + 1
    along = ndimage.maximum_filter1d if highest else ndimage.minimum_filter1d
    choose = np.maximum if highest else np.minimum
    of_length: dict[int, NDArray[Any]] = {}
    result: NDArray[Any] | None = None
    for row, start, length in _runs(footprint):
        if length not in of_length:
            of_length[length] = along(values, length, axis=1, mode="nearest")
        first = start + length // 2
        part = of_length[length][row : row + height, first : first + width]
        result = part.copy() if result is None else choose(result, part, out=result)
    if result is None:
        raise ValueError("an empty footprint")
    return result


def convolved(planes: Sequence[Plane], window: Window) -> Plane:
    """A weighted sum of the neighbours; masked where one that has a weight is [M]."""
    plane = planes[0]
    if plane.mask is None:
        return Plane(correlated(plane.values, window), None)
    ok = valid(plane.mask)
    values = correlated(np.where(ok, plane.values, 0), window)
    whole = running(ok.view(np.uint8), window.weights != 0, highest=False)
    return Plane(values, whole.astype(np.bool_))


def neighbor(column: int, row: int) -> Local:
    """The pixel under one cell of the kernel."""

    def pick(planes: Sequence[Plane], window: Window) -> Plane:
        plane = planes[0]
        rows, columns = window.weights.shape
        place = (
            slice(row, row + plane.values.shape[0] - rows + 1),
            slice(column, column + plane.values.shape[1] - columns + 1),
        )
        return Plane(plane.values[place], None if plane.mask is None else plane.mask[place])

    return pick


def reduced(
    statistic: Statistic,
    kind: PixelType,
    *,
    weighing: str | None,
    skip_masked: bool,
) -> Local:
    """A statistic of the valid neighbours under the non-zero cells of a kernel.

    Of one plane, or of several for a statistic of so many inputs: neighbour by neighbour.

    Args:
        statistic: of a stack.
        kind: of the result.
        weighing: `kernel`, `mask` or `min` for statistics that can be weighted; None for not.
        skip_masked: whether a pixel that is masked itself stays so.
    """

    def run(planes: Sequence[Plane], window: Window) -> Plane:
        shown_each = [shown(plane) for plane in planes]
        footprint = window.weights != 0
        fast = _FAST.get(statistic)
        if not footprint.any():
            shape = core(shown_each[0], window).shape
            empty = np.zeros((*shape, *(1,) * kind.dimensions), kind.dtype)
            return Plane(empty, np.zeros(shape, np.bool_))
        if fast is not None:
            values, mask = fast(planes[0], shown_each[0], window, weighing)
        else:
            values, mask = _stacked(
                statistic, [plane.values for plane in planes], shown_each, footprint
            )
        if skip_masked:
            for ok in shown_each:
                mask = mask & core(ok, window)
        return Plane(values.astype(kind.dtype, copy=False), mask)

    return run


def _stacked(
    statistic: Statistic,
    values: Sequence[NDArray[Any]],
    shown_each: Sequence[NDArray[np.bool_]],
    footprint: NDArray[np.bool_],
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Any statistic: the neighbours of some rows of pixels at a time."""
    cells = np.argwhere(footprint).tolist()
    rows, columns = footprint.shape
    height, width = values[0].shape[0] - rows + 1, values[0].shape[1] - columns + 1
    step = max(1, _HELD // (len(cells) * len(values) * width))
    parts = []
    for top in range(0, height, step):
        bottom = min(top + step, height)
        stack = [
            (slice(top + row, bottom + row), slice(column, column + width)) for row, column in cells
        ]
        parts.append(
            statistic(
                np.stack([each[s] for s in stack for each in values]),
                np.stack([ok[s] for s in stack for ok in shown_each]),
            )
        )
    return np.concatenate([part for part, _ in parts]), np.concatenate([mask for _, mask in parts])


def _extreme(*, highest: bool) -> Any:
    def run(
        plane: Plane,
        ok: NDArray[np.bool_],
        window: Window,
        weighing: str | None,  # noqa: ARG001
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        footprint = window.weights != 0
        values = plane.values
        if values.dtype.kind == "f":
            empty = values.dtype.type(-np.inf if highest else np.inf)
        else:
            limits = np.iinfo(values.dtype)
            empty = values.dtype.type(limits.min if highest else limits.max)
        found = running(np.where(ok, values, empty), footprint, highest=highest)
        return found, running(ok.view(np.uint8), footprint, highest=True).astype(np.bool_)

    return run


def _weighted(*, mean: bool) -> Any:
    def run(
        plane: Plane, ok: NDArray[np.bool_], window: Window, weighing: str | None
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        there = window._replace(weights=(window.weights != 0).astype(np.float64))
        any_ = running(ok.view(np.uint8), window.weights != 0, highest=True).astype(np.bool_)
        values = np.where(ok, plane.values, 0)
        mask = ok if plane.mask is None else plane.mask
        if weighing == "min":
            total, weight = _least_weights(values, mask, window)
        else:
            # What only is there or not stays an integer: sums of these are cheaper.
            each, cells = (mask, there) if weighing == "mask" else (ok, window)
            cells = there if weighing is None else cells
            total = correlated(values if each.dtype == np.bool_ else values * each, cells)
            weight = correlated(each, cells) if mean else total
        if not mean:
            return total, any_
        return np.divide(total, weight, out=np.zeros_like(total), where=weight != 0), any_

    return run


def _least_weights(
    values: NDArray[Any], mask: NDArray[Any], window: Window
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums of values and of weights, each weight the smaller of mask and kernel."""
    rows, columns = window.weights.shape
    height, width = values.shape[0] - rows + 1, values.shape[1] - columns + 1
    total, weight = np.zeros((height, width)), np.zeros((height, width))
    for row, column in np.argwhere(window.weights != 0).tolist():
        place = (slice(row, row + height), slice(column, column + width))
        each = np.minimum(mask[place], window.weights[row, column])
        total += values[place] * each
        weight += each
    return total, weight


def _counted(
    plane: Plane,  # noqa: ARG001
    ok: NDArray[np.bool_],
    window: Window,
    weighing: str | None,  # noqa: ARG001
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    there = window._replace(weights=(window.weights != 0).astype(np.float64))
    number = correlated(ok, there)
    return np.rint(number), np.ones(number.shape, np.bool_)


_FAST: dict[Any, Any] = {
    statistics.least: _extreme(highest=False),
    statistics.greatest: _extreme(highest=True),
    statistics.mean: _weighted(mean=True),
    statistics.total: _weighted(mean=False),
    statistics.count: _counted,
}
