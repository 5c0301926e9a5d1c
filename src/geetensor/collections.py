"""What is known of each collection. One table, no code paths.

A collection that is not in the table works all the same: by Earth Engine's own band names, and
without the columns that only its own properties could fill.

Sources: the Earth Engine data catalogue's page of each collection,
https://developers.google.com/earth-engine/datasets/catalog
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from geetensor.band_names import (
    CLOUD_PROBABILITY_ALIASES,
    CLOUD_SCORE_ALIASES,
    DEM_ALIASES,
    EMBEDDING_ALIASES,
    ETM_ALIASES,
    MODIS_ALIASES,
    MODIS_NADIR_ALIASES,
    MODIS_TEMPERATURE_ALIASES,
    OLI_ALIASES,
    OLI_SR_ALIASES,
    S1_ALIASES,
    S2_SR_ALIASES,
    S2_TOA_ALIASES,
    TM_ALIASES,
    TM_SR_ALIASES,
)
from geetensor.scales import (
    LANDSAT_SR_SCALES,
    LANDSAT_TOA_SCALES,
    MODIS_INDEX_SCALES,
    MODIS_REFLECTANCE_SCALES,
    MODIS_TEMPERATURE_SCALES,
    S2_LATER,
    S2_SCALES,
    Rescaling,
    Scaling,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Collection:
    """What is known of a collection.

    A text with names of properties in braces stands for those properties' values, formatted as
    Python does.

    Attributes:
        aliases: the sensor's own and common band names, to Earth Engine's.
        cloud_property: percentage of clouds in a scene, 0 to 100; None where there is none.
        satellite: which spacecraft took the scene.
        orbit: the scene's relative orbit or path.
        tile: the scene's tile, or path and row.
        grid_band: the band, or its index, whose native grid stands for the scene's.
        temporal: whether its scenes were taken at a time that queries ask for.
        baseline_property: with which version a scene was processed; the greatest is the newest.
        tier: which of two versions of a scene is better: the one with the lower tier.
        tallest: degrees of latitude that a footprint spans at the most. One that spans more is
            wrong: some real-time scenes have that of the whole globe. None where there may be
            such footprints.
        classes: patterns of the names of bands that hold classes, bits or numbers of things:
            there is nothing between two of their values.
        scales: to physical units, by patterns of band names; other bands are in theirs already
            (decibels, metres, probabilities, the numbers of an embedding), or hold classes.
            None where digital numbers have no scale of their own.
        rescaling: of its later scenes; None where there are no such.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)
    cloud_property: str | None = None
    satellite: str | None = None
    orbit: str | None = None
    tile: str | None = None
    grid_band: str | int = 0
    temporal: bool = True
    baseline_property: str | None = None
    tier: int = 1
    tallest: float | None = None
    classes: tuple[str, ...] = ()
    scales: Mapping[str, Scaling] | None = field(default_factory=dict)
    rescaling: Rescaling | None = None


def _sentinel2(aliases: Mapping[str, str], rescaling: Rescaling | None = None) -> Collection:
    return Collection(
        aliases=MappingProxyType(dict(aliases)),
        cloud_property="CLOUDY_PIXEL_PERCENTAGE",
        satellite="{SPACECRAFT_NAME}",
        orbit="{SENSING_ORBIT_NUMBER}",
        tile="{MGRS_TILE}",
        grid_band="B2",
        baseline_property="PROCESSING_BASELINE",
        tallest=5.0,
        classes=("SCL", "QA*", "MSK_CLASSI_*"),
        scales=S2_SCALES,
        rescaling=rescaling,
    )


S2_SR = "COPERNICUS/S2_SR_HARMONIZED"
S2_TOA = "COPERNICUS/S2_HARMONIZED"
S2_NOT_HARMONIZED = ("COPERNICUS/S2_SR", "COPERNICUS/S2")
"""The same, level 2A and 1C, as their baselines left them."""

# By index, these have the names of the Sentinel-2 scenes that they were made from.
S2_CLOUD_PROBABILITY = "COPERNICUS/S2_CLOUD_PROBABILITY"
CLOUD_SCORE_PLUS = "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"

S1 = "COPERNICUS/S1_GRD"
"""Backscatter in decibels, `10 × log10` of that in `S1_POWER`. Source: the catalogue's page."""

