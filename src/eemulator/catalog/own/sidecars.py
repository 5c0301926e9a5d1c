"""STAC Items that lie beside a file: when it was taken, where, and what else is known of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import shape

from .dates import read_moment
from .errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

_TIMES = {
    "system:time_start": ("start_datetime", "datetime"),
    "system:time_end": ("end_datetime",),
}


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What an Item says of an image.

    Attributes:
        properties: as Earth Engine has them, times among them.
        area: its footprint; None if it says none.
    """

    properties: Mapping[str, Any]
    area: BaseGeometry | None


def item_beside(path: Path) -> ItemFacts | None:
    """The Item of a file, of the same name with the extension `.json`; None for none.

    Raises:
        Refused: it cannot be read.
    """
    beside = path.with_suffix(".json")
    if not beside.is_file():
        return None
    try:
        found = json.loads(beside.read_text("utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise Refused(f"{beside} is no JSON that can be read: {error}") from None
    if not isinstance(found, dict) or "stac_version" not in found or found.get("type") != "Feature":
        return None
    try:
        return item_facts(found.get("properties") or {}, found.get("geometry"))
    except Refused as error:
        raise Refused(f"{beside.name}: {error}") from None


def item_facts(properties: Mapping[str, Any], geometry: Any) -> ItemFacts:
    """What the properties and the geometry of an Item say.

    Numbers, texts and lists of these are properties in Earth Engine, too; nulls and objects are
    left out, and true and false are 1 and 0.

    Raises:
        Refused: a time or the geometry is none.
    """
    times: dict[str, Any] = {}
    for name, sources in _TIMES.items():
        said = next((properties[key] for key in sources if properties.get(key)), None)
        if said is not None:
            try:
                times[name] = read_moment(said)
            except ValueError as error:
                raise Refused(str(error)) from None
    kept = {
        key: plain
        for key, value in properties.items()
        if key not in {"datetime", "start_datetime", "end_datetime"}
        and not key.startswith("system:")
        and (plain := _plain(value)) is not None
    }
    try:
        area = None if geometry is None else shape(geometry)
    except (shapely.errors.ShapelyError, ValueError, TypeError, KeyError, AttributeError):
        raise Refused("its geometry is none") from None
    return ItemFacts({**times, **kept}, area if area is not None and not area.is_empty else None)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, float, str)):
        return value
    if isinstance(value, list):
        items = [_plain(item) for item in value if not isinstance(item, list)]
        return items if len(items) == len(value) and None not in items else None
    return None
