"""Clouds: where they are on each pass, how thick, and where their shadows fall.

A pass has one sky, the same for all its tiles, so that clouds go on across a tile's edge. The
clouds are noise above a threshold that the pass's cloudiness sets; shadows are the same noise,
looked up in the direction of the sun.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from eemulator.catalog import sun
from eemulator.catalog.lattice import Lattice
from eemulator.catalog.noise import Floats, Ints, Octave, fractal, hash32
from eemulator.catalog.region import kilometres

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

SPACING = 80.0
"""Metres between nodes."""

f32 = np.float32

# Cells in km for a scale of 1; the first three carry the weather, the rest the clouds' shapes.
_OCTAVES = (
    Octave(46.0, 0.85, 101),
    Octave(17.0, 0.75, 102),
    Octave(6.3, 0.95, 103),
    Octave(2.6, 0.75, 104),
    Octave(1.15, 0.5, 105),
    Octave(0.52, 0.3, 106),
    Octave(0.24, 0.17, 107),
)
_OF_WEATHER = 3
# From afar, those are known at every so-manieth node.
_FEWER = 2
_SPREAD = 0.36  # standard deviation of the sum, measured
_CIRRUS = (Octave(30.0, 1.0, 111), Octave(9.0, 0.55, 112), Octave(3.0, 0.25, 113))

# Mean cloudiness by month, January first: the rains, then the dry season of the highlands.
_CLOUDINESS = (0.66, 0.64, 0.55, 0.33, 0.21, 0.17, 0.18, 0.14, 0.11, 0.17, 0.33, 0.56)


@dataclass(frozen=True)
class Moment:
    """When the land was seen, and in which pass: all that weather and season depend on.

    Attributes:
        seed: the pass's own; neighbouring seeds must be 8 apart.
        overhead: UTC when the satellite was overhead.
    """

    seed: int
    overhead: datetime


@dataclass(frozen=True)
class Sky:
    """The weather of one pass.

    Attributes:
        drift_x, drift_y: offset into the noise, km.
        scale: size of the clouds; 1 is fair-weather cumulus, 2.5 a sheet.
        threshold: of the noise; there is cloud above it.
        sharpness: how fast a cloud thickens above the threshold.
        cirrus: -1 for none, to 0.3 for much.
        shadow_x, shadow_y: from a shadow to the cloud that casts it, km.
        haze: aerosol optical thickness.
        vapour: water vapour, cm.
        sun_x, sun_y: horizontal direction of the sun (east, north), times the tangent of its
            zenith angle.
        light: cosine of its zenith angle.
    """

    drift_x: float
    drift_y: float
    scale: float
    threshold: float
    sharpness: float
    cirrus: float
    shadow_x: float
    shadow_y: float
    haze: float
    vapour: float
    sun_x: float
    sun_y: float
    light: float


def _chances(seed: int, count: int) -> list[float]:
    """Numbers in [0, 1) that belong to a pass."""
    seeds = np.arange(count, dtype=np.uint32) + np.uint32(seed)
    return [float(h) / 2**32 for h in hash32(hash32(seeds))]


@lru_cache(maxsize=8192)
def _cloudiness(moment: Moment) -> tuple[float, float]:
    """Share of cloud, 0 to 1: that of the season, and that of the pass."""
    cover = _chances(moment.seed, 1)[0]
    day = moment.overhead
    month = day.month - 1 + (day.day - 15) / 30
    mean = float(np.interp(month, range(12), _CLOUDINESS, period=12))
    # Days differ: overcast or clear more often than half and half.
    swing = math.copysign(abs(2 * cover - 1) ** 0.8, cover - 0.5)
    return mean, min(max(mean + swing * min(mean + 0.1, 1.05 - mean), 0.002), 0.985)


def cloud_share(moment: Moment) -> float:
    """About how much of the land clouds hide in a pass, 0 to 1; scenes of it differ."""
    return _cloudiness(moment)[1]


@lru_cache(maxsize=512)
def sky(moment: Moment) -> Sky:
    """The weather of a pass."""
    _, size, edge, high, x, y, air, base = _chances(moment.seed, 8)
    mean, wanted = _cloudiness(moment)
    scale = 1.0 + 1.5 * wanted * size
    position = sun.position(moment.overhead, 47.8, -18.6)
    tangent = math.tan(math.radians(position.zenith))
    east, north = math.sin(math.radians(position.azimuth)), math.cos(math.radians(position.azimuth))
    height = 1.1 + 1.6 * base
    return Sky(
        drift_x=x * 4000,
        drift_y=y * 4000,
        scale=scale,
        threshold=_SPREAD * NormalDist().inv_cdf(1 - wanted),
        sharpness=4.5 + 4.0 * edge,
        cirrus=high * 0.9 - 0.98 + 0.25 * mean,
        shadow_x=east * tangent * height,
        shadow_y=north * tangent * height,
        haze=0.06 + 0.16 * air + 0.1 * (0.3 < mean < 0.6),
        vapour=1.3 + 3.0 * mean + 0.6 * air,
        sun_x=east * tangent,
        sun_y=north * tangent,
        light=math.cos(math.radians(position.zenith)),
    )


def clouds(air: Sky, i: Ints, j: Ints) -> Floats:
    """Thickness of cloud, of the cloud that would shade the point, and of cirrus: `(3, m, n)`.

    Thickness is in units of a cloud that hides the ground; negative where there is none.
    """
    here, sunward = _sums(air, i, j, _OCTAVES)
    return _thickness(air, here, sunward, _cirrus(air, i, j))


def clouds_afar(air: Sky, i: Ints, j: Ints, step: int) -> Floats:
    """The same at every so-manieth node.

    The weather varies over kilometres, the clouds' shapes over a few hundred metres: it is known at
    fewer nodes still, and read between them.
    """
    far = Lattice(i * (step * SPACING), j * (step * SPACING), step * _FEWER * SPACING)
    x, y = far.i * (step * _FEWER), far.j * (step * _FEWER)
    weather = (*_sums(air, x, y, _OCTAVES[:_OF_WEATHER]), _cirrus(air, x, y))
    here, sunward, streaks = (far.field(nodes)(slice(None)) for nodes in weather)
    shapes = _sums(air, i * step, j * step, _OCTAVES[_OF_WEATHER:])
    return _thickness(air, here + shapes[0], sunward + shapes[1], streaks)


def _sums(air: Sky, i: Ints, j: Ints, octaves: Sequence[Octave]) -> tuple[Floats, Floats]:
    """Octaves at nodes, and where light comes from on its way there."""
    u, v = _drifted(air, i, j)
    towards_x, towards_y = f32(air.shadow_x / air.scale), f32(air.shadow_y / air.scale)
    return fractal(u, v, octaves), fractal(u + towards_x, v + towards_y, octaves)


def _cirrus(air: Sky, i: Ints, j: Ints) -> Floats:
    """Drawn out along the wind."""
    u, v = _drifted(air, i, j)
    return fractal(u * f32(0.35) + v * f32(0.15), v * f32(1.2) - u * f32(0.4), _CIRRUS)


def _drifted(air: Sky, i: Ints, j: Ints) -> tuple[Floats, Floats]:
    x, y = kilometres(i, j, SPACING)
    inverse = f32(1 / air.scale)
    return (x + f32(air.drift_x)) * inverse, (y + f32(air.drift_y)) * inverse


def _thickness(air: Sky, here: Floats, sunward: Floats, streaks: Floats) -> Floats:
    threshold, sharpness = f32(air.threshold), f32(air.sharpness)
    return np.stack(
        [
            (here - threshold) * sharpness,
            (sunward - threshold) * sharpness,
            (streaks + f32(air.cirrus)) * f32(2),
        ]
    )
