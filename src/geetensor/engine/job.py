"""A job: tasks that succeed or fail together, as the scheduler's queue sees them."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import deque
from typing import TYPE_CHECKING

from geetensor.engine.pace import Pace
from geetensor.engine.tasks import Cap, Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from geetensor.engine.call import Call
    from geetensor.engine.events import Hook
    from geetensor.engine.tasks import Task


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
        admit: asked before a task starts, under the scheduler's lock: whether there is room for
            what it brings. None: always.

    Attributes:
        error: what ended it early; None while it runs, and after success.
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
        admit: Callable[[Task], bool] | None = None,
    ) -> None:
        self.error: BaseException | None = None
        self.cap = cap or Cap()
        self.hook = hook
        self.pace = pace or Pace()
        self.running: dict[Call, Entry] = {}
        self._on_end = on_end
        self._more = more
        self._admit = admit
        self._tasks = iter(tasks)
        self._ready: deque[Entry] = deque()
        self._delayed: list[tuple[float, int, Entry]] = []
        self._count = itertools.count()
        self._exhausted = False
        self._ended = threading.Event()

    # What follows is the scheduler's, under its lock, but for `wait` and `end`.

    def next_entry(self, now: float) -> Entry | None:
        """Take the next task that may start; None if there is none now."""
        if self.error is not None or self.cap.full:
            return None
        if self._delayed and self._delayed[0][0] <= now:
            return heapq.heappop(self._delayed)[2]
        if self._ready:
            return self._ready.popleft()
        return self._pull()

    def admits(self, entry: Entry) -> bool:
        """Whether there is room for what a task brings; for one at a time there always is."""
        if self._admit is None:
            return True
        return self._admit(entry.task) or not self.running

    def _pull(self) -> Entry | None:
        if self._exhausted:
            return None
        try:
            task = next(self._tasks, None)
        except Exception as error:
            self.cancel(error)
            return None
        if task is None:
            self._exhausted = True
            return None
        return Entry(task)

    def put_back(self, entries: Iterable[Entry]) -> None:
        """Let tasks start before all others of the job."""
        self._ready.extendleft(reversed(list(entries)))

    def delay(self, entry: Entry, until: float) -> None:
        """Let a task start at a time, not before."""
        heapq.heappush(self._delayed, (until, next(self._count), entry))

    @property
    def next_due(self) -> float | None:
        """When the first delayed task may start; None if none is delayed."""
        return self._delayed[0][0] if self._delayed else None

    def add(self, tasks: Iterable[Task]) -> None:
        """Let further tasks start after all others, if the job goes on."""
        if self.error is None:
            self._ready.extend(Entry(task) for task in tasks)

    def close(self) -> None:
        """No further tasks come."""
        self._more = False

    def cancel(self, error: BaseException) -> None:
        """Start nothing more and stop what is under way. The first error stands."""
        if self.error is None:
            self.error = error
        self._ready.clear()
        self._delayed.clear()
        self._tasks = iter(())
        self._exhausted = True
        for call in self.running:
            call.abort("the export was cancelled")

    def is_over(self) -> bool:
        """Whether nothing is left to start or to wait for."""
        if self.running or self._ready or self._delayed or (self._more and self.error is None):
            return False
        entry = self._pull()
        if entry is not None:
            self._ready.append(entry)
        return entry is None

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
