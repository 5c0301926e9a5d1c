"""Names of bands: the sensor's own and common ones, to Earth Engine's.

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

S2_SR_ALIASES = _S2_ALIASES | {"scl": "SCL", "aot": "AOT", "wvp": "WVP"}
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

OLI_SR_ALIASES = {name: f"SR_{band}" for name, band in _OLI_COMMON_NAMES.items()} | {
    "lwir11": "ST_B10"
}
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
"""Landsat 4, 5 and 7, raw and top of atmosphere."""

TM_SR_ALIASES = {name: f"SR_{band}" for name, band in _TM_COMMON_NAMES.items()} | {"lwir": "ST_B6"}
"""Landsat 4, 5 and 7, surface reflectance."""
