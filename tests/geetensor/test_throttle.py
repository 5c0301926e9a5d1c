"""The throttle against a simulated service: exact, and without a clock."""

from __future__ import annotations

import heapq
import itertools
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geetensor.engine.throttle import CEILING, FIRST_PAUSE, STARTS_PER_SECOND, Throttle

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST = Throttle().limit
"""Requests at a time, to begin with."""


@dataclass
class Service:
    """Answers so many requests at a time, each for a while, and refuses the rest at once."""

    quota: Callable[[float], int]
    seconds: Callable[[random.Random], float] = lambda _: 1.0
    per_second: int | None = None
    retry_after: float | None = None
    refused_by_chance: float = 0.0
    latency: float = 0.02
    held: int = 0
    refusals: int = 0
    starts: list[float] = field(default_factory=list)

    def run(
        self, requests: int, throttle: Throttle, *, seed: int = 0, longest: float = 1e5
    ) -> float:
        """Seconds until all were answered."""
        chance = random.Random(seed)
        count = itertools.count()
        events: list[tuple[float, int, Callable[[], None]]] = []
        now, waiting, answered = 0.0, requests, 0

        def at(time: float, action: Callable[[], None]) -> None:
            heapq.heappush(events, (time, next(count), action))

        def again() -> None:
            nonlocal waiting
            waiting += 1

        def start() -> None:
            ticket = throttle.started(now)
            began = now
            recent = sum(1 for t in self.starts if t > now - 1)
            self.starts.append(now)
            full = self.held >= self.quota(now) or (
                self.per_second is not None and recent >= self.per_second
            )
            if full or chance.random() < self.refused_by_chance:
                self.refusals += 1

                def refused() -> None:
                    at(now + throttle.refused(ticket, now, self.retry_after), again)

                at(began + self.latency, refused)
                return
            self.held += 1
            took = self.seconds(chance)

            def left() -> None:
                self.held -= 1

            def finished() -> None:
                nonlocal answered
                throttle.finished(ticket)
                answered += 1

            at(began + took / 2, lambda: throttle.accepted(ticket))
            at(began + took, left)
            at(began + took + 1e-9, finished)

        while answered < requests:
            while waiting and throttle.wait(now) <= 0:
                waiting -= 1
                start()
                assert throttle.held <= throttle.limit <= CEILING
            due = events[0][0] if events else float("inf")
            gate = now + throttle.wait(now) if waiting else float("inf")
            assert min(due, gate) < longest, "starved"
            if due <= gate:
                now, _, action = heapq.heappop(events)
                action()
            else:
                now = gate
        return now


def always(quota: int) -> Callable[[float], int]:
    return lambda _: quota


@pytest.mark.parametrize("retry_after", [None, 0.5])
@pytest.mark.parametrize("quota", [1, 2, 6, 17, 35, 40])
def test_a_quota_that_nobody_told_of_costs_little(quota: int, retry_after: float | None) -> None:
    known = Service(always(quota)).run(300, Throttle(quota))
    service = Service(always(quota), retry_after=retry_after)
    took = service.run(300, Throttle())
    assert took <= 1.3 * known
    assert service.refusals <= FIRST + 300 / quota / 4


def test_one_burst_is_enough_to_learn_a_quota() -> None:
    throttle = Throttle()
    tickets = [throttle.started(0.0) for _ in range(FIRST)]
    assert throttle.wait(0.0) == float("inf")
    for ticket in tickets[6:]:
        throttle.refused(ticket, 0.05)
    assert throttle.limit == 6
    assert throttle.held == 6
    throttle.finished(tickets[0])
    assert throttle.wait(0.05) == pytest.approx(FIRST_PAUSE)


def test_without_refusals_it_reaches_the_ceiling_and_stays_there() -> None:
    throttle = Throttle()
    Service(always(1000)).run(500, throttle)
    assert throttle.limit == CEILING


def test_a_quota_that_shrinks_and_grows_is_followed() -> None:
    changing = Service(lambda now: 6 if 10 <= now < 40 else 40)
    throttle = Throttle()
    took = changing.run(1500, throttle)
    # 400 in the first ten seconds, 180 in the next thirty, 40 a second then.
    assert took <= 1.3 * (40 + (1500 - 580) / 40)
    assert throttle.limit > 30


@given(
    quota=st.integers(1, 60),
    spread=st.floats(0, 0.9),
    by_chance=st.floats(0, 0.3),
    seed=st.integers(0, 100),
)
def test_nothing_starves(quota: int, spread: float, by_chance: float, seed: int) -> None:
    service = Service(
        always(quota),
        seconds=lambda chance: 1 + chance.uniform(-spread, spread),
        refused_by_chance=by_chance,
    )
    took = service.run(200, Throttle(), seed=seed)
    assert took <= 3 * (1 + spread) * (200 / min(quota, FIRST) + 3) / (1 - by_chance)


@pytest.mark.parametrize(("share", "requests", "most"), [(0.05, 800, 1.1), (0.05, FIRST, 1.25)])
def test_refusals_by_chance_hardly_slow_it_down(share: float, requests: int, most: float) -> None:
    calm = Service(always(40)).run(requests, Throttle())
    for seed in range(20):
        throttle = Throttle()
        plagued = Service(always(40), refused_by_chance=share, latency=0.002)
        assert plagued.run(requests, throttle, seed=seed) <= most * calm
        assert throttle.limit >= 36


def test_starts_are_spread_to_the_allowed_rate() -> None:
    service = Service(always(40), seconds=lambda _: 0.01, per_second=STARTS_PER_SECOND)
    took = service.run(1000, Throttle())
    assert service.refusals == 0
    assert took <= 1.1 * 1000 / STARTS_PER_SECOND


def test_a_lower_rate_than_known_is_lived_with() -> None:
    service = Service(always(40), seconds=lambda _: 0.1, per_second=20)
    took = service.run(200, Throttle())
    assert took <= 3 * 200 / 20


def test_a_service_that_refuses_everything_is_asked_less_and_less() -> None:
    throttle = Throttle()
    now, asked = 0.0, 0
    while now < 600:
        wait = throttle.wait(now)
        if wait == 0:
            asked += 1
            throttle.refused(throttle.started(now), now + 0.01)
            now += 0.01
        else:
            now += wait
    assert asked < 60
    assert throttle.refused_for(now) > 590


def test_retry_after_holds_all_requests_back() -> None:
    throttle = Throttle()
    assert throttle.refused(throttle.started(0.0), 1.0, 7.5) == 7.5
    assert throttle.wait(1.0) == 7.5


def test_a_restriction_is_kept() -> None:
    throttle = Throttle()
    throttle.restrict(1)
    Service(always(40)).run(50, throttle)
    assert throttle.limit == 1
