"""Declared datasets, through the client: what is published of them, and their formula."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest

import eemulator
from eemulator.catalog import CollectionAsset, default_catalog, published
from eemulator.catalog.landsat.wrs import PathRow, footprint
from eemulator.catalog.lazy import LazyImages
from eemulator.catalog.sentinel1.linear import power

if TYPE_CHECKING:
    from collections.abc import Iterator

HOURLY = "ECMWF/ERA5_LAND/HOURLY"


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[eemulator.Server]:
    with eemulator.running() as server:
        ee.Initialize(credentials=None, url=server.url, project=server.project)
        yield server


def wave(u: float) -> float:
    return 1 - abs(2 * (u - math.floor(u)) - 1)


def share(x: float, y: float, band: int = 0, days: float = 0, finer: int = 1) -> float:
    east = wave(finer * x / 24 + 7 / 64 * band + days / 365.25)
    return (east + wave(finer * y / 18)) / 2


def at(image: ee.Image, x: float, y: float) -> dict[str, Any]:
    """The values of the pixel at a place, on the lattice of the image's first band."""
    region = ee.Geometry.Point([x, y])
    found = image.reduceRegion(ee.Reducer.first(), region, crs=image.select(0).projection())
    told: Any = found.getInfo()
    return dict(told)


def days(moment: datetime) -> float:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(days=1)


# Id, index of the first image, its start, CRS and transform, bands: a few, in order.
COLLECTIONS: list[tuple[str, str, str, str, list[float], str]] = [
    (HOURLY, "19500101T01", "1950-01-01T01:00:00", "EPSG:4326",
     [0.1, 0, -180.05, 0, -0.1, 90.05], "dewpoint_temperature_2m temperature_2m"),
    ("ECMWF/ERA5_LAND/DAILY_AGGR", "19500102", "1950-01-02T00:00:00", "EPSG:4326",
     [0.1, 0, -180.05, 0, -0.1, 90.05], "dewpoint_temperature_2m temperature_2m"),
    ("ECMWF/ERA5_LAND/MONTHLY_AGGR", "195002", "1950-02-01T00:00:00", "EPSG:4326",
     [0.1, 0, -180.05, 0, -0.1, 90.05], "dewpoint_temperature_2m temperature_2m"),
    ("IDAHO_EPSCOR/TERRACLIMATE", "195801", "1958-01-01T00:00:00", "EPSG:4326",
     [1 / 24, 0, -180, 0, -1 / 24, 90], "aet def pdsi pet pr ro soil"),
    ("UCSB-CHG/CHIRPS/DAILY", "19810101", "1981-01-01T00:00:00", "EPSG:4326",
     [0.05, 0, -180, 0, -0.05, 50], "precipitation"),
    ("NASA/GPM_L3/IMERG_V07", "19980101000000", "1998-01-01T00:00:00", "EPSG:4326",
     [0.1, 0, -180, 0, -0.1, 90], "MWobservationTime MWprecipSource MWprecipitation"),
    ("MODIS/061/MOD13A1", "2000_02_18", "2000-02-18T00:00:00", "SR-ORG:6974",
     [463.3127165279165, 0, -20015109.354, 0, -463.3127165279165, 10007554.677], "NDVI EVI"),
    ("MODIS/006/MYD13Q1", "2002_07_04", "2002-07-04T00:00:00", "SR-ORG:6974",
     [231.65635826395825, 0, -20015109.354, 0, -231.65635826395825, 10007554.677], "NDVI EVI"),
    ("ESA/WorldCover/v100", "2020", "2020-01-01T00:00:00", "EPSG:4326",
     [1 / 12000, 0, -180, 0, -1 / 12000, 84], "Map"),
]  # fmt: skip


@pytest.mark.parametrize("row", COLLECTIONS, ids=lambda row: row[0])
def test_the_first_image(row: tuple[str, str, str, str, list[float], str]) -> None:
    name, index, start, crs, transform, bands = row
    told: Any = ee.ImageCollection(name).first().getInfo()
    assert told["id"] == f"{name}/{index}"
    moment = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert told["properties"]["system:time_start"] == round(days(moment) * 86_400_000)
    assert [band["id"] for band in told["bands"]][: len(bands.split())] == bands.split()
    assert told["bands"][0]["crs"] == crs
    assert told["bands"][0]["crs_transform"] == transform
    assert ee.Image(f"{name}/{index}").getInfo() == told
    with pytest.raises(ee.EEException, match="not found"):
        ee.Image(f"{name}/{index}x").getInfo()


