"""Where the surroundings of a pixel are found again in another image."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

from .neighborhood import padded, shown
from .node import Need, Operation, Plane

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid
    from ..limits import Limits
    from ..values.image import ImageBand

    Floats = NDArray[np.float64]


class CrossCorrelated(Operation):
    """The offset at which a window fits best, columns and rows; its length; the coefficient.

    Pearson's, of all bands' pixels in the window that are valid in both images. Of equal
    coefficients that of the shorter offset counts. Masked where at any offset too much of the
    window is, or where no coefficient is defined.

    Args:
        one: the bands whose windows are searched for.
        other: as many bands to search.
        gap: the farthest offset, in columns and in rows.
        size: of the window, in pixels.
        share: how much of a window may be masked.
        limits: how many pixels may be computed for one read.
    """

    def __init__(
        self,
        one: Sequence[ImageBand],
        other: Sequence[ImageBand],
        *,
        gap: int,
        size: int,
        share: float,
        limits: Limits,
    ) -> None:
        self.inputs = [*one, *other]
        self._gap = gap
        self._size = size
        self._share = share
        self._limits = limits

    def steps(
        self, indices: Sequence[int], grid: Grid
    ) -> Generator[Need, list[Plane], list[Plane]]:
        """Ask for the wider window of both images."""
        before = self._gap + self._size // 2
        after = self._gap + self._size - 1 - self._size // 2
        wide = padded(grid, (before, before, after, after))
        self._limits.check_working_pixels(wide.width * wide.height * len(self.inputs))
        planes = yield Need(self.inputs, wide)
        half = len(planes) // 2
        with np.errstate(all="ignore"):
            found, mask = self._searched(planes[:half], planes[half:], grid)
        return [Plane(found[index].astype(np.float32), mask) for index in indices]

    def _searched(
        self, one: Sequence[Plane], other: Sequence[Plane], grid: Grid
    ) -> tuple[list[Floats], NDArray[np.bool_]]:
        gap, size = self._gap, self._size
        height, width = grid.height + size - 1, grid.width + size - 1
        offsets = [(x, y) for x in range(-gap, gap + 1) for y in range(-gap, gap + 1)]
        offsets.sort(key=lambda offset: math.hypot(*offset))
        still = (slice(gap, gap + height), slice(gap, gap + width))
        best = np.full((grid.height, grid.width), -np.inf)
        across, down = np.zeros(best.shape), np.zeros(best.shape)
        enough = np.ones(best.shape, np.bool_)
        left, right = _centred(one), _centred(other)
        whole = len(one) * size * size
        for x, y in offsets:
            moved = (slice(gap + y, gap + y + height), slice(gap + x, gap + x + width))
            sums: Any = np.zeros((6, grid.height, grid.width))
            for (a, p), (b, q) in zip(left, right, strict=True):
                ok = (p[still] & q[moved]).astype(np.float64)
                u, v = a[still] * ok, b[moved] * ok
                for total, values in zip(sums, (ok, u, v, u * u, v * v, u * v), strict=True):
                    total += self._window_sum(values)
            n, u, v, uu, vv, uv = sums
            enough &= whole - n <= self._share * whole + 1e-9
            spread = (uu - u * u / n).clip(0) * (vv - v * v / n).clip(0)
            coefficient = np.where(spread > 0, (uv - u * v / n) / np.sqrt(spread), -np.inf)
            # Rounding must not prefer a longer offset.
            better = coefficient > best + 1e-12
            best = np.where(better, coefficient, best)
            across[better], down[better] = x, y
        found = [across, down, np.hypot(across, down), best.clip(-1, 1)]
        return found, enough & np.isfinite(best)

    def _window_sum(self, values: Floats) -> Floats:
        """Sums of the window around each pixel asked for."""
        ones = np.ones(self._size)
        for axis in (0, 1):
            values = ndimage.correlate1d(values, ones, axis)
        before, after = self._size // 2, self._size - 1 - self._size // 2
        inner = slice(before, -after or None)
        return values[inner, inner]


def _centred(planes: Sequence[Plane]) -> list[tuple[Floats, NDArray[np.bool_]]]:
    """Values less the mean of all bands, for squares that lose little; where they are valid."""
    known = [shown(plane) for plane in planes]
    values = [
        np.where(ok, plane.values, 0).astype(np.float64)
        for plane, ok in zip(planes, known, strict=True)
    ]
    mean = sum(each.sum() for each in values) / max(sum(int(ok.sum()) for ok in known), 1)
    return [(np.where(ok, each - mean, 0), ok) for each, ok in zip(values, known, strict=True)]
