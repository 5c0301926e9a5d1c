"""`scaled=True`: physical units, compared with the stored numbers scaled by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
import zarr

import eemulator
from eemulator import Band, Catalog, Grid, ImageAsset
from geetensor import ee_image, ee_query, ee_xarray
from geetensor.collections import COLLECTIONS, collection_of, is_class, scaling_of
from geetensor.errors import InvalidInputError
from tests.geetensor.conftest import sign_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from geetensor.scales import Scaling

AREA = (47.46, -18.96, 47.48, -18.945)


@pytest.fixture(scope="module")
def _own() -> Iterator[eemulator.Server]:
    with eemulator.running() as server:
        yield server


@pytest.fixture
def own(_own: eemulator.Server, monkeypatch: pytest.MonkeyPatch) -> eemulator.Server:
    sign_in(_own, monkeypatch)
    return _own


BY_HAND: dict[str, tuple[Callable[[], Any], dict[str, tuple[float, float]]]] = {
    "sentinel-2": (
        lambda: ee_query.query_s2_l2a(AREA, "2024-06-01", "2024-06-30"),
        {"B4": (1e-4, 0), "B8A": (1e-4, 0), "AOT": (1e-3, 0), "WVP": (1e-3, 0), "SCL": (1, 0)},
    ),
    "landsat 8": (
        lambda: ee_query.query_landsat(AREA, "2024-06-01", "2024-08-30", missions=(8,), level="sr"),
        {
            "SR_B4": (2.75e-5, -0.2),
            "ST_B10": (0.00341802, 149),
            "ST_EMIS": (1e-4, 0),
            "ST_QA": (0.01, 0),
            "QA_PIXEL": (1, 0),
        },
    ),
    "landsat 7": (
        lambda: ee_query.query_landsat(AREA, "2010-06-01", "2024-08-30", missions=(7,), level="sr"),
        {"SR_B7": (2.75e-5, -0.2), "ST_B6": (0.00341802, 149), "SR_ATMOS_OPACITY": (1e-3, 0)},
    ),
    "top of atmosphere": (
        lambda: ee_query.query_landsat(
            AREA, "2024-06-01", "2024-08-30", missions=(9,), level="toa"
        ),
        {"B4": (1, 0), "B10": (1, 0), "SZA": (0.01, 0)},
    ),
    "modis": (
        lambda: ee_query.query_modis(AREA, "2024-06-01", "2024-06-05"),
        {
            "sur_refl_b01": (1e-4, 0),
            "SolarZenith": (0.01, 0),
            "Range": (25, 0),
            "state_1km": (1, 0),
        },
    ),
    "sentinel-1": (
        lambda: ee_query.query_s1(AREA, "2024-06-01", "2024-06-30"),
        {"VV": (1, 0), "angle": (1, 0)},
    ),
}


@pytest.mark.parametrize("case", BY_HAND)
def test_numbers_are_scaled_as_the_catalogue_says(own: eemulator.Server, case: str) -> None:
    query, bands = BY_HAND[case]
    scene = query()["asset_id"].iloc[0]
    raw, mask = ee_image.export_image(scene, AREA, list(bands), dtype="float64", return_mask=True)
    own.reset_stats()
    out = ee_image.export_image(scene, AREA, list(bands), scaled=True)
    assert out.dtype == np.float32
    assert math.isnan(out.fill_value_default)
    np.testing.assert_array_equal(np.isnan(out.values), ~mask.values)
    for values, numbers, (gain, offset) in zip(out.values, raw.values, bands.values(), strict=True):
        expected = (numbers * gain + offset).astype(np.float32)
        np.testing.assert_array_equal(values, np.where(np.isnan(numbers), np.nan, expected))
    assert mask.values.any()


def test_integers_travel_as_they_are(own: eemulator.Server) -> None:
    scene = ee_query.query_s2_l2a(AREA, "2024-06-01", "2024-06-30")["asset_id"].iloc[0]
    plan = ee_image.plan_image(scene, AREA, ["B2", "B3", "B4", "B8"], scaled=True)
    pixels = math.prod(plan.shape[1:])
    assert plan.dtype == np.float32
    # uint16 with a byte of bits for all four, as Earth Engine counts; float32 would be 20.
    assert plan.counted_bytes == 14 * pixels
    out, mask = ee_image.export_image(
        scene, AREA, ["B4"], scaled=True, dtype="float64", fill_value=-1, return_mask=True
    )
    assert out.dtype == np.float64
    np.testing.assert_array_equal(out.values == -1, ~mask.values)


def test_units_are_the_same_on_disk_and_lazily(own: eemulator.Server, tmp_path: Path) -> None:
    scenes = ee_query.query_s2_l2a(AREA, "2024-01-01", "2024-03-30")[:3]
    arguments: dict[str, Any] = {
        "bands": ["red", "B05", "SCL"],
        "scaled": True,
        "cloud_mask": "scl",
        "resampling": "bilinear",
    }
    cube = ee_image.export_cube(scenes, AREA, **arguments)
    assert 0.1 < np.isnan(cube.values).mean() < 0.9
    stored = ee_image.export_cube(scenes, AREA, **arguments, to=tmp_path / "cube.zarr")
    written = zarr.open_array(stored, path="pixels")
    assert written.dtype == np.float32
    np.testing.assert_array_equal(written[...], cube.values)
    folder = ee_image.export_cube(scenes, AREA, **arguments, to=f"{tmp_path}/cube/")
    for scene, image in zip(scenes["asset_id"], cube.values, strict=True):
        with rasterio.open(f"{folder}/{scene.rpartition('/')[2]}.tif") as file:
            np.testing.assert_array_equal(file.read(), image)
            assert math.isnan(file.nodata)

    labelled = ee_xarray.to_xarray(cube)
    lazy = ee_xarray.open_cube(scenes, AREA, **arguments)
    xr.testing.assert_identical(lazy.compute(), labelled)
    for at in ({"band": [2, 1], "time": 1}, {"band": 1, "y": slice(5, None, 7), "time": [2, 0]}):
        xr.testing.assert_identical(lazy.isel(at).compute(), labelled.isel(at))
    one = ee_xarray.open_image(scenes["asset_id"].iloc[1], AREA, **arguments)
    np.testing.assert_array_equal(one.values, cube.values[1])
    dataset = xr.open_dataset(scenes, engine="geetensor", geometry=AREA, **arguments)
    np.testing.assert_array_equal(dataset.pixels[:, 1, ::3].values, cube.values[:, 1, ::3])
    apart = xr.open_dataset(
        scenes, engine="geetensor", geometry=AREA, band_as_variable=True, **arguments
    )
    np.testing.assert_array_equal(apart.B05.values, cube.values[:, 1])


@pytest.fixture
def baselines(monkeypatch: pytest.MonkeyPatch) -> Iterator[eemulator.Server]:
    """Scenes of Sentinel-2 that are not harmonized: a masked pixel, a valid 0, a valid 1000."""
    lattice = Grid("EPSG:32738", (10.0, 0.0, 399_960.0, 0.0, -10.0, 8_000_020.0), 3, 1)
    numbers = np.array([0, 0, 1000], np.uint16)
    valid = np.array([False, True, True])

    def sample(
        bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
        return [(numbers[cols + 0 * rows], valid[cols + 0 * rows]) for _ in bands]

    bands = tuple(Band(name, np.dtype(np.uint16), lattice) for name in ("B4", "AOT"))
    assets = [
        ImageAsset(f"COPERNICUS/S2_SR/{name}", bands, properties, None, sample)
        for name, properties in (
            ("before", {"system:index": "before", "PROCESSING_BASELINE": "03.01"}),
            ("after", {"system:index": "after", "PROCESSING_BASELINE": "04.00"}),
            ("unknown", {"system:index": "unknown"}),
        )
    ]
    with eemulator.running(Catalog(assets)) as server:
        sign_in(server, monkeypatch)
        yield server


def test_scenes_of_later_baselines_are_shifted(baselines: eemulator.Server) -> None:
    area = (399_960, 8_000_010, 399_990, 8_000_020)
    table = pd.DataFrame(
        {
            "asset_id": ["COPERNICUS/S2_SR/before", "COPERNICUS/S2_SR/after"],
            "acquisition_date": pd.to_datetime(["2021-01-01", "2023-01-01"], utc=True),
        }
    )
    cube = ee_image.export_cube(table, area, ["red", "aot"], scaled=True, crs_geometry="EPSG:32738")
    before = [[math.nan, 0.0, 0.1], [math.nan, 0.0, 1.0]]
    after = [[math.nan, -0.1, 0.0], [math.nan, 0.0, 1.0]]
    np.testing.assert_allclose(cube.values[:, :, 0], [before, after], atol=1e-9)
    with pytest.raises(InvalidInputError, match="'PROCESSING_BASELINE'"):
        ee_image.export_image(
            "COPERNICUS/S2_SR/unknown", area, scaled=True, crs_geometry="EPSG:32738"
        )


def test_one_image_has_one_scale(baselines: eemulator.Server) -> None:
    area = (399_960, 8_000_010, 399_990, 8_000_020)
    day = pd.Timestamp("2022-01-25")
    table = pd.DataFrame(
        {
            "asset_id": ["COPERNICUS/S2_SR/before", "COPERNICUS/S2_SR/after"],
            "acquisition_date": pd.to_datetime([day, day], utc=True),
            "solar_day": [day, day],
            "satellite": ["Sentinel-2A"] * 2,
        }
    )
    arguments: dict[str, Any] = {"crs_geometry": "EPSG:32738", "group_by": "solar_day"}
    baselines.reset_stats()
    with pytest.raises(InvalidInputError, match="before and .*after have different scales of B4"):
        ee_image.export_cube(table, area, ["aot", "red"], scaled=True, **arguments)
    assert baselines.stats.requests == {"value:compute": 1}
    thickness = ee_image.export_cube(table, area, ["aot"], scaled=True, **arguments)
    np.testing.assert_array_equal(thickness.values.ravel(), [math.nan, 0, 1])
    assert ee_image.export_cube(table, area, ["red"], **arguments).values.ravel()[2] == 1000


def test_what_has_no_scale_is_refused_before_any_pixel(own: eemulator.Server) -> None:
    raw = ee_query.query_landsat(AREA, "2024-06-01", "2024-08-30", missions=(8,), level="raw")
    s2 = ee_query.query_s2_l2a(AREA, "2024-06-01", "2024-06-30")["asset_id"].iloc[0]
    own.reset_stats()
    for image in (raw["asset_id"].iloc[0], ee.Image(s2), "USGS/SRTMGL1_003"):
        with pytest.raises(InvalidInputError, match="scaled=True is for stored images"):
            ee_image.export_image(image, AREA, scaled=True)
    with pytest.raises(InvalidInputError, match="need floats: dtype=uint16"):
        ee_image.export_image(s2, AREA, ["B4"], scaled=True, dtype="uint16")
    with pytest.raises(InvalidInputError, match="scaled must be"):
        ee_image.export_image(s2, AREA, ["B4"], scaled="yes")  # type: ignore[call-overload]
    assert set(own.stats.requests) <= {"value:compute"}


def test_radar_stays_in_decibels_and_power_stays_power(monkeypatch: pytest.MonkeyPatch) -> None:
    lattice = Grid("EPSG:32738", (10.0, 0.0, 399_960.0, 0.0, -10.0, 8_000_020.0), 3, 1)

    def asset(collection: str, values: list[float]) -> ImageAsset:
        return ImageAsset(
            f"{collection}/x",
            (Band("VV", np.dtype(np.float64), lattice),),
            {"system:index": "x"},
            None,
            lambda _, rows, cols: [(np.array(values)[cols + 0 * rows], cols + 0 * rows < 2)],
        )

    stored = {"COPERNICUS/S1_GRD": [-10.0, 3.0, 0], "COPERNICUS/S1_GRD_FLOAT": [0.1, 2.0, 0]}
    with eemulator.running(Catalog([asset(*one) for one in stored.items()])) as server:
        sign_in(server, monkeypatch)
        for collection, values in stored.items():
            area = (399_960, 8_000_010, 399_990, 8_000_020)
            out = ee_image.export_image(
                f"{collection}/x", area, ["vv"], crs_geometry="EPSG:32738", scaled=True
            )
            wanted = np.array([*values[:2], math.nan], np.float32)
            np.testing.assert_array_equal(out.values[0, 0], wanted)


def test_the_table() -> None:
    def scaling(product: str, band: str) -> Scaling | None:
        return scaling_of(COLLECTIONS[f"MODIS/061/{product}"], band, {})

    assert scaling("MOD11A1", "LST_Night_1km") == (0.02, 0)
    assert scaling("MYD11A1", "Day_view_angle") == (1, -65)
    assert scaling("MOD13Q1", "EVI") == (1e-4, 0)
    assert scaling("MCD43A4", "Nadir_Reflectance_Band7") == (1e-4, 0)
    quality = "BRDF_Albedo_Band_Mandatory_Quality_Band1"
    assert scaling("MCD43A4", quality) is None
    # No class has a scale.
    for name, bands in {
        "MODIS/061/MCD43A4": [quality],
        "MODIS/061/MOD09GA": ["QC_500m", "state_1km", "q_scan", "orbit_pnt"],
        "COPERNICUS/S2_SR_HARMONIZED": ["SCL", "QA60", "MSK_CLASSI_CIRRUS"],
        "LANDSAT/LC08/C02/T1_L2": ["QA_PIXEL", "QA_RADSAT", "SR_QA_AEROSOL"],
    }.items():
        for band in bands:
            assert is_class(COLLECTIONS[name], band)
            assert scaling_of(COLLECTIONS[name], band, {}) is None
    assert collection_of("TEST/UTM").scales is None
