"""Coordinate reference systems, and projections: a CRS with a transform."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyproj
from pyproj.enums import WktVersion
from pyproj.exceptions import CRSError

from ..errors import ServiceError

Transform = tuple[float, float, float, float, float, float]

IDENTITY: Transform = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
# Earth Engine measures degrees on a sphere of WGS 84's equatorial radius: 111319.49… m.
_EQUATOR = 6_378_137.0
_MODIS = "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m +no_defs"
_UNREGISTERED = {"SR-ORG:6974": _MODIS, "SR-ORG:6842": _MODIS, "EPSG:900913": "EPSG:3857"}
# A code, WKT, or a PROJ string. PROJ would also look for names in its database, for a second and
# more, read files and follow URLs.
_FORMS = re.compile(r"[A-Za-z][\w.-]*:[\w.:+-]+|\s*\+proj=.+|\s*[A-Za-z_]\w*\s*\[.+", re.DOTALL)
_FILES = ("grids=", "+init=", "+file")
_MOST_CHARACTERS = 50_000


@lru_cache(maxsize=256)
def parse_crs(text: str) -> pyproj.CRS:
    """The CRS of a code or WKT.

    Raises:
        ServiceError: there is no such CRS.
    """
    if (
        len(text) <= _MOST_CHARACTERS
        and _FORMS.fullmatch(text)
        and not any(word in text for word in _FILES)
    ):
        with suppress(CRSError):
            return pyproj.CRS.from_user_input(_UNREGISTERED.get(text, text))
    shown = text if len(text) < 100 else text[:100] + "…"
    raise ServiceError(f"The CRS of a map projection could not be parsed: '{shown}'.")


@lru_cache(maxsize=256)
def transformer(source: str, target: str) -> pyproj.Transformer:
    """From one CRS to another, x being easting or longitude in both."""
    return pyproj.Transformer.from_crs(parse_crs(source), parse_crs(target), always_xy=True)


@lru_cache(maxsize=1024)
def same_crs(one: str, other: str) -> bool:
    """Whether two names mean the same coordinates, in x, y order."""
    return one == other or parse_crs(one).equals(parse_crs(other), ignore_axis_order=True)


@lru_cache(maxsize=256)
def meters_per_unit(crs: str) -> float:
    """Metres in one unit of a CRS, at the point of true scale."""
    axis = parse_crs(crs).axis_info
    factor = axis[0].unit_conversion_factor if axis else 1.0
    return factor * _EQUATOR if parse_crs(crs).is_geographic else factor


@dataclass(frozen=True, slots=True)
class Projection:
    """A CRS and the transform from pixel corners to its coordinates.

    Attributes:
        crs: a code (`EPSG:32738`) or WKT.
        transform: `(xScale, xShear, xTranslate, yShear, yScale, yTranslate)`.
    """

    crs: str
    transform: Transform = IDENTITY

    def __post_init__(self) -> None:
        parse_crs(self.crs)
        a, b, _, d, e, _ = self.transform
        # Not finite where one of the numbers is not, or where they are too large to be worked with.
        area = a * e - b * d
        if not all(math.isfinite(v) for v in (*self.transform, area)) or area == 0:
            raise ServiceError(f"The transform {list(self.transform)} cannot be inverted.")

    @property
    def nominal_scale(self) -> float:
        """Metres in one pixel, at the point of true scale."""
        a, _, _, d, _, _ = self.transform
        return math.hypot(a, d) * meters_per_unit(self.crs)

    def at_scale(self, meters: float) -> Projection:
        """The same origin and orientation with another pixel size."""
        if not (math.isfinite(meters) and meters > 0):
            raise ServiceError(f"The scale must be positive, got {meters}.")
        a, b, c, d, e, f = self.transform
        unit = meters / meters_per_unit(self.crs)
        if b == 0 and d == 0:
            return Projection(
                self.crs, (math.copysign(unit, a), 0.0, c, 0.0, math.copysign(unit, e), f)
            )
        factor = meters / self.nominal_scale
        return Projection(self.crs, (a * factor, b * factor, c, d * factor, e * factor, f))

    def scaled(self, x: float, y: float) -> Projection:
        """Pixels x and y times as large."""
        a, b, c, d, e, f = self.transform
        return Projection(self.crs, (a * x, b * y, c, d * x, e * y, f))

    def translated(self, x: float, y: float) -> Projection:
        """The origin moved by x and y pixels."""
        a, b, c, d, e, f = self.transform
        return Projection(self.crs, (a, b, c + a * x + b * y, d, e, f + d * x + e * y))

    def wkt(self) -> str:
        """The CRS as WKT 1, in Earth Engine's layout."""
        return parse_crs(self.crs).to_wkt(WktVersion.WKT1_GDAL, pretty=True)

    def crs_json(self) -> dict[str, Any]:
        """`crs` or `wkt`, whichever it was made with."""
        return {"wkt": self.crs} if is_wkt(self.crs) else {"crs": self.crs}

    def json(self) -> dict[str, Any]:
        """As in `getInfo`."""
        return {"type": "Projection", **self.crs_json(), "transform": list(self.transform)}


def is_wkt(crs: str) -> bool:
    """Whether a CRS is spelt out rather than named."""
    return "[" in crs


WGS84 = Projection("EPSG:4326")
