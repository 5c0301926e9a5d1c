"""What the emulator serves: assets, and where their pixels come from."""

from __future__ import annotations

from functools import cache

from eemulator.catalog import (
    archive,
    cloud_masks,
    elevation,
    embeddings,
    landsat,
    modis,
    published,
    sentinel1,
    sentinel2,
)
from eemulator.catalog.model import Band, Catalog, CollectionAsset, Grid, ImageAsset, Sampler

__all__ = [
    "Band",
    "Catalog",
    "CollectionAsset",
    "Grid",
    "ImageAsset",
    "Sampler",
    "default_catalog",
]


@cache
def default_catalog() -> Catalog:
    """The assets that the emulator serves unless told otherwise."""
    return Catalog(
        [
            *sentinel2.collections(),
            *cloud_masks.collections(),
            *landsat.collections(),
            *sentinel1.collections(),
            *modis.collections(),
            elevation.collection(),
            *elevation.images(),
            embeddings.collection(),
            *published.assets(),
            archive.collection(),
        ]
    )
