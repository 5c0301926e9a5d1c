"""Tables as files of geographic formats, which GDAL writes: shapefiles, KML and KMZ.

https://developers.google.com/earth-engine/guides/exporting_tables says what they hold [S]: a
shapefile, geometries of one kind, and names of ten characters at the most; KML, all geometries in
longitude and latitude. That the index is a column, and the words of errors, is remembered [M].
"""

from __future__ import annotations

import json
import re
import zipfile
from typing import TYPE_CHECKING, Any

import geopandas
import numpy as np
import pandas as pd
import pyogrio

from ..errors import ServiceError
from ..values.to_json import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ..limits import Limits
    from ..values.element import Element

_INDEX, _GEOMETRY = "system:index", ".geo"
_NAME_LENGTH = 10
# Bytes of a text in a DBF file.
_TEXT_BYTES = 254
_KINDS = {
    "LinearRing": "LineString",
    "MultiLineString": "LineString",
    "MultiPolygon": "Polygon",
}


def write_shapefile(
    folder: Path, elements: Iterable[Element], columns: Sequence[str] | None, limits: Limits
) -> list[tuple[Path, str]]:
    """A shapefile, which is several files.

    Raises:
        ServiceError: geometries of several kinds, or none, or two names that begin alike.
    """
    frame = _frame(elements, columns, limits)
    found = {_KINDS.get(kind, kind) for kind in frame.geometry.geom_type.dropna()}
    if len(found) != 1 or "GeometryCollection" in found:
        kinds = ", ".join(sorted(found)) or "none"
        raise ServiceError(
            "A shapefile needs features with geometries of the same type; found types: "
            f"{kinds}. Export to CSV or GeoJSON, or map() the geometries to one type."
        )
    short = [_short(name) for name in frame.columns if name != _GEOMETRY]
    if twice := [name for name in short if short.count(name) > 1]:
        raise ServiceError(
            f"Column names of a shapefile have at most {_NAME_LENGTH} characters, and two begin "
            f"with '{twice[0]}': rename one, or choose columns by selectors."
        )
    frame.columns = pd.Index([*short, _GEOMETRY])
    for name in short:
        if frame[name].dtype == object:
            frame[name] = [_cut(text, _TEXT_BYTES) for text in frame[name]]
    path = folder / "table.shp"
    pyogrio.write_dataframe(frame, path, driver="ESRI Shapefile", encoding="UTF-8")
    return sorted((each, each.suffix) for each in folder.iterdir())


def write_kml(
    folder: Path, elements: Iterable[Element], columns: Sequence[str] | None, limits: Limits
) -> list[tuple[Path, str]]:
    """A KML file."""
    path = folder / "table.kml"
    frame = _frame(elements, columns, limits)
    pyogrio.write_dataframe(frame, path, driver="KML", layer="table", geometry_type="Unknown")
    return [(path, ".kml")]


def write_kmz(
    folder: Path, elements: Iterable[Element], columns: Sequence[str] | None, limits: Limits
) -> list[tuple[Path, str]]:
    """A KML file in a zip; it is called `doc.kml` there, as is the custom."""
    path = folder / "table.kmz"
    ((document, _),) = write_kml(folder, elements, columns, limits)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(document, "doc.kml")
    document.unlink()
    return [(path, ".kmz")]


def _frame(
    elements: Iterable[Element], columns: Sequence[str] | None, limits: Limits
) -> geopandas.GeoDataFrame:
    """A row a feature; columns are those of the first one unless they are named."""
    names = None if columns is None else [name for name in columns if name != _GEOMETRY]
    rows: list[list[Any]] = []
    places: list[Any] = []
    for element in elements:
        if names is None:
            names = [_INDEX, *sorted(name for name in element.properties if name != _INDEX)]
        place = element.geometry
        places.append(None if place is None else place.planar.shape)
        rows.append([_plain(element.get(name), limits) for name in names])
    series = {
        name: _series([row[position] for row in rows]) for position, name in enumerate(names or [])
    }
    frame = pd.DataFrame(series, index=range(len(rows)))
    frame[_GEOMETRY] = geopandas.GeoSeries(places, crs="EPSG:4326")
    return geopandas.GeoDataFrame(frame, geometry=_GEOMETRY)


def _plain(value: Any, limits: Limits) -> Any:
    """A value for a cell: lists and objects are JSON."""
    shown = to_json(value, limits)
    return json.dumps(shown, separators=(",", ":")) if isinstance(shown, (list, dict)) else shown


def _series(values: list[Any]) -> Any:
    """A column of whole numbers, of numbers, or else of texts; what is missing stays so."""
    there = [value for value in values if value is not None]
    info = np.iinfo(np.int64)
    if there and all(isinstance(value, int) and info.min <= value <= info.max for value in there):
        return pd.array(values, dtype="Int64")
    if there and all(isinstance(value, (int, float)) for value in there):
        return np.array([np.nan if value is None else value for value in values], np.float64)
    return pd.Series([None if value is None else str(value) for value in values], dtype=object)


def _short(name: str) -> str:
    """A column's name as GDAL would write it, with a warning."""
    return _cut(re.sub(r"[^\w .\-]", "_", name), _NAME_LENGTH) or "_"


def _cut(text: str | None, most: int) -> str | None:
    return text and text.encode()[:most].decode("utf-8", "ignore")


VECTORS = {"KML": write_kml, "KMZ": write_kmz, "SHP": write_shapefile}
"""By the name of the format on the wire; called as those of `tables.WRITERS`."""
