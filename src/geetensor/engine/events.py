"""What happens while an export runs, as records: for progress, logging and statistics.

No record holds a credential, a key or a URL.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geetensor.plan import Tile

LOGGER = logging.getLogger("geetensor")
LOGGER.addHandler(logging.NullHandler())  # silent unless the user configures logging


@dataclass(frozen=True, slots=True)
class TileFetched:
    """A tile's pixels are in their place.

    Attributes:
        subject: asset and tile, for people.
        tile: which dates, bands and pixels.
        attempts: how often it was asked for.
        seconds: from the start of the last attempt until all was placed.
    """

    subject: str
    tile: Tile
    attempts: int
    seconds: float

    level = logging.DEBUG

    def __str__(self) -> str:
        return f"{self.subject}: there after {self.seconds:.2f} s (attempt {self.attempts})"


@dataclass(frozen=True, slots=True)
class Retried:
    """A request failed in a way that may pass, and will be sent again.

    Attributes:
        subject: what was asked for.
        attempt: which one failed, from 1; those given up for slowness are not counted.
        delay: seconds until the next.
        message: the service's words, or the connection's fate.
    """

    subject: str
    attempt: int
    delay: float
    message: str

    level = logging.INFO

    def __str__(self) -> str:
        return (
            f"{self.subject}: attempt {self.attempt} failed ({self.message}), "
            f"again in {self.delay:.1f} s"
        )


@dataclass(frozen=True, slots=True)
class Throttled:
    """The service refused a request for load.

    Attributes:
        subject: what was asked for.
        limit: requests at a time from now on.
        delay: seconds until that request is sent again, at the least.
        message: the service's words.
    """

    subject: str
    limit: int
    delay: float
    message: str

    level = logging.INFO

    def __str__(self) -> str:
        return (
            f"{self.subject}: refused for load ({self.message}), {self.limit} requests at a "
            f"time from now on, this one again in {self.delay:.1f} s"
        )


@dataclass(frozen=True, slots=True)
class Split:
    """A tile is asked for in smaller ones.

    Attributes:
        subject: asset and tile.
        parts: how many, unless they are planned anew together with other tiles.
        message: the service's words, now or to an earlier tile.
    """

    subject: str
    parts: int
    message: str

    level = logging.INFO

    def __str__(self) -> str:
        return f"{self.subject}: in {self.parts} parts ({self.message})"


Event = TileFetched | Retried | Throttled | Split

Hook = Callable[[Event], None]
"""Called from any thread, several at a time. What it raises ends the export."""


def emit(event: Event, hook: Hook | None) -> None:
    """Log an event and hand it to a hook."""
    LOGGER.log(event.level, "%s", event)
    if hook is not None:
        hook(event)
