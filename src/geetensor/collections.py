"""What is known of each collection. One table, no code paths.

A collection that is not in the table works all the same: by Earth Engine's own band names, and
without the columns that only its own properties could fill.

Sources: the Earth Engine data catalogue's page of each collection,
https://developers.google.com/earth-engine/datasets/catalog
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Collection:
    """What is known of a collection.

    Attributes:
        aliases: the sensor's own and common band names, to Earth Engine's.
        cloud_property: percentage of clouds in a scene, 0 to 100; None where there is none.
        satellite_property: which spacecraft took the scene.
        orbit_property: the scene's relative orbit or path.
        tile_property: the scene's tile or row.
        grid_band: the band, or its index, whose native grid stands for the scene's: of the
            finest ones.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)
    cloud_property: str | None = None
    satellite_property: str | None = None
    orbit_property: str | None = None
    tile_property: str | None = None
    grid_band: str | int = 0


_S2_COMMON_NAMES = {
    "coastal": "B1",
    "blue": "B2",
    "green": "B3",
    "red": "B4",
    "rededge071": "B5",
    "rededge075": "B6",
    "rededge078": "B7",
    "nir": "B8",
    "nir08": "B8A",
    "nir09": "B9",
    "swir16": "B11",
    "swir22": "B12",
}
_S2_ALIASES = _S2_COMMON_NAMES | {f"B{n:02}": f"B{n}" for n in range(1, 10)}

_OLI_COMMON_NAMES = {
    "coastal": "B1",
    "blue": "B2",
    "green": "B3",
    "red": "B4",
    "nir08": "B5",
    "nir": "B5",
    "swir16": "B6",
    "swir22": "B7",
}
_OLI_ALIASES = (
    _OLI_COMMON_NAMES
    | {"pan": "B8", "cirrus": "B9", "lwir11": "B10", "lwir12": "B11"}
    | {f"B{n:02}": f"B{n}" for n in range(1, 10)}
)
_OLI_SR_ALIASES = {name: f"SR_{band}" for name, band in _OLI_COMMON_NAMES.items()} | {
    "lwir11": "ST_B10"
}
_TM_COMMON_NAMES = {
    "blue": "B1",
    "green": "B2",
    "red": "B3",
    "nir08": "B4",
    "nir": "B4",
    "swir16": "B5",
    "swir22": "B7",
}
_TM_ALIASES = (
    _TM_COMMON_NAMES | {"lwir": "B6", "pan": "B8"} | {f"B{n:02}": f"B{n}" for n in range(1, 9)}
)
_TM_SR_ALIASES = {name: f"SR_{band}" for name, band in _TM_COMMON_NAMES.items()} | {"lwir": "ST_B6"}


def _sentinel2(extra: Mapping[str, str]) -> Collection:
    return Collection(
        aliases=MappingProxyType({**_S2_ALIASES, **extra}),
        cloud_property="CLOUDY_PIXEL_PERCENTAGE",
        satellite_property="SPACECRAFT_NAME",
        orbit_property="SENSING_ORBIT_NUMBER",
        tile_property="MGRS_TILE",
        grid_band="B2",
    )


def _landsat(aliases: Mapping[str, str]) -> Collection:
    return Collection(
        aliases=MappingProxyType(dict(aliases)),
        cloud_property="CLOUD_COVER",
        satellite_property="SPACECRAFT_ID",
        orbit_property="WRS_PATH",
        tile_property="WRS_ROW",
    )


COLLECTIONS: Mapping[str, Collection] = MappingProxyType(
    {
        "COPERNICUS/S2_SR_HARMONIZED": _sentinel2({"scl": "SCL", "aot": "AOT", "wvp": "WVP"}),
        "COPERNICUS/S2_HARMONIZED": _sentinel2({"cirrus": "B10"}),
        **{
            f"LANDSAT/{sensor}/C02/{tier}{level}": _landsat(
                surface if level == "_L2" else top_of_atmosphere
            )
            for sensors, top_of_atmosphere, surface in (
                (("LC08", "LC09"), _OLI_ALIASES, _OLI_SR_ALIASES),
                (("LT04", "LT05", "LE07"), _TM_ALIASES, _TM_SR_ALIASES),
            )
            for sensor in sensors
            for tier in ("T1", "T2")
            for level in ("", "_TOA", "_L2")
        },
    }
)

UNKNOWN = Collection()


def collection_of(asset_id: str) -> Collection:
    """What is known of the collection that an image belongs to."""
    return COLLECTIONS.get(asset_id.rpartition("/")[0], UNKNOWN)


def resolve_band(name: str, available: tuple[str, ...], asset_id: str | None) -> str | None:
    """Earth Engine's name for a band.

    Args:
        name: Earth Engine's, the sensor's own (`B04`), or a common one (`red`).
        available: the image's bands.
        asset_id: of the image; None for a computed one, whose band names then have to make
            the alias unambiguous among all known collections.

    Returns:
        None where the image has no such band, or where the name may mean several.
    """
    if name in available:
        return name
    known = [collection_of(asset_id)] if asset_id else list(COLLECTIONS.values())
    meant = {c.aliases[name] for c in known if name in c.aliases} & set(available)
    return meant.pop() if len(meant) == 1 else None