def test_bands_of_era5_land() -> None:
    hourly, daily = (
        ee.ImageCollection(f"ECMWF/ERA5_LAND/{name}").first().bandNames().getInfo()
        for name in ("HOURLY", "DAILY_AGGR")
    )
    assert (len(hourly), len(set(hourly))) == (69, 69)
    assert sum(name.endswith("_hourly") for name in hourly) == 19
    assert (len(daily), len(set(daily))) == (150, 150)
    assert sum(name.endswith("_sum") for name in daily) == 19
    assert {"temperature_2m_min", "temperature_2m_max", "total_precipitation_sum"} <= set(daily)


def test_pixels_are_the_formula() -> None:
    moment = datetime(2020, 3, 1, 6, tzinfo=UTC)
    image = ee.Image(f"{HOURLY}/20200301T06").select(["temperature_2m", "snow_cover"])
    found = at(image, 10.02, 47.03)
    # The pixel's centre lies on a tenth of a degree; bands count from 0.
    assert found["temperature_2m"] == pytest.approx(
        240 + 75 * share(10.0, 47.0, 1, days(moment)), abs=1e-9
    )
    assert found["snow_cover"] == pytest.approx(100 * share(10.0, 47.0, 15, days(moment)), abs=1e-9)
    # Whole numbers; the image is of the days of the shuttle's mission.
    found = at(ee.Image("CGIAR/SRTM90_V4"), -110.0001, 40.0001)
    x, y = -110 - 0.5 / 1200, 40 + 0.5 / 1200
    when = days(datetime(2000, 2, 11, tzinfo=UTC))
    assert found == {"elevation": math.floor(-100 + 5101 * share(x, y, 0, when))}


def test_classes_and_their_legend() -> None:
    cover = ee.ImageCollection("ESA/WorldCover/v200").first()
    x, y = 23.5 + 0.5 / 12000, -11.25 - 0.5 / 12000
    when = days(datetime(2021, 1, 1, tzinfo=UTC))
    values = [10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100]
    expected = values[math.floor(share(x, y, 0, when, finer=100) * 11)]
    assert at(cover, x, y) == {"Map": expected}
    properties = cover.toDictionary().getInfo()
    assert properties["Map_class_values"] == values
    assert properties["Map_class_palette"][:2] == ["006400", "ffbb22"]
    assert properties["Map_class_names"][-1] == "Moss and lichen"


def test_no_pixel_beyond_the_earth() -> None:
    image = ee.Image("MODIS/061/MOD11A2/2020_01_01").select("LST_Day_1km")
    corner = image.sampleRectangle(
        ee.Geometry.Rectangle(
            [-20015109.354, 9900000, -20011109.354, 9904000], "SR-ORG:6974", False
        ),
        defaultValue=0,
    )
    assert np.all(np.array(corner.get("LST_Day_1km").getInfo()) == 0)
    inside = image.reduceRegion(ee.Reducer.count(), ee.Geometry.Point([30, 60]).buffer(5000), 1000)
    assert inside.get("LST_Day_1km").getInfo() > 60


def test_a_date_filter_makes_no_other_images() -> None:
    """ERA5-Land has 657,000 images: a search of a day among them must not make them."""
    asset = default_catalog().get(HOURLY)
    assert isinstance(asset, CollectionAsset)
    made: list[int] = []

    def make(position: int) -> Any:
        made.append(position)
        return asset.images[position]

    images = asset.images
    assert isinstance(images, LazyImages)
    watched = LazyImages(len(images), make, images.position, images.starting)
    catalog = eemulator.Catalog([CollectionAsset(HOURLY, watched)])
    with eemulator.running(catalog) as own:
        ee.Initialize(credentials=None, url=own.url, project=own.project)
        series = ee.ImageCollection(HOURLY)
        place = ee.Geometry.Point([3, 40])
        day = ee.Filter.date("1992-10-05", "1992-10-06")
        hours = [f"19921005T{hour:02d}" for hour in range(24)]
        for found in (
            series.filter(day),
            series.filterBounds(place).filter(day),
            series.filter(ee.Filter.And(day, ee.Filter.bounds(place))),
            series.filterDate("1992-10-01", "1993-01-01").filter(day),
        ):
            assert found.aggregate_array("system:index").getInfo() == hours
        assert series.filter(day).filter(ee.Filter.eq("hour", 7)).size().getInfo() == 1
        assert series.filterDate("1900-01-01", "1950-01-01").size().getInfo() == 0
        assert series.filterDate("2024-12-31T23:00", "2100-01-01").size().getInfo() == 1
        assert len(made) < 200


