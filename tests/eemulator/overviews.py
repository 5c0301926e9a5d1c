"""Coarser levels, pixel by pixel in plain Python, as the service's reference words them."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .synthetic import formula, is_valid

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from eemulator import Grid

    Weighted = tuple[float, float]


def typed(value: float, dtype: np.dtype[Any]) -> float:
    """A value as a band holds it: rounded, halves to even, or at its precision."""
    return round(value) if dtype.kind in "iu" else float(dtype.type(value))


def coarser(policy: str, four: Sequence[Weighted], dtype: np.dtype[Any]) -> Weighted:
    """One pixel and its mask from four, of which those beyond the edge have the mask 0."""
    if policy == "SAMPLE":
        return four[0]
    mask = sum(weight for _, weight in four) / 4
    there = sorted((value, weight) for value, weight in four if weight > 0)
    if not there:
        return 0.0, 0.0
    values = [value for value, _ in there]
    total = sum(weight for _, weight in there)
    if policy == "MIN":
        return values[0], mask
    if policy == "MAX":
        return values[-1], mask
    if policy == "MEAN":
        return typed(sum(value * weight for value, weight in four) / total, dtype), mask
    if policy == "MODE":
        support: dict[float, float] = defaultdict(float)
        for value, weight in there:
            support[value] += weight
        return min(v for v, s in support.items() if s == max(support.values())), mask
    assert policy == "MEDIAN"
    passed = 0.0
    for i, (value, weight) in enumerate(there):
        passed += weight
        if passed == total / 2:
            return typed((value + values[i + 1]) / 2, dtype), mask
        if passed > total / 2:
            return value, mask
    raise AssertionError("the weights do not add up")


def pyramid(
    native: Callable[[int, int], Weighted], policy: str, dtype: np.dtype[Any]
) -> Callable[[int, int, int], Weighted]:
    """Value and mask of the pixel of a level, a row and a column."""

    @cache
    def pixel(level: int, row: int, col: int) -> Weighted:
        if level == 0:
            return native(row, col)
        below = [pixel(level - 1, 2 * row + i, 2 * col + j) for i in range(2) for j in range(2)]
        return coarser(policy, below, dtype)

    return pixel


@cache
def level_one(band: str, k: int, grid: Grid) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Values and masks of level 1 of a synthetic image: the means of 2 x 2 pixels."""
    rows, cols = np.mgrid[0 : grid.height, 0 : grid.width]
    values, valid = formula(band, k, rows, cols), is_valid(band, k, rows, cols)
    plain, ok = values.tolist(), valid.tolist()

    def native(row: int, col: int) -> Weighted:
        inside = row < grid.height and col < grid.width
        return (plain[row][col], float(ok[row][col])) if inside else (0, 0)

    pixel = pyramid(native, "MEAN", values.dtype)
    height, width = math.ceil(grid.height / 2), math.ceil(grid.width / 2)
    found = np.array([[pixel(1, row, col) for col in range(width)] for row in range(height)])
    return found[..., 0].astype(values.dtype), found[..., 1]


def read_at(
    band: str, k: int, native: Grid, crs: str, transform: Sequence[float]
) -> tuple[NDArray[Any], NDArray[np.bool_], Grid] | None:
    """Level 1, if that is what a grid reads of a synthetic image: values, validity, lattice."""
    fine = max(native.width, native.height) <= 256
    if fine or _scale(crs, transform) < 2 * _scale(native.crs, native.transform):
        return None
    values, mask = level_one(band, k, native)
    a, b, c, d, e, f = native.transform
    height, width = values.shape
    lattice = replace(
        native, transform=(2 * a, 2 * b, c, 2 * d, 2 * e, f), width=width, height=height
    )
    return values, mask > 0, lattice


def _scale(crs: str, transform: Sequence[float]) -> float:
    """Metres a pixel, at the point of true scale."""
    unit = 111_319.49079327358 if crs == "EPSG:4326" else 1.0
    return math.hypot(transform[0], transform[3]) * unit
