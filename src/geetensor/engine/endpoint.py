"""What this process knows of one endpoint and project, and keeps from export to export."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from geetensor.engine import wire
from geetensor.engine.events import LOGGER
from geetensor.engine.lesson import SizeLesson
from geetensor.engine.pace import TABLE, VALUE, Pace
from geetensor.engine.scheduler import Scheduler
from geetensor.engine.throttle import Throttle
from geetensor.plan import LIMITS

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from geetensor.engine.session import Session

RESTRICTED_CEILING = 1
"""Requests at a time for a project in restricted mode [I]: the service says that parallelism is
restricted, not to what. The throttle cannot tell by itself, as such requests may be slowed
instead of refused."""


MEMORY_SECONDS = 3600.0
"""After this, a source is as good as new: requests as large as any are tried again, since what a
computation takes depends on the place and on the service's mood, too."""

_MOST_SOURCES = 1_000
"""Sources that are remembered."""


@dataclass(frozen=True, slots=True)
class Known:
    """What earlier exports have shown of a source.

    Attributes:
        since: seconds on the monotonic clock.
        lesson: how large requests for it may be.
        pace: how long they wait for their first byte.
    """

    since: float
    lesson: SizeLesson = field(default_factory=SizeLesson)
    pace: Pace = field(default_factory=Pace)


class Endpoint:
    """One endpoint, as one project sees it.

    Args:
        project: the Cloud project.

    Attributes:
        scheduler: of all its requests.
        value_pace: how long computed values take.
        table_pace: how long tables take.
        limits: of one request: those published, as corrected by refusals that quoted others.
    """

    def __init__(self, project: str) -> None:
        self.scheduler = Scheduler(Throttle())
        self.limits = LIMITS
        self.value_pace = Pace(VALUE)
        self.table_pace = Pace(TABLE)
        self._known: dict[Hashable, Known] = {}
        self._project = project
        self._lock = threading.Lock()
        self._restricted = False
        self._notice: str | None = None

    def learn_limits(self, status: int, message: str) -> None:
        """Take over a limit that a refusal quotes.

        Args:
            status: of the refusal.
            message: the service's words.
        """
        size = wire.quoted_size_limit(status, message)
        side = wire.quoted_side_limit(status, message)
        with self._lock:
            if size and size < self.limits.request_bytes:
                self.limits = replace(self.limits, request_bytes=size)
            if side and side < self.limits.side:
                self.limits = replace(self.limits, side=side)

    def known(self, source: Hashable) -> Known:
        """What earlier exports have shown of a source; later ones add to it.

        Args:
            source: tells sources apart.
        """
        now = time.monotonic()
        with self._lock:
            known = self._known.pop(source, None)
            if known is None or now - known.since > MEMORY_SECONDS:
                known = Known(now)
            self._known[source] = known  # the latest is last
            if len(self._known) > _MOST_SOURCES:
                del self._known[next(iter(self._known))]
        return known

    def heed(self, headers: Mapping[str, str]) -> None:
        """Take notice of what a reply says of the project's quota.

        Args:
            headers: by lower-case name.
        """
        if not wire.is_restricted(headers):
            return
        with self._lock:
            if self._restricted:
                return
            self._restricted = True
            self._notice = (
                f"Earth Engine has restricted project {self._project}, which has used up its "
                "computation quota: requests go out one at a time from now on. See "
                "https://developers.google.com/earth-engine/guides/noncommercial_tiers"
            )
        LOGGER.warning("%s", self._notice)
        self.scheduler.restrict(RESTRICTED_CEILING)

    def take_notice(self) -> str | None:
        """What the user should be warned of; once."""
        with self._lock:
            notice, self._notice = self._notice, None
        return notice


_endpoints: dict[tuple[str, str], Endpoint] = {}
_lock = threading.Lock()


def endpoint_of(session: Session) -> Endpoint:
    """The endpoint of a session; the same for all sessions with that URL and project."""
    key = session.base_url, session.project
    with _lock:
        if key not in _endpoints:
            _endpoints[key] = Endpoint(session.project)
        return _endpoints[key]


def forget_endpoints() -> None:
    """Know nothing any more, as a new process."""
    global _lock
    _lock = threading.Lock()
    _endpoints.clear()


# A forked child has none of the threads, and its locks may be held by ones that it lacks.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget_endpoints)
