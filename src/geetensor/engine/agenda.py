"""The agenda: which task of which job is next, and what becomes of it. Pure: it is told the time.

Not locked: its scheduler does that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geetensor.engine.events import Retried, Throttled
from geetensor.engine.retry import LONGEST_REFUSAL, Weather
from geetensor.engine.tasks import Entry, Fail, Refused, Replace, Retry

if TYPE_CHECKING:
    from geetensor.engine.job import Job
    from geetensor.engine.leases import Lease, Leased
    from geetensor.engine.tasks import Outcome
    from geetensor.engine.throttle import Throttle, Ticket

HELD_BYTES = 96 * 10**6
"""Bytes that running tasks may hold in memory together."""


@dataclass(slots=True, eq=False)
class Turn:
    """A task that goes out.

    Attributes:
        job: whose it is.
        entry: the task, and how often it was tried.
        ticket: for its request.
        started: seconds, on the clock of `take`.
        capped: whether it counts as one of the job's requests.
        lease: of its request, to be given back when the service is done; None where none is needed.
    """

    job: Job
    entry: Entry
    ticket: Ticket
    started: float
    capped: bool = True
    lease: Lease | None = None


class Agenda:
    """What there is to send to one endpoint for one project.

    Args:
        throttle: what may go out when; this agenda's alone.
        held_bytes: bytes that running tasks may hold in memory together.

    Attributes:
        throttle: as given.
        jobs: those that are not over; the first is next.
        weather: of their requests.
        leased: where each request needs a lease; None for none.
    """

    def __init__(self, throttle: Throttle, *, held_bytes: int = HELD_BYTES) -> None:
        self.throttle = throttle
        self.jobs: list[Job] = []
        self.weather = Weather()
        self.leased: Leased | None = None
        self._most_bytes = held_bytes
        self._bytes = 0

    def take(self, now: float) -> Turn | None:
        """The next task that may go out, noted as started; None if there is none now.

        Args:
            now: seconds, on any clock that does not go back.
        """
        if self.throttle.wait(now) > 0:
            return None
        for job in [*self.jobs]:
            entry = job.next_entry(now, self.throttle.limit)
            if entry is None:
                continue
            if not entry.loose:
                entry = job.waiting.part(entry, self._places(job))
            size = entry.task.held_bytes
            no_room = self._bytes and self._bytes + size > self._most_bytes
            if no_room or not job.admits(entry):
                job.waiting.put_back([entry])
                continue
            lease = None if self.leased is None else self.leased.take()
            if self.leased is not None and lease is None:
                job.waiting.put_back([entry])
                return None
            self.jobs.remove(job)
            self.jobs.append(job)  # the others are next
            job.cap.running += 1
            self._bytes += size
            return Turn(job, entry, self.throttle.started(now), now, lease=lease)
        return None

    def accepted(self, turn: Turn, now: float) -> None:
        """Note that a task's request begins to be answered."""
        self.throttle.accepted(turn.ticket)
        self.weather.note(good=True)
        turn.job.pace.answered(now - turn.started)

    def ended(self, turn: Turn) -> None:
        """Note that the service is done with a task's request, whose pixels may yet be stored.

        It is no request any more: the next may go out meanwhile.
        """
        self.throttle.finished(turn.ticket)
        turn.job.cap.running -= turn.capped
        turn.capped = False

    def _places(self, job: Job) -> int:
        """How many requests a job's task may take at once without another having to wait."""
        if any(other.has_ready() for other in self.jobs):
            return 1
        waiting = sum(other.waiting.delayed for other in self.jobs)
        free = self.throttle.limit - self.throttle.held
        return int(min(free // (1 + waiting), job.cap.room))

    def settle(
        self, turn: Turn, outcome: Outcome, now: float, *, given_up: bool = False
    ) -> Throttled | Retried | None:
        """Note what became of a task.

        Args:
            turn: of that task.
            outcome: of running it.
            now: seconds, on the clock of `take`.
            given_up: whether it was stopped for slowness.

        Returns:
            What there is to tell.
        """
        job, entry = turn.job, turn.entry
        job.cap.running -= turn.capped
        turn.capped = False
        self._bytes -= entry.task.held_bytes  # as when it was taken
        event: Throttled | Retried | None = None
        if isinstance(outcome, Refused):
            delay = self.throttle.refused(turn.ticket, now, outcome.retry_after)
            event = Throttled(entry.task.subject, self.throttle.limit, delay, str(outcome.error))
        else:
            self.throttle.finished(turn.ticket)
            if isinstance(outcome, Retry):
                self.weather.note(good=False)
        if job.error is not None:
            return None
        match outcome:
            case Refused(error=error) if self.throttle.refused_for(now) > LONGEST_REFUSAL:
                job.cancel(error)
            case Refused():
                job.waiting.delay(entry, now + delay)
            case Retry(message=message) if given_up:
                event = Retried(entry.task.subject, entry.attempts + 1, 0.0, message)
                entry.stalls += 1
                entry.task, entry.loose = outcome.rest or entry.task, False
                job.waiting.put_back([entry])
            case Retry(delay=delay, message=message):
                event = Retried(entry.task.subject, entry.attempts + 1, delay, message)
                entry.attempts += 1
                entry.task, entry.loose = outcome.rest or entry.task, False
                job.waiting.delay(entry, now + delay)
            case Replace(tasks=tasks, anew=anew):
                job.waiting.put_back(Entry(task, loose=anew) for task in tasks)
                if anew:
                    job.waiting.plan_anew(now, now - turn.started)
            case Fail(error=error):
                job.cancel(error)
        return event

    def take_over(self) -> list[Job]:
        """The jobs that are over, taken off the agenda."""
        over = [job for job in self.jobs if job.is_over()]
        for job in over:
            self.jobs.remove(job)
        return over

    def until_due(self, now: float) -> float:
        """Seconds until there is something to do that nobody will tell of; infinite for never.

        Args:
            now: when it was last looked what there is to do.
        """
        waits = [self.throttle.wait(now)]
        waits += [job.waiting.next_due(now) - now for job in self.jobs]
        # What is due and was not started waits for a reply, which is told of.
        return min((wait for wait in waits if wait > 0), default=math.inf)
