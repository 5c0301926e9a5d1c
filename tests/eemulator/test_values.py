"""Numbers, strings, lists, dictionaries, dates and geometries."""

from __future__ import annotations

import inspect
import json
from typing import Any

import ee
import pytest

from eemulator.algorithms import load_all
from eemulator.expression import registry

pytestmark = pytest.mark.usefixtures("server")

L = ee.List
D = ee.Dictionary


def square() -> Any:
    return ee.Geometry.Rectangle([0, 0, 2, 2], None, False)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: ee.Number(6).multiply(7), 42),
        (lambda: ee.Number(1).divide(4), 0.25),
        (lambda: ee.Number(1).divide(0), 0),
        (lambda: ee.Number(2).pow(10), 1024),
        (lambda: ee.Number(-7).mod(3), -1),
        (lambda: ee.Number(2.5).round(), 3),
        (lambda: ee.Number(-2.5).round(), -2),
        (lambda: ee.Number(3).gt(2), 1),
        (lambda: ee.Number(0).Or(0), 0),
        (lambda: ee.Number(300).toUint8(), 255),
        (lambda: ee.Number(2.9).toInt(), 2),
        (lambda: ee.Number(-1).sqrt(), "NaN"),
        (lambda: ee.Number.parse("12.5"), 12.5),
        (lambda: ee.Number(5).clamp(1, 3), 3),
        (lambda: ee.Number(4.0), 4),
        (lambda: ee.String("a").cat("b"), "ab"),
        (lambda: ee.String(ee.Number(5)), "5"),
        (lambda: ee.String("abc").slice(1), "bc"),
        (lambda: ee.String("abc").length(), 3),
        (lambda: ee.String("abc").index("c"), 2),
        (lambda: L([1, 2, 3]).get(-1), 3),
        (lambda: L([1, 2, 3, 4]).slice(1, -1), [2, 3]),
        (lambda: L([1, 2, 3, 4]).slice(-2), [3, 4]),
        (lambda: L([1, 2, 3, 4]).slice(0, 99, 3), [1, 4]),
        (lambda: L([1, 2, 3]).map(lambda x: ee.Number(x).add(1)), [2, 3, 4]),
        (lambda: L([3, 1, 2]).sort(), [1, 2, 3]),
        (lambda: L(["a", "b"]).sort([2, 1]), ["b", "a"]),
        (lambda: L([1, 2, 2]).distinct(), [1, 2]),
        (lambda: L([1, [2, [3]]]).flatten(), [1, 2, 3]),
        (lambda: L([1, 2, 3]).remove(2), [1, 3]),
        (lambda: L([1, 2, 3]).removeAll([1, 3]), [2]),
        (lambda: L([1, 2]).zip([3, 4]), [[1, 3], [2, 4]]),
        (lambda: L.sequence(1, 5, 2), [1, 3, 5]),
        (lambda: L.sequence(0, 1, count=3), [0, 0.5, 1]),
        (lambda: L.repeat("x", 2), ["x", "x"]),
        (lambda: L([1, 2, 3]).reduce(ee.Reducer.sum()), 6),
        (lambda: L([1, None, 3]).filter(ee.Filter.gt("item", 1)), [3]),
        (lambda: L([1, 2, 3]).iterate(lambda x, s: ee.Number(s).add(ee.Number(x)), 0), 6),
        (lambda: D.fromLists(["a", "b"], [1, 2]), {"a": 1, "b": 2}),
        (lambda: D({"a": 1}).set("b", 2), {"a": 1, "b": 2}),
        (lambda: D({"a": 1}).get("a"), 1),
        (lambda: D({"a": 1}).get("b", 5), 5),
        (lambda: D({"b": 1, "a": 2}).keys(), ["a", "b"]),
        (lambda: D({"b": 1, "a": 2}).values(), [2, 1]),
        (lambda: D({"b": 1, "a": 2}).remove(["a"]), {"b": 1}),
        (lambda: D({"a": 1}).combine({"a": 2, "b": 3}, False), {"a": 1, "b": 3}),
        (lambda: D({"a": 1}).map(lambda k, v: ee.Number(v).add(1)), {"a": 2}),  # noqa: ARG005
        (lambda: D({"a": 1, "b": 2.5}).toImage().bandNames(), ["a", "b"]),
        (lambda: ee.Date("2024-01-01"), {"type": "Date", "value": 1704067200000}),
        (lambda: ee.Date("2024-01-01T12:00:00.5Z").millis(), 1704110400500),
        (lambda: ee.Date("2024-01-01", "Indian/Antananarivo").millis(), 1704056400000),
        (lambda: ee.Date(5).millis(), 5),
        (lambda: ee.Date("2024-01-03").difference("2024-01-01", "day"), 2),
        (
            lambda: ee.DateRange("2024-01-01", "2024-01-02"),
            {"type": "DateRange", "dates": [1704067200000, 1704153600000]},
        ),
        (lambda: ee.DateRange(5).end().millis(), 6),
        (lambda: ee.ErrorMargin(5), {"type": "ErrorMargin", "unit": "meters", "value": 5}),
        (lambda: square().contains(ee.Geometry.Point([1, 1])), True),
        (lambda: square().contains(ee.Geometry.Point([3, 1])), False),
        (lambda: square().containedIn(square()), True),
        (lambda: square().intersects(ee.Geometry.Point([2, 2])), True),
        (lambda: square().type(), "Polygon"),
        (
            lambda: square(),
            {
                "type": "Polygon",
                "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]],
                "geodesic": False,
            },
        ),
        (
            lambda: ee.Geometry.Polygon([[0, 0], [1, 0], [1, 1]]),
            {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
        ),
        (
            lambda: ee.Geometry.Point([5, 6], "EPSG:32738"),
            {
                "type": "Point",
                "coordinates": [5, 6],
                "crs": {"type": "name", "properties": {"name": "EPSG:32738"}},
            },
        ),
        (lambda: ee.Geometry.MultiPoint([[1, 2], [3, 4]]).coordinates(), [[1, 2], [3, 4]]),
    ],
)
def test_values(make: Any, expected: Any) -> None:
    assert make().getInfo() == expected


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: L([1, 2, 3]).get(5),
            "List.get: List index must be between 0 and 2, or -3 and -1. Found 5.",
        ),
        (lambda: D({"a": 1}).get("b"), "Dictionary.get: Dictionary does not contain key: 'b'."),
        (lambda: D.fromLists(["a"], [1, 2]), "Dictionary.fromLists: The lists must be of one size"),
        (
            lambda: ee.Number(ee.List(["x"]).get(0)).add(1),
            "Number.add: Parameter 'left' must be of type Number, got String.",
        ),
        (lambda: ee.Number.parse("x"), "Number.parse: Unable to parse 'x'"),
        (lambda: L([1]).map(lambda x: L([x]).get(4)), "Error in map(ID=0):\nList.get: "),
        (lambda: L([1, "a"]).reduce(ee.Reducer.sum()), "Need numbers"),
        (lambda: ee.Date("soon"), "Date: Invalid date"),
    ],
)
def test_errors(make: Any, message: str) -> None:
    with pytest.raises(ee.EEException) as caught:
        make().getInfo()
    assert message in str(caught.value)


