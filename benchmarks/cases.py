"""What is exported, and under which conditions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One export.

    Attributes:
        title: of its table.
        side: pixels.
        bands: of uint16.
        dates: of a series; 0 for one image.
        latency: seconds before a reply's first byte.
        rate: counted bytes a second of one request.
        concurrency: requests that the server allows at a time.
        faults: share of requests that fail.
        memory: counted bytes past which a request is out of memory.
    """

    title: str
    side: int
    bands: int
    dates: int = 0
    latency: float = 0.4
    rate: float = 6e6
    concurrency: int = 40
    faults: float = 0.0
    memory: int | None = None

    @property
    def output_bytes(self) -> int:
        """Of the array."""
        return (self.dates or 1) * self.bands * self.side**2 * 2

    @property
    def bound(self) -> float:
        """Seconds that the service itself needs: one latency, then all connections full."""
        counted = self.output_bytes // 2 * 3
        return self.latency + counted / (self.concurrency * self.rate)


CASES = {
    "image": Case("One image, 4 bands × 5000²", 5000, 4),
    "scene": Case("A whole scene, 4 bands × 10980²", 10980, 4),
    "series": Case("400 dates × 3 bands × 128²", 128, 3, dates=400),
    "quota": Case("One image under a quota of 6 requests", 5000, 4, concurrency=6),
    "memory": Case("One image, no request over 4 MB", 5000, 4, memory=4_000_000),
    "faults": Case("One image, a tenth of the replies broken", 5000, 4, faults=0.1),
}
