"""A query of each sensor, against the same query written by hand with the client."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_frame_equal

import eemulator
from eemulator import Fault, FaultKind
from geetensor import ee_query
from geetensor.collections import (
    CLOUD_SCORE_PLUS,
    COLLECTIONS,
    DEM,
    EMBEDDINGS,
    LANDSAT,
    S1,
    S2_CLOUD_PROBABILITY,
    S2_SR,
    S2_TOA,
)
from geetensor.discovery import answers, find, search
from geetensor.errors import BadReplyError, InvalidInputError, NotFoundError
from tests.geetensor.conftest import sign_in
from tests.geetensor.discovery import scenes as catalogue
from tests.geetensor.discovery.scenes import HERE
from tests.geetensor.faulty import Body
from tests.geetensor.test_ee_query import DTYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.geetensor.conftest import Start

JUNE = ("2024-06-01", "2024-06-30")
REGION = (45.0, -19.0, 45.2, -18.8)


@pytest.fixture(scope="module")
def sensors() -> Iterator[eemulator.Server]:
    limits = eemulator.Limits(requests_per_second=None)
    with eemulator.running(catalogue.catalog(), limits) as server:
        yield server


@pytest.fixture(autouse=True)
def server(sensors: eemulator.Server, monkeypatch: pytest.MonkeyPatch) -> eemulator.Server:
    sign_in(sensors, monkeypatch)
    return sensors


def by_hand(
    collection: str, *filters: ee.Filter, dates: Any = ("2024-06-01", "2024-07-01")
) -> set[str]:
    """Asset ids, as one writes it with the client."""
    images = ee.ImageCollection(collection).filterBounds(ee.Geometry.Rectangle(list(REGION)))
    if dates:
        images = images.filterDate(*dates)
    for one in filters:
        images = images.filter(one)
    return {image["id"] for image in images.getInfo()["features"]}


def ids(table: Any) -> set[str]:
    found = list(table["asset_id"])
    assert len(found) == len({*found})
    assert list(table.index) == list(range(len(table)))
    assert (
        table["acquisition_date"].is_monotonic_increasing or table["acquisition_date"].isna().all()
    )
    return {*found}


@pytest.mark.parametrize(
    ("query", "root"), [(ee_query.query_s2_l2a, S2_SR), (ee_query.query_s2_l1c, S2_TOA)]
)
def test_sentinel2(query: Callable[..., Any], root: str, server: eemulator.Server) -> None:
    table = query(HERE, *JUNE)
    assert server.stats.requests == {"value:compute": 1}
    assert ids(table) == by_hand(root)
    assert len(table) == 7
    first = table.iloc[0]
    assert first["tile"] == "38KPE"
    assert first["orbit"] == "63"
    assert first["satellite"] == "Sentinel-2A"
    assert first["shape"] == (900, 1200)
    assert first["crs"] == "EPSG:32738"
    assert pd.isna(first["cloud_cover"])
    assert table["cloud_cover"].iloc[1] == 21


def test_clouds_are_bounded_and_have_to_be_known() -> None:
    table = ee_query.query_s2_l2a(HERE, *JUNE, cloud_cover_max=38.5, limit=3)
    by_client = by_hand(S2_SR, ee.Filter.lt("CLOUDY_PIXEL_PERCENTAGE", 38.6),
                        ee.Filter.notNull(["CLOUDY_PIXEL_PERCENTAGE"]))  # fmt: skip
    assert ids(table) == by_client
    assert list(table["cloud_cover"]) == [21, 38.5, 38.5]


@pytest.mark.parametrize("kind", [int, float, np.float32, np.int64, np.uint8])
def test_clouds_are_bounded_by_numbers_of_any_kind(kind: Any) -> None:
    assert len(ee_query.query_s2_l2a(HERE, *JUNE, cloud_cover_max=kind(21))) == 1


def test_a_pass_that_was_processed_twice() -> None:
    everything = ee_query.query_s2_l2a(HERE, *JUNE, properties="PROCESSING_BASELINE")
    once = ee_query.query_s2_l2a(HERE, *JUNE, deduplicate=True)
    assert len(everything) == 7
    assert len(once) == 6
    assert {name: str(dtype) for name, dtype in once.dtypes.items()} == DTYPES
    [left_out] = ids(everything) - ids(once)
    row = everything[everything["asset_id"] == left_out].iloc[0]
    assert row["PROCESSING_BASELINE"] == "02.14"
    assert len(ee_query.query_s2_l2a(HERE, *JUNE, deduplicate=True, limit=4)) == 4


def test_neighbouring_tiles_of_a_pass() -> None:
    # In what both tiles show, one of them is enough; where they meet, it takes both.
    both = shapely.box(44.9, -18.58, 45.1, -18.52)
    assert len(ee_query.query_s2_l2a(both, *JUNE)) == 14
    assert len(ee_query.query_s2_l2a(both, *JUNE, deduplicate=True)) == 6
    across = shapely.box(44.9, -18.7, 45.1, -18.4)
    assert len(ee_query.query_s2_l2a(across, *JUNE, deduplicate=True)) == 12


def test_sentinel2_with_its_masks(server: eemulator.Server) -> None:
    table = ee_query.query_s2_cloud(HERE, *JUNE, properties=["PROCESSING_BASELINE"])
    assert server.stats.requests == {"value:compute": 3}
    assert list(table.columns[-4:]) == [
        "PROCESSING_BASELINE", "cloud_score_plus", "cloud_probability", "geometry",
    ]  # fmt: skip
    assert ids(table) == by_hand(S2_SR)
    for column, root in (
        ("cloud_score_plus", CLOUD_SCORE_PLUS),
        ("cloud_probability", S2_CLOUD_PROBABILITY),
    ):
        there = {image["id"] for image in ee.ImageCollection(root).getInfo()["features"]}
        expected = [
            mask if (mask := f"{root}/{asset_id.rpartition('/')[2]}") in there else None
            for asset_id in table["asset_id"]
        ]
        assert [None if pd.isna(mask) else mask for mask in table[column]] == expected
        assert 0 < table[column].isna().sum() < len(table)
    assert {*ee_query.query_s2_cloud(HERE, *JUNE, level="l1c")["collection"]} == {S2_TOA}


@pytest.mark.parametrize(
    ("arguments", "filters"),
    [
        ({}, ["IW", "VV", "VH"]),
        ({"orbit": "descending"}, ["IW", "VV", "VH", "DESCENDING"]),
        ({"orbit": 57}, ["IW", "VV", "VH", 57]),
        ({"polarisations": "VV"}, ["IW", "VV"]),
        ({"polarisations": ["HH"], "mode": "EW"}, ["EW", "HH"]),
        ({"polarisations": (), "mode": None}, []),
    ],
)
def test_sentinel1(arguments: dict[str, Any], filters: list[Any]) -> None:
    named = {
        "IW": ("instrumentMode", "IW"),
        "EW": ("instrumentMode", "EW"),
        "DESCENDING": ("orbitProperties_pass", "DESCENDING"),
        57: ("relativeOrbitNumber_start", 57),
    }
    made = [
        ee.Filter.eq(*named[one])
        if one in named
        else ee.Filter.listContains("transmitterReceiverPolarisation", one)
        for one in filters
    ]
    table = ee_query.query_s1(HERE, *JUNE, **arguments)
    assert ids(table) == by_hand(S1, *made)
    assert len(table) > 0
    assert table["cloud_cover"].isna().all()
    assert {*table["satellite"]} <= {"Sentinel-1A", "Sentinel-1B", "Sentinel-1C"}
    assert {*table["orbit"]} <= {"152", "57", "79"}


@pytest.mark.parametrize("level", ["toa", "sr", "raw"])
def test_landsat_of_all_missions_in_one_table(level: Any, server: eemulator.Server) -> None:
    missions = (4, 5, 7, 8, 9)
    table = ee_query.query_landsat(HERE, *JUNE, missions=missions, level=level)
    assert server.stats.requests == {"value:compute": 1}
    expected = set.union(
        *(by_hand(LANDSAT[mission, level, tier]) for mission in missions for tier in (1, 2))
    )
    assert ids(table) == expected
    assert {*table["satellite"]} == {f"LANDSAT_{mission}" for mission in missions}
    assert {*table["tile"]} == {"159073"}
    assert {*table["orbit"]} == {"159"}
    assert {*table["cloud_cover"]} == {12.5}


@pytest.mark.parametrize("fault", [None, FaultKind.MEMORY])
def test_collections_that_are_too_much_together_come_one_by_one(
    fault: FaultKind | None, server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask() -> Any:
        return ee_query.query_landsat(HERE, *JUNE, missions=(5, 8, 9), tiers=(1, 2))

    together = ask()
    assert len(together) == 6
    if fault:
        server.faults.clear()
        server.faults.at(1, Fault(fault))
    else:
        for module in (search, answers):
            monkeypatch.setattr(module, "CUT", 6)
    server.reset_stats()
    assert_frame_equal(ask(), together)
    assert server.stats.requests == {"value:compute": 7}


@pytest.mark.parametrize("number", ['"x"', "9", "null"])
def test_a_row_of_no_collection(start: Start, number: str) -> None:
    row = f'{{"geometry": null, "properties": {{"geetensor_search": {number}}}}}'
    start(lambda *_: Body(f'{{"result": {{"features": [{row}]}}}}'.encode()))
    with pytest.raises(BadReplyError, match="A row of no collection"):
        ee_query.query_landsat(HERE, *JUNE)


def test_landsat_by_default_is_8_and_9_top_of_atmosphere() -> None:
    table = ee_query.query_landsat(HERE, *JUNE, limit=3)
    assert {*table["collection"]} < {LANDSAT[m, "toa", t] for m in (8, 9) for t in (1, 2)}
    assert len(table) == 3


def test_one_landsat_scene_a_pass_of_the_best_tier() -> None:
    table = ee_query.query_landsat(HERE, *JUNE, deduplicate=True)
    assert list(table["collection"]) == [LANDSAT[8, "toa", 1], LANDSAT[9, "toa", 1]]


def test_real_time_scenes_and_one_that_claims_the_globe() -> None:
    with pytest.warns(UserWarning, match="span the globe.*T1_RT_TOA/LC08_159075_20240605"):
        table = ee_query.query_landsat(HERE, *JUNE, missions=[8], tiers=["RT"])
    assert [asset_id.rpartition("/")[2] for asset_id in table["asset_id"]] == [
        "LC08_159074_20240605"
    ]
    with pytest.warns(UserWarning, match="span the globe"):
        both = ee_query.query_landsat(HERE, *JUNE, tiers=[2, "RT"], deduplicate=True)
    assert {*both["collection"]} == {LANDSAT[8, "toa", 2], LANDSAT[9, "toa", 2]}


@pytest.mark.parametrize("tiers", [["RT"], [1, "RT"]])
def test_a_scene_that_claims_the_globe_does_not_count_for_the_limit(tiers: Any) -> None:
    with pytest.warns(UserWarning, match="Left out"):
        every = ee_query.query_landsat(HERE, *JUNE, tiers=tiers)
    for limit in range(1, len(every) + 2):
        with pytest.warns(UserWarning, match="Left out") as warned:
            some = ee_query.query_landsat(HERE, *JUNE, tiers=tiers, limit=limit)
        assert len(warned) == 1
        assert some["asset_id"].tolist() == every["asset_id"].tolist()[:limit]


@pytest.mark.parametrize(
    "query",
    [
        lambda: ee_query.query_s2_l2a(HERE, *JUNE),
        lambda: ee_query.query_s2_cloud(HERE, *JUNE),
        lambda: ee_query.query_collection(S2_SR, HERE, *JUNE),
        lambda: ee_query.query_many(S2_SR, [HERE], *JUNE),
    ],
)
def test_the_warning_names_every_scene_and_points_at_the_caller(
    query: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    every = ids(ee_query.query_s2_l2a(HERE, *JUNE))
    low = dataclasses.replace(COLLECTIONS[S2_SR], tallest=0.5)
    monkeypatch.setattr(find, "COLLECTIONS", {S2_SR: low})
    with pytest.warns(UserWarning, match="Left out") as warned:
        assert len(query()) == 0
    [warning] = warned
    assert {*str(warning.message).rstrip(".").partition(": ")[2].split(", ")} == every
    assert warning.filename == __file__


def test_modis() -> None:
    table = ee_query.query_modis(HERE, "2024-06-02", "2024-06-04")
    assert ids(table) == {f"MODIS/061/MOD09GA/2024_06_0{day}" for day in (2, 3, 4)}
    assert {*table["satellite"]} == {"Terra"}
    assert {*table["overlap_percentage"].round(6)} == {100}
    first = table.iloc[0]
    assert first["crs"] == "SR-ORG:6974"
    assert first["shape"] == (43_200, 86_400)
    aqua = ee_query.query_modis(HERE, *JUNE, product="MYD11A1", limit=2)
    assert {*aqua["satellite"]} == {"Aqua"}
    assert len(ee_query.query_modis(HERE, *JUNE, product="MOD44W")) == 7
    with pytest.raises(NotFoundError, match="MODIS/061/MOD09XX"):
        ee_query.query_modis(HERE, *JUNE, product="MOD09XX")


def test_elevation_has_no_time() -> None:
    table = ee_query.query_dem(HERE)
    assert ids(table) == by_hand(DEM, dates=None) == {f"{DEM}/S19", f"{DEM}/S20"}
    assert table["acquisition_date"].isna().all()
    assert table["shape"].tolist() == [(3600, 3600)] * 2
    # The tile that only has an edge with the area in common adds nothing to it.
    assert ids(ee_query.query_dem(HERE, deduplicate=True)) == {f"{DEM}/S19"}


def test_embeddings() -> None:
    table = ee_query.query_embeddings(HERE, "2022", "2023")
    assert ids(table) == by_hand(EMBEDDINGS, dates=("2022-01-01", "2024-01-01"))
    assert [str(day.date()) for day in table["acquisition_date"]] == ["2022-01-01", "2023-01-01"]


def antimeridian(area: Any) -> Any:
    return ee_query.query_collection("TEST/EDGE", area, *JUNE)


@pytest.mark.parametrize(
    "area",
    [(179.2, -17.5, -179.2, -16.5), shapely.box(179.2, -17.5, 180.8, -16.5)],
)
def test_at_the_antimeridian(area: Any) -> None:
    table = antimeridian(area)
    found = dict(
        zip(table["asset_id"].str.rpartition("/")[2], table["overlap_percentage"], strict=True)
    )
    expected = {"beyond": 100, "before": 100, "parted": 100, "east": 18.75, "west": 18.75}
    assert found == pytest.approx(expected, abs=0.01)
    for footprint in table.geometry:
        assert footprint.is_valid
        assert footprint.bounds[0] >= -180
        assert footprint.bounds[2] <= 180
        assert footprint.area <= 4.01
    # One pass, one day: that of the area, whose middle is at 180°.
    assert {*table["solar_day"]} == {pd.Timestamp("2024-06-01")}
    assert {*table["solar_time"]} == {pd.Timestamp("2024-06-01T10:30:00")}
    once = ee_query.query_collection("TEST/EDGE", area, *JUNE, deduplicate=True)
    assert len(once) == 1
    assert once["overlap_percentage"].iloc[0] == pytest.approx(100, abs=0.01)


def test_an_area_on_one_side_of_the_antimeridian() -> None:
    table = antimeridian((179.6, -17, 179.9, -16.5))
    assert {*table["asset_id"].str.rpartition("/")[2]} == {"beyond", "before", "parted"}


EMPTY = {
    "collection": lambda: ee_query.query_collection(S2_SR, HERE, "1999", "1999"),
    "s2_l2a": lambda: ee_query.query_s2_l2a(HERE, "1999", "1999"),
    "s2_l1c": lambda: ee_query.query_s2_l1c(HERE, "1999", "1999"),
    "s1": lambda: ee_query.query_s1(HERE, "1999", "1999"),
    "landsat": lambda: ee_query.query_landsat(HERE, "1999", "1999"),
    "modis": lambda: ee_query.query_modis(HERE, "1999", "1999"),
    "dem": lambda: ee_query.query_dem((0, 0, 1, 1)),
    "embeddings": lambda: ee_query.query_embeddings(HERE, "1999", "1999"),
    "deduplicated": lambda: ee_query.query_s1(HERE, "1999", "1999", deduplicate=True),
}


@pytest.mark.parametrize("name", EMPTY)
def test_nothing_found_is_the_same_table(name: str) -> None:
    # georeader raises KeyError where Sentinel-1 has nothing.
    table = EMPTY[name]()
    assert len(table) == 0
    assert {column: str(dtype) for column, dtype in table.dtypes.items()} == DTYPES
    assert table.crs == "EPSG:4326"
    assert list(table.index) == []


def test_nothing_found_with_masks_and_areas(server: eemulator.Server) -> None:
    clouds = ee_query.query_s2_cloud(HERE, "1999", "1999")
    dtypes = {name: str(dtype) for name, dtype in clouds.dtypes.items()}
    assert dtypes == {**DTYPES, "cloud_score_plus": "str", "cloud_probability": "str"}
    assert server.stats.requests == {"value:compute": 1}
    many = ee_query.query_many(S2_SR, [HERE], "1999", "1999")
    assert {name: str(dtype) for name, dtype in many.dtypes.items()} == {
        "area_id": "int64",
        **DTYPES,
    }
    assert many.columns[0] == "area_id"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (lambda: ee_query.query_s1(HERE, *JUNE, orbit="UP"), "orbit may be"),
        (lambda: ee_query.query_s1(HERE, *JUNE, orbit=1.5), "relative orbit's number"),  # type: ignore[arg-type]
        (lambda: ee_query.query_s1(HERE, *JUNE, polarisations=["XX"]), "polarisations may be"),
        (lambda: ee_query.query_s1(HERE, *JUNE, mode="iw"), "mode may be"),
        (lambda: ee_query.query_landsat(HERE, *JUNE, missions=[6]), "missions may be"),
        (lambda: ee_query.query_landsat(HERE, *JUNE, missions=[]), "missions names none"),
        (lambda: ee_query.query_landsat(HERE, *JUNE, level="boa"), "level may be"),  # type: ignore[arg-type]
        (lambda: ee_query.query_landsat(HERE, *JUNE, tiers=[3]), "tiers may be"),
        (
            lambda: ee_query.query_landsat(HERE, *JUNE, level="sr", tiers=["RT"]),
            "no collection of Landsat 8, 9 at level 'sr' and tier 'RT'",
        ),
        (lambda: ee_query.query_s1(HERE, *JUNE, polarisations=None), "polarisations must be"),  # type: ignore[arg-type]
        (lambda: ee_query.query_landsat(HERE, *JUNE, missions=8.0), "missions must be"),  # type: ignore[arg-type]
        (lambda: ee_query.query_landsat(HERE, *JUNE, tiers=None), "tiers must be"),  # type: ignore[arg-type]
        (lambda: ee_query.query_many(S2_SR, None, *JUNE), "polygons must be several areas"),
        (
            lambda: ee_query.query_s2_cloud(HERE, *JUNE, properties=["cloud_probability"]),
            "a column of its own: cloud_probability",
        ),
        (lambda: ee_query.query_modis(HERE, *JUNE, product="mod09"), "product must be"),
        (lambda: ee_query.query_modis(HERE, *JUNE, version="61"), "version must be"),
        (lambda: ee_query.query_s2_cloud(HERE, *JUNE, level="l3"), "level must be"),  # type: ignore[arg-type]
        (lambda: ee_query.query_dem(HERE, collection=""), "collection must be the asset id"),
        (lambda: ee_query.query_many(S2_SR, HERE, *JUNE), "put one in a list"),
        (
            lambda: ee_query.query_many(S2_SR, [HERE, (1, 0, 0, 1)], *JUNE),
            "Area 1: Bounds must be",
        ),
        (
            lambda: ee_query.query_many(S2_SR, [HERE], *JUNE, properties=["area_id"]),
            "a column of its own: area_id",
        ),
    ],
)
def test_bad_input_is_refused_before_any_request(
    query: Callable[[], Any], reason: str, server: eemulator.Server
) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        query()
    assert not server.stats.requests
