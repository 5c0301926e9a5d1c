"""Backscatter as power: 10 to the tenth part of the decibels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from eemulator.catalog.model import Sampler

_OCTAVES = math.log2(10) / 10
# Of the series of 2 to the power of a fraction, the highest power first; what is left out is less
# than float64 can tell.
_SERIES = tuple(math.log(2) ** n / math.factorial(n) for n in range(18, -1, -1))


def power(decibels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Power, to a few units in the last place.

    By sums and products alone: NumPy's own powers may round differently in a vector's last
    elements (see `noise`).
    """
    octaves = decibels * _OCTAVES
    whole = np.floor(octaves)
    fraction = octaves - whole
    total = np.full(fraction.shape, _SERIES[0])
    for coefficient in _SERIES[1:]:
        total *= fraction
        total += coefficient
    found: NDArray[np.float64] = np.ldexp(total, whole.astype(np.int32))
    return found


@dataclass(frozen=True)
class Linear:
    """The pixels of an image whose polarisations are in decibels, as power."""

    sample: Sampler

    def __call__(
        self, bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
        """Pixels of bands that share a grid: for each, values and validity (True = valid)."""
        found = self.sample(bands, rows, cols)
        return [
            (values if name == "angle" else np.where(valid, power(values), 0.0), valid)
            for name, (values, valid) in zip(bands, found, strict=True)
        ]
