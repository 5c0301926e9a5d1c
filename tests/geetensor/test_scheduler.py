"""The scheduler with tasks that touch no network."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from geetensor.engine.events import Retried, Throttled
from geetensor.engine.job import Job
from geetensor.engine.pace import Pace, Patience
from geetensor.engine.scheduler import Scheduler
from geetensor.engine.tasks import Cap, Done, Fail, Outcome, Refused, Replace, Retry
from geetensor.engine.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.context import ForkContext, SpawnContext

    from geetensor.engine.call import Call
    from geetensor.engine.events import Event


@dataclass
class Script:
    """A task that does what it is told."""

    act: Callable[[Call], Outcome]
    subject: str = "a task"
    held_bytes: int = 0

    def run(self, call: Call) -> Outcome:
        call.accepted()
        return self.act(call)


class Refusing(Script):
    """A task that the service does not accept."""

    def run(self, call: Call) -> Outcome:
        return self.act(call)


@dataclass
class Watch:
    """Counts how many run at once."""

    now: int = 0
    most: int = 0
    total: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def act(self, _: Call) -> Outcome:
        with self.lock:
            self.now += 1
            self.total += 1
            self.most = max(self.most, self.now)
        time.sleep(0.01)
        with self.lock:
            self.now -= 1
        return Done()


def hanging(call: Call) -> Outcome:
    """Waits for bytes that do not come, as long as its connection stands."""
    stopped = threading.Event()
    call.attach(stopped.set)
    stopped.wait(30)
    return Retry(0.0, "the connection broke")


@pytest.fixture
def scheduler() -> Iterator[Scheduler]:
    yield Scheduler(Throttle(starts_per_second=10_000))
    assert not [t for t in threading.enumerate() if t.name.startswith("geetensor")]


def test_all_tasks_are_run_within_the_cap(scheduler: Scheduler) -> None:
    watch = Watch()
    scheduler.run(Job([Script(watch.act)] * 60, cap=Cap(7)))
    assert (watch.total, watch.most) == (60, 7)
    assert scheduler.limit == 40
    scheduler.run(Job([]))


def test_tasks_are_pulled_as_there_is_room(scheduler: Scheduler) -> None:
    pulled = 0
    watch = Watch()
    ahead = []

    def tasks() -> Iterator[Script]:
        nonlocal pulled
        for _ in range(50):
            pulled += 1
            ahead.append(pulled - watch.total)
            yield Script(watch.act)

    scheduler.run(Job(tasks(), cap=Cap(3)))
    assert max(ahead) <= 5


def test_a_retry_that_waits_holds_nothing_up(scheduler: Scheduler) -> None:
    order: list[str] = []

    def late(call: Call) -> Outcome:
        order.append(f"late {call.attempt}")
        return Retry(0.2, "not yet") if call.attempt == 1 else Done()

    def quick(_: Call) -> Outcome:
        order.append("quick")
        return Done()

    events: list[Event] = []
    scheduler.run(Job([Script(late), *[Script(quick)] * 3], cap=Cap(1), hook=events.append))
    assert order == ["late 1", "quick", "quick", "quick", "late 2"]
    [event] = events
    assert isinstance(event, Retried)
    assert "attempt 1 failed (not yet), again in 0.2 s" in str(event)


def test_refusals_use_up_no_attempt(scheduler: Scheduler) -> None:
    tried = []

    def busy(call: Call) -> Outcome:
        tried.append(call.attempt)
        return Refused(None, RuntimeError("busy")) if len(tried) < 4 else Done()

    task = Refusing(busy)
    events: list[Event] = []
    scheduler.run(Job([task], hook=events.append))
    assert tried == [1] * 4
    assert all(isinstance(event, Throttled) for event in events)


def test_endless_refusals_end(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geetensor.engine.agenda.LONGEST_REFUSAL", 0.3)
    task = Refusing(lambda _: Refused(None, RuntimeError("too busy")))
    with pytest.raises(RuntimeError, match="too busy"):
        scheduler.run(Job([task]))


def test_parts_go_before_all_others(scheduler: Scheduler) -> None:
    order: list[int] = []

    def number(n: int) -> Script:
        def act(_: Call) -> Outcome:
            order.append(n)
            return Done()

        return Script(act)

    parts = Script(lambda _: Replace([number(1), number(2)]))
    scheduler.run(Job([parts, number(3), number(4)], cap=Cap(1)))
    assert order == [1, 2, 3, 4]


def test_jobs_share_fairly(scheduler: Scheduler) -> None:
    order: list[str] = []
    gate = threading.Event()

    def act(name: str) -> Callable[[Call], Outcome]:
        def run(_: Call) -> Outcome:
            gate.wait(5)
            order.append(name)
            return Done()

        return run

    scheduler.restrict(1)
    first = Job([Script(act("a"))] * 10)
    second = Job([Script(act("b"))] * 10)
    scheduler.submit(first)
    scheduler.submit(second)
    gate.set()
    assert first.wait(10)
    assert second.wait(10)
    scheduler.take_leave(second)
    assert abs(order[:10].count("a") - 5) <= 1


def test_memory_is_bounded() -> None:
    watch = Watch()
    scheduler = Scheduler(Throttle(), held_bytes=100)
    scheduler.run(Job([Script(watch.act, held_bytes=30)] * 12))
    assert watch.most == 3
    scheduler.run(Job([Script(watch.act, held_bytes=1000)] * 2))  # one at a time, but they run


def test_the_first_failure_stops_what_is_under_way(scheduler: Scheduler) -> None:
    def fail(_: Call) -> Outcome:
        time.sleep(0.1)
        return Fail(RuntimeError("no"))

    begun = time.monotonic()
    with pytest.raises(RuntimeError, match="no"):
        scheduler.run(Job([*[Script(hanging)] * 20, Script(fail)]))
    assert time.monotonic() - begun < 1.5


@pytest.mark.parametrize("where", ["task", "plan", "hook"])
def test_errors_of_any_kind_end_the_job(scheduler: Scheduler, where: str) -> None:
    def broken(*_: object) -> Any:
        raise ZeroDivisionError

    def plan() -> Iterator[Script]:
        yield Script(hanging)
        broken()

    job = {
        "task": Job([Script(hanging), Script(broken)]),
        "plan": Job(plan()),
        "hook": Job([Script(lambda c: Retry(0, "x") if c.attempt == 1 else Done())], hook=broken),
    }[where]
    with pytest.raises(ZeroDivisionError):
        scheduler.run(job)


def test_jobs_of_their_own_fail_alone_and_tell_of_their_end(scheduler: Scheduler) -> None:
    cap, watch = Cap(2), Watch()
    ended: list[Job] = []
    tasks = [Script(lambda _: Fail(RuntimeError("no"))), *[Script(watch.act)] * 8]
    jobs = [Job([task], cap=cap, on_end=ended.append) for task in tasks]
    for job in jobs:
        scheduler.submit(job)
    for job in jobs:
        assert job.wait(10)
    scheduler.take_leave(jobs[-1])
    assert watch.most <= 2
    assert watch.total == 8
    assert len(ended) == 9
    assert [job.error is None for job in jobs] == [False] + [True] * 8


@pytest.fixture
def _ctrl_c_interrupts() -> Iterator[None]:
    """As in a terminal: what a shell starts in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ctrl_c_interrupts")
