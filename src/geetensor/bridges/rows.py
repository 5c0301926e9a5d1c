"""A table of scenes in its normal form, whatever it has been through."""

from __future__ import annotations

import math
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geetensor.discovery.table import COLUMNS
from geetensor.errors import InvalidInputError
from geetensor.geometry import GEOGRAPHIC


def parse_scenes(scenes: object) -> gpd.GeoDataFrame:
    """Check a table, and undo what a file or a selection of columns did to it.

    Parquet gives lists back as NumPy arrays, and the empty column of an empty table as one of no
    type.

    Args:
        scenes: the table; without `asset_id` it is none, other columns may be missing.

    Returns:
        A new table with the same index: `COLUMNS` in their dtypes, further columns, and
        `geometry` in EPSG:4326; in the order given, or if any was missing, in this one.

    Raises:
        InvalidInputError: if it is not a table of scenes, or has values of another kind.
    """
    if not isinstance(scenes, gpd.GeoDataFrame):
        raise InvalidInputError(
            f"scenes must be a GeoDataFrame of scenes, got {type(scenes).__name__}."
        )
    if "asset_id" not in scenes.columns:
        raise InvalidInputError("scenes lacks the column asset_id: it is not a table of scenes.")
    if bad := [a for a in scenes["asset_id"] if not isinstance(a, str) or not a]:
        raise InvalidInputError(f"scenes has a row whose asset_id is no text: {bad[0]!r}.")
    footprints = scenes.geometry
    footprints = (
        footprints.set_crs(GEOGRAPHIC) if footprints.crs is None else footprints.to_crs(GEOGRAPHIC)
    )
    made: dict[str, Any] = {}
    for name, dtype in COLUMNS.items():
        column = scenes[name] if name in scenes.columns else pd.Series(None, index=scenes.index)
        made[name] = _typed(name, column, dtype)
    for name in scenes.columns:
        if name not in made and name != footprints.name:
            made[name] = _plain(scenes[name])
    frame = pd.DataFrame(made, index=scenes.index)
    table = gpd.GeoDataFrame(frame, geometry=footprints.rename("geometry"))
    order = ["geometry" if name == footprints.name else name for name in scenes.columns]
    return table[order] if len(order) == len(table.columns) else table


def is_missing(value: object) -> bool:
    """Whether it is None, NaN, NaT or NA."""
    return value is None or value is pd.NaT or value is pd.NA or _is_nan(value)


def _is_nan(value: object) -> bool:
    return isinstance(value, (float, np.floating)) and math.isnan(value)


def _typed(name: str, column: pd.Series, dtype: str) -> pd.Series:
    try:
        if name == "transform":
            return _tuples(column, float)
        if name == "shape":
            return _tuples(column, int)
        if not column.notna().any():
            return pd.Series(None, index=column.index, dtype=dtype)
        if dtype == "str":
            # Not by astype, which before pandas 3 makes texts of what is missing.
            texts = [None if is_missing(v) else str(v) for v in column]
            return pd.Series(texts, index=column.index, dtype=dtype)
        kind: Any = dtype
        return pd.Series(column.astype(kind))
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"The column {name} of scenes is not {dtype}: {error}") from None


def _tuples(column: pd.Series, kind: type[float]) -> pd.Series:
    values = [None if is_missing(v) else tuple(kind(n) for n in v) for v in column]
    return pd.Series(values, index=column.index, dtype="object")


def _plain(column: pd.Series) -> pd.Series:
    """The same, with lists for what is a list in JSON."""
    if column.dtype != "object":
        return column
    values = [v.tolist() if isinstance(v, np.ndarray) else v for v in column]
    return pd.Series(values, index=column.index, dtype="object")
