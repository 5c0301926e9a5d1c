"""Collections: filters, order, mapping, reduction, and how they are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import ee
import pytest
from shapely.geometry import box

from eemulator import Catalog, CollectionAsset, ImageAsset, Limits, running

from . import synthetic
from .wire import PROJECT, send

if TYPE_CHECKING:
    from eemulator import Server

pytestmark = pytest.mark.usefixtures("server")

F = ee.Filter


def series() -> Any:
    return ee.ImageCollection("TEST/SERIES")


def indices(collection: Any) -> list[str]:
    found: list[str] = collection.aggregate_array("system:index").getInfo()
    return found


def numbers(test: Any) -> list[int]:
    """Which images of the series pass a filter."""
    return [int(index[1:]) for index in indices(series().filter(test))]


def test_get_info() -> None:
    info = series().select("u8").limit(2).getInfo()
    assert info["type"] == "ImageCollection"
    assert info["id"] == "TEST/SERIES"
    assert info["bands"] == []
    assert info["properties"] == {"title": "A series"}
    assert [image["id"] for image in info["features"]] == ["TEST/SERIES/s000", "TEST/SERIES/s001"]
    assert info["features"][0]["properties"]["cloud"] == 50


def test_dates() -> None:
    assert indices(series().filterDate("2024-01-02", "2024-01-04")) == ["s001", "s002"]
    assert indices(series().filterDate("2024-01-03")) == ["s002"]
    assert indices(series().filterDate(datetime(2024, 1, 5, tzinfo=UTC), "2025-01-01")) == [
        "s004",
        "s005",
    ]
    assert numbers(F.calendarRange(3, 4, "day_of_month")) == [2, 3]
    assert numbers(F.dayOfYear(6, 2)) == [0, 1, 5]
    assert indices(series().filterDate("2023-01-01", "2023-12-31")) == []
    with pytest.raises(ee.EEException, match="Invalid date"):
        indices(series().filterDate("yesterday", "today"))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: F.eq("cloud", 20), [3]),
        (lambda: F.neq("cloud", 20), [0, 1, 2, 4, 5]),
        (lambda: F.lt("cloud", 20), [4, 5]),
        (lambda: F.lte("cloud", 20), [3, 4, 5]),
        (lambda: F.gt("cloud", 40), [0]),
        (lambda: F.gte("cloud", 40), [0, 1]),
        (lambda: F.rangeContains("cloud", 10, 30), [2, 3, 4]),
        (lambda: F.inList("system:index", ["s001", "s004", "x"]), [1, 4]),
        (lambda: F.listContains("numbers", 3), [2, 3]),
        (lambda: F.stringStartsWith("name", "scene"), [0, 1, 2, 3, 4, 5]),
        (lambda: F.stringEndsWith("name", "3"), [3]),
        (lambda: F.stringContains("name", "ne 5"), [5]),
        (lambda: F.And(F.gt("cloud", 5), F.lt("cloud", 25)), [3, 4]),
        (lambda: F.Or(F.gt("cloud", 45), F.lt("cloud", 5)), [0, 5]),
        (lambda: F.maxDifference(10, "cloud", 25), [2, 3]),
        # A null passes no comparison, and hence every negation; the client sends gte as one.
        (lambda: F.eq("even", 2), [2]),
        (lambda: F.lt("even", 3), [0, 2]),
        (lambda: F.gte("even", 3), [1, 3, 4, 5]),
        (lambda: F.greaterThanOrEquals("even", 3), [4]),
        (lambda: F.notNull(["even"]), [0, 2, 4]),
        (lambda: F.notNull(["even"]).Not(), [1, 3, 5]),
        (lambda: F.eq("nothing", 1), []),
        (lambda: F.eq("nothing", 1).Not(), [0, 1, 2, 3, 4, 5]),
        # Values of different kinds have no order.
        (lambda: F.lt("name", 5), []),
        (lambda: F.gt("cloud", "a"), []),
        (lambda: F.equals(leftField="cloud", rightField="cloud"), [0, 1, 2, 3, 4, 5]),
        (lambda: F.date("2024-01-02", "2024-01-03"), [1]),
        (lambda: F.expression("cloud < 20"), [4, 5]),
        (lambda: F.expression("cloud >= 40 || even == 4 && cloud != 3"), [0, 1, 4]),
        (lambda: F.expression("!(cloud > 10 && cloud < 40)"), [0, 1, 4, 5]),
        (lambda: F.expression("name == 'scene 3' || even > -1e-3"), [0, 2, 3, 4]),
        (lambda: F.expression("30 <= cloud && !(even != 0)"), [0, 1]),
        (lambda: F.expression("system:time_start > 1704412800000.0"), [5]),
    ],
)
def test_filters(make: Any, expected: list[int]) -> None:
    assert numbers(make()) == expected


@pytest.mark.parametrize(
    "text",
    ["", "cloud", "cloud <", "cloud < 3 &&", "(cloud < 3", "cloud < 3)", "< 3", "a ? b", "!"],
)
def test_malformed_filter_expressions_are_refused(text: str) -> None:
    with pytest.raises(ee.EEException, match="Invalid filter expression"):
        numbers(F.expression(text))


def test_bounds() -> None:
    west, south, east, north = 44.06, -18.10, 44.07, -18.09
    inside = ee.Geometry.Rectangle([west, south, east, north])
    beside = ee.Geometry.Rectangle([west + 1, south, east + 1, north])
    assert len(indices(series().filterBounds(inside))) == 6
    assert indices(series().filterBounds(beside)) == []
    # Wholly inside of the footprint, whose ring it does not touch.
    assert len(indices(series().filterBounds(ee.Geometry.Point([44.065, -18.095])))) == 6
    utm = ee.Geometry.Rectangle([400_000, 7_999_000, 400_100, 7_999_100], "EPSG:32738", False)
    assert len(indices(series().filterBounds(utm))) == 6
    feature = ee.FeatureCollection([ee.Feature(inside), ee.Feature(beside)])
    assert len(indices(series().filterBounds(feature))) == 6
    assert indices(ee.ImageCollection("TEST/PAIR").filterBounds(
        ee.Geometry.Point([44.0990, -18.0950]))) == ["east"]  # fmt: skip


def test_order_and_limit() -> None:
    assert series().sort("cloud").aggregate_array("cloud").getInfo() == [0, 10, 20, 30, 40, 50]
    assert indices(series().limit(2, "cloud", True)) == ["s005", "s004"]
    assert indices(series().sort("cloud", False).limit(1)) == ["s000"]
    assert series().limit(4).size().getInfo() == 4
    assert indices(series().sort("even", False)) == ["s004", "s002", "s000", "s001", "s003",
                                                     "s005"]  # fmt: skip
    with pytest.raises(ee.EEException, match="must be positive"):
        series().limit(0).getInfo()


def test_first() -> None:
    assert series().first().get("name").getInfo() == "scene 0"
    assert series().filter(F.eq("cloud", -1)).first().getInfo() is None


def test_to_list() -> None:
    listed = series().toList(2, 3)
    assert ee.Image(listed.get(1)).get("name").getInfo() == "scene 4"
    assert listed.size().getInfo() == 2


def test_map_keeps_indices() -> None:
    mapped = series().map(lambda image: ee.Image(1).set("n", image.get("name")))
    assert indices(mapped) == [f"s00{i}" for i in range(6)]
    assert mapped.aggregate_array("n").getInfo()[5] == "scene 5"
    assert mapped.toBands().bandNames().getInfo()[0] == "s000_constant"


def test_map_over_map() -> None:
    def outer(image: ee.Image) -> ee.Element:
        cloud = ee.Number(image.get("cloud"))
        products = series().map(
            lambda other: other.set("p", cloud.multiply(ee.Number(other.get("cloud"))))
        )
        return image.set("sum", products.aggregate_sum("p"))

    expected = [cloud * 150 for cloud in (50, 40, 30, 20, 10, 0)]
    assert series().map(outer).aggregate_array("sum").getInfo() == expected


def test_map_is_lazy() -> None:
    broken = series().map(lambda image: image.select("B4"))
    assert broken.size().getInfo() == 6
    with pytest.raises(ee.EEException) as caught:
        broken.first().getInfo()
    assert str(caught.value) == (
        "Collection.first: Error in map(ID=s000):\n"
        "Image.select: Band pattern 'B4' did not match any bands. "
        "Available bands: [u8, i16, u16, i32, f32, f64, flag]"
    )
    with pytest.raises(ee.EEException, match=r"^Error in map\(ID=s000\):\nImage.select"):
        broken.getInfo()


def test_map_may_drop_nulls() -> None:
    def some(image: ee.Image) -> Any:
        return ee.Algorithms.If(ee.Number(image.get("cloud")).gt(20), image, None)

    assert indices(series().map(some, True)) == ["s000", "s001", "s002"]
    with pytest.raises(ee.EEException, match="must return a Feature or Image"):
        indices(series().map(some))


def test_iterate() -> None:
    total = series().iterate(
        lambda image, sum_: ee.Number(sum_).add(ee.Number(ee.Image(image).get("cloud"))), 0
    )
    assert total.getInfo() == 150
    stack = ee.Image(
        series().iterate(
            lambda image, so_far: ee.Image(so_far).addBands(ee.Image(image).select("u8")),
            ee.Image(series().first()).select([]),
        )
    )
    assert stack.bandNames().getInfo() == ["u8", "u8_1", "u8_2", "u8_3", "u8_4", "u8_5"]


def test_reduce_columns() -> None:
    def reduced(reducer: ee.Reducer, *selectors: str) -> Any:
        return series().reduceColumns(reducer, list(selectors)).getInfo()

    assert reduced(ee.Reducer.mean(), "cloud") == {"mean": 25}
    assert reduced(ee.Reducer.mean(), "even") == {"mean": 2}
    assert reduced(ee.Reducer.mean(), "nothing") == {"mean": None}
    assert reduced(ee.Reducer.minMax(), "cloud") == {"min": 0, "max": 50}
    assert reduced(ee.Reducer.toList(), "even") == {"list": [0, 2, 4]}
    assert reduced(ee.Reducer.toList(2), "system:index", "even") == {
        "list": [["s000", 0], ["s002", 2], ["s004", 4]]
    }
    assert reduced(ee.Reducer.toList(2, 1), "system:index", "even")["list"][:2] == [
        ["s000", 0],
        ["s001", None],
    ]
    assert reduced(ee.Reducer.toList().repeat(2), "even", "cloud") == {
        "list": [[0, 2, 4], [50, 40, 30, 20, 10, 0]]
    }
    assert reduced(ee.Reducer.mean().repeat(2), "even", "cloud") == {"mean": [2, 25]}
    with pytest.raises(ee.EEException, match="2 inputs, but 1 selectors"):
        reduced(ee.Reducer.toList(2), "cloud")


def test_aggregates() -> None:
    assert series().aggregate_array("even").getInfo() == [0, 2, 4]
    assert series().aggregate_min("cloud").getInfo() == 0
    assert series().aggregate_mean("cloud").getInfo() == 25
    assert series().aggregate_count("even").getInfo() == 3
    assert series().aggregate_histogram("even").getInfo() == {"0": 1, "2": 1, "4": 1}


def test_merge_and_from_images() -> None:
    two = series().limit(2)
    merged = two.merge(two)
    assert indices(merged) == ["1_s000", "1_s001", "2_s000", "2_s001"]
    assert merged.size().getInfo() == 4
    made = ee.ImageCollection([ee.Image(1), ee.Image(2), ee.Image("TEST/UTM").select("u8")])
    assert indices(made) == ["0", "1", "UTM"]
    assert made.toBands().bandNames().getInfo() == ["0_constant", "1_constant", "UTM_u8"]


def test_features() -> None:
    points = ee.FeatureCollection(
        [ee.Feature(ee.Geometry.Point([i, 2]), {"n": i, "even": i % 2 == 0}) for i in range(3)]
    )
    info = points.getInfo()
    assert info["type"] == "FeatureCollection"
    assert info["columns"] == {"n": "Integer", "even": "Boolean", "system:index": "String"}
    assert info["features"][1] == {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [1, 2]},
        "id": "1",
        "properties": {"n": 1, "even": False},
    }
    assert points.filterBounds(ee.Geometry.Rectangle([0.5, 0, 5, 5])).size().getInfo() == 2
    nested = ee.FeatureCollection([points, points])
    assert indices(nested.flatten())[:4] == ["0_0", "0_1", "0_2", "1_0"]
    assert ee.Feature(None, {"a": [1]}).set("b", 2).toDictionary().getInfo() == {"a": [1], "b": 2}


def test_properties() -> None:
    image = ee.Image("TEST/SERIES/s001")
    assert image.get("cloud").getInfo() == 40
    assert image.get("nothing").getInfo() is None
    assert image.set("cloud", 1, "x", "y").toDictionary(["cloud", "x"]).getInfo() == {
        "cloud": 1,
        "x": "y",
    }
    assert image.set({"a": 1, "b": None}).get("a").getInfo() == 1
    assert image.set("cloud", None).propertyNames().contains("cloud").getInfo() is False
    assert "system:index" not in image.toDictionary().getInfo()
    copied = ee.Image(ee.Image(1).copyProperties(image, ["name", "system:time_start"]))
    assert copied.get("name").getInfo() == "scene 1"
    assert copied.date().getInfo() == image.date().getInfo()


def test_assets(server: Server) -> None:
    asset = ee.data.getAsset("TEST/UTM")
    assert asset["type"] == "IMAGE"
    assert asset["name"] == "projects/earthengine-public/assets/TEST/UTM"
    assert asset["id"] == "TEST/UTM"
    assert asset["startTime"] == "2024-01-01T00:00:00Z"
    assert asset["geometry"]["type"] == "Polygon"
    assert asset["properties"] == {"time": "noon"}
    band = asset["bands"][2]
    assert band == {
        "id": "u16",
        "dataType": {"precision": "INT", "range": {"max": 65535}},
        "grid": {
            "crsCode": "EPSG:32738",
            "dimensions": {"width": 300, "height": 250},
            "affineTransform": {
                "scaleX": 10, "translateX": 399960, "scaleY": -10, "translateY": 8000020,
            },
        },
        "pyramidingPolicy": "MEAN",
    }  # fmt: skip
    collection = ee.data.getAsset("TEST/SERIES")
    assert collection["type"] == "IMAGE_COLLECTION"
    assert "bands" not in collection
    with pytest.raises(ee.EEException, match="not found"):
        ee.data.getAsset("TEST/NO")
    assert server.stats.requests == {"getAsset": 3}


def test_listing_goes_by_pages() -> None:
    parent = "projects/earthengine-public/assets/TEST/SERIES"
    first = ee.data.listAssets({"parent": parent, "pageSize": 4})
    assert [asset["id"][-4:] for asset in first["assets"]] == ["s000", "s001", "s002", "s003"]
    rest = ee.data.listAssets({"parent": parent, "pageToken": first["nextPageToken"]})
    assert [asset["id"][-4:] for asset in rest["assets"]] == ["s004", "s005"]
    assert "nextPageToken" not in rest
    basic = ee.data.listAssets({"parent": parent, "view": "BASIC"})["assets"][0]
    assert set(basic) == {"type", "name", "id"}
    many = ee.data.listAssets({"parent": "projects/earthengine-public/assets/TEST/MANY"})
    assert len(many["assets"]) == 5010
    roots = ee.data.listAssets("projects/earthengine-public/assets")["assets"]
    assert "TEST/UTM" in [asset["id"] for asset in roots]


def test_a_page_is_never_longer_than_the_service_allows(server: Server) -> None:
    path = "/v1/projects/earthengine-public/assets/TEST/MANY:listAssets?pageSize=9999"
    page = send(server, "GET", path).json
    assert len(page["assets"]) == 1000
    assert send(server, "GET", path.replace("9999", "x")).status == 400
    assert send(server, "GET", path + "&pageToken=x").status == 400
    assert send(server, "GET", path.replace("MANY", "UTM")).status == 400


def test_images_are_made_when_they_are_looked_at() -> None:
    """A catalogue may make its images on access: first() must not make them all."""

    class OnAccess(tuple[ImageAsset, ...]):
        __slots__ = ()

        def __iter__(self) -> Any:
            for image in tuple.__iter__(self):
                made.append(image.id)
                yield image

    made: list[str] = []
    images = OnAccess(synthetic.image(f"TEST/LAZY/i{k}", k, synthetic.UTM) for k in range(50))
    catalog = Catalog([CollectionAsset("TEST/LAZY", images)])
    expression = ee.ImageCollection("TEST/LAZY").first().get("system:index")
    with running(catalog, Limits()) as server:
        body = {"expression": ee.serializer.encode(expression)}
        reply = send(server, "POST", f"{PROJECT}/value:compute", body)
    assert reply.json == {"result": "i0"}
    assert made == ["TEST/LAZY/i0"]


def test_geometry_of_a_collection() -> None:
    found = ee.ImageCollection("TEST/PAIR").geometry().bounds().getInfo()
    ring = found["coordinates"][0]
    west, south, east, north = box(*ring[0], *ring[2]).bounds
    assert found["geodesic"] is False
    assert (west, east) == pytest.approx((44.054, 44.1021), abs=1e-3)
    assert (south, north) == pytest.approx((-18.109, -18.0862), abs=1e-3)
