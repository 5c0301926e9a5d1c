"""Names of bands: the sensor's own and common ones, to Earth Engine's.

Whether letters are capitals does not matter (`resolve_band`), so that `scl` or `vv` need no entry.

The common names are those of STAC's EO extension,
https://github.com/stac-extensions/eo/tree/v2.0.0#common-band-names
"""

from __future__ import annotations

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

S2_SR_ALIASES = _S2_ALIASES
"""Sentinel-2, surface reflectance."""

S2_TOA_ALIASES = _S2_ALIASES | {"cirrus": "B10"}
"""Sentinel-2, top of atmosphere."""

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

OLI_ALIASES = (
    _OLI_COMMON_NAMES
    | {"pan": "B8", "cirrus": "B9", "lwir11": "B10", "lwir12": "B11"}
    | {f"B{n:02}": f"B{n}" for n in range(1, 10)}
)
"""Landsat 8 and 9, raw and top of atmosphere."""

OLI_SR_ALIASES = (
    {name: f"SR_{band}" for name, band in _OLI_COMMON_NAMES.items()}
    | {"lwir11": "ST_B10", "B10": "ST_B10"}
    | {f"B{n}": f"SR_B{n}" for n in range(1, 8)}
    | {f"B{n:02}": f"SR_B{n}" for n in range(1, 8)}
)
"""Landsat 8 and 9, surface reflectance."""

_TM_COMMON_NAMES = {
    "blue": "B1",
    "green": "B2",
    "red": "B3",
    "nir08": "B4",
    "nir": "B4",
    "swir16": "B5",
    "swir22": "B7",
}

TM_ALIASES = (
    _TM_COMMON_NAMES | {"lwir": "B6", "pan": "B8"} | {f"B{n:02}": f"B{n}" for n in range(1, 9)}
)
"""Landsat 4 and 5, raw and top of atmosphere."""

ETM_ALIASES = TM_ALIASES | dict.fromkeys(("lwir", "B6", "B06"), "B6_VCID_1")
"""Landsat 7, raw and top of atmosphere: of its two thermal bands the one of low gain, which
saturates less."""

_TM_REFLECTIVE = (1, 2, 3, 4, 5, 7)

TM_SR_ALIASES = (
    {name: f"SR_{band}" for name, band in _TM_COMMON_NAMES.items()}
    | dict.fromkeys(("lwir", "B6", "B06"), "ST_B6")
    | {f"B{n}": f"SR_B{n}" for n in _TM_REFLECTIVE}
    | {f"B{n:02}": f"SR_B{n}" for n in _TM_REFLECTIVE}
)
"""Landsat 4, 5 and 7, surface reflectance."""

_MODIS_COMMON_NAMES = {
    "red": 1,
    "nir": 2,
    "nir08": 2,
    "blue": 3,
    "green": 4,
    "swir16": 6,
    "swir22": 7,
}
_MODIS_NUMBERS = _MODIS_COMMON_NAMES | {f"B{n}": n for n in range(1, 8)}
_MODIS_NUMBERS |= {f"B{n:02}": n for n in range(1, 8)}

MODIS_ALIASES = {name: f"sur_refl_b{n:02}" for name, n in _MODIS_NUMBERS.items()}
"""MODIS: reflectance of a day, of 8 or of 16 days (MOD09, MOD13 and their like)."""

MODIS_NADIR_ALIASES = {name: f"Nadir_Reflectance_Band{n}" for name, n in _MODIS_NUMBERS.items()}
"""MODIS: reflectance as seen from above (MCD43A4)."""

MODIS_TEMPERATURE_ALIASES = {"lst_day": "LST_Day_1km", "lst_night": "LST_Night_1km"}
"""MODIS: temperature of the ground (MOD11 and its like)."""

S1_ALIASES = {"incidence_angle": "angle"}
"""Sentinel-1; the polarisations are found in any case."""

CLOUD_PROBABILITY_ALIASES = {"cloud_probability": "probability"}
CLOUD_SCORE_ALIASES = {"cloud_score": "cs", "cloud_score_cdf": "cs_cdf"}
DEM_ALIASES = {"elevation": "DEM"}
EMBEDDING_ALIASES = {f"A{n}": f"A{n:02}" for n in range(10)}
