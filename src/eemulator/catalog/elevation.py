"""Elevation models of the land that the other sensors see: GLO-30, SRTM and NASADEM.

Grids are the real ones' [S]. GLO-30 has tiles over eastern Madagascar only; the other two are of
the whole Earth, and have `globe`'s hills where the sensors see nothing. The names of GLO-30's tiles
in Earth Engine, and the masks' values, are remembered [M]. SRTM has a metre or two of noise, as the
real one has.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from eemulator.catalog.blockwise import blockwise
from eemulator.catalog.globe import heights
from eemulator.catalog.ground import SPACING, Ground, ground
from eemulator.catalog.lattice import Lattice
from eemulator.catalog.lazy import LazyImages
from eemulator.catalog.model import Band, CollectionAsset, Grid, ImageAsset
from eemulator.catalog.noise import Floats, lattice_values
from eemulator.catalog.plane import centres, to_plane

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from eemulator.catalog.blockwise import Indices, Pixels
    from eemulator.catalog.model import Sampler

# The land that there is: the degrees around the tiles of the other sensors.
_WEST, _SOUTH, _EAST, _NORTH = 45, -22, 51, -15

_SECOND = 1 / 3600
_COLLECTION = "COPERNICUS/DEM/GLO30"
_SIDE = 3601


class _Cell(ABC):
    """The ground around a block of pixels.

    Args:
        rows: row indices.
        cols: column indices.
    """

    def __init__(self, rows: Indices, cols: Indices) -> None:
        self.rows, self.cols = rows, cols

    @property
    @abstractmethod
    def elevation(self) -> Floats:
        """Metres above the sea."""

    @property
    @abstractmethod
    def water(self) -> NDArray[np.bool_]:
        """Where there is sea, or a lake."""

    def noise(self, seed: int) -> Floats:
        """A number from -1 to 1 for each pixel."""
        return lattice_values(self.cols, self.rows, seed)


class _Land(_Cell):
    """The land that the other sensors see."""

    def __init__(self, grid: Grid, rows: Indices, cols: Indices) -> None:
        super().__init__(rows, cols)
        self._lattice = Lattice(*to_plane(grid.crs, *centres(grid, rows, cols)), SPACING)
        self._ground = ground(self._lattice.i, self._lattice.j)

    def read(self, field: Callable[[Ground], Floats]) -> Floats:
        """One of the ground's fields, at the pixels."""
        return self._lattice.field(field(self._ground))(slice(None))

    @property
    def elevation(self) -> Floats:
        """Metres above the sea."""
        return self.read(lambda g: g.elevation)

    @property
    def water(self) -> NDArray[np.bool_]:
        """Where there is sea, or a lake."""
        sea = self.elevation <= 0
        return sea | (self.read(lambda g: g.shore) > 0)


class _Far(_Cell):
    """The rest of the Earth."""

    def __init__(self, grid: Grid, rows: Indices, cols: Indices) -> None:
        super().__init__(rows, cols)
        self._heights = heights(*centres(grid, rows, cols))

    @property
    def elevation(self) -> Floats:
        """Metres above the sea."""
        return self._heights

    @property
    def water(self) -> NDArray[np.bool_]:
        """Where there is sea; there are no lakes."""
        return self._heights <= 0


def _bodies(land: _Land) -> Any:
    """GLO-30's water body mask: 0 land, 1 ocean, 2 lake, 3 river."""
    ocean = land.elevation <= 0
    river = np.abs(land.read(lambda g: g.river)) < 55
    return np.where(ocean, 1, np.where(land.water, 2, np.where(river, 3, 0)))


_GLO30: dict[str, tuple[str, Callable[[_Land], Any]]] = {
    "DEM": ("float32", lambda cell: cell.elevation),
    "EDM": ("uint8", lambda cell: np.where(cell.water, 2, 0)),
    "FLM": ("uint8", lambda cell: np.where(cell.water, 2, 1)),
    "HEM": ("float32", lambda cell: cell.noise(5) * np.float32(0.2) + np.float32(0.5)),
    "WBM": ("uint8", _bodies),
}


