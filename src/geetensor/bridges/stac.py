"""Scenes as STAC Items, and back.

What fields of STAC carry is written to them. What they cannot carry as it is, such as the overlap
with the area that was asked for, goes to properties of their own, so that the way back loses
nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from shapely.geometry import mapping, shape

from geetensor.bridges.extent import geojson_bbox
from geetensor.bridges.hrefs import asset_id_of, href_of
from geetensor.bridges.rows import is_missing, parse_scenes
from geetensor.bridges.stac_fields import (
    COLUMN_PREFIX,
    PROPERTY_PREFIX,
    bands_of,
    collection_page,
    eo_fields,
    platform_fields,
    proj_fields,
    sat_fields,
    view_fields,
)
from geetensor.discovery.clouds import CLOUD_COLUMNS
from geetensor.discovery.table import COLUMNS, make_table
from geetensor.errors import InvalidInputError, MissingPackageError

try:
    import pystac
    from pystac.extensions.eo import EOExtension
    from pystac.extensions.projection import ProjectionExtension
    from pystac.extensions.sat import SatExtension
    from pystac.extensions.view import ViewExtension
    from pystac.utils import datetime_to_str
except ImportError as error:
    raise MissingPackageError("pystac", "stac") from error

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    import geopandas as gpd

ASSET_KEY = "image"
"""Of the asset that names the image in Earth Engine."""

_KEPT = ("satellite", "overlap_percentage", "solar_day", "solar_time", "orbit", "tile")
"""Columns whose values are written beside the fields that say about the same."""

_EXTENSIONS = {
    "eo:": EOExtension.get_schema_uri(),
    "proj:": ProjectionExtension.get_schema_uri(),
    "sat:": SatExtension.get_schema_uri(),
    "view:": ViewExtension.get_schema_uri(),
}
"""By prefix: the versions that pystac writes and validates."""

_OURS = {"area_id", "cell", *CLOUD_COLUMNS}
"""Further columns that are not Earth Engine's."""

_READ = {
    "datetime",
    "start_datetime",
    "end_datetime",
    "eo:cloud_cover",
    "proj:code",
    "proj:wkt2",
    "proj:transform",
    "proj:shape",
}
"""Fields that become columns, whoever wrote them."""

_WRITTEN = {f"{COLUMN_PREFIX}{name}" for name in (*_KEPT, "crs")}
"""Fields with a prefix of our own that become columns."""


def to_items(scenes: gpd.GeoDataFrame) -> pystac.ItemCollection:
    """An Item for each scene; see `geetensor.ee_scenes.to_stac`."""
    table = parse_scenes(scenes)
    shapes = [None if shape is None else mapping(shape) for shape in table.geometry]
    return pystac.ItemCollection(make_items(table, shapes), clone_items=False)


def make_items(
    table: gpd.GeoDataFrame, geometries: Sequence[dict[str, Any] | None]
) -> list[pystac.Item]:
    """An Item for each scene.

    Args:
        table: in its normal form.
        geometries: GeoJSON of each scene's footprint.
    """
    ids = _item_ids(list(table["asset_id"]))
    rows = table.to_dict("records")
    return [_item(*one) for one in zip(ids, rows, geometries, strict=True)]


def from_items(items: Iterable[pystac.Item]) -> gpd.GeoDataFrame:
    """The table of some Items; see `geetensor.ee_scenes.from_stac`."""
    given = list(items)
    return from_json(
        (
            {
                "id": item.id,
                "assets": {key: {"href": asset.href} for key, asset in item.assets.items()},
                "properties": item.properties
                | {"datetime": item.datetime and datetime_to_str(item.datetime)},
            }
            for item in given
        ),
        [None if item.geometry is None else shape(item.geometry) for item in given],
    )


def from_json(items: Iterable[Mapping[str, Any]], footprints: Sequence[Any]) -> gpd.GeoDataFrame:
    """The table of some Items that are JSON, which spares making objects of them.

    Args:
        items: JSON; the geometries do not count.
        footprints: polygons of the Items; None for none.
    """
    rows, others = [], []
    for item in items:
        row, further = _row(item)
        rows.append(row)
        others.append(further)
    names = dict.fromkeys(name for further in others for name in further)
    return make_table(
        {name: [row[name] for row in rows] for name in COLUMNS},
        {name: [further.get(name) for further in others] for name in names},
        footprints,
    )


def _item_ids(asset_ids: list[str]) -> list[str]:
    """The last part of each asset id; all of it, with dots, where that would name two scenes."""
    if repeated := [name for name, count in Counter(asset_ids).items() if count > 1]:
        raise InvalidInputError(
            f"{repeated[0]} has several rows, and an Item is a scene. Pass "
            "scenes.drop_duplicates('asset_id')."
        )
    last = [asset_id.rpartition("/")[2] for asset_id in asset_ids]
    counts = Counter(last)
    return [
        name if counts[name] == 1 else asset_id.replace("/", ".")
        for name, asset_id in zip(last, asset_ids, strict=True)
    ]


