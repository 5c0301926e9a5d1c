"""A small picture of a stored image, by the same way as pixels that are requested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..pixels.node import valid
from ..pixels.pictures import encode_picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..catalog.model import ImageAsset
    from ..rest.methods import Methods

# A scene of Sentinel-2 is then read at 640 m, one of Landsat at 960 m.
_SIDE = 168
_COLOURS = [("B4", "B3", "B2"), ("SR_B4", "SR_B3", "SR_B2"), ("B3", "B2", "B1")]
"""Bands that make a natural picture, if an image has them."""


def shown_bands(asset: ImageAsset) -> tuple[str, ...]:
    """Red, green and blue, or the first band alone; nothing without a band or a footprint."""
    names = {band.id for band in asset.bands}
    if not names or asset.footprint is None:
        return ()
    for colours in _COLOURS:
        if names.issuperset(colours):
            return colours
    return (asset.bands[0].id,)


def preview_png(asset: ImageAsset, methods: Methods) -> bytes:
    """The image within the bounds of its footprint, at most 168 pixels a side.

    Raises:
        ServiceError: 404 where there is nothing to show; as a request for pixels would.
    """
    bands = shown_bands(asset)
    if not bands or asset.footprint is None:
        raise ServiceError(f"'{asset.id}' has no bands or no footprint.", 404)
    west, south, east, north = asset.footprint.bounds
    step = max(east - west, north - south) / _SIDE
    width, height = (max(round(size / step), 1) for size in (east - west, north - south))
    request = {
        "bandIds": list(bands),
        "grid": {
            "crsCode": "EPSG:4326",
            "dimensions": {"width": width, "height": height},
            "affineTransform": {
                "scaleX": (east - west) / width,
                "translateX": west,
                "scaleY": -(north - south) / height,
                "translateY": north,
            },
        },
    }
    planes = methods.planes(asset, request)
    shown = np.ones((height, width), np.bool_)
    for plane in planes:
        if plane.mask is not None:
            shown &= valid(plane.mask)
    layers = [np.where(shown, _stretched(plane.values, shown), 0) for plane in planes]
    alpha = np.where(shown, 255, 0).astype(np.uint8)
    return encode_picture(np.stack([*(layers * 3)[:3], alpha], axis=-1), "PNG")


def _stretched(values: NDArray[Any], shown: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Values to 0…255, from the 2nd to the 98th percentile of those shown; white if all are one."""
    numbers = values.astype(np.float64)
    known = numbers[np.isfinite(numbers) & shown]
    if not known.size:
        return np.zeros(values.shape, np.uint8)
    low, high = np.percentile(known, (2, 98))
    if low == high:
        return np.full(values.shape, 255, np.uint8)
    scaled = np.interp(numbers, (low, high), (0.0, 255.0))
    return np.nan_to_num(scaled).astype(np.uint8)
