"""The tasks of a job that wait, and how they are planned anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from geetensor.engine.tasks import Entry
from geetensor.engine.waiting import LONGEST_HOLD, MOST_PARTS, SHORTEST_HOLD, Waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geetensor.engine.call import Call
    from geetensor.engine.tasks import Outcome, Task


@dataclass(frozen=True)
class Load:
    """A task of some size, which is all that matters."""

    size: int
    subject: str = "a load"
    held_bytes: int = 0

    def run(self, call: Call) -> Outcome:
        raise NotImplementedError


class Evenly:
    """Plans as many loads as there are places, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def __call__(self, tasks: Sequence[Task], places: int) -> list[Task]:
        self.asked.append((len(tasks), places))
        total = sum(task.size for task in tasks if isinstance(task, Load))
        return [Load(total // places)] * places


def sizes(waiting: Waiting, now: float, places: int, *, unanswered: bool = False) -> list[int]:
    """All that may start now, as if nothing else changed."""
    taken = []
    while (entry := waiting.next(now, places, unanswered=unanswered)) is not None:
        assert isinstance(entry.task, Load)
        taken.append(entry.task.size)
    return taken


def test_tasks_are_pulled_when_there_is_nothing_else() -> None:
    waiting = Waiting(iter([Load(1), Load(2)]))
    waiting.put_back([Entry(Load(3)), Entry(Load(4))])
    waiting.add([Load(5)])
    waiting.delay(Entry(Load(6)), 10.0)
    assert sizes(waiting, 0.0, 9) == [3, 4, 5, 1, 2]
    assert waiting.next_due(0.0) == 10.0
    assert sizes(waiting, 10.0, 9) == [6]
    assert waiting.next_due(10.0) == float("inf")


def test_with_fewer_places_what_waits_is_planned_anew() -> None:
    planner = Evenly()
    waiting = Waiting(iter([Load(10)] * 12), planner)
    entries = [waiting.next(0.0, 8, unanswered=True) for _ in range(6)]
    assert waiting.next(0.0, 7, unanswered=True) is not None  # not few enough
    for entry in entries[:3]:  # refused
        assert entry is not None
        waiting.delay(entry, 0.1)
    failed = entries[3]
    assert failed is not None
    failed.loose = False
    waiting.delay(failed, 0.2)
    assert sizes(waiting, 0.05, 4) == [20] * 4
    assert planner.asked == [(8, 4)]
    assert sizes(waiting, 1.0, 4) == [10]


def test_with_more_places_too() -> None:
    planner = Evenly()
    waiting = Waiting(iter([Load(12)] * 5), planner)
    waiting.next(0.0, 3, unanswered=True)
    assert sizes(waiting, 1.0, 6) == [8] * 6
    assert planner.asked == [(4, 6)]


@pytest.mark.parametrize(
    ("took", "held"), [(0.01, SHORTEST_HOLD), (1.0, 0.5), (300.0, LONGEST_HOLD)]
)
def test_what_is_to_be_planned_anew_waits_for_what_went_out_with_it(
    took: float, held: float
) -> None:
    planner = Evenly()
    waiting = Waiting([Load(8), Load(8)], planner)
    entry = waiting.next(0.0, 4, unanswered=False)
    assert entry is not None
    waiting.put_back([Entry(Load(4), loose=True), Entry(Load(4), loose=True)])
    waiting.plan_anew(1.0, took)
    waiting.plan_anew(1.0 + held / 2, took)  # the next one does not prolong it
    assert sizes(waiting, 1.0, 4, unanswered=True) == []
    assert waiting.next_due(1.0) == 1.0 + held
    assert sizes(waiting, 1.0 + held, 4, unanswered=True) == [4] * 4
    assert planner.asked == [(3, 4)]
    waiting.put_back([Entry(Load(6), loose=True)])
    waiting.plan_anew(3.0, took)
    first = waiting.next(3.0, 2, unanswered=False)
    assert first is not None
    assert first.task == Load(3)
    assert sizes(waiting, 3.0, 2, unanswered=True) == [3]


def test_a_retry_is_not_held_back() -> None:
    waiting = Waiting([Load(8)], Evenly())
    waiting.next(0.0, 4, unanswered=False)
    waiting.plan_anew(1.0, 1.0)
    waiting.delay(Entry(Load(5), attempts=1), 1.1)
    assert sizes(waiting, 1.2, 4, unanswered=True) == [5]


def test_what_failed_goes_out_in_parts_that_inherit_its_attempts() -> None:
    waiting = Waiting([], Evenly())
    fresh = Entry(Load(12), loose=True)
    assert waiting.part(fresh, 9) is fresh
    failed = Entry(Load(12), attempts=3, stalls=1)
    assert waiting.part(failed, 1) is failed
    assert waiting.part(failed, 2).task == Load(6)
    [other] = [waiting.next(0.0, 9, unanswered=True)]
    assert other is not None
    assert (other.task, other.attempts, other.stalls, other.loose) == (Load(6), 3, 1, False)
    assert waiting.part(failed, 100).task == Load(12 // MOST_PARTS)
    assert sizes(waiting, 0.0, 9) == [12 // MOST_PARTS] * (MOST_PARTS - 1)
    assert Waiting([]).part(failed, 9) is failed


def test_what_is_cancelled_is_forgotten() -> None:
    waiting = Waiting(iter([Load(1)] * 3), Evenly())
    waiting.delay(Entry(Load(1)), 0.0)
    waiting.clear()
    assert not waiting.has_ready()
    assert waiting.delayed == 0
