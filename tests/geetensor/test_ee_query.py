"""Queries: every scene in a table whose shape never changes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import ee
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from geetensor import ee_image, ee_query
from geetensor.errors import EarthEngineError, InvalidInputError, NotFoundError, SignInError
from tests.eemulator.synthetic import UTM
from tests.geetensor.oracle import assert_exact

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import eemulator

HERE = (44.06, -18.10, 44.07, -18.09)
"""Inside of every scene of the series."""

DTYPES = {
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
    "geometry": "geometry",
}


def query(**arguments: Any) -> Any:
    defaults = {"start_date": "2024-01-01", "end_date": "2024-01-31"}
    return ee_query.query_collection("TEST/SERIES", HERE, **{**defaults, **arguments})


def names(scenes: Any) -> list[str]:
    return [asset_id.rpartition("/")[2] for asset_id in scenes["asset_id"]]


def test_the_table(server: eemulator.Server) -> None:
    scenes = query()
    assert server.stats.requests == {"value:compute": 1}
    assert {name: str(dtype) for name, dtype in scenes.dtypes.items()} == DTYPES
    assert scenes.crs == "EPSG:4326"
    assert list(scenes.index) == list(range(6))
    assert names(scenes) == [f"s00{i}" for i in range(6)]
    first = scenes.iloc[0]
    assert first["acquisition_date"] == pd.Timestamp("2024-01-01", tz="UTC")
    assert first["end_date"] == pd.Timestamp("2024-01-01T00:00:01", tz="UTC")
    assert first["crs"] == "EPSG:32738"
    assert first["transform"] == UTM.transform
    assert first["shape"] == (UTM.height, UTM.width)
    assert first["overlap_percentage"] == pytest.approx(100)
    assert first["solar_time"] == pd.Timestamp("2024-01-01") + pd.Timedelta(
        milliseconds=round(44.065 * 240e3)
    )
    assert first["solar_day"] == pd.Timestamp("2024-01-01")
    assert first.geometry.contains(shapely.box(*HERE))


def test_the_table_is_the_same_when_empty(server: eemulator.Server) -> None:
    for nothing in (
        query(start_date="1999-01-01", end_date="1999-12-31"),
        ee_query.query_collection("TEST/SERIES", (0, 0, 1, 1), "2024-01-01", "2024-12-31"),
    ):
        assert len(nothing) == 0
        assert {name: str(dtype) for name, dtype in nothing.dtypes.items()} == DTYPES
        assert nothing.crs == "EPSG:4326"


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("2024-01-02", "2024-01-03", ["s001", "s002"]),
        ("2024-01-02", "2024-01-02", ["s001"]),
        ("2023", "2024", [f"s00{i}" for i in range(6)]),
        ("2024-01", "2024-01", [f"s00{i}" for i in range(6)]),
        (np.datetime64("2024-01-02"), np.datetime64("2024-01-02"), ["s001"]),
        (np.datetime64("2024-01-02T00"), np.datetime64("2024-01-03T01"), ["s001", "s002"]),
        ("2024-01-02", "2024-01-03T00:00:00", ["s001"]),
        (dt.date(2024, 1, 2), dt.date(2024, 1, 3), ["s001", "s002"]),
        (dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 3), ["s001"]),  # noqa: DTZ001
        (
            dt.datetime(2024, 1, 2, 3, tzinfo=dt.timezone(dt.timedelta(hours=3))),
            dt.datetime(2024, 1, 3, 4, tzinfo=dt.timezone(dt.timedelta(hours=3))),
            ["s001", "s002"],
        ),
    ],
)
def test_a_day_is_included_and_a_moment_is_not(
    server: eemulator.Server, start: Any, end: Any, found: list[str]
) -> None:
    assert names(query(start_date=start, end_date=end)) == found


def test_properties_filters_and_limit(server: eemulator.Server) -> None:
    scenes = query(properties=["cloud", "even"], filters=ee.Filter.lt("cloud", 45), limit=3)
    assert names(scenes) == ["s001", "s002", "s003"]
    assert list(scenes["cloud"]) == [40, 30, 20]
    assert scenes["even"].isna().tolist() == [True, False, True]
    assert list(scenes.columns[:14]) == list(ee_query.COLUMNS)
    assert list(query(properties="cloud")["cloud"]) == [50, 40, 30, 20, 10, 0]
    both = [ee.Filter.lt("cloud", 45), ee.Filter.gt("cloud", 15)]
    assert names(query(filters=both)) == ["s001", "s002", "s003"]
    assert len(query(filters=[])) == 6


def test_the_index_is_a_property_too(server: eemulator.Server) -> None:
    # In a feature it would be the feature's own.
    scenes = query(properties=["system:index", "system:time_start"])
    assert list(scenes["system:index"]) == names(scenes)
    assert scenes["system:time_start"].iloc[0] == 1_704_067_200_000


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"start_date": "yesterday-ish"}, "Not a date: 'yesterday-ish'"),
        ({"start_date": None}, "Not a date"),
        ({"start_date": "2024-02-01"}, "is not after"),
        ({"cloud_cover_max": 20}, "not known which property of TEST/SERIES"),
        ({"start_date": 20240101}, "Not a date: 20240101"),
        ({"limit": 0}, "limit must be a whole number above 0"),
        ({"limit": 2.5}, "limit must be a whole number above 0"),
        ({"limit": True}, "limit must be a whole number above 0"),
        ({"properties": ["tile"]}, "column of its own: tile"),
        ({"properties": [3]}, "properties must be names"),
        ({"properties": None}, "properties must be names, got None"),
        ({"properties": 3}, "properties must be names, got 3"),
        ({"filters": "cloud < 20"}, "filters must be an ee.Filter or several, got 'cloud < 20'"),
        ({"filters": [None]}, "filters must be an ee.Filter or several"),
        ({"cloud_cover_max": "20"}, "cloud_cover_max must be percent"),
        ({"cloud_cover_max": float("nan")}, "cloud_cover_max must be percent"),
        ({"start_date": "2024-01-01", "end_date": None}, "Not a date: None"),
    ],
)
def test_bad_input_is_refused_before_any_request(
    server: eemulator.Server, arguments: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        query(**arguments)
    with pytest.raises(InvalidInputError, match="empty"):
        ee_query.query_collection("TEST/SERIES", shapely.Polygon(), "2024-01-01", "2024-01-02")
    assert not server.stats.requests


def test_the_services_refusal_is_passed_on(server: eemulator.Server) -> None:
    with pytest.raises(NotFoundError, match="'NO/SUCH' not found.* Check the asset id"):
        ee_query.query_collection("NO/SUCH", HERE, "2024-01-01", "2024-01-02")
    with pytest.raises(EarthEngineError, match="'TEST/UTM' is not an ImageCollection.*ee_image"):
        ee_query.query_collection("TEST/UTM", HERE, "2024-01-01", "2024-01-02")


def test_without_a_session_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    ee.Reset()
    asks: list[Callable[[], Any]] = [
        query,
        lambda: ee_query.query_s1(HERE, "2024", "2024", orbit="ASCENDING"),
        lambda: ee_query.query_landsat(HERE, "2024", "2024", tiers=["RT"]),
        lambda: ee_query.query_many("TEST/SERIES", [HERE], "2024", "2024"),
    ]
    for ask in asks:
        with pytest.raises(SignInError, match="no Earth Engine session"):
            ask()


def test_without_dates_scenes_of_any_time(server: eemulator.Server) -> None:
    assert len(query(start_date=None, end_date=None)) == 6


def test_a_table_goes_into_export_cube_as_it_is(server: eemulator.Server) -> None:
    scenes = query(limit=2)
    cube = ee_image.export_cube(scenes, HERE, ["u16"])
    for image, k in zip(cube, (10, 11), strict=True):
        assert_exact(image, ["u16"], k, UTM)


def test_a_table_goes_through_geoparquet(server: eemulator.Server, tmp_path: Path) -> None:
    scenes = query(properties=["cloud", "even", "name"], limit=2)
    nothing = scenes[:0]
    for table in (scenes, nothing):
        table.to_parquet(tmp_path / "scenes.parquet")
        again = gpd.read_parquet(tmp_path / "scenes.parquet")
        assert {n: str(d) for n, d in again.dtypes.items()} == {
            n: str(d) for n, d in table.dtypes.items()
        }
        for name in ("transform", "shape"):
            again[name] = again[name].map(tuple)  # lists are arrays when they come back
        assert_geodataframe_equal(again, table)
    scenes.to_parquet(tmp_path / "scenes.parquet")
    cube = ee_image.export_cube(gpd.read_parquet(tmp_path / "scenes.parquet"), HERE, ["u16"])
    for image, k in zip(cube, (10, 11), strict=True):
        assert_exact(image, ["u16"], k, UTM)
    assert cube.attrs["acquisition_dates"] == list(scenes["acquisition_date"])
