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

from geetensor.engine.call import Call
from geetensor.engine.events import Retried, Throttled, emit
from geetensor.engine.pace import STALL_FLOOR
from geetensor.engine.retry import LONGEST_REFUSAL
from geetensor.engine.tasks import Entry, Fail, Refused, Replace, Retry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geetensor.engine.job import Job
    from geetensor.engine.tasks import Outcome, Task
    from geetensor.engine.throttle import Throttle, Ticket

HELD_BYTES = 96 * 10**6
"""Bytes that running tasks may hold in memory together."""

TOTAL_TIMEOUT = 900.0
"""Seconds for one request: 48 MB at 64 kB/s take 750."""

_TICK = 0.25
"""Seconds between looks at requests that may hang."""

_FAREWELL = 1.0
"""Seconds to wait for threads whose connections were shut."""


class _Running(Call):
    """A task's request under way."""

    def __init__(self, scheduler: Scheduler, job: Job, entry: Entry, ticket: Ticket) -> None:
        super().__init__(entry.attempts + 1)
        self.scheduler = scheduler
        self.job = job
        self.entry = entry
        self.ticket = ticket
        self.given_up = False  # for slowness
        self.capped = True  # whether it counts as one of the job's requests

    def on_accepted(self) -> None:
        self.scheduler.note_accepted(self)

    def on_ended(self) -> None:
        self.scheduler.note_ended(self)


