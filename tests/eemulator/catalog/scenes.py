"""Scenes that the tests look at, by what is special about them."""

from __future__ import annotations

from functools import cache

from eemulator.catalog import CollectionAsset, ImageAsset, default_catalog

SR = "COPERNICUS/S2_SR_HARMONIZED"
TOA = "COPERNICUS/S2_HARMONIZED"


@cache
def image(asset_id: str) -> ImageAsset:
    found = default_catalog().get(asset_id)
    assert isinstance(found, ImageAsset), asset_id
    return found


def collection(name: str) -> CollectionAsset:
    found = default_catalog().get(name)
    assert isinstance(found, CollectionAsset), name
    return found


def scene(day: str, tile: str, collection_id: str = SR) -> ImageAsset:
    """The scene of a tile on a day (`20240105`)."""
    return next(
        i
        for i in collection(collection_id).images
        if i.properties["MGRS_TILE"] == tile and i.properties["system:index"].startswith(day)
    )
