"""Geometries as pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ..catalog.model import Grid
from ..values.image import ImageBand
from ..values.pixel_type import BOOLEAN
from ..values.rings import areal
from .burn import burned, placed
from .node import Leaf, Plane, masked_plane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from ..values.geometry import Geometry
    from ..values.pixel_type import PixelType
    from .locate import Locator

# The transform of shapes whose coordinates are columns and rows.
_IN_PIXELS = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


class _Inside(Leaf):
    """One output: valid (and 1) at pixels whose centre lies in a geometry."""

    def __init__(self, area: Geometry) -> None:
        self._area = area

    def planes(
        self,
        indices: Sequence[int],
        grid: Grid,
        locator: Locator,  # noqa: ARG002
    ) -> list[Plane]:
        """The geometry on a grid."""
        inside = centers_inside(self._area, grid)
        if not inside.any():
            return [masked_plane(grid, BOOLEAN.dtype)] * len(indices)
        ones = np.broadcast_to(np.uint8(1), inside.shape)
        return [Plane(ones, None if inside.all() else inside)] * len(indices)


class _Painted(Leaf):
    """One output: the value of the last of several geometries that covers a pixel's centre.

    Args:
        areas: the geometries.
        values: of each.
        widths: of each one's outline in pixels, which covers pixels in its place; None to fill.
    """

    def __init__(
        self, areas: Sequence[Geometry], values: NDArray[Any], widths: Sequence[float] | None
    ) -> None:
        self._areas = areas
        self._values = values
        self._widths = widths

    def planes(
        self,
        indices: Sequence[int],
        grid: Grid,
        locator: Locator,  # noqa: ARG002
    ) -> list[Plane]:
        """The geometries on a grid, one over another; lines and points take what they touch."""
        which = np.zeros((grid.height, grid.width), np.int32)
        for number, area in enumerate(self._areas, 1):
            shape, lattice = areal(area.shape_in(grid.crs)), grid
            if self._widths is not None:
                shape = _stroke(shape, grid, self._widths[number - 1])
                lattice = Grid(grid.crs, _IN_PIXELS, grid.width, grid.height)
            found = burned(shape, lattice)
            if found is not None:
                which[found.window][found.inside] = number
        mask = which > 0
        return [Plane(self._values[np.maximum(which - 1, 0)], mask)] * len(indices)


def _stroke(shape: BaseGeometry, grid: Grid, width: float) -> BaseGeometry:
    """An outline of so many pixels of a grid, in these: half on either side of the line [M]."""
    parts = shapely.get_parts(shape)
    while (shapely.get_type_id(parts) == shapely.GeometryType.GEOMETRYCOLLECTION).any():
        parts = shapely.get_parts(parts)
    line = shapely.union_all([part.boundary if part.area > 0 else part for part in parts])
    place = placed(line, grid)
    if not np.isfinite(place.bounds).all():
        return shapely.Point()
    # Only what can reach the grid is drawn.
    near = shapely.clip_by_rect(place, -width, -width, grid.width + width, grid.height + width)
    return near.buffer(width / 2)


def painted_band(
    areas: Sequence[Geometry],
    values: Sequence[float],
    kind: PixelType,
    widths: Sequence[float] | None = None,
) -> ImageBand:
    """A band of the values of geometries, where there are any; or of their outlines."""
    table = np.array(values or [0]).astype(kind.dtype)
    return ImageBand("paint", kind, _Painted(areas, table, widths), 0)


def inside_band(area: Geometry) -> ImageBand:
    """A band that is valid within a geometry."""
    return ImageBand("inside", BOOLEAN, _Inside(area), 0)


def centers_inside(area: Geometry, grid: Grid) -> NDArray[np.bool_]:
    """`(height, width)`: whether each centre lies inside; lines and points take what they touch."""
    inside = np.zeros((grid.height, grid.width), np.bool_)
    found = burned(areal(area.shape_in(grid.crs)), grid)
    if found is not None:
        inside[found.window] = found.inside
    return inside
