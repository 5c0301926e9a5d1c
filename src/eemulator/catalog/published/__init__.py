"""Datasets of the public catalogue, each a short declaration (see `datasets`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eemulator.catalog.published import climate, land, rows

if TYPE_CHECKING:
    from eemulator.catalog.model import CollectionAsset, ImageAsset, TableAsset


def assets() -> list[ImageAsset | CollectionAsset | TableAsset]:
    """All of them."""
    declared = [*climate.datasets(), *land.datasets()]
    rasters = (asset for dataset in declared for asset in dataset.assets())
    return [*rasters, *rows.tables()]
