"""A catalogue of somebody's own data, from its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..model import Catalog, CollectionAsset
from .collections import collection_asset
from .document import read_document
from .errors import CatalogError, Refused
from .filenames import index_of
from .images import image_asset
from .schema import CollectionSpec, parse_catalog

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from ..model import Asset


def load_catalog(path: str | os.PathLike[str], *, built_in: bool = False) -> Catalog:
    """The assets that a file names; `docs/own-data.md` says how.

    Every file is opened, so that what cannot be served is known now; pixels are read when they are
    asked for.

    Args:
        path: of a `catalog.yaml`, of the JSON of a static STAC Catalog or Collection, of a folder
            of GeoTIFFs, or of a Zarr group; these two become a collection of the folder's name.
        built_in: whether the emulator's own collections are served, too.

    Raises:
        CatalogError: the file, or something that it names, cannot be served.

    Example:
        >>> import eemulator
        >>> catalog = eemulator.load_catalog("catalog.yaml")  # doctest: +SKIP
        >>> with eemulator.running(catalog) as server:  # doctest: +SKIP
        ...     print(server.initialize_line)
    """
    file = Path(path).absolute()
    if not file.exists():
        raise CatalogError(f"{path}: there is no such file.")
    if file.is_dir():
        own: list[Asset] = [_of_folder(file)]
    elif file.suffix.lower() in (".yaml", ".yml"):
        own = list(_of_yaml(file))
    elif file.suffix.lower() == ".json":
        own = list(_of_stac(file))
    else:
        raise CatalogError(
            f"{path}: a catalogue is a .yaml file, the .json of a STAC catalogue, or a folder."
        )
    if not built_in:
        return Catalog(own)
    from .. import default_catalog  # it takes a while to load

    others = {asset.id: asset for asset in default_catalog()}
    if taken := sorted(asset.id for asset in own if asset.id in others):
        raise CatalogError(f"{path}: '{taken[0]}' is built in, too: choose another id.")
    return Catalog([*others.values(), *own])


def _of_yaml(file: Path) -> Iterator[Asset]:
    document = read_document(file)
    spec = parse_catalog(document)
    section, asset_id = "", ""
    try:
        section = "images"
        for asset_id, image in spec.images.items():
            yield image_asset(asset_id, image, file.parent, {})
        section = "collections"
        for asset_id, collection in spec.collections.items():
            yield collection_asset(asset_id, collection, file.parent)
        section = "tables"
        if spec.tables:
            from .tables import table_asset  # GeoPandas takes a second to load
        for asset_id, table in spec.tables.items():
            yield table_asset(asset_id, table, file.parent)
    except Refused as error:
        keys = (section, asset_id, *error.keys)
        raise CatalogError(f"{document.place(keys)}: {error}.") from None
    except OSError as error:
        raise CatalogError(f"{document.place((section, asset_id))}: {error}.") from None


def _of_folder(folder: Path) -> CollectionAsset:
    is_zarr = any((folder / name).is_file() for name in ("zarr.json", ".zgroup"))
    patterns = [one for one in ("*.tif", "*.tiff") if any(folder.glob(one))]
    if not (is_zarr or patterns):
        raise CatalogError(f"{folder}: has no *.tif or *.tiff, and is no Zarr group.")
    said = {"zarr": "."} if is_zarr else {"files": patterns}
    try:
        return collection_asset(index_of(folder.stem), CollectionSpec.model_validate(said), folder)
    except (Refused, OSError) as error:
        raise CatalogError(f"{folder}: {error}.") from None


def _of_stac(file: Path) -> Iterator[CollectionAsset]:
    try:
        from .stac import read_stac  # pystac is loaded where it is needed

        yield from read_stac(file, CollectionSpec.model_validate({"stac": file.name})).collections()
    except (Refused, OSError) as error:
        raise CatalogError(f"{file}: {error}.") from None
