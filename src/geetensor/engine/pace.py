"""How long replies take to begin, and which request is not going to. Pure.

A request that hangs must not be waited for until its timeout; one that computes for minutes
must not be given up, for the service would start anew. What tells them apart are their
siblings, of the same export and of about the same size: those that were answered, and those
that wait too. Where most of them wait, it is the service that is slow.

Each request that was given up has twice the patience the next time, so that at most half of the
work is wasted where the judgement was wrong.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

STALL_FLOOR = 10.0
"""Seconds that a body may pause: networks do, more than services."""

FACTOR = 3
"""A request slower than most of its siblings by this is not going to be answered, if it is also
slower than the slowest of them by `MARGIN`."""

MARGIN = 2

QUANTILE = 0.75
"""Of the siblings, which stands for most."""

EVIDENCE = 3
"""Siblings answered, before anything is concluded from them."""

MUCH_EVIDENCE = 8
"""Siblings answered, after which the slowest of them is known about."""

LONE = 2
"""Requests under way, at the most, of which each is judged by itself where there is no evidence."""

LONE_FACTOR = 10
"""The same as `FACTOR`, where all there is to go by are earlier exports of the same source."""

_REMEMBERED = 100


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that requests may always wait for their first byte.

    Attributes:
        alone: without any evidence.
        floor: with some.
        least: with much.
    """

    alone: float
    floor: float
    least: float


STORED = Patience(alone=15.0, floor=3.0, least=1.0)
"""Pixels of a stored image, which are only read."""

COMPUTED = Patience(alone=60.0, floor=3.0, least=1.0)
"""Pixels of a computed image."""

VALUE = Patience(alone=20.0, floor=20.0, least=5.0)
"""Values: unlike tiles, they are not much alike."""

TABLE = Patience(alone=120.0, floor=120.0, least=60.0)
"""Tables: the service makes thousands of rows before it answers, or none."""


class Pace:
    """The waits for the first byte of some requests. Not locked: its scheduler does that.

    Args:
        patience: that they always have.
        past: of earlier ones of the same source; learns from these, too.
    """

    def __init__(self, patience: Patience = COMPUTED, past: Pace | None = None) -> None:
        self._always = patience
        self._past = past
        self._waits: deque[float] = deque(maxlen=_REMEMBERED)

    def answered(self, seconds: float) -> None:
        """Note how long a request waited for its first byte."""
        self._waits.append(seconds)
        if self._past is not None:
            self._past.answered(seconds)

    @property
    def waits(self) -> list[float]:
        """Seconds that the latest requests waited."""
        return [*self._waits]

    def patience(self, waiting: Sequence[float]) -> float | None:
        """Seconds without a byte after which a request is given up; None: not to be told.

        Args:
            waiting: seconds that each request now under way waits, or waited, for its first byte.
        """
        if len(self._waits) < EVIDENCE:
            return self._alone() if len(waiting) <= LONE else None
        much = len(self._waits) >= MUCH_EVIDENCE
        floor = self._always.least if much else self._always.floor
        most = _quantile([*self._waits, *waiting])
        return max(floor, FACTOR * most, MARGIN * max(self._waits))

    def _alone(self) -> float:
        past = self._past.waits if self._past is not None else []
        if len(past) < EVIDENCE:
            return self._always.alone
        return max(self._always.floor, LONE_FACTOR * _quantile(past))


def _quantile(waits: Sequence[float]) -> float:
    return sorted(waits)[int(QUANTILE * (len(waits) - 1))]
