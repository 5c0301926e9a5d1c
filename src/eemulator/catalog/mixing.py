"""Pixels: what each is made of, and what the sky puts over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from eemulator.catalog.ground import GROUND_FIELDS, lit_ground
from eemulator.catalog.ground import SPACING as GROUND_SPACING
from eemulator.catalog.lattice import Field, Lattice
from eemulator.catalog.noise import Floats, lattice_values
from eemulator.catalog.parcels import parcels
from eemulator.catalog.region import ORIGIN
from eemulator.catalog.seasons import Season, season
from eemulator.catalog.weather import SPACING as CLOUD_SPACING
from eemulator.catalog.weather import Sky, clouds, clouds_afar, sky

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from eemulator.catalog.weather import Moment

f32 = np.float32
_0, _1 = f32(0), f32(1)

# Texture finer than the ground's nodes: one number every so many metres.
_TEXTURE_SPACING = 20.0


class Around:
    """The fields around a block of pixels, ready to be read strip by strip.

    What is nowhere near the block is left out: a field that is everywhere below the point where
    it begins to matter would add exact zeros.

    Args:
        x: easting of the pixels' centres in the plane, metres: `(1, w)` or `(h, w)`.
        y: northing: `(h, 1)` or `(h, w)`.
        moment: when it was seen.
        weather: whether there are clouds and their shadows; radar sees none.
        step: 1, or that of a coarser view (see `afar`).
    """

    def __init__(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        moment: Moment,
        *,
        weather: bool = True,
        step: int = 1,
    ) -> None:
        self.sky: Sky = sky(moment)
        self.season: Season = season(moment.overhead.date())
        self.east = (x - ORIGIN[0]).astype(np.float32)
        self.north = (y - ORIGIN[1]).astype(np.float32)
        near = Lattice(x, y, GROUND_SPACING * step)
        nodes = dict(zip(GROUND_FIELDS, lit_ground(near.i, near.j, self.sky, step), strict=True))
        self.has_woods = bool(nodes["woods"].max() > -0.2)
        self.has_town = bool(nodes["town"].max() > -0.3)
        self.has_water = (
            _comes_within(nodes["river"], 70.0)
            or _comes_within(nodes["stream"], 25.0)
            or bool(nodes["shore"].max() > -10.0)
        )
        absent = (
            (set() if self.has_woods else {"woods"})
            | (set() if self.has_town else {"town"})
            | (set() if self.has_water else {"river", "stream", "shore", "silt"})
        )
        self.ground = {name: near.field(nodes[name]) for name in nodes.keys() - absent}
        self.texture = _flat(self.east, self.north)
        if step == 1:
            fine = Lattice(x, y, _TEXTURE_SPACING)
            self.texture = fine.field(lattice_values(fine.i, fine.j, 7))
        far = Lattice(x, y, CLOUD_SPACING * max(step // 2, 1))
        if weather and step > 1:
            thickness, shading, cirrus = clouds_afar(self.sky, far.i, far.j, step // 2)
        elif weather:
            thickness, shading, cirrus = clouds(self.sky, far.i, far.j)
        else:
            thickness = shading = cirrus = _nowhere(far)
        self.thickness = far.field(thickness)
        self.has_clouds = bool(thickness.max() > -0.01)
        self.shading = far.field(shading) if shading.max() > -0.01 else None
        self.cirrus = far.field(cirrus) if cirrus.max() > -0.01 else None


def _nowhere(nodes: Lattice) -> Floats:
    """A thickness of cloud that is none."""
    return np.full(np.broadcast_shapes(nodes.i.shape, nodes.j.shape), -1, np.float32)


def _flat(x: Floats, y: Floats) -> Field:
    """What texture comes to over a wide pixel."""
    shape = np.broadcast_shapes(x.shape, y.shape)
    return lambda rows: np.zeros((len(range(*rows.indices(shape[0]))), shape[1]), np.float32)


def _comes_within(signed_distance: Floats, metres: float) -> bool:
    """Whether a line, given by the signed distances of nodes to it, may be that near."""
    return bool(signed_distance.min() < metres and signed_distance.max() > -metres)


@dataclass
class Mixture:
    """A strip of pixels, each described.

    Attributes:
        shares: of each material there is, lit as the land is.
        water: share that is open water, 0 to 1; None where there is none.
        leaves: share that is green, 0 to 1.
        light: how strongly the sun lights the slope; 1 on flat land.
        cloud: share of the view that cloud hides, 0 to 1; None where there is none.
        glow: brightness of that cloud, 0 to 1.
        shadow: how dark clouds' shadows are, 0 to 1; None where there is none.
        cirrus: thickness of cirrus, 0 to 1; None where there is none.
        thickness: of cloud, not clipped (see `weather`).
        sky: the weather.
    """

    shares: dict[str, Floats]
    water: Floats | None
    leaves: Floats
    light: Floats
    cloud: Floats | None
    glow: Floats
    shadow: Floats | None
    cirrus: Floats | None
    thickness: Floats
    sky: Sky


def _clip(x: Floats) -> Floats:
    """Clips to 0 to 1, in place."""
    return np.clip(x, _0, _1, out=x)


def _rows(array: Floats, rows: slice) -> Floats:
    return array[rows] if array.shape[0] > 1 else array


def mix(a: Around, rows: slice) -> Mixture:
    """Describes the pixels of some rows of a block."""
    g = a.ground
    year = a.season
    texture = a.texture(rows)
    speckle = texture * f32(0.06)

    # Wild land: bare soil, dry and green grass.
    bare = g["bare"](rows)
    rusty = bare * f32(0.7) + f32(0.42)  # the barer, the redder
    grass = _1 - _clip(bare)
    green = g["green"](rows)
    green += speckle
    green += f32(year.grass * 1.1 - 0.15)
    leaves = grass * _clip(green)
    straw = grass - leaves

    # Fields, each parcel as a whole.
    u = _rows(a.east, rows) + g["field_x"](rows)
    v = _rows(a.north, rows) + g["field_y"](rows)
    p = parcels(u, v)
    farmed = ((g["farms"](rows) + p.margin * f32(0.22)) > _0).astype(np.float32)
    tilled = _clip(p.border * f32(1 / 7))
    tilled *= farmed
    leaves += (year.leaves.take(p.kind) - leaves) * tilled
    straw += (year.straw.take(p.kind) - straw) * tilled
    paddy = year.water.take(p.kind) * tilled
    soil = _clip(_1 - leaves - straw - paddy)
    light = g["light"](rows)
    toned = (tilled * p.tone) * f32(0.12) + speckle
    rusty += p.tone * f32(0.25)

    # Forest, town and water cover what was there.
    cover: dict[str, Floats] = {}
    open_land: Floats | None = None
    if a.has_woods:
        woods = _clip((g["woods"](rows) + speckle) * f32(9) + f32(0.5))
        woods *= _1 - farmed
        toned += texture * woods * f32(0.2)
        open_land = _1 - woods
        cover["forest"] = woods
    if a.has_town:
        # City blocks are parcels at a third of the size; some are parks.
        house = parcels(u * f32(3), v * f32(3))
        built = _clip((g["town"](rows) + house.margin * f32(0.2) + speckle) * f32(2.2))
        built *= (house.kind > 30).astype(np.float32)
        built *= f32(0.45) + f32(0.4) * _clip(house.border * f32(1 / 18))
        toned += (texture * f32(0.25) + house.tone * f32(0.25)) * built
        hidden = _1 - built
        open_land = hidden if open_land is None else open_land * hidden
        if "forest" in cover:
            cover["forest"] *= hidden
        cover["town"] = built
    light *= toned + _1
    water = None
    if a.has_water:
        deep = np.maximum(f32(55) - np.abs(g["river"](rows)), f32(11) - np.abs(g["stream"](rows)))
        deep = np.maximum(deep, g["shore"](rows))
        water = _clip(deep * f32(0.1) + f32(0.5))
        dry = _1 - water
        open_land = dry if open_land is None else open_land * dry
        for share in cover.values():
            share *= dry
    if open_land is not None:
        leaves *= open_land
        straw *= open_land
        paddy *= open_land
        soil *= open_land
    red = soil * _clip(rusty)
    shares: dict[str, Floats] = {
        "laterite": red * light,
        "tan": (soil - red) * light,
        "straw": straw * light,
        "leaves": leaves * light,
        "paddy": paddy,
    }
    for name, share in cover.items():
        shares[name] = share * light
    if water is not None:
        muddy = water * _clip(g["silt"](rows) - deep * f32(0.0004))
        shares["clear"] = water - muddy
        shares["muddy"] = muddy
    if "forest" in cover:
        leaves = leaves + cover["forest"]

    thickness = a.thickness(rows)
    cloud = None
    if a.has_clouds:
        cloud = _clip(thickness.copy())
        cloud *= f32(2) - cloud
    return Mixture(
        shares=shares,
        water=water,
        leaves=leaves,
        light=light,
        cloud=cloud,
        glow=_clip(thickness * f32(0.13) + f32(0.5) + speckle),
        shadow=None if a.shading is None else _clip(a.shading(rows)) * f32(0.62),
        cirrus=None if a.cirrus is None else _clip(a.cirrus(rows)),
        thickness=thickness,
        sky=a.sky,
    )
