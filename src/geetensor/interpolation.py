"""Pixels that were repeated as blocks: the samples recovered, and interpolated between.

Earth Engine gives a band of coarser pixels on a finer grid by nearest neighbour: each native
sample fills a block of equal pixels. Here a block becomes one sample again, at its centre, and
pixels are interpolated between samples by cubic convolution (R. Keys, 1981, "Cubic convolution
interpolation for digital image processing", https://doi.org/10.1109/TASSP.1981.1163711) with
a = -1/2: the only value for which the error falls with the third power of the spacing, and the
one that GDAL has. What Earth Engine has is not documented.

Where one of the 4 × 4 samples that this needs is missing (masked, or outside of the array), the
pixel is interpolated linearly between those of the nearest 2 × 2 that there are, as GDAL does
too. Weights that sum up to 1 of only some of 16 samples could be of any size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

Method = Literal["bicubic", "bilinear"]

METHODS: tuple[Method, ...] = ("bicubic", "bilinear")

_STRIP_PIXELS = 2**17
"""Pixels that are computed at a time: their float64 fit into a core's cache."""

_EXACT = 2**53
"""Integers up to here are exact as float64."""


@dataclass(frozen=True, slots=True)
class _Axis:
    """Rows or columns of a band: blocks, and where pixels lie among the samples.

    Attributes:
        size: pixels of the band.
        factor: pixels of a block.
        phase: of the band's first pixel within its block.
        method: of interpolation.
    """

    size: int
    factor: int
    phase: int
    method: Method

    @property
    def cells(self) -> int:
        """Blocks that the band has a part of."""
        reach = self.phase + self.size
        return (reach + _find_padding(reach, self.factor)) // self.factor

    @property
    def taps(self) -> int:
        """Samples that a pixel needs."""
        return 4 if self.method == "bicubic" else 2

    @property
    def margin(self) -> int:
        """Samples kept on each side of the band, all missing."""
        return self.taps // 2

    def positions(self) -> Iterator[tuple[int, float]]:
        """Where each pixel of block n lies among the samples.

        Yields:
            Its first tap, less n, in samples with margin; and how far it lies on the way from
            the sample before it to the next one, 0 to 1.
        """
        for place in range(self.factor):
            offset = (place + 0.5) / self.factor - 0.5
            before = math.floor(offset)
            yield before + 1, offset - before

    def weights(self) -> Iterator[tuple[int, Sequence[float]]]:
        """The same, with the weights of its taps."""
        for first, part in self.positions():
            if self.method == "bilinear":
                yield first, (1 - part, part)
            else:
                distances = (1 + part, part, 1 - part, 2 - part)
                yield first, [_keys(distance) for distance in distances]

    def pick(self, place: int) -> tuple[slice, slice]:
        """The pixels at one place in their blocks, and those blocks (in samples with margin)."""
        first = (place - self.phase) % self.factor
        count = max(0, math.ceil((self.size - first) / self.factor))
        start = (first + self.phase) // self.factor + self.margin
        return slice(first, None, self.factor), slice(start, start + count)


def _keys(distance: float) -> float:
    """The cubic convolution kernel with a = -1/2."""
    if distance < 1:
        return (1.5 * distance - 2.5) * distance * distance + 1
    return ((-0.5 * distance + 2.5) * distance - 4) * distance + 2


def _find_padding(v: int, divisor: int = 8) -> int:
    """Pixels to be added to `v` for the next multiple of `divisor`, above 0.

    Example:
        >>> [_find_padding(v) for v in (1, 8, 13)]
        [7, 0, 3]
    """
    return max(divisor, math.ceil(v / divisor) * divisor) - v


