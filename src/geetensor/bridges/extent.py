"""Where footprints are on a globe: those that were split at the antimeridian are one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry


def geojson_bbox(geometry: BaseGeometry) -> list[float]:
    """West, south, east and north, in degrees.

    West is greater than east where the geometry crosses the antimeridian: where it has parts on
    both sides of it that touch it. Source: RFC 7946, section 5.2.
    """
    west, south, east, north = (float(v) for v in geometry.bounds)
    if west <= -180 and east >= 180:
        spans = sorted(
            (float(left), float(right))
            for left, _, right, _ in shapely.bounds(shapely.get_parts(geometry))
        )
        widest, reach = 0.0, spans[0][1]
        for left, right in spans:
            if left - reach > widest:
                widest, west, east = left - reach, left, reach
            reach = max(reach, right)
    return [west, south, east, north]


def around(geometry: BaseGeometry, longitude: float) -> BaseGeometry:
    """The same place, each part on the turn of the globe that is nearest to a longitude.

    Args:
        geometry: polygons, in EPSG:4326.
        longitude: degrees.

    Returns:
        With longitudes that may lie beyond 180.
    """
    parts = shapely.get_parts(geometry)
    turns = [360 * round((longitude - part.centroid.x) / 360) for part in parts]
    if not any(turns):
        return geometry
    moved: BaseGeometry = shapely.union_all(
        [_shifted(part, turn) for part, turn in zip(parts, turns, strict=True)]
    )
    return moved


def _shifted(part: BaseGeometry, degrees: int) -> Any:
    return shapely.transform(part, lambda xy: np.add(xy, (degrees, 0)))
