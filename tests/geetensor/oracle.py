"""What an export must be, from the catalogue's formula and the output's own grid alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import Transformer

from tests.eemulator.overviews import read_at
from tests.eemulator.synthetic import formula, is_valid

if TYPE_CHECKING:
    from georeader.geotensor import GeoTensor
    from numpy.typing import NDArray

    from eemulator import Grid


def expected_band(output: GeoTensor, name: str, k: int, native: Grid, fill: float) -> NDArray[Any]:
    """Band `name` of image `k` as nearest neighbour puts it on the output's grid.

    On one that is twice as coarse or more, from the image's level of means of 2 x 2 pixels.

    Returns:
        `(H, W)`, of the output's dtype.
    """
    height, width = output.shape[-2:]
    coarser = read_at(name, k, native, str(output.crs), output.transform[:6])
    if coarser is not None:
        native = coarser[2]
    a, b, c, d, e, f = output.transform[:6]
    cols, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    x, y = a * cols + b * rows + c, d * cols + e * rows + f
    to_native = Transformer.from_crs(output.crs, native.crs, always_xy=True)
    if to_native.source_crs != to_native.target_crs:
        x, y = to_native.transform(x, y)
    a, b, c, d, e, f = native.transform
    det = a * e - b * d
    u = (e * (x - c) - b * (y - f)) / det
    v = (a * (y - f) - d * (x - c)) / det
    # A centre on an edge is in the next pixel, floating-point noise or not: as the emulator says.
    col, row = np.floor(u + 1e-9).astype(int), np.floor(v + 1e-9).astype(int)
    inside = (row >= 0) & (row < native.height) & (col >= 0) & (col < native.width)
    row, col = np.where(inside, row, 0), np.where(inside, col, 0)
    if coarser is None:
        values, valid = formula(name, k, row, col), is_valid(name, k, row, col)
    else:
        values, valid = coarser[0][row, col], coarser[1][row, col]
    values, valid = values.astype(output.dtype), valid & inside
    return np.where(valid, values, np.asarray(fill, output.dtype))


def assert_exact(
    output: GeoTensor, names: list[str], k: int, native: Grid, fill: float | None = None
) -> None:
    """Check every pixel of a `(C, H, W)` output."""
    if fill is None:
        fill = np.nan if output.dtype.kind == "f" else 0
    assert output.shape[0] == len(names)
    for band, name in zip(output.values, names, strict=True):
        np.testing.assert_array_equal(band, expected_band(output, name, k, native, fill), name)
