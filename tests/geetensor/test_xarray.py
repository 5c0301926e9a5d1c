"""to_xarray, open_cube and open_image: what xarray gets is what export_cube gives."""

from __future__ import annotations

import math
import pickle
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dask
import numpy as np
import pandas as pd
import pytest
import rioxarray  # noqa: F401 - gives arrays their `rio`
import shapely
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import eemulator
import geetensor.plan
from geetensor import ee_image, ee_xarray
from geetensor.errors import InvalidInputError, UnknownBandError
from geetensor.lazy import selection
from geetensor.lazy.pixels import LazyPixels
from geetensor.lazy.places import use_places
from tests.eemulator.synthetic import DTYPES
from tests.geetensor.test_export_cube import AREA, SERIES, table
from tests.geetensor.test_export_image import UTM_CRS, box

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BANDS = ["u16", "f32", "flag"]

L_SHAPE = shapely.Polygon([
    (400_000, 8_000_000), (402_900, 8_000_000), (402_900, 7_999_900), (400_100, 7_999_900),
    (400_100, 7_997_600), (400_000, 7_997_600),
])  # fmt: skip
"""Its lower right block of 256 pixels is not touched."""


@pytest.fixture(autouse=True)
def _in_order() -> Iterator[None]:
    """One chunk after another, in this thread: requests can be counted."""
    with dask.config.set(scheduler="synchronous"):
        yield
    use_places(None)


class OneByOne:
    """As if as many reads were under way as the service allows requests."""

    @contextmanager
    def taken(self, _limit: int, /) -> Iterator[int]:
        yield 1


def pixels_of(array: xr.DataArray) -> LazyPixels:
    """What is behind an array on dask."""
    [found] = [one for one in array.data.dask.values() if isinstance(one, LazyPixels)]
    return found


def requests_for_pixels(server: eemulator.Server) -> int:
    counted = server.stats.requests
    return counted.get("getPixels", 0) + counted.get("computePixels", 0)


def test_a_cube_with_its_labels(server: eemulator.Server) -> None:
    cube = ee_image.export_cube(SERIES, AREA, ["u16", "flag"], crs_geometry=UTM_CRS)
    labelled = ee_xarray.to_xarray(cube)
    assert labelled.dims == ("time", "band", "y", "x")
    assert np.shares_memory(labelled.values, cube.values)
    assert labelled.time.dtype == "datetime64[ns]"
    assert list(labelled.time.to_index()) == list(pd.date_range("2024-01-01", periods=4))
    assert labelled.asset_id.to_numpy().tolist() == list(SERIES["asset_id"])
    assert labelled.asset_id.dims == ("time",)
    assert labelled.band.to_numpy().tolist() == ["u16", "flag"]
    assert labelled.rio.crs == cube.crs
    assert labelled.rio.transform() == cube.transform
    assert labelled.rio.transform(recalc=True) == cube.transform
    assert labelled.rio.nodata == 0
    assert labelled.attrs == {"nodata": 0}
    assert labelled.rio.bounds() == AREA


def test_an_image_of_floats_in_degrees(server: eemulator.Server) -> None:
    image = ee_image.export_image("TEST/LONLAT", (44.01, -18.02, 44.05, -18.01), ["f32"])
    labelled = ee_xarray.to_xarray(image)
    assert labelled.dims == ("band", "y", "x")
    assert np.isnan(labelled.rio.nodata)
    assert labelled.attrs["asset_id"] == "TEST/LONLAT"
    assert labelled.x.attrs["units"] == "degrees_east"
    assert labelled.rio.transform() == image.transform


def test_a_turned_grid_has_its_transform_only(server: eemulator.Server) -> None:
    image = ee_image.export_image("TEST/SHEARED", box(10, 20, 30, 30), ["u8"], crs_geometry=UTM_CRS)
    labelled = ee_xarray.to_xarray(image)
    assert {*labelled.coords} == {"spatial_ref", "band"}
    assert labelled.rio.transform() == image.transform


def test_labels_that_no_longer_fit_are_refused(server: eemulator.Server) -> None:
    cube = ee_image.export_cube(SERIES, AREA, ["u16", "flag"], crs_geometry=UTM_CRS)
    with pytest.raises(InvalidInputError, match="There are 2 along 'time', and attrs names 4"):
        ee_xarray.to_xarray(cube[:2])
    with pytest.raises(InvalidInputError, match="got ndarray"):
        ee_xarray.to_xarray(cube.values)


