"""Pixels of stored images."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..values.geometry import footprint_ring
from ..values.image import Image, ImageBand
from ..values.pixel_type import PixelType
from ..values.projection import Projection
from .node import Leaf, Plane, masked_plane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid, ImageAsset
    from .locate import Located, Locator


class StoredPixels(Leaf):
    """The bands of an asset, nearest neighbour; bands that share a lattice are read at once."""

    def __init__(self, asset: ImageAsset) -> None:
        self._asset = asset

    def planes(self, indices: Sequence[int], grid: Grid, locator: Locator) -> list[Plane]:
        """The bands on a grid; outside of the asset's lattice all is masked."""
        bands = self._asset.bands
        by_lattice: dict[Grid, list[int]] = {}
        for index in indices:
            by_lattice.setdefault(bands[index].grid, []).append(index)
        found: dict[int, Plane] = {}
        for lattice, members in by_lattice.items():
            located = locator.locate(grid, lattice)
            if located is None:
                for index in members:
                    found[index] = masked_plane(grid, bands[index].dtype)
                continue
            names = [bands[index].id for index in members]
            sampled = self._asset.sample(names, located.rows, located.cols)
            for index, (values, validity) in zip(members, sampled, strict=True):
                found[index] = _placed(grid, located, values, validity)
        return [found[index] for index in indices]


def _placed(
    grid: Grid, located: Located, values: NDArray[Any], validity: NDArray[np.bool_]
) -> Plane:
    """Samples at their place in the grid, masked around."""
    if located.inside is not None:
        validity = validity & located.inside
    # Samples are 0 where they are invalid, but not where they lie outside of the lattice.
    zeroed = located.inside is None
    shape = (grid.height, grid.width)
    if values.shape == shape:
        return Plane(values, validity, zeroed)
    whole = np.zeros(shape, values.dtype)
    whole[located.window] = values
    mask = np.zeros(shape, np.bool_)
    mask[located.window] = validity
    return Plane(whole, mask, zeroed)


_type_of = lru_cache(maxsize=64)(PixelType.of_dtype)


@lru_cache(maxsize=4096)
def _projection_of(grid: Grid) -> Projection:
    return Projection(grid.crs, grid.transform)


def _bands(asset: ImageAsset) -> tuple[ImageBand, ...]:
    node = StoredPixels(asset)
    return tuple(
        ImageBand(
            id=band.id,
            type=_type_of(band.dtype),
            node=node,
            index=index,
            projection=_projection_of(band.grid),
            dimensions=(band.grid.width, band.grid.height),
            extent=(band.grid,),
        )
        for index, band in enumerate(asset.bands)
    )


def stored_image(asset: ImageAsset) -> Image:
    """An asset as an image; its bands are described when they are first asked for."""
    return Image(
        partial(_bands, asset),
        properties=asset.properties,
        asset_id=asset.id,
        version=asset.version,
        footprint=None if asset.footprint is None else footprint_ring(asset.footprint),
    )
