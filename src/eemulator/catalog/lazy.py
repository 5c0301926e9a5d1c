"""A sequence of images that are made when first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from eemulator.catalog.model import ImageAsset

if TYPE_CHECKING:
    from collections.abc import Callable


class LazyImages(Sequence[ImageAsset]):
    """Images that are each made on first access, and kept.

    Args:
        length: how many there are.
        make: makes the image at a position.
    """

    def __init__(self, length: int, make: Callable[[int], ImageAsset]) -> None:
        self._length = length
        self._make = make
        self._made: dict[int, ImageAsset] = {}

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> ImageAsset: ...
    @overload
    def __getitem__(self, index: slice) -> list[ImageAsset]: ...
    def __getitem__(self, index: int | slice) -> ImageAsset | list[ImageAsset]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._length))]
        position = range(self._length)[index]
        if position not in self._made:
            self._made[position] = self._make(position)
        return self._made[position]
