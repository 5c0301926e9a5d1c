"""A job: tasks that succeed or fail together, as the scheduler's queue sees them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from geetensor.engine.pace import STALL_FLOOR, Pace
from geetensor.engine.tasks import Cap
from geetensor.engine.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from geetensor.engine.call import Call
    from geetensor.engine.events import Hook
    from geetensor.engine.tasks import Entry, Planner, Task


TOTAL_TIMEOUT = 900.0
"""Seconds for one request: 48 MB at 64 kB/s take 750."""


class Job:
    """Some tasks, pulled from an iterator as the service has room for them.

    The first that fails ends the job: no further one is started, those under way are stopped.
    To go on with others regardless, make each a job of its own and let them share a `Cap`.

    Args:
        tasks: pulled under the scheduler's lock: must be quick and not use the engine. A task
            that has to ask the service what there is to do answers `Replace`.
        cap: on the requests under way.
        hook: called with events.
        pace: to be shared with jobs of the same kind; by default the job's own.
        on_end: called once, from a thread of the scheduler, when the job has ended. Must not
            raise.
        more: whether further tasks may be added; then it does not end before it is closed.
        planner: of tasks that were not begun when it shows that others would be better, and of
            the parts in which one that failed is asked for where places are free; None for none.
        admit: asked before a task starts, under the scheduler's lock: whether there is room for
            what it brings. None: always.

    Attributes:
        error: what ended it early; None while it runs, and after success.
        running: the requests under way.
        waiting: what has not started.
    """

    def __init__(
        self,
        tasks: Iterable[Task],
        *,
        cap: Cap | None = None,
        hook: Hook | None = None,
        pace: Pace | None = None,
        on_end: Callable[[Job], None] | None = None,
        more: bool = False,
        planner: Planner | None = None,
        admit: Callable[[Task], bool] | None = None,
    ) -> None:
        self.error: BaseException | None = None
        self.cap = cap or Cap()
        self.hook = hook
        self.pace = pace or Pace()
        self.running: dict[Call, Entry] = {}
        self.waiting = Waiting(tasks, planner)
        self._on_end = on_end
        self._more = more
        self._admit = admit
        self._ended = threading.Event()

    # What follows is the scheduler's, under its lock, but for `wait` and `end`.

    def next_entry(self, now: float, places: int) -> Entry | None:
        """Take the next task that may start; None if there is none now.

        Args:
            now: seconds, on the scheduler's clock.
            places: requests at a time that all jobs may have together.
        """
        if self.error is not None or self.cap.full:
            return None
        unanswered = any(call.first_byte is None for call in self.running)
        try:
            return self.waiting.next(now, self.cap.bound(places), unanswered=unanswered)
        except Exception as error:
            self.cancel(error)
            return None

    def admits(self, entry: Entry) -> bool:
        """Whether there is room for what a task brings; for one at a time there always is."""
        return self._admit is None or self._admit(entry.task) or not self.running

    def has_ready(self) -> bool:
        """Whether a task may start, but for want of a place."""
        if self.error is not None or self.cap.full:
            return False
        return self._has_waiting()

    def _has_waiting(self) -> bool:
        try:
            return self.waiting.has_ready()
        except Exception as error:
            self.cancel(error)
            return False

    def add(self, tasks: Iterable[Task]) -> None:
        """Let further tasks start after all others, if the job goes on."""
        if self.error is None:
            self.waiting.add(tasks)

    def close(self) -> None:
        """No further tasks come."""
        self._more = False

    def cancel(self, error: BaseException) -> None:
        """Start nothing more and stop what is under way. The first error stands."""
        if self.error is None:
            self.error = error
        self.waiting.clear()
        for call in self.running:
            call.abort("the export was cancelled")

    def give_up_slow_ones(self, now: float) -> None:
        """Stop the requests under way that are not going to be answered."""
        calls = {call: entry for call, entry in self.running.items() if not call.ended}
        patience = self.pace.patience([(c.first_byte or now) - c.started for c in calls])
        for call, entry in calls.items():
            doubled = 2**entry.stalls
            if now - call.started > TOTAL_TIMEOUT:
                call.abort(f"it was not over after {TOTAL_TIMEOUT:g} s")
            elif call.first_byte is not None:
                limit = max(STALL_FLOOR, patience or 0.0) * doubled
                if now - call.last_byte > limit:
                    call.given_up = True
                    call.abort(f"no bytes came for {limit:.0f} s")
            elif patience is not None and now - call.started > patience * doubled:
                call.given_up = True
                call.abort(f"no bytes came within {patience * doubled:.1f} s")

    def is_over(self) -> bool:
        """Whether nothing is left to start or to wait for."""
        if self.running or self.waiting.delayed or (self._more and self.error is None):
            return False
        return not self._has_waiting()

    def end(self) -> None:
        """Tell those who wait that it is over."""
        self._ended.set()
        if self._on_end is not None:
            self._on_end(self)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it is over.

        Args:
            seconds: at the most; None for ever.

        Returns:
            Whether it is.
        """
        return self._ended.wait(seconds)
