"""The scenes of one area, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geetensor.callers import warn_caller
from geetensor.collections import COLLECTIONS, UNKNOWN
from geetensor.discovery.answers import run_searches
from geetensor.discovery.places import Places
from geetensor.discovery.rows import RowFormat, Scenes, tabulate
from geetensor.discovery.search import Search
from geetensor.discovery.table import COLUMNS, in_order
from geetensor.ee_utils import to_ee_geometry
from geetensor.progress import row_bar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import geopandas as gpd
    from shapely.geometry import MultiPolygon, Polygon

    from geetensor.discovery.question import Question
    from geetensor.discovery.sensors import Condition
    from geetensor.engine.transport import Transport

_NAMED = 5
"""Scenes that a warning names before it only counts them."""


def formats(collections: Iterable[str], question: Question) -> list[RowFormat]:
    """What the rows of collections tell.

    Args:
        collections: asset ids.
        question: that suits all of them.
    """
    known = {collection: COLLECTIONS.get(collection, UNKNOWN) for collection in collections}
    properties = [*question.properties]
    if question.deduplicate:
        properties += [one.baseline_property for one in known.values() if one.baseline_property]
    wanted = tuple(dict.fromkeys(properties))
    return [RowFormat(collection, one, wanted) for collection, one in known.items()]


def find_scenes(
    collections: Mapping[str, Sequence[Condition]],
    area: Polygon | MultiPolygon,
    question: Question,
    transport: Transport,
    *,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """The scenes of an area.

    Args:
        collections: asset ids, and which of their scenes are meant.
        area: within ±180°.
        question: what is asked; suits all of them.
        transport: the door to the network.
        progress: show a progress bar.

    Raises:
        EarthEngineError: if the service refuses.
    """
    limit = None if question.deduplicate else question.limit
    region = to_ee_geometry(area)
    searches = [
        Search(row_format, region, question, collections[row_format.collection], limit)
        for row_format in formats(collections, question)
    ]
    with row_bar(enabled=progress) as count:
        found = run_searches(searches, transport, count)
    scenes = table_of([part for parts in found for part in parts], searches[0].format)
    here = np.zeros(len(scenes), np.int64)
    scenes = Places.of(area).relate(scenes, here, deduplicate=question.deduplicate)
    return finished(scenes, question).head(question.limit or len(scenes))


def table_of(parts: Sequence[Scenes], row_format: RowFormat) -> gpd.GeoDataFrame:
    """Scenes as a table, without those whose footprint is wrong.

    Args:
        parts: of the same format but for the collection.
        row_format: of one of them.
    """
    scenes = tabulate(parts, row_format.properties)
    bounds = scenes.geometry.bounds
    tallest = scenes["collection"].map(lambda name: COLLECTIONS.get(name, UNKNOWN).tallest)
    wrong = (bounds["maxy"] - bounds["miny"]) > tallest.astype(float)
    if wrong.any():
        ids = [*scenes.loc[wrong, "asset_id"]]
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        warn_caller(
            "Left out, as their footprints span the globe and say nothing of where they are: "
            f"{', '.join(ids[:_NAMED])}{more}."
        )
    return scenes[~wrong]


def finished(
    scenes: gpd.GeoDataFrame, question: Question, *, first: Sequence[str] = ()
) -> gpd.GeoDataFrame:
    """A table in its order, without the columns that were not asked for.

    Args:
        scenes: the table.
        question: what was asked.
        first: columns of its own, that come first and that it is sorted by.
    """
    columns = [*first, *COLUMNS, *question.properties, "geometry"]
    # Parts of it may have had no value of a property, and so another dtype.
    narrow = {name: scenes[name].infer_objects() for name in question.properties}
    return in_order(scenes[columns].assign(**narrow), first=first)
