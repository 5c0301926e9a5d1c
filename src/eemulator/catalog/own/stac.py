"""Static STAC catalogues on this machine: collections of Items of GeoTIFFs or Zarr."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pystac
from pystac.stac_io import DefaultStacIO

from .bandnames import band_name
from .cubes import read_cube, version_of
from .errors import Refused
from .filenames import index_of
from .geotiffs import read_geotiff
from .images import collection_of, cube_images, defaults
from .layers import chosen, made_image, masked
from .sidecars import item_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..model import CollectionAsset, ImageAsset
    from .layers import Layer
    from .schema import CollectionSpec

_NOT_DATA = frozenset({"thumbnail", "overview", "metadata", "source"})


class _LocalIO(DefaultStacIO):
    """Reads JSON below one folder, and nothing else.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root

    def read_text(self, source: Any, *args: Any, **kwargs: Any) -> str:  # noqa: ARG002
        """The text of a file."""
        try:
            return local_path(str(source), self._root).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"{source} cannot be read: {error}", "stac") from None


def local_path(href: str, root: Path) -> Path:
    """The path that a link means.

    Raises:
        Refused: it is not below the folder of the catalogue.
    """
    parts = urlsplit(href)
    if parts.scheme == "file":
        href = unquote(parts.path)
    elif len(parts.scheme) > 1:
        raise Refused(f"{href} is not on this machine: download it, and link to the copy", "stac")
    path = Path(href).resolve()
    if not path.is_relative_to(root):
        raise Refused(
            f"{href} is outside of {root}, the folder of the STAC catalogue: only what is in it is "
            "read. Move it there, or serve the catalogue above",
            "stac",
        )
    return path


def read_stac(path: Path, spec: CollectionSpec) -> StacTree:
    """A static catalogue or collection.

    Args:
        path: of its JSON file.
        spec: what holds for all bands.

    Raises:
        Refused: it cannot be read.
    """
    if not path.is_file():
        raise Refused(f"there is no file {path}", "stac")
    path = path.resolve()
    try:
        root = pystac.read_file(str(path), stac_io=_LocalIO(path.parent))
    except Exception as error:  # what pystac raises of other JSON has no common class
        raise Refused(f"{path} is no STAC that can be read: {error}", "stac") from None
    if not isinstance(root, pystac.Catalog):
        raise Refused(f"{path} is neither a STAC Catalog nor a Collection", "stac")
    # A Collection may be part of something larger, which is not asked for.
    root.set_root(root)
    return StacTree(root, path.parent, spec)


