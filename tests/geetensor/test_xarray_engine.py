"""xarray.open_dataset(..., engine="geetensor")."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import dask
import ee
import numpy as np
import pandas as pd
import pytest
import rioxarray  # noqa: F401 - gives arrays their `rio`
import xarray as xr

import geetensor.plan
from geetensor import ee_image, ee_xarray
from geetensor.errors import GeetensorError, InvalidInputError
from tests.geetensor.test_export_cube import AREA, SERIES
from tests.geetensor.test_export_image import UTM_CRS, box
from tests.geetensor.test_xarray import requests_for_pixels

if TYPE_CHECKING:
    import eemulator


def open_dataset(source: Any, area: Any = AREA, **options: Any) -> xr.Dataset:
    return xr.open_dataset(
        source, engine="geetensor", geometry=area, crs_geometry=UTM_CRS, **options
    )


def test_a_table_is_one_array_of_all_bands(server: eemulator.Server) -> None:
    dataset = open_dataset(SERIES, bands=["u16", "flag"])
    assert server.stats.requests == {"value:compute": 1}
    assert list(dataset) == ["pixels"]
    assert dataset.pixels.chunks is None
    exported = ee_image.export_cube(SERIES, AREA, ["u16", "flag"], crs_geometry=UTM_CRS)
    server.reset_stats()
    xr.testing.assert_identical(dataset.pixels.load(), ee_xarray.to_xarray(exported))
    assert requests_for_pixels(server) == 1
    assert dataset.rio.crs == exported.crs


def test_an_index_asks_for_what_it_names(server: eemulator.Server) -> None:
    pixels = open_dataset(SERIES, bands=["u16", "i16"]).pixels
    exported = ee_image.export_cube(SERIES, AREA, ["u16", "i16"], crs_geometry=UTM_CRS).values
    server.reset_stats()
    found = pixels.isel(time=[3, 1, 1], band=1, y=slice(18, 2, -5), x=[7, 9]).to_numpy()
    np.testing.assert_array_equal(
        found, exported[np.ix_([3, 1, 1], [1], [18, 13, 8, 3], [7, 9])][:, 0]
    )
    assert requests_for_pixels(server) == 1
    assert server.stats.bytes_sent < 2 * 16 * 3 * 2 + 500  # dates × rows × columns, the header
    several = pixels.isel(time=xr.Variable("place", [0, 2]), x=xr.Variable("place", [5, 6]))
    np.testing.assert_array_equal(
        several.transpose("place", "band", "y").values, exported[[0, 2], :, :, [5, 6]]
    )
    again = pixels.isel(x=slice(3, 30)).isel(x=slice(None, None, 4), time=0).to_numpy()
    np.testing.assert_array_equal(again, exported[0, :, :, 3:30:4])


def test_an_index_before_dask_asks_for_what_it_names(server: eemulator.Server) -> None:
    """With lists and negative steps, chunk by chunk, also after a way through another process."""
    pixels = open_dataset(SERIES, box(0, 0, 250, 250), bands=["u16"], fill_value=0).pixels
    index = {"time": [3, 1], "y": slice(240, None, -60), "x": [200, 7, 7]}
    chunked = pickle.loads(pickle.dumps(pixels.isel(index).chunk(time=1)))  # noqa: S301 - made here
    assert chunked.chunksizes["time"] == (1, 1)
    server.reset_stats()
    found = chunked.compute(scheduler="synchronous")
    assert requests_for_pixels(server) == 2
    assert server.stats.bytes_sent < 2 * 241 * 194 * 2 + 1_000  # dates × rows × columns between
    xr.testing.assert_identical(found, pixels.compute().isel(index))


def test_bands_as_variables_have_their_own_types(server: eemulator.Server) -> None:
    dataset = open_dataset(SERIES, bands=["u8", "f32", "i16"], band_as_variable=True)
    assert {name: one.dtype.name for name, one in dataset.items()} == {
        "u8": "uint8",
        "f32": "float32",
        "i16": "int16",
    }
    assert "band" not in dataset.coords
    assert dataset.u8.dims == ("time", "y", "x")
    assert np.isnan(dataset.f32.rio.nodata)
    for name in dataset:
        exported = ee_image.export_cube(SERIES, AREA, [str(name)], crs_geometry=UTM_CRS)
        np.testing.assert_array_equal(dataset[name].values, exported.values[:, 0])
    assert [*open_dataset(SERIES, band_as_variable=True, drop_variables=["u8", "f64"])] == [
        "i16", "u16", "i32", "f32", "flag",
    ]  # fmt: skip


def test_an_asset_id_however_it_is_written(server: eemulator.Server) -> None:
    exported = ee_image.export_image("TEST/UTM", AREA, ["i32"], crs_geometry=UTM_CRS)
    guessed = xr.open_dataset(
        "ee://TEST/UTM",
        geometry=AREA,
        crs_geometry=UTM_CRS,
        bands=["i32"],
    )
    for dataset in (
        guessed,
        open_dataset("ee://TEST/UTM", bands=["i32"]),
        open_dataset("TEST/UTM", bands="i32"),
        open_dataset(ee.Image("TEST/UTM"), bands=["i32"]),
    ):
        assert dataset.pixels.dims == ("band", "y", "x")
        np.testing.assert_array_equal(dataset.pixels.values, exported.values)


def test_a_collection_that_is_computed(server: eemulator.Server) -> None:
    collection = (
        ee.ImageCollection("TEST/SERIES")
        .filter(ee.Filter.lt("cloud", 45))
        .map(lambda image: image.select("u16").add(1).copyProperties(image, ["system:time_start"]))
    )
    dataset = open_dataset(collection, crs="EPSG:32738", scale=10, dtype="i8")
    assert list(dataset.time.to_index()) == list(pd.date_range("2024-01-02", periods=5))
    exported = ee_image.export_image(
        ee.Image("TEST/SERIES/s003").select("u16").add(1),
        AREA,
        crs="EPSG:32738",
        scale=10,
        crs_geometry=UTM_CRS,
        dtype="i8",
    )
    np.testing.assert_array_equal(dataset.pixels[2].values, exported.values)
    with pytest.raises(InvalidInputError, match="has no images"):
        open_dataset(collection.filter(ee.Filter.lt("cloud", 0)))


def test_chunks_are_the_plans_tiles(
    server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geetensor.plan, "TARGET_BYTES", 200_000)
    area = box(0, 0, 250, 250)
    lazy = ee_xarray.open_cube(SERIES, area, ["u16", "i16"], crs_geometry=UTM_CRS)
    dataset = open_dataset(SERIES, area, bands=["u16", "i16"], chunks={})
    assert dataset.pixels.chunks == lazy.chunks
    with dask.config.set(scheduler="synchronous"):
        xr.testing.assert_identical(dataset.pixels.compute(), lazy.compute())
    apart = open_dataset(SERIES, area, bands=["u16", "i16"], chunks={}, band_as_variable=True)
    assert apart.chunks == {dim: lazy.chunksizes[dim] for dim in ("time", "y", "x")}


@pytest.mark.parametrize(
    ("source", "options", "reason"),
    [
        (SERIES.iloc[:0], {}, "no scenes"),
        (SERIES.drop(columns="acquisition_date"), {}, "lacks the column acquisition_date"),
        (3.5, {}, "got float"),
        ("ee://TEST/UTM", {"scale": -1}, "above 0"),
        ("ee://TEST/GONE", {}, "not found"),
    ],
)
def test_bad_arguments_are_refused(
    server: eemulator.Server, source: Any, options: Any, reason: str
) -> None:
    with pytest.raises(GeetensorError, match=reason):
        open_dataset(source, **options)


def test_xarray_loads_little_of_it_for_other_files() -> None:
    code = (
        "import sys, xarray.backends.plugins as p; p.list_engines();"
        "assert 'geetensor.xarray_backend' in sys.modules;"
        "assert not {'ee', 'geetensor.dataset'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603
