"""Requests that need leases, which other processes take from, too."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from geetensor.engine.job import Job
from geetensor.engine.scheduler import Scheduler
from geetensor.engine.throttle import Throttle
from tests.geetensor.test_scheduler import Script, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    """The one that fetches leases ends by itself, when none is wanted."""
    yield
    for thread in threading.enumerate():
        if thread.name == "geetensor-leases":
            thread.join(10)
            assert not thread.is_alive()


class Counted:
    """Leases of this process, with what is known of them."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0
        self.taken = 0
        self._changed = threading.Condition()

    def acquire(self, seconds: float, /) -> bool:
        with self._changed:
            there = self._changed.wait_for(lambda: self.held < self.most, seconds)
            self.held += there
            self.taken += there
            return there

    def release(self) -> None:
        with self._changed:
            self.held -= 1
            assert self.held >= 0
            self._changed.notify_all()

    def wait_until_free(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: not self.held, 10)


def sharing(leases: Counted) -> Scheduler:
    scheduler = Scheduler(Throttle(starts_per_second=10_000))
    scheduler.share(leases)
    return scheduler


def test_two_schedulers_share_them() -> None:
    """Both get on, and together never have more requests than leases; all are given back."""
    leases, watch = Counted(3), Watch()
    schedulers = [sharing(leases), sharing(leases)]
    jobs = [Job([Script(watch.act)] * 30) for _ in schedulers]
    for scheduler, job in zip(schedulers, jobs, strict=True):
        scheduler.submit(job)
    assert all(job.wait(30) for job in jobs)
    assert watch.total == 60
    assert watch.most <= 3
    leases.wait_until_free()
    assert leases.taken < 30  # one goes from request to request


def test_a_request_that_waits_for_one_has_not_begun() -> None:
    """It is not given up for slowness, and can be cancelled."""
    leases, watch = Counted(1), Watch()
    assert leases.acquire(0)
    scheduler = sharing(leases)
    job = Job([Script(watch.act)])
    scheduler.submit(job)
    time.sleep(0.05)
    assert (watch.total, len(job.running)) == (0, 0)
    scheduler.cancel(job, KeyboardInterrupt())
    assert job.wait(10)
    leases.release()
    leases.wait_until_free()
    scheduler.run(Job([Script(watch.act)]))
    assert watch.total == 1


def test_a_task_that_fails_gives_it_back() -> None:
    leases = Counted(1)
    scheduler = sharing(leases)

    def fail(_: object) -> Any:
        raise ValueError("wrong")

    for _ in range(3):
        with pytest.raises(ValueError, match="wrong"):
            scheduler.run(Job([Script(fail)]))
    leases.wait_until_free()


def test_leases_that_cannot_be_had_end_the_job() -> None:
    class Gone(Counted):
        def acquire(self, _seconds: float, /) -> bool:
            raise ConnectionError("the scheduler is gone")

    scheduler = sharing(Gone(1))
    for _ in range(2):
        with pytest.raises(ConnectionError, match="is gone"):
            scheduler.run(Job([Script(Watch().act)]))
    scheduler.share(None)
    scheduler.run(Job([Script(Watch().act)]))
