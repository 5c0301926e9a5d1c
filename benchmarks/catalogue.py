"""Images that cost next to nothing to serve, so that the client is what is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer

import pixels
from eemulator import Band, Catalog, CollectionAsset, Grid, ImageAsset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_STEP = pixels.RESOLUTION
_SIDE = pixels.SIDE
_GRID = Grid(pixels.CRS, (_STEP, 0.0, pixels.LEFT, 0.0, -_STEP, pixels.TOP), _SIDE, _SIDE)


@dataclass(frozen=True)
class Cheap:
    """See `eemulator.catalog.model.Sampler` and `pixels.values`."""

    number: int

    def __call__(
        self, bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
        """The pixels of neighbouring rows and columns."""
        height, width = np.broadcast_shapes(rows.shape, cols.shape)
        found = pixels.values(self.number, int(rows[0, 0]), int(cols[0, 0]), height, width)
        valid = np.ones((height, width), np.bool_)
        return [(found, valid) for _ in bands]


def _image(asset_id: str, number: int) -> ImageAsset:
    left, top, size = pixels.LEFT, pixels.TOP, _STEP * _SIDE
    corners = [(left, top), (left + size, top), (left + size, top - size), (left, top - size)]
    lonlat = Transformer.from_crs(pixels.CRS, "EPSG:4326", always_xy=True)
    time = pixels.START + number * pixels.DAY
    return ImageAsset(
        id=asset_id,
        bands=tuple(Band(name, np.dtype("uint16"), _GRID) for name in pixels.BANDS),
        properties={
            "system:index": asset_id.rpartition("/")[2],
            "system:time_start": time,
            "system:time_end": time,
        },
        footprint=shapely.Polygon([lonlat.transform(*corner) for corner in corners]),
        sample=Cheap(number),
    )


def catalog() -> Catalog:
    """One image, and a series."""
    dates = [_image(pixels.date_id(number), number) for number in range(pixels.DATES)]
    return Catalog([_image(pixels.IMAGE, 0), CollectionAsset(pixels.SERIES, dates)])
