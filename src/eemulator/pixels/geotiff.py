"""GeoTIFF: one dtype, masked pixels at the nodata value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from affine import Affine
from rasterio.io import MemoryFile
from rasterio.windows import Window

from ..values.pixel_type import union_of
from ..values.projection import parse_crs
from .node import valid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid
    from ..values.image import ImageBand
    from .node import Plane

_NODATA = {"u": 0.0, "f": -np.inf}


def encode_geotiff(
    bands: Sequence[ImageBand], grid: Grid, chunks: Iterable[tuple[slice, list[Plane]]]
) -> bytes:
    """Bytes of a GeoTIFF, bands in order, without descriptions.

    Args:
        bands: their types are promoted to one.
        grid: where the pixels are.
        chunks: rows and the planes of all bands there; together they cover the grid.
    """
    dtype = union_of(band.type for band in bands).output_dtype
    nodata = nodata_of(dtype)
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "width": grid.width,
        "height": grid.height,
        "count": len(bands),
        "dtype": dtype.name,
        "crs": parse_crs(grid.crs).to_wkt(),
        "transform": Affine(*grid.transform),
        "nodata": nodata,
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as target:
            for rows, planes in chunks:
                window = Window(0, rows.start, grid.width, rows.stop - rows.start)
                # All bands together, as they lie in the file: GDAL would go over it for each.
                target.write(_filled(planes, dtype, nodata), window=window)
        memory.seek(0)
        content: bytes = memory.read()
    return content


def nodata_of(dtype: np.dtype[Any]) -> float:
    """The nodata tag: 0, the least integer, or minus infinity [S]."""
    return _NODATA[dtype.kind] if dtype.kind in _NODATA else int(np.iinfo(dtype).min)


def _filled(planes: list[Plane], dtype: np.dtype[Any], nodata: float) -> NDArray[Any]:
    """`(band, row, column)`."""
    filled = np.empty((len(planes), *planes[0].values.shape), dtype)
    for band, plane in zip(filled, planes, strict=True):
        if plane.mask is None:
            band[...] = plane.values
        else:
            band[...] = nodata
            np.copyto(band, plane.values, where=valid(plane.mask), casting="unsafe")
    return filled
