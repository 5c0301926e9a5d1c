"""A sequence of images that are made when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, overload

from eemulator.catalog.model import ImageAsset

if TYPE_CHECKING:
    from collections.abc import Callable

_KEPT = 4_096


class LazyImages(Sequence[ImageAsset]):
    """Images that are made on access; the last ones are kept, so that memory is bounded.

    Args:
        length: how many there are.
        make: makes the image at a position, the same each time.
        find: the position of a `system:index`, None for none; by default every image is made
            and looked at.
    """

    def __init__(
        self,
        length: int,
        make: Callable[[int], ImageAsset],
        find: Callable[[str], int | None] | None = None,
    ) -> None:
        self._length = length
        self._make = lru_cache(maxsize=_KEPT)(make)
        self._find = self._searched if find is None else find

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> ImageAsset: ...
    @overload
    def __getitem__(self, index: slice) -> list[ImageAsset]: ...
    def __getitem__(self, index: int | slice) -> ImageAsset | list[ImageAsset]:
        positions = range(self._length)[index]
        if isinstance(positions, range):
            return [self._make(position) for position in positions]
        return self._make(positions)

    def named(self, name: str) -> ImageAsset | None:
        """The image of a `system:index`."""
        position = self._find(name)
        return None if position is None else self._make(position)

    def _searched(self, name: str) -> int | None:
        return next((i for i, image in enumerate(self) if image.id.endswith(f"/{name}")), None)
