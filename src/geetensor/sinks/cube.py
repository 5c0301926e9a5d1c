"""What is stored of an export, and by what: the terms that all sinks on disk share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from geetensor.blocks import Block, Layout
    from geetensor.grid import PixelGrid
    from geetensor.masks import Fill


@dataclass(frozen=True, slots=True)
class Cube:
    """An output as it is to be stored.

    Attributes:
        grid: of its pixels.
        band_names: as the caller names them.
        dtype: of its values.
        fill: value of masked pixels.
        dates: of each image, UTC; None where nobody knows.
        asset_ids: of each image; None for a computed one.
        series: whether it has a time axis.
        layout: its blocks.
        method: by which the only image was composed of its assets; None if it was not.
        sharded: whether chunks share a file with the others of their block, where chunks are files.
    """

    grid: PixelGrid
    band_names: tuple[str, ...]
    dtype: np.dtype[Any]
    fill: Fill
    dates: tuple[datetime | None, ...]
    asset_ids: tuple[str | None, ...]
    series: bool
    layout: Layout
    sharded: bool
    method: str | None = None


class CubeWriter(Protocol):
    """Stores the blocks of a cube."""

    reserved_bytes: ClassVar[int]
    """Memory that it takes besides, of that which blocks have otherwise."""

    def begin(self, done: Mapping[int, int], todo: Sequence[Block]) -> None:
        """Make ready for blocks.

        Args:
            done: those that are stored, by index.
            todo: those that will come. All others are fill.
        """

    def has(self, block: Block, stored_bytes: int) -> bool:
        """Whether a block that is said to be stored is there. Asked before `begin`."""

    def write(self, block: Block, values: NDArray[Any]) -> int:
        """Store a block; durable when it returns. From several threads.

        Args:
            block: which.
            values: `(time, band, height, width)`.

        Returns:
            The bytes that it takes.
        """

    def noted(self, block: Block) -> None:
        """A block is in the journal. From several threads."""

    def complete(self) -> None:
        """All blocks are stored: do what is left to do."""

    def close(self) -> None:
        """Leave nothing running, complete or not."""
