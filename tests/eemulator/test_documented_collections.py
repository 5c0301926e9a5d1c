"""Collections, features, filters and joins: what their pages say they give.

Sources: https://developers.google.com/earth-engine/apidocs/ee-featurecollection, -remap,
-aggregate-stats; ee-feature; ee-filter-date, -hastype; ee-join-simple; ee-data-computefeatures;
ee-imagecollection-fromimages. That the columns of mapped collections are not told, and how those
of lists are, is in replies of the service that others recorded.
"""

from __future__ import annotations

from typing import Any

import ee
import pytest

from .wire import info

pytestmark = pytest.mark.usefixtures("server")

HERE = [-62.54, -27.32]


def visits() -> Any:
    """A place at four dates."""
    days = {"2021-06-10": 10, "2021-06-20": 11, "2021-07-10": 19, "2021-07-20": 10}
    place = ee.Geometry.Point([-119.56, 37.67])
    return ee.FeatureCollection(
        [
            ee.Feature(place, {"prop": value, "system:time_start": ee.Date(day)})
            for day, value in days.items()
        ]
    )


def test_features_told_and_not() -> None:
    assert info(ee.Feature(None)) == {"type": "Feature", "geometry": None, "properties": {}}
    assert info(ee.Feature(None, {"id": "yada"}).id()) is None
    assert info(ee.Feature(None, {"system:index": "abc123"}).id()) == "abc123"


@pytest.mark.parametrize(
    ("make", "properties"),
    [
        (lambda: ee.Geometry.Point(HERE), {}),
        (lambda: ee.Feature(ee.Geometry.Point(HERE), {"key": "val"}), {"key": "val"}),
        (lambda: [ee.Feature(ee.Geometry.Point(HERE), {"key": "val1"})], {"key": "val1"}),
    ],
)
def test_collections_of_one_place(make: Any, properties: dict[str, Any]) -> None:
    assert info(ee.FeatureCollection(make())) == {
        "type": "FeatureCollection",
        "columns": {**dict.fromkeys(properties, "String"), "system:index": "String"},
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": HERE},
                "id": "0",
                "properties": properties,
            }
        ],
    }


def test_geojson_is_given_back() -> None:
    described = {
        "type": "FeatureCollection",
        "columns": {"key": "String", "system:index": "String"},
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": HERE},
                "id": "0",
                "properties": {"key": "val1"},
            }
        ],
    }
    assert info(ee.FeatureCollection(described)) == described


def test_columns_are_told_where_they_are_known() -> None:
    properties = {"box": ["1", "2"], "share": 0.5, "osm_id": 7, "mixed": [1, "a"], "none": []}
    table = ee.FeatureCollection([ee.Feature(None, properties)])
    columns = info(table)["columns"]
    assert columns == {
        "box": "List<String>",
        "mixed": "List",
        "none": "List",
        "osm_id": "Integer",
        "share": "Float",
        "system:index": "String",
    }
    assert list(columns) == sorted(columns)
    mapped = table.map(lambda feature: feature.set("more", 1))
    for unknown in (mapped, mapped.limit(3), mapped.merge(table), table.merge(mapped)):
        assert info(unknown)["columns"] == {}
    assert info(table.merge(table).limit(1))["columns"] == columns


def test_categories_are_remapped_and_others_left_out() -> None:
    kinds = ["Tree", "NotTree", "nonsense"]
    table = ee.FeatureCollection([ee.Feature(None, {"isTree": kind}) for kind in kinds])
    found = info(table.remap(["NotTree", "Tree"], [0, 1], "isTree"))["features"]
    assert [(f["id"], f["properties"]) for f in found] == [
        ("0", {"isTree": 1}),
        ("1", {"isTree": 0}),
    ]


def test_statistics_of_a_property() -> None:
    values = [1.8, 2910, 0.5]
    table = ee.FeatureCollection([ee.Feature(None, {"mw": v}) for v in [*values, None]])
    found = info(table.aggregate_stats("mw"))
    assert list(found) == [
        "max", "mean", "min", "sample_sd", "sample_var", "sum", "sum_sq", "total_count",
        "total_sd", "total_var", "valid_count", "weight_sum", "weighted_sum",
    ]  # fmt: skip
    assert (found["total_count"], found["valid_count"], found["weight_sum"]) == (4, 3, 3)
    assert found["weighted_sum"] == found["sum"] == pytest.approx(sum(values))
    # The value of the first object, even where it has none.
    backwards = ee.FeatureCollection([ee.Feature(None, {}), ee.Feature(None, {"mw": 1})])
    assert info(backwards.aggregate_first("mw")) is None
    assert info(table.aggregate_first("mw")) == 1.8


