"""How large requests may be where no limit says it: what refusals teach. Pure, but for a lock."""

from __future__ import annotations

import threading

HALF = 2
"""After a refusal for memory, requests ask for so many times less. Simulated with limits of an
eighth to the whole of a tile and latencies of 0.1 to 2 s, more caution costs more than it saves: a
refusal takes one latency, and tiles smaller than need be take one a wave."""

QUARTER = 4
"""After one for time, which took minutes."""

SMALLEST = 2**16
"""Counted bytes. One tile that is too much below this is a case of its own: the rest of the export
is not cut to crumbs for it."""


class SizeLesson:
    """How large requests for some source may be. Shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._most: int | None = None
        self._message = ""

    def failed(self, counted_bytes: int, message: str, *, caution: int = HALF) -> None:
        """Note that a request was too much for the service's memory or time.

        Args:
            counted_bytes: that it asked for.
            message: the service's words.
            caution: how many times less to ask for.
        """
        most = max(SMALLEST, counted_bytes // caution)
        with self._lock:
            if self._most is None or most < self._most:
                self._most, self._message = most, message

    @property
    def most(self) -> tuple[int | None, str]:
        """Counted bytes to ask for at the most, if known, and the service's words."""
        with self._lock:
            return self._most, self._message
