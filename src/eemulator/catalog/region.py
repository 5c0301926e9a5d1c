"""The lie of the land: what varies over hundreds of metres and more.

Worked out at nodes `SPACING` apart. Hills are octaves of noise, kept apart so that `ground` can
fold them; rivers are the zero lines of other noises, which wander without end. Positions are in
km of the plane from `ORIGIN`. All of it is invented, but for the places of Antananarivo and of
the coast, and the order from west to east: highlands, rainforest, lowland, sea.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from eemulator.catalog.noise import Floats, Ints, Octave, Slope, fractal, ramp, slope_of

if TYPE_CHECKING:
    from collections.abc import Sequence

SPACING = 160.0
"""Metres between nodes."""

ORIGIN = (800_000.0, 7_950_000.0)
"""Easting and northing in the plane of the point (0, 0), metres."""

f32 = np.float32

# Cells in km; weights are what an octave adds, in the unit of the field.
HILLS = (
    Octave(11.0, 620.0, 11),
    Octave(5.2, 330.0, 12),
    Octave(2.4, 190.0, 13),
    Octave(1.15, 100.0, 14),
)
_BEND_X = (Octave(13.0, 3.6, 1), Octave(4.1, 1.1, 2))
_BEND_Y = (Octave(13.0, 3.6, 3), Octave(4.1, 1.1, 4))
_MEANDER_X = (Octave(3.3, 3.4, 5), Octave(1.3, 0.9, 6))
_MEANDER_Y = (Octave(3.3, 3.4, 7), Octave(1.3, 0.9, 8))
_RIVER = Octave(38.0, 1.0, 21)
_STREAM = Octave(9.0, 1.0, 22)
_PLAINS = (Octave(24.0, 1.0, 23), Octave(7.0, 0.35, 24), Octave(2.0, 0.12, 27))
_COAST = (Octave(14.0, 2.6, 25), Octave(3.0, 0.5, 26))
_WOODS = (Octave(17.0, 1.1, 31), Octave(5.0, 0.9, 32), Octave(1.7, 0.7, 33), Octave(0.7, 0.45, 34))
_FARMS = (Octave(15.0, 1.2, 41), Octave(4.0, 0.7, 42), Octave(1.3, 0.4, 43))
_TINT = (Octave(21.0, 0.9, 51), Octave(6.0, 0.7, 52), Octave(1.6, 0.6, 53))
_LUSH = (Octave(30.0, 30.0, 54), Octave(9.0, 12.0, 55))
_TOWN_EDGE = (Octave(2.6, 0.9, 71), Octave(0.9, 0.7, 72))
_FIELDS_X = (Octave(6.0, 2600.0, 81), Octave(1.9, 500.0, 82))
_FIELDS_Y = (Octave(6.0, 2600.0, 83), Octave(1.9, 500.0, 84))

# Lakes: centre (km), radius (km), metres of their level above the valley floors.
_LAKES = (
    (-54.0, 17.0, 9.0, 150.0),
    (-8.0, -33.0, 6.0, 140.0),
    (24.0, 25.0, 7.0, 150.0),
    (80.0, -28.0, 5.0, 120.0),
)
# Towns: centre (km), radius (km). The first stands where Antananarivo is.
_TOWNS = (
    (-34.6, -42.4, 7.5),
    (-70.0, 30.0, 2.2),
    (-12.0, 55.0, 2.4),
    (-60.0, 88.0, 2.0),
    (-82.0, -18.0, 1.8),
    (-30.0, 8.0, 1.6),
    (39.0, -41.0, 2.6),
    (70.0, 5.0, 1.8),
    (108.0, -30.0, 2.0),
    (119.0, 18.0, 1.7),
)


class Region(NamedTuple):
    """Fields at the coarse nodes.

    Attributes:
        bend_x, bend_y: displacement (km) that bends everything natural here.
        river, stream: km to the nearest one's middle, signed by the side.
        sea: km beyond the coast (negative inland).
        lake: level of lakes above the valley floors, metres; negative away from them.
        hilly: 0 on plains and valley floors to 1 in the hills.
        hills: the octaves of relief (metres, and metres a km), not yet folded.
        woods, farms, town: forest, fields, houses where positive.
        red: 0 for tan soil to 1 for laterite.
        lush: 0 in the dry west to 1 in the rainforest's east.
        field_x, field_y: displacement (metres) that bends the fields' borders.
    """

    bend_x: Floats
    bend_y: Floats
    river: Floats
    stream: Floats
    sea: Floats
    lake: Floats
    hilly: Floats
    woods: Floats
    farms: Floats
    town: Floats
    red: Floats
    lush: Floats
    field_x: Floats
    field_y: Floats
    hills: tuple[Slope, ...]

    def stacked(self) -> Floats:
        """All fields as one array, `(fields, m, n)`."""
        return np.stack([*self[:-1], *(part for octave in self.hills for part in octave)])

    @classmethod
    def unstacked(cls, fields: Sequence[Floats]) -> Region:
        """The region whose fields these are, in the order of `stacked`."""
        plain = len(cls._fields) - 1
        hills = tuple(Slope(*fields[n : n + 3]) for n in range(plain, len(fields), 3))
        return cls._make([*fields[:plain], hills])


def kilometres(i: Ints, j: Ints, spacing: float) -> tuple[Floats, Floats]:
    """Positions of nodes in km from `ORIGIN`, both of the broadcast shape."""
    x = ((i * spacing - ORIGIN[0]) / 1000).astype(np.float32)
    y = ((j * spacing - ORIGIN[1]) / 1000).astype(np.float32)
    full_x, full_y = np.broadcast_arrays(x, y)
    return np.ascontiguousarray(full_x), np.ascontiguousarray(full_y)


def _along_zero(x: Floats, y: Floats, octave: Octave, least_slope: float) -> Floats:
    """Signed distance (km) to a noise's zero line, true near the line."""
    n, dx, dy = slope_of(x, y, octave)
    return n / np.sqrt(dx * dx + dy * dy + f32(least_slope * least_slope))


