"""STAC: valid by pystac's own validation, and back without loss."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pystac
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from pystac.validation import JsonSchemaSTACValidator, RegisteredValidator

from geetensor import ee_image, ee_query, ee_scenes
from geetensor.bridges import stac
from geetensor.bridges.extent import around, geojson_bbox
from geetensor.errors import InvalidInputError, MissingPackageError
from tests.geetensor.scene_tables import FIJI, MODIS_TRANSFORM, S2_INDEX, many, table

if TYPE_CHECKING:
    import geopandas as gpd

    import eemulator

SCHEMAS = Path(__file__).parent / "stac_schemas"


class NoNetwork(pystac.stac_io.DefaultStacIO):
    """Reads files only."""

    def read_text_from_href(self, href: str) -> str:
        assert "://" not in href, f"a test would fetch {href}"
        return super().read_text_from_href(href)


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """pystac's own validator, which finds the extensions' schemas here."""
    monkeypatch.setattr(pystac.StacIO, "_default_io", NoNetwork)
    validator = JsonSchemaSTACValidator()
    for path in SCHEMAS.glob("*.json"):
        name, _, version = path.stem.rpartition("-")
        uri = f"https://stac-extensions.github.io/{name}/{version}/schema.json"
        validator.schema_cache[uri] = pystac.StacIO.default().read_json(str(path))
    monkeypatch.setattr(RegisteredValidator, "_validator", validator)


def item(row: int, scenes: gpd.GeoDataFrame | None = None) -> pystac.Item:
    return ee_scenes.to_stac(table() if scenes is None else scenes)[row]


def test_every_item_is_valid_with_all_its_extensions() -> None:
    items = ee_scenes.to_stac(table())
    assert len(items) == len(table())
    for one in items:
        validated = one.validate()
        assert validated[0].endswith("/v1.1.0/item-spec/json-schema/item.json")
        assert validated[1:] == one.stac_extensions
    used = {uri for one in items for uri in one.stac_extensions}
    assert used == set(stac._EXTENSIONS.values())
    assert len(list(SCHEMAS.glob("*.json"))) == len(used)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("eo:cloud_cover", 101),
        ("proj:shape", [1.5, 2]),
        ("sat:relative_orbit", 0),
        ("view:sun_elevation", 91),
    ],
)
def test_the_validator_does_look(field: str, wrong: Any) -> None:
    one = item(0)
    one.properties[field] = wrong
    with pytest.raises(pystac.STACValidationError):
        one.validate()


def test_an_item() -> None:
    one = item(0)
    assert one.collection_id == "COPERNICUS/S2_SR_HARMONIZED"
    assert one.bbox == [47.2, -19.1, 47.9, -18.1]
    assert one.datetime == table()["acquisition_date"][0].to_pydatetime()
    [asset] = one.assets.values()
    assert asset.href == f"ee://COPERNICUS/S2_SR_HARMONIZED/{S2_INDEX}"
    bands = {band["name"]: band["common_name"] for band in asset.extra_fields["eo:bands"]}
    assert (bands["B4"], bands["B5"], bands["B8"], bands["B8A"]) == (
        "red",
        "rededge",
        "nir",
        "nir08",
    )
    properties = one.properties
    assert properties["platform"] == "sentinel-2a"
    assert properties["constellation"] == "sentinel-2"
    assert properties["eo:cloud_cover"] == 37.4955
    assert properties["proj:code"] == "EPSG:32738"
    assert properties["proj:transform"] == [10.0, 0.0, 699960.0, 0.0, -10.0, 8000020.0]
    assert properties["proj:shape"] == [10980, 10980]
    assert properties["sat:relative_orbit"] == 77
    assert properties["sat:orbit_state"] == "descending"
    assert properties["view:sun_azimuth"] == 104.15263442058607
    assert properties["view:sun_elevation"] == 90 - 26.14364720237459
    assert properties["ee:NODATA"] == 3
    assert properties["geetensor:overlap_percentage"] == 99.99999999999999
    assert (
        properties["start_datetime"] == properties["end_datetime"] == "2024-01-02T07:03:13.997000Z"
    )


def test_what_stac_has_no_value_for_is_left_out() -> None:
    landsat = item(2)
    assert "eo:cloud_cover" not in landsat.properties
    assert "sat:relative_orbit" not in landsat.properties
    assert landsat.properties["view:sun_azimuth"] == 322.5
    assert landsat.properties["view:sun_elevation"] == -12.25
    assert "start_datetime" not in landsat.properties
    assert "constellation" not in landsat.properties
    bands = landsat.assets["image"].extra_fields["eo:bands"]
    assert {"name": "B5", "common_name": "nir"} in bands
    own = item(5)
    assert own.geometry is None
    assert own.bbox is None
    assert own.collection_id is None
    assert not own.stac_extensions
    assert set(own.properties) == set()


def test_a_crs_without_a_code_that_proj_knows() -> None:
    modis = item(4).properties
    assert modis["proj:code"] is None
    assert modis["proj:wkt2"].startswith("PROJCRS")
    assert "Sinusoidal" in modis["proj:wkt2"]
    assert modis["geetensor:crs"] == "SR-ORG:6974"
    scenes = many(3, crs=["SR-ORG:9999", "EPSG:4326", None], transform=[MODIS_TRANSFORM] * 3)
    unknown, known, none = (one.properties for one in ee_scenes.to_stac(scenes))
    assert unknown["proj:code"] is None
    assert "proj:wkt2" not in unknown
    assert known["proj:code"] == "EPSG:4326"
    assert none["proj:code"] is None
    assert none["proj:transform"] == list(MODIS_TRANSFORM)
    assert_same(ee_scenes.from_stac(ee_scenes.to_stac(scenes)), scenes)


def test_ids_are_unique_and_short_where_they_can_be() -> None:
    ids = [one.id for one in ee_scenes.to_stac(table())]
    assert ids[:3] == [
        f"COPERNICUS.S2_SR_HARMONIZED.{S2_INDEX}",
        f"COPERNICUS.S2_HARMONIZED.{S2_INDEX}",
        "LC08_224078_20200518",
    ]
    assert len(set(ids)) == len(ids)
    assert item(0, table(0)).id == S2_INDEX


def test_across_the_antimeridian() -> None:
    one = item(1)
    assert one.bbox == [179.0, -18.0, -179.5, -17.0]
    assert one.geometry is not None
    assert one.geometry["type"] == "MultiPolygon"
    box = shapely.box
    three = shapely.MultiPolygon([box(170, 0, 172, 1), box(178, 0, 180, 1), box(-180, 0, -178, 1)])
    assert geojson_bbox(three) == [170.0, 0.0, -178.0, 1.0]
    beside = shapely.MultiPolygon([box(170, 0, 172, 1), box(178, 0, 180, 1)])
    assert geojson_bbox(beside) == [170.0, 0.0, 180.0, 1.0]
    assert geojson_bbox(box(-180, -90, 180, -80)) == [-180.0, -90.0, 180.0, -80.0]
    assert around(FIJI, 179).equals(box(179, -18, 180.5, -17))
    assert around(FIJI, -179).equals(box(-181, -18, -179.5, -17))


def assert_same(found: gpd.GeoDataFrame, expected: gpd.GeoDataFrame) -> None:
    assert_geodataframe_equal(found, expected)
    assert found.to_wkb().equals(expected.to_wkb())


def test_back_without_loss(tmp_path: Path) -> None:
    scenes = table()
    expected = scenes.copy()
    expected.loc[2, "cloud_cover"] = float("nan")  # -1 is no percentage
    items = ee_scenes.to_stac(scenes)
    assert_same(ee_scenes.from_stac(items), expected)
    items.save_object(str(tmp_path / "items.json"))
    read = pystac.ItemCollection.from_file(str(tmp_path / "items.json"))
    assert_same(ee_scenes.from_stac(read), expected)
    assert_same(ee_scenes.from_stac(list(ee_scenes.to_stac(ee_scenes.from_stac(read)))), expected)


def test_columns_that_other_functions_of_ours_add() -> None:
    scenes = many(2).assign(cloud_score_plus=pd.Series(["GOOGLE/X/1", None], dtype="str"))
    scenes.insert(0, "cell", ["a1", "a2"])
    items = ee_scenes.to_stac(scenes)
    assert items[0].properties["geetensor:cell"] == "a1"
    assert items[0].properties["geetensor:cloud_score_plus"] == "GOOGLE/X/1"
    found = ee_scenes.from_stac(items)
    assert_geodataframe_equal(found, scenes, check_like=True)


def test_no_scenes() -> None:
    nothing = table()[:0]
    assert len(ee_scenes.to_stac(nothing)) == 0
    empty = ee_scenes.from_stac([])
    assert {name: str(dtype) for name, dtype in empty.dtypes.items()} == {
        **ee_query.COLUMNS,
        "geometry": "geometry",
    }
    assert empty.crs == "EPSG:4326"


def test_items_that_others_made() -> None:
    one = item(2)
    for name in [name for name in one.properties if name.startswith("geetensor:")]:
        del one.properties[name]
    one.properties |= {"their:score": 7, "gsd": 30, "view:sun_elevation": 11.0}
    one.properties["proj:transform"] = [30, 0, 600585, 0, -30, -2700885, 0, 0, 1]
    one.add_asset("thumbnail", pystac.Asset("https://example.com/thumbnail.png"))
    one.assets = dict(reversed(one.assets.items()))
    [row] = ee_scenes.from_stac([one]).to_dict("records")
    assert row["asset_id"] == "LANDSAT/LC08/C02/T1_TOA/LC08_224078_20200518"
    assert row["satellite"] == "landsat-8"
    assert row["transform"] == (30.0, 0.0, 600585.0, 0.0, -30.0, -2700885.0)
    assert (row["their:score"], row["gsd"], row["view:sun_elevation"]) == (7, 30, 11.0)
    again = item(0, ee_scenes.from_stac([one]))
    assert again.properties["their:score"] == 7
    assert again.properties["view:sun_elevation"] == -12.25


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"acquisition_date": None},
            "has no acquisition_date, and an Item of STAC must have a time",
        ),
        ({"asset_id": "TEST/A/B"}, "TEST/A/B has several rows, and an Item is a scene"),
        (
            {"thing": [object(), object()]},
            "column thing holds a object, which JSON has no form for",
        ),
    ],
)
def test_what_cannot_be_an_item(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason):
        ee_scenes.to_stac(many(2).assign(**change))


def test_items_that_are_not_in_earth_engine() -> None:
    elsewhere = item(0)
    elsewhere.assets["image"].href = "https://example.com/image.tif"
    with pytest.raises(InvalidInputError, match="no asset in Earth Engine"):
        ee_scenes.from_stac([elsewhere])
    clash = item(0)
    clash.properties["tile"] = "another"
    with pytest.raises(InvalidInputError, match="a property tile, and the table a column"):
        ee_scenes.from_stac([clash])


@pytest.mark.parametrize("scenes", [None, many(1).drop(columns="asset_id"), many(1).to_wkt()])
def test_what_is_not_a_table_of_scenes(scenes: Any) -> None:
    with pytest.raises(InvalidInputError, match="scenes"):
        ee_scenes.to_stac(scenes)


@pytest.mark.parametrize(
    ("package", "call", "extra"),
    [
        ("pystac", "to_stac", "stac"),
        ("stac_geoparquet.arrow", "write_stac_geoparquet", "stac"),
        ("matplotlib", "plot_scenes", "plot"),
    ],
)
def test_a_package_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, package: str, call: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    for room in ("stac", "stac_geoparquet", "plot"):
        monkeypatch.delitem(sys.modules, f"geetensor.bridges.{room}", raising=False)
    arguments = ["file"] if call.startswith("write") else []
    with pytest.raises(MissingPackageError, match=rf"pip install 'geetensor\[{extra}\]'"):
        getattr(ee_scenes, call)(many(1), *arguments)


def test_a_query_becomes_valid_items(server: eemulator.Server) -> None:
    scenes = ee_query.query_collection(
        "TEST/SERIES",
        (44.06, -18.10, 44.07, -18.09),
        "2024-01-01",
        "2024-01-31",
        properties=["cloud"],
    )
    items = ee_scenes.to_stac(scenes)
    for one in items:
        one.validate()
    assert_same(ee_scenes.from_stac(items), scenes)


def test_items_beside_files_are_valid_and_lead_back(
    server: eemulator.Server, tmp_path: Path
) -> None:
    bounds = (44.06, -18.1, 44.07, -18.09)
    scenes = ee_query.query_collection("TEST/SERIES", bounds, "2024", "2025", limit=2)
    twice = pd.concat([scenes, scenes[:1]], ignore_index=True)
    folder = ee_image.export_cube(
        twice, bounds, ["u8"], 10, "EPSG:32738", to=f"{tmp_path}/out/", group_by="solar_day"
    )
    items = [pystac.Item.from_file(str(path)) for path in sorted(Path(folder).glob("*.json"))]
    assert [one.id for one in items] == ["s000", "s001"]
    for one in items:
        assert one.validate()[1:] == one.stac_extensions == [stac._EXTENSIONS["proj:"]]
        assert (Path(folder) / one.assets["image"].href).is_file()
        assert one.assets["image"].to_dict()["bands"] == [
            {"name": "u8", "data_type": "uint8", "nodata": 0}
        ]
        assert one.geometry is not None
        assert shapely.geometry.shape(one.geometry).contains(shapely.box(*bounds))
    assert {key for key in items[0].assets if key != "image"} == {"source_1", "source_2"}
    back = ee_scenes.from_stac(items)
    assert list(back["asset_id"]) == list(scenes["asset_id"])
    assert list(back["acquisition_date"]) == list(scenes["acquisition_date"])
