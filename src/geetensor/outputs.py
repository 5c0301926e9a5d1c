"""Pixels of an export as GeoTensors."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from georeader.geotensor import GeoTensor
from rasterio.crs import CRS

from geetensor.export import Export, Pixels
from geetensor.grid import parse_crs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geetensor.masks import Fill


def as_image(pixels: Pixels, export: Export, attrs: dict[str, Any]) -> GeoTensor | Any:
    """The only date of an output: `(C, H, W)`, or a pair of that and the mask.

    Args:
        pixels: of the export.
        export: as planned.
        attrs: of the result, besides the bands' names.
    """
    values, mask = pixels
    return as_cube(Pixels(values[0], None if mask is None else mask[0]), export, attrs)


def as_cube(pixels: Pixels, export: Export, attrs: dict[str, Any]) -> GeoTensor | Any:
    """The values, and the mask beside them where it was asked for.

    Args:
        pixels: of the export.
        export: as planned.
        attrs: of the result, besides the bands' names.
    """
    values = _geotensor(pixels.values, export, export.fill, attrs)
    if pixels.mask is None:
        return values
    return values, _geotensor(pixels.mask, export, 0, attrs)


def _geotensor(
    values: NDArray[Any], export: Export, fill: Fill, attrs: dict[str, Any]
) -> GeoTensor:
    return GeoTensor(
        values,
        transform=export.grid.transform,
        crs=_rasterio_crs(export.grid.crs),
        fill_value_default=fill,
        attrs={"band_names": list(export.band_names), **attrs},
    )


@functools.lru_cache(maxsize=64)
def _rasterio_crs(crs: str) -> CRS:
    return CRS.from_user_input(parse_crs(crs))
