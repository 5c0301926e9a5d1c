"""Synthetic Sentinel-1: ground range detected images of 2024, ids and grids like the real ones.

Bands are the polarisations in decibels (double) and `angle`, on a coarse grid that lies askew in
the same CRS [M]. Grids do not begin at a whole metre.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from eemulator.catalog.lazy import LazyImages, LazyProperties
from eemulator.catalog.model import Band, CollectionAsset, Grid, ImageAsset
from eemulator.catalog.sentinel1.linear import Linear
from eemulator.catalog.sentinel1.passes import Outline, Slice, footprint, outline, slices
from eemulator.catalog.sentinel1.pixels import Backscatter
from eemulator.catalog.weather import Moment

if TYPE_CHECKING:
    from eemulator.catalog.model import Sampler

COLLECTION = "COPERNICUS/S1_GRD"
LINEAR = "COPERNICUS/S1_GRD_FLOAT"
"""The same, but backscatter is not in decibels."""

_ANGLE_COLUMNS, _ANGLE_ROWS = 21, 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def collections() -> list[CollectionAsset]:
    """All images, in decibels and as power."""
    return [
        CollectionAsset(
            name,
            LazyImages(lambda: len(slices()), partial(_numbered, name), _find),
            {"type": "ImageCollection"},
        )
        for name in (COLLECTION, LINEAR)
    ]


def _numbered(name: str, position: int) -> ImageAsset:
    return _image(name, slices()[position])


@cache
def _positions() -> dict[str, int]:
    return {image.index: n for n, image in enumerate(slices())}


def _find(index: str) -> int | None:
    return _positions().get(index)


@lru_cache(maxsize=256)
def _grids(crs: str, shape: Outline, metres: int, number: int) -> tuple[Grid, Grid]:
    """The grid of the polarisations, and that of the angle.

    Args:
        crs: of both.
        shape: of the image.
        metres: side of a pixel.
        number: of the orbit: each begins somewhere else.
    """
    west, south, east, north = shape.polygon().bounds
    left = west - 40 - number % 97 * 0.38137
    top = north + 40 + number % 89 * 0.41911
    width, height = int((east - left) // metres) + 4, int((top - south) // metres) + 4
    fine = Grid(crs, (float(metres), 0.0, left, 0.0, -float(metres), top), width, height)
    # From the upper left corner of the parallelogram along its edges.
    corners = shape.polygon().exterior.coords
    (x0, y0), (x1, y1), (x2, y2) = corners[3], corners[2], corners[0]
    coarse = Grid(
        crs,
        (
            (x1 - x0) / (_ANGLE_COLUMNS - 1),
            (x2 - x0) / (_ANGLE_ROWS - 1),
            x0 - (x1 - x0) / (2 * _ANGLE_COLUMNS - 2) - (x2 - x0) / (2 * _ANGLE_ROWS - 2),
            (y1 - y0) / (_ANGLE_COLUMNS - 1),
            (y2 - y0) / (_ANGLE_ROWS - 1),
            y0 - (y1 - y0) / (2 * _ANGLE_COLUMNS - 2) - (y2 - y0) / (2 * _ANGLE_ROWS - 2),
        ),
        _ANGLE_COLUMNS,
        _ANGLE_ROWS,
    )
    return fine, coarse


def _image(name: str, key: Slice) -> ImageAsset:
    shape = outline(key)
    fine, coarse = _grids(key.crs, shape, key.mode.metres, key.absolute)
    bands = [Band(band, np.dtype(np.float64), fine) for band in key.mode.polarisations]
    morning = key.start.replace(hour=7, minute=0)
    millis = (key.start - _EPOCH) // timedelta(milliseconds=1)
    moment = Moment(2**30 + key.absolute * 64, morning)
    pixels = Backscatter(fine, coarse, shape, moment, key.track.ascending)

    def seen(side: int) -> Sampler:
        scattered = pixels.afar(side)
        return Linear(scattered) if name == LINEAR else scattered

    return ImageAsset(
        id=f"{name}/{key.index}",
        bands=(*bands, Band("angle", np.dtype(np.float32), coarse)),
        properties=LazyProperties(
            {"system:index": key.index, "system:time_start": millis}, partial(_properties, key)
        ),
        footprint=footprint(key),
        sample=seen(1),
        afar=seen,
    )


def _properties(key: Slice) -> dict[str, Any]:
    """Earth Engine's properties of an image, but for those known at once."""
    node = key.start - timedelta(minutes=93 if key.track.ascending else 55)
    return {
        "system:time_end": (key.stop - _EPOCH) // timedelta(milliseconds=1),
        "familyName": "SENTINEL-1",
        "platform_number": "A",
        "instrument": "Synthetic Aperture Radar",
        "instrumentMode": key.mode.name,
        "instrumentSwath": key.mode.name,
        "productType": "GRD",
        "productClass": "S",
        "resolution": key.mode.resolution,
        "resolution_meters": key.mode.metres,
        "transmitterReceiverPolarisation": list(key.mode.polarisations),
        "orbitProperties_pass": key.track.direction,
        "orbitProperties_ascendingNodeTime": (node - _EPOCH) // timedelta(milliseconds=1),
        "orbitNumber_start": key.absolute,
        "orbitNumber_stop": key.absolute,
        "relativeOrbitNumber_start": key.track.number,
        "relativeOrbitNumber_stop": key.track.number,
        "cycleNumber": (key.absolute - 73) // 175 + 1,
        "sliceNumber": key.number,
        "totalSlices": 3,
        "platformHeading": 348.4 if key.track.ascending else 191.6,
    }
