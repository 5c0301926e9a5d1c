"""Unions of many shapes, piece by piece.

Nothing stops GEOS once it has begun, so no piece may take long: between two of them the watchdog
can end the computation. What would have too many edges is refused as the service refuses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from ..limits import MOST_EDGES, too_many_edges

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

# Shapes at once: many at first, then few, as they grow.
_AT_FIRST = 16
_LATER = 4
_EDGES_AT_ONCE = 256


def united(shapes: Sequence[BaseGeometry]) -> BaseGeometry:
    """All that shapes cover.

    Raises:
        ServiceError: on the way there are more edges than a geometry may have.
    """
    parts = np.array([part for part in shapes if not part.is_empty], dtype=object)
    if not len(parts):
        return shapely.GeometryCollection()
    parts = parts[_neighbours_together(parts)]
    count = _AT_FIRST
    while True:
        made = [_joined(parts[i : i + count]) for i in range(0, len(parts), count)]
        if len(made) == 1:
            return made[0]
        parts = np.array(made, dtype=object)
        count = _LATER


def check_meetings(shapes: Sequence[BaseGeometry]) -> None:
    """Refuse what would have too many edges where those of shapes cross.

    Boxes that meet are counted, some edges at a time; few edges cannot meet too often.

    Raises:
        ServiceError: they are too many.
    """
    if sum(int(shapely.get_num_coordinates(shape)) for shape in shapes) ** 2 <= MOST_EDGES:
        return
    edges = np.concatenate([_edges(shape) for shape in shapes])
    if len(edges) > MOST_EDGES:
        raise too_many_edges(len(edges))
    lines = np.asarray(shapely.linestrings(edges))
    tree = shapely.STRtree(lines)
    # Every edge meets itself and its neighbours.
    found = -3 * len(edges)
    for start in range(0, len(edges), _EDGES_AT_ONCE):
        found += tree.query(lines[start : start + _EDGES_AT_ONCE]).shape[1]
        if found > MOST_EDGES:
            raise too_many_edges(found)


def _edges(shape: BaseGeometry) -> NDArray[np.float64]:
    """The edges of all rings and lines, of shape (n, 2, 2)."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    kinds = shapely.get_type_id(parts)
    polygons = kinds == shapely.GeometryType.POLYGON
    lines = [*shapely.get_rings(parts[polygons]), *parts[(kinds == 1) | (kinds == 2)]]
    points, owners = shapely.get_coordinates(lines, return_index=True)
    if not len(points):
        return np.empty((0, 2, 2))
    together = owners[:-1] == owners[1:]
    return np.stack([points[:-1][together], points[1:][together]], axis=1)


def _joined(shapes: NDArray[np.object_]) -> BaseGeometry:
    """Some shapes as one."""
    check_meetings(list(shapes))
    return shapely.union_all(shapes)


def _neighbours_together(shapes: NDArray[np.object_]) -> NDArray[np.intp]:
    """An order in which shapes lie close to those before and after them: strips, to and fro."""
    bounds = shapely.bounds(shapes)
    middles = (bounds[:, :2] + bounds[:, 2:]) / 2
    spread = np.maximum(np.ptp(middles, axis=0), np.finfo(float).tiny)
    strips = max(int(np.sqrt(len(shapes) / _AT_FIRST)), 1)
    x, y = ((middles - middles.min(axis=0)) / spread).T
    strip = np.minimum((x * strips).astype(int), strips - 1)
    return np.lexsort((np.where(strip % 2, -y, y), strip))
