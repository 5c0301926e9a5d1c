"""What the scheduler runs: the protocol of a task, and what may come of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geetensor.engine.call import Call


@dataclass(frozen=True, slots=True)
class Done:
    """It is done."""


@dataclass(frozen=True, slots=True)
class Retry:
    """It is to be run again.

    Attributes:
        delay: seconds from now, at the least.
        message: what happened.
        rest: what to run instead: what it has not done yet. None: all of it again.
    """

    delay: float
    message: str
    rest: Task | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The service refused it for load: run it again when the throttle lets it.

    Attributes:
        retry_after: seconds that the service asked to wait, if it did.
        error: to fail with when the service never accepts anything.
    """

    retry_after: float | None
    error: Exception


@dataclass(frozen=True, slots=True)
class Replace:
    """Others are to be run in its place, before anything else of the job.

    Attributes:
        tasks: in order.
        anew: whether what is planned is known to be too large by now, so that they are better
            planned anew, with the others that were not begun.
    """

    tasks: Sequence[Task]
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Fail:
    """It cannot be done.

    Attributes:
        error: why.
    """

    error: BaseException


Outcome = Done | Retry | Refused | Replace | Fail


class Task(Protocol):
    """One request, however often it has to be sent. Run by one thread at a time."""

    @property
    def subject(self) -> str:
        """What to call it in messages."""

    @property
    def held_bytes(self) -> int:
        """Bytes that it holds in memory while it runs, about."""

    def run(self, call: Call) -> Outcome:
        """Send the request and deal with the reply.

        Must not wait for other tasks. What it raises fails it.

        Args:
            call: to be handed to the transport, which tells the scheduler through it what
                becomes of the request. Where it was aborted the outcome does not matter.
        """


class Planner(Protocol):
    """Plans work anew."""

    def __call__(self, tasks: Sequence[Task], places: int) -> Sequence[Task]:
        """Tasks that do the same, so that as many requests at a time do it soonest.

        Called under the scheduler's lock: must be quick and not use the engine.

        Args:
            tasks: of one job.
            places: requests at a time.
        """


@dataclass(slots=True)
class Cap:
    """A bound on the requests that one or several jobs have under way together.

    Attributes:
        most: the bound; None for none but the throttle's.
        running: of them, now. The scheduler's.
    """

    most: int | None = None
    running: int = 0

    @property
    def full(self) -> bool:
        """Whether no further one may start."""
        return self.room == 0

    @property
    def room(self) -> float:
        """How many may start; infinite without a bound."""
        return math.inf if self.most is None else max(0, self.most - self.running)

    def bound(self, places: int) -> int:
        """So many requests at a time, or as many as are allowed."""
        return places if self.most is None else min(places, self.most)


@dataclass(slots=True, eq=False)
class Entry:
    """A task in the queue.

    Attributes:
        task: to be run.
        attempts: how often it failed in a way that may pass.
        stalls: how often a request of it was given up for slowness; each time doubles the
            patience with the next.
        loose: whether it was not begun and may be planned anew.
    """

    task: Task
    attempts: int = 0
    stalls: int = 0
    loose: bool = False
