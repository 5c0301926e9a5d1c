"""The tasks of a job that wait, and how they are planned anew. Pure: it is told the time.

Tasks are planned for so many requests at a time, and for what one request may ask for. Where
either turns out to be otherwise, those that were not begun are planned once more.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections import deque
from typing import TYPE_CHECKING

from geetensor.engine.tasks import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geetensor.engine.tasks import Planner, Task

CHANGE = 1.2
"""Tasks are planned anew when so many times more or fewer requests may go out at a time than they
were planned for. A throttle that grows from its first share to the whole is no such change."""

SHORTEST_HOLD = 0.25
"""Seconds for which tasks are held back, at the most, when some are to be planned anew: what befell
one is about to befall those that went out with it, and all are better planned together."""

LONGEST_HOLD = 2.0
"""The same where replies take long: half of what the reply took, but not more than this."""

MOST_PARTS = 3
"""Parts of a task that failed, at the most: each may fail again, and costs a latency then."""

_MOST_TOGETHER = 500
"""Tasks that are planned anew together. A longer plan has large tasks already."""


class Waiting:
    """Tasks in the order in which they are to start.

    Args:
        tasks: pulled when there is nothing else to start.
        planner: of tasks that others are better than; None to leave all as they are.
    """

    def __init__(self, tasks: Iterable[Task], planner: Planner | None = None) -> None:
        self._tasks = iter(tasks)
        self._exhausted = False
        self._ready: deque[Entry] = deque()
        self._delayed: list[tuple[float, int, Entry]] = []
        self._count = itertools.count()
        self._planner = planner
        self._places: int | None = None  # requests at a time that the tasks were planned for
        self._outdated = False
        self._held_until = -math.inf

    def next(self, now: float, places: int, *, unanswered: bool) -> Entry | None:
        """Take the next task that may start; None if there is none now.

        Args:
            now: seconds, on any clock that does not go back.
            places: requests at a time that the job may have.
            unanswered: whether some that went out are not answered yet.
        """
        held = unanswered and now < self._held_until
        if not held:
            self._plan(places)
        if self._delayed and self._delayed[0][0] <= now:
            return heapq.heappop(self._delayed)[2]
        if held or not self.has_ready():
            return None
        return self._ready.popleft()

    def part(self, entry: Entry, places: int) -> Entry:
        """A task in parts that can be fetched at the same time, if it failed before.

        Args:
            entry: just taken.
            places: requests that are free for it.

        Returns:
            The first part; the others are next.
        """
        if self._planner is None or entry.loose or places < 2:
            return entry
        tasks = self._planner([entry.task], min(places, MOST_PARTS))
        first, *others = [Entry(task, entry.attempts, entry.stalls) for task in tasks]
        self.put_back(others)
        return first

    def plan_anew(self, now: float, took: float) -> None:
        """Note that what is loose is not as it should be.

        Args:
            now: seconds, on the clock of `next`.
            took: seconds, of the reply that shows it.
        """
        if self._planner is not None and not self._outdated:
            self._outdated = True
            self._held_until = now + min(LONGEST_HOLD, max(SHORTEST_HOLD, took / 2))

    def _plan(self, places: int) -> None:
        before = self._places or places
        changed = places * CHANGE <= before or places >= before * CHANGE
        if self._planner is None or not (self._outdated or changed):
            self._places = before
            return
        self._places, self._outdated, self._held_until = places, False, -math.inf
        delayed = [entry for _, _, entry in self._delayed if entry.loose]
        ready = [entry for entry in self._ready if entry.loose]
        self._delayed = [item for item in self._delayed if not item[2].loose]
        heapq.heapify(self._delayed)
        self._ready = deque(entry for entry in self._ready if not entry.loose)
        loose = [entry.task for entry in [*delayed, *ready]]
        loose += itertools.islice(self._tasks, _MOST_TOGETHER)
        if loose:
            self.add(self._planner(loose, places))

    def has_ready(self) -> bool:
        """Whether a task may start at any time."""
        if not self._ready and not self._exhausted:
            task = next(self._tasks, None)
            if task is None:
                self._exhausted = True
            else:
                self.add([task])
        return bool(self._ready)

    def add(self, tasks: Iterable[Task]) -> None:
        """Let tasks start after all others."""
        self._ready.extend(Entry(task, loose=True) for task in tasks)

    def put_back(self, entries: Iterable[Entry]) -> None:
        """Let tasks start before all others."""
        self._ready.extendleft(reversed(list(entries)))

    def delay(self, entry: Entry, until: float) -> None:
        """Let a task start at a time, not before."""
        heapq.heappush(self._delayed, (until, next(self._count), entry))

    @property
    def delayed(self) -> int:
        """Tasks that may not start yet, or may just now."""
        return len(self._delayed)

    def next_due(self, now: float) -> float:
        """When more may start than does now; infinite for never."""
        dues = [self._held_until, *(due for due, _, _ in self._delayed[:1])]
        return min((due for due in dues if due > now), default=math.inf)

    def clear(self) -> None:
        """Forget all tasks."""
        self._ready.clear()
        self._delayed.clear()
        self._exhausted = True
