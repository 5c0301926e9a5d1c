"""Quotas of a minute and of compute time, and the restricted mode."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import ee
import pytest

import eemulator
from eemulator.errors import ServiceError
from eemulator.rest.gate import Gate
from eemulator.stats import Stats
from tests.eemulator import synthetic
from tests.eemulator.conftest import signed_in
from tests.eemulator.wire import PROJECT, compute, send

if TYPE_CHECKING:
    from collections.abc import Callable

ONE = {"result": "0", "values": {"0": {"constantValue": 1}}}


def gate_at(limits: eemulator.Limits, now: list[float]) -> Callable[[], str]:
    """What a request at a gate's present moment is refused for; empty if it is not."""
    gate = Gate(limits, Stats(), clock=lambda: now[0])

    def refused() -> str:
        try:
            gate.enter().release()
        except ServiceError as error:
            if error.code != 429:
                raise
            return error.kind
        return ""

    return refused


def test_the_quota_of_a_minute() -> None:
    now = [0.0]
    refused = gate_at(eemulator.Limits(requests_per_minute=4, requests_per_second=3), now)
    assert [refused() for _ in range(4)] == ["", "", "", "too many requests"]
    now[0] = 1.0
    assert [refused() for _ in range(2)] == ["", "quota"]
    now[0] = 59.9
    assert refused() == "quota"
    now[0] = 60.0
    assert [refused() for _ in range(4)] == ["", "", "", "too many requests"]
    now[0] = 61.0
    assert [refused() for _ in range(2)] == ["", "quota"]


def test_no_requests_at_all() -> None:
    assert gate_at(eemulator.Limits(requests_per_minute=0), [0.0])() == "quota"
    assert gate_at(eemulator.Limits(requests_per_second=0), [0.0])() == "too many requests"


def test_the_quota_of_a_minute_in_the_services_words() -> None:
    with eemulator.running(synthetic.catalog(), eemulator.Limits(requests_per_minute=1)) as server:
        assert compute(server, ONE).status == 200
        refused = compute(server, ONE)
        assert (refused.status, refused.json["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
        assert refused.message.startswith(
            "Quota exceeded for quota metric 'Number of read requests'"
        )


def test_a_project_that_used_up_its_compute_time_is_restricted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = eemulator.Limits(eecu_seconds=1e-9, requests_per_second=None)
    with eemulator.running(synthetic.catalog(), limits) as server:
        signed_in(server, monkeypatch)
        first = compute(server, ONE)
        assert "x-earth-engine-quota-status" in first.headers
        assert server.stats.eecu_seconds > 0
        with pytest.warns(UserWarning, match="restricted mode"):
            assert ee.Number(2).getInfo() == 2
        server.reset()
        listed = send(server, "GET", f"{PROJECT}/operations")
        assert "x-earth-engine-quota-status" not in listed.headers


def test_in_restricted_mode_one_request_goes_at_a_time() -> None:
    stats = Stats()
    gate = Gate(eemulator.Limits(eecu_seconds=10.0), stats)
    gate.spend(9.9)
    two = [gate.enter(), gate.enter()]
    gate.spend(0.1)
    for _ in range(2):
        with pytest.raises(ServiceError, match="Too Many Requests"):
            gate.enter()
        two.pop().release()
    gate.enter().release()
    assert stats.snapshot().eecu_seconds == pytest.approx(10.0)


def test_without_a_quota_nobody_is_warned(server: eemulator.Server) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ee.Number(3).getInfo() == 3
    assert server.stats.eecu_seconds > 0
