"""How footprints that cross the antimeridian are told."""

from __future__ import annotations

import numpy as np
import shapely


def continued(outline: shapely.Polygon) -> shapely.Polygon:
    """An outline whose longitudes jump, told without a jump: beyond 180° to the east.

    So is `ee.Geometry.Rectangle([178, -1, 181, 1])` [S]; that the service tells stored footprints
    the same way, rather than with longitudes wrapped, is remembered [M]. Everything else here takes
    any way of counting longitudes.

    Args:
        outline: longitude and latitude, without holes and a pole; neighbouring corners lie less
            than 180° apart.
    """
    points = shapely.get_coordinates(outline)
    points[:, 0] = np.unwrap(points[:, 0], period=360)
    points[:, 0] -= np.floor((points[:, 0].min() + 180) / 360) * 360
    return shapely.Polygon(points)
