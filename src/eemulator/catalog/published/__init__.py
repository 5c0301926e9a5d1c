"""Datasets of the public catalogue, each a short declaration (see `datasets`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eemulator.catalog.published import climate, land

if TYPE_CHECKING:
    from eemulator.catalog.model import CollectionAsset, ImageAsset


def assets() -> list[ImageAsset | CollectionAsset]:
    """All of them."""
    declared = [*climate.datasets(), *land.datasets()]
    return [asset for dataset in declared for asset in dataset.assets()]
