"""Texture: how the values around each pixel are mixed, and which of them lie side by side."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .neighborhood import padded, shown
from .node import Need, Operation, Plane

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid
    from ..limits import Limits
    from ..values.image import ImageBand

    Floats = NDArray[np.float64]
    Codes = NDArray[np.integer[Any]]
    Shown = NDArray[np.bool_]

# Numbers of pairs of pixels that are held at once: few, so that they stay in the cache.
_HELD = 2**16
_SIZES = (np.uint16, np.uint32, np.uint64)
# A row more, at the beginning or at the end of a stack.
_AFTER_FIRST = ((1, 0), (0, 0), (0, 0))
_BEFORE_LAST = ((0, 1), (0, 0), (0, 0))


def _multiplicities(codes: Codes, seen: Shown) -> NDArray[np.int32]:
    """How often each code occurs along the first axis: once for each code, the rest is 0."""
    ordered = np.sort(codes if seen.all() else np.where(seen, codes, codes.max()), axis=0)
    place = np.arange(len(ordered), dtype=np.int32).reshape(-1, *[1] * (ordered.ndim - 1))
    count = seen.sum(axis=0)
    differs = ordered[1:] != ordered[:-1]
    first = np.maximum.accumulate(place * np.pad(differs, _AFTER_FIRST), axis=0)
    # What is not seen comes last, perhaps behind equal ones that are.
    last = (place == count - 1) | np.pad(differs, _BEFORE_LAST) & (place < count)
    found: NDArray[np.int32] = np.where(last, place - first + 1, 0)
    return found


def _entropy_of(counts: NDArray[np.int32]) -> Floats:
    """-Σ p ln p of multiplicities along the first axis; 0 where there are none."""
    table = np.arange(len(counts) + 1, dtype=np.float64)
    table *= np.log(np.maximum(table, 1))
    total = np.maximum(counts.sum(axis=0), 1)
    # Rounding must not make it negative.
    found: Floats = np.maximum(np.log(total) - table[counts].sum(axis=0) / total, 0)
    return found


def _entropy(codes: Codes, seen: Shown) -> Floats:
    return _entropy_of(_multiplicities(codes, seen))


def _compact(values: Floats) -> Codes:
    """Whole numbers from 0 on, of the smallest type: these are sorted fastest."""
    moved = values - values.min()
    kind = next(size for size in _SIZES if moved.max() <= np.iinfo(size).max)
    found: Codes = moved.astype(kind)
    return found


def entropy(values: NDArray[Any], seen: Shown) -> tuple[Floats, Any]:
    """In bits, of a stack of integers: a `Statistic`."""
    return _entropy(values, seen) / np.log(2), seen.any(axis=0)


class _Pairs:
    """Pairs of neighbours in the windows around some pixels; each counts both ways round.

    Args:
        a: one of each pair, `(pair, row, column)`.
        b: the other one.
        seen: which pairs have two valid pixels.
    """

    def __init__(self, a: Floats, b: Floats, seen: Shown) -> None:
        self.a, self.b = a, b
        self.seen = seen
        self.count = seen.sum(axis=0)

    def mean(self, values: Floats) -> Floats:
        """Over the pairs; 0 where there is none."""
        total = np.where(self.seen, values, 0).sum(axis=0)
        return cast("Floats", total / np.maximum(self.count, 1))

    @cached_property
    def difference(self) -> Floats:
        """Between the two, without sign."""
        found: Floats = np.abs(self.a - self.b)
        return found

    @cached_property
    def sum(self) -> Floats:
        """Of the two."""
        return self.a + self.b

    @cached_property
    def centre(self) -> Floats:
        """The mean of all pixels of the pairs."""
        return self.mean(self.sum) / 2

    @cached_property
    def skew(self) -> Floats:
        """How far the two lie from the centre, together."""
        return self.sum - 2 * self.centre

    @cached_property
    def squared_skew(self) -> Floats:
        """Its square: powers of three and four would take ten times as long as products."""
        return self.skew * self.skew

    @cached_property
    def variance(self) -> Floats:
        """Of all pixels of the pairs."""
        return self.mean((self.a - self.centre) ** 2 + (self.b - self.centre) ** 2) / 2

    @cached_property
    def correlation(self) -> Floats:
        """Of the two; 0 where all are equal [I]."""
        joint = self.mean((self.a - self.centre) * (self.b - self.centre))
        return np.divide(joint, self.variance, out=np.zeros_like(joint), where=self.variance > 0)

    def spread(self, values: Floats) -> Floats:
        """The variance of numbers of pairs."""
        return self.mean((values - self.mean(values)) ** 2)

    def entropy(self, values: Floats) -> Floats:
        """Of numbers of pairs."""
        return _entropy(_compact(values), self.seen)

    @cached_property
    def _twice(self) -> Shown:
        return np.concatenate([self.seen, self.seen])

    @cached_property
    def _joint(self) -> NDArray[np.int32]:
        """The multiplicities of pairs of values: the cells of the matrix."""
        a, b = np.split(_compact(np.concatenate([self.a, self.b])), 2)
        span = int(max(a.max(), b.max())) + 1
        # Values of 32 bits make codes of 64.
        kind = np.uint32 if span <= 2**16 else np.uint64
        a, b, step = a.astype(kind), b.astype(kind), kind(span)
        return _multiplicities(np.concatenate([a * step + b, b * step + a]), self._twice)

    @cached_property
    def joint_entropy(self) -> Floats:
        """Of the matrix."""
        return _entropy_of(self._joint)

    @cached_property
    def marginal_entropy(self) -> Floats:
        """Of its rows, and of its columns."""
        return _entropy(_compact(np.concatenate([self.a, self.b])), self._twice)

    @cached_property
    def energy(self) -> Floats:
        """The sum of the squares of the matrix."""
        total = (self._joint.astype(np.float64) ** 2).sum(axis=0)
        return cast("Floats", total / np.maximum(2 * self.count, 1) ** 2)

    @cached_property
    def surplus(self) -> Floats:
        """The entropy of rows and columns if they were independent, beyond that of the matrix."""
        found: Floats = np.maximum(2 * self.marginal_entropy - self.joint_entropy, 0)
        return found

    @cached_property
    def dependence(self) -> Floats:
        """That surplus, of the entropy of the rows, negative; 0 where all are equal [I]."""
        rows = self.marginal_entropy
        part = np.divide(self.surplus, rows, out=np.zeros_like(rows), where=rows > 0)
        return cast("Floats", -part)


# Haralick's f1 to f14 and Conners' four, in the order of the service. Logarithms are natural, and
# f7 is the variance around f6, not around f8 as the paper prints [I].
METRICS: dict[str, Callable[[_Pairs], Floats]] = {
    "asm": lambda p: p.energy,
    "contrast": lambda p: p.mean(p.difference**2),
    "corr": lambda p: p.correlation,
    "var": lambda p: p.variance,
    "idm": lambda p: p.mean(1 / (1 + p.difference**2)),
    "savg": lambda p: p.mean(p.sum),
    "svar": lambda p: p.spread(p.sum),
    "sent": lambda p: p.entropy(p.sum),
    "ent": lambda p: p.joint_entropy,
    "dvar": lambda p: p.spread(p.difference),
    "dent": lambda p: p.entropy(p.difference),
    "imcorr1": lambda p: p.dependence,
    "imcorr2": lambda p: np.sqrt(1 - np.exp(-2 * p.surplus)),
    # "Not computed", says the service's documentation.
    "maxcorr": lambda p: np.zeros(p.count.shape),
    "diss": lambda p: p.mean(p.difference),
    "inertia": lambda p: p.mean(p.difference**2),
    "shade": lambda p: p.mean(p.squared_skew * p.skew),
    "prom": lambda p: p.mean(p.squared_skew * p.squared_skew),
}
"""Metrics of a grey-level co-occurrence matrix, by the service's suffixes."""