def _rounded(heights: Floats) -> Any:
    return np.floor(heights + np.float32(0.5))


_SRTM: dict[str, tuple[str, Callable[[_Cell], Any]]] = {
    "elevation": ("int16", lambda cell: _rounded(cell.elevation + cell.noise(3) * np.float32(2))),
}
_NASADEM: dict[str, tuple[str, Callable[[_Cell], Any]]] = {
    "elevation": ("int16", lambda cell: _rounded(cell.elevation)),
    "num": ("uint8", lambda cell: np.floor(cell.noise(9) * np.float32(4) + np.float32(8))),
    "swb": ("uint8", lambda cell: np.where(cell.water, 255, 0)),
}


@dataclass(frozen=True, eq=False)
class _Tile:
    """A model of the land alone; calling it samples it (see `model.Sampler`).

    Attributes:
        bands: dtype and formula of each.
        grid: of all.
    """

    bands: Mapping[str, tuple[str, Callable[[_Land], Any]]]
    grid: Grid

    def __call__(self, bands: Sequence[str], rows: Indices, cols: Indices) -> Pixels:
        def paint(rows: Indices, cols: Indices, targets: list[NDArray[Any]]) -> NDArray[np.bool_]:
            land = _Land(self.grid, rows, cols)
            for name, target in zip(bands, targets, strict=True):
                target[...] = self.bands[name][1](land)
            return np.ones(np.broadcast_shapes(rows.shape, cols.shape), np.bool_)

        return blockwise(rows, cols, _dtypes(self.bands, bands), paint)


@dataclass(frozen=True, eq=False)
class _World:
    """A model of the Earth; calling it samples it (see `model.Sampler`).

    Attributes:
        bands: dtype and formula of each.
        grid: of all.
        rows, cols: within which there is the land that other sensors see.
    """

    bands: Mapping[str, tuple[str, Callable[[_Cell], Any]]]
    grid: Grid
    rows: range
    cols: range

    def __call__(self, bands: Sequence[str], rows: Indices, cols: Indices) -> Pixels:
        def paint(rows: Indices, cols: Indices, targets: list[NDArray[Any]]) -> NDArray[np.bool_]:
            inside: NDArray[np.bool_] = (
                (rows >= self.rows.start)
                & (rows < self.rows.stop)
                & (cols >= self.cols.start)
                & (cols < self.cols.stop)
            )
            if not inside.all():
                far = _Far(self.grid, rows, cols)
                for name, target in zip(bands, targets, strict=True):
                    target[...] = self.bands[name][1](far)
            if inside.any():
                high, wide = _span(inside, 1), _span(inside, 0)
                near_rows, near_cols = _cut(rows, high, wide), _cut(cols, high, wide)
                # Outside, the land goes on: no matter, it is not shown.
                near_rows = np.clip(near_rows, self.rows.start, self.rows.stop - 1)
                near_cols = np.clip(near_cols, self.cols.start, self.cols.stop - 1)
                land = _Land(self.grid, near_rows, near_cols)
                near = inside[high, wide]
                for name, target in zip(bands, targets, strict=True):
                    target[high, wide][near] = self.bands[name][1](land)[near]
            return np.ones_like(inside)

        return blockwise(rows, cols, _dtypes(self.bands, bands), paint)


def _dtypes(bands: Mapping[str, tuple[str, Any]], names: Sequence[str]) -> list[np.dtype[Any]]:
    return [np.dtype(bands[name][0]) for name in names]


def _span(inside: NDArray[np.bool_], axis: int) -> slice:
    """From the first row with one inside (or column, along `axis` 0) to the last."""
    found = np.flatnonzero(inside.any(axis=axis))
    return slice(int(found[0]), int(found[-1]) + 1)


