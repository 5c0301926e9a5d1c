"""Scenes that show what others show: the same pass in a neighbouring tile, or processed again.

Scenes of one solar day, satellite and orbit are of one pass; where neither satellite nor orbit is
known, those of one moment. Of each pass, over each area, those are kept that a greedy cover takes.
Always the best scene is next, in this order:

1. the better tier: 1, then 2, then real time;
2. the newer processing baseline;
3. the one that adds more ground to what is covered, to a hundredth of what the best one covers;
4. the greater asset id, which of a Sentinel-2 tile is the one that was produced later.

It is kept if it adds at least `LEAST_GAIN` of what it covers itself: footprints of one scene that
was processed twice are never quite the same. Nothing of this depends on the order of the rows.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from geetensor.collections import COLLECTIONS, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    from numpy.typing import NDArray

LEAST_GAIN = 0.01
"""Of the ground that a scene covers of the area, how much must be new."""


def keep_cover(
    scenes: gpd.GeoDataFrame, covered: NDArray[Any], areas: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Which rows a greedy cover keeps.

    Args:
        scenes: rows of the table; a column of the baseline property counts where there is one.
        covered: what each covers of its area, in an equal-area projection that is the same for
            all rows of an area; None where there is no footprint: such rows are kept.
        areas: to which area each row belongs; None for one.

    Returns:
        Their positions, ascending.
    """
    passes = _passes(scenes, areas)
    grounds = shapely.area(covered)
    kept = np.isnan(grounds)  # no footprint
    order = _ranks(scenes)
    by_pass = np.argsort(passes, kind="stable")
    for rows in np.split(by_pass, np.flatnonzero(np.diff(passes[by_pass])) + 1):
        candidates = rows[grounds[rows] > 0]
        if len(candidates) == 1:
            kept[candidates] = True
        elif len(candidates):
            chosen = list(_greedy(covered[candidates], grounds[candidates], order[candidates]))
            kept[candidates[chosen]] = True
    return np.flatnonzero(kept)


def _passes(scenes: gpd.GeoDataFrame, areas: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """A number for each row, the same for scenes of one pass over one area."""
    unknown = scenes["satellite"].isna() & scenes["orbit"].isna()
    keys = scenes[["solar_day", "satellite", "orbit"]].assign(
        moment=scenes["acquisition_date"].where(unknown), area=0 if areas is None else areas
    )
    groups = keys.groupby([*keys], dropna=False, sort=False)
    numbers: NDArray[np.int64] = groups.ngroup().to_numpy(np.int64)
    return numbers


def _ranks(scenes: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Array of shape `(rows, 2)`: what comes before the gain, and what decides after it.

    The lower is the better.
    """
    tiers = np.zeros(len(scenes), np.int64)
    baselines = pd.Series("", index=scenes.index, dtype="object")
    for collection in scenes["collection"].unique():
        known = COLLECTIONS.get(collection, UNKNOWN)
        rows = scenes["collection"] == collection
        tiers[rows.to_numpy()] = known.tier
        if known.baseline_property in scenes.columns:
            baselines[rows] = scenes.loc[rows, known.baseline_property].fillna("").astype(str)
    newest_first = -np.unique(baselines.to_numpy(str), return_inverse=True)[1]
    last_first = -np.unique(scenes["asset_id"].to_numpy(str), return_inverse=True)[1]
    better = np.unique(np.column_stack((tiers, newest_first)), axis=0, return_inverse=True)[1]
    return np.column_stack((better.reshape(-1), last_first))


@dataclass(order=True, frozen=True, slots=True)
class _Bid:
    """A scene's place in the order, as its gain was when it was noted."""

    better: int
    gain: int
    last: int
    index: int


def _greedy(
    covered: NDArray[Any], grounds: NDArray[np.float64], ranks: NDArray[np.int64]
) -> Iterator[int]:
    """Indices of the scenes that a greedy cover takes.

    Args:
        covered: what each covers, all with some ground.
        grounds: of these, m².
        ranks: as `_ranks` gives them.
    """
    left, gains = covered.copy(), grounds.copy()
    hundredth = grounds.max() / 100
    tree = shapely.STRtree(covered)

    def bid(index: int) -> _Bid:
        better, last = ranks[index]
        return _Bid(int(better), -round(gains[index] / hundredth), int(last), index)

    bids = [bid(index) for index in range(len(covered))]
    heapq.heapify(bids)
    open_ones = np.ones(len(covered), np.bool_)
    while bids:
        best = heapq.heappop(bids)
        index = best.index
        if not open_ones[index] or best != bid(index):
            continue  # it was noted anew when its gain had changed
        open_ones[index] = False
        if gains[index] < LEAST_GAIN * grounds[index]:
            continue
        yield index
        others = tree.query(covered[index], predicate="intersects")
        others = others[open_ones[others]]
        left[others] = shapely.difference(left[others], covered[index])
        gains[others] = shapely.area(left[others])
        for other in others:
            heapq.heappush(bids, bid(int(other)))
