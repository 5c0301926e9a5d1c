"""From what a pixel is made of to the value of each band."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from eemulator.catalog.materials import CIRRUS, CLOUD, REFLECTANCE, SKY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from eemulator.catalog.layouts import Level
    from eemulator.catalog.mixing import Mixture
    from eemulator.catalog.noise import Floats

f32 = np.float32


def reflectance(m: Mixture, band: str, level: Level) -> Floats:
    """Reflectance (0 to 1) of a spectral band, of the surface (L2A) or with the sky (L1C)."""
    materials = REFLECTANCE[band]
    total = np.zeros_like(m.light)
    for name, share in m.shares.items():
        total += share * f32(materials[name])
    if m.shadow is not None:
        total -= total * m.shadow
    if level == "L1C":
        added, passed = SKY[band]
        total *= f32(passed)
        total += f32(added)
    if m.cirrus is not None:
        total += m.cirrus * f32(CIRRUS[band])
    if m.cloud is not None:
        total += m.cloud * (m.glow * f32(CLOUD[band]) - total)
    return total


# Above these, a pixel counts as cloud, thick cloud, cirrus, shadow, water, or vegetation.
_CLOUDY, _OVERCAST, _HAZY, _SHADED, _WET, _GREEN = 0.3, 0.75, 0.15, 0.2, 0.5, 0.38
_TRUE_COLOUR = {"TCI_R": "B4", "TCI_G": "B3", "TCI_B": "B2"}


def _above(x: Floats | None, limit: float, like: Floats) -> NDArray[np.bool_]:
    """Where a field that may be absent passes a limit."""
    return np.zeros(like.shape, np.bool_) if x is None else x > f32(limit)


class Flags(NamedTuple):
    """What pixels count as; several may hold."""

    cloud: NDArray[np.bool_]
    cirrus: NDArray[np.bool_]
    shadow: NDArray[np.bool_]
    water: NDArray[np.bool_]


def flags(m: Mixture) -> Flags:
    """What pixels count as, by the thresholds of the scene classification."""
    return Flags(
        _above(m.cloud, _CLOUDY, m.light),
        _above(m.cirrus, _HAZY, m.light),
        _above(m.shadow, _SHADED, m.light),
        _above(m.water, _WET, m.light),
    )


def _classes(m: Mixture) -> Floats:
    """The scene classification (SCL), as Earth Engine numbers it."""
    like = m.light
    classes = np.where(m.leaves > f32(_GREEN), f32(4), f32(5))
    classes[m.light < f32(0.4)] = 2
    classes[_above(m.water, _WET, like)] = 6
    classes[_above(m.shadow, _SHADED, like)] = 3
    classes[_above(m.cirrus, _HAZY, like)] = 10
    classes[_above(m.cloud, _CLOUDY, like)] = 8
    classes[_above(m.cloud, _OVERCAST, like)] = 9
    return classes


def _whole(x: Floats, most: int, least: int = 1) -> Floats:
    """Rounded down, and between bounds; 0 in a spectral band would mean no data."""
    np.clip(x, f32(least), f32(most), out=x)
    return np.floor(x, out=x)


def band_values(m: Mixture, name: str, level: Level) -> Floats:
    """Values of any band, before they are cast to its dtype; whole numbers."""
    if name in REFLECTANCE:
        return _whole(reflectance(m, name, level) * f32(1e4) + f32(0.5), 65535)
    if name in _TRUE_COLOUR:
        # [remembered] ESA's true-colour image is full at a reflectance of 0.3558.
        full = f32(255 / 0.3558)
        return _whole(reflectance(m, _TRUE_COLOUR[name], level) * full + f32(0.5), 255)
    nothing = np.zeros_like(m.light)
    opaque = _above(m.cloud, _CLOUDY, nothing)
    high = _above(m.cirrus, _HAZY, nothing) & ~opaque
    match name:
        case "SCL":
            return _classes(m)
        case "MSK_CLDPRB":
            return _whole(m.thickness * f32(120) + f32(30), 100, 0)
        case "AOT":  # thousandths; a little more under cirrus
            extra = nothing if m.cirrus is None else m.cirrus * f32(50)
            return _whole(extra + f32(1000 * m.sky.haze), 65535)
        case "WVP":  # thousandths of a centimetre; more in clouds
            extra = nothing if m.cloud is None else m.cloud * f32(400)
            return _whole(extra + f32(1000 * m.sky.vapour), 65535)
        case "QA60":  # bit 10: opaque cloud, bit 11: cirrus
            return opaque * f32(1024) + high * f32(2048)
        case "MSK_CLASSI_OPAQUE":
            return opaque.astype(np.float32)
        case "MSK_CLASSI_CIRRUS":
            return high.astype(np.float32)
        case _:  # QA10 and QA20 are always empty, and it never snows here
            return nothing
