"""Nodes of the pixel graph: what computes the pixels of an image's bands.

A node has outputs, numbered from 0. A `Leaf` gives them outright. An `Operation` says which
bands it needs on which grid, by yielding a `Need`, and is handed their planes: it never calls
another node itself, so a chain of any length costs no Python stack.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from ..catalog.model import Grid
    from ..values.image import ImageBand
    from .locate import Locator

Mask = NDArray[np.bool_] | NDArray[np.float32]


class Plane(NamedTuple):
    """Pixels of one band on one grid.

    Attributes:
        values: `(height, width)`, and the axes of the arrays where pixels are arrays; may be a
            read-only view. Anything where the mask is 0.
        mask: `(height, width)`: True or 1 is valid, False or 0 is masked, and float32 for
            fractions. None where every pixel is valid.
        zeroed: whether the values are known to be 0 wherever the mask is.
        lengths: `(height, width, dimensions)`: how much of each axis a pixel's array takes, from
            its start. None where all arrays have the shape of `values`, and of numbers.
    """

    values: NDArray[Any]
    mask: Mask | None
    zeroed: bool = False
    lengths: NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Need:
    """Bands that an operation asks for, on one grid."""

    bands: Sequence[ImageBand]
    grid: Grid


class PixelNode:
    """Anything that computes pixels.

    Attributes:
        inputs: every band that any output may need; for counting uses.
        takes_arrays: whether pixels of the inputs may be arrays.
    """

    inputs: Sequence[ImageBand] = ()
    takes_arrays: bool = False


class Leaf(PixelNode, ABC):
    """A node without inputs."""

    @abstractmethod
    def planes(self, indices: Sequence[int], grid: Grid, locator: Locator) -> list[Plane]:
        """The asked outputs on a grid.

        Args:
            indices: which outputs, in the order to give them.
            grid: where.
            locator: finds native pixels under a grid, remembering what it found.
        """


class Operation(PixelNode, ABC):
    """A node that computes from other bands."""

    @abstractmethod
    def steps(
        self, indices: Sequence[int], grid: Grid
    ) -> Generator[Need, list[Plane], list[Plane]]:
        """Yield each `Need`, receive its planes, return the asked outputs.

        Args:
            indices: which outputs, in the order to give them.
            grid: where.
        """


def masked_plane(grid: Grid, dtype: np.dtype[Any], dimensions: int = 0) -> Plane:
    """A plane without a single valid pixel; takes no memory.

    Args:
        grid: where.
        dtype: of its numbers.
        dimensions: of the arrays, which are empty, that its pixels are.
    """
    shape = (grid.height, grid.width)
    values = np.broadcast_to(dtype.type(0), (*shape, *[0] * dimensions))
    return Plane(values, np.broadcast_to(np.False_, shape), True)


def valid(mask: Mask) -> NDArray[np.bool_]:
    """Where a mask is not 0."""
    return mask if mask.dtype == np.bool_ else mask > 0  # type: ignore[return-value]


def both(one: Mask | None, other: Mask | None) -> Mask | None:
    """The intersection of two masks: the product of fractions."""
    if one is None or other is None:
        return other if one is None else one
    if one.dtype == np.bool_ and other.dtype == np.bool_:
        return one & other  # type: ignore[operator]
    return one.astype(np.float32) * other.astype(np.float32)