class Scheduler:
    """The queue of one endpoint and project.

    Args:
        throttle: what may go out when; this scheduler's alone.
        held_bytes: bytes that running tasks may hold in memory together.
    """

    def __init__(self, throttle: Throttle, *, held_bytes: int = HELD_BYTES) -> None:
        self._throttle = throttle
        self._most_bytes = held_bytes
        self._bytes = 0
        self._jobs: list[Job] = []  # the first is next
        self._watcher: threading.Thread | None = None
        self._threads: set[threading.Thread] = set()
        # Guards all of the above, the throttle and the jobs; the watcher waits on it.
        self._changed = threading.Condition(threading.Lock())

    @property
    def limit(self) -> int:
        """Requests at a time, for now."""
        with self._changed:
            return self._throttle.limit

    def restrict(self, ceiling: int) -> None:
        """Never again have more requests at a time than this."""
        with self._changed:
            self._throttle.restrict(ceiling)

    def submit(self, job: Job) -> None:
        """Queue a job. Returns at once."""
        with self._changed:
            self._jobs.append(job)
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
            threads = [] if self._jobs else [*self._threads]
            if self._watcher is not None and not self._jobs:
                threads.append(self._watcher)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, end - time.monotonic()))

    def note_accepted(self, call: _Running) -> None:
        """The service begins to answer."""
        with self._changed:
            self._throttle.accepted(call.ticket)
            call.job.pace.answered((call.first_byte or call.started) - call.started)
            self._changed.notify_all()

    def note_ended(self, call: _Running) -> None:
        """The service is done with a request, whose pixels may still be worked on."""
        with self._changed:
            self._throttle.finished(call.ticket)
            self._leave_cap(call)
            self._changed.notify_all()

    def _watch(self) -> None:
        while True:
            with self._changed:
                now = time.monotonic()
                self._give_up_slow_ones(now)
                while (call := self._take(now)) is not None:
                    thread = threading.Thread(
                        target=self._work, args=(call,), name="geetensor-request", daemon=True
                    )
                    self._threads.add(thread)
                    thread.start()
                over = [job for job in self._jobs if job.is_over()]
                for job in over:
                    self._jobs.remove(job)
                if not over:
                    if not self._jobs:
                        self._watcher = None
                        return
                    self._changed.wait(self._until_due(now))
            for job in over:
                job.end()

    def _work(self, first: _Running) -> None:
        call: _Running | None = first
        while call is not None:
            outcome = self._run(call)
            with self._changed:
                event = self._settle(call, outcome)
            if event is not None:
                try:
                    emit(event, call.job.hook)
                except Exception as error:
                    self.cancel(call.job, error)
            with self._changed:
                call = self._take(time.monotonic())
                if call is None:
                    self._threads.discard(threading.current_thread())
                self._changed.notify_all()

    @staticmethod
    def _run(call: _Running) -> Outcome:
        try:
            return call.entry.task.run(call)
        except BaseException as error:
            return Fail(error)

    def _take(self, now: float) -> _Running | None:
        """The next request that may go out now, noted as started; None if there is none."""
        if self._throttle.wait(now) > 0:
            return None
        for job in [*self._jobs]:
            entry = job.next_entry(now)
            if entry is None:
                continue
            size = entry.task.held_bytes
            no_room = self._bytes and self._bytes + size > self._most_bytes
            if no_room or not job.admits(entry):
                job.put_back([entry])
                continue
            self._jobs.remove(job)
            self._jobs.append(job)  # the others are next
            call = _Running(self, job, entry, self._throttle.started(now))
            job.running[call] = entry
            job.cap.running += 1
            self._bytes += size
            return call
        return None

    def _settle(self, call: _Running, outcome: Outcome) -> Throttled | Retried | None:
        """Note what became of a task."""
        now = time.monotonic()
        job, entry = call.job, call.entry
        del job.running[call]
        self._leave_cap(call)
        self._bytes -= entry.task.held_bytes  # as when it was taken
        event: Throttled | Retried | None = None
        if isinstance(outcome, Refused):
            delay = self._throttle.refused(call.ticket, now, outcome.retry_after)
            event = Throttled(entry.task.subject, self._throttle.limit, delay, str(outcome.error))
        else:
            self._throttle.finished(call.ticket)
        if job.error is not None:
            return None
        match outcome:
            case Refused(error=error) if self._throttle.refused_for(now) > LONGEST_REFUSAL:
                job.cancel(error)
            case Refused():
                job.delay(entry, now + delay)
            case Retry(message=message) if call.given_up:
                entry.stalls += 1
                entry.task = outcome.rest or entry.task
                job.put_back([entry])
                event = Retried(entry.task.subject, call.attempt, 0.0, message)
            case Retry(delay=delay, message=message):
                entry.attempts += 1
                entry.task = outcome.rest or entry.task
                job.delay(entry, now + delay)
                event = Retried(entry.task.subject, call.attempt, delay, message)
            case Replace(tasks=tasks):
                job.put_back(Entry(task) for task in tasks)
            case Fail(error=error):
                job.cancel(error)
        return event

    @staticmethod
    def _leave_cap(call: _Running) -> None:
        """What is being stored is no request any more: the next may go out meanwhile."""
        call.job.cap.running -= call.capped
        call.capped = False

    def _until_due(self, now: float) -> float | None:
        """Seconds until there is something to do that nobody will tell of.

        Args:
            now: when it was last looked what there is to do.
        """
        waits = [_TICK] if any(job.running for job in self._jobs) else []
        waits.append(self._throttle.wait(now))
        waits += [job.next_due - now for job in self._jobs if job.next_due is not None]
        # What is due and was not started waits for a reply, which is told of.
        return min((wait for wait in waits if 0 < wait < math.inf), default=None)

    def _give_up_slow_ones(self, now: float) -> None:
        for job in self._jobs:
            calls = [call for call in job.running if not call.ended]
            patience = job.pace.patience([(c.first_byte or now) - c.started for c in calls])
            for call in calls:
                assert isinstance(call, _Running)  # noqa: S101
                doubled = 2**call.entry.stalls
                if now - call.started > TOTAL_TIMEOUT:
                    call.abort(f"it was not over after {TOTAL_TIMEOUT:g} s")
                elif call.first_byte is not None:
                    limit = max(STALL_FLOOR, patience or 0.0) * doubled
                    if now - call.last_byte > limit:
                        call.given_up = True
                        call.abort(f"no bytes came for {limit:.0f} s")
                elif patience is not None and now - call.started > patience * doubled:
                    call.given_up = True
                    call.abort(f"no bytes came within {patience * doubled:.0f} s")
