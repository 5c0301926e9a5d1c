"""Tables of scenes that are not all alike: days mosaicked, bands missing, other resolutions."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
import zarr

import eemulator
import geetensor.blocks
from eemulator import Grid
from geetensor import ee_image, ee_query, ee_xarray
from geetensor.errors import InvalidInputError, UnknownBandError
from tests.eemulator import synthetic
from tests.eemulator.synthetic import DTYPES, LONLAT, UTM, UTM_60
from tests.geetensor.conftest import sign_in
from tests.geetensor.oracle import assert_exact, expected_band
from tests.geetensor.test_export_image import UTM_CRS, box

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from georeader.geotensor import GeoTensor
    from numpy.typing import NDArray

EAST = Grid(UTM.crs, (10.0, 0.0, 400_360.0, 0.0, -10.0, 8_000_020.0), 300, 250)
"""The same lattice as UTM, 40 pixels further east."""

ZONE_39 = Grid("EPSG:32739", (10.0, 0.0, -237_000.0, 0.0, -10.0, 7_987_000.0), 300, 250)

AREA = box(10, 20, 60, 30)

SCENES: dict[str, tuple[int, Grid, set[str]]] = {
    "west": (1, UTM, set(DTYPES)),
    "east": (2, EAST, set(DTYPES)),
    "other": (3, UTM, set(DTYPES)),
    "next": (4, EAST, set(DTYPES)),
    "zone39": (5, ZONE_39, set(DTYPES)),
    "poor": (6, EAST, {"i32", "u8"}),
    "floats": (7, UTM, {"f32", "f64"}),
    "coarse": (8, UTM_60, set(DTYPES)),
    "lonlat": (9, LONLAT, set(DTYPES)),
}
"""Number, grid and bands of each image of the collection TEST/DAY."""


@pytest.fixture(scope="module")
def _days() -> Iterator[eemulator.Server]:
    images = []
    for name, (k, grid, bands) in SCENES.items():
        made = synthetic.image(f"TEST/DAY/{name}", k, grid)
        images.append(replace(made, bands=tuple(b for b in made.bands if b.id in bands)))
    catalog = eemulator.Catalog([eemulator.CollectionAsset("TEST/DAY", images)])
    with eemulator.running(catalog, eemulator.Limits(requests_per_second=None)) as server:
        yield server


@pytest.fixture
def days(_days: eemulator.Server, monkeypatch: pytest.MonkeyPatch) -> eemulator.Server:
    sign_in(_days, monkeypatch)
    return _days


def table(*scenes: str, days: Sequence[int] | None = None, satellites: Any = None) -> pd.DataFrame:
    """A row an image; all of one satellite and day if nothing else is said."""
    numbers = [1] * len(scenes) if days is None else list(days)
    dates = pd.to_datetime([f"2024-01-{n:02d}" for n in numbers])
    times = dates.tz_localize("UTC") + pd.to_timedelta(range(len(scenes)), unit="s")
    return pd.DataFrame(
        {
            "asset_id": [f"TEST/DAY/{name}" for name in scenes],
            "acquisition_date": times,
            "solar_day": dates,
            "satellite": satellites or ["Sentinel-2A"] * len(scenes),
        }
    )


def export(query: pd.DataFrame, bands: Any = ("u16", "i32"), **arguments: Any) -> Any:
    return ee_image.export_cube(query, AREA, bands, crs_geometry=UTM_CRS, **arguments)


def mosaic(output: GeoTensor, names: Sequence[str], *scenes: str, fill: float = 0) -> NDArray[Any]:
    """What a day must be, the last scene on top: `(C, H, W)`."""
    bands = []
    for name in names:
        band = np.full(output.shape[-2:], fill, output.dtype)
        for scene in scenes:
            k, grid, having = SCENES[scene]
            if name in having:
                zeros = expected_band(output, name, k, grid, 0)
                valid = zeros == expected_band(output, name, k, grid, 1)
                band = np.where(valid, zeros, band)
        bands.append(band)
    return np.stack(bands)


@pytest.mark.parametrize("order", [("west", "east"), ("east", "west"), ("west", "east", "other")])
@pytest.mark.parametrize(
    ("bands", "fill"),
    [(["u16", "i32"], None), (["i16", "u8"], -3), (["f32", "u8", "f64"], None), (["f32"], -2.5)],
)
def test_of_scenes_of_a_day_the_last_one_is_on_top(
    days: eemulator.Server, order: tuple[str, ...], bands: list[str], fill: float | None
) -> None:
    cube = export(table(*order), bands, group_by="solar_day", fill_value=fill)
    assert cube.shape == (1, len(bands), 30, 60)
    none = np.nan if cube.dtype.kind == "f" else 0
    wanted = mosaic(cube, bands, *order, fill=none if fill is None else fill)
    np.testing.assert_array_equal(cube.values[0], wanted)
    assert (cube.values[0] != export(table(order[-1]), bands, fill_value=fill).values[0]).any()


def test_satellites_and_days_are_images_of_their_own(days: eemulator.Server) -> None:
    query = table(
        "west",
        "other",
        "next",
        "east",
        days=(1, 1, 2, 1),
        satellites=["LANDSAT_8", None, "LANDSAT_8", "LANDSAT_8"],
    )
    cube = export(query, group_by="solar_day")
    for image, scenes in zip(cube, (("west", "east"), ("other",), ("next",)), strict=True):
        np.testing.assert_array_equal(image.values, mosaic(image, ["u16", "i32"], *scenes))
    assert cube.attrs["asset_ids"] == [
        "TEST/DAY/west,TEST/DAY/east",
        "TEST/DAY/other",
        "TEST/DAY/next",
    ]
    assert cube.attrs["acquisition_dates"] == list(query["acquisition_date"][:3])
    first, second = pd.Timestamp(2024, 1, 1), pd.Timestamp(2024, 1, 2)
    assert cube.attrs["solar_days"] == [first, first, second]
    assert cube.attrs["satellites"] == ["LANDSAT_8", None, "LANDSAT_8"]
    assert days.stats.requests["computePixels"] == 1
    apart = export(query)
    assert apart.shape[0] == 4
    assert set(apart.attrs) == {"band_names", "asset_ids", "acquisition_dates"}


def test_days_as_a_query_gives_them(server: eemulator.Server) -> None:
    scenes = ee_query.query_collection("TEST/SERIES", (44.06, -18.1, 44.07, -18.09), "2024", "2025")
    assert len(scenes) == 6
    twice = pd.concat([scenes, scenes], ignore_index=True)
    arguments: Any = {"bands": ["i32"], "crs_geometry": UTM_CRS}
    once = ee_image.export_cube(scenes, AREA, **arguments)
    grouped = ee_image.export_cube(twice, AREA, **arguments, group_by="solar_day")
    np.testing.assert_array_equal(grouped.values, once.values)


def test_a_day_of_two_projections(days: eemulator.Server) -> None:
    cube = export(table("west", "zone39"), ["u16"], group_by="solar_day")
    assert cube.crs == UTM_CRS
    np.testing.assert_array_equal(cube.values[0], mosaic(cube, ["u16"], "west", "zone39"))


def test_scenes_of_another_zone_are_put_on_the_first_ones_grid(days: eemulator.Server) -> None:
    cube = export(table("west", "zone39"), ["i32"])
    assert_exact(cube[0], ["i32"], 1, UTM)
    assert_exact(cube[1], ["i32"], 5, ZONE_39)
    assert cube.values[1].any()


def test_missing_bands_are_an_error_that_names_them(days: eemulator.Server) -> None:
    query = table("west", "poor", "east", "floats")
    wanted = (
        "2 of 4 scenes lack bands: TEST/DAY/poor lacks u16, f32; TEST/DAY/floats lacks u16, i32"
    )
    with pytest.raises(UnknownBandError, match=f"^{wanted}.*missing='fill'"):
        export(query, ["u16", "i32", "f32"])
    with pytest.raises(UnknownBandError, match="TEST/DAY/floats has none of the bands: leave it"):
        export(query, ["u16", "i32"], missing="fill")
    with pytest.raises(UnknownBandError, match="TEST/DAY/west has no band 'B4'"):
        export(query, ["u16", "B4"], missing="fill")
    assert set(days.stats.requests) == {"value:compute"}


def test_missing_bands_are_no_variables(days: eemulator.Server) -> None:
    scenes: Any = table("west", "poor")

    def opened(**arguments: Any) -> xr.Dataset:
        return xr.open_dataset(
            scenes,
            engine="geetensor",
            geometry=AREA,
            crs_geometry=UTM_CRS,
            bands=["i32", "u16"],
            missing="fill",
            **arguments,
        )

    assert not opened()["pixels"][1, 1].any()
    with pytest.raises(InvalidInputError, match="some lack 'u16'. Pass band_as_variable=False"):
        opened(band_as_variable=True)


@pytest.mark.parametrize("fill", [None, 7])
def test_missing_bands_become_fill(days: eemulator.Server, fill: float | None) -> None:
    bands = ["u16", "i32", "f32"]
    cube = export(table("west", "poor", "floats", "east"), bands, missing="fill", fill_value=fill)
    none = np.nan if fill is None else fill
    for image, scene in zip(cube, ("west", "poor", "floats", "east"), strict=True):
        np.testing.assert_array_equal(image.values, mosaic(image, bands, scene, fill=none))
    day = export(
        table("poor", "west", "floats"),
        bands,
        missing="fill",
        group_by="solar_day",
        fill_value=fill,
    )
    wanted = mosaic(day, bands, "poor", "west", "floats", fill=none)
    np.testing.assert_array_equal(day.values[0], wanted)


@pytest.mark.parametrize("kind", [True, "fraction"])
def test_missing_bands_are_not_valid(days: eemulator.Server, kind: bool | str) -> None:
    names = [*DTYPES]
    order = ("west", "poor", "floats", "east")
    arguments: Any = {"missing": "fill", "dtype": "f8", "fill_value": -1, "return_mask": kind}
    cube, masks = export(table(*order), names, **arguments)
    assert masks.dtype == (np.bool_ if kind is True else np.float32)
    day, day_mask = export(table(*order), names, **arguments, group_by="solar_day")
    for image, mask, scenes in (
        *zip(cube, masks, ((scene,) for scene in order), strict=True),
        (day[0], day_mask[0], order),
    ):
        wanted = mosaic(image, names, *scenes, fill=np.nan)
        np.testing.assert_array_equal(mask.values, ~np.isnan(wanted))
        np.testing.assert_array_equal(image.values, np.nan_to_num(wanted, nan=-1))


@pytest.mark.parametrize("block_bytes", [2_000, 60_000])
def test_days_and_missing_bands_are_stored(
    days: eemulator.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    """With small blocks, some have no band that is to be fetched at all."""
    monkeypatch.setattr(geetensor.blocks, "BLOCK_BYTES", block_bytes)
    query = table("poor", "west", "poor", "east", "floats", days=(1, 2, 3, 3, 4))
    arguments: Any = {"missing": "fill", "group_by": "solar_day", "fill_value": -1}
    bands = ["u8", "i32", "f32"]
    cube = export(query, bands, **arguments)
    for image, scenes in zip(
        cube, (("poor",), ("west",), ("poor", "east"), ("floats",)), strict=True
    ):
        np.testing.assert_array_equal(image.values, mosaic(image, bands, *scenes, fill=-1))
    stored = export(query, bands, **arguments, to=tmp_path / "cube.zarr")
    np.testing.assert_array_equal(zarr.open_array(stored, path="pixels")[...], cube.values)
    with xr.open_zarr(stored, chunks=None) as opened:
        assert list(opened.asset_id.values) == cube.attrs["asset_ids"]
        assert list(opened.time.values) == list(
            query["acquisition_date"].iloc[[0, 1, 2, 4]].dt.tz_localize(None).to_numpy()
        )
    folder = Path(export(query, bands, **arguments, to=f"{tmp_path}/cube/"))
    for image, name in zip(cube, ("poor", "west", "poor_2", "floats"), strict=True):
        with rasterio.open(folder / f"{name}.tif") as file:
            np.testing.assert_array_equal(file.read(), image.values)
    item = json.loads((folder / "poor_2.json").read_text())
    assert item["assets"]["source_1"]["href"] == "ee://TEST/DAY/poor"
    assert item["assets"]["source_2"]["href"] == "ee://TEST/DAY/east"
    assert item["properties"]["platform"] == "sentinel-2a"


def test_several_resolutions_are_refused_with_a_list(days: eemulator.Server) -> None:
    query = table("west", "coarse", "east", "lonlat")
    listed = (
        r"pixels of 3 sizes: 10 m \(TEST/DAY/west and 1 more\); 60 m \(TEST/DAY/coarse\); "
        r"0.001° \(TEST/DAY/lonlat\). Pass scale="
    )
    for arguments in ({}, {"crs": "EPSG:4326"}, {"to": "cube.zarr"}):
        with pytest.raises(InvalidInputError, match=listed):
            export(query, **arguments)
    with pytest.raises(InvalidInputError, match=listed):
        ee_image.plan_cube(query, AREA, ["u16"], crs_geometry=UTM_CRS)
    assert set(days.stats.requests) == {"value:compute"}
    chosen = export(query, ["i32"], scale=20)
    lattice = export(query, ["i32"], transform=chosen.transform)
    np.testing.assert_array_equal(chosen.values, lattice.values)
    for image, name in zip(chosen, ("west", "coarse", "east", "lonlat"), strict=True):
        k, grid, _ = SCENES[name]
        assert_exact(image, ["i32"], k, grid)


@pytest.mark.parametrize(
    ("change", "arguments", "reason"),
    [
        (lambda q: q, {"group_by": "month"}, "group_by must be 'solar_day' or None"),
        (lambda q: q, {"group_by": ["solar_day"]}, "group_by must be 'solar_day' or None"),
        (lambda q: q, {"missing": ["fill"]}, "missing must be 'error' or 'fill'"),
        (lambda q: q, {"missing": "skip"}, "missing must be 'error' or 'fill'"),
        (
            lambda q: q.drop(columns=["satellite", "solar_day"]),
            {"group_by": "solar_day"},
            "lacks the column satellite and solar_day. The queries of geetensor.ee_query give",
        ),
        (
            lambda q: q.assign(solar_day=[None, "2024-01-01"]),
            {"group_by": "solar_day"},
            "solar_day is no date",
        ),
        (
            lambda q: q.assign(acquisition_date=["2024-01-01", "soon"]),
            {"to": "cube.zarr"},
            "acquisition_date is no date",
        ),
    ],
)
def test_bad_arguments_are_refused(
    days: eemulator.Server, change: Any, arguments: Any, reason: str
) -> None:
    query = change(table("west", "east"))
    with pytest.raises(InvalidInputError, match=reason):
        export(query, **arguments)
    assert days.stats.requests == {}


def test_every_order_of_three_scenes(days: eemulator.Server) -> None:
    """A property of so few cases that all are tried."""
    for order in itertools.permutations(("west", "east", "poor")):
        cube = export(table(*order), ["u8"], group_by="solar_day", fill_value=255, dtype="int16")
        np.testing.assert_array_equal(cube.values[0], mosaic(cube, ["u8"], *order, fill=255))


def test_days_and_missing_bands_are_lazy(days: eemulator.Server) -> None:
    query = table("poor", "west", "poor", "east", "floats", days=(1, 2, 3, 3, 4))
    source: Any = query  # xarray's types know of no tables
    for options in ({"group_by": "solar_day", "fill_value": -1}, {}):
        how: Any = {"bands": ["u8", "i32", "f32"], "missing": "fill", "crs_geometry": UTM_CRS}
        how |= options
        cube = ee_image.export_cube(query, AREA, **how)
        lazy = ee_xarray.open_cube(query, AREA, **how)
        xr.testing.assert_identical(lazy.compute(), ee_xarray.to_xarray(cube))
        back = ee_xarray.from_xarray(lazy)
        assert back.attrs == cube.attrs
        assert ("solar_day" in lazy.coords) == ("group_by" in options)
        engine = xr.open_dataset(source, engine="geetensor", geometry=AREA, **how)
        xr.testing.assert_identical(engine["pixels"].compute(), lazy.compute())
        days.reset_stats()
        absent = engine["pixels"].isel(time=0, band=2).to_numpy()
        np.testing.assert_array_equal(absent, cube.values[0, 2])
        assert not days.stats.requests
    with pytest.raises(InvalidInputError, match="for tables of scenes only"):
        xr.open_dataset("ee://TEST/DAY/west", engine="geetensor", geometry=AREA, **how)
