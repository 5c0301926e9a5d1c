"""How long replies take to begin, and which request is not going to. Pure.

A request that hangs must not be waited for until its timeout; one that computes for minutes
must not be given up, for the service would start anew. What tells them apart are their
siblings, of the same export and of about the same size: those that were answered, and those
that wait too. Where most of them wait, it is the service that is slow.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

FLOOR = 3.0
"""Seconds that a request for pixels may always wait for its first byte."""

VALUE_FLOOR = 20.0
"""Seconds that a computed value may always take: unlike tiles, values are not much alike."""

STALL_FLOOR = 10.0
"""Seconds that a body may pause: networks do, more than services."""

FACTOR = 4
"""A request slower than most of its siblings by this is not going to be answered."""

QUANTILE = 0.75
"""Of the siblings, which stands for most."""

EVIDENCE = 3
"""Siblings answered, before anything is concluded from them."""

_REMEMBERED = 100


class Pace:
    """The waits for the first byte of an export's requests. Not locked: its scheduler does that.

    Args:
        floor: seconds that every request may wait for its first byte; None for `FLOOR`.
    """

    def __init__(self, floor: float | None = None) -> None:
        self._floor = FLOOR if floor is None else floor
        self._waits: deque[float] = deque(maxlen=_REMEMBERED)

    def answered(self, seconds: float) -> None:
        """Note how long a request waited for its first byte."""
        self._waits.append(seconds)

    def patience(self, waiting: Sequence[float]) -> float | None:
        """Seconds without a byte after which a request is given up; None: not to be told.

        Args:
            waiting: seconds that each request now under way waits, or waited, for its first byte.
        """
        if len(self._waits) < EVIDENCE:
            return None
        waits = sorted([*self._waits, *waiting])
        return max(self._floor, FACTOR * waits[int(QUANTILE * (len(waits) - 1))])
