"""The emulator's own collections, as the client's queries find them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from shapely.geometry import shape

from eemulator.catalog import ImageAsset, default_catalog

from .wire import grid, info, pixels

if TYPE_CHECKING:
    from eemulator import Server

pytestmark = pytest.mark.usefixtures("own_catalogue")

F = ee.Filter
SR = "COPERNICUS/S2_SR_HARMONIZED"
TANA = (47.5, -18.9)


def images(name: str) -> Any:
    return ee.ImageCollection(name)


def here(name: str, start: str = "2024-06-01", end: str = "2024-07-01") -> Any:
    return images(name).filterBounds(ee.Geometry.Point(TANA)).filterDate(start, end)


def indices(collection: Any) -> list[str]:
    found: list[str] = collection.aggregate_array("system:index").getInfo()
    return found


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("COPERNICUS/S2_SR_HARMONIZED", 12),
        ("COPERNICUS/S2_HARMONIZED", 12),
        ("GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED", 12),
        ("COPERNICUS/S2_CLOUD_PROBABILITY", 12),
        ("LANDSAT/LC08/C02/T1_TOA", 2),
        ("LANDSAT/LC08/C02/T1_L2", 2),
        ("LANDSAT/LC09/C02/T1_L2", 1),
        ("LANDSAT/LE07/C02/T1", 0),
        ("MODIS/061/MOD09GA", 30),
        ("MODIS/061/MYD09GA", 30),
        ("MODIS/061/MCD43A4", 30),
    ],
)
def test_scenes_of_a_month(name: str, count: int) -> None:
    found = here(name)
    assert found.size().getInfo() == count
    if count:
        first = info(found.first())
        asset: Any = ee.data.getAsset(first["id"])
        assert asset["id"] == first["id"]
        assert [b["id"] for b in asset["bands"]] == [b["id"] for b in first["bands"]]
        listed: Any = ee.data.listImages(
            {
                "parent": name,
                "startTime": "2024-06-01T00:00:00Z",
                "endTime": "2024-07-02T00:00:00Z",
                "region": {"type": "Point", "coordinates": list(TANA)},
            }
        )
        assert first["id"] in [image["id"] for image in listed["images"]]


def test_a_landsat_image_as_get_info_tells_it() -> None:
    found = info(ee.Image("LANDSAT/LC08/C02/T1_TOA/LC08_159073_20240623"))
    red = next(band for band in found["bands"] if band["id"] == "B4")
    assert red["data_type"] == {"type": "PixelType", "precision": "float"}
    assert red["crs"] == "EPSG:32638"
    assert red["crs_transform"][:2] == [30, 0]
    assert found["properties"]["WRS_PATH"] == 159
    assert found["properties"]["system:footprint"]["type"] == "LinearRing"
    quality = next(band for band in found["bands"] if band["id"] == "QA_PIXEL")
    assert quality["data_type"]["max"] == 65535


def test_missions_and_tiers_are_merged() -> None:
    both = here("LANDSAT/LC08/C02/T1_L2").merge(here("LANDSAT/LC09/C02/T1_L2"))
    assert indices(both.sort("system:time_start")) == [
        "1_LC08_159073_20240607",
        "2_LC09_159073_20240615",
        "1_LC08_159073_20240623",
    ]
    clear = both.filter(F.lt("CLOUD_COVER", 20)).aggregate_array("CLOUD_COVER")
    every = both.aggregate_array("CLOUD_COVER")
    assert info(clear) == [cover for cover in info(every) if cover < 20]


def test_radar_by_polarisation_and_pass() -> None:
    found = (
        here("COPERNICUS/S1_GRD", "2024-01-01", "2025-01-01")
        .filter(F.listContains("transmitterReceiverPolarisation", "VH"))
        .filter(F.eq("instrumentMode", "IW"))
        .filter(F.eq("orbitProperties_pass", "DESCENDING"))
    )
    kinds = info(found.aggregate_histogram("relativeOrbitNumber_start"))
    assert set(kinds) == {"93", "166"}
    image = info(found.first())
    assert [band["id"] for band in image["bands"]] == ["VV", "VH", "angle"]
    assert image["bands"][0]["data_type"] == {"type": "PixelType", "precision": "double"}
    assert image["bands"][2]["dimensions"] == [21, 10]
    assert image["properties"]["transmitterReceiverPolarisation"] == ["VV", "VH"]


def test_masks_are_joined_to_their_scenes() -> None:
    scenes = here(SR).filter(F.eq("MGRS_TILE", "38KQE"))
    joined = ee.Join.saveFirst("clouds").apply(
        scenes,
        images("COPERNICUS/S2_CLOUD_PROBABILITY"),
        F.equals(leftField="system:index", rightField="system:index"),
    )
    together = ee.ImageCollection(
        joined.map(lambda image: ee.Image(image).addBands(ee.Image(image.get("clouds"))))
    )
    assert together.size().getInfo() == 12
    assert info(together.first().bandNames())[-1] == "probability"
    linked = here(SR).linkCollection(images("GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"), ["cs"])
    assert info(linked.first().bandNames())[-1] == "cs"


def test_linked_images() -> None:
    scene = ee.Image(f"{SR}/20240325T070201_20240325T070203_T38KQE")
    scores = images("GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED")
    linked = scene.select("B4").linkCollection(scores, ["cs_cdf"], ["system:time_start"])
    assert info(linked.bandNames()) == ["B4", "cs_cdf"]
    window = grid("EPSG:32738", (10, 0, 720_000, 0, -10, 7_950_000), 9, 7)
    alone = scores.filter(F.eq("system:index", scene.get("system:index"))).first()
    np.testing.assert_array_equal(
        pixels(linked, window)["cs_cdf"],
        pixels(ee.Image(alone), window, bandIds=["cs_cdf"])["cs_cdf"],
    )
    # Without a match, the bands are there and masked.
    other = scene.select("B4").set("system:index", "x").linkCollection(scores, "cs", "MGRS_TILE")
    assert info(other.bandNames()) == ["B4", "cs"]
    assert not pixels(other.unmask(0), window)["cs"].any()
    assert info(other.get("MGRS_TILE")) is None


def test_footprints_across_the_antimeridian() -> None:
    scenes = images(SR).filterDate("2024-07-01", "2024-08-31")

    def tiles(area: Any) -> set[str]:
        return set(info(scenes.filterBounds(area).aggregate_array("MGRS_TILE")))

    assert tiles(ee.Geometry.Point([179.9, -16.8])) == {"01KAB"}
    assert tiles(ee.Geometry.Point([-179.9, -16.8])) == {"01KAB"}
    assert tiles(ee.Geometry.Point([180.1, -16.8])) == {"01KAB"}
    assert tiles(ee.Geometry.Point([-179.5, -16.8])) == set()
    assert tiles(ee.Geometry.Rectangle([178.5, -18, 181, -16], None, False)) == {"01KAB", "60KXF"}
    assert tiles(ee.Geometry.Rectangle([-181.5, -18, -179, -16], None, False)) == {"01KAB", "60KXF"}
    assert tiles(ee.Geometry.BBox(178.5, -18, -179, -16)) == {"01KAB", "60KXF"}
    # Not round the globe.
    assert tiles(ee.Geometry.Point([0, -16.8])) == set()
    footprint = shape(info(scenes.filter(F.eq("MGRS_TILE", "01KAB")).first().geometry()))
    assert footprint.bounds[0] < 180 < footprint.bounds[2]
    assert tiles(ee.Geometry.Rectangle([-38, 83, -37, 83.2], None, False)) == {"24XWT"}


def test_footprints_of_the_whole_globe() -> None:
    real_time = images("LANDSAT/LC08/C02/T1_RT").filterDate("2024-12-01", "2025-01-01")
    there = real_time.filterBounds(ee.Geometry.Point([-100, 40]))
    assert sorted(indices(there)) == ["LC08_158073_20241209", "LC08_159073_20241216"]
    around = shape(info(there.first().geometry().bounds()))
    assert around.bounds == (-180, -90, 180, 90)


@pytest.mark.parametrize(
    ("name", "bands", "column", "row"),
    [
        ("LANDSAT/LC09/C02/T1_L2/LC09_158073_20240608", ["SR_B5", "QA_PIXEL"], 2500, 3000),
        ("LANDSAT/LE07/C02/T1_TOA/LE07_159073_20010531", ["B8"], 6000, 7000),
        ("MODIS/061/MOD09GA/2024_06_01", ["sur_refl_b01", "QC_500m"], 53_000, 25_700),
        ("COPERNICUS/DEM/GLO30/Copernicus_DSM_COG_10_S19_00_E047_00_DEM", ["DEM"], 1800, 1000),
        ("USGS/SRTMGL1_003", ["elevation"], 819_000, 283_000),
        ("NASA/NASADEM_HGT/001", ["elevation", "swb"], 819_000, 283_000),
        ("GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL/x38S_04_48_2024", ["A00", "A63"], 8000, 8000),
    ],
)
def test_pixels_are_those_of_the_catalogue(
    name: str, bands: list[str], column: int, row: int
) -> None:
    asset = default_catalog().get(name)
    assert isinstance(asset, ImageAsset)
    own = next(band.grid for band in asset.bands if band.id == bands[0])
    a, b, c, d, e, f = own.transform
    window = grid(own.crs, (a, b, c + a * column, d, e, f + e * row), 23, 17)
    found = pixels(name, window, bandIds=bands)
    computed = pixels(ee.Image(name).select(bands), window)
    rows, cols = np.arange(row, row + 17)[:, None], np.arange(column, column + 23)[None, :]
    for band, (values, valid) in zip(bands, asset.sample(bands, rows, cols), strict=True):
        assert valid.all()
        np.testing.assert_array_equal(found[band], values)
        np.testing.assert_array_equal(computed[band], values)


def test_the_sheared_angle_of_a_radar_image() -> None:
    image = ee.Image(here("COPERNICUS/S1_GRD", "2024-03-01", "2024-05-01").first())
    band = info(image.select("angle"))["bands"][0]
    a, b, c, d, e, f = band["crs_transform"]
    window = grid(band["crs"], (a, b, c, d, e, f), 21, 10)
    found = pixels(image.select("angle"), window)["angle"]
    assert found.shape == (10, 21)
    assert (np.ptp(found, axis=0) == 0).all()
    assert 30 < found.min() < found.max() < 47


def test_an_elevation_model_is_read_in_another_crs() -> None:
    area = ee.Geometry.Point(TANA).buffer(300)
    for image in (
        images("COPERNICUS/DEM/GLO30").filterBounds(area).select("DEM").mosaic(),
        ee.Image("USGS/SRTMGL1_003"),
    ):
        found = info(image.reduceRegion(ee.Reducer.mean(), area, 30, "EPSG:32738").values().get(0))
        assert 1000 < found < 2000


def test_fifty_thousand_images() -> None:
    archive = images("EEMULATOR/ARCHIVE")
    assert archive.size().getInfo() == 50_000
    last = info(archive.filterDate("2017-02-09", "2017-02-10").sort("system:time_start", False))
    [image] = last["features"][:1]
    assert image["id"] == "EEMULATOR/ARCHIVE/a049999"
    assert image["properties"]["system:time_start"] == 946_684_800_000 + 49_999 * 10_800_000
    window = grid("EPSG:4326", (0.01, 0, 49.1, 0, -0.01, -19.2), 5, 3)
    values = pixels(image["id"], window, bandIds=["number"])["number"]
    np.testing.assert_array_equal(values, np.full((3, 5), 49_999))
    place = archive.filterBounds(ee.Geometry.Point([40.1, -10.9]))
    assert indices(place.limit(3)) == ["a000000", "a000100", "a000200"]
    for none in ("a050000", "a1", "b000001", "a00000x"):
        with pytest.raises(ee.EEException, match="not found"):
            ee.Image(f"EEMULATOR/ARCHIVE/{none}").getInfo()


def test_everything_is_listed(own_catalogue: Server) -> None:
    listed: Any = ee.data.listAssets("projects/earthengine-public/assets")
    assert len(listed["assets"]) == len(list(default_catalog()))
    kinds = {asset["id"]: asset["type"] for asset in listed["assets"]}
    assert kinds["USGS/SRTMGL1_003"] == "IMAGE"
    assert kinds["MODIS/061/MCD43A4"] == "IMAGE_COLLECTION"
    page: Any = ee.data.listAssets(
        {"parent": "MODIS/061/MOD09GA", "pageSize": 2, "filter": 'startTime >= "2020-02-28"'}
    )
    assert [asset["id"][-10:] for asset in page["assets"]] == ["2020_02_28", "2020_02_29"]
    assert own_catalogue.stats.refusals == {}
