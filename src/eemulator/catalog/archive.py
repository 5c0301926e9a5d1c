"""A collection of 50,000 images, to rehearse with what is too much for one answer.

It is no collection of Earth Engine's. Images are three hours apart from 2000 on, each at the next
of a hundred places: 10 by 10, west to east and then north to south from 40° E and 10° S, 1° apart
and 1.2° wide. Every pixel of the band `number` is the image's number.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from eemulator.catalog.lazy import LazyImages
from eemulator.catalog.model import Band, CollectionAsset, Grid, ImageAsset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

NAME = "EEMULATOR/ARCHIVE"

COUNT = 50_000

_START = 946_684_800_000
"""Milliseconds: 2000."""

_STEP = 10_800_000
"""Milliseconds: three hours."""

_DURATION = 30_000
"""Milliseconds."""

_PLACES = 100

_PIXELS = 120
"""A side, of 0.01°."""


def collection() -> CollectionAsset:
    """The collection."""
    return CollectionAsset(NAME, LazyImages(COUNT, _image, _position))


def _image(number: int) -> ImageAsset:
    band, footprint = _place(number % _PLACES)
    start = _START + number * _STEP

    def sample(
        bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
        shape = np.broadcast_shapes(rows.shape, cols.shape)
        return [(np.full(shape, number, band.dtype), np.ones(shape, np.bool_)) for _ in bands]

    return ImageAsset(
        id=f"{NAME}/a{number:06}",
        bands=(band,),
        properties={
            "system:index": f"a{number:06}",
            "system:time_start": start,
            "system:time_end": start + _DURATION,
            "number": number,
            "place": number % _PLACES,
        },
        footprint=footprint,
        sample=sample,
    )


@lru_cache(maxsize=_PLACES)
def _place(place: int) -> tuple[Band, shapely.Polygon]:
    """The band and the footprint of all images of a place."""
    west, north = 40.0 + place % 10, -10.0 - place // 10
    grid = Grid("EPSG:4326", (0.01, 0.0, west, 0.0, -0.01, north), _PIXELS, _PIXELS)
    return Band("number", np.dtype(np.uint16), grid), shapely.box(
        west, north - 1.2, west + 1.2, north
    )


def _position(name: str) -> int | None:
    number = int(name[1:]) if len(name) == 7 and name[0] == "a" and name[1:].isdecimal() else COUNT
    return number if number < COUNT else None
