"""Admission: how many requests at once, in a second and in a minute, and after how much work."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from ..limits import Limits, quota_exceeded, too_many_requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..stats import Stats


class Place:
    """A request's place among those under way; giving it back twice does no harm."""

    def __init__(self, release: Callable[[], None]) -> None:
        self._release: Callable[[], None] | None = release

    def release(self) -> None:
        """Give the place back."""
        release, self._release = self._release, None
        if release is not None:
            release()


class _Rate:
    """At most so many requests in any so many seconds; None for no limit."""

    def __init__(self, most: int | None, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._begun: deque[float] = deque(maxlen=most or 0)

    def is_full(self, now: float) -> bool:
        """Whether one more would be too many."""
        if not self._most:
            return self._most == 0
        return len(self._begun) == self._most and now - self._begun[0] < self._seconds

    def count(self, now: float) -> None:
        """One more; only the last ones are remembered."""
        self._begun.append(now)

    def clear(self) -> None:
        """Forget all."""
        self._begun.clear()


class Gate:
    """Lets requests in while the quotas last.

    Args:
        limits: the concurrency and the rate.
        stats: told of every change.
        clock: seconds, monotonic.
    """

    def __init__(
        self, limits: Limits, stats: Stats, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits = limits
        self._stats = stats
        self._clock = clock
        self._lock = threading.Lock()
        self._under_way = 0
        self._second = _Rate(limits.requests_per_second, 1.0)
        self._minute = _Rate(limits.requests_per_minute, 60.0)
        self._spent = 0.0

    @property
    def restricted(self) -> bool:
        """Whether the project has used up its compute time."""
        most = self._limits.eecu_seconds
        return most is not None and self._spent >= most

    def spend(self, seconds: float) -> None:
        """Count compute time."""
        with self._lock:
            self._spent += seconds
        self._stats.computed(seconds)

    def reset(self) -> None:
        """Give all quotas anew; requests under way keep their places."""
        with self._lock:
            self._second.clear()
            self._minute.clear()
            self._spent = 0.0

    def enter(self) -> Place:
        """Take a place.

        Raises:
            ServiceError: 429, when there is none. A refused request does not count against
                the rates.
        """
        limits = self._limits
        with self._lock:
            now = self._clock()
            places = limits.concurrent_requests
            if self.restricted:
                places = min(places, limits.restricted_requests)
            if self._under_way >= places or self._second.is_full(now):
                raise too_many_requests()
            if self._minute.is_full(now):
                raise quota_exceeded()
            self._second.count(now)
            self._minute.count(now)
            self._under_way += 1
            self._stats.entered(self._under_way)
        return Place(self._leave)

    def _leave(self) -> None:
        with self._lock:
            self._under_way -= 1
            self._stats.left(self._under_way)
