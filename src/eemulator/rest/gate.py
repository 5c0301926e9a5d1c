"""Admission: how many requests at once, and how many in a second."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from ..limits import Limits, too_many_requests

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
        self._begun: deque[float] = deque()

    def enter(self) -> Place:
        """Take a place.

        Raises:
            ServiceError: 429, when there is none. A refused request does not count against
                the rate.
        """
        with self._lock:
            now = self._clock()
            while self._begun and now - self._begun[0] >= 1.0:
                self._begun.popleft()
            rate = self._limits.requests_per_second
            if self._under_way >= self._limits.concurrent_requests or (
                rate is not None and len(self._begun) >= rate
            ):
                raise too_many_requests()
            if rate is not None:
                self._begun.append(now)
            self._under_way += 1
            self._stats.entered(self._under_way)
        return Place(self._leave)

    def _leave(self) -> None:
        with self._lock:
            self._under_way -= 1
            self._stats.left(self._under_way)
