"""What deduplication keeps: all of the ground, and nothing twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

from geetensor.collections import LANDSAT, S2_SR
from geetensor.discovery.duplicates import LEAST_GAIN
from geetensor.discovery.places import Places
from geetensor.discovery.table import make_table

T1, T2, RT = (LANDSAT[8, "toa", tier] for tier in (1, 2, "RT"))
DAY = 86_400_000
AREA = shapely.box(10, 0, 12, 1)
LEFT, MIDDLE, RIGHT = (shapely.box(x, -0.5, x + 1.2, 1.5) for x in (9.9, 10.4, 10.9))


@dataclass(frozen=True)
class Scene:
    name: str
    footprint: Any
    collection: str = S2_SR
    day: int | None = 0
    satellite: str | None = "Sentinel-2A"
    orbit: str | None = "63"
    baseline: str | None = None


def kept(*scenes: Scene, area: Any = AREA) -> list[str]:
    columns: dict[str, Any] = {
        "asset_id": [f"{scene.collection}/{scene.name}" for scene in scenes],
        "collection": [scene.collection for scene in scenes],
        "acquisition_date": np.array(
            ["NaT" if s.day is None else s.day * DAY + i for i, s in enumerate(scenes)],
            dtype="datetime64[ms]",
        ),
        "satellite": [scene.satellite for scene in scenes],
        "orbit": [scene.orbit for scene in scenes],
    }
    baselines = {"PROCESSING_BASELINE": [scene.baseline for scene in scenes]}
    table = make_table(columns, baselines, [scene.footprint for scene in scenes])
    here = np.zeros(len(scenes), np.int64)
    found = Places.of(area).relate(table, here, deduplicate=True)
    return [asset_id.rpartition("/")[2] for asset_id in found["asset_id"]]


def test_a_tile_that_its_neighbours_cover_is_left_out() -> None:
    wide = Scene("wide", shapely.box(9, -1, 11.3, 2))
    scenes = [Scene("left", LEFT), wide, Scene("middle", MIDDLE), Scene("right", RIGHT)]
    assert kept(*scenes) == ["wide", "right"]
    assert kept(*scenes, area=shapely.box(10.5, 0, 10.6, 1)) == ["wide"]
    # All as good as each other: the greatest id.
    assert kept(Scene("a", LEFT), Scene("b", MIDDLE), area=shapely.box(10.5, 0, 11, 1)) == ["b"]


def test_a_scene_processed_twice_is_there_once_the_newest() -> None:
    sliver = LEFT.buffer(1e-4)
    assert kept(
        Scene("old", sliver, baseline="02.14"),
        Scene("new", LEFT, baseline="05.00"),
        Scene("unknown", LEFT.buffer(2e-4), baseline=None),
    ) == ["new"]


def test_without_a_baseline_the_later_product_is_kept() -> None:
    names = ["20240101T071301_20240101T072512_T38KPE", "20240101T071301_20240630T010203_T38KPE"]
    assert kept(*(Scene(name, LEFT) for name in names)) == names[1:]
    assert kept(*(Scene(name, LEFT) for name in names[::-1])) == names[1:]


def test_other_days_satellites_and_orbits_are_no_duplicates() -> None:
    scenes = [
        Scene("a", LEFT),
        Scene("b", LEFT, day=1),
        Scene("c", LEFT, satellite="Sentinel-2B"),
        Scene("d", LEFT, orbit="64"),
    ]
    assert kept(*scenes) == ["a", "b", "c", "d"]


def test_where_nothing_tells_passes_apart_moments_do() -> None:
    # Hourly images of the globe are not one pass a day.
    hourly = [Scene(f"h{i}", LEFT, "SOME/HOURLY", 0, None, None) for i in range(3)]
    assert kept(*hourly) == ["h0", "h1", "h2"]
    tiles = [Scene(f"t{i}", LEFT, "SOME/DEM", None, None, None) for i in range(3)]
    assert kept(*tiles) == ["t2"]


def test_tiers() -> None:
    scenes = [
        Scene("rt", LEFT.buffer(0.1), RT, satellite="LANDSAT_8"),
        Scene("second", LEFT.buffer(0.05), T2, satellite="LANDSAT_8"),
        Scene("first", LEFT, T1, satellite="LANDSAT_8"),
    ]
    # Each adds ground, at the margin.
    assert kept(*scenes) == ["rt", "second", "first"]
    same = [Scene(s.name, LEFT, s.collection, satellite="LANDSAT_8") for s in scenes]
    assert kept(*same) == ["first"]
    assert kept(*same[:2]) == ["second"]


def test_what_covers_nothing_is_left_out_and_what_is_not_known_is_kept() -> None:
    beside = shapely.box(12, 0, 13, 1)
    assert kept(Scene("beside", beside), Scene("nowhere", None)) == ["nowhere"]
    assert kept() == []


BOX = st.tuples(st.integers(-4, 8), st.integers(-4, 4), st.integers(1, 8), st.integers(1, 8))
SCENES = st.lists(
    st.tuples(BOX, st.sampled_from([T1, T2, RT]), st.integers(0, 1)), min_size=1, max_size=9
)


def scene(index: int, drawn: Any) -> Scene:
    (x, y, w, h), collection, day = drawn
    footprint = shapely.box(10 + x / 4, y / 4, 10 + (x + w) / 4, (y + h) / 4)
    return Scene(f"s{index}", footprint, collection, day, "LANDSAT_8", "1")


@given(drawn=SCENES, order=st.randoms(use_true_random=False))
@example(drawn=[((0, 0, 8, 4), T1, 0)] * 3, order=None)
def test_all_ground_stays_covered_in_whatever_order(drawn: Any, order: Any) -> None:
    scenes = [scene(index, one) for index, one in enumerate(drawn)]
    names = kept(*scenes)
    for day in (0, 1):
        every = [s for s in scenes if s.day == day]
        some = [s for s in every if s.name in names]
        whole = shapely.union_all([s.footprint for s in every]).intersection(AREA)
        rest = shapely.union_all([s.footprint for s in some]).intersection(AREA)
        assert whole.difference(rest.buffer(1e-4)).area <= LEAST_GAIN * AREA.area
        # And each adds something to the better ones.
        tiers = [T1, T2, RT]
        for one in some:
            better = [
                s.footprint for s in some if tiers.index(s.collection) < tiers.index(one.collection)
            ]
            own = one.footprint.intersection(AREA)
            assert own.difference(shapely.union_all(better)).area >= 0.9 * LEAST_GAIN * own.area
    if order is not None:
        shuffled = [*scenes]
        order.shuffle(shuffled)
        # The moments of a day differ, and do not count.
        assert sorted(kept(*shuffled)) == sorted(names)


def test_a_pass_of_a_thousand_tiles() -> None:
    rng = np.random.default_rng(0)
    corners = rng.uniform((10, 0), (12, 1), (1000, 2))
    scenes = [
        Scene(f"s{i:04}", shapely.box(x - 0.05, y - 0.05, x + 0.05, y + 0.05))
        for i, (x, y) in enumerate(corners)
    ]
    names = {*kept(*scenes)}
    assert 200 < len(names) < 700
    union = shapely.union_all([s.footprint for s in scenes]).intersection(AREA)
    cover = shapely.union_all([s.footprint for s in scenes if s.name in names])
    assert union.difference(cover).area < 0.02 * union.area