def _nearness(x: Floats, y: Floats, cx: float, cy: float, radius: float) -> Floats:
    """Squared distance to a point, in radii."""
    dx, dy = x - f32(cx), y - f32(cy)
    return (dx * dx + dy * dy) * f32(1 / radius**2)


def region(i: Ints, j: Ints) -> Region:
    """The region at nodes, given by their indices along x and y."""
    x, y = kilometres(i, j, SPACING)
    bend_x, bend_y = fractal(x, y, _BEND_X), fractal(x, y, _BEND_Y)
    px, py = x + bend_x, y + bend_y
    mx, my = px + fractal(px, py, _MEANDER_X), py + fractal(px, py, _MEANDER_Y)
    river = _along_zero(mx, my, _RIVER, 0.012)
    stream = _along_zero(mx, my, _STREAM, 0.04)
    # The coast runs north-north-east; the sea is to its east.
    sea = x - f32(134) - f32(0.26) * y + fractal(px, py, _COAST)
    lake = np.full_like(x, -50.0)
    for cx, cy, radius, level in _LAKES:
        lake = np.maximum(lake, f32(level) * (f32(1) - _nearness(x, y, cx, cy, radius)))

    from_river = np.abs(river)
    plains = ramp(fractal(px, py, _PLAINS), 0.08, 0.24) * ramp(-lake, -60.0, 0.0)
    hilly = (
        ramp(from_river, 0.3, 3.0)
        * (f32(0.35) + f32(0.65) * ramp(np.abs(stream), 0.06, 0.9))
        * (f32(1) - f32(0.93) * plains)
        * (f32(1) - f32(0.8) * ramp(sea, -14.0, -1.0))
    )
    flat = f32(1) - hilly

    lush = ramp(px + f32(0.15) * py + fractal(px, py, _LUSH), 5.0, 45.0)
    coastal = ramp(sea, -26.0, -6.0)
    woods = fractal(px, py, _WOODS) + lush * f32(0.62) - f32(0.52)
    woods = woods - coastal * f32(0.3) - flat * f32(0.28)
    farms = fractal(px, py, _FARMS) + flat * f32(0.95) - f32(0.5) - lush * f32(0.42)
    town = np.full_like(x, -9.0)
    for cx, cy, radius in _TOWNS:
        away = np.sqrt(_nearness(x, y, cx, cy, radius))
        town = np.maximum(town, f32(0.75) - f32(0.85) * away)
    return Region(
        bend_x=bend_x,
        bend_y=bend_y,
        river=river,
        stream=stream,
        sea=sea,
        lake=lake,
        hilly=hilly,
        woods=woods,
        farms=farms,
        town=town + fractal(px, py, _TOWN_EDGE),
        red=f32(0.5) + fractal(px, py, _TINT) * f32(1.2),
        lush=lush,
        field_x=fractal(x, y, _FIELDS_X),
        field_y=fractal(x, y, _FIELDS_Y),
        hills=tuple(slope_of(px, py, octave) for octave in HILLS),
    )