def test_ctrl_c_stops_all_that_hangs(scheduler: Scheduler) -> None:
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        scheduler.run(Job([Script(hanging)] * 50))
    assert time.monotonic() - begun < 15  # half of what they would hang


@pytest.mark.parametrize("siblings", [0, 20])
def test_a_request_far_slower_than_its_siblings_is_sent_again(
    scheduler: Scheduler, siblings: int
) -> None:
    hung = []

    class Slow(Script):
        def run(self, call: Call) -> Outcome:
            hung.append(call.attempt)
            return hanging(call) if len(hung) == 1 else Done()

    tasks = [Slow(lambda _: Done()), *[Script(Watch().act)] * siblings]
    begun = time.monotonic()
    scheduler.run(Job(tasks, pace=Pace(Patience(0.4, 0.3, 0.2))))
    assert hung == [1, 1]
    assert time.monotonic() - begun < 5


def test_from_threads_and_within_an_event_loop(scheduler: Scheduler) -> None:
    watch = Watch()

    def run(_: int) -> None:
        scheduler.run(Job([Script(watch.act)] * 5))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))

    async def cell() -> None:
        run(0)

    asyncio.run(cell())
    assert watch.total == 25


def _in_a_child() -> None:
    from geetensor.engine.endpoint import endpoint_of
    from geetensor.engine.session import Session

    scheduler = endpoint_of(Session("http://x", "p", "", {})).scheduler
    scheduler.run(Job([Script(Watch().act)] * 3))


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize(
    "context", [multiprocessing.get_context("fork"), multiprocessing.get_context("spawn")]
)
def test_a_child_process_has_a_scheduler_of_its_own(context: ForkContext | SpawnContext) -> None:
    from geetensor.engine.endpoint import endpoint_of
    from geetensor.engine.session import Session

    scheduler = endpoint_of(Session("http://x", "p", "", {})).scheduler
    stop = threading.Event()

    def wait(_: Call) -> Outcome:
        stop.wait(30)
        return Done()

    job = Job([Script(wait)])
    scheduler.submit(job)
    child = context.Process(target=_in_a_child)
    child.start()
    child.join(60)
    stop.set()
    assert child.exitcode == 0
    assert job.wait(10)
    scheduler.take_leave(job)
