"""The table of scenes: its columns, their types, its order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from geetensor.geometry import GEOGRAPHIC

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLUMNS = {
    "asset_id": "str",
    "collection": "str",
    "acquisition_date": "datetime64[ms, UTC]",
    "end_date": "datetime64[ms, UTC]",
    "satellite": "str",
    "cloud_cover": "float64",
    "overlap_percentage": "float64",
    "solar_day": "datetime64[ms]",
    "solar_time": "datetime64[ms]",
    "crs": "str",
    "transform": "object",
    "shape": "object",
    "orbit": "str",
    "tile": "str",
}
"""The table's columns and their dtypes, the properties asked for and `geometry` aside.

- `asset_id`: what the exporters take.
- `collection`: the asset id without the scene's own name.
- `acquisition_date`, `end_date`: first and last moment, UTC; NaT where the scene has none.
- `satellite`: `Sentinel-2A`, `LANDSAT_8`; missing where it is not known.
- `cloud_cover`: percent of the whole scene, by its metadata; NaN where the sensor has none.
- `overlap_percentage`: of the area, how much the footprint covers, on the ground.
- `solar_day`, `solar_time`: mean solar time at the area's centre (UTC and 4 minutes a degree of
  longitude), so that scenes of one pass over the area share a day, on both sides of midnight in
  UTC and of the antimeridian.
- `crs`, `transform`, `shape`: of the scene's grid (`Collection.grid_band`): a code or WKT; six
  numbers in the order of `affine.Affine`; `(height, width)` in pixels, None without bounds.
- `orbit`, `tile`: the relative orbit or path; the tile, or path and row.

All times are whole milliseconds, as Earth Engine's are and as Parquet keeps them.
"""


def make_table(
    columns: Mapping[str, Sequence[Any]],
    properties: Mapping[str, Sequence[Any]],
    footprints: Sequence[Any],
) -> gpd.GeoDataFrame:
    """A table, in the order of its rows.

    Args:
        columns: values by column; those that are left out have none.
        properties: further columns; whole numbers, floats and texts get such a dtype.
        footprints: polygons in EPSG:4326, one a row; None for none.
    """
    index = pd.RangeIndex(len(footprints))
    made = {
        # Of None alone, pandas makes NaN, also among objects.
        name: pd.Series(columns.get(name, [None] * len(index)), index=index, dtype=dtype)
        for name, dtype in COLUMNS.items()
    }
    for name, values in properties.items():
        made[name] = pd.Series(values, index=index, dtype="object").infer_objects()
    geometry = gpd.GeoSeries(footprints, index=index, crs=GEOGRAPHIC)
    return gpd.GeoDataFrame(pd.DataFrame(made, index=index), geometry=geometry)


def in_order(scenes: gpd.GeoDataFrame, *, first: Sequence[str] = ()) -> gpd.GeoDataFrame:
    """A table sorted by time, then by asset id; scenes without a time come last.

    Args:
        scenes: the table.
        first: columns to sort by before all others.
    """
    return scenes.sort_values([*first, "acquisition_date", "asset_id"], ignore_index=True)
