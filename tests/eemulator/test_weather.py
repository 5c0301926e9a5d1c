"""Faults and pace: what is asked for happens, to the request it was asked for, and no other."""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING, Any

import pytest

import eemulator
from eemulator import Fault, FaultKind, Faults, Pace
from tests.eemulator import synthetic
from tests.eemulator.wire import PROJECT, Reply, call, send

if TYPE_CHECKING:
    from collections.abc import Iterator

PIXELS = {
    "expression": {"result": "0", "values": {"0": call("Image.constant", value=300)}},
    "fileFormat": "NPY",
    "grid": {
        "dimensions": {"width": 300, "height": 200},
        "affineTransform": {"scaleX": 10, "scaleY": -10},
        "crsCode": "EPSG:32738",
    },
}


@pytest.fixture(scope="module")
def rough() -> Iterator[eemulator.Server]:
    with eemulator.running(synthetic.catalog()) as server:
        yield server


def ask(server: eemulator.Server) -> Reply:
    return send(server, "POST", f"{PROJECT}/image:computePixels", PIXELS)


@pytest.mark.parametrize(
    ("kind", "status", "name"),
    [
        (FaultKind.TOO_MANY_REQUESTS, 429, "RESOURCE_EXHAUSTED"),
        (FaultKind.INTERNAL, 500, "INTERNAL"),
        (FaultKind.UNAVAILABLE, 503, "UNAVAILABLE"),
        (FaultKind.UNAUTHENTICATED, 401, "UNAUTHENTICATED"),
        (FaultKind.MEMORY, 400, "INVALID_ARGUMENT"),
    ],
)
def test_a_scripted_refusal(
    rough: eemulator.Server, kind: FaultKind, status: int, name: str
) -> None:
    rough.faults.clear()
    rough.faults.at(2, Fault(kind, retry_after=7))
    first, second, third = ask(rough), ask(rough), ask(rough)
    assert (first.status, third.status) == (200, 200)
    assert second.status == status
    assert second.json["error"]["status"] == name
    assert second.headers["retry-after"] == "7"
    assert "retry-after" not in first.headers


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.TRUNCATE])
def test_a_broken_connection(rough: eemulator.Server, kind: FaultKind) -> None:
    rough.faults.clear()
    rough.faults.at(1, Fault(kind))
    with pytest.raises((http.client.IncompleteRead, ConnectionError)) as raised:
        ask(rough)
    if kind is FaultKind.TRUNCATE:
        assert isinstance(raised.value, http.client.IncompleteRead)
    assert ask(rough).array.shape == (200, 300)
    assert rough.stats.concurrency == 0


def test_a_truncated_body_is_the_first_half_of_the_whole_one() -> None:
    pace = Pace(bytes_per_second=600_000)  # so that the body goes in several pieces
    with eemulator.running(synthetic.catalog(), pace=pace) as server:
        whole = ask(server).body
        server.faults.clear()
        server.faults.at(1, Fault(FaultKind.TRUNCATE))
        with pytest.raises(http.client.IncompleteRead) as raised:
            ask(server)
        assert raised.value.partial == whole[: len(whole) // 2]


def test_a_hang_holds_its_place_until_it_is_over(rough: eemulator.Server) -> None:
    rough.faults.clear()
    rough.faults.at(1, Fault(FaultKind.HANG, seconds=0.3))
    began = time.monotonic()
    assert ask(rough).status == 200
    assert time.monotonic() - began >= 0.3


def test_faults_at_random_are_the_same_for_the_same_seed() -> None:
    def drawn(seed: int) -> list[Any]:
        faults = Faults()
        faults.at_random(0.3, Fault(FaultKind.RESET), Fault(FaultKind.HANG), seed=seed)
        return [faults.draw() for _ in range(1000)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert 200 < sum(fault is not None for fault in drawn(1)) < 400
    with pytest.raises(ValueError, match="share"):
        Faults().at_random(2, Fault(FaultKind.RESET))


def test_a_reply_takes_its_time() -> None:
    pace = Pace(latency=0.2, bytes_per_second=600_000)  # 180,000 counted bytes: 0.3 s
    with eemulator.running(synthetic.catalog(), pace=pace) as server:
        began = time.monotonic()
        assert ask(server).array["constant"].sum() == 300 * 60_000
        assert time.monotonic() - began >= 0.5
