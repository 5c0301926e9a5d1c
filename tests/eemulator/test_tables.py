"""Tables and collections of images by pages, and what is too long for one reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import pytest

from eemulator import Catalog, CollectionAsset, ImageAsset, Limits, running

from . import synthetic
from .wire import PROJECT, call, ref, send

if TYPE_CHECKING:
    from eemulator import Server

pytestmark = pytest.mark.usefixtures("server")

TOO_MANY = "Collection query aborted after accumulating over 5000 elements."
FEATURES = f"{PROJECT}/table:computeFeatures"


def many() -> Any:
    return ee.ImageCollection("TEST/MANY")


def rows() -> Any:
    """A row for each image of the long collection, as queries make them."""
    return ee.FeatureCollection(
        many().map(
            lambda image: ee.Feature(
                image.geometry(), {"n": image.get("number"), "crs": image.select("u8").projection()}
            )
        )
    )


def numbers(features: list[dict[str, Any]]) -> list[int]:
    return [feature["properties"]["n"] for feature in features]


def test_a_page_is_geojson() -> None:
    place = ee.Geometry.Rectangle([400_000, 7_999_000, 400_100, 7_999_100], "EPSG:32738", False)
    table = ee.FeatureCollection(
        [
            ee.Feature(place, {"n": 1, "list": [1, "a"], "half": 0.5, "day": ee.Date(0)}),
            ee.Feature(None, {"n": 2}),
        ]
    )
    page = ee.data.computeFeatures({"expression": table})
    assert set(page) == {"type", "features"}
    assert page["type"] == "FeatureCollection"
    first, second = page["features"]
    assert first["type"] == "Feature"
    assert first["id"] == "0"
    assert first["properties"] == {
        "n": 1,
        "list": [1, "a"],
        "half": 0.5,
        "day": {"type": "Date", "value": 0},
    }
    assert set(first["geometry"]) == {"type", "coordinates"}
    assert first["geometry"]["coordinates"][0][0] == pytest.approx([44.0550, -18.0958], abs=1e-3)
    assert second == {"type": "Feature", "geometry": None, "id": "1", "properties": {"n": 2}}


def test_pages_follow_one_another(server: Server) -> None:
    expression = rows()
    found, tokens = [], []
    request: dict[str, Any] = {"expression": expression}
    while True:
        page = ee.data.computeFeatures(request)
        found += page["features"]
        if "nextPageToken" not in page:
            break
        tokens.append(page["nextPageToken"])
        request["pageToken"] = tokens[-1]
    assert len(tokens) == 5
    assert numbers(found) == list(range(5010))
    assert {feature["geometry"]["type"] for feature in found} == {"Polygon"}
    assert found[0]["properties"]["crs"]["crs"] == "EPSG:32738"
    assert server.stats.requests == {"computeFeatures": 6}
    # Any page, again and in any order: a token needs nothing that the server remembers.
    for k in (3, 1, 1):
        page = ee.data.computeFeatures({"expression": expression, "pageToken": tokens[k]})
        assert numbers(page["features"]) == list(range((k + 1) * 1000, (k + 2) * 1000))


def test_size_of_pages() -> None:
    page = ee.data.computeFeatures({"expression": rows(), "pageSize": 7})
    assert numbers(page["features"]) == list(range(7))
    page = ee.data.computeFeatures(
        {"expression": rows(), "pageSize": 3, "pageToken": page["nextPageToken"]}
    )
    assert numbers(page["features"]) == [7, 8, 9]
    page = ee.data.computeFeatures({"expression": rows(), "pageSize": 100_000})
    assert len(page["features"]) == 5000
    exact = rows().limit(4)
    page = ee.data.computeFeatures({"expression": exact, "pageSize": 4})
    assert len(page["features"]) == 4
    assert "nextPageToken" not in page
    empty = ee.data.computeFeatures({"expression": rows().filter(ee.Filter.eq("n", -1))})
    assert empty == {"type": "FeatureCollection", "features": []}


def test_data_frames() -> None:
    table = ee.data.computeFeatures(
        {"expression": rows(), "fileFormat": "PANDAS_DATAFRAME", "pageSize": 2000}
    )
    assert set(table.columns) == {"geo", "n", "crs"}
    assert table["n"].tolist() == list(range(5010))
    frame = ee.data.computeFeatures(
        {"expression": rows().limit(10), "fileFormat": "GEOPANDAS_GEODATAFRAME"}
    )
    assert frame["n"].tolist() == list(range(10))
    assert frame.geometry.iloc[0].contains(frame.geometry.iloc[0].centroid)


def test_a_token_belongs_to_its_expression(server: Server) -> None:
    wire = ee.serializer.encode(rows())
    page = send(server, "POST", FEATURES, {"expression": wire}).json
    other = ee.serializer.encode(rows().limit(3000))
    for token, expression in (
        (page["nextPageToken"], other),
        ("x", wire),
        ("AAAA", wire),
        (page["nextPageToken"][:-4], wire),
        (7, wire),
    ):
        body = {"expression": expression, "pageToken": token}
        reply = send(server, "POST", FEATURES, body)
        assert reply.status == 400
        assert "page_token" in reply.message
    # The size of the pages may change, and an empty token is none.
    body = {"expression": wire, "pageToken": page["nextPageToken"], "pageSize": 2}
    assert numbers(send(server, "POST", FEATURES, body).json["features"]) == [1000, 1001]
    assert len(send(server, "POST", FEATURES, {"expression": wire, "pageToken": ""}).json) == 3


def test_what_is_no_table_is_refused(server: Server) -> None:
    for body, words in (
        ({"expression": ee.serializer.encode(ee.Number(1))}, "collection"),
        ({"expression": {"result": "0", "values": {"0": call("Collection.nope")}}}, "nope"),
        ({"expression": ee.serializer.encode(rows()), "pageSize": -1}, "page_size"),
        ({"expression": ee.serializer.encode(rows()), "pageSize": "x"}, "page_size"),
        ({"expressions": 1}, "Unknown name"),
        ([], "Root element"),
    ):
        reply = send(server, "POST", FEATURES, body)
        assert reply.status == 400
        assert words in reply.message
    assert send(server, "POST", f"{PROJECT}/table:tabulate", {}).status == 404


def test_an_error_in_a_row_is_told_with_its_image() -> None:
    with pytest.raises(ee.EEException, match=r"^Error in map\(ID=m00000\):\nImage.select: Band"):
        ee.data.computeFeatures({"expression": many().map(lambda image: image.select("B4"))})


def test_images_become_rows_by_their_footprints() -> None:
    page = ee.data.computeFeatures({"expression": ee.ImageCollection("TEST/SERIES")})
    row = page["features"][1]
    assert row["id"] == "s001"
    assert row["properties"]["cloud"] == 40
    assert "system:index" not in row["properties"]
    assert row["geometry"]["type"] == "Polygon"


def test_compute_images(server: Server) -> None:
    series = ee.ImageCollection("TEST/SERIES")
    page = ee.data.computeImages({"expression": series, "pageSize": 2})
    assert set(page) == {"images", "nextPageToken"}
    image = page["images"][0]
    asset = ee.data.getAsset("TEST/SERIES/s000")
    for field in ("type", "name", "id", "startTime", "endTime", "properties", "updateTime"):
        assert image[field] == asset[field]
    assert image["geometry"] == asset["geometry"]
    assert image["bands"][2] == {
        key: value for key, value in asset["bands"][2].items() if key != "pyramidingPolicy"
    }
    rest = ee.data.computeImages({"expression": series, "pageToken": page["nextPageToken"]})
    assert [image["id"][-4:] for image in rest["images"]] == ["s002", "s003", "s004", "s005"]
    computed = ee.data.computeImages(
        {"expression": series.limit(1).map(lambda i: i.select("u8").add(1).set("a", ee.Date(5)))}
    )["images"][0]
    assert "name" not in computed
    assert computed["properties"] == {"a": {"type": "Date", "value": 5}}
    assert computed["bands"][0]["id"] == "u8"
    with pytest.raises(ee.EEException, match="collection of images"):
        ee.data.computeImages({"expression": rows()})
    assert server.stats.requests["computeImages"] == 4


@pytest.mark.parametrize(
    "make",
    [
        lambda: many(),
        lambda: rows(),
        lambda: many().toList(6000),
        lambda: many().toList(5001),
        lambda: many().toList(6000).size(),
        lambda: many().sort("number", False),
        lambda: ee.Dictionary({"all": many()}),
        lambda: many().merge(many()).filter(ee.Filter.gte("number", 2000)),
    ],
)
def test_over_five_thousand_elements_are_refused(server: Server, make: Any) -> None:
    with pytest.raises(ee.EEException) as caught:
        make().getInfo()
    assert str(caught.value) == TOO_MANY
    assert server.stats.refusals == {"elements": 1}


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: many().size(), 5010),
        (lambda: rows().size(), 5010),
        (lambda: many().toList(5000).size(), 5000),
        (lambda: many().toList(5000, 5000).size(), 10),
        (lambda: many().aggregate_array("number").length(), 5010),
        (lambda: many().aggregate_max("number"), 5009),
        (lambda: many().reduceColumns(ee.Reducer.sum(), ["number"]).get("sum"), 5009 * 2505),
        (lambda: many().limit(3, "number", False).aggregate_array("number"), [5009, 5008, 5007]),
        (lambda: many().sort("number", False).first().get("number"), 5009),
        (lambda: rows().filter(ee.Filter.gt("n", 5000)).size(), 9),
    ],
)
def test_what_takes_no_such_list_is_computed(make: Any, expected: Any) -> None:
    assert make().getInfo() == expected


def test_a_table_too_deep_is_refused(server: Server) -> None:
    values: dict[str, Any] = {"0": call("ImageCollection.load", id="TEST/SERIES")}
    for i in range(1, 3000):
        values[str(i)] = call("Collection.limit", collection=ref(str(i - 1)), limit=3)
    reply = send(server, "POST", FEATURES, {"expression": {"result": "2999", "values": values}})
    assert reply.status == 400
    assert "too deeply" in reply.message


def archive() -> Any:
    return ee.ImageCollection("TEST/ARCHIVE")


def passes(i: int) -> bool:
    """What the next test filters by: half of the time, a band of places, few clouds."""
    return i < 25_000 and i % 100 // 10 in (3, 4) and i * 37 % 101 <= 60


def test_fifty_thousand_images_are_filtered_and_ordered() -> None:
    south = ee.Geometry.Rectangle([40.1, -14.9, 49.9, -13.1], None, False)
    found = (
        archive()
        .filterDate("2000-01-01", "2008-07-22")  # 3125 days, eight images each
        .filterBounds(south)
        .filter(ee.Filter.lte("cloud", 60))
        .sort("cloud", False)
    )
    expected = sorted(filter(passes, range(50_000)), key=lambda i: -(i * 37 % 101))
    assert len(expected) > 2500
    assert found.aggregate_array("number").getInfo() == expected
    assert found.size().getInfo() == len(expected)
    assert archive().size().getInfo() == 50_000
    assert ee.Image("TEST/ARCHIVE/a049999").get("number").getInfo() == 49_999
    with pytest.raises(ee.EEException, match="not found"):
        ee.Image("TEST/ARCHIVE/a050000").getInfo()


def test_fifty_thousand_rows_come_in_ten_pages(server: Server) -> None:
    table = archive().map(
        lambda image: ee.Feature(
            image.geometry(),
            {"n": image.get("number"), "projection": image.select("u8").projection()},
        )
    )
    seen = 0
    request: dict[str, Any] = {"expression": table, "pageSize": 5000}
    while True:
        page = ee.data.computeFeatures(request)
        assert numbers(page["features"]) == list(range(seen, seen + 5000))
        last = page["features"][-1]
        west = last["properties"]["projection"]["transform"][2]
        assert last["geometry"]["coordinates"][0][0] == [west, -19]
        seen += 5000
        if "nextPageToken" not in page:
            break
        request["pageToken"] = page["nextPageToken"]
    assert seen == 50_000
    assert server.stats.requests == {"computeFeatures": 10}


def test_pages_cost_no_more_than_the_whole() -> None:
    class Counting(tuple[ImageAsset, ...]):
        __slots__ = ()

        def __iter__(self) -> Any:
            for image in tuple.__iter__(self):
                made.append(image.id)
                yield image

    made: list[str] = []
    images = Counting(synthetic.many(300).images)
    catalog = Catalog([CollectionAsset("TEST/COUNTED", images)])
    expression = ee.ImageCollection("TEST/COUNTED").filter(ee.Filter.gte("number", 10))
    body = {"expression": ee.serializer.encode(expression), "pageSize": 10}
    with running(catalog, Limits()) as server:
        for page in range(29):
            reply = send(server, "POST", FEATURES, body).json
            assert [f["id"] for f in reply["features"]] == [
                f"m{i:05d}" for i in range(10 * page + 10, 10 * page + 20)
            ]
            body["pageToken"] = reply.get("nextPageToken")
    assert body["pageToken"] is None
    assert len(made) == 300
