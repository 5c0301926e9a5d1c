"""Tables that have been to a file: as they were, and still good for an export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from geetensor import ee_image, ee_query, ee_scenes
from geetensor.errors import InvalidInputError
from tests.eemulator.synthetic import UTM
from tests.geetensor.oracle import assert_exact
from tests.geetensor.scene_tables import many, table

if TYPE_CHECKING:
    from pathlib import Path

    import eemulator

HERE = (44.06, -18.10, 44.07, -18.09)
"""Inside of every scene of the series."""


@pytest.fixture
def scenes(server: eemulator.Server) -> gpd.GeoDataFrame:
    """Two real rows of the emulator's."""
    return ee_query.query_collection("TEST/SERIES", HERE, "2024-01-01", "2024-01-02")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "scenes.parquet"


def assert_exports(scenes: gpd.GeoDataFrame) -> None:
    cube = ee_image.export_cube(scenes, HERE, ["u16"])
    for image, k in zip(cube, (10, 11), strict=True):
        assert_exact(image, ["u16"], k, UTM)


def test_geoparquet_as_geopandas_writes_it(scenes: gpd.GeoDataFrame, path: Path) -> None:
    scenes.to_parquet(path)
    read = gpd.read_parquet(path)
    assert_exports(read)
    assert read.drop(columns=["transform", "shape"]).equals(
        scenes.drop(columns=["transform", "shape"])
    )
    assert_geodataframe_equal(ee_scenes.read_scenes(path), scenes)
    assert_exports(ee_scenes.read_scenes(path))


def with_cells() -> gpd.GeoDataFrame:
    """As the rows of cells are, with a column before the others."""
    rows = table()
    rows.insert(0, "cell", [f"c{index}" for index in rows.index])
    return rows


@pytest.mark.parametrize(
    "rows", [table(), table()[:0], many(3), table().iloc[[4, 1]], with_cells()]
)
def test_geoparquet_keeps_every_table(rows: gpd.GeoDataFrame, path: Path) -> None:
    rows.to_parquet(path)
    read = ee_scenes.read_scenes(path)
    assert_geodataframe_equal(read, rows)
    assert isinstance(read["transform"].iloc[0] if len(rows) else (), (tuple, type(None)))


def test_a_part_of_a_table_becomes_a_whole_one(path: Path) -> None:
    part = table()[["geometry", "asset_id"]].rename_geometry("place").to_crs("EPSG:3857")[:3]
    part.to_parquet(path)
    read = ee_scenes.read_scenes(path)
    assert {name: str(dtype) for name, dtype in read.dtypes.items()} == {
        **ee_query.COLUMNS,
        "geometry": "geometry",
    }
    assert read.crs == "EPSG:4326"
    assert read.geometry.geom_equals_exact(table().geometry[:3], 1e-9).all()


def test_what_is_not_a_table_of_scenes(path: Path) -> None:
    many(2).assign(cloud_cover="high").to_parquet(path)
    with pytest.raises(InvalidInputError, match="column cloud_cover of scenes is not float64"):
        ee_scenes.read_scenes(path)
    many(2).assign(asset_id=[None, "A/B"]).to_parquet(path)
    with pytest.raises(InvalidInputError, match="asset_id is no text"):
        ee_scenes.read_scenes(path)


def test_stac_geoparquet(scenes: gpd.GeoDataFrame, path: Path) -> None:
    ee_scenes.write_stac_geoparquet(scenes, path)
    read = ee_scenes.read_stac_geoparquet(path)
    assert_geodataframe_equal(read, scenes)
    assert_exports(read)
    as_others_read_it = gpd.read_parquet(path)
    assert as_others_read_it.crs == "EPSG:4326"
    assert {"id", "datetime", "assets", "proj:code"} <= set(as_others_read_it.columns)
    assert as_others_read_it.geometry.geom_equals(scenes.geometry).all()


def test_stac_geoparquet_of_several_sensors(path: Path) -> None:
    rows = table(0, 1, 2, 3, 4)
    ee_scenes.write_stac_geoparquet(rows, path)
    expected = rows.copy()
    expected.loc[2, "cloud_cover"] = np.nan  # -1 is no percentage
    assert_geodataframe_equal(ee_scenes.read_stac_geoparquet(path), expected, check_like=True)


def test_what_stac_geoparquet_cannot_hold(path: Path) -> None:
    with pytest.raises(InvalidInputError, match="scenes has no rows"):
        ee_scenes.write_stac_geoparquet(table()[:0], path)
    with pytest.raises(InvalidInputError, match="field has no footprint"):
        ee_scenes.write_stac_geoparquet(table(), path)
    assert not path.exists()


