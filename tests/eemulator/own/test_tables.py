"""Tables of one's own as feature collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

import eemulator
from tests.eemulator.own.files import CRS
from tests.eemulator.wire import info

if TYPE_CHECKING:
    from pathlib import Path

    from tests.eemulator.own.conftest import Serve


def catalog(folder: Path, text: str) -> Path:
    path = folder / "catalog.yaml"
    path.write_text(text, encoding="utf-8")
    return path


FIELDS = gpd.GeoDataFrame(
    {
        "name": ["north", "south", None],
        "hectares": [1.5, np.nan, 3.0],
        "number": [1, 2, 3],
        "organic": [True, False, True],
        "sown": [pd.Timestamp(day, tz="UTC") for day in ("2024-05-01", "2024-05-02", "NaT")],
    },
    geometry=[shapely.box(44.0, -18.1, 44.1, -18.0), shapely.Point(44.2, -18.2), None],
    crs="EPSG:4326",
)

EXPECTED: list[dict[str, Any]] = [
    {"name": "north", "hectares": 1.5, "number": 1, "organic": 1, "sown": 1_714_521_600_000},
    {"name": "south", "number": 2, "organic": 0, "sown": 1_714_608_000_000},
    {"hectares": 3, "number": 3, "organic": 1},
]


@pytest.mark.parametrize(
    ("name", "frame", "more"),
    [
        ("fields.geojson", FIELDS, ""),
        ("fields.gpkg", FIELDS.to_crs(CRS), ", layer: fields"),
        ("fields.fgb", FIELDS.iloc[:2], ""),
    ],
)
def test_features(
    serve: Serve, tmp_path: Path, name: str, frame: gpd.GeoDataFrame, more: str
) -> None:
    frame.to_file(tmp_path / name)
    text = f"tables: {{own/fields: {{file: {name}{more}, properties: {{crop: rice}}}}}}"
    serve(catalog(tmp_path, text))
    fields = ee.FeatureCollection("own/fields")
    told = {one["properties"]["number"]: one for one in info(fields)["features"]}
    assert len({one["id"] for one in told.values()}) == len(frame)
    assert min(one["id"] for one in told.values()) == "0" * 20
    for number, expected in enumerate(EXPECTED[: len(frame)], start=1):
        assert told[number]["properties"] == expected
    shape = shapely.geometry.shape(told[1]["geometry"])
    assert shape.symmetric_difference(FIELDS.geometry[0]).area < 1e-9
    assert len(frame) < 3 or told[3]["geometry"] is None
    assert info(fields.get("crop")) == "rice"
    assert info(fields.filter(ee.Filter.gt("number", 1)).size()) == len(frame) - 1
    here = fields.filterBounds(ee.Geometry.Point([44.05, -18.05]))
    assert info(here.aggregate_array("name")) == ["north"]
    asset: Any = ee.data.getAsset("own/fields")
    assert (asset["type"], asset["properties"]) == ("TABLE", {"crop": "rice"})
    page: Any = ee.data.computeFeatures({"expression": fields.filter(ee.Filter.eq("number", 2))})
    assert page["features"][0]["properties"]["name"] == "south"
    with pytest.raises(ee.EEException, match="is not an Image"):
        ee.Image("own/fields").getInfo()
    with pytest.raises(ee.EEException, match="is not an ImageCollection"):
        ee.ImageCollection("own/fields").size().getInfo()
    with pytest.raises(ee.EEException, match="is not a folder or a collection"):
        ee.data.listAssets("projects/earthengine-public/assets/own/fields")


def test_a_csv(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "degrees.csv").write_text("longitude,latitude,a,b\n44.5,-18.5,1,x\n44.6,-18,2,\n")
    (tmp_path / "metres.csv").write_text("e,n,a\n500000,8000000,1\n,,2\n")
    serve(
        catalog(
            tmp_path,
            """
tables:
  own/degrees: {file: degrees.csv}
  own/metres: {file: metres.csv, x: e, y: n, crs: "EPSG:32738"}
""",
        )
    )
    first, second = info(ee.FeatureCollection("own/degrees"))["features"]
    assert first["geometry"] == {"type": "Point", "coordinates": [44.5, -18.5]}
    assert [first["properties"], second["properties"]] == [{"a": 1, "b": "x"}, {"a": 2}]
    first, second = info(ee.FeatureCollection("own/metres"))["features"]
    np.testing.assert_allclose(
        first["geometry"]["coordinates"],
        pyproj.Transformer.from_crs(CRS, 4326, always_xy=True).transform(500_000, 8_000_000),
        atol=1e-9,
    )
    assert second["geometry"] is None


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{file: gone.geojson}", "there is no file"),
        ("{file: text.geojson}", "is no table that can be read"),
        ("{file: two.gpkg}", "two.gpkg has the layers one, two: say which"),
        ("{file: two.gpkg, layer: three}", "has only the layers one, two"),
        ("{file: virtual.vrt}", "of the format OGR_VRT"),
        ("{file: plain.csv}", "has no column 'longitude': say which has it in `x`"),
        ("{file: plain.csv, x: a, y: c}", "the column 'a' of plain.csv is not one of numbers"),
        ("{file: plain.csv, x: b, y: c, crs: nowhere}", "the CRS cannot be parsed"),
        ("{file: empty.csv}", "is no CSV that can be read"),
        ("{file: far.gpkg}", "feature 2 has no place in longitude and latitude"),
        ("{layer: a}", "the key `file` is missing"),
    ],
)
def test_what_is_refused(tmp_path: Path, entry: str, message: str) -> None:
    for layer in ("one", "two"):
        FIELDS.iloc[:2].to_file(tmp_path / "two.gpkg", layer=layer)
    far = gpd.GeoSeries([shapely.Point(1, 2), shapely.Point(1e30, 1e30)], crs="EPSG:32738")
    far.to_frame("geometry").to_file(tmp_path / "far.gpkg")
    (tmp_path / "text.geojson").write_text("no features")
    (tmp_path / "plain.csv").write_text("a,b,c\nx,1,2\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "virtual.vrt").write_text(
        '<OGRVRTDataSource><OGRVRTLayer name="one">'
        f"<SrcDataSource>{tmp_path}/two.gpkg</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    )
    path = catalog(tmp_path, f"tables:\n  own/t: {entry}")
    with pytest.raises(eemulator.CatalogError) as refused:
        eemulator.load_catalog(path)
    assert str(refused.value).startswith(f"{path}:2: tables / own/t")
    assert message in str(refused.value)
