"""Pixels: what each is made of, what the sky does to it, and the bands that come of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from eemulator.catalog.ground import GROUND_FIELDS, lit_ground
from eemulator.catalog.ground import SPACING as GROUND_SPACING
from eemulator.catalog.lattice import Lattice
from eemulator.catalog.materials import CIRRUS, CLOUD, REFLECTANCE, SKY
from eemulator.catalog.noise import Floats, lattice_values
from eemulator.catalog.parcels import parcels
from eemulator.catalog.region import ORIGIN
from eemulator.catalog.seasons import Season, season
from eemulator.catalog.weather import SPACING as CLOUD_SPACING
from eemulator.catalog.weather import Sky, clouds, sky

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from eemulator.catalog.orbits import Pass
    from eemulator.catalog.sentinel2 import Level

f32 = np.float32
_0, _1 = f32(0), f32(1)

# Texture finer than the ground's nodes: one number every so many metres.
_TEXTURE_SPACING = 20.0


class Around:
    """The fields around a block of pixels, ready to be read strip by strip.

    Args:
        x: easting of the pixels' centres in the plane, metres: `(1, w)` or `(h, w)`.
        y: northing: `(h, 1)` or `(h, w)`.
        crossing: the pass.
    """

    def __init__(self, x: NDArray[np.float64], y: NDArray[np.float64], crossing: Pass) -> None:
        self.sky: Sky = sky(crossing)
        self.season: Season = season(crossing.date)
        self.east = (x - ORIGIN[0]).astype(np.float32)
        self.north = (y - ORIGIN[1]).astype(np.float32)
        near = Lattice(x, y, GROUND_SPACING)
        nodes = lit_ground(near.i, near.j, self.sky)
        self.ground = {
            name: near.field(node) for name, node in zip(GROUND_FIELDS, nodes, strict=True)
        }
        fine = Lattice(x, y, _TEXTURE_SPACING)
        self.texture = fine.field(lattice_values(fine.i, fine.j, 7))
        far = Lattice(x, y, CLOUD_SPACING)
        self.clouds = [far.field(node) for node in clouds(self.sky, far.i, far.j)]


@dataclass
class Mixture:
    """A strip of pixels, each described.

    Attributes:
        shares: of each material, in the order of `MATERIALS`, lit as the land is.
        water: share that is open water, 0 to 1.
        leaves: share that is green, 0 to 1.
        light: how strongly the sun lights the slope; 1 on flat land.
        cloud: share of the view that cloud hides, 0 to 1.
        glow: brightness of that cloud, 0 to 1.
        shadow: how dark clouds' shadows are, 0 to 1.
        cirrus: thickness of cirrus, 0 to 1.
        thickness: of cloud, not clipped (see `weather`).
        sky: the weather.
    """

    shares: list[Floats]
    water: Floats
    leaves: Floats
    light: Floats
    cloud: Floats
    glow: Floats
    shadow: Floats
    cirrus: Floats
    thickness: Floats
    sky: Sky


def _clip(x: Floats) -> Floats:
    clipped: Floats = np.clip(x, _0, _1)
    return clipped


def _rows(array: Floats, rows: slice) -> Floats:
    return array[rows] if array.shape[0] > 1 else array


def mix(around: Around, rows: slice) -> Mixture:
    """Describes the pixels of some rows of a block."""
    g = {name: read(rows) for name, read in around.ground.items()}
    year = around.season
    texture = around.texture(rows)

    # Wild land: bare soil, dry and green grass.
    bare = _clip(g["red"] * f32(1.3) - g["moist"] * f32(0.5) - g["lush"] * f32(0.3) - f32(0.25))
    green = g["moist"] * f32(0.35) + g["lush"] * f32(0.45)
    green += f32(year.grass * 1.1 - 0.15)
    green = _clip(green + texture * f32(0.05))
    grass = _1 - bare
    leaves = grass * green
    straw = grass - leaves

    # Fields, each parcel as a whole.
    p = parcels(_rows(around.east, rows) + g["field_x"], _rows(around.north, rows) + g["field_y"])
    farmed = ((g["farms"] + p.margin * f32(0.22)) > _0).astype(np.float32)
    tilled = _clip(p.border * f32(1 / 7)) * farmed
    wild = _1 - tilled
    leaves = leaves * wild + year.leaves.take(p.kind) * tilled
    straw = straw * wild + year.straw.take(p.kind) * tilled
    paddy = year.water.take(p.kind) * tilled
    soil = _clip(_1 - leaves - straw - paddy)

    # Forest, town and water cover what was there.
    woods = _clip((g["woods"] + texture * f32(0.05)) * f32(9) + f32(0.5)) * (_1 - farmed)
    built = _clip((g["town"] + texture * f32(0.22)) * f32(2.2))
    streets = _clip(p.border * f32(1 / 9))
    built *= f32(0.45) + f32(0.4) * streets + f32(0.15) * texture
    deep = np.maximum(f32(55) - np.abs(g["river"]), f32(11) - np.abs(g["stream"]))
    deep = np.maximum(deep, g["shore"])
    water = _clip(deep * f32(0.1) + f32(0.5))
    dry = _1 - water
    open_land = (_1 - woods) * (_1 - built) * dry
    leaves = leaves * open_land
    soil = soil * open_land
    red = soil * _clip(g["red"] + p.tone * f32(0.25))
    woods = woods * (_1 - built) * dry
    silt = _clip(g["silt"] - deep * f32(0.0004))

    thick, shading, high = (read(rows) for read in around.clouds)
    cloud = _clip(thick)
    cloud = cloud * (f32(2) - cloud)
    light = g["light"] * (_1 + texture * (f32(0.05) + f32(0.22) * woods + f32(0.3) * built))
    light = light * (_1 + tilled * p.tone * f32(0.12))
    return Mixture(
        shares=[
            red * light,
            (soil - red) * light,
            straw * open_land * light,
            leaves * light,
            paddy * open_land,
            woods * light,
            built * dry * light,
            water * (_1 - silt),
            water * silt,
        ],
        water=water,
        leaves=leaves + woods,
        light=light,
        cloud=cloud,
        glow=_clip(f32(0.62) + thick * f32(0.13)),
        shadow=_clip(shading) * f32(0.62),
        cirrus=_clip(high),
        thickness=thick,
        sky=around.sky,
    )


def reflectance(m: Mixture, band: str, level: Level) -> Floats:
    """Reflectance (0 to 1) of a spectral band, of the surface (L2A) or with the sky (L1C)."""
    parts = REFLECTANCE[band]
    total = m.shares[0] * f32(parts[0])
    for share, part in zip(m.shares[1:], parts[1:], strict=True):
        total += share * f32(part)
    total -= total * m.shadow
    if level == "L1C":
        added, passed = SKY[band]
        total = total * f32(passed) + f32(added)
    total += m.cirrus * f32(CIRRUS[band])
    total += m.cloud * (m.glow * f32(CLOUD[band]) - total)
    return total


# Above these, a pixel counts as cloud, thick cloud, cirrus, shadow, water, or vegetation.
_CLOUDY, _OVERCAST, _HAZY, _SHADED, _WET, _GREEN = 0.3, 0.75, 0.15, 0.2, 0.5, 0.38
_TRUE_COLOUR = {"TCI_R": "B4", "TCI_G": "B3", "TCI_B": "B2"}


def _classes(m: Mixture) -> Floats:
    """The scene classification (SCL), as Earth Engine numbers it."""
    classes = np.where(m.leaves > _GREEN, f32(4), f32(5))
    classes[m.light < 0.4] = 2
    classes[m.water > _WET] = 6
    classes[m.shadow > _SHADED] = 3
    classes[m.cirrus > _HAZY] = 10
    classes[m.cloud > _CLOUDY] = 8
    classes[m.cloud > _OVERCAST] = 9
    return classes


def _whole(x: Floats, most: int, least: int = 1) -> Floats:
    """Rounded down, and between bounds; 0 in a spectral band would mean no data."""
    whole: Floats = np.floor(np.clip(x, f32(least), f32(most)))
    return whole


def band(m: Mixture, name: str, level: Level) -> Floats:
    """Values of any band, before they are cast to its dtype; whole numbers."""
    if name in REFLECTANCE:
        scaled = reflectance(m, name, level) * f32(1e4) + f32(0.5)
        return _whole(scaled, 65535)
    if name in _TRUE_COLOUR:
        # [remembered] ESA's true-colour image is full at a reflectance of 0.3558.
        scaled = reflectance(m, _TRUE_COLOUR[name], level) * f32(255 / 0.3558) + f32(0.5)
        return _whole(scaled, 255)
    opaque = m.cloud > _CLOUDY
    high = (m.cirrus > _HAZY) & ~opaque
    match name:
        case "SCL":
            return _classes(m)
        case "MSK_CLDPRB":
            return _whole(m.thickness * f32(120) + f32(30), 100, 0)
        case "AOT":  # thousandths
            return _whole(m.cirrus * f32(50) + f32(1000 * m.sky.haze), 65535)
        case "WVP":  # thousandths of a centimetre
            return _whole(m.cloud * f32(400) + f32(1000 * m.sky.vapour), 65535)
        case "QA60":  # bit 10: opaque cloud, bit 11: cirrus
            return opaque * f32(1024) + high * f32(2048)
        case "MSK_CLASSI_OPAQUE":
            return opaque.astype(np.float32)
        case "MSK_CLASSI_CIRRUS":
            return high.astype(np.float32)
        case _:  # QA10 and QA20 are always empty, and it never snows here
            return np.zeros_like(m.cloud)
