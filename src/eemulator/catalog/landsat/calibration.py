"""From digital numbers to radiance, reflectance and temperature: the constants of each mission.

Those of OLI and TIRS are of their images' metadata, those of TM and ETM+ of Chander, Markham and
Helder (2009), doi:10.1016/j.rse.2009.01.007, and of collection 2's metadata [S]. How the 8-bit
reflectances are scaled is the emulator's own.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .missions import Family, Mission


class Line(NamedTuple):
    """Value = `mult` times the number plus `add`."""

    mult: float
    add: float


class Thermal(NamedTuple):
    """A band of emitted light.

    Attributes:
        k1: W/(m² sr µm).
        k2: kelvin.
        radiance: of a digital number.
    """

    k1: float
    k2: float
    radiance: Line


# Reflectance times the cosine of the sun's zenith angle; of 8-bit numbers, 255 stands for 0.9.
REFLECTANCE: dict[Family, Line] = {
    "OLI": Line(2e-5, -0.1),
    "ETM": Line(0.9 / 254, -0.9 / 254),
    "TM": Line(0.9 / 254, -0.9 / 254),
}

_TIRS = Line(3.342e-4, 0.1)
_ETM_LOW, _ETM_HIGH = Line(0.067087, -0.06709), Line(0.037205, 3.1628)
_TM = Line(0.055375, 1.18243)
THERMAL: dict[int, dict[str, Thermal]] = {
    4: {"B6": Thermal(671.62, 1284.30, _TM)},
    5: {"B6": Thermal(607.76, 1260.56, _TM)},
    7: {
        "B6_VCID_1": Thermal(666.09, 1282.71, _ETM_LOW),
        "B6_VCID_2": Thermal(666.09, 1282.71, _ETM_HIGH),
    },
    8: {
        "B10": Thermal(774.8853, 1321.0789, _TIRS),
        "B11": Thermal(480.8883, 1201.1442, _TIRS),
    },
    9: {
        "B10": Thermal(799.0284, 1329.2405, Line(3.8e-4, 0.1)),
        "B11": Thermal(475.6581, 1198.3494, Line(3.49e-4, 0.1)),
    },
}
"""By mission and band."""

# Of the sun outside of the atmosphere, in W/(m² µm), by family and band.
_SUN: dict[Family, dict[str, float]] = {
    "OLI": {"1": 1895.33, "2": 2004.57, "3": 1820.75, "4": 1549.49, "5": 951.76, "6": 247.55,
            "7": 85.46, "8": 1723.8, "9": 366.97},
    "ETM": {"1": 1997.0, "2": 1812.0, "3": 1533.0, "4": 1039.0, "5": 230.8, "7": 84.9,
            "8": 1362.0},
    "TM": {"1": 1983.0, "2": 1796.0, "3": 1536.0, "4": 1031.0, "5": 220.0, "7": 83.44},
}  # fmt: skip


def calibration(mission: Mission, distance: float) -> dict[str, float]:
    """The properties of an image that say how it is calibrated.

    Args:
        mission: whose image it is.
        distance: of the sun, in astronomical units.
    """
    reflectance = REFLECTANCE[mission.family]
    found: dict[str, float] = {}
    for band, irradiance in _SUN[mission.family].items():
        share = irradiance / (math.pi * distance**2)
        found |= {
            f"REFLECTANCE_MULT_BAND_{band}": reflectance.mult,
            f"REFLECTANCE_ADD_BAND_{band}": reflectance.add,
            f"RADIANCE_MULT_BAND_{band}": reflectance.mult * share,
            f"RADIANCE_ADD_BAND_{band}": reflectance.add * share,
        }
    for name, thermal in THERMAL[mission.number].items():
        band = name.removeprefix("B")
        found |= {
            f"RADIANCE_MULT_BAND_{band}": thermal.radiance.mult,
            f"RADIANCE_ADD_BAND_{band}": thermal.radiance.add,
            f"K1_CONSTANT_BAND_{band}": thermal.k1,
            f"K2_CONSTANT_BAND_{band}": thermal.k2,
        }
    return found
