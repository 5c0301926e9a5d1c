"""What is written, as those read it who will: xarray, rioxarray, GDAL, a COG validator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
import shapely
import xarray as xr
import zarr
from rio_cogeo.cogeo import cog_validate

from geetensor import ee_image
from geetensor.errors import InvalidInputError
from tests.eemulator.synthetic import SHEARED, UTM
from tests.geetensor.oracle import assert_exact
from tests.geetensor.streams.exports import (
    BANDS,
    alone,
    contents,
    export,
    fetched,
    requested,
)
from tests.geetensor.test_export_cube import SERIES, table
from tests.geetensor.test_export_image import UTM_CRS, WHOLE, box

if TYPE_CHECKING:
    import eemulator


def test_a_zarr_as_xarray_and_zarr_read_it(server: eemulator.Server, tmp_path: Path) -> None:
    to = tmp_path / "cube.zarr"
    assert export(to) == str(to)
    assert alone(tmp_path, "cube.zarr")
    cube = export()
    array = zarr.open_array(to, path="pixels", mode="r")
    assert array.metadata.zarr_format == 3
    assert array.shards is not None
    np.testing.assert_array_equal(array[...], cube.values)
    with xr.open_zarr(to, chunks=None) as opened:
        pixels = opened["pixels"]
        assert pixels.dims == ("time", "band", "y", "x")
        assert pixels.dtype == cube.dtype
        np.testing.assert_array_equal(pixels.values, cube.values)
        assert list(pixels.band.values) == BANDS
        assert list(pixels.asset_id.values) == list(SERIES["asset_id"])
        dates = SERIES["acquisition_date"].dt.tz_localize(None)
        np.testing.assert_array_equal(pixels.time.values, dates.to_numpy())
        assert pixels.x.values[0] == cube.transform.c + 5
        assert pixels.y.values[-1] == cube.transform.f - 10 * cube.shape[2] + 5
        described = opened["spatial_ref"].attrs
        assert rasterio.CRS.from_wkt(described["crs_wkt"]) == cube.crs
        assert [*map(float, described["GeoTransform"].split())] == [*cube.transform.to_gdal()]


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_rioxarray_finds_crs_transform_and_fill(server: eemulator.Server, tmp_path: Path) -> None:
    import rioxarray  # noqa: F401

    for fill, bands in ((-7, ["i16"]), (None, ["f32"]), (-1.0, ["f32"])):
        to = ee_image.export_image(
            "TEST/UTM",
            WHOLE,
            bands,
            crs_geometry=UTM_CRS,
            fill_value=fill,
            to=tmp_path / f"{bands[0]}{fill}.zarr",
        )
        with xr.open_zarr(to, chunks=None) as opened:
            pixels = opened["pixels"]
            assert pixels.dims == ("band", "y", "x")
            assert pixels.rio.crs == UTM_CRS
            assert tuple(pixels.rio.transform())[:6] == UTM.transform
            assert pixels.attrs["asset_id"] == "TEST/UTM"
            if fill == -7:
                assert pixels.rio.nodata == -7
                assert pixels.dtype == np.int16
            else:
                assert pixels.rio.encoded_nodata == fill or fill is None
                assert np.isnan(pixels.rio.nodata)
                assert np.isnan(pixels.values).sum() > 5000


def test_a_cog_with_names_and_nodata(server: eemulator.Server, tmp_path: Path) -> None:
    to = export(tmp_path / "image.tif", fill_value=-9)
    assert alone(tmp_path, "image.tif")
    good, errors, warned = cog_validate(to, strict=True)
    assert (good, errors, warned) == (True, [], [])
    image = export(image=True, fill_value=-9)
    with rasterio.open(to) as file:
        assert file.descriptions == tuple(BANDS)
        assert file.nodata == -9
        assert file.crs == UTM_CRS
        assert file.transform == image.transform
        np.testing.assert_array_equal(file.read(), image.values)


def test_a_large_cog_has_overviews(server: eemulator.Server, tmp_path: Path) -> None:
    to = ee_image.export_image(
        "TEST/UTM", WHOLE, ["u8"], 3, UTM_CRS, crs_geometry=UTM_CRS, to=tmp_path / "image.tif"
    )
    assert cog_validate(to, strict=True)[0]
    with rasterio.open(to) as file:
        assert file.overviews(1) == [2]


def test_a_folder_has_a_cog_and_an_item_a_date(server: eemulator.Server, tmp_path: Path) -> None:
    to = export(f"{tmp_path}/scenes/")
    assert alone(tmp_path, "scenes")
    cube = export()
    for time, asset_id in enumerate(SERIES["asset_id"]):
        name = asset_id.rpartition("/")[2]
        path = Path(to) / f"{name}.tif"
        assert cog_validate(path, strict=True)[0]
        with rasterio.open(path) as file:
            np.testing.assert_array_equal(file.read(), cube.values[time])
        item = json.loads(path.with_suffix(".json").read_text())
        assert item["id"] == name
        assert item["stac_version"] == "1.1.0"
        assert item["properties"]["datetime"] == f"2024-01-0{time + 1}T00:00:00Z"
        assert item["properties"]["proj:code"] == UTM_CRS
        assert item["properties"]["proj:shape"] == [100, 120]
        assert item["bbox"] == pytest.approx(list(shapely.geometry.shape(item["geometry"]).bounds))
        assert item["assets"]["image"]["href"] == f"./{name}.tif"
    assert len(contents(to)) == 8


def test_one_image_in_a_folder_and_small_dates_that_share_blocks(
    server: eemulator.Server, tmp_path: Path
) -> None:
    area = box(3, 4, 30, 20)
    query = table(*(f"TEST/SERIES/s{n % 6:03d}" for n in range(50)))
    one = ee_image.export_image("TEST/UTM", area, ["u8"], crs_geometry=UTM_CRS, to=f"{tmp_path}/i/")
    assert set(contents(one)) == {"UTM.tif", "UTM.json"}
    requests = requested(server)
    many = ee_image.export_cube(query, area, BANDS, crs_geometry=UTM_CRS, to=f"{tmp_path}/m/")
    zarred = ee_image.export_cube(query, area, BANDS, crs_geometry=UTM_CRS, to=tmp_path / "m.zarr")
    assert requested(server) - requests < 20
    cube = ee_image.export_cube(query, area, BANDS, crs_geometry=UTM_CRS)
    np.testing.assert_array_equal(zarr.open_array(zarred, path="pixels")[...], cube.values)
    for time in range(50):
        suffix = f"_{time // 6 + 1}" if time >= 6 else ""
        with rasterio.open(Path(many) / f"s{time % 6:03d}{suffix}.tif") as file:
            np.testing.assert_array_equal(file.read(), cube.values[time])


@pytest.mark.parametrize("name", ["out.zarr", "out.tif"])
@pytest.mark.parametrize(
    ("bands", "arguments"),
    [
        (["u8", "f32", "f64"], {}),
        (["u8", "i16"], {"fill_value": np.nan, "dtype": "float32"}),
        (["u16"], {"fill_value": 7}),
        (["i32", "f32"], {"fill_value": -np.inf}),
        (["flag", "u8"], {"dtype": "int64", "fill_value": -1}),
    ],
)
def test_types_and_fills(
    server: eemulator.Server, tmp_path: Path, name: str, bands: list[str], arguments: Any
) -> None:
    image = ee_image.export_image("TEST/UTM", WHOLE, bands, crs_geometry=UTM_CRS, **arguments)
    to = ee_image.export_image(
        "TEST/UTM", WHOLE, bands, crs_geometry=UTM_CRS, to=tmp_path / name, **arguments
    )
    if name.endswith(".tif"):
        with rasterio.open(to) as file:
            stored = file.read()
    else:
        stored = zarr.open_array(to, path="pixels")[...]
    assert stored.dtype == image.dtype
    np.testing.assert_array_equal(stored, image.values)
    assert_exact(image, bands, 3, UTM, arguments.get("fill_value"))


@pytest.mark.parametrize("name", ["out.zarr", "out.tif"])
def test_blocks_that_the_area_does_not_touch(
    server: eemulator.Server, tmp_path: Path, name: str
) -> None:
    left, bottom, right, top = WHOLE
    area = shapely.Polygon([(left, top), (right, top), (left, bottom)])
    to = ee_image.export_image(
        "TEST/UTM", area, BANDS, crs_geometry=UTM_CRS, fill_value=-5, to=tmp_path / name
    )
    fetched = requested(server)
    image = ee_image.export_image("TEST/UTM", area, BANDS, crs_geometry=UTM_CRS, fill_value=-5)
    if name.endswith(".tif"):
        with rasterio.open(to) as file:
            np.testing.assert_array_equal(file.read(), image.values)
    else:
        array = zarr.open_array(to, path="pixels")
        np.testing.assert_array_equal(array[...], image.values)
        shards = sum(name.startswith("pixels/c") for name in contents(to))
        assert shards == fetched < 20
    assert (image.values[:, -1, -1] == -5).all()


def test_chunks_and_a_sheared_grid(server: eemulator.Server, tmp_path: Path) -> None:
    query = table("TEST/SHEARED", "TEST/SHEARED", "TEST/SHEARED")
    area = shapely.Point(400_500, 7_999_600).buffer(150)
    chunks = {"time": 3, "y": 10, "x": 15}
    to = ee_image.export_cube(
        query, area, ["u16"], crs_geometry=UTM_CRS, to=tmp_path / "a.zarr", chunks=chunks
    )
    array = zarr.open_array(to, path="pixels")
    assert array.chunks == (3, 1, 10, 15)
    cube = ee_image.export_cube(query, area, ["u16"], crs_geometry=UTM_CRS)
    np.testing.assert_array_equal(array[...], cube.values)
    assert cube.transform.b == SHEARED.transform[1]
    with xr.open_zarr(to, chunks=None) as opened:
        assert "x" not in opened.coords  # its pixels have no x of their own


@pytest.mark.parametrize("name", ["out.zarr", "out/", "out.tif"])
def test_the_plan_is_what_is_fetched(
    server: eemulator.Server, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Also of an area that some blocks and parts of blocks do not touch."""
    left, bottom, right, top = WHOLE
    area = shapely.Polygon([(left, top), (right, top), (left, bottom)])
    to, crs = f"{tmp_path}/{name}", UTM_CRS
    if name.endswith(".tif"):
        plan = ee_image.plan_image("TEST/UTM", area, BANDS, crs_geometry=crs, to=to)
        ee_image.export_image("TEST/UTM", area, BANDS, crs_geometry=crs, to=to)
    else:
        plan = ee_image.plan_cube(SERIES[:2], area, BANDS, crs_geometry=crs, to=to)
        ee_image.export_cube(SERIES[:2], area, BANDS, crs_geometry=crs, to=to)
    assert plan.requests == fetched(caplog)
    assert plan.left_out > 0
    assert plan.largest_request_bytes <= 64 * 64 * 8
    chunks = {"y": 32, "x": 32}
    if name == "out.zarr":
        arguments: Any = {"crs_geometry": crs, "to": to, "chunks": chunks}
        assert ee_image.plan_cube(SERIES[:2], area, BANDS, **arguments).requests != plan.requests
    else:
        with pytest.raises(InvalidInputError, match="for Zarr only"):
            ee_image.plan_cube(SERIES[:1], area, BANDS, to=to, chunks=chunks, crs_geometry=crs)
