"""Files whose every pixel is a closed formula."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio

from tests.eemulator.wire import grid, pixels

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CRS = "EPSG:32738"
ORIGIN = (400_000.0, 8_000_000.0)
"""West and north of the files, metres."""


def numbers(shape: tuple[int, ...], dtype: Any, seed: int = 0) -> Any:
    """Values over the whole range of a dtype, all of which a double can hold, 7 among them."""
    kind = np.dtype(dtype)
    order = (np.arange(np.prod(shape)).reshape(shape) * 37 + seed) % 251
    if kind.kind == "f":
        return ((order - 100) / kind.type(7)).astype(kind) + kind.type(7)
    info = np.iinfo(kind)
    low, high = max(info.min, -(2**52)), min(info.max, 2**52)
    return (low + order.astype(object) * ((high - low) // 250)).astype(kind)


def write(
    path: Path,
    values: NDArray[Any],
    *,
    size: float = 10.0,
    origin: tuple[float, float] = ORIGIN,
    mask: NDArray[np.bool_] | None = None,
    names: tuple[str, ...] = (),
    tags: dict[str, str] | None = None,
    **options: Any,
) -> Path:
    """A GeoTIFF of `(bands, height, width)`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count, height, width = values.shape
    chosen = {
        "crs": CRS,
        "transform": rasterio.Affine(size, 0, origin[0], 0, -size, origin[1]),
        **options,
    }
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(
            path,
            "w",
            driver="GTiff",
            count=count,
            height=height,
            width=width,
            dtype=values.dtype,
            **chosen,
        ) as file,
    ):
        file.write(values)
        for number, name in enumerate(names, start=1):
            file.set_band_description(number, name)
        if mask is not None:
            file.write_mask(mask)
        if tags:
            file.update_tags(**tags)
    return path


def whole(
    asset_id: Any, height: int, width: int, *, size: float = 10.0, crs: str = CRS
) -> NDArray[Any]:
    """All pixels of an image that `write` made, or of an `ee.Image` on its grid."""
    return pixels(asset_id, grid(crs, (size, 0, ORIGIN[0], 0, -size, ORIGIN[1]), width, height))
