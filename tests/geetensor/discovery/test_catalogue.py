"""The emulator's own sensors: what queries find, as one finds it by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import pandas as pd
import pytest
import shapely

import eemulator
from geetensor import ee_query
from geetensor.collections import CLOUD_SCORE_PLUS, LANDSAT, S2_CLOUD_PROBABILITY, S2_SR
from tests.geetensor.conftest import sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

FIELDS = (47.40, -18.98, 47.47, -18.93)
COAST = (48.7, -18.6, 48.9, -18.3)
"""On two tiles of two UTM zones."""

YEAR = ("2024-01-01", "2024-12-31")


@pytest.fixture(scope="module")
def catalogue() -> Iterator[eemulator.Server]:
    with eemulator.running(limits=eemulator.Limits(requests_per_second=None)) as server:
        yield server


@pytest.fixture(autouse=True)
def _served(catalogue: eemulator.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(catalogue, monkeypatch)


def by_hand(collection: str, area: Any = FIELDS, dates: Any = ("2024-01-01", "2025-01-01")) -> Any:
    rectangle = ee.Geometry.Rectangle(list(area), None, False)
    return ee.ImageCollection(collection).filterBounds(rectangle).filterDate(*dates)


@pytest.mark.parametrize(
    ("query", "root"),
    [
        (ee_query.query_s2_l2a, S2_SR),
        (ee_query.query_s2_l1c, "COPERNICUS/S2_HARMONIZED"),
        (ee_query.query_modis, "MODIS/061/MOD09GA"),
        (ee_query.query_embeddings, "GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL"),
    ],
)
def test_rows_are_the_images_metadata(query: Any, root: str) -> None:
    table = query(FIELDS, *YEAR, limit=20)
    images = by_hand(root).limit(20, "system:time_start").getInfo()["features"]
    assert {*table["asset_id"]} == {image["id"] for image in images}
    by_id = {image["id"]: image for image in images}
    for row in table.itertuples():
        image = by_id[row.asset_id]
        properties = image["properties"]
        assert row.acquisition_date == pd.Timestamp(
            properties["system:time_start"], unit="ms", tz="UTC"
        )
        assert row.end_date == pd.Timestamp(properties["system:time_end"], unit="ms", tz="UTC")
        [band] = [
            band
            for band in image["bands"]
            if (tuple(band["crs_transform"]), tuple(band["dimensions"])[::-1], band["crs"])
            == (row.transform, row.shape, row.crs)
        ][:1]
        assert abs(band["crs_transform"][0]) == min(
            abs(band["crs_transform"][0]) for band in image["bands"]
        )


def test_sentinel2_of_two_zones_once() -> None:
    everything = ee_query.query_s2_l2a(COAST, *YEAR, properties=["PROCESSING_BASELINE"])
    assert {*everything["asset_id"]} == {
        image["id"] for image in by_hand(S2_SR, COAST).getInfo()["features"]
    }
    assert {*everything["crs"]} == {"EPSG:32738", "EPSG:32739"}
    once = ee_query.query_s2_l2a(COAST, *YEAR, properties=["PROCESSING_BASELINE"], deduplicate=True)
    # No pass loses ground that one of its scenes shows.
    whole = everything.groupby("solar_day")["overlap_percentage"].max()
    kept = once.groupby("solar_day")["overlap_percentage"].sum()
    assert [*kept.index] == [*whole.index]
    assert (kept >= whole - 1).all()
    twice = everything[everything.duplicated(["tile", "solar_day", "orbit"], keep=False)]
    assert len(twice) > 0
    for (_, day), versions in twice.groupby(["tile", "solar_day"]):
        newest = versions["PROCESSING_BASELINE"].max()
        there = once[once["solar_day"] == day]
        assert {*there["PROCESSING_BASELINE"]} == {newest}


def test_masks_are_those_that_a_join_finds() -> None:
    dates = ("2024-01-01", "2024-04-01")
    table = ee_query.query_s2_cloud(FIELDS, "2024-01-01", "2024-03-31")
    same = ee.Filter.equals(leftField="system:index", rightField="system:index")
    for column, root in (
        ("cloud_score_plus", CLOUD_SCORE_PLUS),
        ("cloud_probability", S2_CLOUD_PROBABILITY),
    ):
        scenes, masks = by_hand(S2_SR, FIELDS, dates), by_hand(root, FIELDS, dates)
        joined = ee.Join.saveFirst("mask").apply(scenes, masks, same)
        ids = ee.FeatureCollection(joined).aggregate_array("system:index").getInfo()
        found = table.loc[table[column].notna(), column]
        assert {mask.rpartition("/")[2] for mask in found} == {*ids}
        assert len(ids) > 0


@pytest.mark.parametrize("level", ["toa", "sr", "raw"])
def test_landsat(level: Any) -> None:
    table = ee_query.query_landsat(FIELDS, *YEAR, missions=(4, 5, 7, 8, 9), level=level)
    roots = {LANDSAT[mission, level, tier] for mission in (4, 5, 7, 8, 9) for tier in (1, 2)}
    expected = [image for root in roots for image in by_hand(root).getInfo()["features"]]
    assert {*table["asset_id"]} == {image["id"] for image in expected}
    by_id = {image["id"]: image["properties"] for image in expected}
    for row in table.itertuples():
        properties = by_id[row.asset_id]
        assert row.satellite == properties["SPACECRAFT_ID"]
        assert row.cloud_cover == properties["CLOUD_COVER"]
        assert row.tile == row.asset_id.split("_")[-2]
        assert row.orbit == str(properties["WRS_PATH"])


def test_real_time_scenes_that_claim_the_globe_are_named() -> None:
    with pytest.warns(UserWarning, match="T1_RT_TOA/LC08_159073_20241216") as warned:
        table = ee_query.query_landsat(FIELDS, "2024-11-01", "2024-12-31", tiers=(1, "RT"))
    assert warned[0].filename == __file__
    assert table.geometry.bounds["maxy"].max() - table.geometry.bounds["miny"].min() < 10
    categories = [
        image["properties"]["COLLECTION_CATEGORY"]
        for image in by_hand(LANDSAT[8, "toa", "RT"]).getInfo()["features"]
    ]
    assert {*categories} == {"T1", "RT"}
    # Some are in tier 1 already: of these, deduplication keeps the assessed one.
    keys = ["acquisition_date", "satellite", "tile"]
    twice = table[table.duplicated(keys, keep=False)]
    assert {*twice["collection"]} == {LANDSAT[8, "toa", 1], LANDSAT[8, "toa", "RT"]}
    with pytest.warns(UserWarning, match="span the globe"):
        once = ee_query.query_landsat(
            FIELDS, "2024-11-01", "2024-12-31", tiers=(1, "RT"), deduplicate=True
        )
    assert not once.duplicated(keys).any()
    assert {*once[keys].apply(tuple, axis=1)} == {*table[keys].apply(tuple, axis=1)}
    assert {*once["collection"]} == {LANDSAT[mission, "toa", 1] for mission in (8, 9)}


def test_sentinel1_and_the_elevation_models() -> None:
    table = ee_query.query_s1(FIELDS, *YEAR, orbit="descending", properties=["instrumentMode"])
    by_client = (
        by_hand("COPERNICUS/S1_GRD")
        .filter(ee.Filter.eq("orbitProperties_pass", "DESCENDING"))
        .filter(ee.Filter.eq("instrumentMode", "IW"))
        .filter(ee.Filter.listContains("transmitterReceiverPolarisation", "VV"))
        .filter(ee.Filter.listContains("transmitterReceiverPolarisation", "VH"))
    )
    assert {*table["asset_id"]} == {image["id"] for image in by_client.getInfo()["features"]}
    assert {*table["instrumentMode"]} == {"IW"}
    island = shapely.box(46.5, -19.5, 48.5, -17.5)
    tiles = ee_query.query_dem(island)
    assert len(tiles) == 9
    # Neighbours share a row or a column of pixels.
    assert 100 <= tiles["overlap_percentage"].sum() < 100.1