class StacTree:
    """A catalogue with all that it links to.

    Args:
        root: the catalogue.
        folder: outside of which nothing is read.
        spec: what holds for all bands.
    """

    def __init__(self, root: pystac.Catalog, folder: Path, spec: CollectionSpec) -> None:
        self._root = root
        self._folder = folder
        self._spec = spec

    def collections(self) -> list[CollectionAsset]:
        """A collection for each catalogue that has Items, or a cube: its id is the asset's.

        Raises:
            Refused: something cannot be served, or two have one id.
        """
        found: dict[str, CollectionAsset] = {}
        for node in self._nodes():
            asset_id = index_of(node.id)
            images = self._images_of(node, asset_id)
            if not images:
                continue
            if asset_id in found:
                raise Refused(f"two STAC catalogues with Items have the id '{asset_id}'", "stac")
            found[asset_id] = collection_of(asset_id, images, _titles(node))
        if not found:
            raise Refused("the STAC catalogue has no Items of GeoTIFFs or Zarr", "stac")
        return list(found.values())

    def images(self, asset_id: str) -> list[ImageAsset]:
        """All images, as those of one collection.

        Raises:
            Refused: something cannot be served, or there are none.
        """
        found = [image for node in self._nodes() for image in self._images_of(node, asset_id)]
        if not found:
            raise Refused("the STAC catalogue has no Items of GeoTIFFs or Zarr", "stac")
        return found

    def _nodes(self) -> Iterator[pystac.Catalog]:
        """Catalogues, each once, whatever links to it."""
        waiting, seen = [self._root], set[str]()
        while waiting:
            node = waiting.pop()
            href = node.get_self_href() or node.id
            if href not in seen:
                seen.add(href)
                yield node
                waiting.extend(_resolved(node.get_children()))

    def _images_of(self, node: pystac.Catalog, asset_id: str) -> list[ImageAsset]:
        images = []
        for item in _resolved(node.get_items()):
            try:
                image = self._image(item, asset_id)
            except Refused as error:
                raise Refused(f"Item '{item.id}': {error}", "stac") from None
            images += [] if image is None else [image]
        for asset in node.assets.values() if isinstance(node, pystac.Collection) else ():
            if _is_zarr(asset):
                images += cube_images(asset_id, self._spec, self._path(asset))
        return images

    def _image(self, item: pystac.Item, asset_id: str) -> ImageAsset | None:
        """The image of an Item; None where it has no pixels."""
        data = {key: asset for key, asset in item.assets.items() if _is_data(asset)}
        if not data:
            return None
        layers: list[Layer] = []
        version = 0
        for key, asset in data.items():
            path = self._path(asset)
            if _is_zarr(asset):
                cube = read_cube(path, crs=self._spec.crs)
                if len(cube) != 1:
                    raise Refused(f"{path.name} has {len(cube)} dates, and an Item has one")
                layers += cube[0].layers
                version = max(version, version_of(path))
            else:
                found = read_geotiff(
                    path, crs=self._spec.crs, alpha_is_band=self._spec.alpha == "band"
                )
                layers += _named(found.layers, key, asset, alone=len(data) == 1)
                version = max(version, found.version)
        facts = item_facts(item.properties, item.geometry)
        return made_image(
            f"{asset_id}/{index_of(item.id)}",
            chosen(masked(layers, self._spec.mask), self._spec.bands, defaults(self._spec)),
            {**facts.properties, **self._spec.image_properties},
            version=version,
            area=facts.area,
        )

    def _path(self, asset: pystac.Asset) -> Path:
        return local_path(asset.get_absolute_href() or asset.href, self._folder)


def _resolved(links: Iterable[Any]) -> Iterator[Any]:
    """What catalogues link to; what pystac raises of a link says which one."""
    try:
        yield from links
    except Exception as error:  # as above
        reason = error.__cause__ if isinstance(error.__cause__, Refused) else error
        raise Refused(f"a link cannot be followed: {reason}", "stac") from None


def _titles(node: pystac.Catalog) -> dict[str, str]:
    said = {"title": node.title, "description": node.description}
    return {name: text for name, text in said.items() if text}


def _is_zarr(asset: pystac.Asset) -> bool:
    return "zarr" in (asset.media_type or "") or asset.href.rstrip("/").endswith(".zarr")


def _is_data(asset: pystac.Asset) -> bool:
    """Whether an asset is one of pixels, and not a picture of them."""
    if _NOT_DATA & set(asset.roles or ()):
        return False
    if asset.media_type:
        return asset.media_type.startswith("image/tiff") or _is_zarr(asset)
    return asset.href.lower().endswith((".tif", ".tiff")) or _is_zarr(asset)


def _named(layers: Sequence[Layer], key: str, asset: pystac.Asset, *, alone: bool) -> list[Layer]:
    """Bands as the Item calls them.

    The bands of the only asset have their own names. Of several, one with one band is called as
    its key, and bands of the others after both.
    """
    said = asset.extra_fields.get("bands") or asset.extra_fields.get("eo:bands") or []
    said = said if len(said) == len(layers) else [{}] * len(layers)
    more = asset.extra_fields.get("raster:bands") or []
    more = more if len(more) == len(layers) else [{}] * len(layers)
    found = []
    for layer, one, other in zip(layers, said, more, strict=True):
        own = str(one.get("name") or layer.name)
        name = own if alone else key if len(layers) == 1 else f"{key}_{own}"
        nodata = one.get("nodata", other.get("nodata"))
        found.append(
            replace(
                layer,
                name=band_name(name),
                nodata=layer.nodata if layer.nodata is not None else _number(nodata),
            )
        )
    return found


def _number(nodata: Any) -> float | None:
    """STAC writes `nan` and `inf` as text."""
    if nodata is None:
        return None
    try:
        return float(nodata) if isinstance(nodata, str) else nodata
    except ValueError:
        raise Refused(f"its nodata is no number: {nodata!r}") from None
