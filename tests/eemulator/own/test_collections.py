"""Folders, Zarr groups and lists of files as image collections, as queries see them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ee
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import rioxarray  # noqa: F401 - xarray's `rio`
import shapely
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import eemulator
from eemulator.catalog.own.errors import Refused
from eemulator.catalog.own.filenames import NamePattern
from geetensor import ee_image, ee_query
from tests.eemulator.own.files import CRS, ORIGIN, numbers, whole, write
from tests.eemulator.wire import grid, info, pixels
from tests.geetensor.conftest import sign_in

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.eemulator.own.conftest import Serve

SHAPE = (30, 40)
DAY = 86_400_000
MAY = 1_714_521_600_000
"""2024-05-01, milliseconds."""

AREA = shapely.box(44.055, -18.0885, 44.057, -18.0870)
"""Within every file that `write` makes."""


def catalog(folder: Path, text: str) -> Path:
    path = folder / "catalog.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def indices(collection: Any) -> list[str]:
    found: list[str] = info(collection.aggregate_array("system:index"))
    return found


@pytest.fixture
def scenes(serve: Serve, tmp_path: Path) -> dict[str, Any]:
    """Two places on three days, a file a band; what is in the files, by index and band."""
    stored: dict[str, Any] = {}
    for place, east in (("A", 0.0), ("B", 10_000.0)):
        for day in (1, 2, 3):
            bands = numbers((2, *SHAPE), np.uint16, seed=day + int(east))
            stored[f"{place}_2024050{day}_cc{day * 10}"] = bands
            for name, band in zip(("B4", "B8"), bands, strict=True):
                write(
                    tmp_path / f"scenes/{place}/{place}_2024050{day}_cc{day * 10}_{name}.tif",
                    band[None],
                    origin=(ORIGIN[0] + east, ORIGIN[1]),
                    nodata=7,
                )
    serve(
        catalog(
            tmp_path,
            """
collections:
  projects/farm/assets/scenes:
    files: scenes/**/*.tif
    name: "{tile}_{start:%Y%m%d}_cc{CLOUD_COVER:d}_{band}.tif"
    bands:
      - {name: nir, from: B8}
      - {name: red, from: B4, pyramiding: SAMPLE}
    properties: {title: Scenes}
    image_properties: {sensor: ours, scale: 0.5}
