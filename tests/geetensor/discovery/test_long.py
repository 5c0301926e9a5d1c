"""More scenes than a value holds, and a service that is busy or fails meanwhile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ee
import pytest
from pandas.testing import assert_frame_equal

import eemulator
import geetensor.engine.answer
from eemulator import Fault, FaultKind
from geetensor import ee_query
from geetensor.discovery import answers, search
from geetensor.engine import values
from geetensor.engine.retry import RetryPolicy
from geetensor.errors import BadReplyError, EarthEngineError, GeetensorError
from tests.eemulator import synthetic
from tests.geetensor.conftest import sign_in
from tests.geetensor.faulty import Body, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.geetensor.conftest import Start

ALL = (39, -21, 51, -9)
"""Touches every place of the archive."""

SOME = (40.2, -12.8, 43.5, -10.5)
WINTER = ("2000-01-01", "2000-01-31")
COUNT = 8 * 31
"""Scenes of the archive in winter: one every three hours."""

HERE = (44.06, -18.10, 44.07, -18.09)
"""Inside of the other collections."""


@pytest.fixture(scope="module")
def archive() -> Iterator[eemulator.Server]:
    limits = eemulator.Limits(requests_per_second=None, elements=60)
    catalog = eemulator.Catalog([synthetic.archive(400), synthetic.many(80), synthetic.series()])
    with eemulator.running(catalog, limits) as server:
        yield server


@pytest.fixture(autouse=True)
def server(
    archive: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[eemulator.Server]:
    """A service whose values hold 60 rows, and pages 20."""
    monkeypatch.setattr(search, "CUT", 60)
    monkeypatch.setattr(answers, "CUT", 60)
    monkeypatch.setattr(values, "PAGE_ROWS", 20)
    monkeypatch.setattr(search, "PART_ROWS", 60)
    policy = RetryPolicy(attempts=4, first_delay=0.01, growth=2)
    monkeypatch.setattr(geetensor.engine.answer, "POLICY", policy)
    sign_in(archive, monkeypatch)
    archive.faults.clear()
    yield archive
    archive.faults.clear()


def query(area: Any = ALL, dates: Any = WINTER, **arguments: Any) -> Any:
    return ee_query.query_collection("TEST/ARCHIVE", area, *dates, **arguments)


def numbers(table: Any) -> list[int]:
    return [int(asset_id[-6:]) for asset_id in table["asset_id"]]


def test_all_scenes_are_there_once_and_in_order(server: eemulator.Server) -> None:
    table = query(properties=["number", "polarisations"])
    assert numbers(table) == list(range(COUNT))
    assert list(table["number"]) == list(range(COUNT))
    assert list(table.index) == list(range(COUNT))
    assert str(table["number"].dtype) == "int64"
    assert table["polarisations"].iloc[-1] == ["VV", "VH"]
    assert table["shape"].iloc[200] == (100, 100)
    requests = server.stats.requests
    assert requests["value:compute"] == 2
    parts = -(-COUNT // 60)
    assert parts <= requests["computeFeatures"] <= COUNT // 20 + 2 * parts


def test_a_page_and_a_value_make_the_same_table(
    server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_value = query(SOME, properties="cloud")
    assert 10 < len(by_value) < 60
    assert server.stats.requests == {"value:compute": 1}
    monkeypatch.setattr(search, "CUT", 10)
    monkeypatch.setattr(answers, "CUT", 10)
    by_pages = query(SOME, properties="cloud")
    assert server.stats.requests["computeFeatures"] > 0
    assert_frame_equal(by_value, by_pages)


def test_against_the_same_query_by_hand() -> None:
    table = query(SOME, filters=ee.Filter.lt("cloud", 50))
    by_hand = (
        ee.ImageCollection("TEST/ARCHIVE")
        .filterDate("2000-01-01", "2000-02-01")
        .filterBounds(ee.Geometry.Rectangle(list(SOME), None, False))
        .filter(ee.Filter.lt("cloud", 50))
    )
    assert [*table["asset_id"]] == [f"TEST/ARCHIVE/{i}" for i in
                                    by_hand.aggregate_array("system:index").getInfo()]  # fmt: skip


def test_exactly_as_many_as_a_value_holds() -> None:
    assert len(query(dates=("2000-01-01", "2000-01-08T12:00"))) == 60
    assert len(query(dates=("2000-01-01", "2000-01-08T09:00"))) == 59


def test_scenes_without_a_time_come_in_pages_too(server: eemulator.Server) -> None:
    table = ee_query.query_collection("TEST/MANY", HERE, None, None, properties=["number"])
    assert list(table["number"]) == list(range(80))
    assert server.stats.requests == {"value:compute": 2, "computeFeatures": 4}


@pytest.mark.parametrize("limit", [1, 59, 60, 61, 140, 5_000])
def test_the_earliest_of_many(limit: int) -> None:
    assert numbers(query(limit=limit)) == list(range(min(limit, COUNT)))


def test_one_bar_counts_the_scenes(capsys: pytest.CaptureFixture[str]) -> None:
    query(progress=True)
    shown = capsys.readouterr().err
    assert f"{COUNT}/{COUNT}" in shown
    assert shown.count("\n") == 1  # with which a bar ends
    query(SOME, progress=True)
    assert "scene" in capsys.readouterr().err
    query()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "kind",
    [FaultKind.TOO_MANY_REQUESTS, FaultKind.UNAVAILABLE, FaultKind.RESET, FaultKind.TRUNCATE],
)
@pytest.mark.parametrize("numbered", [(1,), (2,), (3, 4, 5, 9)])
def test_no_request_that_fails_in_passing_ends_a_query(
    kind: FaultKind, numbered: tuple[int, ...], server: eemulator.Server
) -> None:
    for number in numbered:
        server.faults.at(number, Fault(kind))
    assert numbers(query()) == list(range(COUNT))


def test_a_throttled_project(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = eemulator.Limits(concurrent_requests=2, requests_per_second=40, elements=60)
    with eemulator.running(eemulator.Catalog([synthetic.archive(400)]), limits) as server:
        sign_in(server, monkeypatch)
        server.faults.at_random(0.3, Fault(FaultKind.TOO_MANY_REQUESTS))
        assert numbers(query()) == list(range(COUNT))
        many = ee_query.query_many(
            "TEST/ARCHIVE", [(x, -15.5, x + 0.5, -15) for x in range(40, 50)], *WINTER
        )
        assert many["area_id"].nunique() == 10
        assert server.stats.refusals["too many requests"] > 0


def test_what_is_too_heavy_for_a_value_comes_in_pages(server: eemulator.Server) -> None:
    server.faults.at(1, Fault(FaultKind.MEMORY))
    few = query(SOME)
    assert server.stats.requests["computeFeatures"] > 0
    server.faults.clear()
    assert_frame_equal(query(SOME), few)


@pytest.mark.parametrize(
    "words", ["Computed value is too large.", "Collection query aborted after accumulating"]
)
def test_a_value_that_the_service_calls_too_large(start: Start, words: str) -> None:
    refusal = Refusal(400, words)
    start(lambda _, number: refusal if number == 1 else None)
    assert len(ee_query.query_collection("TEST/SERIES", HERE, "2024", "2024")) == 6


def test_a_page_that_cannot_be_had_ends_the_query(start: Start) -> None:
    refused = Refusal(400, "Image.select: Band pattern 'B2' did not match any bands.")
    start(lambda path, _: refused if path.endswith("computeFeatures") else None)
    with pytest.raises(EarthEngineError, match=r"400 to the query of TEST/MANY: Image\.select"):
        ee_query.query_collection("TEST/MANY", HERE, None, None)


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"features": 3}', b'{"features": [{}]}'])
def test_a_page_that_is_none(start: Start, body: bytes) -> None:
    start(lambda path, _: Body(body) if path.endswith("computeFeatures") else None)
    with pytest.raises(GeetensorError, match="page of a table|lacks"):
        ee_query.query_collection("TEST/MANY", HERE, None, None)


def test_a_value_that_is_no_table(start: Start) -> None:
    start(lambda *_: Body(json.dumps({"result": 7}).encode()))
    with pytest.raises(
        BadReplyError, match="Expected a table from the query of TEST/SERIES, got 7"
    ):
        ee_query.query_collection("TEST/SERIES", ALL, *WINTER)


def test_a_service_that_does_not_tell_the_shapes_of_grids(start: Start) -> None:
    unknown = Refusal(400, "Unrecognized function name: 'Describe'.")
    broken = start(lambda _, number: unknown if number == 1 else None)

    def ask() -> Any:
        return ee_query.query_collection("TEST/SERIES", HERE, "2024", "2024")

    table = ask()
    assert len(table) == 6
    assert table["shape"].isna().all()
    assert table["crs"].unique().tolist() == ["EPSG:32738"]
    assert table["transform"].iloc[0] == synthetic.UTM.transform
    before = len(broken.seen)
    assert_frame_equal(ask(), table)
    assert len(broken.seen) == before + 1
