"""Entries of a `catalog.yaml` that are images."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ..model import CollectionAsset
from .cubes import read_cube, version_of
from .errors import Refused
from .geotiffs import read_geotiff
from .layers import chosen, made_image, masked, picked, under
from .sidecars import item_beside

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ..model import ImageAsset
    from .geotiffs import Geotiff
    from .layers import Layer
    from .schema import CollectionSpec, ImageSpec


def defaults(spec: ImageSpec | CollectionSpec) -> dict[str, Any]:
    """What holds for bands that do not say it themselves."""
    return {"nodata": spec.nodata, "pyramiding": spec.pyramiding}


def times(start: int | None, end: int | None) -> dict[str, int]:
    """Properties of the times that are known."""
    said = {"system:time_start": start, "system:time_end": end}
    return {name: value for name, value in said.items() if value is not None}


def image_asset(
    asset_id: str, spec: ImageSpec, folder: Path, properties: Mapping[str, Any]
) -> ImageAsset:
    """An image that a catalogue names.

    Args:
        asset_id: its id.
        spec: what the catalogue says of it.
        folder: of the catalogue; paths are relative to it.
        properties: that it has besides its own.

    Raises:
        Refused: it cannot be served.
    """
    own = {**times(spec.start, spec.end), **properties, **spec.properties}
    if spec.zarr is not None:
        return _of_zarr(asset_id, spec, folder / spec.zarr, own)
    if spec.file is None:
        return _of_band_files(asset_id, spec, folder, own)
    path = folder / spec.file
    found = _read(path, spec)
    if spec.mask is not None and spec.mask.file is not None:
        layers = under(_mask(folder / spec.mask.file, spec.mask.origin, spec.crs), found.layers)
    else:
        layers = masked(found.layers, spec.mask)
    beside = item_beside(path)
    said = {**times(found.taken, None), **(beside.properties if beside else {}), **own}
    return made_image(
        asset_id,
        chosen(layers, spec.bands, defaults(spec)),
        said,
        version=found.version,
        area=beside.area if beside else None,
    )


def cube_images(asset_id: str, spec: CollectionSpec, path: Path) -> list[ImageAsset]:
    """An image for each date of a Zarr group.

    Args:
        asset_id: of the collection.
        spec: what the catalogue says of it.
        path: of the group.

    Raises:
        Refused: it cannot be served.
    """
    cube = read_cube(path, crs=spec.crs)
    version = version_of(path)
    return [
        made_image(
            f"{asset_id}/{image.index}",
            chosen(masked(image.layers, spec.mask), spec.bands, defaults(spec)),
            {**times(image.taken, None), **spec.image_properties},
            version=version,
        )
        for image in cube
    ]


def collection_of(
    asset_id: str, images: Iterable[ImageAsset], properties: Mapping[str, Any]
) -> CollectionAsset:
    """A collection of images, in the order of their indices; as new as the newest of them.

    Raises:
        Refused: there are none, or two have one index.
    """
    found = sorted(images, key=lambda image: image.id)
    if not found:
        raise Refused("the collection has no images")
    for one, other in pairwise(found):
        if one.id == other.id:
            raise Refused(f"two images have the index '{one.id.rpartition('/')[2]}'")
    newest = max(image.version for image in found)
    return CollectionAsset(asset_id, found, dict(properties), newest)


def _of_zarr(
    asset_id: str, spec: ImageSpec, path: Path, properties: Mapping[str, Any]
) -> ImageAsset:
    cube = read_cube(path, crs=spec.crs)
    if len(cube) != 1:
        raise Refused(f"it has {len(cube)} dates: make it a collection", "zarr")
    layers = chosen(masked(cube[0].layers, spec.mask), spec.bands, defaults(spec))
    said = {**times(cube[0].taken, None), **properties}
    return made_image(asset_id, layers, said, version=version_of(path))


def _of_band_files(
    asset_id: str, spec: ImageSpec, folder: Path, properties: Mapping[str, Any]
) -> ImageAsset:
    """An image whose bands are files of their own."""
    layers: list[Layer] = []
    files: dict[str, Geotiff] = {}
    for position, band in enumerate(spec.bands or ()):
        name = str(band.file)
        if name not in files:
            try:
                files[name] = _read(folder / name, spec)
            except Refused as error:
                raise Refused(str(error), "bands", position, "file") from None
        origin = band.origin or _only(files[name], name, position)
        one = band.model_copy(update={"origin": origin})
        layers.extend(chosen(files[name].layers, [one], defaults(spec)))
    if spec.mask is not None:
        if spec.mask.file is None:
            raise Refused("the mask needs a `file`, as each band has one", "mask")
        layers = under(_mask(folder / spec.mask.file, spec.mask.origin, spec.crs), layers)
    taken = [found.taken for found in files.values() if found.taken is not None]
    said = {**times(min(taken, default=None), None), **properties}
    return made_image(
        asset_id, layers, said, version=max(found.version for found in files.values())
    )


def _only(found: Geotiff, name: str, position: int) -> int:
    if len(found.layers) != 1:
        raise Refused(
            f"{name} has {len(found.layers)} bands: say `from`, which of them this is",
            "bands",
            position,
        )
    return 1


def _read(path: Path, spec: ImageSpec) -> Geotiff:
    return read_geotiff(path, crs=spec.crs, alpha_is_band=spec.alpha == "band")


def _mask(path: Path, origin: int | str, crs: str | None) -> Layer:
    """The mask that has a file of its own."""
    try:
        return picked(read_geotiff(path, crs=crs, alpha_is_band=True).layers, origin)
    except Refused as error:
        raise Refused(str(error), "mask") from None
