"""Assets as REST resources."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from ..catalog.model import TYPES, Asset, CollectionAsset, Folder, ImageAsset
from ..catalog.user import is_root
from ..errors import ServiceError
from ..limits import resource_not_found
from ..names import asset_id, asset_name
from ..values.geometry import Geometry
from ..values.numbers import number
from ..values.pixel_type import PixelType
from ..values.projection import is_wkt
from ..values.time import Date
from .asset_filter import parse_filter
from .pages import page_size, page_start, page_token, question_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..catalog.model import Catalog
    from ..catalog.user import UserCatalog
    from ..values.image import Image, ImageBand
    from ..values.projection import Transform

# Most assets of one page, by view [S].
_PAGE_SIZES = {"FULL": 1_000, "BASIC": 10_000}


def find_asset(catalog: Catalog, name: str) -> Asset:
    """The asset of a resource name.

    Raises:
        ServiceError: there is none.
    """
    found = catalog.get(asset_id(name))
    if found is None:
        raise resource_not_found(name)
    return found


def asset_json(asset: Asset, view: str = "FULL") -> dict[str, Any]:
    """An EarthEngineAsset.

    Args:
        asset: of any type.
        view: `BASIC` gives its name and type only.
    """
    described: dict[str, Any] = {
        "type": TYPES[type(asset)],
        "name": asset_name(asset.id),
        "id": asset.id,
    }
    if view == "BASIC":
        return described
    properties = _described_properties(asset.properties, described)
    described["updateTime"] = timestamp(asset.version // 1000)
    if isinstance(asset, ImageAsset):
        if asset.footprint is not None:
            described["geometry"] = Geometry(asset.footprint).json()
        described["bands"] = [
            _band_json(
                b.id,
                PixelType.of_dtype(b.dtype),
                b.grid.crs,
                b.grid.transform,
                (b.grid.width, b.grid.height),
            )
            | {"pyramidingPolicy": b.pyramiding}
            for b in asset.bands
        ]
        described["sizeBytes"] = str(
            sum(b.grid.width * b.grid.height * b.dtype.itemsize for b in asset.bands)
        )
    described["properties"] = properties
    return described


def image_json(image: Image) -> dict[str, Any]:
    """An image of an expression; one that is no asset has neither name nor id [M]."""
    described: dict[str, Any] = {"type": "IMAGE"}
    if image.asset_id is not None:
        described |= {"name": asset_name(image.asset_id), "id": image.asset_id}
    properties = _described_properties(image.properties, described)
    if image.version is not None:
        described["updateTime"] = timestamp(image.version // 1000)
    if image.footprint is not None:
        described["geometry"] = image.footprint.planar.json()
    described["bands"] = [_computed_band(band) for band in image.bands]
    described["properties"] = properties
    return described


def _described_properties(
    properties: Mapping[str, Any], described: dict[str, Any]
) -> dict[str, Any]:
    """The properties as JSON, but for those that resources have fields for: those are filled in."""
    left = {key: _value(item) for key, item in properties.items() if key != "system:index"}
    for wire, key in (("startTime", "system:time_start"), ("endTime", "system:time_end")):
        millis = left.pop(key, None)
        if isinstance(millis, (int, float)):
            described[wire] = timestamp(int(millis))
    return left


def _value(item: Any) -> Any:
    match item:
        case float():
            return number(item)
        case list() | tuple():
            return [_value(part) for part in item]
        case dict():
            return {key: _value(part) for key, part in item.items()}
        case None | str() | bool() | int():
            return item
    return _value(item.json()) if hasattr(item, "json") else str(item)


def timestamp(millis: int) -> str:
    """An instant as JSON has it, from milliseconds since 1970."""
    moment = Date(millis).moment()
    return (
        moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"
        if millis % 1000
        else (moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
    )


def _computed_band(band: ImageBand) -> dict[str, Any]:
    """A band of an expression: a grid's transform says where it begins, as it has no origin [S]."""
    projection, size = band.projection, None
    if band.bounds is not None:
        left, top, right, bottom = band.bounds
        projection, size = projection.translated(left, top), (right - left, bottom - top)
    return _band_json(band.id, band.type, projection.crs, projection.transform, size)


def _band_json(
    name: str,
    kind: PixelType,
    crs: str,
    transform: Transform,
    dimensions: tuple[int, int] | None,
) -> dict[str, Any]:
    data_type: dict[str, Any] = {"precision": kind.precision.upper()}
    if kind.is_int:
        # Zero fields are left out, as everywhere in the service's JSON.
        low, high = kind.bounds
        data_type["range"] = {k: v for k, v in (("min", low), ("max", high)) if v}
    names = ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")
    grid: dict[str, Any] = {"crsWkt" if is_wkt(crs) else "crsCode": crs}
    if dimensions is not None:
        grid["dimensions"] = dict(zip(("width", "height"), dimensions, strict=True))
    grid["affineTransform"] = {
        n: number(float(v)) for n, v in zip(names, transform, strict=True) if v
    }
    return {"id": name, "dataType": data_type, "grid": grid}


def list_assets(catalog: UserCatalog, parent: str, query: Mapping[str, str]) -> dict[str, Any]:
    """One page of the assets under a parent.

    Args:
        catalog: where to look.
        parent: a collection's resource name, or a project's for the top of the catalogue.
        query: `filter`, `pageSize`, `pageToken`, `view`.
    """
    view = query.get("view") or "FULL"
    if view not in _PAGE_SIZES:
        view = "FULL"
    members = _members(catalog, parent)
    meets = parse_filter(query.get("filter") or "")
    size = page_size(query, _PAGE_SIZES[view], _PAGE_SIZES[view])
    key = question_key([parent, query.get("filter")])
    # Tokens count all members, so that no page looks again at what earlier ones left out.
    start = page_start(query.get("pageToken"), key)
    passing = (
        (position, member)
        for position in range(start, len(members))
        if meets(member := members[position])
    )
    page: dict[str, Any] = {}
    if shown := [asset_json(member, view) for _, member in islice(passing, size)]:
        page["assets"] = shown
    if (following := next(passing, None)) is not None:
        page["nextPageToken"] = page_token(key, following[0])
    return page


def _members(catalog: UserCatalog, parent: str) -> Sequence[Asset]:
    project, _, rest = parent.rstrip("/").partition("/assets")
    if not rest and project.count("/") == 1:
        public = project == "projects/earthengine-public"
        return list(catalog) if public else catalog.children(f"{project}/assets")
    if is_root(asset_id(parent)):
        return catalog.children(asset_id(parent))
    found = find_asset(catalog, parent)
    if isinstance(found, Folder):
        return catalog.children(found.id)
    if not isinstance(found, CollectionAsset):
        raise ServiceError(f"Asset '{parent}' is not a folder or a collection.")
    return found.images