def test_a_geometry_in_pixels_of_a_projection() -> None:
    projection = ee.Projection("EPSG:32738", [10, 0, 400_000, 0, -10, 8_000_000])
    box = ee.Geometry.Rectangle([0, 0, 5, 2], projection, False)
    found = box.bounds(1, ee.Projection("EPSG:32738")).coordinates().getInfo()[0]
    assert sorted({x for x, _ in found}) == [400_000, 400_050]
    assert sorted({y for _, y in found}) == [7_999_980, 8_000_000]


def test_every_algorithm_takes_the_arguments_of_its_signature() -> None:
    load_all()
    wrong = []
    for name in registry.implemented():
        found = registry.lookup(name)
        parameters = inspect.signature(found.run).parameters.values()
        if any(p.kind is p.VAR_POSITIONAL for p in parameters):
            continue
        taken = len(found.signature.arguments) - len(found.ignores)
        if len(parameters) - found.needs_session != taken:
            wrong.append(name)
    assert wrong == []


def test_the_first_55_are_there() -> None:
    load_all()
    groups = {
        "AggregateFeatureCollection": "array",
        "Collection": "filter first flatten iterate limit map reduceColumns size toList",
        "Dictionary": "fromLists get set",
        "Element": "get set toDictionary",
        "Filter": "dateRangeContains equals intersects listContains",
        "Geometry": "contains",
        "GeometryConstructors": "Polygon",
        "Image": "addBands bandNames constant geometry id load mask multiply projection "
        "reduceRegion rename select unmask",
        "ImageCollection": "fromImages load merge mosaic toBands",
        "List": "get map slice",
        "Number": "multiply",
        "Projection": "atScale wkt",
        "Reducer": "mean repeat toList",
    }
    names = {"Collection", "DateRange", "ErrorMargin", "Feature", "Projection", "String"}
    names |= {f"{group}.{name}" for group, text in groups.items() for name in text.split()}
    assert len(names) == 55
    assert names <= set(registry.implemented())


def test_an_image_is_described_within_an_expression() -> None:
    image = ee.Image("TEST/UTM").select(["u8"])
    described = ee.Dictionary(ee.Algorithms.Describe(image))
    assert described.getInfo() == image.getInfo()
    bands = json.loads(str(ee.String.encodeJSON(described.get("bands")).getInfo()))
    assert bands == image.getInfo()["bands"]
    assert bands[0]["dimensions"] == [300, 250]
    with pytest.raises(ee.EEException, match="keys and values in turn"):
        ee.Dictionary(ee.Algorithms.Describe(ee.Number(7))).getInfo()
