"""Joins, against pairs found by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import pytest

from .wire import call, compute, info

if TYPE_CHECKING:
    from eemulator import Server

pytestmark = pytest.mark.usefixtures("server")

F = ee.Filter
J = ee.Join
DAY = 86_400_000


def series() -> Any:
    """Six images a day apart; `cloud` falls from 50 by 10; `even` is there on every other."""
    return ee.ImageCollection("TEST/SERIES")


def points(**columns: list[Any]) -> Any:
    """Features 1° apart along the equator, with columns of properties."""
    count = len(next(iter(columns.values())))
    return ee.FeatureCollection(
        [
            ee.Feature(
                ee.Geometry.Point([i, 0]),
                {name: values[i] for name, values in columns.items() if values[i] is not None},
            )
            for i in range(count)
        ]
    )


def indices(joined: Any) -> list[str]:
    found: list[str] = joined.aggregate_array("system:index").getInfo()
    return found


def same_index() -> Any:
    return F.equals(leftField="system:index", rightField="system:index")


LEFT, RIGHT = {"a": [1, 2, 2, 3, None]}, {"b": [2, 3, 3, 5, None]}


def equal() -> Any:
    return F.equals(leftField="a", rightField="b")


def test_simple_and_inverted() -> None:
    left, right = points(**LEFT), points(**RIGHT)
    assert indices(J.simple().apply(left, right, equal())) == ["1", "2", "3"]
    # A missing value equals nothing, not even another one.
    assert indices(J.inverted().apply(left, right, equal())) == ["0", "4"]
    first = info(J.simple().apply(left, right, equal()).first())
    assert first["properties"] == {"a": 2}
    fewer = series().filter(F.lt("cloud", 35))
    kept = ee.ImageCollection(J.simple().apply(series(), fewer, same_index()))
    assert indices(kept) == ["s002", "s003", "s004", "s005"]
    assert info(kept)["type"] == "ImageCollection"
    assert kept.toBands().bandNames().size().getInfo() == 4 * 7


def test_inner_gives_a_feature_for_each_pair() -> None:
    joined = J.inner().apply(points(**LEFT), points(**RIGHT), equal())
    assert indices(joined) == ["1_0", "2_0", "3_1", "3_2"]
    pair = info(joined.first())
    assert pair["geometry"] is None
    assert pair["properties"]["primary"]["properties"] == {"a": 2}
    assert pair["properties"]["secondary"]["geometry"]["coordinates"] == [0, 0]
    named = J.inner("p", "s", "apart").apply(
        points(a=[0, 10]), points(b=[1, 8, 12]), F.maxDifference(2, "a", None, "b")
    )
    assert named.aggregate_array("apart").getInfo() == [1, 2, 2]
    images = J.inner().apply(series(), series(), same_index())
    stacked = ee.ImageCollection(
        images.map(
            lambda pair: ee.Image(pair.get("primary")).addBands(
                ee.Image(pair.get("secondary")).select("u8")
            )
        )
    )
    assert stacked.first().bandNames().getInfo()[-1] == "u8_1"
    assert stacked.size().getInfo() == 6


def test_save_first() -> None:
    condition = F.maxDifference(1.5 * DAY, "system:time_start", None, "system:time_start")
    plain = J.saveFirst("match").apply(series(), series(), condition)
    found = plain.map(lambda i: ee.Feature(None, {"m": ee.Image(i.get("match")).get("cloud")}))
    assert found.aggregate_array("m").getInfo() == [50, 50, 40, 30, 20, 10]
    ordered = J.saveFirst("match", "cloud").apply(series(), series(), condition)
    assert ee.Image(ordered.first().get("match")).get("cloud").getInfo() == 40
    ordered = J.saveFirst("match", "cloud", False).apply(series(), series(), condition)
    assert ee.Image(ordered.first().get("match")).get("cloud").getInfo() == 50
    rare = series().filter(F.lt("cloud", 15))
    some = J.saveFirst("match", measureKey="ms").apply(series(), rare, condition)
    assert indices(some) == ["s003", "s004", "s005"]
    assert ee.Image(some.first().get("match")).get("ms").getInfo() == DAY
    outer = J.saveFirst("match", outer=True).apply(series(), rare, condition)
    assert indices(outer) == [f"s00{i}" for i in range(6)]
    assert outer.first().get("match").getInfo() is None


def test_save_all() -> None:
    condition = F.maxDifference(1.5 * DAY, "system:time_start", None, "system:time_start")
    joined = J.saveAll("near", "cloud", True, "ms").apply(series(), series(), condition)
    lists = info(joined.aggregate_array("near"))
    clouds = [[match["properties"]["cloud"] for match in found] for found in lists]
    assert clouds == [[40, 50], [30, 40, 50], [20, 30, 40], [10, 20, 30], [0, 10, 20], [0, 10]]
    assert [match["properties"]["ms"] for match in lists[0]] == [DAY, 0]
    assert ee.List(joined.first().get("near")).size().getInfo() == 2
    alone = J.saveAll("near", outer=True).apply(series(), series(), F.eq("cloud", 20))
    # A filter of one element looks at the primary ones.
    assert alone.filter(F.notNull(["near"])).size().getInfo() == 1


def test_save_best_is_the_nearest() -> None:
    stations = points(name=["a", "b", "c", "d"])
    sites = ee.FeatureCollection([ee.Geometry.Point([x, 0]) for x in (0.4, 1.6, 30)])
    condition = F.withinDistance(200_000, ".geo", None, ".geo")
    best = J.saveBest("best", "metres").apply(sites, stations, condition)
    matches = info(best.aggregate_array("best"))
    assert [match["properties"]["name"] for match in matches] == ["a", "c"]
    for match in matches:  # 0.4° along the equator
        metres = match["properties"]["metres"]
        assert metres == pytest.approx(0.4 * 111_319.4908, rel=1e-6)


def test_conditions_may_be_put_together() -> None:
    left, right = points(a=[1, 1, 2], c=[5, 6, 7]), points(b=[1, 2, 2], d=[5, 7, 9])
    both = F.And(equal(), F.equals(leftField="c", rightField="d"))
    assert indices(J.inner().apply(left, right, both)) == ["0_0", "2_1"]
    either = F.Or(F.equals(leftField="c", rightField="d"), F.lt(name="a", value=0))
    assert indices(J.inner().apply(left, right, either)) == ["0_0", "2_1"]
    neither = F.And(equal(), F.equals(leftField="c", rightField="d").Not())
    assert indices(J.inner().apply(left, right, neither)) == ["1_0", "2_2"]
    order = F.lessThan(leftField="a", rightField="b")
    assert indices(J.inner().apply(left, right, order)) == ["0_1", "0_2", "1_1", "1_2"]
    places = F.intersects(leftField=".geo", rightField=".geo")
    assert indices(J.inner().apply(left, right, places)) == ["0_0", "1_1", "2_2"]


def test_thousands_are_joined_by_a_field_at_once() -> None:
    many = ee.ImageCollection("TEST/MANY")
    tail = many.filter(F.gte("number", 10))
    joined = J.saveFirst("other").apply(many, tail, same_index())
    assert joined.size().getInfo() == 5000
    assert ee.Image(joined.first().get("other")).get("number").getInfo() == 10


def test_what_is_no_join_is_refused(server: Server) -> None:
    series_node = call("ImageCollection.load", id="TEST/SERIES")
    sides = {"primary": series_node, "secondary": series_node}
    node = call("Join.apply", join=3, condition=call("Filter.always"), **sides)
    reply = compute(server, {"result": "0", "values": {"0": node}})
    assert reply.message == "Join.apply: Parameter 'join' must be of type Join, got Integer."
