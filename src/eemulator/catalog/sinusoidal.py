"""MODIS's projection: its lattices, and where on them the Earth is."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from eemulator.catalog.model import Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

CRS = "SR-ORG:6974"
_RADIUS = 6_371_007.181
_PIXEL = 463.3127165279165
_LEFT, _TOP = -20_015_109.354, 10_007_554.677


def _grid(pixel: float, width: int) -> Grid:
    return Grid(CRS, (pixel, 0.0, _LEFT, 0.0, -pixel, _TOP), width, width // 2)


GRIDS = {
    250: _grid(_PIXEL / 2, 172_800),
    500: _grid(_PIXEL, 86_400),
    1000: _grid(2 * _PIXEL, 43_200),
}
"""The lattices of 250 m, 500 m and 1 km, by those names."""


def on_earth(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points of the projection are places: `(1, w)` and `(h, 1)`, or both `(h, w)`."""
    inside: NDArray[np.bool_] = np.abs(x) <= _half_width(y)
    return inside


def _half_width(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres from the middle meridian to the Earth's edge at northings; by Python's cosine.

    NumPy's may round differently in a vector's last elements.
    """
    rows, where = np.unique(y, return_inverse=True)
    widths = [math.pi * _RADIUS * _cosine(float(row)) for row in rows]
    return np.asarray(widths)[where].reshape(y.shape)


@lru_cache(maxsize=65_536)
def _cosine(northing: float) -> float:
    return math.cos(northing / _RADIUS)
