"""Where an image may have pixels at all."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ..catalog.model import Grid
from ..values.image import ImageBand
from ..values.pixel_type import BOOLEAN
from .node import Leaf, Plane, masked_plane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .locate import Locator

Extent = tuple[Grid, ...]


class _Coverage(Leaf):
    """One output: valid (and 1) where any of the lattices lies."""

    def __init__(self, extent: Extent) -> None:
        self._extent = extent

    def planes(self, indices: Sequence[int], grid: Grid, locator: Locator) -> list[Plane]:
        """The union of the lattices under a grid."""
        covered = np.zeros((grid.height, grid.width), np.bool_)
        for lattice in self._extent:
            located = locator.locate(grid, lattice)
            if located is None:
                continue
            part = covered[located.window]
            if located.inside is None:
                part[...] = True
            else:
                part |= located.inside
        if not covered.any():
            return [masked_plane(grid, BOOLEAN.dtype)] * len(indices)
        ones = np.broadcast_to(np.uint8(1), covered.shape)
        return [Plane(ones, None if covered.all() else covered)] * len(indices)


@lru_cache(maxsize=1024)
def coverage(extent: Extent) -> ImageBand:
    """A band that is valid within an extent; equal extents share one node."""
    return ImageBand("coverage", BOOLEAN, _Coverage(extent), 0)


def united(extents: Sequence[Extent | None]) -> Extent | None:
    """The union: None, everywhere, as soon as one is."""
    together: dict[Grid, None] = {}
    for extent in extents:
        if extent is None:
            return None
        together.update(dict.fromkeys(extent))
    return tuple(together)
