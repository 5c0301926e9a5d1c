"""Scenes in a file of stac-geoparquet: STAC Items as the rows of a GeoParquet file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geetensor.bridges.rows import parse_scenes
from geetensor.bridges.stac import from_json, make_items
from geetensor.errors import InvalidInputError, MissingPackageError

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
    import stac_geoparquet.arrow as stac_arrow
except ImportError as error:
    raise MissingPackageError("stac-geoparquet", "stac") from error

if TYPE_CHECKING:
    import os

    import geopandas as gpd
    from numpy.typing import NDArray

_POINT = {"type": "Point", "coordinates": [0.0, 0.0]}
"""What stands for a footprint in Items on their way to and from Arrow. The package copies their
JSON and takes it apart coordinate by coordinate, which is most of the time that all else takes."""


def write_items(scenes: gpd.GeoDataFrame, path: str | os.PathLike[str]) -> None:
    """Write a table; see `geetensor.ee_scenes.write_stac_geoparquet`."""
    table = parse_scenes(scenes)
    if table.empty:
        raise InvalidInputError(
            "scenes has no rows, and stac-geoparquet takes its columns from the rows' fields. "
            "scenes.to_parquet(path) keeps an empty table."
        )
    footprints = table.geometry.to_numpy()
    nowhere = shapely.is_missing(footprints) | shapely.is_empty(footprints)
    if nowhere.any():
        raise InvalidInputError(
            f"{table['asset_id'][nowhere].iloc[0]} has no footprint, and stac-geoparquet needs one "
            "of each scene. Leave it out."
        )
    items = stac_arrow.parse_stac_items_to_arrow(make_items(table, [_POINT] * len(table)))
    stac_arrow.to_parquet(_with_geometry(items.read_all(), footprints), Path(path))


def read_items(path: str | os.PathLike[str]) -> gpd.GeoDataFrame:
    """Read a table; see `geetensor.ee_scenes.read_stac_geoparquet`."""
    table = pq.read_table(path)
    footprints = shapely.from_wkb(table["geometry"].to_numpy())
    points = np.full(len(table), shapely.geometry.shape(_POINT))
    return from_json(stac_arrow.stac_table_to_items(_with_geometry(table, points)), footprints)


def _with_geometry(table: pa.Table, shapes: NDArray[Any]) -> pa.Table:
    """A table of Items with other geometries."""
    place = table.schema.get_field_index("geometry")
    field = table.schema.field(place)
    return table.set_column(
        place, field, pa.array(shapely.to_wkb(shapes, flavor="iso"), field.type)
    )
