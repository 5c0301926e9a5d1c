"""Tables as files: CSV and GeoJSON.

Columns are those of the first feature unless they are named [S]. That properties go by the
alphabet, between the index and the geometry, and what becomes of lists and nulls, is
remembered [M].
"""

from __future__ import annotations

import csv
import json
from itertools import chain
from typing import TYPE_CHECKING, Any

from ..values.to_json import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from ..limits import Limits
    from ..values.collection import Collection
    from ..values.element import Element
    from .operations import Watch

_INDEX, _GEOMETRY = "system:index", ".geo"


def _csv(
    path: Path, elements: Iterable[Element], columns: Sequence[str] | None, limits: Limits
) -> None:
    rows = iter(elements)
    first = next(rows, None)
    if columns is None:
        columns = [_INDEX, *([] if first is None else _columns(first)), _GEOMETRY]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for element in () if first is None else chain([first], rows):
            writer.writerow([_cell(element, column, limits) for column in columns])


def _cell(element: Element, column: str, limits: Limits) -> Any:
    value = to_json(element.geometry if column == _GEOMETRY else element.get(column), limits)
    return json.dumps(value, separators=(",", ":")) if isinstance(value, (list, dict)) else value


def _columns(element: Element) -> list[str]:
    return sorted(name for name in element.properties if name != _INDEX)


def _geojson(
    path: Path, elements: Iterable[Element], columns: Sequence[str] | None, limits: Limits
) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write('{"type":"FeatureCollection","features":[')
        for number, element in enumerate(elements):
            if number:
                file.write(",\n")
            names = _columns(element) if columns is None else columns
            shape = element.geometry
            feature: dict[str, Any] = {
                "type": "Feature",
                # GeoJSON has no other edges than straight ones, and no other CRS [S].
                "geometry": None if shape is None else shape.planar,
                "properties": {
                    name: element.get(name) for name in names if name not in (_INDEX, _GEOMETRY)
                },
            }
            if element.index is not None:
                feature["id"] = element.index
            json.dump(to_json(feature, limits), file, separators=(",", ":"))
        file.write("]}\n")


WRITERS: dict[
    str, tuple[str, Callable[[Path, Iterable[Element], Sequence[str] | None, Limits], None]]
] = {"CSV": (".csv", _csv), "GEO_JSON": (".geojson", _geojson)}
"""By the name of the format on the wire: the end of a file's name, and what writes it."""


def write_table(
    collection: Collection,
    file_format: str,
    columns: Sequence[str] | None,
    folder: Path,
    limits: Limits,
    watch: Watch,
) -> tuple[Path, str]:
    """Write a table, feature by feature.

    Args:
        collection: its rows.
        file_format: a key of `WRITERS`.
        columns: which properties, in this order; `.geo` is the geometry.
        folder: where.
        limits: of one feature.
        watch: that is looked at between features.

    Returns:
        The file, and what follows the prefix in its name.
    """
    suffix, write = WRITERS[file_format]
    path = folder / f"table{suffix}"
    write(path, _watched(collection, watch), columns, limits)
    return path, suffix


def _watched(collection: Collection, watch: Watch) -> Iterator[Element]:
    for element in collection:
        watch.check()
        yield element
