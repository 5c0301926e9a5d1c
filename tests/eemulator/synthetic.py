"""A small catalogue whose every pixel is a closed formula."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import shapely
from pyproj import Transformer

from eemulator import Band, Catalog, CollectionAsset, Grid, ImageAsset
from eemulator.catalog.lazy import LazyImages

from .wire import grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

UTM = Grid("EPSG:32738", (10.0, 0.0, 399_960.0, 0.0, -10.0, 8_000_020.0), 300, 250)
UTM_60 = Grid("EPSG:32738", (60.0, 0.0, 399_960.0, 0.0, -60.0, 8_000_020.0), 50, 42)
SHEARED = Grid("EPSG:32738", (9.0, 1.5, 400_000.25, -2.0, -11.0, 8_000_000.5), 120, 90)
LONLAT = Grid("EPSG:4326", (0.001, 0.0, 44.0, 0.0, -0.001, -18.0), 400, 300)

DTYPES: dict[str, type[np.generic]] = {
    "u8": np.uint8,
    "i16": np.int16,
    "u16": np.uint16,
    "i32": np.int32,
    "f32": np.float32,
    "f64": np.float64,
    "flag": np.uint8,
}
"""Bands of every image, by name; `flag` is 0 or 1."""

TALL = Grid("EPSG:32738", (10.0, 0.0, 500_000.0, 0.0, -10.0, 8_000_000.0), 700, 1_100)

POLICIES: dict[str, tuple[str, np.dtype[Any]]] = {
    "mean": ("MEAN", np.dtype(np.uint16)),
    "real": ("MEAN", np.dtype(np.float32)),
    "sample": ("SAMPLE", np.dtype(np.uint16)),
    "least": ("MIN", np.dtype(np.int16)),
    "most": ("MAX", np.dtype(np.int16)),
    "mode": ("MODE", np.dtype(np.uint8)),
    "median": ("MEDIAN", np.dtype(np.int16)),
}
"""Policies and types of the bands of `TEST/PYRAMID`, on `TALL`: three coarser levels."""

DAY = 86_400_000


def formula(name: str, k: int, rows: Any, cols: Any) -> NDArray[Any]:
    """The value of band `name` of image `k` at native rows and columns."""
    base: NDArray[Any] = (np.asarray(rows) * 31 + np.asarray(cols) * 17 + k) % 251
    match name:
        case "i16":
            base = (base - 125) * 200
        case "u16":
            base = base * 257
        case "i32":
            base = base * 8_000_003 - 1_000_000_000
        case "f32":
            base = (base.astype(np.float32) - 100) / np.float32(7)
        case "f64":
            base = (base - 100) / 7.0
        case "flag":
            base = base % 2
    return base.astype(DTYPES[name])


def is_valid(name: str, k: int, rows: Any, cols: Any) -> NDArray[np.bool_]:
    """Whether that pixel is valid; band `i32` always is."""
    if name == "i32":
        return np.ones(np.broadcast_shapes(np.shape(rows), np.shape(cols)), np.bool_)
    return np.asarray((np.asarray(rows) * 7 + np.asarray(cols) * 3 + k) % 11 != 0)


def tall_pixel(name: str, rows: Any, cols: Any) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Values and validity of `TEST/PYRAMID`; `mean` is valid everywhere, `mode` has 4 values."""
    rows, cols = np.asarray(rows), np.asarray(cols)
    base = (rows * rows * 7 + cols * 13 + rows * cols) % 499
    dtype = POLICIES[name][1]
    values = base % 4 if name == "mode" else base - 250 if dtype.kind == "i" else base
    valid = (rows // 3 + cols // 2) % 3 != 0 if name != "mean" else base >= 0
    return np.where(valid, values, 0).astype(dtype), valid


def _pyramid() -> ImageAsset:
    def sample(
        bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
        return [tall_pixel(name, rows, cols) for name in bands]

    bands = tuple(Band(name, dtype, TALL, policy) for name, (policy, dtype) in POLICIES.items())
    return ImageAsset("TEST/PYRAMID", bands, {"system:index": "PYRAMID"}, _footprint(TALL), sample)


@dataclass(frozen=True)
class _Formula:
    """The pixels of image `k`; whoever asks for one outside of the lattice is told so."""

    k: int
    grid: Grid

    def __call__(
        self, bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
        assert rows.min() >= 0
        assert rows.max() < self.grid.height
        assert cols.min() >= 0
        assert cols.max() < self.grid.width
        found = []
        for name in bands:
            ok = is_valid(name, self.k, rows, cols)
            values = formula(name, self.k, rows, cols)
            found.append((np.where(ok, values, values.dtype.type(0)), ok))
        return found


def image(asset_id: str, k: int, grid: Grid, **properties: Any) -> ImageAsset:
    """An image whose bands all follow `formula`."""

    index = asset_id.rpartition("/")[2]
    return ImageAsset(
        id=asset_id,
        bands=tuple(Band(name, np.dtype(dtype), grid) for name, dtype in DTYPES.items()),
        properties={"system:index": index, **properties},
        footprint=_footprint(grid),
        sample=_Formula(k, grid),
    )


@lru_cache
def _footprint(grid: Grid) -> shapely.Polygon:
    a, b, c, d, e, f = grid.transform
    corners = [(0, 0), (grid.width, 0), (grid.width, grid.height), (0, grid.height)]
    lonlat = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    return shapely.Polygon(
        [lonlat.transform(a * u + b * v + c, d * u + e * v + f) for u, v in corners]
    )


def series(count: int = 6) -> CollectionAsset:
    """Images a day apart from 2024-01-01, of one lattice; `cloud` falls from 50 by 10."""
    start = 1_704_067_200_000
    images = []
    for i in range(count):
        properties: dict[str, Any] = {
            "system:time_start": start + i * DAY,
            "system:time_end": start + i * DAY + 1000,
            "cloud": 50.0 - 10 * i,
            "name": f"scene {i}",
            "numbers": [i, i + 1],
        }
        if i % 2 == 0:
            properties["even"] = i
        images.append(image(f"TEST/SERIES/s{i:03d}", 10 + i, UTM, **properties))
    return CollectionAsset("TEST/SERIES", images, {"title": "A series"})


def many(count: int) -> CollectionAsset:
    """A collection of many tiny images."""
    images = [image(f"TEST/MANY/m{i:05d}", i, UTM_60, number=i) for i in range(count)]
    return CollectionAsset("TEST/MANY", images)


ARCHIVE = 50_000
"""Images of `archive`."""

_PLACES = 100
_HOURS = 3_600_000
_MISSIONS = ("TERN", "GULL", "SKUA")


def archive(count: int = ARCHIVE) -> CollectionAsset:
    """Images made when they are looked at: three hours apart from 2000, at a hundred places.

    Places are a lattice of 10 by 10 pixels of 1°, west to east and then north to south, from 40° E
    and 10° S. `cloud` is `i * 37 % 101`.
    """
    places = [
        Grid("EPSG:4326", (0.01, 0.0, 40.0 + k % 10, 0.0, -0.01, -10.0 - k // 10), 100, 100)
        for k in range(_PLACES)
    ]
    bands = [(Band("u8", np.dtype(np.uint8), g), Band("f32", np.dtype(np.float32), g))
             for g in places]  # fmt: skip
    start = 946_684_800_000

    def make(i: int) -> ImageAsset:
        k = i % _PLACES
        time = start + i * 3 * _HOURS
        properties = {
            "system:index": f"a{i:06d}",
            "system:time_start": time,
            "system:time_end": time + 30_000,
            "number": i,
            "cloud": i * 37 % 101,
            "mission": _MISSIONS[i % 3],
            "orbit": i % 143 + 1,
            "place": f"P{k:02d}",
            "product": f"PRODUCT_{i:06d}_{k:02d}",
            "elevation": 30.0 + i % 60 / 2,
            "azimuth": 90.0 + i % 90,
            "polarisations": ["VV", "VH"],
        }
        return ImageAsset(
            f"TEST/ARCHIVE/a{i:06d}",
            bands[k],
            properties,
            _footprint(places[k]),
            _Formula(i, places[k]),
        )

    def find(name: str) -> int | None:
        known = name[:1] == "a" and name[1:].isdigit() and len(name) == 7
        return int(name[1:]) if known and int(name[1:]) < count else None

    return CollectionAsset("TEST/ARCHIVE", LazyImages(count, make, find))


def catalog() -> Catalog:
    """Single images in several lattices, a series, and two long collections."""
    east = Grid(UTM.crs, (10.0, 0.0, 402_000.0, 0.0, -10.0, 8_000_020.0), 300, 250)
    pair = CollectionAsset(
        "TEST/PAIR",
        [image("TEST/PAIR/west", 1, UTM), image("TEST/PAIR/east", 2, east)],
    )
    return Catalog(
        [
            image("TEST/UTM", 3, UTM, time="noon", **{"system:time_start": 1_704_067_200_000}),
            image("TEST/COARSE", 4, UTM_60),
            image("TEST/SHEARED", 5, SHEARED),
            image("TEST/LONLAT", 6, LONLAT),
            _pyramid(),
            series(),
            pair,
            many(5_010),
            archive(),
        ]
    )


def part(left: int, top: int, width: int, height: int) -> dict[str, Any]:
    """A window of `UTM`'s own pixels, as a request's grid."""
    a, _, x, _, e, y = UTM.transform
    return grid(UTM.crs, (a, 0, x + left * a, 0, e, y + top * e), width, height)


def in_pixels(left: float, top: float, right: float, bottom: float) -> Any:
    """A rectangle of columns and rows of `UTM`."""
    a, _, x, _, e, y = UTM.transform
    bounds = [x + a * left, y + e * bottom, x + a * right, y + e * top]
    return ee.Geometry.Rectangle(bounds, UTM.crs, False)