@pytest.mark.parametrize(
    ("asset_id", "area", "crs"),
    [
        ("TEST/UTM", AREA, UTM_CRS),
        ("TEST/SHEARED", box(10, 20, 30, 30), UTM_CRS),
        ("TEST/LONLAT", (44.01, -18.02, 44.05, -18.01), "EPSG:4326"),
    ],
)
def test_there_and_back(server: eemulator.Server, asset_id: str, area: Any, crs: str) -> None:
    image = ee_image.export_image(asset_id, area, ["f32", "u8"], crs_geometry=crs)
    back = ee_xarray.from_xarray(ee_xarray.to_xarray(image))
    assert np.shares_memory(back.values, image.values)
    assert (back.transform, back.crs, back.attrs) == (image.transform, image.crs, image.attrs)
    assert math.isnan(back.fill_value_default)


def test_a_part_comes_back_where_it_belongs(server: eemulator.Server) -> None:
    cube = ee_image.export_cube(SERIES, AREA, ["u16", "flag"], crs_geometry=UTM_CRS, fill_value=3)
    lazy = ee_xarray.open_cube(SERIES, AREA, ["u16", "flag"], crs_geometry=UTM_CRS, fill_value=3)
    part = ee_xarray.from_xarray(lazy.isel(time=[2, 0], y=slice(4, 5), x=slice(7, 20)))
    np.testing.assert_array_equal(part.values, cube.values[[2, 0], :, 4:5, 7:20])
    assert part.transform == cube.transform * cube.transform.translation(7, 4)
    assert part.attrs["asset_ids"] == [cube.attrs["asset_ids"][k] for k in (2, 0)]
    assert part.attrs["acquisition_dates"] == [cube.attrs["acquisition_dates"][k] for k in (2, 0)]
    assert part.fill_value_default == 3
    coarse = ee_xarray.from_xarray(lazy[0, :, ::2, ::-2])
    assert coarse.transform[:6] == (-20, 0, cube.bounds[2] + 5, 0, -20, cube.bounds[3] + 5)
    with pytest.raises(InvalidInputError, match="not evenly spaced"):
        ee_xarray.from_xarray(lazy.isel(x=[0, 1, 3]))
    with pytest.raises(InvalidInputError, match="got band, y"):
        ee_xarray.from_xarray(lazy[0, :, :, 0])
    with pytest.raises(InvalidInputError, match="no CRS"):
        ee_xarray.from_xarray(lazy.drop_vars("spatial_ref"))


@pytest.mark.parametrize("kind", ["memory", "truncate", "503"])
def test_what_goes_wrong_on_the_way_is_made_good(server: eemulator.Server, kind: str) -> None:
    lazy = ee_xarray.open_cube(SERIES, AREA, BANDS, crs_geometry=UTM_CRS)
    whole = ee_image.export_cube(SERIES, AREA, BANDS, crs_geometry=UTM_CRS).values
    server.faults.clear()
    server.faults.at(1, eemulator.Fault(eemulator.FaultKind(kind)))
    try:
        found = pixels_of(lazy)[1:, :, ::3, [4, 2, 40]]
    finally:
        server.faults.clear()
    np.testing.assert_array_equal(found, whole[1:, :, ::3][..., [4, 2, 40]])


def test_opening_fetches_no_pixel_and_computing_the_very_same(server: eemulator.Server) -> None:
    lazy = ee_xarray.open_cube(SERIES, AREA, BANDS, crs_geometry=UTM_CRS)
    assert server.stats.requests == {"value:compute": 1}
    assert lazy.chunks is not None
    exported = ee_image.export_cube(SERIES, AREA, BANDS, crs_geometry=UTM_CRS)
    xr.testing.assert_identical(lazy.compute(), ee_xarray.to_xarray(exported))


def test_chunks_are_the_plans_tiles_with_all_bands_in_one_request(
    server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geetensor.plan, "TARGET_BYTES", 200_000)
    area = box(0, 0, 250, 250)
    plan = ee_image.plan_cube(SERIES, area, ["u16", "i16", "flag"], crs_geometry=UTM_CRS)
    lazy = ee_xarray.open_cube(SERIES, area, ["u16", "i16", "flag"], crs_geometry=UTM_CRS)
    tiles = {(min(tile.times), len(tile.times), *tile.window) for tile in plan.tiles}
    sizes = [lazy.chunksizes[dim] for dim in ("time", "y", "x")]
    starts = [np.cumsum([0, *size[:-1]]) for size in sizes]
    chunks = {
        (int(t), nt, int(y), int(x), ny, nx)
        for t, nt in zip(starts[0], sizes[0], strict=True)
        for y, ny in zip(starts[1], sizes[1], strict=True)
        for x, nx in zip(starts[2], sizes[2], strict=True)
    }
    assert chunks == tiles
    assert len(chunks) > 4
    assert lazy.chunksizes["band"] == (3,)
    server.reset_stats()
    use_places(OneByOne())
    values = lazy.to_numpy()
    assert requests_for_pixels(server) == len(tiles)
    exported = ee_image.export_cube(SERIES, area, ["u16", "i16", "flag"], crs_geometry=UTM_CRS)
    np.testing.assert_array_equal(values, exported.values)


