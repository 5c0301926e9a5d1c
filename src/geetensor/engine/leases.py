"""Requests of one process within a bound that several processes share."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 0.5
"""Seconds to wait for a lease before looking whether it is still wanted, and seconds that one is
kept for a request that did not come."""


TURN = 5.0
"""Seconds for which a process may hand a lease on from one request to the next. A message to
whoever has the leases takes as long as a part of a request; and others shall have their turn."""


class Leases(Protocol):
    """What all processes take from: at most so many at a time."""

    def acquire(self, seconds: float, /) -> bool:
        """Wait for one. Called from one thread.

        Args:
            seconds: to wait, at the most.

        Returns:
            Whether there is one.
        """

    def release(self) -> None:
        """Give one back. From any thread."""


@dataclass(frozen=True, slots=True, eq=False)
class Lease:
    """Of one request.

    Attributes:
        owner: to give it back to.
        since: seconds on the monotonic clock: when this process got it.
    """

    owner: Leased
    since: float

    def give_back(self) -> None:
        """The request is done. From any thread."""
        self.owner.give_back(self)


class Leased:
    """Leases for the requests of one scheduler, fetched when a request wants one.

    Waiting for a lease is done by a thread of its own, so that a request without one has not begun.
    A lease goes from one request to the next, for `TURN` at the most.

    Args:
        leases: to take from.
        on_granted: called when `take` may succeed.
        on_failed: called when leases cannot be had, with the reason.
    """

    def __init__(
        self,
        leases: Leases,
        on_granted: Callable[[], None],
        on_failed: Callable[[BaseException], None],
    ) -> None:
        self._leases = leases
        self._on_granted = on_granted
        self._on_failed = on_failed
        self._wanted = False  # then the thread runs
        self._granted: list[Lease] = []  # those that wait for their requests
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()  # guards what is above

    def take(self) -> Lease | None:
        """Take a lease if one is here; else have one fetched. Does not wait."""
        with self._changed:
            if self._granted:
                lease = self._granted.pop()
                self._changed.notify_all()
                return lease
            self._wanted = True
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="geetensor-leases", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()
            return None

    def give_back(self, lease: Lease) -> None:
        """Give a lease back, or on to a request that wants one. From any thread."""
        with self._changed:
            handed_on = self._wanted and time.monotonic() - lease.since < TURN
            if handed_on:
                self._wanted = False
                self._granted.append(lease)
        if handed_on:
            self._on_granted()
        else:
            self._leases.release()

    def _run(self) -> None:
        try:
            while self._is_wanted():
                if self._leases.acquire(PATIENCE):
                    with self._changed:
                        self._granted.append(Lease(self, time.monotonic()))
                        self._wanted = False
                    self._on_granted()
                self._clear()
        except Exception as error:
            with self._changed:
                self._thread, self._wanted = None, False
            self._on_failed(error)

    def _is_wanted(self) -> bool:
        """Whether a lease is to be fetched. If none is for a while, the thread ends."""
        with self._changed:
            if self._changed.wait_for(lambda: self._wanted, PATIENCE):
                return True
            self._thread = None
            return False

    def _clear(self) -> None:
        """Give back what nobody takes."""
        with self._changed:
            self._changed.wait_for(lambda: not self._granted, PATIENCE)
            left, self._granted = self._granted, []
        for _ in left:
            self._leases.release()