@pytest.fixture
def again(server: eemulator.Server) -> None:
    """The client, signed in to the module's emulator, after a test with another."""
    ee.Initialize(credentials=None, url=server.url, project=server.project)


@pytest.mark.usefixtures("again")
class TestTables:
    """The tables, as the documentation's examples use them."""

    def test_power_plants_of_belgium(self) -> None:
        plants = ee.FeatureCollection("WRI/GPPD/power_plants").filter(
            ee.Filter.eq("country_lg", "Belgium")
        )
        capacities = plants.aggregate_array("capacitymw").getInfo()
        assert len(capacities) == 8
        assert plants.aggregate_mean("capacitymw").getInfo() == np.mean(capacities)
        columns = "capacitymw country country_lg fuel1 gppd_idnr latitude longitude name owner"
        assert set(columns.split()) <= set(plants.first().propertyNames().getInfo())
        # In the rectangle of the country, and so in the table of countries.
        belgium = ee.FeatureCollection("USDOS/LSIB_SIMPLE/2017").filter(
            ee.Filter.eq("country_na", "Belgium")
        )
        inside = plants.filterBounds(belgium.geometry()).size().getInfo()
        assert inside == 8

    def test_states_and_counties(self) -> None:
        oregon = ee.FeatureCollection("TIGER/2018/States").filter(ee.Filter.eq("STATEFP", "41"))
        assert oregon.aggregate_array("NAME").getInfo() == ["Oregon"]
        counties = ee.FeatureCollection("TIGER/2018/Counties").filter(ee.Filter.eq("STATEFP", "41"))
        assert counties.aggregate_array("GEOID").getInfo() == ["41001", "41003", "41005", "41007"]
        whole = oregon.geometry().area(1).getInfo()
        assert counties.geometry().area(1).getInfo() == pytest.approx(whole, rel=1e-3)

    def test_charts(self) -> None:
        regions = ee.FeatureCollection("projects/google/charts_feature_example")
        months = regions.select("[0-9][0-9]_tmean|label").sort("label").first().toDictionary()
        told = months.getInfo()
        assert told["label"] == "Desert"
        assert {key for key in told if key != "label"} == {f"{n:02d}_tmean" for n in range(1, 13)}
        assert told["01_tmean"] < told["07_tmean"]
        normals = ee.ImageCollection("OREGONSTATE/PRISM/Norm91m").toBands()
        names = normals.select("[0-9][0-9]_tmean").bandNames().getInfo()
        assert names == [f"{n:02d}_tmean" for n in range(1, 13)]

    def test_levels_of_gaul(self) -> None:
        for level in (0, 1, 2):
            kenya = ee.FeatureCollection(f"FAO/GAUL/2015/level{level}").filter(
                ee.Filter.eq("ADM0_NAME", "Kenya")
            )
            names = kenya.first().propertyNames().getInfo()
            assert (f"ADM{level}_NAME" in names, f"ADM{level + 1}_NAME" in names) == (True, False)