@pytest.mark.parametrize(
    "make",
    [
        lambda: ee.Filter.date("2021-07-01", "2021-08-01"),
        lambda: ee.Filter.date(ee.DateRange("2021-07-01", "2021-08-01")),
        lambda: ee.Filter.date(1625875200000, 1626739200001),
        lambda: ee.Filter.date(ee.Date("2021-07-01"), ee.Date("2021-08-01")),
        lambda: ee.Filter.calendarRange(7, 7, "month"),
        lambda: ee.Filter.calendarRange(7, 12, "month"),
    ],
)
def test_observations_of_a_month(make: Any) -> None:
    assert info(visits().filter(make()).aggregate_array("prop")) == [19, 10]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("prop == 10", [10, 10]),
        ("prop < 11 || prop > 18", [10, 19, 10]),
        ("prop >= 11 && !(prop == 19)", [11]),
        ("place == 'here'", []),
    ],
)
def test_a_text_filters(text: str, values: list[int]) -> None:
    assert info(visits().filter(text).aggregate_array("prop")) == values


def test_a_text_that_is_no_expression_is_refused() -> None:
    with pytest.raises(ee.EEException, match="Invalid filter expression near"):
        info(visits().filter("prop <").size())


def test_pixels_of_a_region_by_image() -> None:
    # A rectangle that holds the centres of two pixels of 30 m, and two points: five images each.
    images = ee.ImageCollection([ee.Image([i, 2 * i]).rename(["a", "b"]) for i in range(5)])
    box = ee.Geometry.BBox(-90.496353, 34.851971, -90.495749, 34.852197)
    points = ee.Geometry.MultiPoint([[-90.49, 34.85], [-90.48, 34.84]])
    for region in (box, points):
        header, *rows = info(images.getRegion(region, 30))
        assert header == ["id", "longitude", "latitude", "time", "a", "b"]
        assert len(rows) == 10
        assert len({(row[1], row[2]) for row in rows}) == 2


def test_a_calendar_range_may_wrap() -> None:
    wrapped = visits().filter(ee.Filter.calendarRange(12, 6, "month"))
    assert info(wrapped.aggregate_array("prop")) == [10, 11]


@pytest.mark.parametrize(
    ("field", "kind", "indices"),
    [
        (".geo", "Point", ["2"]),
        (".geo", "Polygon", ["0", "1"]),
        (".geo", "Geometry", ["0", "1", "2"]),
        ("x", "Number", ["0", "3"]),
        ("x", "Integer", ["0"]),
        ("x", "String", ["1"]),
        ("x", "Object", ["0", "1", "3"]),
        ("x", "Date", []),
    ],
)
def test_features_by_the_type_of_what_they_have(field: str, kind: str, indices: list[str]) -> None:
    square = ee.Geometry.Rectangle([0, 0, 1, 1])
    table = ee.FeatureCollection(
        [
            ee.Feature(square, {"x": 0}),
            ee.Feature(square, {"x": "foo"}),
            ee.Feature(ee.Geometry.Point(0, 0)),
            ee.Feature(None, {"x": 0.5}),
        ]
    )
    found = table.filter(ee.Filter.hasType(leftField=field, rightValue=kind))
    assert info(found.aggregate_array("system:index")) == indices


def test_joins_by_an_attribute() -> None:
    names = ["Forest", "Water", "Urban", "Shrub"]
    primary = ee.FeatureCollection(
        [ee.Feature(None, {"id": i, "name": name}) for i, name in enumerate(names, 1)]
    )
    secondary = ee.FeatureCollection(
        [ee.Feature(None, {"type_id": i, "label": "Natural"}) for i in (1, 2)]
    )
    same = ee.Filter.equals(leftField="id", rightField="type_id")

    def joined(join: Any) -> Any:
        return info(join.apply(primary, secondary, same))["features"]

    assert [f["properties"] for f in joined(ee.Join.simple())] == [
        {"id": 1, "name": "Forest"},
        {"id": 2, "name": "Water"},
    ]
    assert [f["properties"]["name"] for f in joined(ee.Join.inverted())] == ["Urban", "Shrub"]
    pairs = [f["properties"] for f in joined(ee.Join.inner())]
    assert [sorted(pair) for pair in pairs] == [["primary", "secondary"]] * 2
    assert pairs[1]["primary"]["properties"]["name"] == "Water"
    assert pairs[1]["secondary"]["properties"]["type_id"] == 2


def test_a_list_of_images_is_made_a_collection() -> None:
    images = (
        ee.Feature(None).set("img_list", [ee.Image(0), ee.Image(1), ee.Image(2)]).get("img_list")
    )
    made = info(ee.ImageCollection.fromImages(images))
    assert made["type"] == "ImageCollection"
    assert [image["properties"]["system:index"] for image in made["features"]] == ["0", "1", "2"]
    # The constructor does not see a list in what is computed.
    assert isinstance(info(ee.ImageCollection(images)), list)


def test_images_become_features() -> None:
    place = ee.Geometry.Point([45, -18])
    images = ee.ImageCollection([ee.Image(3), ee.Image(4)])
    table = images.map(lambda image: ee.Feature(place, image.reduceRegion("first", place, 30)))
    found = ee.data.computeFeatures({"expression": table})
    assert found["type"] == "FeatureCollection"
    assert [f["properties"] for f in found["features"]] == [{"constant": 3}, {"constant": 4}]
