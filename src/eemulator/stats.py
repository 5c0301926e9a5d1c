"""What the server has done so far, counted."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Counts at one moment.

    Attributes:
        requests: requests by kind (`getPixels`, `computePixels`, `value:compute`,
            `computeFeatures`, `computeImages`, `getAsset`, `listAssets`, `createAsset`,
            `image:export`, `getOperation`, `discovery`, `algorithms`, `unknown`, …), the refused
            ones included.
        refusals: refused requests by kind (`too many requests`, `request size`, `not found`, …).
        bytes_sent: bytes of response bodies, as sent (compressed where compressed).
        concurrency: requests that hold a place now.
        peak_concurrency: most requests that held a place at once.
        eecu_seconds: processor time of what was computed, exports included.
    """

    requests: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    bytes_sent: int = 0
    concurrency: int = 0
    peak_concurrency: int = 0
    eecu_seconds: float = 0.0


class Stats:
    """Counters that many threads may write."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        self._requests: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._bytes_sent = 0
        self._concurrency = 0
        self._peak = 0
        self._eecu_seconds = 0.0

    def request(self, kind: str) -> None:
        """Count a request."""
        with self._lock:
            self._requests[kind] += 1

    def refusal(self, kind: str) -> None:
        """Count a refusal."""
        with self._lock:
            self._refusals[kind] += 1

    def sent(self, count: int) -> None:
        """Count bytes of a body."""
        with self._lock:
            self._bytes_sent += count

    def computed(self, seconds: float) -> None:
        """Count processor time."""
        with self._lock:
            self._eecu_seconds += seconds

    def entered(self, concurrency: int) -> None:
        """Note how many requests hold a place."""
        with self._lock:
            self._concurrency = concurrency
            self._peak = max(self._peak, concurrency)

    def left(self, concurrency: int) -> None:
        """Note that a place became free."""
        with self._lock:
            self._concurrency = concurrency

    def snapshot(self) -> Snapshot:
        """All counts, taken together."""
        with self._lock:
            return Snapshot(
                dict(self._requests),
                dict(self._refusals),
                self._bytes_sent,
                self._concurrency,
                self._peak,
                self._eecu_seconds,
            )

    def reset(self) -> None:
        """Start counting anew; requests under way keep their place."""
        with self._lock:
            now = self._concurrency
            self._clear()
            self._concurrency = self._peak = now
