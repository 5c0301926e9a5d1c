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
from .pyramid import stored_level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Band, Grid, ImageAsset
    from ..limits import Deadline
    from .locate import Located, Locator
    from .node import Mask
    from .pyramid import Pyramids


class StoredPixels(Leaf):
    """The bands of an asset, nearest neighbour at the level that a grid's scale chooses.

    Bands that share a lattice are read at once.

    Args:
        asset: the image.
        pyramids: its coarser levels.
        deadline: when to give up making them.
    """

    def __init__(self, asset: ImageAsset, pyramids: Pyramids, deadline: Deadline) -> None:
        self._asset = asset
        self._pyramids = pyramids
        self._deadline = deadline

    def planes(self, indices: Sequence[int], grid: Grid, locator: Locator) -> list[Plane]:
        """The bands on a grid; outside of the asset's lattice all is masked."""
        bands = self._asset.bands
        by_lattice: dict[Grid, list[int]] = {}
        for index in indices:
            by_lattice.setdefault(bands[index].grid, []).append(index)
        found: dict[int, Plane] = {}
        for lattice, members in by_lattice.items():
            level, coarser = stored_level(grid, lattice)
            located = locator.locate(grid, coarser)
            if located is None:
                for index in members:
                    found[index] = masked_plane(grid, bands[index].dtype)
                continue
            sampled = self._sampled([bands[index] for index in members], level, located)
            for index, (values, mask) in zip(members, sampled, strict=True):
                found[index] = _placed(grid, located, values, mask)
        return [found[index] for index in indices]

    def _sampled(
        self, bands: Sequence[Band], level: int, located: Located
    ) -> Iterator[tuple[NDArray[Any], Mask]]:
        """Values and masks at positions of a level."""
        rows, cols = located.rows, located.cols
        if level == 0:
            yield from self._asset.sample([band.id for band in bands], rows, cols)
            return
        for values, weight in self._pyramids.sample(
            self._asset, bands, level, rows, cols, self._deadline
        ):
            if weight is None:
                yield values, np.ones(values.shape, np.bool_)
            else:
                valid = weight > 0
                yield values, valid if (weight[valid] == 1).all() else weight


def _placed(grid: Grid, located: Located, values: NDArray[Any], mask: Mask) -> Plane:
    """Samples at their place in the grid, masked around."""
    if located.inside is not None:
        mask = mask * located.inside
    # Samples are 0 where they are masked, but not where they lie outside of the lattice.
    zeroed = located.inside is None
    shape = (grid.height, grid.width)
    if values.shape == shape:
        return Plane(values, mask, zeroed)
    whole = np.zeros(shape, values.dtype)
    whole[located.window] = values
    wide: Any = np.zeros(shape, mask.dtype)
    wide[located.window] = mask
    return Plane(whole, wide, zeroed)


_type_of = lru_cache(maxsize=64)(PixelType.of_dtype)


@lru_cache(maxsize=4096)
def _projection_of(grid: Grid) -> Projection:
    return Projection(grid.crs, grid.transform)


def _bands(asset: ImageAsset, pyramids: Pyramids, deadline: Deadline) -> tuple[ImageBand, ...]:
    node = StoredPixels(asset, pyramids, deadline)
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


def stored_image(asset: ImageAsset, pyramids: Pyramids, deadline: Deadline) -> Image:
    """An asset as an image; its bands are described when they are first asked for.

    Args:
        asset: the image.
        pyramids: where its coarser levels are kept.
        deadline: when to give up making them.
    """
    return Image(
        partial(_bands, asset, pyramids, deadline),
        properties=asset.properties,
        asset_id=asset.id,
        version=asset.version,
        footprint=None if asset.footprint is None else footprint_ring(asset.footprint),
    )