def interpolate_blocks(
    band: NDArray[Any],
    valid: Bools,
    factor: int,
    phase: tuple[int, int],
    fill: float | None,
    method: Method,
) -> int:
    """Replace the blocks of a band by what is interpolated between their samples, in place.

    Masked pixels stay as they are, and no valid one becomes the fill value: one whose result
    would be it gets the next value on its own side.

    Args:
        band: `(height, width)`, integers or floats; overwritten.
        valid: `(height, width)`, True where the band is valid and finite.
        factor: pixels along the side of a block.
        phase: row and column of the first pixel within its block, each below `factor`.
        fill: value of masked pixels; None for none.
        method: `bicubic` or `bilinear`.

    Returns:
        How many pixels differ from the others of their block. If any do, the band is no such
        band, or the phase another; it is left as it was.
    """
    rows = _Axis(band.shape[0], factor, phase[0], method)
    cols = _Axis(band.shape[1], factor, phase[1], method)
    samples, known, unlike = _recover(band, valid, rows, cols)
    if unlike:
        return unlike
    step = max(1, _STRIP_PIXELS // (cols.cells * factor * factor))
    for start in range(0, rows.cells, step):
        cells = min(step, rows.cells - start)
        # the strip's pixels within the band, and within the whole blocks of its cells
        first = max(0, start * factor - rows.phase)
        last = min(rows.size, (start + cells) * factor - rows.phase)
        if first >= last:
            continue
        inside = slice(first + rows.phase - start * factor, last + rows.phase - start * factor)
        around = slice(start, start + cells + 2 * rows.margin)
        strip = _Strip(samples[around], known[around], rows, cols, inside)
        target, shown = band[first:last], valid[first:last]
        _place(strip.pixels(shown), target, shown, fill)
    return 0


def _recover(
    band: NDArray[Any], valid: Bools, rows: _Axis, cols: _Axis
) -> tuple[NDArray[Any], Bools, int]:
    """One sample a block, with missing ones around; which are known; how many pixels differ."""
    shape = rows.cells + 2 * rows.margin, cols.cells + 2 * cols.margin
    samples, known = np.zeros(shape, band.dtype), np.zeros(shape, np.bool_)
    unlike = 0
    for row in range(rows.factor):
        for col in range(cols.factor):
            (pixel_rows, cell_rows), (pixel_cols, cell_cols) = rows.pick(row), cols.pick(col)
            values, shown = band[pixel_rows, pixel_cols], valid[pixel_rows, pixel_cols]
            sample, there = samples[cell_rows, cell_cols], known[cell_rows, cell_cols]
            unlike += int(np.count_nonzero((values != sample) & shown & there))
            np.copyto(sample, values, where=shown & ~there)
            there |= shown
    return samples, known, unlike


class _Strip:
    """Some rows of blocks.

    Args:
        samples: `(cells + 2 × margin, cells + 2 × margin)`.
        known: which of them there are.
        rows: of the band.
        cols: of the band.
        inside: rows of the whole blocks' pixels that the band has.
    """

    def __init__(
        self, samples: NDArray[Any], known: Bools, rows: _Axis, cols: _Axis, inside: slice
    ) -> None:
        self._samples = samples.astype(np.float64)  # 0 where missing
        self._known = known
        self._rows, self._cols = rows, cols
        self._cells = len(samples) - 2 * rows.margin
        self._inside = inside
        self._across = slice(cols.phase, cols.phase + cols.size)

    def pixels(self, shown: Bools) -> Floats:
        """The pixels of the band, `(rows, width)`; anything where they are masked.

        Args:
            shown: `(rows, width)`, which are to be right.
        """
        factor, cells = self._cols.factor, self._cols.cells
        across = np.empty((len(self._samples), cells * factor))
        for place, (first, weights) in enumerate(self._cols.weights()):
            parts = (self._samples[:, first + k : first + k + cells] for k in range(len(weights)))
            across[:, place::factor] = _weighted(parts, weights)
        down = np.empty((self._cells * factor, cells * factor))
        for place, (first, weights) in enumerate(self._rows.weights()):
            parts = (across[first + k : first + k + self._cells] for k in range(len(weights)))
            down[place::factor] = _weighted(parts, weights)
        pixels: Floats = down[self._inside, self._across]
        lacking = np.nonzero(shown & ~self._complete())
        pixels[lacking] = self._linear(*lacking)
        return pixels

    def _places(self) -> tuple[tuple[NDArray[np.intp], Floats], tuple[NDArray[np.intp], Floats]]:
        """First tap, and part of the way to the next sample, of each row and each column."""
        down = _along(self._rows, self._cells)
        across = _along(self._cols, self._cols.cells)
        return (
            (down[0][self._inside], down[1][self._inside]),
            (across[0][self._across], across[1][self._across]),
        )

    def _complete(self) -> Bools:
        """Which pixels have all samples that they need."""
        (rows, _), (cols, _) = self._places()
        return _windows(_windows(self._known, self._rows.taps).T, self._cols.taps).T[
            np.ix_(rows, cols)
        ]

    def _linear(self, rows: NDArray[np.intp], cols: NDArray[np.intp]) -> Floats:
        """Some pixels from those of the nearest four samples that there are."""
        (first_rows, down), (first_cols, across) = self._places()
        row, col = (
            first_rows[rows] + self._rows.margin - 1,
            first_cols[cols] + self._cols.margin - 1,
        )
        total, weight = np.zeros(len(rows)), np.zeros(len(rows))
        for beneath, of_row in enumerate((1 - down, down)):
            for beside, of_col in enumerate((1 - across, across)):
                place = row + beneath, col + beside
                share = of_row[rows] * of_col[cols] * self._known[place]
                total += share * self._samples[place]
                weight += share
        # The pixel's own sample is one of the four, and known: its share is a quarter or more.
        return total / weight


def _weighted(parts: Iterator[Floats], weights: Sequence[float]) -> Floats:
    """A sum in a fixed order, so that no result depends on where a window begins."""
    total = next(parts) * weights[0]
    for part, weight in zip(parts, weights[1:], strict=True):
        total += part * weight
    return total


def _along(axis: _Axis, cells: int) -> tuple[NDArray[np.intp], Floats]:
    """First tap, and part of the way to the next sample, of the pixels of some cells."""
    firsts, parts = zip(*axis.positions(), strict=True)
    taps = np.arange(cells)[:, np.newaxis] + np.array(firsts)
    return taps.ravel(), np.tile(parts, cells)


def _windows(known: Bools, taps: int) -> Bools:
    """Whether all of `taps` rows from each row on are known."""
    count = len(known) - taps + 1
    whole: Bools = known[:count].copy()
    for k in range(1, taps):
        whole &= known[k : k + count]
    return whole


def _place(pixels: Floats, target: NDArray[Any], shown: Bools, fill: float | None) -> None:
    """Write pixels where they are shown, in the target's dtype."""
    if target.dtype.kind == "f":
        made = pixels.astype(target.dtype)
        if fill is not None and math.isfinite(fill):
            made = np.where(made == fill, np.nextafter(target.dtype.type(fill), target), made)
    else:
        info = np.iinfo(target.dtype)
        low, high = max(info.min, -_EXACT), min(info.max, _EXACT)
        made = np.clip(np.rint(pixels), low, high).astype(target.dtype)
        if fill is not None:
            # On its own side of the fill there is another value: the one that it had.
            aside = np.where(target > fill, fill + 1, fill - 1)
            np.copyto(made, aside, where=(made == fill) & shown, casting="unsafe")
    np.copyto(target, made, where=shown)