def _cut(indices: Indices, high: slice, wide: slice) -> Indices:
    """Some rows and columns of indices that may be of one row or one column."""
    return indices[
        high if indices.shape[0] > 1 else slice(None), wide if indices.shape[1] > 1 else slice(None)
    ]


def _image(
    asset_id: str,
    bands: Mapping[str, tuple[str, Any]],
    grid: Grid,
    sample: Sampler,
    **metadata: Any,
) -> ImageAsset:
    return ImageAsset(
        id=asset_id,
        bands=tuple(Band(name, np.dtype(kind), grid) for name, (kind, _) in bands.items()),
        sample=sample,
        # Between fewer nodes, valleys and ridges would be lost: 13 m at 2 km.
        afar=lambda _: sample,
        **metadata,
    )


def _tile(west: int, south: int) -> str:
    """GLO-30's name of a degree, by its lower left corner."""
    latitude = f"{'S' if south < 0 else 'N'}{abs(south):02d}"
    longitude = f"{'W' if west < 0 else 'E'}{abs(west):03d}"
    return f"Copernicus_DSM_COG_10_{latitude}_00_{longitude}_00_DEM"


@cache
def _tiles() -> tuple[tuple[str, int, int], ...]:
    """Name, west and south of each tile, by name."""
    return tuple(
        sorted(
            (_tile(west, south), west, south)
            for west in range(_WEST, _EAST)
            for south in range(_SOUTH, _NORTH)
        )
    )


def _glo30(position: int) -> ImageAsset:
    name, west, south = _tiles()[position]
    # Centres of pixels lie on all four degrees, so neighbours share a row or a column: Xee's tests
    # expect 3601² pixels from (5.999861, 1.000139) of the first tile [S].
    half = _SECOND / 2
    grid = Grid(
        "EPSG:4326", (_SECOND, 0.0, west - half, 0.0, -_SECOND, south + 1 + half), _SIDE, _SIDE
    )
    return _image(
        f"{_COLLECTION}/{name}",
        _GLO30,
        grid,
        _Tile(_GLO30, grid),
        properties={"system:index": name},
        footprint=shapely.box(west - half, south - half, west + 1 + half, south + 1 + half),
    )


def collection() -> CollectionAsset:
    """GLO-30: a tile a degree, without times."""
    positions = {name: n for n, (name, _, _) in enumerate(_tiles())}
    return CollectionAsset(
        _COLLECTION,
        LazyImages(len(positions), _glo30, positions.get),
        {"type": "ImageCollection"},
    )


def images() -> list[ImageAsset]:
    """SRTM and NASADEM, each one image of the Earth from 60° N to 56° S."""
    half = _SECOND / 2
    grid = Grid(
        "EPSG:4326", (_SECOND, 0.0, -180 - half, 0.0, -_SECOND, 60 + half), 1_296_001, 417_601
    )
    rows = range((60 - _NORTH) * 3600, (60 - _SOUTH) * 3600)
    cols = range((_WEST + 180) * 3600, (_EAST + 180) * 3600)
    footprint = shapely.box(-180 - half, -56 - half, 180 + half, 60 + half)
    start = 950_227_200_000  # the shuttle's mission began on 2000-02-11
    times = {"system:time_start": start, "system:time_end": start + 11 * 86_400_000}
    return [
        _image(
            "USGS/SRTMGL1_003",
            _SRTM,
            grid,
            _World(_SRTM, grid, rows, cols),
            properties={"title": "NASA SRTM Digital Elevation 30m", **times},
            footprint=footprint,
        ),
        _image(
            "NASA/NASADEM_HGT/001",
            _NASADEM,
            grid,
            _World(_NASADEM, grid, rows, cols),
            properties={"title": "NASADEM: NASA 30m Digital Elevation Model", **times},
            footprint=footprint,
        ),
    ]
