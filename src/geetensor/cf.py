"""Where pixels are, by the conventions of CF and rioxarray. Pure.

CF: https://cfconventions.org/, section 5.6; `GeoTransform` is GDAL's, and rioxarray reads it:
https://corteva.github.io/rioxarray/stable/getting_started/crs_management.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geetensor.grid import parse_crs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geetensor.grid import PixelGrid
    from geetensor.masks import Fill

GRID_MAPPING = "spatial_ref"
"""Of the coordinate that has the CRS, as rioxarray calls it."""


def grid_mapping(grid: PixelGrid) -> dict[str, Any]:
    """Attributes of the coordinate that has the CRS and the transform.

    Args:
        grid: of the pixels.
    """
    crs = parse_crs(grid.crs)
    a, b, c, d, e, f = grid.transform[:6]
    wkt = crs.to_wkt()
    described = {**crs.to_cf(), "crs_wkt": wkt, "spatial_ref": wkt}
    described["GeoTransform"] = " ".join(repr(float(v)) for v in (c, a, b, f, d, e))
    return described


def centres(grid: PixelGrid) -> dict[str, tuple[NDArray[np.float64], dict[str, str]]]:
    """Coordinates of the pixels' centres along each dimension, in CRS units, and CF's attributes.

    Returns:
        `y` and `x`, of `height` and `width` values; nothing for a grid that is turned, whose
        pixels have no coordinate along a dimension.
    """
    a, b, c, d, e, f = grid.transform[:6]
    if b or d:
        return {}
    described = {axis.get("axis"): axis for axis in parse_crs(grid.crs).cs_to_cf()}
    values = {
        "y": f + e * (np.arange(grid.height) + 0.5),
        "x": c + a * (np.arange(grid.width) + 0.5),
    }
    return {
        name: (along, described.get(name.upper(), {"axis": name.upper()}))
        for name, along in values.items()
    }


def fill_attribute(fill: Fill, dtype: np.dtype[Any]) -> dict[str, Fill]:
    """The attribute that says which value masked pixels have.

    That of integers is not `_FillValue`: xarray would make floats of all of them when it reads
    them from a file again, and NaN of valid zeros. rioxarray knows both names.

    Args:
        fill: value of masked pixels.
        dtype: of the pixels.
    """
    return {"_FillValue" if dtype.kind == "f" else "nodata": fill}