""",
        )
    )
    return stored


NAME = "projects/farm/assets/scenes"


@pytest.mark.usefixtures("scenes")
def test_queries() -> None:
    images = ee.ImageCollection(NAME)
    here = ee.Geometry.Point([44.055, -18.088])
    assert info(images.size()) == 6
    assert indices(images) == sorted(indices(images))
    assert indices(images.filterDate("2024-05-02", "2024-05-03")) == [
        "A_20240502_cc20",
        "B_20240502_cc20",
    ]
    assert indices(images.filterBounds(here)) == [f"A_2024050{d}_cc{d}0" for d in (1, 2, 3)]
    low = images.filter(ee.Filter.lt("CLOUD_COVER", 25)).filter(ee.Filter.eq("tile", "B"))
    assert indices(low) == ["B_20240501_cc10", "B_20240502_cc20"]
    assert info(images.aggregate_mean("CLOUD_COVER")) == 20
    assert info(images.aggregate_array("system:time_start").distinct().sort()) == [
        MAY + day * DAY for day in range(3)
    ]
    assert info(images.get("title")) == "Scenes"
    asset: Any = ee.data.getAsset(NAME)
    assert (asset["type"], asset["properties"]) == ("IMAGE_COLLECTION", {"title": "Scenes"})
    every: Any = ee.data.listImages(NAME)
    assert asset["updateTime"] == max(image["updateTime"] for image in every["images"])
    listed: Any = ee.data.listImages(
        {
            "parent": NAME,
            "startTime": "2024-05-02T00:00:00Z",
            "endTime": "2024-05-03T00:00:00Z",
            "region": {"type": "Point", "coordinates": [44.055, -18.088]},
            "filter": "properties.CLOUD_COVER<30",
        }
    )
    [image] = listed["images"]
    assert image["id"] == f"{NAME}/A_20240502_cc20"
    assert image["properties"] == {
        "tile": "A",
        "CLOUD_COVER": 20,
        "sensor": "ours",
        "scale": 0.5,
    }
    assert [(b["id"], b["pyramidingPolicy"]) for b in image["bands"]] == [
        ("nir", "MEAN"),
        ("red", "SAMPLE"),
    ]


def test_pixels_of_a_collection(scenes: dict[str, Any]) -> None:
    for index in ("A_20240501_cc10", "A_20240503_cc30"):
        found = whole(f"{NAME}/{index}", *SHAPE)
        assert found.dtype.names == ("nir", "red")
        for name, stored in zip(("red", "nir"), scenes[index], strict=True):
            np.testing.assert_array_equal(found[name], np.where(stored == 7, 0, stored))
    images = ee.ImageCollection(NAME).filterDate("2024-05-01", "2024-05-03")
    found = whole(images.filterBounds(ee.Geometry.Point([44.055, -18.088])).max(), *SHAPE)
    both = np.maximum(*(np.where(s == 7, 0, s) for s in list(scenes.values())[:2]))
    np.testing.assert_array_equal(found["red"], both[0])


@pytest.mark.usefixtures("scenes")
def test_the_client_exports_it(scenes: dict[str, Any]) -> None:
    table = ee_query.query_collection(NAME, AREA, "2024-05-01", "2024-05-31")
    assert len(table) == 3
    cube = ee_image.export_cube(table, AREA, ["red"], transform=_transform(), crs=CRS)
    rows, cols = _window(cube)
    for image, index in zip(cube.values, [f"A_2024050{d}_cc{d}0" for d in (1, 2, 3)], strict=True):
        stored = np.where(scenes[index][0] == 7, 0, scenes[index][0])
        np.testing.assert_array_equal(image[0], stored[rows, cols])


def _transform() -> rasterio.Affine:
    return rasterio.Affine(10, 0, ORIGIN[0], 0, -10, ORIGIN[1])


def _window(cube: Any) -> tuple[slice, slice]:
    """Where an export lies in the files."""
    col, row = ~_transform() * (cube.transform.c, cube.transform.f)
    top, left = round(row), round(col)
    return slice(top, top + cube.shape[-2]), slice(left, left + cube.shape[-1])


def test_dates_without_a_pattern(serve: Serve, tmp_path: Path) -> None:
    values = numbers((1, *SHAPE), np.uint8)
    for name in ("tagged", "beside", "undated", "odd name (1)"):
        write(
            tmp_path / f"files/{name}.tif",
            values,
            tags={"TIFFTAG_DATETIME": "2024:05:01 10:00:00"} if name != "undated" else {},
        )
    area = shapely.geometry.mapping(shapely.box(44, -19, 45, -18))
    item = {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": "beside",
        "geometry": area,
        "properties": {
            "datetime": None,
            "start_datetime": "2024-05-02T00:00:00Z",
            "end_datetime": "2024-05-02T00:00:01.5Z",
            "eo:cloud_cover": 12.5,
            "flag": True,
            "nothing": None,
            "nested": {"a": 1},
            "list": [1, "a"],
        },
    }
    (tmp_path / "files/beside.json").write_text(json.dumps(item), encoding="utf-8")
    (tmp_path / "files/tagged.json").write_text('{"type": "no item"}', encoding="utf-8")
    serve(catalog(tmp_path, 'collections: {own/files: {files: ["files/*.tif"]}}'))
    told = {one["properties"]["system:index"]: one for one in info(images("own/files"))["features"]}
    assert list(told) == ["beside", "odd_name_1", "tagged", "undated"]
    assert told["tagged"]["properties"]["system:time_start"] == MAY + 36_000_000
    assert "system:time_start" not in told["undated"]["properties"]
    properties = told["beside"]["properties"]
    ring = shapely.geometry.shape(properties.pop("system:footprint"))
    assert shapely.Polygon(ring.coords).equals(shapely.geometry.shape(area))
    assert properties == {
        "system:index": "beside",
        "system:time_start": MAY + DAY,
        "system:time_end": MAY + DAY + 1_500,
        "eo:cloud_cover": 12.5,
        "flag": 1,
        "list": [1, "a"],
    }


def images(name: str) -> Any:
    return ee.ImageCollection(name)


def test_images_that_are_listed(serve: Serve, tmp_path: Path) -> None:
    write(tmp_path / "one.tif", numbers((1, *SHAPE), np.uint8, 1))
    write(tmp_path / "two.tif", numbers((2, *SHAPE), np.float32, 2))
    serve(
        catalog(
            tmp_path,
            """
