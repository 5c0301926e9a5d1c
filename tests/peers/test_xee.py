"""Xee: a collection as a dataset of xarray's, in windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ee
import numpy as np
import xarray as xr
import xee  # noqa: F401 - what `engine="ee"` would import

from .ground import (
    CRS,
    HEIGHT,
    NUMBERS,
    SERIES,
    TRANSFORM,
    WIDTH,
    on_synthetic_ground,
    valid,
    values,
)

if TYPE_CHECKING:
    from pytest_eemulator.session import EarthEngine

pytestmark = on_synthetic_ground


def test_a_series(earth_engine: EarthEngine) -> None:
    opened = xr.open_dataset(
        ee.ImageCollection(SERIES),
        engine="ee",
        crs=CRS,
        crs_transform=TRANSFORM,
        shape_2d=(WIDTH, HEIGHT),
    )
    assert set(opened.data_vars) == {"u8", "i16", "u16", "i32", "f32", "f64", "flag"}
    assert opened.sizes == {"time": 6, "y": HEIGHT, "x": WIDTH}
    ids = [name for name in NUMBERS if name.startswith(SERIES)]
    for band in ("u16", "i16"):
        for date, asset_id in enumerate(ids):
            found = opened[band].isel(time=date).transpose("y", "x").to_numpy()
            ok = valid(band, asset_id)
            np.testing.assert_array_equal(np.isfinite(found), ok)
            np.testing.assert_array_equal(found[ok], values(band, asset_id)[ok])
    times = opened["time"].to_numpy()
    wanted = np.arange("2024-01-01", "2024-01-07", dtype="datetime64[D]")
    np.testing.assert_array_equal(times, wanted)
    assert earth_engine.stats.requests["computePixels"] == 12


def test_a_window_of_it(earth_engine: EarthEngine) -> None:
    opened = xr.open_dataset(
        ee.ImageCollection(SERIES),
        engine="ee",
        crs=CRS,
        crs_transform=TRANSFORM,
        shape_2d=(WIDTH, HEIGHT),
    )
    found = opened["i32"].isel(time=2).transpose("y", "x")[5:9, 7:20].to_numpy()
    wanted = values("i32", f"{SERIES}/s002")[5:9, 7:20]
    # It makes float32 of everything.
    np.testing.assert_array_equal(found, wanted.astype(np.float32))
