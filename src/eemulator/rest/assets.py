"""Assets as REST resources."""

from __future__ import annotations

import base64
import binascii
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..catalog.model import CollectionAsset, ImageAsset
from ..errors import ServiceError
from ..limits import resource_not_found
from ..names import asset_id, asset_name
from ..values.geometry import Geometry
from ..values.pixel_type import PixelType
from ..values.projection import is_wkt
from ..values.time import Date
from ..values.to_json import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..catalog.model import Band, Catalog, Grid

# Most assets of one page, by view [S].
_PAGE_SIZES = {"FULL": 1_000, "BASIC": 10_000}


def find_asset(catalog: Catalog, name: str) -> ImageAsset | CollectionAsset:
    """The asset of a resource name.

    Raises:
        ServiceError: there is none.
    """
    found = catalog.get(asset_id(name))
    if found is None:
        raise resource_not_found(name)
    return found


def asset_json(asset: ImageAsset | CollectionAsset, view: str = "FULL") -> dict[str, Any]:
    """An EarthEngineAsset.

    Args:
        asset: an image or a collection.
        view: `BASIC` gives its name and type only.
    """
    is_image = isinstance(asset, ImageAsset)
    described: dict[str, Any] = {
        "type": "IMAGE" if is_image else "IMAGE_COLLECTION",
        "name": asset_name(asset.id),
        "id": asset.id,
    }
    if view == "BASIC":
        return described
    properties = {key: _value(item) for key, item in asset.properties.items()}
    for wire, key in (("startTime", "system:time_start"), ("endTime", "system:time_end")):
        millis = properties.pop(key, None)
        if millis is not None:
            described[wire] = _timestamp(int(millis))
    if isinstance(asset, ImageAsset):
        properties.pop("system:index", None)
        described["updateTime"] = _timestamp(asset.version // 1000)
        if asset.footprint is not None:
            described["geometry"] = Geometry(asset.footprint).json()
        described["bands"] = [_band_json(band) for band in asset.bands]
        described["sizeBytes"] = str(
            sum(b.grid.width * b.grid.height * b.dtype.itemsize for b in asset.bands)
        )
    described["properties"] = properties
    return described


def _value(item: Any) -> Any:
    if isinstance(item, float):
        return number(item)
    return [_value(part) for part in item] if isinstance(item, (list, tuple)) else item


def _timestamp(millis: int) -> str:
    moment = Date(millis).moment()
    return (
        moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"
        if millis % 1000
        else (moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
    )


def _band_json(band: Band) -> dict[str, Any]:
    kind = PixelType.of_dtype(band.dtype)
    data_type: dict[str, Any] = {"precision": kind.precision.upper()}
    if kind.is_int:
        # Zero fields are left out, as everywhere in the service's JSON.
        low, high = kind.bounds
        data_type["range"] = {k: v for k, v in (("min", low), ("max", high)) if v}
    return {
        "id": band.id,
        "dataType": data_type,
        "grid": _grid_json(band.grid),
        "pyramidingPolicy": band.pyramiding,
    }


def _grid_json(grid: Grid) -> dict[str, Any]:
    names = ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")
    transform = {n: number(float(v)) for n, v in zip(names, grid.transform, strict=True) if v}
    return {
        "crsWkt" if is_wkt(grid.crs) else "crsCode": grid.crs,
        "dimensions": {"width": grid.width, "height": grid.height},
        "affineTransform": transform,
    }


def list_assets(catalog: Catalog, parent: str, query: Mapping[str, str]) -> dict[str, Any]:
    """One page of the assets under a parent.

    Args:
        catalog: where to look.
        parent: a collection's resource name, or a project's for the top of the catalogue.
        query: `pageSize`, `pageToken`, `view`.
    """
    if query.get("filter"):
        raise ServiceError("Filters of listAssets are not supported by the emulator yet.")
    view = query.get("view") or "FULL"
    if view not in _PAGE_SIZES:
        view = "FULL"
    members = _members(catalog, parent)
    most = _PAGE_SIZES[view]
    try:
        size = int(query.get("pageSize") or most)
    except ValueError:
        raise ServiceError("Invalid value at 'page_size'.") from None
    if size < 1:
        raise ServiceError("Invalid value at 'page_size': it must be positive.")
    start = _offset(query.get("pageToken"))
    stop = start + min(size, most)
    page: dict[str, Any] = {}
    if shown := [asset_json(member, view) for member in islice(members, start, stop)]:
        page["assets"] = shown
    if stop < len(members):
        page["nextPageToken"] = base64.urlsafe_b64encode(str(stop).encode()).decode()
    return page


def _members(catalog: Catalog, parent: str) -> Sequence[ImageAsset | CollectionAsset]:
    project, _, rest = parent.rstrip("/").partition("/assets")
    if not rest and project.count("/") == 1:
        return list(catalog) if project == "projects/earthengine-public" else []
    found = find_asset(catalog, parent)
    if isinstance(found, ImageAsset):
        raise ServiceError(f"Asset '{parent}' is not a folder or a collection.")
    return found.images


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        offset = int(base64.urlsafe_b64decode(token))
    except (ValueError, binascii.Error):
        offset = -1
    if offset < 0:
        raise ServiceError("Invalid value at 'page_token'.")
    return offset
