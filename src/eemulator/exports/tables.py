"""Tables as files.

Columns are those of the first feature unless they are named [S]. That properties go by the
alphabet, between the index and the geometry, and what becomes of lists and nulls, is
remembered [M].
"""

from __future__ import annotations

import csv
import json
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from ..values.array import Array
from ..values.to_json import to_json
from .records import example, framed, record_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ..limits import Deadline, Limits
    from ..values.collection import Collection
    from ..values.element import Element

    _Write = Callable[[Path, Iterable[Element], Sequence[str] | None, Limits], None]
    _Writer = Callable[
        [Path, Iterable[Element], Sequence[str] | None, Limits], list[tuple[Path, str]]
    ]

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


def _tfrecord(
    path: Path, elements: Iterable[Element], columns: Sequence[str] | None, limits: Limits
) -> None:
    """A record a feature: numbers as floats [S], texts and what else there is as bytes [M]."""
    with record_file(path, compress=True) as file:
        for element in elements:
            names = [_INDEX, *_columns(element)] if columns is None else columns
            values = {name: element.get(name) for name in names if name != _GEOMETRY}
            file.write(
                framed(
                    example(
                        {
                            name: _record_feature(value, limits)
                            for name, value in values.items()
                            if value is not None
                        }
                    )
                )
            )


def _record_feature(value: Any, limits: Limits) -> NDArray[np.float32] | list[bytes]:
    """Numbers and arrays flattened; lists of texts; anything else as one text."""
    if isinstance(value, Array):
        return np.ravel(value.values).astype(np.float32)
    shown = to_json(value, limits)
    items = shown if isinstance(shown, list) else [shown]
    if all(isinstance(item, (int, float)) for item in items):
        return np.array(items, np.float32)
    if all(isinstance(item, str) for item in items):
        return [item.encode() for item in items]
    return [json.dumps(shown, separators=(",", ":")).encode()]


def _one_file(end: str, write: _Write) -> _Writer:
    """A writer of one file, of a function that writes into a path."""

    def run(
        folder: Path, elements: Iterable[Element], columns: Sequence[str] | None, limits: Limits
    ) -> list[tuple[Path, str]]:
        path = folder / f"table{end}"
        write(path, elements, columns, limits)
        return [(path, end)]

    return run


def _by_gdal(kind: str) -> _Writer:
    """A writer of `vectors`, which takes a second to import."""

    def run(
        folder: Path, elements: Iterable[Element], columns: Sequence[str] | None, limits: Limits
    ) -> list[tuple[Path, str]]:
        from .vectors import VECTORS

        return VECTORS[kind](folder, elements, columns, limits)

    return run


WRITERS: dict[str, _Writer] = {
    "CSV": _one_file(".csv", _csv),
    "GEO_JSON": _one_file(".geojson", _geojson),
    "KML": _by_gdal("KML"),
    "KMZ": _by_gdal("KMZ"),
    "SHP": _by_gdal("SHP"),
    "TF_RECORD_TABLE": _one_file(".tfrecord.gz", _tfrecord),
}
"""By the name of the format on the wire, what writes a table into an empty folder. It gives the
files, and what follows the prefix in the name of each."""


def write_table(
    collection: Collection,
    file_format: str,
    columns: Sequence[str] | None,
    folder: Path,
    limits: Limits,
    deadline: Deadline,
) -> list[tuple[Path, str]]:
    """Write a table, feature by feature.

    Args:
        collection: its rows.
        file_format: a key of `WRITERS`.
        columns: which properties, in this order; `.geo` is the geometry.
        folder: where; it is empty.
        limits: of one feature.
        deadline: that is looked at between features.

    Returns:
        The files, and what follows the prefix in the name of each.
    """
    return WRITERS[file_format](folder, _watched(collection, deadline), columns, limits)


def _watched(collection: Collection, deadline: Deadline) -> Iterator[Element]:
    for element in collection:
        deadline.check()
        yield element
