"""Scenes and areas together: how much a scene covers of an area, and what day it is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geetensor.discovery.duplicates import keep_cover
from geetensor.discovery.globe import centre
from geetensor.discovery.ground import Plane, intersections, touching

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

_BLOCK = 5000
"""Pairs whose ground is worked out at a time, which bounds the memory for it."""

_DIGITS = 6
"""Of a percentage, behind the point. A metre of a field's edge of 100 m is 0.01 %."""

_SLIVER = 1e-4
"""Of the smaller of a footprint and an area: what two that only have an edge in common may seem to
share, as straight lines join the points along it, and not the same points on both sides."""

_MS_PER_DEGREE = 240_000
"""Milliseconds: the sun takes four minutes for a degree of longitude."""

_NOTHING = shapely.Polygon()


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Areas that lie not too far apart.

    Attributes:
        areas: array of polygons within ±180°, at least one.
        plane: to measure in.
    """

    areas: NDArray[Any]
    plane: Plane

    @staticmethod
    def of(*areas: Any) -> Places:
        """Some polygons."""
        made = np.empty(len(areas), dtype=object)
        made[:] = areas
        return Places(made, Plane(made))

    def pairs(self, footprints: NDArray[Any]) -> NDArray[np.int64]:
        """Which footprints touch which areas: indices of both, of shape `(2, n)`."""
        return touching(footprints, self.areas, self.plane)

    def relate(
        self, scenes: gpd.GeoDataFrame, where: NDArray[np.int64], *, deduplicate: bool
    ) -> gpd.GeoDataFrame:
        """Fill in what a scene is to its area.

        Args:
            scenes: rows of the table, one for each scene and area.
            where: index of each row's area.
            deduplicate: whether to leave out rows that add nothing to others of their area.

        Returns:
            The table, in the same order.
        """
        scenes = scenes.assign(**self._solar_time(scenes, where))
        footprints = scenes.geometry.to_numpy()
        whole = shapely.area(self.plane.areas(self.areas))[where]
        grounds = np.full(len(scenes), np.nan)
        covered = np.empty(len(scenes) if deduplicate else 0, dtype=object)
        for start in range(0, len(scenes), _BLOCK):
            rows = np.arange(start, min(start + _BLOCK, len(scenes)))
            pairs = np.stack((rows, where[rows]))
            common = intersections(footprints, self.areas, self.plane, pairs)
            grounds[rows] = shapely.area(common)
            if deduplicate:
                own = shapely.area(self.plane.footprints(footprints[rows]))
                slivers = grounds[rows] < _SLIVER * np.fmin(own, whole[rows])
                common[slivers] = _NOTHING
                covered[rows] = common
        # Rounded, so that what covers all of an area has 100 %.
        shares = np.minimum(np.round(100 * grounds / whole, _DIGITS), 100.0)
        scenes = scenes.assign(overlap_percentage=shares)
        return scenes.iloc[keep_cover(scenes, covered, where)] if deduplicate else scenes

    def _solar_time(
        self, scenes: gpd.GeoDataFrame, where: NDArray[np.int64]
    ) -> dict[str, NDArray[np.datetime64]]:
        offsets = np.array([round(centre(area)[0] * _MS_PER_DEGREE) for area in self.areas])
        utc = scenes["acquisition_date"].to_numpy("datetime64[ms]")
        time = utc + offsets.astype("timedelta64[ms]")[where]
        day = time.astype("datetime64[D]").astype("datetime64[ms]")
        return {"solar_day": day, "solar_time": time}
