"""Whether and when to ask again. Pure: no clock, no network."""

from __future__ import annotations

import email.utils
import math
from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from geetensor.engine import wire

if TYPE_CHECKING:
    from random import Random

NO_REPLY = 0
"""Stands for the status of a request that got no whole reply: reset, truncated, timed out."""


LONGEST_RETRY_AFTER = 300.0
"""Seconds. A service that asks for more is not waited for."""

LONGEST_REFUSAL = 600.0
"""Seconds without a single acceptance after which refusals for load are taken as final."""


_LATEST = 40
"""Requests by which the weather is told: a wave of them."""


class Remedy(Enum):
    """What a caller does about a reply that is not the pixels."""

    SPLIT = auto()
    RETRY = auto()
    FAIL = auto()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patiently to ask again.

    Attributes:
        attempts: how often a request is sent at most.
        first_delay: seconds before the second attempt, on average. Most failures pass at once.
        growth: factor of each further delay.
        longest_delay: seconds, at most, unless the service asks for more.
        grace: attempts more, as soon as the second one, while most other requests succeed: what
            fails then does so by chance.
    """

    attempts: int = 8
    first_delay: float = 0.1
    growth: float = 3.0
    longest_delay: float = 30.0
    grace: int = 5

    def delay(
        self, attempt: int, retry_after: float | None, random: Random, *, calm: bool = False
    ) -> float | None:
        """Seconds to wait before the next attempt; None to give up.

        Args:
            attempt: how many were made, from 1.
            retry_after: seconds that the service asked to wait, if it did.
            random: source of the jitter, which keeps requests that failed together apart.
            calm: whether most other requests succeed.
        """
        if calm:
            attempt = max(1, attempt - self.grace)
        if attempt >= self.attempts:
            return None
        ceiling = min(self.longest_delay, 2 * self.first_delay * self.growth ** (attempt - 1))
        jittered = random.uniform(0, ceiling)
        return jittered if retry_after is None else retry_after + jittered


class Weather:
    """Whether most requests succeed."""

    def __init__(self) -> None:
        self._latest: deque[bool] = deque(maxlen=_LATEST)

    def note(self, *, good: bool) -> None:
        """Note that a request was answered, or failed in a way that may pass."""
        self._latest.append(good)

    @property
    def calm(self) -> bool:
        """Whether it is so, of those noted last."""
        return 2 * sum(self._latest) > len(self._latest)


def parse_retry_after(text: str, now: float) -> float | None:
    """Seconds that a `Retry-After` header asks to wait; None if it says nothing.

    Args:
        text: of the header: seconds, or an HTTP date.
        now: seconds since 1970.
    """
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(text).timestamp() - now
        except (ValueError, TypeError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def is_for_load(status: int, reasons: frozenset[str]) -> bool:
    """Whether a reply refuses a request only for the number of others.

    Args:
        status: HTTP status.
        reasons: that the reply names. Google's older quotas answer 403.
    """
    return status == 429 or (status == 403 and not wire.LOAD_REASONS.isdisjoint(reasons))


def remedy(status: int, message: str) -> Remedy:
    """What to do about a reply. The status decides; the text only splits 400s.

    Args:
        status: HTTP status, or `NO_REPLY`.
        message: the service's own words.
    """
    if status in {NO_REPLY, 408, 429} or status >= 500:
        return Remedy.RETRY
    if wire.wants_smaller(status, message):
        return Remedy.SPLIT
    return Remedy.FAIL
