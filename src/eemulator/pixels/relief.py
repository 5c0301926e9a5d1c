"""Gradients of planes, in pixels and in metres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..values.projection import meters_per_unit, parse_crs, same_crs, transformer
from .neighborhood import shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..catalog.model import Grid
    from .node import Plane

    Floats = NDArray[np.float64]

CROSS = (1, 1, 1, 1)
"""Margins that the neighbours to the left, above, to the right and below need."""


def differences(plane: Plane) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Half the difference of right and left, and of lower and upper neighbour, of a padded plane.

    Valid where all five pixels are.
    """
    z, ok = plane.values.astype(np.float64), shown(plane)
    across = (z[1:-1, 2:] - z[1:-1, :-2]) / 2
    down = (z[2:, 1:-1] - z[:-2, 1:-1]) / 2
    whole = ok[1:-1, 1:-1] & ok[1:-1, 2:] & ok[1:-1, :-2] & ok[2:, 1:-1] & ok[:-2, 1:-1]
    return across, down, whole


def gradient(plane: Plane, grid: Grid) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """The rise per metre along the axes of the CRS, of a plane padded by one pixel.

    In a geographic CRS a degree of longitude is as long as at the row's latitude, on the sphere.
    """
    across, down, whole = differences(plane)
    a, b, _, d, e, _ = grid.transform
    determinant = a * e - b * d
    x = (e * across - d * down) / determinant
    y = (a * down - b * across) / determinant
    unit = meters_per_unit(grid.crs)
    if not parse_crs(grid.crs).is_geographic:
        return x / unit, y / unit, whole
    return x / (unit * np.cos(np.radians(latitudes(grid)))), y / unit, whole


def latitudes(grid: Grid) -> Floats:
    """Degrees of latitude at the centres: `(height, width)`, or `(height, 1)` where that is all."""
    return lonlat(grid)[1]


def lonlat(grid: Grid) -> tuple[Floats, Floats]:
    """Degrees of longitude and latitude at the centres, as arrays that broadcast to the grid."""
    a, b, c, d, e, f = grid.transform
    column = np.arange(grid.width, dtype=np.float64)[np.newaxis, :] + 0.5
    row = np.arange(grid.height, dtype=np.float64)[:, np.newaxis] + 0.5
    if same_crs(grid.crs, "EPSG:4326") and b == 0 and d == 0:
        return a * column + c, e * row + f
    x, y = a * column + b * row + c, d * column + e * row + f
    if same_crs(grid.crs, "EPSG:4326"):
        return x, y
    longitude, latitude = transformer(grid.crs, "EPSG:4326").transform(x, y)
    return longitude, latitude