S1_POWER = "COPERNICUS/S1_GRD_FLOAT"
"""Linear backscatter, "raw power values". Source: the catalogue's page of `S1`."""

DEM = "COPERNICUS/DEM/GLO30"
EMBEDDINGS = "GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL"

RT = "RT"
"""The tier of scenes that are not yet assessed; see `LANDSAT_CATEGORY`."""

LANDSAT_CATEGORY = "COLLECTION_CATEGORY"
"""Property with the tier of a Landsat scene: `T1`, `T2` or `RT`. The collections `T1_RT` hold
tier 1 and real time together. Source: https://developers.google.com/earth-engine/guides/landsat"""

_LANDSAT_TIERS: Mapping[int | str, tuple[str, int]] = {1: ("T1", 1), 2: ("T2", 2), RT: ("T1_RT", 3)}
_LANDSAT_LEVELS = {"raw": "", "toa": "_TOA", "sr": "_L2"}
_LANDSAT_SENSORS = {4: "LT04", 5: "LT05", 7: "LE07", 8: "LC08", 9: "LC09"}
_REAL_TIME_MISSIONS = (7, 8)
"""Landsat 9's real-time collections are no longer available, says the catalogue's changelog of
March 2022."""

LANDSAT: Mapping[tuple[int, str, int | str], str] = MappingProxyType(
    {
        (mission, level, tier): f"LANDSAT/{sensor}/C02/{folder}{suffix}"
        for mission, sensor in _LANDSAT_SENSORS.items()
        for level, suffix in _LANDSAT_LEVELS.items()
        for tier, (folder, _) in _LANDSAT_TIERS.items()
        if tier != RT or (mission in _REAL_TIME_MISSIONS and level != "sr")
    }
)
"""Collections by mission (4, 5, 7, 8, 9), level (`raw`, `toa`, `sr`) and tier (1, 2, `RT`)."""


_LANDSAT_SCALES: Mapping[str, Mapping[str, Scaling] | None] = {
    "raw": None,  # each scene has its own
    "toa": LANDSAT_TOA_SCALES,
    "sr": LANDSAT_SR_SCALES,
}


def _landsat(mission: int, level: str, tier: int | str) -> Collection:
    oli = mission >= 8
    if level == "sr":
        aliases = OLI_SR_ALIASES if oli else TM_SR_ALIASES
    else:
        aliases = OLI_ALIASES if oli else ETM_ALIASES if mission == 7 else TM_ALIASES
    return Collection(
        aliases=MappingProxyType(dict(aliases)),
        cloud_property="CLOUD_COVER",
        satellite="{SPACECRAFT_ID}",
        orbit="{WRS_PATH}",
        tile="{WRS_PATH:03}{WRS_ROW:03}",  # as in the scenes' ids
        tier=_LANDSAT_TIERS[tier][1],
        tallest=5.0,
        classes=("QA_*", "SR_QA_AEROSOL", "SR_CLOUD_QA"),
        scales=_LANDSAT_SCALES[level],
    )


_MODIS_SATELLITES = {"MOD": "Terra", "MYD": "Aqua", "MCD": "Terra and Aqua"}
_MODIS_CLASSES = (
    *("*QC*", "*QA", "*Quality*", "state_*", "State", "*_pnt", "num_observations*"),
    *("iobs_res", "q_scan", "gflags", "DayOfYear"),
)
_MODIS_NAMES = {"11": MODIS_TEMPERATURE_ALIASES, "43": MODIS_NADIR_ALIASES}
_MODIS_SCALES = {"11": MODIS_TEMPERATURE_SCALES, "13": MODIS_INDEX_SCALES}
_MODIS_GRID_BANDS = {
    # Of the bands with the finest pixels.
    "MOD09GA": "sur_refl_b01",
    "MYD09GA": "sur_refl_b01",
    "MOD09GQ": "sur_refl_b01",
    "MYD09GQ": "sur_refl_b01",
    "MOD09A1": "sur_refl_b01",
    "MYD09A1": "sur_refl_b01",
    "MOD09Q1": "sur_refl_b01",
    "MYD09Q1": "sur_refl_b01",
    "MCD43A4": "Nadir_Reflectance_Band1",
    "MOD13Q1": "NDVI",
    "MYD13Q1": "NDVI",
    "MOD11A1": "LST_Day_1km",
    "MYD11A1": "LST_Day_1km",
}

