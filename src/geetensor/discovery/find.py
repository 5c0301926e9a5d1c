"""The scenes of one area, in one table."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from geetensor.callers import warn_caller
from geetensor.collections import COLLECTIONS, UNKNOWN
from geetensor.discovery.answers import run_searches
from geetensor.discovery.globe import roughly
from geetensor.discovery.places import Places
from geetensor.discovery.rows import RowFormat, tabulate
from geetensor.discovery.search import Search
from geetensor.discovery.table import COLUMNS, in_order
from geetensor.ee_utils import to_ee_geometry
from geetensor.progress import row_bar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import geopandas as gpd
    import pandas as pd
    from shapely.geometry import MultiPolygon, Polygon

    from geetensor.discovery.question import Question
    from geetensor.discovery.sensors import Condition
    from geetensor.engine.transport import Transport


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
    rough = roughly(area)
    region = to_ee_geometry(rough)

    def ask(limit: int | None) -> gpd.GeoDataFrame:
        searches = [
            Search(row_format, region, question, collections[row_format.collection], limit)
            for row_format in formats(collections, question)
        ]
        found = run_searches(searches, transport, count, together=True)
        parts = itertools.chain.from_iterable(found)
        return tabulate([*parts], searches[0].format.properties)

    wanted = None if question.deduplicate or rough is not area else question.limit
    with row_bar(enabled=progress) as count:
        scenes = ask(wanted)
        spare = 0
        while wanted is not None and (wrong := int(_is_wrong(scenes).sum())) > spare:
            spare = wrong  # Those that are left out do not count for the limit.
            scenes = ask(wanted + spare)
    scenes = without_wrong(scenes)
    places = Places.of(area)
    if rough is not area:
        scenes = scenes.iloc[places.pairs(scenes.geometry.to_numpy())[0]]
    here = np.zeros(len(scenes), np.int64)
    scenes = places.relate(scenes, here, deduplicate=question.deduplicate)
    return finished(scenes, question).head(question.limit or len(scenes))


def without_wrong(scenes: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A table without the scenes whose footprint is wrong, of which the caller is warned."""
    wrong = _is_wrong(scenes)
    if wrong.any():
        warn_caller(
            "Left out, as their footprints span the globe and say nothing of where they are: "
            f"{', '.join(scenes.loc[wrong, 'asset_id'])}."
        )
    return scenes[~wrong]


def _is_wrong(scenes: gpd.GeoDataFrame) -> pd.Series[bool]:
    bounds = scenes.geometry.bounds
    tallest = scenes["collection"].map(lambda name: COLLECTIONS.get(name, UNKNOWN).tallest)
    wrong: pd.Series[bool] = bounds["maxy"] - bounds["miny"] > tallest.astype(float)
    return wrong


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
