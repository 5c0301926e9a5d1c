"""Requests kept under names that cannot be guessed: thumbnails, videos and maps."""

from __future__ import annotations

import threading
import time
import uuid
from typing import TYPE_CHECKING

from ..errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..limits import Limits


class Kept:
    """Bodies of requests by name; for use by several threads.

    The oldest go first, when there are too many, or too many bytes of them, or after their time.

    Args:
        what: they are, in the message of a missing one.
        limits: how many, how many bytes, and for how long.
        clock: seconds, monotonic.
    """

    def __init__(
        self, what: str, limits: Limits, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._bodies: dict[str, tuple[float, bytes]] = {}
        self._bytes = 0

    def keep(self, parent: str, collection: str, body: bytes) -> str:
        """Keep a body.

        Args:
            parent: `projects/{project}`.
            collection: `thumbnails`, `maps`, …
            body: of the request.

        Returns:
            Its name.
        """
        name = f"{parent}/{collection}/{uuid.uuid4().hex}"
        with self._lock:
            self._bodies[name] = self._clock(), body
            self._bytes += len(body)
            self._drop()
        return name

    def get(self, name: str) -> bytes:
        """The body of a name.

        Raises:
            ServiceError: 404, there never was one or it is gone.
        """
        with self._lock:
            self._drop()
            found = self._bodies.get(name)
        if found is None:
            raise ServiceError(
                f"{self._what} '{name}' not found. It may have expired: make a new one.",
                code=404,
                kind="not found",
            )
        return found[1]

    def clear(self) -> None:
        """Forget all names."""
        with self._lock:
            self._bodies.clear()
            self._bytes = 0

    def _drop(self) -> None:
        limits, now = self._limits, self._clock()
        while self._bodies:
            name = next(iter(self._bodies))
            since, body = self._bodies[name]
            if (
                len(self._bodies) <= limits.kept_names
                and self._bytes <= limits.kept_bytes
                and now - since < limits.kept_seconds
            ):
                return
            del self._bodies[name]
            self._bytes -= len(body)
