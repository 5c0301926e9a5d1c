"""Synthetic MODIS: one image of the Earth a day, in the sinusoidal projection.

Grids, bands, dtypes and ids are the real ones' [S], the bands' order and the quality bits' values
remembered [M]. The land is noise, greener in the wet half of the year of its hemisphere; it is not
that of the finer sensors, whose formula would cost too much for pixels that far apart, nor are
there continents. Every pixel on the Earth has data.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from eemulator.catalog.blockwise import blockwise, strips
from eemulator.catalog.lazy import LazyImages
from eemulator.catalog.model import Band, CollectionAsset, Grid, ImageAsset
from eemulator.catalog.noise import Octave, fractal
from eemulator.catalog.plane import centres

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from eemulator.catalog.blockwise import Indices, Pixels
    from eemulator.catalog.noise import Floats

f32 = np.float32

CRS = "SR-ORG:6974"
_RADIUS = 6_371_007.181
_PIXEL = 463.3127165279165
_LEFT, _TOP = -20_015_109.354, 10_007_554.677

GRIDS = {
    500: Grid(CRS, (_PIXEL, 0.0, _LEFT, 0.0, -_PIXEL, _TOP), 86_400, 43_200),
    1000: Grid(CRS, (2 * _PIXEL, 0.0, _LEFT, 0.0, -2 * _PIXEL, _TOP), 43_200, 21_600),
}
"""The lattices of 500 m and 1 km, by those names."""

_WHOLE_EARTH = shapely.box(-180, -90, 180, 90)
_END = date(2024, 12, 31)
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    first: date
    layouts: dict[str, _Layout]
    seed: int | None


PRODUCTS = {
    product.name: product
    for product in (
        _Product("MODIS/061/MOD09GA", date(2000, 2, 24), _DAILY, 0),
        _Product("MODIS/061/MYD09GA", date(2002, 7, 4), _DAILY, 1),
        _Product("MODIS/061/MCD43A4", date(2000, 2, 24), _ADJUSTED, None),
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
            on_earth: NDArray[np.bool_] = np.abs(x) <= _half_width(y)
            if not on_earth.any():
                return on_earth
            for strip in strips(*on_earth.shape):
                shown = on_earth[strip]
                part_x = x[strip] if x.shape[0] > 1 else x
                look = self._look(*np.broadcast_arrays(part_x, y[strip]))
                for name, layout, target in zip(bands, layouts, targets, strict=True):
                    target[strip] = np.where(shown, self._values(name, layout, look), 0)
            return on_earth

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


def _half_width(y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres from the middle meridian to the Earth's edge at northings; by Python's cosine.

    NumPy's may round differently in a vector's last elements.
    """
    rows, where = np.unique(y, return_inverse=True)
    widths = [math.pi * _RADIUS * _cosine(float(row)) for row in rows]
    return np.asarray(widths)[where].reshape(y.shape)


@lru_cache(maxsize=65_536)
def _cosine(northing: float) -> float:
    return math.cos(northing / _RADIUS)


@cache
def _bands(name: str) -> tuple[Band, ...]:
    return tuple(
        Band(band, np.dtype(layout.dtype), GRIDS[layout.grid], _pyramiding(band))
        for band, layout in PRODUCTS[name].layouts.items()
    )


def _pyramiding(band: str) -> str:
    return "MEAN" if "refl" in band.lower() or "Zenith" in band else "MODE"


def _image(product: _Product, position: int) -> ImageAsset:
    day = product.first + position * _DAY
    index = f"{day:%Y_%m_%d}"
    start = (datetime(day.year, day.month, day.day, tzinfo=UTC) - _EPOCH) // timedelta(
        milliseconds=1
    )
    return ImageAsset(
        id=f"{product.name}/{index}",
        bands=_bands(product.name),
        properties={
            "system:index": index,
            "system:time_start": start,
            "system:time_end": start + 86_400_000,
        },
        footprint=_WHOLE_EARTH,
        sample=_Sampler(product, day),
        afar=lambda _: _Sampler(product, day),
    )


def _position(product: _Product, index: str) -> int | None:
    try:
        moment = datetime.strptime(index, "%Y_%m_%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    day = moment.date()
    known = product.first <= day <= _END and f"{day:%Y_%m_%d}" == index
    return (day - product.first).days if known else None


def collections() -> list[CollectionAsset]:
    """All products."""
    return [_collection(product) for product in PRODUCTS.values()]


def _collection(product: _Product) -> CollectionAsset:
    count = (_END - product.first).days + 1
    images = LazyImages(
        count, lambda n: _image(product, n), lambda index: _position(product, index)
    )
    return CollectionAsset(product.name, images, {"type": "ImageCollection"})
