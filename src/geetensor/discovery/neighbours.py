"""Many areas and their scenes: those that lie near each other are measured together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geetensor.discovery.globe import centre
from geetensor.discovery.places import Places

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

SQUARE = 10.0
"""Degrees: areas whose middles lie in one square of this size are measured in one projection."""

_MARGIN = 1.0
"""Degrees by which a shortest path may leave the bounds of its ends: 500 km of one do not, up to
`_POLAR`."""

_POLAR = 80.0
"""Degrees of latitude, beyond which bounds say little of what is near."""


class Neighbours:
    """Areas, and which of them are neighbours.

    Args:
        areas: array of polygons within ±180°.

    Attributes:
        areas: as given.
        order: their indices, neighbours after neighbours.
    """

    def __init__(self, areas: NDArray[Any]) -> None:
        self.areas = areas
        middles = np.array([centre(area) for area in areas]).reshape(-1, 2)
        squares, cells = np.floor(middles / SQUARE), np.floor(middles)
        self.order = np.lexsort((*cells.T, *squares.T))
        self._squares = np.unique(squares, axis=0, return_inverse=True)[1].reshape(-1)

    def relate(
        self,
        scenes: gpd.GeoDataFrame,
        column: str,
        indices: NDArray[np.int64],
        *,
        deduplicate: bool,
    ) -> Iterator[gpd.GeoDataFrame]:
        """A row for each area and each scene that touches it.

        Args:
            scenes: the table.
            column: for the index of the area.
            indices: of some areas.
            deduplicate: whether to leave out rows that add nothing to others of their area.

        Yields:
            Tables, in no order.
        """
        bounds = shapely.bounds(scenes.geometry.to_numpy())
        for square in np.unique(self._squares[indices]):
            here = indices[self._squares[indices] == square]
            left, bottom, right, top = shapely.total_bounds(self.areas[here])
            low, high = (left - _MARGIN, bottom - _MARGIN), (right + _MARGIN, top + _MARGIN)
            may_touch = ((bounds[:, :2] < high) & (bounds[:, 2:] > low)).all(axis=1)
            near = scenes if max(top, -bottom) > _POLAR else scenes[may_touch]
            places = Places.of(*self.areas[here])
            which, where = places.pairs(near.geometry.to_numpy())
            pairs = near.iloc[which].assign(**{column: here[where]})
            yield places.relate(pairs, where, deduplicate=deduplicate)
