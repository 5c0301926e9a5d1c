"""Scenes in a file of stac-geoparquet: STAC Items as the rows of a GeoParquet file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from geetensor.bridges.stac import from_json, to_items
from geetensor.errors import InvalidInputError, MissingPackageError

try:
    import pyarrow.parquet as pq
    import stac_geoparquet.arrow as stac_arrow
except ImportError as error:
    raise MissingPackageError("stac-geoparquet", "stac") from error

if TYPE_CHECKING:
    import os

    import geopandas as gpd


def write_items(scenes: gpd.GeoDataFrame, path: str | os.PathLike[str]) -> None:
    """Write a table; see `geetensor.ee_scenes.write_stac_geoparquet`."""
    items = to_items(scenes).items
    if not items:
        raise InvalidInputError(
            "scenes has no rows, and stac-geoparquet takes its columns from the rows' fields. "
            "scenes.to_parquet(path) keeps an empty table."
        )
    if without := [item.id for item in items if item.geometry is None]:
        raise InvalidInputError(
            f"{without[0]} has no footprint, and stac-geoparquet needs one of each scene. "
            "Leave it out."
        )
    table = stac_arrow.parse_stac_items_to_arrow(items)
    stac_arrow.to_parquet(table, Path(path))


def read_items(path: str | os.PathLike[str]) -> gpd.GeoDataFrame:
    """Read a table; see `geetensor.ee_scenes.read_stac_geoparquet`."""
    return from_json(stac_arrow.stac_table_to_items(pq.read_table(path)))
