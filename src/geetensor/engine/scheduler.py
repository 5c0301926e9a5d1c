"""The scheduler: requests of all exports go out as the throttle lets them, and fairly.

One thread watches (what is due, what hangs) and starts a thread for each request that may go
out; a thread that is done with one takes the next, if one may go out just then, and ends
otherwise. So there are never more threads than requests, a retry that waits occupies none, and
after the last export none is left.
"""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING

from geetensor.engine.agenda import HELD_BYTES, Agenda
from geetensor.engine.call import Call
from geetensor.engine.events import emit
from geetensor.engine.leases import Leased
from geetensor.engine.tasks import Fail

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geetensor.engine.agenda import Turn
    from geetensor.engine.job import Job
    from geetensor.engine.leases import Leases
    from geetensor.engine.tasks import Outcome, Task
    from geetensor.engine.throttle import Throttle

TICK = 0.1
"""Seconds between looks at requests that may hang."""

_FAREWELL = 1.0
"""Seconds to wait for threads whose connections were shut."""


class _Running(Call):
    """A task's request under way."""

    def __init__(self, scheduler: Scheduler, turn: Turn) -> None:
        super().__init__(turn.entry.attempts + 1)
        self.scheduler = scheduler
        self.turn = turn

    @property
    def calm(self) -> bool:
        return self.scheduler.calm

    def on_accepted(self) -> None:
        self.scheduler.note_accepted(self)

    def on_rejected(self) -> None:
        self.scheduler.note_rejected(self)

    def on_ended(self) -> None:
        self.scheduler.note_ended(self)
        self.give_back()

    def give_back(self) -> None:
        """Give its lease back, if it has one."""
        lease, self.turn.lease = self.turn.lease, None
        if lease is not None:
            lease.give_back()


class Scheduler:
    """The queue of one endpoint and project.

    Args:
        throttle: what may go out when; this scheduler's alone.
        held_bytes: bytes that running tasks may hold in memory together.
    """

    def __init__(self, throttle: Throttle, *, held_bytes: int = HELD_BYTES) -> None:
        self._agenda = Agenda(throttle, held_bytes=held_bytes)
        self._watcher: threading.Thread | None = None
        self._threads: set[threading.Thread] = set()
        # Guards all of the above, and the jobs; the watcher waits on it.
        self._changed = threading.Condition(threading.Lock())

    @property
    def limit(self) -> int:
        """Requests at a time, for now."""
        with self._changed:
            return self._agenda.throttle.limit

    @property
    def calm(self) -> bool:
        """Whether most requests succeed."""
        with self._changed:
            return self._agenda.weather.calm

    def restrict(self, ceiling: int) -> None:
        """Never again have more requests at a time than this."""
        with self._changed:
            self._agenda.throttle.restrict(ceiling)

    def share(self, leases: Leases | None) -> None:
        """Send a request only while holding a lease.

        Args:
            leases: that other processes take from, too; None for no bound but the throttle's.
        """
        leased = None if leases is None else Leased(leases, self._wake, self._fail)
        with self._changed:
            self._agenda.leased = leased
            self._changed.notify_all()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            for job in self._agenda.jobs:
                job.cancel(error)
            self._changed.notify_all()

    def submit(self, job: Job) -> None:
        """Queue a job. Returns at once."""
        with self._changed:
            self._agenda.jobs.append(job)
            if self._watcher is None:
                self._watcher = threading.Thread(
                    target=self._watch, name="geetensor-scheduler", daemon=True
                )
                self._watcher.start()
            self._changed.notify_all()

    def add(self, job: Job, tasks: Iterable[Task]) -> None:
        """Queue further tasks of a job. Returns at once."""
        with self._changed:
            job.add(tasks)
            self._changed.notify_all()

    def close(self, job: Job) -> None:
        """Let a job end when what it has is done."""
        with self._changed:
            job.close()
            self._changed.notify_all()

    def cancel(self, job: Job, error: BaseException) -> None:
        """End a job early; its requests under way are stopped."""
        with self._changed:
            job.cancel(error)
            self._changed.notify_all()

    def run(self, job: Job) -> None:
        """Queue a job and wait for its end. From any thread.

        Raises:
            BaseException: what ended the job early. When the wait is interrupted (Ctrl-C), the
                job is cancelled first.
        """
        self.submit(job)
        try:
            # With a timeout, as an interrupt does not end a wait for ever on all systems.
            while not job.wait(1.0):
                pass
        except BaseException as error:
            self.cancel(job, error)
            raise
        finally:
            self.take_leave(job)
        if job.error is not None:
            raise job.error

    def take_leave(self, job: Job) -> None:
        """Wait, a second at the most, for what a job leaves behind.

        Args:
            job: that is over or was cancelled. Where it was the last, no thread is left.
        """
        end = time.monotonic() + _FAREWELL
        job.wait(_FAREWELL)
        with self._changed:
            threads = [] if self._agenda.jobs else [*self._threads]
            if self._watcher is not None and not self._agenda.jobs:
                threads.append(self._watcher)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, end - time.monotonic()))

    def note_accepted(self, call: _Running) -> None:
        """The service begins to answer."""
        with self._changed:
            self._agenda.accepted(call.turn, call.first_byte or call.started)
            self._changed.notify_all()

    def note_rejected(self, call: _Running) -> None:
        """The service has room for a request, but does not like it."""
        with self._changed:
            self._agenda.throttle.accepted(call.turn.ticket)

    def note_ended(self, call: _Running) -> None:
        """The service is done with a request, whose pixels may still be worked on."""
        with self._changed:
            self._agenda.ended(call.turn)
            self._changed.notify_all()

    def _watch(self) -> None:
        while True:
            with self._changed:
                now = time.monotonic()
                for job in self._agenda.jobs:
                    job.give_up_slow_ones(now)
                while (call := self._take(now)) is not None:
                    thread = threading.Thread(
                        target=self._work, args=(call,), name="geetensor-request", daemon=True
                    )
                    self._threads.add(thread)
                    thread.start()
                over = self._agenda.take_over()
                if not over:
                    if not self._agenda.jobs:
                        self._watcher = None
                        return
                    self._changed.wait(self._until_due(now))
            for job in over:
                job.end()

    def _until_due(self, now: float) -> float | None:
        wait = self._agenda.until_due(now)
        if any(job.running for job in self._agenda.jobs):
            wait = min(wait, TICK)
        return wait if wait < math.inf else None

    def _work(self, first: _Running) -> None:
        call: _Running | None = first
        while call is not None:
            outcome = self._run(call)
            job = call.turn.job
            with self._changed:
                del job.running[call]
                event = self._agenda.settle(
                    call.turn, outcome, time.monotonic(), given_up=call.given_up
                )
            if event is not None:
                try:
                    emit(event, job.hook)
                except Exception as error:
                    self.cancel(job, error)
            with self._changed:
                call = self._take(time.monotonic())
                if call is None:
                    self._threads.discard(threading.current_thread())
                self._changed.notify_all()

    @staticmethod
    def _run(call: _Running) -> Outcome:
        try:
            try:
                return call.turn.entry.task.run(call)
            finally:
                call.give_back()
        except BaseException as error:
            return Fail(error)

    def _take(self, now: float) -> _Running | None:
        """The next request that may go out now, noted as started; None if there is none."""
        turn = self._agenda.take(now)
        if turn is None:
            return None
        call = _Running(self, turn)
        turn.job.running[call] = turn.entry
        return call
