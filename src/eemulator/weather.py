"""Rough weather on purpose: how long replies take, and which requests fail.

Both are the caller's to set. Without them the emulator answers at once and never fails.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass
from enum import StrEnum

from .errors import ServiceError
from .limits import out_of_memory, timed_out, too_many_requests


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the replies of the requests that compute take, at the least.

    A reply's first byte leaves `latency` after its request arrived; its bytes follow evenly.

    Attributes:
        latency: seconds.
        bytes_per_second: of one request, of bytes as the request limit counts them, the mask
            included; None for no limit. Values that are not pixels are not slowed.
    """

    latency: float = 0.0
    bytes_per_second: float | None = None

    def seconds(self, counted_bytes: int) -> float:
        """How long a body takes after its first byte."""
        return counted_bytes / self.bytes_per_second if self.bytes_per_second else 0.0


class FaultKind(StrEnum):
    """What can go wrong with a request."""

    TOO_MANY_REQUESTS = "429"
    INTERNAL = "500"
    UNAVAILABLE = "503"
    UNAUTHENTICATED = "401"
    MEMORY = "memory"
    TIMEOUT = "timeout"
    RESET = "reset"
    TRUNCATE = "truncate"
    HANG = "hang"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing going wrong.

    Attributes:
        kind: which.
        retry_after: seconds to name in the `Retry-After` header; None for no header.
        seconds: how long a hang lasts.
    """

    kind: FaultKind
    retry_after: int | None = None
    seconds: float = 60.0

    def refuse(self) -> None:
        """Refuse the request, unless it is the connection that the fault is about.

        Raises:
            ServiceError: as the service would.
        """
        match self.kind:
            case FaultKind.TOO_MANY_REQUESTS:
                error = too_many_requests()
            case FaultKind.INTERNAL:
                error = ServiceError("An internal error has occurred", 500, "fault")
            case FaultKind.UNAVAILABLE:
                error = ServiceError("The service is currently unavailable.", 503, "fault")
            case FaultKind.UNAUTHENTICATED:
                error = ServiceError(
                    "Request had invalid authentication credentials.", 401, "fault"
                )
            case FaultKind.MEMORY:
                error = out_of_memory()
            case FaultKind.TIMEOUT:
                error = timed_out()
            case FaultKind.RESET | FaultKind.TRUNCATE | FaultKind.HANG:
                return
        error.retry_after = self.retry_after
        raise error


@dataclass(frozen=True, slots=True)
class Script:
    """Which requests fail.

    Attributes:
        requests: that computed since the last `clear`.
        at: by the number of a request.
        share: of the others that fail, 0 to 1.
        at_random: one of these each time.
    """

    requests: int
    at: dict[int, Fault]
    share: float
    at_random: tuple[Fault, ...]


class Faults:
    """Which of the requests that compute fail, by their number or at random."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """No more faults; the next request is number 1."""
        with self._lock:
            self._count = 0
            self._scripted: dict[int, Fault] = {}
            self._share = 0.0
            self._random_faults: tuple[Fault, ...] = ()
            self._random = random.Random()

    def at(self, number: int, fault: Fault) -> None:
        """Let one request fail.

        Args:
            number: of requests that compute, counted from 1 since the last `clear`.
            fault: how.
        """
        with self._lock:
            self._scripted[number] = fault

    def at_random(self, share: float, *faults: Fault, seed: int = 0) -> None:
        """Let a share of the requests fail.

        Args:
            share: 0 to 1.
            faults: one of these each time.
            seed: the same one gives the same faults in the same order.
        """
        if not faults or not 0 <= share <= 1:
            raise ValueError("a share from 0 to 1, and at least one fault")
        with self._lock:
            self._share, self._random_faults = share, faults
            self._random = random.Random(seed)

    def script(self) -> Script:
        """What was asked for."""
        with self._lock:
            return Script(self._count, dict(self._scripted), self._share, self._random_faults)

    def draw(self) -> Fault | None:
        """What happens to the next request."""
        with self._lock:
            self._count += 1
            if (fault := self._scripted.get(self._count)) is not None:
                return fault
            if self._random_faults and self._random.random() < self._share:
                return self._random.choice(self._random_faults)
            return None
