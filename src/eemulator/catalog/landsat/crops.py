"""Real imagery: two overlapping Landsat 8 crops (see `catalog/data/landsat/README.md`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from pyproj import Transformer
from shapely import transform

from eemulator.catalog import sun
from eemulator.catalog.lazy import LazyImages
from eemulator.catalog.model import Band, Grid, ImageAsset
from eemulator.catalog.outlines import outlines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

COLLECTION = "LANDSAT/LC08/C02/T1"
BANDS = ("B2", "B3", "B4")
_FILES = Path(__file__).parents[1] / "data" / "landsat"


@dataclass(frozen=True)
class _Crop:
    """One file.

    Attributes:
        index: `system:index`, and the file's name.
        row: WRS-2 row.
        centre_time: of the whole scene, UTC; inferred.
    """

    index: str
    row: int
    centre_time: datetime

    @property
    def path(self) -> Path:
        return _FILES / f"{self.index}.tif"


# Rows follow each other on the track at intervals of about 24 seconds.
_CROPS = (
    _Crop("LC08_224077_20200518", 77, datetime(2020, 5, 18, 13, 32, 0, tzinfo=UTC)),
    _Crop("LC08_224078_20200518", 78, datetime(2020, 5, 18, 13, 32, 24, tzinfo=UTC)),
)


@lru_cache(maxsize=len(_CROPS))
def _pixels(path: Path) -> NDArray[np.uint16]:
    """The whole file, `(bands, height, width)`: 3 MB, so it is read once and kept."""
    with rasterio.open(path) as file:
        pixels: NDArray[np.uint16] = file.read()
    pixels.setflags(write=False)
    return pixels


@dataclass(frozen=True)
class _Sampler:
    path: Path

    def __call__(
        self, bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
        """Pixels of the file; one is valid where it is not the fill value 0."""
        pixels = _pixels(self.path)
        picked = [pixels[BANDS.index(name)][rows, cols] for name in bands]
        return [(values, values != 0) for values in picked]


def images() -> LazyImages:
    """The two crops."""
    positions = {crop.index: n for n, crop in enumerate(_CROPS)}
    return LazyImages(len(_CROPS), lambda n: _image(_CROPS[n]), positions.get)


def _image(crop: _Crop) -> ImageAsset:
    with rasterio.open(crop.path) as file:
        t = file.transform
        grid = Grid(
            f"EPSG:{file.crs.to_epsg()}", (t.a, t.b, t.c, t.d, t.e, t.f), file.width, file.height
        )
    footprint = _footprint(crop, grid)
    return ImageAsset(
        id=f"{COLLECTION}/{crop.index}",
        bands=tuple(Band(name, np.dtype("uint16"), grid) for name in BANDS),
        properties=_properties(crop, footprint),
        footprint=footprint,
        sample=_Sampler(crop.path),
    )


def _footprint(crop: _Crop, grid: Grid) -> BaseGeometry:
    """The valid pixels' hull in longitude and latitude; a scene's edges are straight lines."""
    valid = (_pixels(crop.path)[0] != 0).astype(np.uint8)
    affine = rasterio.Affine(*grid.transform)
    found = [outline for outline, _ in outlines(valid, affine)]
    hull = max(found, key=lambda outline: outline.area).convex_hull.simplify(30)
    to_geographic = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    return transform(
        hull.segmentize(10_000), lambda p: np.stack(to_geographic.transform(p[:, 0], p[:, 1]), 1)
    )


def _properties(crop: _Crop, footprint: BaseGeometry) -> dict[str, Any]:
    day = crop.centre_time.strftime("%Y%m%d")
    place = f"224{crop.row:03d}"
    moment = (crop.centre_time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    position = sun.position(crop.centre_time, footprint.centroid.x, footprint.centroid.y)
    return {
        "system:index": crop.index,
        "system:time_start": moment,
        "system:time_end": moment,
        "LANDSAT_PRODUCT_ID": f"LC08_L1TP_{place}_{day}_{day}_01_RT",
        "COLLECTION_NUMBER": 1,
        "COLLECTION_CATEGORY": "RT",
        "PROCESSING_LEVEL": "L1TP",
        "SPACECRAFT_ID": "LANDSAT_8",
        "SENSOR_ID": "OLI_TIRS",
        "WRS_PATH": 224,
        "WRS_ROW": crop.row,
        "DATE_ACQUIRED": crop.centre_time.strftime("%Y-%m-%d"),
        "SCENE_CENTER_TIME": crop.centre_time.strftime("%H:%M:%SZ"),
        "SUN_ELEVATION": 90 - position.zenith,
        "SUN_AZIMUTH": position.azimuth,
        "CLOUD_COVER": 0.0,
        "UTM_ZONE": 21,
        "GRID_CELL_SIZE_REFLECTIVE": 30.0,
    }
