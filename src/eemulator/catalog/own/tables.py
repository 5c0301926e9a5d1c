"""Tables of features: GeoJSON, GeoPackage, FlatGeobuf and CSV."""

from __future__ import annotations

import math
from datetime import date, datetime
from itertools import repeat
from typing import TYPE_CHECKING, Any

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataSourceError

from ...values.geometry import Feature, Geometry
from ..model import TableAsset
from .dates import read_moment
from .errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from .schema import TableSpec

_DRIVERS = frozenset({"GeoJSON", "GPKG", "FlatGeobuf"})
_WGS84 = "EPSG:4326"


def table_asset(asset_id: str, spec: TableSpec, folder: Path) -> TableAsset:
    """A table that a catalogue names; it is read at once.

    Indices are 20 hexadecimal digits, counted from 0 [M].

    Args:
        asset_id: its id.
        spec: what the catalogue says of it.
        folder: of the catalogue; paths are relative to it.

    Raises:
        Refused: it cannot be served.
    """
    path = folder / spec.file
    if not path.is_file():
        raise Refused(f"there is no file {path}", "file")
    frame = _of_csv(path, spec) if path.suffix.lower() == ".csv" else _of_features(path, spec)
    columns = [name for name in frame.columns if name != frame.geometry.name]
    cells = zip(*(frame[name] for name in columns), strict=True) if columns else repeat(())
    rows = [
        Feature(_placed(shape, number), _properties(columns, values, number))
        for number, (shape, values) in enumerate(zip(frame.geometry, cells, strict=False))
    ]
    return TableAsset(
        asset_id, rows, dict(spec.properties), version=path.stat().st_mtime_ns // 1000
    )


def _placed(shape: BaseGeometry | None, number: int) -> Geometry | None:
    if shape is None or shape.is_empty:
        return None
    flat = shapely.force_2d(shape)
    if not np.isfinite(shapely.get_coordinates(flat)).all():
        raise Refused(f"feature {number + 1} has no place in longitude and latitude", "file")
    return Geometry(flat)


def _properties(columns: Sequence[Any], values: Sequence[Any], number: int) -> dict[str, Any]:
    cells = {str(name): _plain(value) for name, value in zip(columns, values, strict=True)}
    known = {name: value for name, value in cells.items() if value is not None}
    return {"system:index": f"{number:020x}", **known}


def _of_features(path: Path, spec: TableSpec) -> geopandas.GeoDataFrame:
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        if spec.layer is None and len(layers) != 1:
            raise Refused(f"{path.name} has the layers {', '.join(layers)}: say which", "layer")
        if spec.layer is not None and spec.layer not in layers:
            raise Refused(f"{path.name} has only the layers {', '.join(layers)}", "layer")
        described = pyogrio.read_info(path, layer=spec.layer)
        # Before anything is read: other formats may name files and hosts.
        if described["driver"] not in _DRIVERS:
            raise Refused(
                f"{path.name} is of the format {described['driver']}: convert it to one of "
                f"{', '.join(sorted(_DRIVERS))} or CSV, for example with ogr2ogr",
                "file",
            )
        frame = geopandas.read_file(path, layer=spec.layer, engine="pyogrio")
    except DataSourceError as error:
        raise Refused(f"{path} is no table that can be read: {error}", "file") from None
    if not isinstance(frame, geopandas.GeoDataFrame):
        frame = geopandas.GeoDataFrame(frame, geometry=[None] * len(frame), crs=_WGS84)
    return _in_degrees(frame, spec, path)


def _of_csv(path: Path, spec: TableSpec) -> geopandas.GeoDataFrame:
    try:
        frame = pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise Refused(f"{path} is no CSV that can be read: {error}", "file") from None
    for key, name in (("x", spec.x), ("y", spec.y)):
        if name not in frame.columns:
            raise Refused(f"{path.name} has no column '{name}': say which has it in `{key}`", key)
        if frame[name].dtype.kind not in "iuf":
            raise Refused(f"the column '{name}' of {path.name} is not one of numbers", key)
    places = np.asarray(geopandas.points_from_xy(frame[spec.x], frame[spec.y]))
    places[frame[[spec.x, spec.y]].isna().any(axis=1)] = None
    rest = frame.drop(columns=[spec.x, spec.y])
    return _in_degrees(geopandas.GeoDataFrame(rest, geometry=places), spec, path)


def _in_degrees(
    frame: geopandas.GeoDataFrame, spec: TableSpec, path: Path
) -> geopandas.GeoDataFrame:
    if frame.crs is None:
        try:
            crs = pyproj.CRS.from_user_input(spec.crs or _WGS84)
        except pyproj.exceptions.CRSError:
            raise Refused(f"the CRS cannot be parsed: {spec.crs!r:.100}", "crs") from None
        if spec.crs is None and path.suffix.lower() != ".csv":
            raise Refused(f"{path.name} has no CRS: set `crs`", "crs")
        frame = frame.set_crs(crs)
    return frame.to_crs(_WGS84)


def _plain(value: Any) -> Any:
    """A cell as a property: dates are milliseconds [M], true is 1, and nothing is left out."""
    if isinstance(value, (list, tuple)):
        items = [_plain(item) for item in value]
        return items if None not in items else None
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, (datetime, date)):
        return read_moment(value)
    if isinstance(value, str):
        return value
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, bool):
        return int(plain)
    if isinstance(plain, (int, float)):
        return None if isinstance(plain, float) and math.isnan(plain) else plain
    return str(plain)
