"""Scenes on a grid of cells: which scene shows which cell."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geetensor.discovery.areas import cell_polygons
from geetensor.discovery.neighbours import Neighbours
from geetensor.discovery.table import in_order
from geetensor.errors import InvalidInputError
from geetensor.geometry import GEOGRAPHIC


def put_on_cells(scenes: gpd.GeoDataFrame, grid: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A row for each cell and each scene that adds something to others of the cell.

    Args:
        scenes: the table.
        grid: the cells.

    Raises:
        InvalidInputError: if one of them is not such a table.
    """
    _check(scenes)
    neighbours = Neighbours(cell_polygons(grid))
    tables = [*neighbours.relate(scenes, "cell", neighbours.order, deduplicate=True)]
    if not tables:
        tables.append(scenes.iloc[:0].assign(cell=np.empty(0, np.int64)))
    joined = in_order(pd.concat(tables, ignore_index=True), first=["cell"])
    labels = grid.index[joined["cell"].to_numpy(np.int64)]
    return joined[["cell", *scenes.columns]].assign(cell=labels)


def _check(scenes: gpd.GeoDataFrame) -> None:
    if not isinstance(scenes, gpd.GeoDataFrame) or scenes.crs != GEOGRAPHIC:
        raise InvalidInputError(
            "scenes must be a table as the functions of geetensor.ee_query give it: a GeoDataFrame "
            "in EPSG:4326."
        )
    needed = ["asset_id", "collection", "acquisition_date", "satellite", "orbit"]
    missing = [name for name in needed if name not in scenes.columns]
    if missing or "cell" in scenes.columns:
        wrong = f"lacks {', '.join(missing)}" if missing else "has a column cell already"
        raise InvalidInputError(f"scenes {wrong}.")
