"""Images that cost next to nothing to serve, so that the client is what is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer

from eemulator import Band, Catalog, CollectionAsset, Grid, ImageAsset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CRS = "EPSG:32738"
SIDE = 10_980
GRID = Grid(CRS, (10.0, 0.0, 699_960.0, 0.0, -10.0, 8_000_020.0), SIDE, SIDE)
BANDS = ("B2", "B3", "B4", "B8")
DATES = 400
DAY = 86_400_000
START = 1_704_067_200_000

_PERIOD = 4096
_TABLE = np.random.default_rng(0).integers(1, 10_000, _PERIOD, dtype=np.uint16)


@dataclass(frozen=True)
class Cheap:
    """Value = a table's entry at `row + column + number`, modulo its length."""

    number: int

    def __call__(
        self, bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
        """See `eemulator.catalog.model.Sampler`."""
        height, width = np.broadcast_shapes(rows.shape, cols.shape)
        first = int(rows[0, 0] + cols[0, 0])
        line = np.resize(np.roll(_TABLE, -((first + self.number) % _PERIOD)), height + width)
        # Every row is the one above, moved by one: a view, whatever the size.
        step = line.strides[0]
        values = np.lib.stride_tricks.as_strided(line, (height, width), (step, step))
        valid = np.ones((height, width), np.bool_)
        return [(values, valid) for _ in bands]


def expected(number: int, row: int, col: int, height: int, width: int) -> NDArray[np.uint16]:
    """What an export of native pixels must hold, in any band."""
    index = np.arange(row, row + height)[:, None] + np.arange(col, col + width)[None]
    values: NDArray[np.uint16] = _TABLE[(index + number) % _PERIOD]
    return values


def _image(asset_id: str, number: int) -> ImageAsset:
    a, _, c, _, e, f = GRID.transform
    corners = [(c, f), (c + a * SIDE, f), (c + a * SIDE, f + e * SIDE), (c, f + e * SIDE)]
    lonlat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    time = START + number * DAY
    return ImageAsset(
        id=asset_id,
        bands=tuple(Band(name, np.dtype("uint16"), GRID) for name in BANDS),
        properties={
            "system:index": asset_id.rpartition("/")[2],
            "system:time_start": time,
            "system:time_end": time,
        },
        footprint=shapely.Polygon([lonlat.transform(*corner) for corner in corners]),
        sample=Cheap(number),
    )


def catalog() -> Catalog:
    """One image, and a series of `DATES`."""
    dates = [_image(f"BENCH/SERIES/d{n:03d}", n) for n in range(DATES)]
    return Catalog([_image("BENCH/IMAGE", 0), CollectionAsset("BENCH/SERIES", dates)])
