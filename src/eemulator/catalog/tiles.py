"""Sentinel-2's tiles over eastern Madagascar, and the one plane that they all lie in.

The tiles are those of ESA's MGRS tiling grid (squares of 109.8 km, neighbours overlapping by
9.78 km); their upper-left corners were read from the published table of that grid, so they are
facts. Tiles of two UTM zones meet here: 38S and 39S. So that both see the same ground, the
landscape is a function of coordinates in the *plane*: EPSG:32738, carried east beyond its zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from eemulator.catalog.model import Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLANE_CRS = "EPSG:32738"
"""The CRS whose coordinates the landscape is a function of."""

TILE_METRES = 109_800
"""Side of a tile, in metres."""

Cubic = tuple[float, float, float, float, float, float, float, float, float, float]

# From EPSG:32739 to the plane, over tile 39KTV: coefficients in metres of the monomials
# 1, v, v², v³, u, uv, uv², u², u²v, u³, where u and v run from -1 to 1 west to east and south to
# north across the tile. Fitted to PROJ's transformation; the largest error is under a millimetre.
_EAST_39KTV: Cubic = (
    888250.008, 1834.402, -23.591, -0.024, 54930.909, 2.547, -0.028, 23.591, 0.072, 0.009,
)  # fmt: skip
_NORTH_39KTV: Cubic = (
    7942730.877, 54930.909, 1.274, -0.009, -1834.402, 47.182, 0.072, -1.274, 0.028, -0.024,
)  # fmt: skip


def _cubic(c: Cubic, u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    """The cubic at (u, v), by Horner's rule in a fixed order of operations."""
    constant = c[0] + v * (c[1] + v * (c[2] + v * c[3]))
    linear = c[4] + v * (c[5] + v * c[6])
    quadratic = c[7] + v * c[8]
    return constant + u * (linear + u * (quadratic + u * c[9]))


@dataclass(frozen=True)
class Tile:
    """One MGRS tile.

    Attributes:
        name: MGRS name, without the leading `T`.
        crs: its UTM zone.
        left: easting of its upper-left corner, in metres.
        top: northing of its upper-left corner, in metres.
        to_plane: cubics (easting, northing) from the tile to the plane; None where the tile's
            own coordinates are the plane's.
        moved: metres (east, north) that tiles elsewhere are moved by, to lie on the ground of the
            plane: there is no other.
    """

    name: str
    crs: str
    left: int
    top: int
    to_plane: tuple[Cubic, Cubic] | None = None
    moved: tuple[int, int] = (0, 0)

    @cached_property
    def _grids(self) -> dict[int, Grid]:
        return {
            r: Grid(
                crs=self.crs,
                transform=(float(r), 0.0, float(self.left), 0.0, -float(r), float(self.top)),
                width=TILE_METRES // r,
                height=TILE_METRES // r,
            )
            for r in (10, 20, 60)
        }

    def grid(self, resolution: int) -> Grid:
        """The tile's pixels of 10, 20 or 60 m; the three grids share their upper-left corner."""
        return self._grids[resolution]

    @property
    def axis_aligned(self) -> bool:
        """Whether rows and columns of the tile run along the axes of the plane."""
        return self.to_plane is None

    def plane(
        self, easting: NDArray[np.float64], northing: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where points of the tile lie in the plane.

        Args:
            easting: in the tile's CRS, metres; any shape that broadcasts with `northing`.
            northing: in the tile's CRS, metres.

        Returns:
            Easting and northing in the plane, metres. Where the tile's axes are the plane's,
            shaped as given; else both of the broadcast shape.
        """
        if self.to_plane is None:
            if self.moved == (0, 0):
                return easting, northing
            return easting + self.moved[0], northing + self.moved[1]
        half = TILE_METRES / 2
        u = (easting - (self.left + half)) / half
        v = (northing - (self.top - half)) / half
        return _cubic(self.to_plane[0], u, v), _cubic(self.to_plane[1], u, v)

    def pixel_centres(
        self, resolution: int, rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Easting and northing in the plane of pixels' centres, metres.

        Args:
            resolution: of the grid that rows and columns count, in metres.
            rows: row indices.
            cols: column indices.

        Returns:
            Easting shaped as `cols` and northing as `rows` where the tile lies in the plane;
            else both of the broadcast shape.
        """
        easting = self.left + resolution * (np.asarray(cols, np.float64) + 0.5)
        northing = self.top - resolution * (np.asarray(rows, np.float64) + 0.5)
        return self.plane(easting, northing)


TILES: dict[str, Tile] = {
    tile.name: tile
    for tile in (
        Tile("38KQE", "EPSG:32738", 699960, 8000020),  # Antananarivo and the highlands
        Tile("38KQF", "EPSG:32738", 699960, 8100040),  # to its north
        Tile("38KRE", "EPSG:32738", 799980, 8000020),  # to its east: the rainforest's edge
        Tile("39KTV", "EPSG:32739", 199980, 8000020, (_EAST_39KTV, _NORTH_39KTV)),  # the coast
    )
}


def _elsewhere(name: str, crs: str, left: int, top: int) -> Tile:
    """A tile that shows the ground of Antananarivo's."""
    ground = TILES["38KQE"]
    return Tile(name, crs, left, top, moved=(ground.left - left, ground.top - top))


ELSEWHERE: dict[str, Tile] = {
    tile.name: tile
    for tile in (
        _elsewhere("60KXF", "EPSG:32760", 600_000, 8_100_040),  # Fiji, west of the antimeridian
        _elsewhere("01KAB", "EPSG:32701", 99_960, 8_200_000),  # across it
        _elsewhere("24XWT", "EPSG:32624", 499_980, 9_300_000),  # the north of Greenland, 83° N
        _elsewhere("10SEG", "EPSG:32610", 499_980, 4_200_000),  # San Francisco
        _elsewhere("18NUJ", "EPSG:32618", 300_000, 400_020),  # Palmira in Colombia
        _elsewhere("34HEJ", "EPSG:32734", 499_980, 6_300_040),  # the Little Karoo
    )
}
"""Tiles where longitudes are awkward, and those that the documentation's examples and others' tests
look at. Their corners follow from the grid's rule: the multiple of 60 m, counted from the equator,
next to that of 100 km."""
