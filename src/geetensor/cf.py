"""Where pixels are, by the conventions of CF and rioxarray. Pure.

CF: https://cfconventions.org/, section 5.6; `GeoTransform` is GDAL's, and rioxarray reads it:
https://corteva.github.io/rioxarray/stable/getting_started/crs_management.html
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from affine import Affine

from geetensor.errors import InvalidInputError
from geetensor.grid import TOLERANCE, PixelGrid, crs_name, parse_crs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

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


def read_grid(
    described: Mapping[str, Any],
    shape: tuple[int, int],
    y: NDArray[np.float64] | None,
    x: NDArray[np.float64] | None,
) -> PixelGrid:
    """The grid that coordinates and a grid mapping say. Where they differ, coordinates are right.

    They do differ in a part of an array, which has its own `x` and `y` and the whole's transform.

    Args:
        described: attributes of the grid mapping.
        shape: `(height, width)`, in pixels.
        y: centres of the rows; None for none.
        x: centres of the columns; None for none.

    Raises:
        InvalidInputError: if there is no CRS, or the pixels are no grid.
    """
    wkt = described.get("crs_wkt") or described.get("spatial_ref")
    if not wkt:
        raise InvalidInputError(
            f"The array has no CRS in a coordinate {GRID_MAPPING!r}: array.rio.write_crs(...) of "
            "rioxarray adds it."
        )
    written = described.get("GeoTransform")
    whole = Affine.from_gdal(*(float(v) for v in str(written).split())) if written else None
    height, width = shape
    if x is None or y is None:
        if whole is None:
            raise InvalidInputError("The array has neither x and y nor a GeoTransform.")
        return PixelGrid(crs_name(wkt), whole, width, height)
    a, c = _line("x", x, (whole.a, whole.c) if whole else None)
    e, f = _line("y", y, (whole.e, whole.f) if whole else None)
    return PixelGrid(crs_name(wkt), Affine(a, 0.0, c, 0.0, e, f), width, height)


def _line(
    name: str, along: NDArray[np.float64], whole: tuple[float, float] | None
) -> tuple[float, float]:
    """Pixel size and first edge along a dimension.

    Args:
        name: of the dimension.
        along: the pixels' centres.
        whole: the same of an array that this may be a part of, to the last bit.
    """
    if len(along) == 1 and whole is None:
        raise InvalidInputError(f"One {name} does not say how large a pixel is.")
    step = float(along[-1] - along[0]) / (len(along) - 1) if len(along) > 1 else (whole or (0,))[0]
    if (np.abs(np.diff(along) - step) > TOLERANCE * abs(step)).any() or step == 0:
        raise InvalidInputError(f"The pixels are no grid: {name} is not evenly spaced.")
    if whole is not None and math.isclose(step, whole[0], rel_tol=1e-9):
        size, edge = whole
        steps = (float(along[0]) - edge) / size - 0.5
        if abs(steps - round(steps)) < TOLERANCE:
            return size, edge + size * round(steps)
    return step, float(along[0]) - step / 2
