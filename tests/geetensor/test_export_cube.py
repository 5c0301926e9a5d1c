"""export_cube: a table of scenes to one (T, C, H, W) array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import geetensor.plan
from geetensor import ee_image
from geetensor.errors import (
    InvalidInputError,
    NotFoundError,
    OutsideImageError,
    UnknownBandError,
)
from tests.eemulator.synthetic import LONLAT, UTM, UTM_60
from tests.geetensor.oracle import assert_exact
from tests.geetensor.test_export_image import UTM_CRS, box

if TYPE_CHECKING:
    import eemulator

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
    assert server.stats.requests == {"value:compute": 1, "getPixels": 4}


@pytest.mark.parametrize("fill", [None, -9999])
def test_scenes_of_other_grids_are_put_on_the_first_ones(
    server: eemulator.Server, fill: float | None
) -> None:
    query = table("TEST/UTM", "TEST/COARSE", "TEST/LONLAT")
    cube = ee_image.export_cube(query, AREA, ["i32", "f32"], crs_geometry=UTM_CRS, fill_value=fill)
    assert cube.dtype == np.float64
    assert cube.transform.a == 10
    for image, k, native in zip(cube, (3, 4, 6), (UTM, UTM_60, LONLAT), strict=True):
        assert_exact(image, ["i32", "f32"], k, native, fill)


def test_a_split_cube_equals_an_unsplit_one(
    server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ee_image.export_cube(SERIES, AREA, crs_geometry=UTM_CRS)
    monkeypatch.setattr(geetensor.plan, "TARGET_BYTES", 3000)
    split = ee_image.export_cube(SERIES, AREA, crs_geometry=UTM_CRS)
    assert split.values.tobytes() == whole.values.tobytes()


def test_a_scene_beside_the_area_is_fill_and_is_named(server: eemulator.Server) -> None:
    query = table("TEST/PAIR/west", "TEST/PAIR/east")
    with pytest.warns(UserWarning, match="1 of 2 scenes.*TEST/PAIR/east"):
        cube = ee_image.export_cube(query, AREA, ["i32"], crs_geometry=UTM_CRS, fill_value=-1)
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