def _item(name: str, row: Mapping[Hashable, Any], geometry: dict[str, Any] | None) -> pystac.Item:
    asset_id, start, end = row["asset_id"], row["acquisition_date"], row["end_date"]
    if is_missing(start):
        raise InvalidInputError(
            f"{asset_id} has no acquisition_date, and an Item of STAC must have a time. Leave it "
            "out, or fill the column."
        )
    footprint = row["geometry"]
    located = footprint is not None and not footprint.is_empty
    collection = asset_id.rpartition("/")[0]
    page, bands = collection_page(collection), bands_of(collection)
    fields = _fields(row)
    item = pystac.Item(
        id=name,
        geometry=geometry if located else None,
        bbox=geojson_bbox(footprint) if located else None,
        datetime=start.to_pydatetime(),
        start_datetime=None if is_missing(end) else start.to_pydatetime(),
        end_datetime=None if is_missing(end) else end.to_pydatetime(),
        properties=fields,
        collection=collection if page else None,
    )
    item.stac_extensions = [
        uri
        for prefix, uri in _EXTENSIONS.items()
        if any(field.startswith(prefix) for field in fields) or (prefix == "eo:" and bands)
    ]
    item.add_asset(
        ASSET_KEY,
        pystac.Asset(
            href_of(asset_id),
            title="Earth Engine image",
            roles=["data"],
            extra_fields={"eo:bands": bands} if bands else {},
        ),
    )
    if page:
        item.add_link(pystac.Link("collection", page, media_type=pystac.MediaType.JSON))
    return item


def _fields(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    """An Item's properties, the times aside."""
    known = {name: None if is_missing(row[name]) else row[name] for name in COLUMNS}
    properties = {
        str(name): value
        for name, value in row.items()
        if name not in COLUMNS and name != "geometry" and not is_missing(value)
    }
    fields = {_written_name(name): _as_json(name, value) for name, value in properties.items()}
    fields |= {
        f"{COLUMN_PREFIX}{name}": _as_json(name, known[name])
        for name in _KEPT
        if known[name] is not None
    }
    fields |= eo_fields(row["cloud_cover"])
    grid = proj_fields(known["crs"], known["transform"], known["shape"])
    if known["crs"] is not None and grid["proj:code"] is None:
        fields[f"{COLUMN_PREFIX}crs"] = known["crs"]
    return fields | grid | _derived(known["satellite"], known["orbit"], fields)


def _derived(satellite: str | None, orbit: str | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that say in STAC's words what others say in Earth Engine's."""
    properties = {name.removeprefix(PROPERTY_PREFIX): value for name, value in fields.items()}
    return (
        platform_fields(satellite)
        | sat_fields(satellite, orbit, properties)
        | view_fields(properties)
    )


def _written_name(name: str) -> str:
    """Of a further column: with a prefix, unless it has one of another tool's."""
    if name in _OURS:
        return f"{COLUMN_PREFIX}{name}"
    own = ":" in name and not name.startswith("system:")
    return name if own else f"{PROPERTY_PREFIX}{name}"


def _row(item: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values of `COLUMNS`, and of further ones."""
    named = (asset_id_of(asset["href"]) for asset in item["assets"].values())
    asset_id = next(filter(None, named), None)
    if asset_id is None:
        raise InvalidInputError(
            f"The Item {item['id']} has no asset in Earth Engine: none of its hrefs begins with "
            "ee://."
        )
    fields = {name: value for name, value in item["properties"].items() if not is_missing(value)}

    def kept(name: str, other: str) -> Any:
        return fields.get(f"{COLUMN_PREFIX}{name}", fields.get(other))

    transform, size = fields.get("proj:transform"), fields.get("proj:shape")
    satellite, orbit = kept("satellite", "platform"), kept("orbit", "sat:relative_orbit")
    row = {
        "asset_id": asset_id,
        "collection": asset_id.rpartition("/")[0],
        "acquisition_date": fields.get("datetime", fields.get("start_datetime")),
        "end_date": fields.get("end_datetime"),
        "satellite": satellite,
        "cloud_cover": fields.get("eo:cloud_cover"),
        "overlap_percentage": fields.get(f"{COLUMN_PREFIX}overlap_percentage"),
        "solar_day": fields.get(f"{COLUMN_PREFIX}solar_day"),
        "solar_time": fields.get(f"{COLUMN_PREFIX}solar_time"),
        "crs": kept("crs", "proj:code") or fields.get("proj:wkt2"),
        "transform": tuple(float(v) for v in transform[:6]) if transform else None,
        "shape": tuple(int(v) for v in size) if size else None,
        "orbit": None if orbit is None else str(orbit),
        "tile": fields.get(f"{COLUMN_PREFIX}tile"),
    }
    known = _derived(satellite, row["orbit"], fields)
    further = {
        name.removeprefix(PROPERTY_PREFIX).removeprefix(COLUMN_PREFIX): value
        for name, value in fields.items()
        if name not in _READ and name not in _WRITTEN and known.get(name) != value
    }
    if clash := [name for name in further if name in COLUMNS or name == "geometry"]:
        raise InvalidInputError(
            f"The Item {item['id']} has a property {clash[0]}, and the table a column of that name."
        )
    return row, further


def _as_json(name: str, value: Any) -> Any:
    """A value in JSON's types; what JSON has no number for becomes null."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_as_json(name, one) for one in value]
    if isinstance(value, dict):
        return {str(key): _as_json(name, one) for key, one in value.items()}
    raise InvalidInputError(
        f"The column {name} holds a {type(value).__name__}, which JSON has no form for. "
        "Leave it out."
    )
