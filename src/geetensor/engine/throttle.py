"""How many requests at a time, and when the next may start. Pure: it is told the time.

A refusal (429) says how much the service holds just then: whatever was sent and not refused.
So the limit falls to that, and never below half of what it was; a burst of 39 against a quota
of 6 is understood when its last refusal arrives, at the price of those 33 replies.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

CEILING = 40
"""Requests at a time that Earth Engine allows a project at each endpoint [S]."""

STARTS_PER_SECOND = 100
"""Requests a second that it allows [S]."""

_SECOND = 1.02
"""Seconds; a little more than one, since requests do not arrive as evenly as they leave."""

_FIRST_SHARE = 0.975
"""Of the ceiling, to begin with. Tiles are made for so many requests at a time, and what is missing
to the ceiling is missing of the speed of a first export; one place less than all of it is for a
request that the service still counts when its reply is here."""

FIRST_PAUSE = 0.1
"""Seconds without a start after a refusal that says no time; doubles until one is accepted."""

LONGEST_PAUSE = 20.0
"""Seconds."""

FIRST_ROUNDS = 4
"""Rounds of replies between a refusal and the next attempt at one request more."""

MOST_ROUNDS = 16
"""The same, after attempts that were refused. One request in sixteen rounds costs nothing, and a
quota that has grown is found within that."""

DOUBTS = 4
"""Refusals, and at least half of the starts meanwhile, after which they are no chance."""


@dataclass(slots=True)
class Ticket:
    """A request that has started.

    Attributes:
        order: counts starts, from 1.
        level: requests that the service held, this one included, when it started.
        held: whether the service holds it still, as far as is known.
    """

    order: int
    level: int
    held: bool = True


class Throttle:
    """What a project may ask of an endpoint, as far as its replies have shown.

    Not locked: its scheduler does that.

    Args:
        ceiling: requests at a time, at the most.
        starts_per_second: requests begun in any one second, at the most.
    """

    def __init__(self, ceiling: int = CEILING, starts_per_second: int = STARTS_PER_SECOND) -> None:
        self._ceiling = ceiling
        self._limit = max(1, int(_FIRST_SHARE * ceiling))
        self._held = 0
        self._order = 0
        self._starts: deque[float] = deque(maxlen=starts_per_second)
        # What refusals have taught.
        self._growing = True  # until the first refusal, and again after a confirmed probe
        self._replies = 0  # accepted since the limit was last changed
        self._rounds = FIRST_ROUNDS
        self._probing = False
        self._good = 0  # the most requests at a time that were shown to be accepted
        self._doubts = 0  # refusals passed over since one was last accepted
        self._doubted_at = 0  # number of starts before the first of them
        self._disproof: tuple[int, int] | None = None  # (level, limit before) of a shrinking
        self._refused_at = 0  # number of starts when the last refusal arrived
        self._refused_since: float | None = None
        # When to start again.
        self._paused_until = -math.inf
        self._paused_at = 0  # number of starts when the last pause began
        self._next_pause = FIRST_PAUSE

    @property
    def limit(self) -> int:
        """Requests at a time, for now."""
        return self._limit

    @property
    def held(self) -> int:
        """Requests that the service holds."""
        return self._held

    def wait(self, now: float) -> float:
        """Seconds until a request may start; infinite when only a reply can make room.

        Args:
            now: seconds, on any clock that does not go back.
        """
        if self._held >= self._limit:
            return math.inf
        delay = max(0.0, self._paused_until - now)
        if len(self._starts) == self._starts.maxlen:
            delay = max(delay, self._starts[0] + _SECOND - now)
        return delay

    def started(self, now: float) -> Ticket:
        """Note a request that starts now."""
        self._held += 1
        self._order += 1
        self._starts.append(now)
        return Ticket(self._order, self._held)

    def finished(self, ticket: Ticket) -> None:
        """Note that the service holds a request no more. Twice does no harm."""
        if ticket.held:
            ticket.held = False
            self._held -= 1

    def accepted(self, ticket: Ticket) -> None:
        """Note that a request is being answered."""
        self._refused_since = None
        # So many the service holds now, and held then, this one among them.
        shown = min(ticket.level, self._held)
        self._good = max(self._good, shown)
        if ticket.order > self._doubted_at:
            self._doubts = 0
        if self._disproof is not None and shown >= self._disproof[0]:
            # It was not for their number that others were refused meanwhile.
            self._limit = min(self._ceiling, max(self._limit, self._disproof[1]))
            self._disproof = None
        if ticket.order > self._refused_at:
            self._next_pause = FIRST_PAUSE
        if self._probing and ticket.order > self._refused_at and ticket.level >= self._limit:
            self._probing, self._growing, self._rounds = False, True, FIRST_ROUNDS
        self._replies += 1
        if self._limit >= self._ceiling:
            return
        if self._growing:
            self._limit += 1
        elif not self._probing and self._replies >= self._rounds * self._limit:
            self._limit += 1
            self._replies = 0
            self._probing = True

    def refused(self, ticket: Ticket, now: float, retry_after: float | None = None) -> float:
        """Note a refusal for load.

        Args:
            ticket: of the request.
            now: seconds, on the clock of `wait`.
            retry_after: seconds that the service asked to wait, if it did.

        Returns:
            Seconds before that same request may be sent again; others may be sooner.
        """
        self.finished(ticket)
        if self._refused_since is None:
            self._refused_since = now
        self._refused_at = self._order
        if self._is_chance(ticket, retry_after):
            return retry_after or FIRST_PAUSE
        new_series = ticket.order > self._paused_at
        self._learn(ticket)
        pause = 0.0
        if new_series:
            pause = retry_after or self._next_pause
            self._next_pause = min(LONGEST_PAUSE, 2 * self._next_pause)
            self._paused_at = self._order
        elif retry_after:
            pause = retry_after
        self._paused_until = max(self._paused_until, now + pause)
        return max(0.0, self._paused_until - now)

    def _is_chance(self, ticket: Ticket, retry_after: float | None) -> bool:
        """Whether to pass over a refusal that may have nothing to do with the limit.

        The place of one that had just ended may not have been free yet, or another user of the
        project was quicker. Then one request waits a little, and all others go on. Where so
        many were never accepted, the first refusals may be such, too, unless they ask to wait.
        """
        if self._probing and ticket.level >= self._limit:
            return False
        if ticket.level > self._good and (retry_after or self._next_pause > FIRST_PAUSE):
            return False
        if not self._doubts:
            self._doubted_at = ticket.order - 1
        self._doubts += 1
        # Of those that started later than this one it is not known what becomes of them.
        known = self._order if ticket.level <= self._good else ticket.order
        starts = known - self._doubted_at
        if self._doubts < DOUBTS or 2 * self._doubts < starts:
            return True
        self._doubts = 0
        return False

    def _learn(self, ticket: Ticket) -> None:
        if self._probing and ticket.level >= self._limit:
            self._rounds = min(MOST_ROUNDS, 2 * self._rounds)
        level, before = self._disproof or (0, self._limit)
        self._disproof = max(level, ticket.level), before
        self._limit = min(self._limit, max(1, self._held, self._limit // 2))
        self._good = min(self._good, self._limit)
        self._growing = self._probing = False
        self._replies = 0

    def refused_for(self, now: float) -> float:
        """Seconds since the first refusal after which nothing was accepted; 0 if none."""
        return 0.0 if self._refused_since is None else now - self._refused_since

    def restrict(self, ceiling: int) -> None:
        """Never again have more requests at a time than this."""
        self._ceiling = min(self._ceiling, ceiling)
        self._limit = min(self._limit, self._ceiling)