@pytest.mark.usefixtures("again")
class TestScenesElsewhere:
    """Single scenes that examples and others' tests name."""

    @pytest.mark.parametrize(
        ("name", "crs", "place"),
        [
            ("LANDSAT/LC08/C02/T1_TOA/LC08_044034_20140318", "EPSG:32610", (-122.1, 37.4)),
            ("LANDSAT/LC08/C02/T1_L2/LC08_044034_20210508", "EPSG:32610", (-122.1, 37.4)),
            ("LANDSAT/LC09/C02/T1_L2/LC09_043034_20211116", "EPSG:32610", (-120.5, 37.4)),
            ("LANDSAT/LT05/C02/T1_L2/LT05_173083_20051112", "EPSG:32634", (21.6, -33.4)),
            ("COPERNICUS/S2_SR/20210109T185751_20210109T185931_T10SEG", "EPSG:32610",
             (-122.5, 37.7)),
            ("COPERNICUS/S2_SR_HARMONIZED/20230721T080609_20230721T083101_T34HEJ", "EPSG:32734",
             (21.6, -33.47)),
        ],
    )  # fmt: skip
    def test_they_show_their_place(self, name: str, crs: str, place: tuple[float, float]) -> None:
        image = ee.Image(name)
        band = "SR_B4" if name.endswith(("508", "1116", "1112")) else "B4"
        told = image.select(band).getInfo()["bands"][0]
        assert told["crs"] == crs
        assert image.geometry().contains(ee.Geometry.Point(place), 1).getInfo()
        assert at(image.select(band), *place)[band] > 0

    def test_the_lattice_of_a_published_scene(self) -> None:
        """As Xee's tests have it."""
        told = ee.Image("LANDSAT/LT05/C02/T1_TOA/LT05_031034_20110619").select("B1").getInfo()
        (band,) = told["bands"]
        assert band["dimensions"] == [7881, 6981]
        assert band["crs"] == "EPSG:32613"
        assert band["crs_transform"] == [30, 0, 643185, 0, -30, 4255815]

    def test_two_days_around_the_world(self) -> None:
        world = ee.ImageCollection("LANDSAT/LC08/C02/T1").filterDate("2017-01-01", "2017-01-03")
        rows = world.aggregate_array("WRS_ROW").getInfo()
        assert len(rows) > 64
        assert {22, 30, 70} <= set(rows)

    def test_a_footprint_at_the_antimeridian_is_small(self) -> None:
        bounds = [footprint(PathRow(path, 46)).bounds for path in range(1, 234)]
        assert max(east for _, _, east, _ in bounds) > 180
        assert max(east - west for west, _, east, _ in bounds) < 3

    def test_scenes_before_they_were_harmonized(self) -> None:
        for index, more in (
            ("20210109T185751_20210109T185931_T10SEG", 0),
            ("20240105T070201_20240105T070203_T38KQE", 1000),
        ):
            place = (-122.5, 37.7) if index.endswith("10SEG") else (47.5, -18.5)
            bands = ["B4", "SCL"]
            old, new = (
                at(ee.Image(f"COPERNICUS/{name}/{index}").select(bands), *place)
                for name in ("S2_SR", "S2_SR_HARMONIZED")
            )
            assert old == {"B4": new["B4"] + more, "SCL": new["SCL"]}

    def test_sentinel1_without_decibels(self) -> None:
        name = ee.ImageCollection("COPERNICUS/S1_GRD").first().get("system:index").getInfo()
        place = ee.Image(f"COPERNICUS/S1_GRD/{name}").geometry().centroid(1)
        x, y = place.coordinates().getInfo()
        decibels, linear = (
            at(ee.Image(f"COPERNICUS/{c}/{name}").select(0), x, y)
            for c in ("S1_GRD", "S1_GRD_FLOAT")
        )
        assert decibels.keys() == linear.keys()
        for band, value in decibels.items():
            assert linear[band] == pytest.approx(10 ** (value / 10), rel=1e-14)


@pytest.mark.usefixtures("again")
def test_the_documents_example(capsys: pytest.CaptureFixture[str]) -> None:
    document = Path(__file__).parents[3] / "docs/datasets.md"
    [example] = re.findall(r"```python\n(.*?)```", document.read_text("utf-8"), re.DOTALL)
    exec(example, {})  # noqa: S102 - our own
    found, expected = capsys.readouterr().out.split()
    assert float(found) == pytest.approx(float(expected), abs=1e-9)


def test_power_of_decibels() -> None:
    decibels = np.linspace(-60, 30, 9001)
    np.testing.assert_allclose(power(decibels), 10 ** (decibels / 10), rtol=1e-14)


def test_what_is_declared_can_be_served() -> None:
    """Every dataset: ids once, and of the first and last image, bands that can be sampled."""
    assets = published.assets()
    assert len({asset.id for asset in assets}) == len(assets)
    rows, cols = np.array([[5], [6]]), np.array([[7, 8]])
    for asset in assets:
        if not isinstance(asset, CollectionAsset):
            continue
        for image in (asset.images[0], asset.images[-1]):
            band = image.bands[-1]
            ((values, valid),) = image.sample([band.id], rows, cols)
            assert (values.dtype, values.shape, valid.shape) == (band.dtype, (2, 2), (2, 2))
            assert default_catalog().get(image.id) == image
