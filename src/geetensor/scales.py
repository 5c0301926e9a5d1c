"""From the numbers that are stored to physical units, collection by collection.

Source, if nothing else is said: the columns "Scale" and "Offset" of the bands' table on each
collection's page, https://developers.google.com/earth-engine/datasets/catalog. Bands that have
neither, and classes, are in the units that they are stored in. The pages are made of
https://github.com/google/earthengine-catalog (`gee:scale`, `gee:offset`), with whose files below
the numbers have been compared.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Scaling(NamedTuple):
    """What makes a physical quantity of a number: `gain × number + offset`."""

    gain: float
    offset: float = 0.0


class Rescaling(NamedTuple):
    """Other scales, of the later scenes of a collection.

    Attributes:
        property: that tells them.
        since: its value from which on they hold; texts, compared as such.
        scales: by patterns of band names.
    """

    property: str
    since: str
    scales: Mapping[str, Scaling]


_REFLECTANCE = Scaling(1e-4)

S2_SCALES: Mapping[str, Scaling] = MappingProxyType(
    {"B*": _REFLECTANCE, "AOT": Scaling(1e-3), "WVP": Scaling(1e-3)}
)
"""Sentinel-2, harmonized or of a baseline before 04.00: reflectance; optical thickness; water
vapour in cm."""

S2_LATER = Rescaling(
    "PROCESSING_BASELINE", "04.00", MappingProxyType({**S2_SCALES, "B*": Scaling(1e-4, -0.1)})
)
"""Sentinel-2, not harmonized: from 2022-01-25 on, "scenes with PROCESSING_BASELINE '04.00' or above
have their DN (value) range shifted by 1000", says the catalogue; the reflectances, that is."""

LANDSAT_SR_SCALES: Mapping[str, Scaling] = MappingProxyType(
    {
        "SR_B*": Scaling(2.75e-5, -0.2),
        **dict.fromkeys(("ST_B6", "ST_B10"), Scaling(0.00341802, 149.0)),  # kelvin
        **dict.fromkeys(("ST_ATRAN", "ST_EMIS", "ST_EMSD"), Scaling(1e-4)),
        **dict.fromkeys(("ST_DRAD", "ST_TRAD", "ST_URAD"), Scaling(1e-3)),  # W/(m² sr µm)
        **dict.fromkeys(("ST_CDIST", "ST_QA"), Scaling(0.01)),  # km, kelvin
        "SR_ATMOS_OPACITY": Scaling(1e-3),
    }
)
"""Landsat collection 2, level 2: reflectance and temperature.
`catalog/LANDSAT/templates/LC08_C02_L2.libsonnet` and `LANDSAT_LE07_C02_T1_L2.jsonnet`. Also at
https://www.usgs.gov/faqs/how-do-i-use-a-scale-factor-landsat-level-2-science-products"""

LANDSAT_TOA_SCALES: Mapping[str, Scaling] = MappingProxyType(
    dict.fromkeys(("SAA", "SZA", "VAA", "VZA"), Scaling(0.01))
)
"""Landsat collection 2, top of atmosphere: reflectances and kelvins as they are; degrees."""

_ANGLES = ("S*Zenith", "S*Azimuth", "ViewZenith", "RelativeAzimuth")
_DEGREES = dict.fromkeys(_ANGLES, Scaling(0.01))

MODIS_REFLECTANCE_SCALES: Mapping[str, Scaling] = MappingProxyType(
    {
        **dict.fromkeys(("sur_refl_b*", "Nadir_Reflectance_Band*"), _REFLECTANCE),
        **_DEGREES,
        "Range": Scaling(25.0),  # metres
    }
)
"""MOD09, MYD09 and MCD43A4: reflectance; degrees.
`catalog/MODIS/templates/MODIS_006_MOD09GA.libsonnet`, as 061 has it."""

MODIS_INDEX_SCALES: Mapping[str, Scaling] = MappingProxyType(
    {**dict.fromkeys(("NDVI", "EVI", "sur_refl_b*"), _REFLECTANCE), **_DEGREES}
)
"""MOD13 and MYD13. `catalog/MODIS/templates/MODIS_006_MOD13Q1.libsonnet`, as 061 has it."""

MODIS_TEMPERATURE_SCALES: Mapping[str, Scaling] = MappingProxyType(
    {
        "LST_*_1km": Scaling(0.02),  # kelvin
        "*_view_time": Scaling(0.1),  # hours
        "*_view_angle": Scaling(1.0, -65.0),  # degrees
        "Emis_*": Scaling(0.002, 0.49),
        "Clear_*_cov": Scaling(0.0005),
    }
)
"""MOD11 and MYD11. `catalog/MODIS/templates/MODIS_006_MOD11A1.libsonnet`, as 061 has it."""
