"""The missions, and which bands their images have in Earth Engine.

Bands, dtypes and scales are those of the data catalogue's pages [S]; the order of the `ST_` bands,
the angles of missions 4 to 7, the pyramiding and the presence of Landsat 9 in real time are
remembered [M].
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np

Family = Literal["OLI", "ETM", "TM"]
"""Instruments of the same bands."""

Level = Literal["", "_TOA", "_L2"]
"""Digital numbers, top of atmosphere, or surface; as the ends of collections' ids."""


@dataclass(frozen=True)
class Mission:
    """A satellite.

    Attributes:
        prefix: of its collections and ids.
        number: as in `LANDSAT_8`.
        family: of its instrument.
        sensor: `SENSOR_ID`.
        first: day of its first images.
        last: of its last ones, or of the emulator's.
        phase: days after Landsat 8 that it flies a path, 0 or 8.
        real_time: whether it has real-time collections.
    """

    prefix: str
    number: int
    family: Family
    sensor: str
    first: date
    last: date
    phase: int
    real_time: bool

    def tiers(self, level: Level) -> tuple[str, ...]:
        """Names of its tiers' collections at a level."""
        if self.real_time and level != "_L2":
            return "T1", "T2", "T1_RT"
        return "T1", "T2"


# The last day that the emulator knows of.
_END = date(2024, 12, 31)

MISSIONS = (
    Mission("LT04", 4, "TM", "TM", date(1982, 8, 22), date(1993, 11, 30), 8, real_time=False),
    Mission("LT05", 5, "TM", "TM", date(1984, 3, 16), date(2011, 11, 17), 0, real_time=False),
    Mission("LE07", 7, "ETM", "ETM", date(1999, 6, 29), date(2022, 4, 6), 8, real_time=True),
    Mission("LC08", 8, "OLI", "OLI_TIRS", date(2013, 4, 11), _END, 0, real_time=True),
    Mission("LC09", 9, "OLI", "OLI_TIRS", date(2021, 10, 31), _END, 8, real_time=True),
)


class BandLayout(NamedTuple):
    """How one band is stored and what it holds.

    Attributes:
        name: in Earth Engine.
        kind: what `pixels` makes it of.
        source: the Sentinel-2 band whose reflectance it has, or a mission's own name for it.
        dtype: of its values.
        resolution: metres.
    """

    name: str
    kind: str
    source: str
    dtype: np.dtype[Any]
    resolution: int

    @property
    def pyramiding(self) -> str:
        """How overviews are made."""
        return "MODE" if "QA" in self.name else "MEAN"


# Bands of reflected light, with the Sentinel-2 band that sees the same colour.
_OPTICAL: dict[Family, dict[str, str]] = {
    "OLI": {"B1": "B1", "B2": "B2", "B3": "B3", "B4": "B4", "B5": "B8A", "B6": "B11",
            "B7": "B12", "B8": "pan", "B9": "B10"},
    "ETM": {"B1": "B2", "B2": "B3", "B3": "B4", "B4": "B8A", "B5": "B11", "B7": "B12",
            "B8": "pan"},
    "TM": {"B1": "B2", "B2": "B3", "B3": "B4", "B4": "B8A", "B5": "B11", "B7": "B12"},
}  # fmt: skip
_THERMAL: dict[Family, tuple[str, ...]] = {
    "OLI": ("B10", "B11"),
    "ETM": ("B6_VCID_1", "B6_VCID_2"),
    "TM": ("B6",),
}
_ANGLES = ("SAA", "SZA", "VAA", "VZA")
_TEMPERATURE = ("ATRAN", "CDIST", "DRAD", "EMIS", "EMSD", "QA", "TRAD", "URAD")


@cache
def band_layouts(family: Family, level: Level) -> tuple[BandLayout, ...]:
    """The bands of an image, in Earth Engine's order."""
    made = _surface(family) if level == "_L2" else _top_of_atmosphere(family, level)
    quality = [
        BandLayout(name, name, "", np.dtype(np.uint16), 30) for name in ("QA_PIXEL", "QA_RADSAT")
    ]
    angles = [] if level == "_L2" else _ANGLES
    return (
        *made,
        *quality,
        *(BandLayout(name, name, "", np.dtype(np.int16), 30) for name in angles),
    )


def _top_of_atmosphere(family: Family, level: Level) -> list[BandLayout]:
    numbers = np.dtype(np.uint16 if family == "OLI" else np.uint8)
    dtype = np.dtype(np.float32) if level == "_TOA" else numbers
    optical = [
        BandLayout(name, f"optical{level}", source, dtype, 15 if source == "pan" else 30)
        for name, source in _OPTICAL[family].items()
    ]
    thermal = [BandLayout(name, f"thermal{level}", name, dtype, 30) for name in _THERMAL[family]]
    return sorted(optical + thermal, key=lambda band: (int(band.name[1:].split("_")[0]), band.name))


def _surface(family: Family) -> list[BandLayout]:
    reflectance = [
        BandLayout(f"SR_{name}", "surface", source, np.dtype(np.uint16), 30)
        for name, source in _OPTICAL[family].items()
        if source not in ("pan", "B10")
    ]
    if family == "OLI":
        atmosphere = [BandLayout("SR_QA_AEROSOL", "SR_QA_AEROSOL", "", np.dtype(np.uint8), 30)]
        temperature = "ST_B10"
    else:
        atmosphere = [
            BandLayout("SR_ATMOS_OPACITY", "SR_ATMOS_OPACITY", "", np.dtype(np.int16), 30),
            BandLayout("SR_CLOUD_QA", "SR_CLOUD_QA", "", np.dtype(np.uint8), 30),
        ]
        temperature = "ST_B6"
    return [
        *reflectance,
        *atmosphere,
        BandLayout(temperature, "temperature", "", np.dtype(np.uint16), 30),
        *(
            BandLayout(f"ST_{name}", f"ST_{name}", "", np.dtype(np.int16), 30)
            for name in _TEMPERATURE
        ),
    ]