def test_a_lone_chunk_comes_in_as_many_requests_as_there_are_places(
    server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geetensor.plan, "SMALLEST_BYTES", 10_000)
    lazy = ee_xarray.open_image(
        "TEST/UTM", box(0, 0, 250, 250), ["u16"], crs_geometry=UTM_CRS, chunks={"y": -1, "x": -1}
    )
    exported = lazy.to_numpy()
    assert 8 <= requests_for_pixels(server) <= 18
    use_places(OneByOne())
    server.reset_stats()
    np.testing.assert_array_equal(lazy.to_numpy(), exported)
    assert requests_for_pixels(server) == 1


def test_chunks_of_ones_own(server: eemulator.Server) -> None:
    chunks = {"time": -1, "y": 7, "x": 1000}
    lazy = ee_xarray.open_cube(SERIES, AREA, BANDS, crs_geometry=UTM_CRS, chunks=chunks)
    assert lazy.chunks == ((4,), (3,), (7, 7, 6), (50,))
    exported = ee_image.export_cube(SERIES, AREA, BANDS, crs_geometry=UTM_CRS)
    np.testing.assert_array_equal(lazy.values, exported.values)


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [({"z": 1}, "dimension 'z'"), ({"y": 0}, "above 0"), ({"y": 2.5}, "got 2.5"), (5, "got 5")],
)
def test_bad_chunks_are_refused(server: eemulator.Server, chunks: Any, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        ee_xarray.open_cube(SERIES, AREA, BANDS, crs_geometry=UTM_CRS, chunks=chunks)


def test_bad_arguments_are_refused_on_opening(server: eemulator.Server) -> None:
    with pytest.raises(UnknownBandError, match="no band 'B4'"):
        ee_xarray.open_cube(SERIES, AREA, ["B4"], crs_geometry=UTM_CRS)
    undated = SERIES.assign(acquisition_date=["2024-01-01", "soon", "2024-01-03", "2024-01-04"])
    with pytest.raises(InvalidInputError, match="no date"):
        ee_xarray.open_cube(undated, AREA, BANDS, crs_geometry=UTM_CRS)


def test_a_slice_asks_for_its_own_pixels_only(server: eemulator.Server) -> None:
    lazy = ee_xarray.open_cube(SERIES, AREA, ["u16"], crs_geometry=UTM_CRS)
    part = lazy.isel(time=2, band=0, y=slice(3, 13), x=slice(20, 28))
    server.reset_stats()
    values = part.to_numpy()
    sent = server.stats.bytes_sent
    assert sent < 10 * 8 * 2 + 400  # and the header
    exported = ee_image.export_cube(SERIES, AREA, ["u16"], crs_geometry=UTM_CRS).values
    np.testing.assert_array_equal(values, exported[2, 0, 3:13, 20:28])
    server.reset_stats()
    np.testing.assert_array_equal(lazy[2, 0, 3:13, 20:28:4].values, values[:, ::4])
    assert server.stats.bytes_sent <= sent


INDICES = st.one_of(
    st.integers(-20, 19),
    st.slices(20),
    st.lists(st.integers(-20, 19), max_size=6).map(lambda found: np.array(found, np.intp)),
    st.lists(st.booleans(), min_size=20, max_size=20).map(np.array),
)
"""Along a dimension of 20."""

many_indices = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@many_indices
@given(
    time=st.one_of(st.integers(-4, 3), st.slices(4), st.just(np.array([2, 0, 2]))),
    band=st.one_of(st.integers(-3, 2), st.slices(3), st.just(np.array([2, 0]))),
    y=INDICES,
    x=INDICES,
    fill=st.sampled_from([None, 7]),
    far=st.booleans(),
)
def test_any_index_gives_what_numpy_gives(
    server: eemulator.Server, time: Any, band: Any, y: Any, x: Any, fill: float | None, far: bool
) -> None:
    area = box(30, 40, 20, 20)
    lazy = ee_xarray.open_cube(SERIES, area, BANDS, crs_geometry=UTM_CRS, fill_value=fill)
    exported = ee_image.export_cube(SERIES, area, BANDS, crs_geometry=UTM_CRS, fill_value=fill)
    expected = exported.values
    for axis, index in ((3, x), (2, y), (1, band), (0, time)):
        expected = expected[(slice(None),) * axis + (index,)]
    with pytest.MonkeyPatch.context() as patch:
        if far:  # whatever is left out is worth a request of its own
            patch.setattr(selection, "SMALLEST_SIDE", 1)
            patch.setattr(selection, "SMALLEST_BYTES", 1)
        found = pixels_of(lazy)[time, band, y, x]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("index", [20, -21, np.array([3, 20]), np.zeros((2, 2), int), 1.5])
def test_what_is_not_there_is_no_index(server: eemulator.Server, index: Any) -> None:
    lazy = ee_xarray.open_cube(SERIES, box(0, 0, 20, 20), ["u8"], crs_geometry=UTM_CRS)
    pixels = pixels_of(lazy)
    server.reset_stats()
    with pytest.raises((IndexError, TypeError)):
        pixels[0, 0, index]
    with pytest.raises(IndexError, match="5 indices of 4 dimensions"):
        pixels[0, 0, 0, 0, 0]
    assert not server.stats.requests


def test_far_apart_rows_and_columns_are_requests_of_their_own() -> None:
    def windows(rows: Any, cols: Any, each: int) -> list[tuple[int, ...]]:
        one = np.array([0])
        found = selection.Selection(one, one, np.array(rows), np.array(cols)).windows(each)
        return [tuple(window) for window in found]

    assert windows([3, 900], range(10), 3) == [(3, 0, 898, 10)]  # 27 kB too much
    assert windows([3, 900], range(1000), 3) == [(3, 0, 1, 1000), (900, 0, 1, 1000)]
    assert windows([3, 200], range(10**6), 3) == [(3, 0, 198, 10**6)]  # the service's own block
    assert windows([0, 5000], [0, 5000], 8) == [
        (0, 0, 1, 1), (0, 5000, 1, 1), (5000, 0, 1, 1), (5000, 5000, 1, 1),
    ]  # fmt: skip


def test_what_the_area_does_not_touch_is_fill_in_any_part(server: eemulator.Server) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("geetensor.coverage.BLOCK", 64)
        lazy = ee_xarray.open_image("TEST/UTM", L_SHAPE, ["i32"], crs_geometry=UTM_CRS)
        exported = ee_image.export_image("TEST/UTM", L_SHAPE, ["i32"], crs_geometry=UTM_CRS)
    assert (exported.values[0, -60:, -60:] == 0).all()
    np.testing.assert_array_equal(lazy.values, exported.values)
    server.reset_stats()
    assert (lazy[0, -40:, -50:].values == 0).all()
    assert not server.stats.requests
    np.testing.assert_array_equal(lazy[0, ::3, ::-7].values, exported.values[0, ::3, ::-7])


def test_an_array_is_pickled_without_credentials(server: eemulator.Server) -> None:
    lazy = ee_xarray.open_cube(SERIES, AREA, BANDS, crs_geometry=UTM_CRS)
    again = pickle.loads(pickle.dumps(lazy))  # noqa: S301 - just made
    xr.testing.assert_identical(again.compute(), lazy.compute())


def test_scenes_of_other_types_and_grids(server: eemulator.Server) -> None:
    query = table("TEST/UTM", "TEST/COARSE", "TEST/LONLAT")
    how: Any = {"bands": ["i32", "f32"], "scale": 10, "crs_geometry": UTM_CRS, "fill_value": -1}
    lazy = ee_xarray.open_cube(query, AREA, **how)
    exported = ee_image.export_cube(query, AREA, **how)
    assert lazy.dtype == np.float64
    np.testing.assert_array_equal(lazy.values, exported.values)
    one = ee_xarray.open_image("TEST/UTM", AREA, [*DTYPES], crs_geometry=UTM_CRS, dtype="f8")
    whole = ee_image.export_image("TEST/UTM", AREA, [*DTYPES], crs_geometry=UTM_CRS, dtype="f8")
    np.testing.assert_array_equal(one.values, whole.values)


@pytest.mark.parametrize("fill", [0, math.nan])
def test_a_cube_is_written_by_xarray_and_read_as_it_was(
    server: eemulator.Server, tmp_path: Path, fill: float
) -> None:
    bands, dtype = (["u16"], None) if fill == 0 else (["f32", "u8"], "float32")
    lazy = ee_xarray.open_cube(
        SERIES, AREA, bands, crs_geometry=UTM_CRS, dtype=dtype, chunks={"time": 1, "y": 10}
    )
    lazy.to_dataset().to_zarr(tmp_path / "cube.zarr", consolidated=False)
    again = xr.open_zarr(tmp_path / "cube.zarr", consolidated=False)["pixels"]
    assert again.dtype == lazy.dtype
    np.testing.assert_array_equal(again.values, lazy.values)
    assert again.time.identical(lazy.time)
    assert again.rio.crs == lazy.rio.crs
    assert again.rio.transform() == lazy.rio.transform()
    assert again.asset_id.values.tolist() == list(SERIES["asset_id"])
