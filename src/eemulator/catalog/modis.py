"""Synthetic MODIS: one image of the Earth a day, in the sinusoidal projection.

Grids, bands, dtypes and ids are the real ones' [S], the bands' order and the quality bits' values
remembered [M]. The land is noise, greener in the wet half of the year of its hemisphere; it is not
that of the finer sensors, whose formula would cost too much for pixels that far apart, nor are
there continents. Every pixel on the Earth has data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from eemulator.catalog.blockwise import blockwise, strips
from eemulator.catalog.model import Band, CollectionAsset, ImageAsset
from eemulator.catalog.noise import Octave, fractal
from eemulator.catalog.outlines import WHOLE_EARTH
from eemulator.catalog.plane import centres
from eemulator.catalog.published.calendars import Steps, millis, utc
from eemulator.catalog.published.dated import dated_images
from eemulator.catalog.sinusoidal import GRIDS, on_earth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from eemulator.catalog.blockwise import Indices, Pixels
    from eemulator.catalog.noise import Floats

f32 = np.float32


class _Layout(NamedTuple):
    """A band: its dtype, its lattice, and a number that its formula needs."""

    dtype: str
    grid: int
    number: int = 0


# Reflectance of leaves, soil and cloud in the seven bands of land.
_LEAVES = (0.04, 0.38, 0.03, 0.07, 0.36, 0.20, 0.09)
_SOIL = (0.19, 0.27, 0.09, 0.14, 0.34, 0.38, 0.31)
_CLOUD = (0.75, 0.76, 0.77, 0.76, 0.60, 0.45, 0.33)

_DAILY: dict[str, _Layout] = {
    "num_observations_1km": _Layout("int8", 1000, 2),
    "state_1km": _Layout("uint16", 1000),
    "SensorZenith": _Layout("int16", 1000),
    "SensorAzimuth": _Layout("int16", 1000, 9_700),
    "Range": _Layout("uint16", 1000, 32_000),
    "SolarZenith": _Layout("int16", 1000),
    "SolarAzimuth": _Layout("int16", 1000, 5_500),
    "gflags": _Layout("uint8", 1000),
    "orbit_pnt": _Layout("int8", 1000, 1),
    "granule_pnt": _Layout("uint8", 1000, 7),
    "num_observations_500m": _Layout("int8", 500, 2),
    **{f"sur_refl_b{n:02d}": _Layout("int16", 500, n) for n in range(1, 8)},
    "QC_500m": _Layout("uint32", 500, 2**30),
    "obscov_500m": _Layout("int8", 500, 90),
    "iobs_res": _Layout("uint8", 500),
    "q_scan": _Layout("uint8", 500, 255),
}
_ADJUSTED: dict[str, _Layout] = {
    **{
        f"BRDF_Albedo_Band_Mandatory_Quality_Band{n}": _Layout("uint8", 500, n) for n in range(1, 8)
    },
    **{f"Nadir_Reflectance_Band{n}": _Layout("int16", 500, n) for n in range(1, 8)},
}


class _Product(NamedTuple):
    """A collection.

    Attributes:
        name: its id.
        first: day of its first image.
        layouts: its bands, by name.
        seed: of its clouds; None for a product that looks between them.
    """

    name: str
    first: datetime
    layouts: dict[str, _Layout]
    seed: int | None

    @property
    def days(self) -> Steps:
        """When its images begin."""
        return Steps(self.first, timedelta(days=1), "%Y_%m_%d")


PRODUCTS = {
    product.name: product
    for product in (
        _Product("MODIS/061/MOD09GA", utc(2000, 2, 24), _DAILY, 0),
        _Product("MODIS/061/MYD09GA", utc(2002, 7, 4), _DAILY, 1),
        _Product("MODIS/061/MCD43A4", utc(2000, 2, 24), _ADJUSTED, None),
    )
}

# Cells in km.
_GREEN = (
    Octave(2600.0, 0.9, 1),
    Octave(700.0, 0.7, 2),
    Octave(150.0, 0.5, 3),
    Octave(23.0, 0.35, 4),
)
_SKY = (Octave(1500.0, 0.9, 5), Octave(310.0, 0.7, 6), Octave(60.0, 0.5, 7), Octave(9.0, 0.3, 8))


@dataclass(frozen=True, eq=False)
class _Sampler:
    """A day; calling it samples it (see `model.Sampler`)."""

    product: _Product
    day: date

    def __call__(self, bands: Sequence[str], rows: Indices, cols: Indices) -> Pixels:
        layouts = [self.product.layouts[name] for name in bands]
        grid = GRIDS[layouts[0].grid]

        def paint(rows: Indices, cols: Indices, targets: list[NDArray[Any]]) -> NDArray[np.bool_]:
            x, y = centres(grid, rows, cols)
            inside = on_earth(x, y)
            if not inside.any():
                return inside
            for strip in strips(*inside.shape):
                shown = inside[strip]
                part_x = x[strip] if x.shape[0] > 1 else x
                look = self._look(*np.broadcast_arrays(part_x, y[strip]))
                for name, layout, target in zip(bands, layouts, targets, strict=True):
                    target[strip] = np.where(shown, self._values(name, layout, look), 0)
            return inside

        return blockwise(rows, cols, [np.dtype(layout.dtype) for layout in layouts], paint)

    def _look(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> _Look:
        east, north = (np.ascontiguousarray(v / 1000).astype(np.float32) for v in (x, y))
        # Wet from November to April south of the equator, from May to October north of it.
        season = f32(math.cos(2 * math.pi * (self.day.timetuple().tm_yday - 35) / 365.25))
        wet = np.clip(north * f32(-1 / 2500), f32(-1), f32(1)) * season
        leaves = np.clip(fractal(east, north, _GREEN) + wet * f32(0.25) + f32(0.45), f32(0), f32(1))
        if self.product.seed is None:
            return _Look(leaves, np.zeros_like(leaves), east)
        step = f32(self.day.toordinal() % 997 * 1717 + self.product.seed * 911)
        cloud = np.clip(fractal(east + step, north, _SKY) * f32(4), f32(0), f32(1))
        return _Look(leaves, cloud, east)

    def _values(self, name: str, layout: _Layout, look: _Look) -> Any:
        """One band, before it is cast to its dtype."""
        if "refl" in name.lower():
            return look.reflectance(layout.number - 1)
        match name:
            case "state_1km":  # bits 0-1: clear or cloudy; bits 3-5: land
                return np.where(look.cloud > f32(0.5), 1, 0) + 8
            case "SensorZenith":  # the swath is 2330 km wide
                away = look.east * f32(1 / 2330) - np.floor(look.east * f32(1 / 2330)) - f32(0.5)
                return np.floor(np.abs(away) * f32(13_000))
            case "SolarZenith":
                return 3_000 + 10 * abs(self.day.timetuple().tm_yday - 182)
        if name.startswith("BRDF"):
            return 0  # full inversion
        return layout.number


class _Look(NamedTuple):
    """What a block of pixels shows: shares of leaves and cloud, 0 to 1, and km to the east."""

    leaves: Floats
    cloud: Floats
    east: Floats

    def reflectance(self, band: int) -> Floats:
        """Ten thousandths, whole."""
        land = self.leaves * f32(_LEAVES[band] - _SOIL[band]) + f32(_SOIL[band])
        seen = land + self.cloud * (f32(_CLOUD[band]) - land)
        whole: Floats = np.floor(seen * f32(10_000) + f32(0.5))
        return whole


@cache
def _bands(name: str) -> tuple[Band, ...]:
    return tuple(
        Band(band, np.dtype(layout.dtype), GRIDS[layout.grid], _pyramiding(band))
        for band, layout in PRODUCTS[name].layouts.items()
    )


def _pyramiding(band: str) -> str:
    return "MEAN" if "refl" in band.lower() or "Zenith" in band else "MODE"


def _image(name: str, product: _Product, position: int) -> ImageAsset:
    days = product.days
    day = days.start(position)
    index = day.strftime(days.name)
    return ImageAsset(
        id=f"{name}/{index}",
        bands=_bands(product.name),
        properties={
            "system:index": index,
            "system:time_start": millis(day),
            "system:time_end": millis(days.end(position)),
        },
        footprint=WHOLE_EARTH,
        sample=_Sampler(product, day.date()),
        afar=lambda _: _Sampler(product, day.date()),
    )


def collections() -> list[CollectionAsset]:
    """All products, and the same under the ids of the version before."""
    return [
        CollectionAsset(
            name,
            dated_images(product.days, partial(_image, name, product)),
            {"type": "ImageCollection"},
        )
        for product in PRODUCTS.values()
        for name in (product.name, product.name.replace("/061/", "/006/"))
    ]