class CoOccurrence(Operation):
    """Metrics of the co-occurrence matrices around each pixel.

    A pixel's window is a square; its pairs are those of which both pixels lie within it [I]. A
    pixel that is masked itself, or without a pair, is masked [I].

    Args:
        bands: the inputs, of integers.
        size: pixels from the middle of the window to its edge.
        outputs: of each output the band, the metric, and the steps `(column, row)` from one pixel
            of a pair to the other; over several the metric is averaged.
        limits: how many pixels may be computed for one read.
    """

    def __init__(
        self,
        bands: Sequence[ImageBand],
        size: int,
        outputs: Sequence[tuple[int, str, Sequence[tuple[int, int]]]],
        limits: Limits,
    ) -> None:
        self.inputs = bands
        self._size = size
        self._outputs = outputs
        self._limits = limits

    def steps(
        self, indices: Sequence[int], grid: Grid
    ) -> Generator[Need, list[Plane], list[Plane]]:
        """Ask for the windows of the bands that are needed; then metric by metric."""
        wide = padded(grid, (self._size,) * 4)
        bands = sorted({self._outputs[index][0] for index in indices})
        self._limits.check_working_pixels(wide.width * wide.height * len(bands))
        planes = yield Need([self.inputs[band] for band in bands], wide)
        found: dict[int, Plane] = {}
        for band, plane in zip(bands, planes, strict=True):
            members = [index for index in indices if self._outputs[index][0] == band]
            wanted = [self._outputs[index][1:] for index in members]
            found.update(zip(members, self._metrics(plane, grid, wanted), strict=True))
        return [found[index] for index in indices]

    def _metrics(
        self, plane: Plane, grid: Grid, wanted: Sequence[tuple[str, Sequence[tuple[int, int]]]]
    ) -> list[Plane]:
        size = self._size
        ok = shown(plane)
        values = plane.values.astype(np.float64)
        rows = max(1, _HELD // ((2 * size + 1) ** 2 * max(grid.width, 1)))
        total = np.zeros((len(wanted), grid.height, grid.width))
        number = np.zeros(total.shape, np.int64)
        for step in dict.fromkeys(step for _, steps in wanted for step in steps):
            for top in range(0, grid.height, rows):
                part = slice(top, min(top + rows, grid.height))
                below = slice(part.start, part.stop + 2 * size)
                pairs = self._pairs(values[below], ok[below], step, grid.width)
                if pairs is None:
                    continue
                for i, (metric, steps) in enumerate(wanted):
                    if step in steps:
                        there = pairs.count > 0
                        total[i, part] += np.where(there, METRICS[metric](pairs), 0)
                        number[i, part] += there
        middle = ok[size : size + grid.height, size : size + grid.width]
        return [
            Plane((each / np.maximum(count, 1)).astype(np.float32), middle & (count > 0))
            for each, count in zip(total, number, strict=True)
        ]

    def _pairs(self, values: Floats, ok: Shown, step: tuple[int, int], width: int) -> _Pairs | None:
        """Of the windows around some rows of pixels; None where the step leaves every window."""
        side = 2 * self._size + 1
        height = len(values) - side + 1
        across, down = step
        one, other = [], []
        for row in range(max(0, -down), min(side, side - down)):
            for column in range(max(0, -across), min(side, side - across)):
                one.append((row, column))
                other.append((row + down, column + across))
        if not one:
            return None

        def stacked(source: NDArray[Any], cells: list[tuple[int, int]]) -> NDArray[Any]:
            return np.stack([source[r : r + height, c : c + width] for r, c in cells])

        return _Pairs(
            stacked(values, one), stacked(values, other), stacked(ok, one) & stacked(ok, other)
        )