def test_a_catalogue() -> None:
    catalog = ee_scenes.to_geocatalog(table())
    index = catalog.index
    assert isinstance(index, pd.IntervalIndex)
    assert (index.name, index.closed) == ("datetime", "both")
    assert list(catalog["filepath"]) == [f"ee://{name}" for name in table()["asset_id"]]
    assert list(catalog["crs"]) == list(table()["crs"])
    assert catalog.crs == "EPSG:4326"
    assert index[0].left == index[0].right == pd.Timestamp("2024-01-02T07:03:13.997")
    assert index[2].left == index[2].right
    assert index[4] == pd.Interval(pd.Timestamp("2024-01-06"), pd.Timestamp("2024-01-07"), "both")
    times: Any = index  # pandas-stubs does not know all of it
    noon = pd.Timestamp("2024-01-06T12:00")
    assert list(catalog[times.contains(noon)]["satellite"]) == ["Terra"]


def test_a_scene_without_a_time_is_there_always() -> None:
    rows = many(2).assign(acquisition_date=pd.NaT)
    catalog = ee_scenes.to_geocatalog(rows)
    index: Any = catalog.index
    assert index.contains(pd.Timestamp("2000-02-29")).all()
    assert [str(end.date()) for end in (index[0].left, index[0].right)] == [
        "1900-01-01",
        "2100-01-01",
    ]
    assert ee_scenes.from_geocatalog(catalog)["acquisition_date"].isna().all()


@pytest.mark.parametrize(
    "rows", [table(), table()[:0], table().iloc[[4, 1]], many(2), with_cells()]
)
def test_a_catalogue_keeps_every_table(rows: gpd.GeoDataFrame, path: Path) -> None:
    catalog = ee_scenes.to_geocatalog(rows)
    catalog.to_parquet(path)
    read = ee_scenes.read_geocatalog(path)
    assert_geodataframe_equal(read, catalog)
    assert read.index.equals(catalog.index)
    assert read.index.dtype == catalog.index.dtype
    assert_geodataframe_equal(ee_scenes.from_geocatalog(read), rows.reset_index(drop=True))


def test_a_catalogue_that_geotoolz_wrote(path: Path) -> None:
    catalog = ee_scenes.to_geocatalog(table())
    index: Any = catalog.index
    # As geotoolz's `to_geoparquet` does.
    written = catalog.assign(start_time=index.left, end_time=index.right).reset_index(drop=True)
    written.assign(_backend="raster", _schema_version=0).to_parquet(path, write_covering_bbox=True)
    read = ee_scenes.read_geocatalog(path)
    assert_geodataframe_equal(read, catalog)
    assert read.index.equals(catalog.index)
    assert_geodataframe_equal(ee_scenes.from_geocatalog(read), table())


def test_a_catalogue_is_exported(scenes: gpd.GeoDataFrame, path: Path) -> None:
    ee_scenes.to_geocatalog(scenes).to_parquet(path)
    assert_exports(ee_scenes.read_geocatalog(path))
    assert_exports(ee_scenes.from_geocatalog(ee_scenes.read_geocatalog(path)))


def test_a_catalogue_of_files(path: Path) -> None:
    index = pd.IntervalIndex.from_tuples(
        [(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-02"))], closed="both", name="datetime"
    )
    files = gpd.GeoDataFrame(
        {"filepath": ["a.tif"], "crs": ["EPSG:32738"]},
        geometry=[shapely.box(0, 0, 1, 1)],
        crs="EPSG:4326",
        index=index,
    )
    files.to_parquet(path)
    assert_geodataframe_equal(ee_scenes.read_geocatalog(path), files)
    with pytest.raises(InvalidInputError, match="a.tif is not in Earth Engine"):
        ee_scenes.from_geocatalog(files)


def test_what_is_not_a_catalogue(path: Path) -> None:
    table().to_parquet(path)
    with pytest.raises(InvalidInputError, match="no catalogue"):
        ee_scenes.read_geocatalog(path)
    with pytest.raises(InvalidInputError, match="Not a catalogue"):
        ee_scenes.from_geocatalog(table())
    backwards = many(1).assign(end_date=pd.Timestamp("2020-01-01", tz="UTC"))
    with pytest.raises(InvalidInputError, match="end_date before its acquisition_date"):
        ee_scenes.to_geocatalog(backwards)


@pytest.mark.parametrize("column", [None, "cloud_cover", "satellite"])
def test_an_interactive_map(path: Path, column: Any) -> None:
    rows = table(0, 1, 2, 3, 4)
    rows.to_parquet(path)
    for scenes in (rows, ee_scenes.read_scenes(path)):
        html = scenes.explore(column).get_root().render()
        assert "LC08_224078_20200518" in html
        assert "699960.0" in html
