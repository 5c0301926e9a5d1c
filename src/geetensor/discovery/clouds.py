"""The cloud masks of Sentinel-2 scenes, which Earth Engine keeps in collections of their own.

They are asked for by the names of the scenes found, once these are known: a mask's footprint need
not be its scene's, so that an area which touches one may miss the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pandas as pd
import shapely

from geetensor.collections import CLOUD_SCORE_PLUS, S2_CLOUD_PROBABILITY
from geetensor.discovery.globe import polygons_of
from geetensor.ee_utils import to_ee_geometry
from geetensor.engine.fetch import compute_each
from geetensor.source import serialize

if TYPE_CHECKING:
    import geopandas as gpd

    from geetensor.engine.transport import Transport

CLOUD_COLUMNS = {
    "cloud_score_plus": CLOUD_SCORE_PLUS,
    "cloud_probability": S2_CLOUD_PROBABILITY,
}
"""The columns with the masks' asset ids, and their collections."""

_SCENES = 1000
"""Scenes whose masks are asked for in one request: 40 kB of names."""

_SLACK = 86_400_000
"""Milliseconds by which a mask's time may be another than its scene's (a guess, and more than
enough)."""


def with_clouds(scenes: gpd.GeoDataFrame, transport: Transport) -> gpd.GeoDataFrame:
    """The same table with the columns of `CLOUD_COLUMNS` before the geometry.

    Args:
        scenes: of Sentinel-2.
        transport: the door to the network.

    Raises:
        EarthEngineError: if the service refuses.
    """
    blocks = [scenes.iloc[start : start + _SCENES] for start in range(0, len(scenes), _SCENES)]
    names = [_names(block) for block in blocks]
    asked = [
        (column, number)
        for column in CLOUD_COLUMNS
        for number, block in enumerate(blocks)
        if len(block)
    ]
    questions = [
        (_question(CLOUD_COLUMNS[column], blocks[number], names[number]), CLOUD_COLUMNS[column])
        for column, number in asked
    ]
    there: dict[str, set[str]] = {column: set() for column in CLOUD_COLUMNS}
    answers = compute_each(questions, transport, tables=True)
    for (column, _), found in zip(asked, answers, strict=True):
        if isinstance(found, Exception):
            raise found
        there[column].update(found)
    scenes = scenes.copy()
    place = len(scenes.columns) - 1
    every = [name for block in names for name in block]
    for column, collection in CLOUD_COLUMNS.items():
        ids = [f"{collection}/{name}" if name in there[column] else None for name in every]
        scenes.insert(place, column, pd.Series(ids, index=scenes.index, dtype="str"))
        place += 1
    return scenes


def _names(scenes: gpd.GeoDataFrame) -> list[str]:
    return [asset_id.rpartition("/")[2] for asset_id in scenes["asset_id"]]


def _question(collection: str, scenes: gpd.GeoDataFrame, names: list[str]) -> bytes:
    """The expression of those names that a collection has."""
    # Where and when speed the service up; the names decide.
    boxes: Any = shapely.box(*scenes.geometry.bounds.to_numpy().T)
    ground = polygons_of(shapely.union_all(boxes))
    times = scenes["acquisition_date"].to_numpy("datetime64[ms]").astype(np.int64)
    images = (
        ee.ImageCollection(collection)
        .filterBounds(to_ee_geometry(ground))
        .filterDate(int(times.min()) - _SLACK, int(times.max()) + _SLACK)
        .filter(ee.Filter.inList("system:index", names))
    )
    return serialize(images.aggregate_array("system:index"), collection).expression
