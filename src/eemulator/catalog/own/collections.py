"""Entries of a `catalog.yaml` that are collections: folders, Zarr groups, lists of images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import Refused
from .filenames import Named, NamePattern, index_of
from .geotiffs import read_geotiff
from .images import collection_of, cube_images, defaults, image_asset, times
from .layers import chosen, made_image, masked
from .sidecars import item_beside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from ..model import CollectionAsset, ImageAsset
    from .layers import Layer
    from .schema import CollectionSpec


def collection_asset(asset_id: str, spec: CollectionSpec, folder: Path) -> CollectionAsset:
    """A collection that a catalogue names.

    Args:
        asset_id: its id.
        spec: what the catalogue says of it.
        folder: of the catalogue; paths are relative to it.

    Raises:
        Refused: it cannot be served.
    """
    if spec.images is not None:
        images = []
        for index, image in spec.images.items():
            try:
                one = image_asset(f"{asset_id}/{index}", image, folder, spec.image_properties)
            except Refused as error:
                raise Refused(str(error), "images", index, *error.keys) from None
            images.append(one)
    elif spec.zarr is not None:
        images = cube_images(asset_id, spec, folder / spec.zarr)
    elif spec.stac is not None:
        from .stac import read_stac  # pystac is loaded where it is needed

        images = read_stac(folder / spec.stac, spec).images(asset_id)
    else:
        images = _of_files(asset_id, spec, folder)
    return collection_of(asset_id, images, spec.properties)


def _of_files(asset_id: str, spec: CollectionSpec, folder: Path) -> list[ImageAsset]:
    paths = _found(spec.files or (), folder)
    pattern = None if spec.name is None else NamePattern(spec.name)
    parts: dict[str, list[tuple[Path, Named]]] = {}
    for path in paths:
        said = (
            Named(index_of(path.stem), None, None, None, {})
            if pattern is None
            else pattern.read(path)
        )
        parts.setdefault(said.index, []).append((path, said))
    images = []
    for index, members in parts.items():
        try:
            images.append(_of_parts(f"{asset_id}/{index}", spec, members))
        except Refused as error:
            raise Refused(f"image '{index}': {error}", *error.keys) from None
    return images


def _found(patterns: Sequence[str], folder: Path) -> list[Path]:
    """The files of some patterns, each once, by name.

    Raises:
        Refused: a pattern finds none.
    """
    found: dict[Path, None] = {}
    for position, pattern in enumerate(patterns):
        root = Path(pattern).anchor
        start = Path(root) if root else folder
        try:
            paths = sorted(p for p in start.glob(pattern[len(root) :]) if p.is_file())
        except ValueError as error:
            raise Refused(
                f"'{pattern}' is no pattern of paths: {error}", "files", position
            ) from None
        if not paths:
            raise Refused(f"no file matches '{pattern}' in {start}", "files", position)
        found |= dict.fromkeys(paths)
    return list(found)


def _of_parts(
    asset_id: str, spec: CollectionSpec, members: Sequence[tuple[Path, Named]]
) -> ImageAsset:
    """An image of one file, or of one file a band."""
    layers: list[Layer] = []
    facts: dict[str, Any] = {}
    area: BaseGeometry | None = None
    version, tags = 0, list[int]()
    if len(members) > 1 and any(said.band is None for _, said in members):
        names = ", ".join(path.name for path, _ in members)
        raise Refused(
            f"it is all of {names}: make `name` tell them apart, with `{{band}}` if each is a band",
            "name",
        )
    for path, said in members:
        found = read_geotiff(path, crs=spec.crs, alpha_is_band=spec.alpha == "band")
        layers.extend(_of_band(found.layers, said.band, path))
        beside = item_beside(path)
        area = area if beside is None else beside.area or area
        version = max(version, found.version)
        tags += [] if found.taken is None else [found.taken]
        told = {
            **(beside.properties if beside else {}),
            **times(said.start, said.end),
            **said.properties,
        }
        _check_agree(facts, told, path)
        facts |= told
    layers = masked(layers, spec.mask)
    return made_image(
        asset_id,
        chosen(layers, spec.bands, defaults(spec)),
        {**times(min(tags, default=None), None), **facts, **spec.image_properties},
        version=version,
        area=area,
    )


def _of_band(layers: Sequence[Layer], band: str | None, path: Path) -> list[Layer]:
    if band is None:
        return list(layers)
    if len(layers) != 1:
        raise Refused(f"{path.name} has {len(layers)} bands, and its name tells one", "name")
    return [replace(layers[0], name=band)]


def _check_agree(one: Mapping[str, Any], other: Mapping[str, Any], path: Path) -> None:
    """Whether two files of an image tell the same of it.

    Raises:
        Refused: they do not.
    """
    for name in one.keys() & other.keys():
        if one[name] != other[name]:
            raise Refused(
                f"its files tell different '{name}', {path.name} for one: they are no image", "name"
            )