collections:
  own/listed:
    image_properties: {place: here}
    images:
      b: {file: one.tif, start: 2024-05-01, bands: [first]}
      a: {file: two.tif, start: 1714608000000, properties: {place: there}}
""",
        ),
        built_in=True,
    )
    assert indices(images("own/listed")) == ["a", "b"]
    assert info(images("own/listed").aggregate_array("place")) == ["there", "here"]
    assert info(images("own/listed").aggregate_array("system:time_start")) == [MAY + DAY, MAY]
    found = whole("own/listed/b", *SHAPE)["first"]
    np.testing.assert_array_equal(found, numbers((1, *SHAPE), np.uint8, 1)[0])
    assert info(images("EEMULATOR/ARCHIVE").size()) == 50_000


SOURCE = """
collections:
  own/source: {files: "*.tif", name: "s{start:%Y%m%d}.tif"}
"""


AGAIN = """
collections:
  own/zarr: {zarr: cube.zarr}
  own/files: {files: cube/*.tif}
"""


@settings(max_examples=6)
@given(
    values=st.sampled_from(["uint8", "int16", "uint16", "int32", "float32", "float64"]).flatmap(
        lambda kind: arrays.arrays(
            kind,
            (2, 2, 5, 6),
            elements=st.integers(0, 3)
            if kind[0] != "f"
            else st.sampled_from([0.0, -0.0, 1.5, -2.5e-3, np.inf, np.nan]),
        )
    )
)
def test_what_the_client_wrote_is_a_collection_again(
    values: NDArray[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Values and masks come back as they were, whichever format they went through."""
    folder = tmp_path_factory.mktemp("trip")
    is_float = values.dtype.kind == "f"
    fill = np.nan if is_float else 3
    for day, image in enumerate(values, start=1):
        write(folder / f"s2024050{day}.tif", image, names=("red", "nir"), nodata=fill)
    area = shapely.box(ORIGIN[0], ORIGIN[1] - 50, ORIGIN[0] + 60, ORIGIN[1])
    more: Any = {"crs_geometry": CRS, "fill_value": fill}
    limits = eemulator.Limits(requests_per_second=None)
    cubes = []
    with pytest.MonkeyPatch.context() as patched:
        own = eemulator.load_catalog(catalog(folder, SOURCE))
        with eemulator.running(own, limits) as server:
            sign_in(server, patched)
            source = _table("own/source")
            cubes.append(ee_image.export_cube(source, area, return_mask=True, **more))
            for to in ("cube.zarr", "cube/"):
                ee_image.export_cube(source, area, to=f"{folder}/{to}", **more)
        own = eemulator.load_catalog(catalog(folder, AGAIN))
        with eemulator.running(own, limits) as server:
            sign_in(server, patched)
            for name in ("own/zarr", "own/files"):
                times = images(name).aggregate_array("system:time_start")
                assert info(times) == [MAY, MAY + DAY]
                table = _table(name)
                cubes.append(ee_image.export_cube(table, area, return_mask=True, **more))
    masked = np.isnan(values) if is_float else values == 3
    expected = np.where(masked, values.dtype.type(fill), values)
    for cube, mask in cubes:
        np.testing.assert_array_equal(mask.values, ~masked)
        assert cube.values.dtype == values.dtype
        assert cube.values.tobytes() == expected.tobytes()


def _table(name: str) -> gpd.GeoDataFrame:
    days = pd.to_datetime(["2024-05-01", "2024-05-02"], utc=True)
    ids = [f"{name}/s{day:%Y%m%d}" for day in days]
    return gpd.GeoDataFrame(
        {"asset_id": ids, "acquisition_date": days}, geometry=[AREA, AREA], crs="EPSG:4326"
    )


def test_zarr_of_others(serve: Serve, tmp_path: Path) -> None:
    """As xarray and rioxarray write it: an array a band, an image without dates, latitudes."""
    height, width = SHAPE
    x, y = 44 + (np.arange(width) + 0.5) / 100, -18 - (np.arange(height) + 0.5) / 100
    times = pd.to_datetime(["2024-05-01T00:00", "2024-05-02T12:00"])
    red, qa = numbers((2, *SHAPE), np.int16), numbers((2, *SHAPE), np.uint8)
    group = xarray.Dataset(
        {
            "red": (("time", "lat", "lon"), red, {"_FillValue": np.int16(red[0, 0, 0])}),
            "qa": (("time", "lat", "lon"), qa),
            "count": (("time",), [1, 2]),
        },
        {"time": times, "lat": y, "lon": x},
    )
    for version in (2, 3):
        group.to_zarr(tmp_path / f"v{version}.zarr", zarr_format=version, consolidated=version == 2)
    still = xarray.Dataset({"dem": (("y", "x"), red[0].astype(np.float32))}, {"y": y, "x": x})
    still.rio.write_crs("EPSG:4326").to_zarr(tmp_path / "dem.zarr", consolidated=False)
    serve(
        catalog(
            tmp_path,
            """
images:
  own/dem: {zarr: dem.zarr, bands: [{name: elevation, from: dem, nodata: none}]}
collections:
  own/v2: {zarr: v2.zarr, crs: "EPSG:4326"}
  own/v3: {zarr: v3.zarr, crs: "EPSG:4326", mask: {from: qa}}
""",
        )
    )
    for version in (2, 3):
        assert indices(images(f"own/v{version}")) == ["20240501T000000", "20240502T120000"]
    for number, index in enumerate(["20240501T000000", "20240502T120000"]):
        found = _lonlat(f"own/v2/{index}")
        expected = np.where(red[number] == red[0, 0, 0], 0, red[number])
        np.testing.assert_array_equal(found["red"], expected)
        np.testing.assert_array_equal(found["qa"], qa[number])
        found = _lonlat(f"own/v3/{index}")
        assert found.dtype.names == ("red",)
        np.testing.assert_array_equal(found["red"], np.where(qa[number] != 0, expected, 0))
    np.testing.assert_array_equal(_lonlat("own/dem")["elevation"], red[0].astype(np.float32))


def _lonlat(asset_id: str) -> NDArray[Any]:
    return pixels(asset_id, grid("EPSG:4326", (0.01, 0, 44, 0, -0.01, -18), *SHAPE[::-1]))


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("{start:%Y-%m-%d}.tif", "2024-05-01.tif", ("2024-05-01", None, MAY, {})),
        ("{start:%Y%j}_{index}.tif", "2024122_a b.tif", ("a_b", None, MAY, {})),
        ("{_}_{start:%Y%m%d}_{band}.tif", "x_y_20240501_B8A.tif", ("x_y_20240501", "B8A", MAY, {})),
        ("{band}-{n:d}.{x:f}.tif", "B1-12.5.tif", ("12_5", "B1", None, {"n": 12, "x": 5.0})),
        ("{tile}/{start:%Y%m}.tif", "T1/202405.tif", ("T1_202405", None, MAY, {"tile": "T1"})),
        ("a({x}).tif", "a(1).tif", ("a_1", None, None, {"x": "1"})),
    ],
)
def test_names_of_files(pattern: str, name: str, expected: Any, tmp_path: Path) -> None:
    found = NamePattern(pattern).read(tmp_path / name)
    assert (found.index, found.band, found.start, dict(found.properties)) == expected


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{start}.tif", "write for example {start:%Y%m%d}"),
        ("{end:%Q}.tif", "is no date"),
        ("{a}{a}.tif", "is twice"),
        ("{a:x}.tif", "only `d` and `f`"),
        ("{band:d}.tif", "only `d` and `f`"),
        ("{0}.tif", "is no name"),
        ("{a!r}.tif", "is no name"),
        ("{a.tif", "cannot be read"),
    ],
)
def test_patterns_that_mean_nothing(pattern: str, message: str) -> None:
    with pytest.raises(Refused) as refused:
        NamePattern(pattern)
    assert message in str(refused.value)
    assert refused.value.keys == ("name",)
