"""Functions of lists, strings, numbers, dictionaries and features, and reducers of columns."""

from __future__ import annotations

import statistics
from typing import Any

import ee
import numpy as np
import pytest

from .wire import info

pytestmark = pytest.mark.usefixtures("server")

R = ee.Reducer


def items(*values: Any) -> Any:
    return ee.List(list(values))


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: items(1, 2, 1).frequency(1), 2),
        (lambda: items(1, 2).insert(1, "x"), [1, "x", 2]),
        (lambda: items(1, 2).insert(-1, "x"), [1, "x", 2]),
        (lambda: items(1, 2).insert(2, "x"), [1, 2, "x"]),
        (lambda: items(1, 2).set(-1, "x"), [1, "x"]),
        (lambda: items(1, 2, 1).replace(1, 9), [9, 2, 1]),
        (lambda: items(1, 2).replace(7, 9), [1, 2]),
        (lambda: items(1, 2, 3, 4).splice(1, 2, ["a"]), [1, "a", 4]),
        (lambda: items(1, 2, 3).splice(-1, 1), [1, 2]),
        (lambda: items(1, 2, 3).swap(0, -1), [3, 2, 1]),
        (lambda: items([1, 2], [3, 4, 5]).unzip(), [[1, 3], [2, 4]]),
        (lambda: items(1, 2, 1, 2).indexOfSublist([1, 2]), 0),
        (lambda: items(1, 2, 1, 2).lastIndexOfSubList([1, 2]), 2),
        (lambda: items(1, 2).indexOfSublist([2, 1]), -1),
        (lambda: ee.String("S2A_MSIL2A_x").split("_"), ["S2A", "MSIL2A", "x"]),
        (lambda: ee.String("a1b22c").split("[0-9]+"), ["a", "b", "c"]),
        (lambda: ee.String("a,b,,").split(","), ["a", "b"]),
        (lambda: ee.String("abc").split(""), ["a", "b", "c"]),
        (lambda: ee.String("T38KQE T39KTV").match(r"T(\d\d)(\w)"), ["T38K", "38", "K"]),
        (lambda: ee.String("T38KQE T39KTV").match(r"T\d\d", "g"), ["T38", "T39"]),
        (lambda: ee.String("abc").match("x"), []),
        (lambda: ee.String("aXbX").replace("x", "-", "gi"), "a-b-"),
        (lambda: ee.String("aXbX").replace("X", "-"), "a-bX"),
        (lambda: ee.String("2024-06").replace("(.*)-(.*)", "$2/$1"), "06/2024"),
        (lambda: ee.String("a.b").replace(r"\.", "\\"), "a\\b"),
        (lambda: ee.String("a").compareTo("b"), -1),
        (lambda: ee.String.encodeJSON({"a": [1, None]}), '{"a":[1,null]}'),
        (lambda: ee.String('{"a":[1,null]}').decodeJSON(), {"a": [1, None]}),
        (lambda: ee.Number(7).format("%03d"), "007"),
        (lambda: ee.Number(3.14159).format("%.2f m"), "3.14 m"),
        (lambda: ee.Number(12).format(), "12"),
        (lambda: ee.Number(255).format("0x%x"), "0xff"),
        (lambda: ee.Dictionary({"a": 1, "b": 2}).rename(["a"], ["c"]), {"b": 2, "c": 1}),
        (lambda: ee.Dictionary({"a": 1, "b": 2}).rename(["a"], ["b"], True), {"b": 1}),
    ],
)
def test_values(make: Any, expected: Any) -> None:
    assert info(make()) == expected


@pytest.mark.parametrize(
    "make",
    [
        lambda: items(1).insert(3, 1),
        lambda: items(1).set(1, 1),
        lambda: items(1).splice(0, -1),
        lambda: items(1, [2]).unzip(),
        lambda: ee.String("a").split("("),
        lambda: ee.String("a").replace("a", "$1"),
        lambda: ee.String("a").match("a", "q"),
        lambda: ee.String("{").decodeJSON(),
        lambda: ee.Number(1.5).format("%d"),
        lambda: ee.Number(1).format("%d %d"),
        lambda: ee.Number(1).format("%999999d"),
        lambda: ee.Dictionary({"a": 1, "b": 2}).rename(["a"], ["b"]),
        lambda: ee.FeatureCollection("TEST/NONE").size(),
        lambda: ee.FeatureCollection("TEST/UTM").size(),
    ],
)
def test_what_has_no_value_is_refused(make: Any) -> None:
    with pytest.raises(ee.EEException):
        info(make())


def features() -> Any:
    """Clouds and tiles of seven scenes; one without clouds."""
    rows = zip(CLOUDS, TILES, strict=True)
    return ee.FeatureCollection(
        [
            ee.Feature(None, {"tile": tile} | ({} if cloud is None else {"cloud": cloud}))
            for cloud, tile in rows
        ]
    )


CLOUDS = [5.0, 20.0, 20.0, None, 71.5, 0.0, 20.0]
TILES = ["KQE", "KQF", "KQE", "KQE", "KTV", "KQE", "KQF"]
KNOWN = [cloud for cloud in CLOUDS if cloud is not None]