COLLECTIONS: Mapping[str, Collection] = MappingProxyType(
    {
        S2_SR: _sentinel2(S2_SR_ALIASES),
        S2_TOA: _sentinel2(S2_TOA_ALIASES),
        S2_NOT_HARMONIZED[0]: _sentinel2(S2_SR_ALIASES, S2_LATER),
        S2_NOT_HARMONIZED[1]: _sentinel2(S2_TOA_ALIASES, S2_LATER),
        S2_CLOUD_PROBABILITY: Collection(aliases=CLOUD_PROBABILITY_ALIASES, tallest=5.0),
        CLOUD_SCORE_PLUS: Collection(aliases=CLOUD_SCORE_ALIASES, tallest=5.0),
        **dict.fromkeys(
            (S1, S1_POWER),
            Collection(
                aliases=S1_ALIASES,
                satellite="Sentinel-1{platform_number}",
                orbit="{relativeOrbitNumber_start}",
            ),
        ),
        **{asset_id: _landsat(*key) for key, asset_id in LANDSAT.items()},
        **{
            f"MODIS/061/{product}": Collection(
                aliases=_MODIS_NAMES.get(product[3:5], MODIS_ALIASES),
                satellite=_MODIS_SATELLITES[product[:3]],
                grid_band=grid_band,
                classes=_MODIS_CLASSES,
                scales=_MODIS_SCALES.get(product[3:5], MODIS_REFLECTANCE_SCALES),
            )
            for product, grid_band in _MODIS_GRID_BANDS.items()
        },
        DEM: Collection(aliases=DEM_ALIASES, temporal=False, classes=("EDM", "FLM", "WBM")),
        EMBEDDINGS: Collection(aliases=EMBEDDING_ALIASES),
    }
)

UNKNOWN = Collection(scales=None)


def collection_of(asset_id: str) -> Collection:
    """What is known of the collection that an image belongs to."""
    return COLLECTIONS.get(asset_id.rpartition("/")[0], UNKNOWN)


def is_class(collection: Collection, band: str) -> bool:
    """Whether a band holds classes, bits or numbers of things."""
    return any(fnmatchcase(band, pattern) for pattern in collection.classes)


def scaling_of(collection: Collection, band: str, properties: Mapping[str, Any]) -> Scaling | None:
    """What brings a band of a scene to physical units.

    Args:
        collection: whose scales are known.
        band: Earth Engine's name.
        properties: of the scene.

    Returns:
        None where the band is in its own units already.

    Raises:
        KeyError: if the scene lacks the property that tells its scales.
    """
    scales, later = collection.scales or {}, collection.rescaling
    if later is not None and str(properties[later.property]) >= later.since:
        scales = later.scales
    found = [scaling for pattern, scaling in scales.items() if fnmatchcase(band, pattern)]
    return found[0] if found else None


def resolve_band(name: str, available: tuple[str, ...], asset_id: str | None) -> str | None:
    """Earth Engine's name for a band.

    Args:
        name: Earth Engine's, in any case of letters; the sensor's own (`B04`); or a common one
            (`red`).
        available: the image's bands.
        asset_id: of the image; None for a computed one, whose band names then have to make
            the alias unambiguous among all known collections.

    Returns:
        None where the image has no such band, or where the name may mean several.
    """
    if name in available:
        return name
    meant = {c.aliases[name] for c in _known(asset_id) if name in c.aliases} & {*available}
    meant = meant or {band for band in available if band.lower() == name.lower()}
    return meant.pop() if len(meant) == 1 else None


def other_names(available: tuple[str, ...], asset_id: str | None) -> list[str]:
    """The names other than Earth Engine's that `resolve_band` knows for an image's bands."""
    names = dict.fromkeys(name for c in _known(asset_id) for name in c.aliases)
    return [
        name
        for name in names
        if name not in available and resolve_band(name, available, asset_id) is not None
    ]


def _known(asset_id: str | None) -> Sequence[Collection]:
    """What an image may be of: one collection, or any for a computed image."""
    return [collection_of(asset_id)] if asset_id else [*COLLECTIONS.values()]
