"""Areas and footprints on the ground: in an equal-area projection around where they are.

It knows neither antimeridian nor poles. The edges of areas are straight in longitude and latitude,
those of footprints are shortest paths: both are followed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyproj
import shapely

from geetensor.discovery.globe import polygons_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDEST = 60.0
"""Degrees from the middle. Areas that reach farther are shown in a cylindrical equal-area
projection of the whole globe."""

LARGE = 20.0
"""Degrees of longitude or latitude. The edges of a footprint that is larger are parallels and
meridians, as those of a global product are."""

_PATH = 25e3 / 6.371e6
"""Radians: points on a shortest path are so near to each other that it is straight in between, to
half a metre as far as `WIDEST` from the middle."""

_STEPS = 64
"""Of a planar edge as long as the area, between points that are projected."""

_STEP_RANGE = 0.02, 1.0
"""Degrees. A straight line is off a parallel's curve by `R step² sin(2 latitude) / 16` at the most:
5 cm and 120 m."""


class Plane:
    """An equal-area projection, in metres.

    Args:
        areas: that it is to be good for, within ±180°; at least one.
    """

    def __init__(self, areas: NDArray[Any]) -> None:
        lon, lat = np.radians(shapely.get_coordinates(_followed(areas))).T
        points = np.column_stack(
            (np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat))
        )
        x, y, z = points.mean(axis=0)
        length = math.sqrt(x * x + y * y + z * z) or 1.0
        if (points @ (x, y, z)).min() < length * math.cos(math.radians(WIDEST)):
            self._proj = pyproj.Proj(proj="cea", lat_ts=30, ellps="WGS84")
        else:
            self._proj = pyproj.Proj(
                proj="laea",
                lat_0=math.degrees(math.asin(z / length)),
                lon_0=math.degrees(math.atan2(y, x)),
                ellps="WGS84",
            )

    def areas(self, shapes: NDArray[Any]) -> NDArray[Any]:
        """Polygons whose edges are straight in longitude and latitude."""
        return self._projected(_followed(shapes))

    def footprints(self, shapes: NDArray[Any]) -> NDArray[Any]:
        """Polygons whose edges are shortest paths."""
        return self._projected(_along_paths(shapes))

    def _projected(self, shapes: NDArray[Any]) -> NDArray[Any]:
        moved: NDArray[Any] = shapely.transform(
            shapes, lambda xy: np.column_stack(self._proj(xy[:, 0], xy[:, 1]))
        )
        # Parts that the antimeridian parted have their edges there in common.
        for index in np.flatnonzero(~shapely.is_valid(moved) & ~shapely.is_missing(moved)):
            moved[index] = polygons_of(shapely.make_valid(moved[index]))
        return moved


def _followed(shapes: NDArray[Any]) -> NDArray[Any]:
    """The same with points along their edges, which are straight in longitude and latitude."""
    left, bottom, right, top = shapely.bounds(shapes).T
    step = np.clip(np.fmax(right - left, top - bottom) / _STEPS, *_STEP_RANGE)
    followed: NDArray[Any] = shapely.segmentize(shapes, np.nan_to_num(step, nan=1.0))
    return followed


def _along_paths(shapes: NDArray[Any]) -> NDArray[Any]:
    """The same with points along their edges, which are shortest paths."""
    found = shapes.copy()
    there = np.flatnonzero(~shapely.is_missing(shapes))
    if not len(there):
        return found
    kind, points, (rings, *outer) = shapely.to_ragged_array(shapes[there])
    lon, lat = np.radians(points).T
    flat = np.cos(lat)
    x, y, z = flat * np.cos(lon), flat * np.sin(lon), np.sin(lat)
    dots = x[:-1] * x[1:] + y[:-1] * y[1:] + z[:-1] * z[1:]
    angles = np.arccos(np.clip(dots, -1, 1))
    count = np.maximum(np.ceil(angles / _PATH), 1).astype(np.int64)
    count[rings[1:-1] - 1] = 1  # from a ring's last point to the next one's first
    start = np.repeat(np.arange(len(count)), count)
    first = np.concatenate(([0], np.cumsum(count)))
    share = (np.arange(first[-1]) - first[start]) / count[start]
    angle = np.where(angles > 0, angles, 1.0)[start]
    before, after = np.sin((1 - share) * angle), np.sin(share * angle)
    x, y, z = (before * axis[start] + after * axis[start + 1] for axis in (x, y, z))
    inner = np.degrees(np.column_stack((np.arctan2(y, x), np.arctan2(z, np.hypot(x, y)))))
    corners = share == 0
    inner[corners] = points[start[corners]]  # exactly; and ±180° stays what it was
    dense = np.concatenate((inner, points[-1:]))
    offsets = (np.concatenate((first[rings[:-1]], [len(dense)])), *outer)
    found[there] = shapely.from_ragged_array(kind, dense, offsets)
    return found


def intersections(
    footprints: NDArray[Any], areas: NDArray[Any], plane: Plane, pairs: NDArray[np.int64]
) -> NDArray[Any]:
    """What footprints have in common with areas, on the ground.

    Args:
        footprints: within ±180°; None for none.
        areas: within ±180°.
        plane: to measure in.
        pairs: array of shape `(2, n)`: indices of a footprint and of an area.

    Returns:
        `n` geometries in the plane; None where there is no footprint.
    """
    found = np.empty(pairs.shape[1], dtype=object)
    which, where = pairs
    wide = _is_large(footprints)[which]
    if wide.any():
        common = shapely.intersection(footprints[which[wide]], areas[where[wide]])
        found[wide] = plane.areas(common)
    if not wide.all():
        flat_footprints = _at(which[~wide], footprints, plane.footprints)
        flat_areas = _at(where[~wide], areas, plane.areas)
        found[~wide] = shapely.intersection(flat_footprints, flat_areas)
    return found


def touching(footprints: NDArray[Any], areas: NDArray[Any], plane: Plane) -> NDArray[np.int64]:
    """Which footprints and areas have ground, an edge or a corner in common.

    Args:
        footprints: within ±180°; None for none.
        areas: within ±180°.
        plane: to measure in.

    Returns:
        Array of shape `(2, n)`: indices of a footprint and of an area, by footprint.
    """
    large = _is_large(footprints)
    found = []
    for some, are, of in (
        (np.flatnonzero(~large), plane.areas(areas), plane.footprints),
        (np.flatnonzero(large), areas, lambda shapes: shapes),
    ):
        if len(some):
            which, where = shapely.STRtree(are).query(of(footprints[some]), predicate="intersects")
            found.append(np.stack((some[which], where)))
    pairs = np.concatenate(found, axis=1) if found else np.empty((2, 0), np.int64)
    return pairs[:, np.lexsort((pairs[1], pairs[0]))]


def _at(indices: NDArray[np.int64], shapes: NDArray[Any], project: Any) -> NDArray[Any]:
    """Some of the shapes, each projected once."""
    used, back = np.unique(indices, return_inverse=True)
    projected: NDArray[Any] = project(shapes[used])
    return projected[back]


def _is_large(footprints: NDArray[Any]) -> NDArray[np.bool_]:
    parts, of = shapely.get_parts(footprints, return_index=True)
    left, bottom, right, top = shapely.bounds(parts).T
    large = np.zeros(len(footprints), np.bool_)
    large[of[np.fmax(right - left, top - bottom) > LARGE]] = True
    return large