def test_aggregates() -> None:
    table = features()
    assert info(table.aggregate_array("cloud")) == KNOWN
    assert info(table.aggregate_min("cloud")) == 0
    assert info(table.aggregate_max("cloud")) == 71.5
    assert info(table.aggregate_count("cloud")) == 6
    assert info(table.aggregate_count_distinct("cloud")) == 4
    assert info(table.aggregate_histogram("tile")) == {"KQE": 4, "KQF": 2, "KTV": 1}
    assert info(table.aggregate_sum("cloud")) == sum(KNOWN)
    assert info(table.aggregate_first("tile")) == "KQE"
    for name, expected in (
        ("sample_sd", statistics.stdev(KNOWN)),
        ("sample_var", statistics.variance(KNOWN)),
        ("total_sd", statistics.pstdev(KNOWN)),
        ("total_var", statistics.pvariance(KNOWN)),
    ):
        assert info(getattr(table, f"aggregate_{name}")("cloud")) == pytest.approx(expected)
    stats = info(table.aggregate_stats("cloud"))
    assert stats["valid_count"] == 6
    assert stats["total_count"] == 7
    assert stats["sum_sq"] == sum(cloud**2 for cloud in KNOWN)
    assert info(table.limit(1).aggregate_sample_sd("cloud")) is None


def reduced(reducer: Any, *selectors: str) -> Any:
    return info(features().reduceColumns(reducer, list(selectors)))


def test_reducers_of_columns() -> None:
    assert reduced(R.countEvery(), "cloud") == {"count": 7}
    assert reduced(R.countDistinctNonNull(), "cloud") == {"count": 4}
    assert reduced(R.frequencyHistogram(), "cloud") == {
        "histogram": {"5": 1, "20": 3, "71.5": 1, "0": 1}
    }
    assert reduced(R.sampleStdDev(), "cloud") == {"stdDev": pytest.approx(statistics.stdev(KNOWN))}
    assert reduced(R.percentile([0, 50, 100]), "cloud") == {"p0": 0, "p50": 20, "p100": 71.5}
    assert reduced(R.percentile([25], ["q"]), "cloud") == {"q": np.percentile(KNOWN, 25)}
    assert reduced(R.mean().combine(R.count(), "", True), "cloud") == {
        "mean": pytest.approx(statistics.mean(KNOWN)),
        "count": 6,
    }
    assert reduced(R.max().combine(R.toList(), "of_"), "cloud", "tile") == {
        "max": 71.5,
        "of_list": TILES,
    }
    assert reduced(R.mean().setOutputs(["average"]), "cloud") == {
        "average": pytest.approx(statistics.mean(KNOWN))
    }
    with pytest.raises(ee.EEException, match="same name"):
        reduced(R.mean().combine(R.mean(), "", True), "cloud")


def test_groups_of_columns() -> None:
    assert reduced(R.count().group(1, "tile"), "cloud", "tile") == {
        "groups": [
            {"tile": "KQE", "count": 3},
            {"tile": "KQF", "count": 2},
            {"tile": "KTV", "count": 1},
        ]
    }
    assert reduced(R.toList().group(0), "cloud", "tile")["groups"][1] == {
        "group": 5,
        "list": ["KQE"],
    }
    nested = reduced(R.minMax().group(1, "tile"), "cloud", "tile")["groups"]
    assert nested[0] == {"tile": "KQE", "min": 0, "max": 20}
    with pytest.raises(ee.EEException, match="group"):
        reduced(R.count().group(2), "cloud", "tile")


def test_distinct_and_order_by_several() -> None:
    table = features()
    firsts = table.distinct("tile").aggregate_array("system:index")
    assert info(firsts) == ["0", "1", "4"]
    assert info(table.distinct(["tile", "cloud"]).size()) == 6
    # Sorts are stable: the last one counts first. Nulls come first [I].
    ordered = table.sort("cloud").sort("tile", False)
    assert info(ordered.aggregate_array("system:index")) == ["4", "1", "6", "3", "5", "0", "2"]
    assert info(table.limit(3, "cloud", False).aggregate_array("system:index")) == ["4", "1", "2"]


def test_features_selected() -> None:
    feature = ee.Feature(ee.Geometry.Point([1, 2]), {"ab": 1, "ac": 2, "b": 3})
    assert info(feature.select(["ab", "b"]).toDictionary()) == {"ab": 1, "b": 3}
    assert info(feature.select(["a.*"]).toDictionary()) == {"ab": 1, "ac": 2}
    assert info(feature.select(["b"], ["n"]).toDictionary()) == {"n": 3}
    assert info(feature.select(["b"], None, False))["geometry"] is None
    assert info(feature.setGeometry(None))["geometry"] is None
    table = ee.FeatureCollection([feature]).select(["b"])
    assert info(table.first())["properties"] == {"b": 3}
    assert info(feature.id()) is None
    assert info(ee.Feature(ee.FeatureCollection([feature]).first()).id()) == "0"


def test_a_union_is_one_feature() -> None:
    boxes = [ee.Geometry.Rectangle([x, 0, x + 2, 1], None, False) for x in (0, 1)]
    union = info(ee.FeatureCollection([ee.Feature(box) for box in boxes]).union(1))
    assert [feature["id"] for feature in union["features"]] == ["union_result"]
    table = ee.FeatureCollection([ee.Feature(box) for box in boxes])
    assert info(table.bounds())["coordinates"][0][0] == [0, 0]
