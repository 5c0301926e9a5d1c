"""One request under way: what it has seen, and how it is stopped from another thread."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class CallAbortedError(Exception):
    """The request was stopped before it reached the service."""


class Call:
    """One request, from its start to the end of its body.

    Args:
        attempt: from 1; requests refused for load or given up for slowness are not counted.

    Attributes:
        attempt: as given.
        started: seconds on the monotonic clock.
        first_byte: when a success began; None before.
        last_byte: when bytes came last; at first, when it started.
        ended: whether the service is done with it.
        aborted: why it was stopped; None if it was not.
        given_up: whether it was stopped for slowness.
    """

    def __init__(self, attempt: int = 1) -> None:
        self.attempt = attempt
        self.started = time.monotonic()
        self.first_byte: float | None = None
        self.last_byte = self.started
        self.ended = False
        self.aborted: str | None = None
        self.given_up = False
        self._lock = threading.Lock()
        self._stop: Callable[[], None] | None = None

    def attach(self, stop: Callable[[], None]) -> None:
        """Say how the connection on which the reply is awaited is shut.

        Args:
            stop: called from another thread; one that waits for bytes then gets none.

        Raises:
            CallAbortedError: if it was stopped in the meantime.
        """
        with self._lock:
            if self.aborted is not None:
                raise CallAbortedError(self.aborted)
            self._stop = stop

    def accepted(self) -> None:
        """Note that a success begins."""
        self.first_byte = self.last_byte = time.monotonic()
        self.on_accepted()

    def rejected(self) -> None:
        """Note that the service has dealt with it, and will not answer with a success."""
        self.on_rejected()

    def progressed(self) -> None:
        """Note that bytes came."""
        self.last_byte = time.monotonic()

    def detach(self) -> None:
        """Note that no connection is used for it any more."""
        with self._lock:
            self._stop = None

    def end(self) -> None:
        """Note that the service is done with it. Twice does no harm."""
        with self._lock:
            already, self.ended = self.ended, True
            self._stop = None
        if not already:
            self.on_ended()

    def abort(self, reason: str) -> None:
        """Stop waiting, from any thread: the connection is shut.

        Args:
            reason: for messages.
        """
        with self._lock:
            if self.ended or self.aborted is not None:
                return
            self.aborted = reason
            if self._stop is not None:
                self._stop()

    # To be overridden: whoever watches the call is told, and knows of others.

    @property
    def calm(self) -> bool:
        """Whether most other requests succeed."""
        return False

    def on_accepted(self) -> None:
        """The service begins to answer with success."""

    def on_rejected(self) -> None:
        """The service refuses it for what it is, and not for load."""

    def on_ended(self) -> None:
        """The service is done with it, before its pixels are."""
