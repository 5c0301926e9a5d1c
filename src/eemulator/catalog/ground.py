"""The ground in detail: what varies over tens of metres, at nodes `SPACING` apart.

Takes the `region`, folds its hills into valleys, adds small relief and grain, and decides how
near each point is to being forest, field, town or water. Pixels make sharp patches of that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from eemulator.catalog.blocks import SIDE, Blocks
from eemulator.catalog.lattice import Lattice
from eemulator.catalog.noise import Floats, Ints, Octave, fractal, ramp, slope_of
from eemulator.catalog.region import HILLS, Region, kilometres, region
from eemulator.catalog.region import SPACING as REGION_SPACING

if TYPE_CHECKING:
    from eemulator.catalog.weather import Sky

SPACING = 40.0
"""Metres between nodes."""

f32 = np.float32

_SMALL_HILLS = (Octave(0.52, 50.0, 15), Octave(0.23, 24.0, 16))
_GRAIN = (Octave(0.37, 0.8, 61), Octave(0.15, 0.8, 62))


class Ground(NamedTuple):
    """Fields of the landscape that do not change with the season.

    Attributes:
        slope_x, slope_y: rise towards east and north, metres a metre.
        elevation: metres above the sea.
        river, stream: metres to the nearest one's middle, signed by the side.
        shore: metres into lake or sea (negative on land); true only near the shore.
        silt: how muddy the water is, 0 to 1.
        woods, farms, town: forest, fields, houses where positive.
        bare: share of bare soil where nothing is farmed (not clipped to 0 to 1).
        green: how green wild grass is before the season is added.
        field_x, field_y: displacement (metres) that bends the fields' borders.
    """

    slope_x: Floats
    slope_y: Floats
    elevation: Floats
    river: Floats
    stream: Floats
    shore: Floats
    silt: Floats
    woods: Floats
    farms: Floats
    town: Floats
    bare: Floats
    green: Floats
    field_x: Floats
    field_y: Floats


def _compute_region(step: int, i: Ints, j: Ints) -> Floats:
    return region(i * step, j * step).stacked()


# A tile of 110 km takes 121 to 144 blocks of 0.4 MB.
_REGION = Blocks(_compute_region, keep=160)


def _region_at(x: Floats, y: Floats, step: int) -> Region:
    """The region, interpolated to points, from every so-manieth of its nodes."""
    coarse = Lattice(x, y, REGION_SPACING * step)
    # Points of that shape are a block of the ground's, next to others.
    block = x.shape == (1, SIDE) and y.shape == (SIDE, 1)
    known = _REGION.at(step, coarse.i, coarse.j, dense=block)
    return Region.unstacked([coarse.field(nodes)(slice(None)) for nodes in known])


def ground(i: Ints, j: Ints, step: int = 1) -> Ground:
    """The ground at nodes, given by their indices.

    Args:
        i: along x, broadcastable with `j`, two dimensions; x is `i * step * SPACING` metres.
        j: along y.
        step: 1, or even where the nodes are those of a coarser view (see `afar`): then the region
            is known at every `step / 2`th of its own.

    Returns:
        Fields of the broadcast shape.
    """
    return Ground._make(_GROUND.at(step, i, j))


def _compute_ground(step: int, i: Ints, j: Ints) -> Floats:
    return np.stack(_ground(i * step, j * step, max(step // 2, 1)))


# A tile of 110 km has 1,850 blocks of 0.2 MB; seen from afar, 120 to 460.
_GROUND = Blocks(_compute_ground, keep=480)


def _ground(i: Ints, j: Ints, region_step: int) -> Ground:
    x, y = kilometres(i, j, SPACING)
    r = _region_at(i * SPACING, j * SPACING, region_step)
    px, py = x + r.bend_x, y + r.bend_y

    height, slope_x, slope_y = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    small = (slope_of(px, py, octave) for octave in _SMALL_HILLS)
    for octave, (n, dx, dy) in zip((*HILLS, *_SMALL_HILLS), (*r.hills, *small), strict=True):
        # |n| and its slope, with the valley's floor rounded.
        floor = octave.weight * min(0.05 / octave.cell, 0.05)
        sign = n / np.sqrt(n * n + f32(floor * floor))
        height += n * sign
        slope_x += dx * sign
        slope_y += dy * sign
    raised = height * r.hilly
    steep = r.hilly * f32(1e-3)  # slopes were in metres a km

    grain = fractal(px, py, _GRAIN)
    moist = f32(1) - ramp(raised, 6.0, 110.0)
    wet = np.clip(moist + grain * f32(0.4), f32(0), f32(1))
    red = np.clip(r.red + grain * f32(0.35), f32(0), f32(1))
    shore = np.maximum((r.lake - height) * f32(6), r.sea * f32(1000))
    silt = f32(0.9) - ramp(r.sea, -1.0, 2.5) * f32(0.8) - ramp(r.lake, -45.0, 0.0) * f32(0.6)
    return Ground(
        slope_x=slope_x * steep,
        slope_y=slope_y * steep,
        elevation=_elevation(r, raised),
        river=r.river * f32(1000),
        stream=r.stream * f32(1000),
        shore=shore,
        silt=silt - r.lush * f32(0.2),
        woods=r.woods + grain * f32(0.3) + moist * f32(0.14) - ramp(r.town, -0.3, 0.2),
        farms=r.farms + moist * f32(0.3),
        town=r.town + grain * f32(0.25),
        bare=red * f32(1.3) - wet * f32(0.5) - r.lush * f32(0.3) - f32(0.25),
        green=wet * f32(0.35) + r.lush * f32(0.45),
        field_x=r.field_x,
        field_y=r.field_y,
    )


def _elevation(r: Region, raised: Floats) -> Floats:
    """Hills on a plateau of 1,250 m that falls to the sea over 110 km; the sea itself is at 0."""
    plateau = ramp(-r.sea, 2.0, 110.0) * f32(1250)
    return np.where(r.sea > 0, f32(0), plateau + raised * ramp(-r.sea, 0.0, 12.0))


GROUND_FIELDS = ("light", *Ground._fields[3:])
"""The fields that pixels read: how the sun lights the slope, then those of `Ground`."""


def lit_ground(i: Ints, j: Ints, air: Sky, step: int = 1) -> tuple[Floats, ...]:
    """The ground at nodes (see `ground`), with its slopes turned to light (1 where flat)."""
    g = ground(i, j, step)
    # Relief is shown twice as steep as it is, or 10 m pixels would hardly show it.
    facing = g.slope_x * f32(2 * air.sun_x) + g.slope_y * f32(2 * air.sun_y)
    return (np.clip(f32(1) - facing, f32(0.3), f32(1.8)), *g[3:])
