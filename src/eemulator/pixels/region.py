"""The pixels of a region, and how much of each lies inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ..values.rings import areal
from .array_pixels import pixel_values
from .burn import touched
from .clip import centers_inside
from .reader import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid
    from ..limits import Deadline
    from ..values.geometry import Geometry
    from ..values.image import ImageBand

# Parts of pixels are told in eighths of a byte: one of which less than 1/256 lies inside does not
# count [S: guides/reducers_weighting]. That they are rounded down is inferred [I].
_STEPS = 256


def region_weights(area: Geometry, grid: Grid, *, weighted: bool) -> NDArray[np.float64]:
    """`(height, width)`: the part of each pixel inside, or 1 where its centre is."""
    inside = centers_inside(area, grid).astype(np.float64)
    shape = areal(area.shape_in(grid.crs))
    if not weighted or shape.area == 0:
        return inside
    # A line that runs along the edge of a pixel is in one of two: look one further.
    edge = _dilated(touched(shape.boundary, grid))
    rows, cols = np.nonzero(edge)
    shapely.prepare(shape)
    pixels = _pixels(grid, rows, cols)
    part = shapely.area(shapely.intersection(pixels, shape)) / shapely.area(pixels)
    inside[rows, cols] = np.minimum(np.floor(part * _STEPS + 1e-6), _STEPS - 1) / (_STEPS - 1)
    return inside


def _dilated(edge: NDArray[np.bool_]) -> NDArray[np.bool_]:
    padded = np.pad(edge, 1)
    grown = np.zeros_like(edge)
    for row in range(3):
        for col in range(3):
            grown |= padded[row : row + edge.shape[0], col : col + edge.shape[1]]
    return grown


def _pixels(grid: Grid, rows: NDArray[np.intp], cols: NDArray[np.intp]) -> NDArray[Any]:
    """Pixels as polygons."""
    a, b, c, d, e, f = grid.transform
    u = cols[:, np.newaxis] + np.array([0, 1, 1, 0, 0])
    v = rows[:, np.newaxis] + np.array([0, 0, 1, 1, 0])
    return np.asarray(shapely.polygons(np.stack([a * u + b * v + c, d * u + e * v + f], axis=-1)))


def region_rows(
    bands: Sequence[ImageBand], grid: Grid, weights: NDArray[np.float64], deadline: Deadline
) -> tuple[list[tuple[Any, ...]], list[float]]:
    """Rows of values and their weights, of pixels that are valid in all bands."""
    planes = Reader(bands, deadline, arrays=True).read(bands, grid)
    total = weights.copy()
    for plane in planes:
        if plane.mask is not None:
            total *= plane.mask
    chosen = total > 0
    columns = [
        pixel_values(plane, band.type, chosen) for band, plane in zip(bands, planes, strict=True)
    ]
    return list(zip(*columns, strict=True)), total[chosen].tolist()
