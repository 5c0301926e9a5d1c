"""From any CRS to the plane that the landscape is a function of (see `tiles`).

PROJ works out the points of a lattice; between them the coordinates are interpolated, which errs
by less than a centimetre here, and costs a tenth. As the lattice is the CRS's own and not a
window's, a pixel's place does not depend on what was asked for together with it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS, Transformer

from eemulator.catalog.lattice import Lattice
from eemulator.catalog.tiles import PLANE_CRS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from eemulator.catalog.blockwise import Indices
    from eemulator.catalog.model import Grid

    Coordinates = NDArray[np.float64]

# Between the lattice's points, in metres or degrees.
_METRES, _DEGREES = 1_920.0, 1 / 64

SOUTHWARD = 10_000_000.0
"""The false northing of the southern hemisphere, metres."""
# The same projection with and without the false northing of the southern hemisphere.
_NORTH = f"EPSG:326{PLANE_CRS[-2:]}"


def centres(grid: Grid, rows: Indices, cols: Indices) -> tuple[Coordinates, Coordinates]:
    """Where the centres of an axis-aligned grid's pixels lie in its CRS.

    Args:
        grid: not sheared.
        rows: row indices.
        cols: column indices.

    Returns:
        x shaped as `cols`, y as `rows`.
    """
    a, _, c, _, e, f = grid.transform
    return c + a * (cols.astype(np.float64) + 0.5), f + e * (rows.astype(np.float64) + 0.5)


def to_plane(crs: str, x: Coordinates, y: Coordinates) -> tuple[Coordinates, Coordinates]:
    """Where points lie in the plane.

    Args:
        crs: of the points.
        x: easting or longitude: `(1, w)`, or `(h, w)`.
        y: northing or latitude: `(h, 1)`, or `(h, w)`.

    Returns:
        Easting and northing in the plane, metres: shaped as given where the CRS's axes are the
        plane's, else of the broadcast shape.
    """
    if crs == PLANE_CRS:
        return x, y
    if crs == _NORTH:
        return x, y + SOUTHWARD
    transformer, spacing = _transformer(crs)
    lattice = Lattice(x, y, spacing)
    i, j = np.broadcast_arrays(lattice.i * spacing, lattice.j * spacing)
    east, north = transformer.transform(i, j)
    return _between(lattice, east), _between(lattice, north)


def _between(lattice: Lattice, nodes: Coordinates) -> Coordinates:
    found = lattice.field(nodes)(slice(None))
    return found.astype(np.float64, copy=False)


@lru_cache(maxsize=64)
def _transformer(crs: str) -> tuple[Transformer, float]:
    spacing = _DEGREES if CRS.from_user_input(crs).is_geographic else _METRES
    return Transformer.from_crs(crs, PLANE_CRS, always_xy=True), spacing
