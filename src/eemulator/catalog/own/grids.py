"""Where the pixels of a file lie, as Earth Engine says it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely
from pyproj.enums import WktVersion
from pyproj.exceptions import CRSError

from ...values.projection import same_crs, transformer
from ..antimeridian import continued
from ..model import Grid
from .errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapely.geometry.base import BaseGeometry

_GEOGRAPHIC = "EPSG:4326"
_MODIS = "SR-ORG:6974"
# Percent: PROJ's, that a description is that of a code; names alone give 25.
_CONFIDENCE = 25
# How far apart a place may be in two systems that are the same: a millimetre or less.
_SAME_DEGREES, _SAME_UNITS = 1e-8, 1e-3
# Points of an outline's side, in longitude and latitude: what is straight in one CRS is not in
# the other.
_POINTS = 16
# Of an outline's size: how far a side may bend before its points are needed.
_STRAIGHT = 1e-5


@lru_cache(maxsize=256)
def crs_name(text: str) -> str:
    """A CRS as Earth Engine names it: a code where EPSG has one, else WKT.

    Args:
        text: WKT, a code, or whatever else PROJ knows. Heights are left out.

    Raises:
        Refused: it is no CRS of places on the Earth.
    """
    try:
        crs = pyproj.CRS.from_user_input(text)
    except CRSError:
        raise Refused(f"the CRS cannot be parsed: {text[:100]!r}", "crs") from None
    while crs.is_compound or crs.is_bound:
        source = crs.source_crs if crs.is_bound else crs.sub_crs_list[0]
        if source is None:
            break
        crs = source
    if not (crs.is_projected or crs.is_geographic):
        raise Refused(
            f"the CRS {crs.name!r} is neither geographic nor projected: reproject the data first, "
            "for example with gdalwarp -t_srs EPSG:4326",
            "crs",
        )
    for known in crs.list_authority("EPSG", min_confidence=_CONFIDENCE):
        name = f"EPSG:{known.code}"
        if _same_places(crs, pyproj.CRS(name)):
            return name
    if same_crs(_MODIS, crs.to_wkt()):
        return _MODIS
    try:
        return str(crs.to_wkt(WktVersion.WKT1_GDAL))
    except CRSError:
        return str(crs.to_wkt())


def _same_places(one: pyproj.CRS, other: pyproj.CRS) -> bool:
    """Whether all places have the same x and y in two systems.

    Their descriptions differ more often: in the order of axes, in the names of datums.
    """
    area = other.area_of_use
    if area is None:
        return False
    longitudes, latitudes = np.meshgrid(
        np.linspace(area.west, area.east, 3), np.linspace(area.south, area.north, 3)
    )
    found = [
        pyproj.Transformer.from_crs(_GEOGRAPHIC, crs, always_xy=True).transform(
            longitudes, latitudes
        )
        for crs in (one, other)
    ]
    within = _SAME_DEGREES if other.is_geographic else _SAME_UNITS
    return bool(np.allclose(found[0], found[1], rtol=0, atol=within))


def checked_grid(crs: str, transform: Sequence[float], width: int, height: int) -> Grid:
    """A grid whose rows and columns run along the axes of its CRS.

    Args:
        crs: as `crs_name` gives it.
        transform: `(a, b, c, d, e, f)`, pixel corner to CRS.
        width: columns.
        height: rows.

    Raises:
        Refused: it is rotated, or no grid at all.
    """
    a, b, c, d, e, f = (float(value) for value in transform)
    if not np.isfinite([a, b, c, d, e, f]).all():
        raise Refused("the geotransform is not finite")
    if b or d:
        raise Refused(
            "its pixels are rotated against the axes of their CRS: gdalwarp makes a file of them "
            "that is not"
        )
    if not (a and e):
        raise Refused("its pixels have no size")
    return Grid(crs, (a, 0.0, c, 0.0, e, f), width, height)


@lru_cache(maxsize=1024)
def outline(grid: Grid) -> shapely.Polygon | None:
    """A grid's outline in longitude and latitude; None where it has no place there."""
    a, _, c, _, e, f = grid.transform
    steps = np.linspace(0.0, 1.0, _POINTS, endpoint=False)
    zeros, ones = np.zeros(_POINTS), np.ones(_POINTS)
    columns = np.concatenate([steps, ones, 1 - steps, zeros]) * grid.width
    rows = np.concatenate([zeros, steps, ones, 1 - steps]) * grid.height
    x, y = a * columns + c, e * rows + f
    longitudes, latitudes = transformer(grid.crs, _GEOGRAPHIC).transform(x, y)
    points = np.column_stack([longitudes, latitudes])
    # Beyond the edge of what a projection shows, some give places on its other side.
    again = transformer(_GEOGRAPHIC, grid.crs).transform(longitudes, latitudes)
    if not (
        np.isfinite(points).all()
        and np.allclose(again[0], x, rtol=0, atol=abs(a))
        and np.allclose(again[1], y, rtol=0, atol=abs(e))
    ):
        return None
    whole = continued(shapely.Polygon(points))
    west, south, east, north = whole.bounds
    straight = whole.simplify(_STRAIGHT * max(east - west, north - south))
    return straight if isinstance(straight, shapely.Polygon) else whole


def footprint(grids: Iterable[Grid]) -> BaseGeometry | None:
    """The area of some grids in longitude and latitude; None where that is not known."""
    outlines = [outline(grid) for grid in dict.fromkeys(grids)]
    known = [one for one in outlines if one is not None]
    if len(known) < len(outlines):
        return None
    return known[0] if len(known) == 1 else shapely.union_all(known)
