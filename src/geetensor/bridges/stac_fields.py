"""What STAC calls the things that the table and Earth Engine's properties tell. Pure.

Sources: STAC 1.1 and its extensions eo 1.1, projection 2.0, sat 1.0 and view 1.0; the Earth Engine
data catalogue's page of each collection.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from geetensor.bridges.rows import is_missing
from geetensor.collections import COLLECTIONS, UNKNOWN
from geetensor.errors import InvalidInputError
from geetensor.grid import parse_crs

if TYPE_CHECKING:
    from collections.abc import Mapping

PROPERTY_PREFIX = "ee:"
"""Before the name of a property of Earth Engine's."""

COLUMN_PREFIX = "geetensor:"
"""Before the name of a column of the table that no field of STAC carries as it is."""

_COMMON_NAMES = (
    "coastal",
    "blue",
    "green",
    "red",
    "rededge",
    "yellow",
    "pan",
    "nir",
    "nir08",
    "nir09",
    "cirrus",
    "swir16",
    "swir22",
    "lwir",
    "lwir11",
    "lwir12",
)
"""Of bands, in eo 1.1. Where a band has two, as Landsat 8's B5, the first of them is its."""

_RED_EDGE = re.compile(r"rededge\d+")
"""Common names of eo 2.0, which are all `rededge` in eo 1.1."""

_EARTH_ENGINE_STAC = "https://storage.googleapis.com/earthengine-stac/catalog"
"""Earth Engine's own STAC catalogue. Source of the host and folder: `ee.deprecation` of the
client; of the names below it: remembered."""

_OWN_ASSETS = ("projects/", "users/")
"""With what the ids begin of assets that are not in Earth Engine's catalogue."""

_AUTHORITY = re.compile(r"[A-Za-z]+:\w+")

_CONSTELLATION = re.compile(r"sentinel-\d")

_SUN_AZIMUTH = ("SUN_AZIMUTH", "MEAN_SOLAR_AZIMUTH_ANGLE")
_SUN_ELEVATION = "SUN_ELEVATION"
_SUN_ZENITH = "MEAN_SOLAR_ZENITH_ANGLE"
_ORBIT_STATE = ("SENSING_ORBIT_DIRECTION", "orbitProperties_pass")


def bands_of(collection: str) -> list[dict[str, str]]:
    """The bands of a collection's images whose common names are known.

    Args:
        collection: asset id.

    Returns:
        `name`, Earth Engine's, and `common_name` of each.
    """
    return [{"name": band, "common_name": alias} for band, alias in _common_names(collection)]


@functools.cache
def _common_names(collection: str) -> tuple[tuple[str, str], ...]:
    aliases = COLLECTIONS.get(collection, UNKNOWN).aliases.items()
    common = [(_RED_EDGE.sub("rededge", alias), band) for alias, band in aliases]
    names: dict[str, str] = {}
    for name in _COMMON_NAMES:
        for alias, band in common:
            if alias == name:
                names.setdefault(band, alias)
    return tuple(names.items())


def collection_page(collection: str) -> str | None:
    """The address of a STAC Collection in Earth Engine's catalogue; None for others' assets.

    Args:
        collection: asset id.
    """
    if collection.startswith(_OWN_ASSETS) or "/" not in collection:
        return None
    folder, _, _ = collection.partition("/")
    return f"{_EARTH_ENGINE_STAC}/{folder}/{collection.replace('/', '_')}.json"


def platform_fields(satellite: str | None) -> dict[str, str]:
    """`platform`, spelt as in other catalogues (`sentinel-2a`, `landsat-8`), and `constellation`.

    Args:
        satellite: as in the table.
    """
    if satellite is None:
        return {}
    platform = re.sub(r"[\s_]+", "-", satellite.strip().lower())
    fields = {"platform": platform}
    if found := _CONSTELLATION.match(platform):
        fields["constellation"] = found.group()
    return fields


def eo_fields(cloud_cover: float) -> dict[str, float]:
    """`eo:cloud_cover`, where it is known: Landsat's is -1 where it is not."""
    return {"eo:cloud_cover": cloud_cover} if 0 <= cloud_cover <= 100 else {}


def proj_fields(
    crs: str | None, transform: tuple[float, ...] | None, shape: tuple[int, int] | None
) -> dict[str, Any]:
    """The grid: `proj:code` where PROJ knows the CRS by its code, else null and `proj:wkt2`."""
    if crs is None and transform is None and shape is None:
        return {}
    fields: dict[str, Any] = {"proj:code": None}
    if crs is not None and _is_code_of_proj(crs):
        fields = {"proj:code": crs}
    elif crs is not None and (wkt := _wkt(crs)):
        fields["proj:wkt2"] = wkt
    if transform is not None:
        fields["proj:transform"] = list(transform)
    if shape is not None:
        fields["proj:shape"] = list(shape)
    return fields


@functools.lru_cache(maxsize=256)
def _is_code_of_proj(crs: str) -> bool:
    if not _AUTHORITY.fullmatch(crs):
        return False
    try:
        authority = parse_crs(crs).to_authority(min_confidence=100)
    except InvalidInputError:
        return False
    return authority is not None and ":".join(authority) == crs


@functools.lru_cache(maxsize=256)
def _wkt(crs: str) -> str | None:
    try:
        return parse_crs(crs).to_wkt()
    except InvalidInputError:  # a code that PROJ does not know, and nobody told it
        return None


def sat_fields(
    satellite: str | None, orbit: str | None, properties: Mapping[str, Any]
) -> dict[str, Any]:
    """The relative orbit, and which way the satellite flew.

    Landsat has none: its `orbit` is the path, which is numbered from east to west and not in the
    order of flight.

    Args:
        satellite: as in the table.
        orbit: as in the table.
        properties: Earth Engine's.
    """
    fields: dict[str, Any] = {}
    state = str(_first(properties, _ORBIT_STATE)).lower()
    if state in {"ascending", "descending"}:
        fields["sat:orbit_state"] = state
    landsat = satellite is not None and satellite.upper().startswith("LANDSAT")
    if not landsat and orbit is not None and orbit.isdecimal() and int(orbit) > 0:
        fields["sat:relative_orbit"] = int(orbit)
    return fields


def view_fields(properties: Mapping[str, Any]) -> dict[str, float]:
    """Where the sun was, in degrees: clockwise from north, and above the horizon."""
    fields = {}
    azimuth = _first(properties, _SUN_AZIMUTH)
    if _is_number(azimuth):
        fields["view:sun_azimuth"] = azimuth % 360.0  # Landsat's is from -180 to 180
    elevation: Any = properties.get(_SUN_ELEVATION)
    zenith: Any = properties.get(_SUN_ZENITH)
    if not _is_number(elevation) and _is_number(zenith):
        elevation = 90.0 - zenith
    if _is_number(elevation) and -90 <= elevation <= 90:
        fields["view:sun_elevation"] = elevation
    return fields


def _first(properties: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((properties[n] for n in names if not is_missing(properties.get(n))), None)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not is_missing(value)
