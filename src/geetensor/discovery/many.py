"""The scenes of thousands of areas, in few requests.

Areas go in batches of neighbours. The service is told where a batch is, in small boxes; which
scene touches which area is worked out here, on the ground. So a scene comes once for all areas of
a batch, and thousands of fields in a few tiles take one request. A map over the areas, by the
service, would send each scene with its footprint once for each area, and be cut at 5,000 of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from geetensor.discovery.answers import run_searches
from geetensor.discovery.find import finished, formats, without_wrong
from geetensor.discovery.globe import WORLD, polygons_of, roughly
from geetensor.discovery.neighbours import Neighbours
from geetensor.discovery.rows import tabulate
from geetensor.discovery.search import Search
from geetensor.ee_utils import to_ee_geometry
from geetensor.progress import row_bar

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from numpy.typing import NDArray
    from shapely.geometry import MultiPolygon, Polygon

    from geetensor.discovery.question import Question
    from geetensor.engine.transport import Transport

BOX = 0.1
"""Degrees: the boxes that stand for small areas are of whole ones of these."""

SMALL = 0.5
"""Degrees: a larger area stands for itself."""

MOST_POINTS = 1000
"""Corners of what stands for a batch: 200 boxes. A larger area is a batch of its own."""


def find_many(
    collection: str,
    areas: NDArray[Any],
    question: Question,
    transport: Transport,
    *,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """The scenes of each of many areas; the column `area_id` holds its position among them.

    Args:
        collection: asset id.
        areas: array of polygons within ±180°.
        question: what is asked.
        transport: the door to the network.
        progress: show a progress bar.

    Raises:
        EarthEngineError: if the service refuses.
    """
    [row_format] = formats([collection], question)
    neighbours = Neighbours(areas)
    batches = list(_batches(neighbours))
    regions = [to_ee_geometry(polygons_of(shapely.union_all(ground))) for _, ground in batches]
    searches = [Search(row_format, region, question, (), None) for region in regions]
    with row_bar(enabled=progress) as count:
        found = run_searches(searches, transport, count)
    tables: list[gpd.GeoDataFrame] = []
    for (indices, _), parts in zip(batches, found, strict=True):
        scenes = without_wrong(tabulate(parts, row_format.properties))
        parts.clear()
        tables += neighbours.relate(scenes, "area_id", indices, deduplicate=question.deduplicate)
    if not tables:
        tables.append(tabulate([], row_format.properties).assign(area_id=np.empty(0, np.int64)))
    scenes = finished(pd.concat(tables, ignore_index=True), question, first=["area_id"])
    if question.limit is not None:
        scenes = scenes.groupby("area_id").head(question.limit).reset_index(drop=True)
    return scenes


def _batches(neighbours: Neighbours) -> Iterator[tuple[NDArray[np.int64], list[Any]]]:
    """Indices of areas, and the ground that contains them."""
    indices: list[int] = []
    ground: dict[Any, int] = {}  # with the number of its corners
    for index in neighbours.order:
        part = _ground_of(neighbours.areas[index])
        corners = int(shapely.get_num_coordinates(part))
        if indices and part not in ground and sum(ground.values()) + corners > MOST_POINTS:
            yield np.array(indices), [*ground]
            indices, ground = [], {}
        indices.append(int(index))
        ground[part] = corners
    if indices:
        yield np.array(indices), [*ground]


def _ground_of(area: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
    """Roughly an area, or where it is small a box of whole `BOX` that it lies in."""
    left, bottom, right, top = area.bounds
    if max(right - left, top - bottom) > SMALL:
        return roughly(area)
    low = np.floor(np.divide((left, bottom), BOX)) * BOX
    high = np.ceil(np.divide((right, top), BOX)) * BOX
    return polygons_of(shapely.intersection(shapely.box(*low, *high), WORLD))
