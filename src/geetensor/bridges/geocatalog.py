"""Scenes as the rows of a geotoolz GeoCatalog, which are those of TorchGeo's datasets.

A row is a file: its footprint, its `filepath`, its `crs`, and in the index its time. Times are
without a timezone, in UTC: as geotoolz's are, and since only such intervals survive Parquet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from geetensor.bridges.hrefs import asset_id_of, href_of
from geetensor.bridges.rows import parse_scenes
from geetensor.errors import InvalidInputError

if TYPE_CHECKING:
    import os

INDEX_NAME = "datetime"

FIRST, LAST = (pd.Timestamp(f"{year}-01-01").as_unit("ms") for year in (1900, 2100))
"""Between which a scene without a time is there, as geotoolz has it: its `TIME_INVARIANT_START` and
`TIME_INVARIANT_END`."""

_TIMES = ["start_time", "end_time"]
"""Columns that stand for the index in files that geotoolz writes."""

_BOOKKEEPING = ["_backend", "_schema_version", "bbox"]
"""Columns that geotoolz adds to its files, and takes away again."""


def to_catalog(scenes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows of a catalogue; see `geetensor.ee_scenes.to_geocatalog`."""
    table = parse_scenes(scenes)
    start = table["acquisition_date"].dt.tz_localize(None)
    end = table["end_date"].dt.tz_localize(None).fillna(start).fillna(LAST)
    start = start.fillna(FIRST)
    if (end < start).any():
        wrong = table["asset_id"][end < start].iloc[0]
        raise InvalidInputError(f"{wrong} has an end_date before its acquisition_date.")
    index = pd.IntervalIndex.from_arrays(start, end, closed="both", name=INDEX_NAME)
    table = table.set_index(index)
    table.insert(0, "filepath", pd.array([href_of(a) for a in table["asset_id"]], dtype="str"))
    return table


def from_catalog(catalog: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The table of a catalogue's rows; see `geetensor.ee_scenes.from_geocatalog`."""
    if not isinstance(catalog, gpd.GeoDataFrame) or "filepath" not in catalog.columns:
        raise InvalidInputError("Not a catalogue: a GeoDataFrame with the column filepath.")
    ids = [asset_id_of(str(path)) for path in catalog["filepath"]]
    if None in ids:
        other = catalog["filepath"].iloc[ids.index(None)]
        raise InvalidInputError(f"{other} is not in Earth Engine: it does not begin with ee://.")
    scenes = catalog.drop(columns="filepath").reset_index(drop=True)
    return parse_scenes(scenes.assign(asset_id=ids))


def read_catalog(path: str | os.PathLike[str]) -> gpd.GeoDataFrame:
    """Read a catalogue; see `geetensor.ee_scenes.read_geocatalog`."""
    catalog = gpd.read_parquet(path)
    if {*_TIMES} <= {*catalog.columns}:
        start, end = (catalog[name] for name in _TIMES)
        index = pd.IntervalIndex.from_arrays(start, end, closed="both", name=INDEX_NAME)
        extra = [name for name in (*_TIMES, *_BOOKKEEPING) if name in catalog.columns]
        catalog = catalog.drop(columns=extra).set_index(index)
    if not isinstance(catalog.index, pd.IntervalIndex) or "filepath" not in catalog.columns:
        raise InvalidInputError(f"{path} has no catalogue: no column filepath, or no times.")
    if "asset_id" not in catalog.columns:
        return catalog
    index = catalog.index
    table = parse_scenes(catalog.drop(columns="filepath").reset_index(drop=True))
    table.insert(0, "filepath", catalog["filepath"].array)
    return table.set_index(index)
