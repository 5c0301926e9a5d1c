"""Landsat: two real crops, and synthetic scenes of missions 4 to 9."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eemulator.catalog.landsat import crops, scenes
from eemulator.catalog.lazy import LazyImages
from eemulator.catalog.model import CollectionAsset

if TYPE_CHECKING:
    from eemulator.catalog.model import ImageAsset


def collections() -> list[CollectionAsset]:
    """All Landsat collections; the crops are the last images of theirs."""
    found = scenes.collections()
    found[crops.COLLECTION] = _one_after_the_other(found[crops.COLLECTION], crops.images())
    return [
        CollectionAsset(name, images, {"type": "ImageCollection"}) for name, images in found.items()
    ]


def _one_after_the_other(first: LazyImages, second: LazyImages) -> LazyImages:
    def make(position: int) -> ImageAsset:
        beyond = position - len(first)
        return first[position] if beyond < 0 else second[beyond]

    def find(name: str) -> int | None:
        position = first.position(name)
        if position is None and (beyond := second.position(name)) is not None:
            position = len(first) + beyond
        return position

    return LazyImages(lambda: len(first) + len(second), make, find)
