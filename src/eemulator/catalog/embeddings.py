"""Synthetic satellite embeddings: 64 numbers a pixel and year, of unit length.

Tiles of 163.84 km in local UTM, 10 m, one image a year [S]; their names in Earth Engine, their
corners and their CRSs' hemisphere are remembered or made up [M]. A pixel's vector is made of what
the pixel is made of in the middle of the year: the same material points the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer

from eemulator.catalog.afar import step
from eemulator.catalog.blockwise import blockwise, strips
from eemulator.catalog.lazy import LazyImages
from eemulator.catalog.materials import REFLECTANCE
from eemulator.catalog.mixing import Around, mix
from eemulator.catalog.model import Band, CollectionAsset, Grid, ImageAsset
from eemulator.catalog.noise import hash32
from eemulator.catalog.plane import centres, to_plane
from eemulator.catalog.weather import Moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from eemulator.catalog.blockwise import Indices, Pixels
    from eemulator.catalog.mixing import Mixture

COLLECTION = "GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL"
YEARS = range(2017, 2025)
_PIXELS = 16_384
_METRES = 10 * _PIXELS
_AXES = tuple(f"A{n:02d}" for n in range(64))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Zone, and column and row of tiles counted from the zone's false origin: the land that there is.
_TILES = tuple((38, column, row) for column in (3, 4, 5) for row in (47, 48)) + tuple(
    (39, column, row) for column in (0, 1, 2) for row in (47, 48)
)


@cache
def _directions() -> dict[str, NDArray[np.float64]]:
    """A direction for each material, 64 numbers, and one that all share."""
    names = ("all", *next(iter(REFLECTANCE.values())))
    made = {}
    for n, name in enumerate(names):
        seeds = np.arange(64, dtype=np.uint32) + np.uint32(7_000_000 + 64 * n)
        made[name] = hash32(seeds) / 2.0**31 - 1
    return made


@dataclass(frozen=True)
class _Sampler:
    """A tile and year; calling it samples it (see `model.Sampler`).

    Attributes:
        grid: of its pixels.
        year: of its season.
        side: of what each pixel stands for, in pixels (see `afar`).
    """

    grid: Grid
    year: int
    side: int = 1

    def __call__(self, bands: Sequence[str], rows: Indices, cols: Indices) -> Pixels:
        wanted = [_AXES.index(name) for name in bands]

        def paint(rows: Indices, cols: Indices, targets: list[NDArray[Any]]) -> NDArray[np.bool_]:
            x, y = to_plane(self.grid.crs, *centres(self.grid, rows, cols))
            middle = datetime(self.year, 7, 1, 7, 13, tzinfo=UTC)
            seen_from = step(self.side * self.grid.transform[0])
            around = Around(x, y, Moment(8 * self.year, middle), weather=False, step=seen_from)
            for strip in strips(*targets[0].shape):
                shares = _shares(mix(around, strip))
                length = _length(shares)
                for axis, target in zip(wanted, targets, strict=True):
                    target[strip] = _along(shares, axis) / length
            return np.ones(targets[0].shape, np.bool_)

        return blockwise(rows, cols, [np.dtype(np.float64)] * len(bands), paint)


def _shares(m: Mixture) -> dict[str, NDArray[np.float64]]:
    made = {name: share.astype(np.float64) for name, share in m.shares.items()}
    # Never without a direction, and never the same for all of a material.
    return made | {"all": m.light.astype(np.float64) * 0.2 + 0.05}


def _along(shares: dict[str, NDArray[np.float64]], axis: int) -> NDArray[np.float64]:
    total = np.zeros(next(iter(shares.values())).shape)
    for name, share in shares.items():
        total += share * _directions()[name][axis]
    return total


def _length(shares: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """The length of all 64 numbers, from the angles between the directions."""
    total = np.zeros(next(iter(shares.values())).shape)
    for one, a in shares.items():
        for other, b in shares.items():
            total += a * b * _product(one, other)
    return np.sqrt(total)


@cache
def _product(one: str, other: str) -> float:
    a, b = _directions()[one], _directions()[other]
    return float(sum(x * y for x, y in zip(a.tolist(), b.tolist(), strict=True)))


@dataclass(frozen=True)
class _Key:
    """A tile and a year."""

    zone: int
    column: int
    row: int
    year: int

    @property
    def index(self) -> str:
        """`system:index`."""
        return f"x{self.zone:02d}S_{self.column:02d}_{self.row:02d}_{self.year}"

    @property
    def grid(self) -> Grid:
        """The tile's pixels."""
        left, top = self.column * _METRES, (self.row + 1) * _METRES
        return Grid(
            f"EPSG:327{self.zone}",
            (10.0, 0.0, float(left), 0.0, -10.0, float(top)),
            _PIXELS,
            _PIXELS,
        )


@cache
def _keys() -> tuple[_Key, ...]:
    keys = (_Key(*tile, year) for tile in _TILES for year in YEARS)
    return tuple(sorted(keys, key=lambda key: key.index))


@cache
def _footprint(zone: int, column: int, row: int) -> shapely.Polygon:
    square = shapely.box(
        column * _METRES, row * _METRES, (column + 1) * _METRES, (row + 1) * _METRES
    )
    to_geographic = Transformer.from_crs(f"EPSG:327{zone}", "EPSG:4326", always_xy=True)
    return shapely.transform(
        square.segmentize(_METRES / 8),
        lambda p: np.stack(to_geographic.transform(p[:, 0], p[:, 1]), axis=1),
    )


def _image(position: int) -> ImageAsset:
    key = _keys()[position]
    grid = key.grid
    start, end = (
        (datetime(year, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
        for year in (key.year, key.year + 1)
    )
    return ImageAsset(
        id=f"{COLLECTION}/{key.index}",
        bands=tuple(Band(axis, np.dtype(np.float64), grid) for axis in _AXES),
        properties={
            "system:index": key.index,
            "system:time_start": start,
            "system:time_end": end,
            "UTM_ZONE": f"{key.zone}S",
            "MODEL_VERSION": "1.0",
            "DATASET_VERSION": "1.0",
            "PROCESSING_SOFTWARE_VERSION": "1.0.0",
        },
        footprint=_footprint(key.zone, key.column, key.row),
        sample=_Sampler(grid, key.year),
        afar=partial(_Sampler, grid, key.year),
    )


def collection() -> CollectionAsset:
    """All tiles and years."""
    positions = {key.index: n for n, key in enumerate(_keys())}
    return CollectionAsset(
        COLLECTION, LazyImages(len(positions), _image, positions.get), {"type": "ImageCollection"}
    )
