"""export_cube: a table of scenes to one (T, C, H, W) array."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import geetensor.plan
from geetensor import ee_image
from geetensor.errors import (
    EarthEngineError,
    InvalidInputError,
    NotFoundError,
    OutsideImageError,
    UnknownBandError,
)
from tests.eemulator.synthetic import DTYPES, LONLAT, UTM, UTM_60
from tests.geetensor.faulty import Refusal
from tests.geetensor.oracle import assert_exact
from tests.geetensor.test_export_image import UTM_CRS, box

if TYPE_CHECKING:
    import eemulator
    from tests.geetensor.conftest import Start

AREA = box(30, 40, 50, 20)


def table(*asset_ids: str | None) -> pd.DataFrame:
    dates = pd.date_range("2024-01-01", periods=len(asset_ids), tz="UTC")
    return pd.DataFrame({"asset_id": asset_ids, "acquisition_date": dates})


SERIES = table(*(f"TEST/SERIES/s{i:03d}" for i in (4, 0, 5, 1)))


def test_a_series_in_the_tables_order(server: eemulator.Server) -> None:
    cube = ee_image.export_cube(SERIES, AREA, ["u16", "flag"], crs_geometry=UTM_CRS)
    assert cube.shape == (4, 2, 20, 50)
    assert cube.dims == ("time", "band", "y", "x")
    assert cube.attrs["asset_ids"] == list(SERIES["asset_id"])
    assert cube.attrs["acquisition_dates"] == list(SERIES["acquisition_date"])
    assert cube.attrs["band_names"] == ["u16", "flag"]
    for image, k in zip(cube, (14, 10, 15, 11), strict=True):
        assert_exact(image, ["u16", "flag"], k, UTM)
    assert server.stats.requests == {"value:compute": 1, "computePixels": 1}


@pytest.mark.parametrize("fill", [None, -9999])
def test_scenes_of_other_grids_are_put_on_the_first_ones(
    server: eemulator.Server, fill: float | None
) -> None:
    query = table("TEST/UTM", "TEST/COARSE", "TEST/LONLAT")
    cube = ee_image.export_cube(
        query, AREA, ["i32", "f32"], 10, crs_geometry=UTM_CRS, fill_value=fill
    )
    assert cube.dtype == np.float64
    assert cube.transform.a == 10
    for image, k, native in zip(cube, (3, 4, 6), (UTM, UTM_60, LONLAT), strict=True):
        assert_exact(image, ["i32", "f32"], k, native, fill)


many_series = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@many_series
@given(
    dates=st.lists(st.integers(0, 5), min_size=1, max_size=12),
    bands=st.lists(st.sampled_from(sorted(DTYPES)), min_size=1, max_size=7, unique=True),
    fill=st.sampled_from([None, 0, 7, -1, math.inf]),
    target=st.sampled_from([2_000, 9_000, 30_000, 10**6]),
)
def test_however_a_series_is_split_it_is_the_same(
    server: eemulator.Server,
    dates: list[int],
    bands: list[str],
    fill: float | None,
    target: int,
) -> None:
    floats = {"f32", "f64"}.intersection(bands)
    fill = fill if fill is None or floats else max(0, fill) if fill != math.inf else 0
    query = table(*(f"TEST/SERIES/s{date:03d}" for date in dates))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(geetensor.plan, "TARGET_BYTES", target)
        cube = ee_image.export_cube(
            query, AREA, bands, crs_geometry=UTM_CRS, fill_value=fill, dtype=None
        )
    for image, date in zip(cube, dates, strict=True):
        assert_exact(image, bands, 10 + date, UTM, fill)


def test_as_many_requests_as_there_are_places_for(server: eemulator.Server) -> None:
    query = table(*(f"TEST/SERIES/s{n % 6:03d}" for n in range(400)))
    area = box(0, 0, 128, 128)
    cube = ee_image.export_cube(query, area, ["u16", "i16", "u8"], crs_geometry=UTM_CRS)
    for time in range(0, 400, 57):
        assert_exact(cube[time], ["u16", "i16", "u8"], 10 + time % 6, UTM)
    assert server.stats.requests["value:compute"] == 1  # of six images
    assert 30 <= server.stats.requests["computePixels"] <= 40


def test_scenes_of_other_types_do_not_share_a_request(server: eemulator.Server) -> None:
    [first, second] = (f"TEST/SERIES/s{n:03d}" for n in (2, 3))
    query = table(first, "TEST/UTM", second, "TEST/LONLAT", first)
    cube = ee_image.export_cube(query, AREA, ["u8"], 10, crs_geometry=UTM_CRS)
    for image, (k, native) in zip(
        cube, ((12, UTM), (3, UTM), (13, UTM), (6, LONLAT), (12, UTM)), strict=True
    ):
        assert_exact(image, ["u8"], k, native)
    assert server.stats.requests["computePixels"] == 1


def test_a_date_that_fails_is_the_one_that_is_named(start: Start) -> None:
    gone = Refusal(400, "Image asset 'TEST/SERIES/s005' not found (does not exist or caller ...")
    proxy = start(
        lambda path, _: gone if "computePixels" in path or "s005:getPixels" in path else None
    )
    with pytest.raises(EarthEngineError, match="400 to TEST/SERIES/s005, bands u16, rows 0-19"):
        ee_image.export_cube(SERIES, AREA, ["u16"], crs_geometry=UTM_CRS)
    assert sum("computePixels" in path for path in proxy.seen) == 1


def test_a_service_that_does_not_stack_is_asked_date_by_date(start: Start) -> None:
    odd = Refusal(400, "ImageCollection.toBands: not on Sundays.")
    proxy = start(lambda path, _: odd if "computePixels" in path else None)
    cube = ee_image.export_cube(SERIES, AREA, ["u16", "flag"], crs_geometry=UTM_CRS)
    for image, k in zip(cube, (14, 10, 15, 11), strict=True):
        assert_exact(image, ["u16", "flag"], k, UTM)
    assert sum("getPixels" in path for path in proxy.seen) == 4


def test_dates_that_are_too_much_together_are_parted(start: Start) -> None:
    heavy = Refusal(400, "User memory limit exceeded.")
    proxy = start(lambda path, _: heavy if "computePixels" in path else None)
    cube = ee_image.export_cube(SERIES, AREA, ["u16"], crs_geometry=UTM_CRS)
    for image, k in zip(cube, (14, 10, 15, 11), strict=True):
        assert_exact(image, ["u16"], k, UTM)
    assert sum("computePixels" in path for path in proxy.seen) == 3


def test_a_scene_beside_the_area_is_fill_and_is_named(server: eemulator.Server) -> None:
    query = table("TEST/PAIR/west", "TEST/PAIR/east")
    with pytest.warns(UserWarning, match="1 of 2 scenes.*TEST/PAIR/east") as warned:
        cube = ee_image.export_cube(query, AREA, ["i32"], crs_geometry=UTM_CRS, fill_value=-1)
    assert warned[0].filename == __file__
    assert_exact(cube[0], ["i32"], 1, UTM)
    assert (cube.values[1] == -1).all()
    with pytest.raises(OutsideImageError, match="TEST/PAIR/west nor any of the 1 others"):
        ee_image.export_cube(query, box(900, 900, 5, 5), ["i32"], crs_geometry=UTM_CRS)


@pytest.mark.parametrize(
    ("query", "bands", "error", "reason"),
    [
        (SERIES.iloc[:0], None, InvalidInputError, "no scenes"),
        (SERIES.drop(columns="asset_id"), None, InvalidInputError, "lacks the column asset_id"),
        (["TEST/UTM"], None, InvalidInputError, "table of scenes, got list"),
        (table("TEST/UTM", None), None, InvalidInputError, "asset_id is no text"),
        (SERIES, ["u8", "u8"], InvalidInputError, "twice"),
        (SERIES, ["B4"], UnknownBandError, "TEST/SERIES/s004 has no band 'B4'"),
        (table("TEST/UTM", "TEST/GONE"), None, NotFoundError, "'TEST/GONE' not found"),
    ],
)
def test_bad_tables_are_refused(
    server: eemulator.Server, query: Any, bands: Any, error: type[Exception], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        ee_image.export_cube(query, AREA, bands, crs_geometry=UTM_CRS)
    assert "getPixels" not in server.stats.requests
