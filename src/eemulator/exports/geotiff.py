"""Images as GeoTIFF files.

Files are named as the service does: `prefix.tif`, or `prefix-0000000256-0000000000.tif` by the
first row and column of each where there are several [S].
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
import rasterio.shutil
from affine import Affine
from rasterio.windows import Window

from ..errors import ServiceError
from ..values.projection import parse_crs
from .pixels import strips

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..catalog.model import Grid
    from ..pixels.request import PixelRequest
    from .operations import Watch

_TILE = 256
# A file that the user does not cut has at most about so many bytes; seen in names of files [I].
_FILE_BYTES = 2**31

_GDAL_NAMES = {
    "uint8": "Byte",
    "int8": "Int8",
    "uint16": "UInt16",
    "int16": "Int16",
    "uint32": "UInt32",
    "int32": "Int32",
    "float32": "Float32",
    "float64": "Float64",
}


@dataclass(frozen=True, slots=True)
class GeoTiffOptions:
    """What a user may say of the files.

    Attributes:
        cloud_optimized: with overviews, laid out for reading by ranges.
        no_data: the value of the nodata tag. Masked pixels are not set to it: as the service's
            own example says, that is what `unmask` is for [I].
        file_size: most columns and rows of one file; None for as many as `_FILE_BYTES` allows.
        skip_empty: leave out files without a valid pixel.
        metadata_keys: properties of the image that are written into each file.
    """

    cloud_optimized: bool = False
    no_data: float | None = None
    file_size: tuple[int, int] | None = None
    skip_empty: bool = False
    metadata_keys: tuple[str, ...] = ()


def parse_options(wire: Any) -> GeoTiffOptions:
    """`geoTiffOptions` of a request.

    Raises:
        ServiceError: they are malformed, or the size of files is no multiple of that of tiles [S].
    """
    if not isinstance(wire, dict):
        raise ServiceError("Invalid value at 'geo_tiff_options': an object is needed.")
    try:
        tile = int((wire.get("tileSize") or {}).get("value", _TILE))
        size = wire.get("tileDimensions")
        file_size = None if size is None else (int(size["width"]), int(size["height"]))
        no_data = (wire.get("noData") or {}).get("floatValue")
        options = GeoTiffOptions(
            bool(wire.get("cloudOptimized")),
            None if no_data is None else float(no_data),
            file_size,
            bool(wire.get("skipEmptyFiles")),
            tuple(str(key) for key in wire.get("metadataKeys") or ()),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ServiceError("Invalid value at 'geo_tiff_options'.") from None
    if tile < 1 or (file_size and any(side < 1 or side % tile for side in file_size)):
        raise ServiceError(
            f"fileDimensions must be positive multiples of shardSize ({tile}), got {file_size}."
        )
    return options


def write_geotiffs(
    request: PixelRequest,
    properties: Mapping[str, Any],
    options: GeoTiffOptions,
    folder: Path,
    watch: Watch,
) -> list[tuple[Path, str]]:
    """Write all files of an image.

    Args:
        request: bands and grid.
        properties: of the image.
        options: the user's.
        folder: where.
        watch: told of the progress.

    Returns:
        The files, and what follows the prefix in the name of each.

    Raises:
        ServiceError: the bands have several types, or the nodata value is none of theirs.
    """
    dtype = _dtype(request, options)
    parts = _parts(request.grid, options.file_size or _default_size(request, dtype))
    tags = {key: str(properties[key]) for key in options.metadata_keys if key in properties}
    files = []
    done, total = 0, request.grid.width * request.grid.height
    for number, (suffix, part) in enumerate(parts):
        path = folder / f"{number}.tif"
        profile: dict[str, Any] = {
            "driver": "GTiff",
            "width": part.width,
            "height": part.height,
            "count": len(request.bands),
            "dtype": dtype.name,
            "crs": parse_crs(part.crs).to_wkt(),
            "transform": Affine(*part.transform),
            "nodata": options.no_data,
            "tiled": True,
            "blockxsize": _TILE,
            "blockysize": _TILE,
            "compress": "lzw",
            "bigtiff": "if_safer",
        }
        has_valid = False
        with rasterio.open(path, "w", **profile) as target:
            target.descriptions = [band.id for band in request.bands]
            target.update_tags(**tags)
            for rows, planes in strips(request.bands, part, watch):
                window = Window(0, rows.start, part.width, rows.stop - rows.start)
                for index, (values, valid) in enumerate(planes, start=1):
                    target.write(_filled(values, valid, dtype), index, window=window)
                    has_valid = has_valid or valid is None or bool(valid.any())
                done += part.width * (rows.stop - rows.start)
                watch.progress = done / total
        if options.skip_empty and not has_valid:
            path.unlink()
            continue
        files.append((_optimized(path) if options.cloud_optimized else path, f"{suffix}.tif"))
    return files


def _dtype(request: PixelRequest, options: GeoTiffOptions) -> np.dtype[Any]:
    """The one type of all bands [S]; the words are remembered [M]."""
    kinds = list(dict.fromkeys(band.type.output_dtype for band in request.bands))
    if len(kinds) > 1:
        names = " and ".join(_GDAL_NAMES[kind.name] for kind in kinds)
        raise ServiceError(
            f"Exported bands must have compatible data types; found inconsistent types: {names}.",
            kind="types",
        )
    value = options.no_data
    if value is not None and kinds[0].kind in "iu":
        info = np.iinfo(kinds[0])
        if not (math.isfinite(value) and value.is_integer() and info.min <= value <= info.max):
            raise ServiceError(
                f"The noData value {value} is no value of type {_GDAL_NAMES[kinds[0].name]}.",
                kind="types",
            )
    return kinds[0]


def _default_size(request: PixelRequest, dtype: np.dtype[Any]) -> tuple[int, int]:
    side = math.sqrt(_FILE_BYTES / (dtype.itemsize * len(request.bands)))
    rounded = max(math.ceil(side / _TILE), 1) * _TILE
    return rounded, rounded


def _parts(grid: Grid, size: tuple[int, int]) -> list[tuple[str, Grid]]:
    """The grids of the files, row by row, and what follows the prefix in each name."""
    width, height = size
    if grid.width <= width and grid.height <= height:
        return [("", grid)]
    a, b, c, d, e, f = grid.transform
    return [
        (
            f"-{top:010}-{left:010}",
            replace(
                grid,
                transform=(a, b, c + a * left + b * top, d, e, f + d * left + e * top),
                width=min(width, grid.width - left),
                height=min(height, grid.height - top),
            ),
        )
        for top in range(0, grid.height, height)
        for left in range(0, grid.width, width)
    ]


def _filled(values: Any, valid: Any, dtype: np.dtype[Any]) -> Any:
    """Masked pixels are 0, or NaN where there is one [M]."""
    if valid is None:
        return values.astype(dtype, copy=False)
    filled = np.full(values.shape, np.nan if dtype.kind == "f" else 0, dtype)
    np.copyto(filled, values, where=valid, casting="unsafe")
    return filled


def _optimized(path: Path) -> Path:
    made = path.with_suffix(".cog.tif")
    rasterio.shutil.copy(
        path, made, driver="COG", compress="lzw", bigtiff="if_safer", overview_resampling="nearest"
    )
    path.unlink()
    return made
