"""Shapes: of all the Earth, and of regions of equal pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rasterio
import shapely
from affine import Affine
from rasterio.features import shapes
from rasterio.io import MemoryFile
from shapely.affinity import affine_transform
from shapely.geometry import shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

WHOLE_EARTH = shapely.box(-180, -90, 180, 90)

# Of the file that the pixels are handed over in, and of its outlines. Without one, or with the
# identity, rasterio warns; of arrays, it silences itself by swapping the process' warning filters.
_ANY = Affine(2, 0, 0, 0, -2, 0)


def outlines(
    labels: NDArray[np.int32] | NDArray[np.uint8], transform: Affine
) -> Iterator[tuple[BaseGeometry, int]]:
    """The outline of each region of equal pixels that touch by an edge, and its label.

    Args:
        labels: `(height, width)`; 0 is no region.
        transform: from columns and rows.
    """
    height, width = labels.shape
    a, b, c, d, e, f = (transform * ~_ANY)[:6]
    placed = [a, b, d, e, c, f]
    with (
        MemoryFile() as memory,
        memory.open(
            driver="GTiff", width=width, height=height, count=1, dtype=labels.dtype, transform=_ANY
        ) as file,
    ):
        file.write(labels, 1)
        for outline, label in shapes(rasterio.band(file, 1), connectivity=4):
            if label:
                yield affine_transform(shape(outline), placed), int(label)
