"""Operations: work that goes on after the reply, and can be asked after, cancelled and waited for.

The fields of `metadata` and their meaning are documented [S]; which of them are left out when, and
how much of the words of an error is shown, is remembered [M].
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..limits import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..watchdog import Watchdog

_log = logging.getLogger("eemulator")

# Operations that are kept; the oldest of those that are over are forgotten.
_MOST_KEPT = 10_000

# Seconds between two looks of those who wait.
_LOOK = 0.02

_LEGACY = "projects/earthengine-legacy"

_INVALID_ARGUMENT, _RESOURCE_EXHAUSTED, _INTERNAL = 3, 8, 13
"""Codes of errors in operations, which are those of gRPC [S]."""


class State(StrEnum):
    """How far an operation is [S]."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    CANCELLING = "CANCELLING"
    SUCCEEDED = "SUCCEEDED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


_OVER = frozenset({State.SUCCEEDED, State.CANCELLED, State.FAILED})


class _CancelledError(Exception):
    """The operation need not go on."""


class Watch(Deadline):
    """Lets an operation be cancelled wherever it would look at its deadline, which it has not.

    Attributes:
        progress: the part that is done, 0 to 1.
    """

    def __init__(self) -> None:
        super().__init__(None)
        self.progress = 0.0
        self._cancelled = math.inf

    def cancel(self) -> None:
        """End at the next look."""
        self._cancelled = min(self._cancelled, time.monotonic())

    def check(self) -> None:
        """Go on, or not."""
        if self._cancelled < math.inf:
            raise _CancelledError

    def end(self) -> float:
        """When it was cancelled, by the monotonic clock; infinity if it was not."""
        return self._cancelled


@dataclass(eq=False)
class Operation:
    """Some work and its state.

    Attributes:
        name: resource name.
        kind: `EXPORT_IMAGE` and the like.
        description: the user's.
        priority: higher ones begin first.
        watch: that the work looks at.
        state: how far it is.
        created, started, updated, ended: moments, in seconds since 1970.
        cpu_seconds: processor time of the work.
        destinations: URIs of what it made.
        error: why it failed.
        over: set when it has ended, in whatever way.
    """

    name: str
    kind: str
    description: str
    priority: int
    watch: Watch = field(default_factory=Watch, repr=False)
    state: State = State.PENDING
    created: float = field(default_factory=time.time)
    started: float | None = None
    updated: float = field(default_factory=time.time)
    ended: float | None = None
    cpu_seconds: float = 0.0
    destinations: list[str] = field(default_factory=list)
    error: dict[str, Any] | None = None
    over: threading.Event = field(default_factory=threading.Event, repr=False)

    def enter(self, state: State) -> None:
        """Change the state."""
        self.state = state
        self.updated = time.time()
        if state is State.RUNNING:
            self.started = self.updated
        if state in _OVER:
            self.ended = self.updated
            self.over.set()


class Operations:
    """All operations; at most so many run at a time, the rest wait.

    Args:
        at_once: how many run.
        most_waiting: how many may wait.
        spend: told of processor time, in seconds.
        watchdog: ends what does not look whether it is cancelled, or takes all of the memory.
    """

    def __init__(
        self,
        at_once: int,
        most_waiting: int,
        spend: Callable[[float], None],
        watchdog: Watchdog,
    ) -> None:
        self._spend = spend
        self._watchdog = watchdog
        self._most_waiting = most_waiting
        self._lock = threading.Lock()
        self._all: dict[str, Operation] = {}
        self._requests: dict[tuple[str, str], Operation] = {}
        self._waiting: dict[Operation, Callable[[Watch], list[str]]] = {}
        self._pool = ThreadPoolExecutor(at_once, "eemulator-export")

    def requested(self, project: str, request_id: str) -> Operation | None:
        """The operation that a request started, if it was made before."""
        with self._lock:
            return self._requests.get((project, request_id))

    def start(
        self,
        project: str,
        request_id: str,
        kind: str,
        description: str,
        priority: int,
        work: Callable[[Watch], list[str]],
    ) -> Operation:
        """Put some work in the queue; a request that was made before gets its operation again [S].

        Args:
            project: resource name of the project that it runs in.
            request_id: tells requests apart; empty for a new one in any case.
            kind: `EXPORT_IMAGE` and the like.
            description: the user's.
            priority: higher ones begin first.
            work: does it, and returns the URIs of what it made.

        Raises:
            ServiceError: too many are waiting [S].
        """
        with self._lock:
            if request_id and (known := self._requests.get((project, request_id))):
                return known
            if len(self._waiting) >= self._most_waiting:
                raise ServiceError(
                    f"Too many tasks already in the queue ({len(self._waiting)}). Please wait for "
                    "some of them to complete.",
                    code=429,
                    kind="queue",
                )
            name = f"{project}/operations/{uuid.uuid4().hex[:24].upper()}"
            made = Operation(name, kind, description, priority)
            self._all[name] = made
            if request_id:
                self._requests[project, request_id] = made
            self._waiting[made] = work
            self._forget()
        self._pool.submit(self._next)
        return made

    def of_project(self, project: str) -> list[Operation]:
        """The operations of a project, the newest first."""
        with self._lock:
            return [o for o in reversed(self._all.values()) if o.name.startswith(f"{project}/")]

    def get(self, name: str) -> Operation:
        """An operation; the JavaScript client asks for every task under the legacy project.

        Raises:
            ServiceError: there is none of that name.
        """
        project, _, number = name.partition("/operations/")
        with self._lock:
            found = self._all.get(name)
            if found is None and project == _LEGACY:
                of_any = (o for o in self._all.values() if o.name.endswith(f"/{number}"))
                found = next(of_any, None)
        if found is None:
            raise ServiceError(f"Operation '{name}' not found.", code=404, kind="not found")
        return found

    async def wait(self, name: str, seconds: float) -> None:
        """Wait until an operation is over, at most so long; those who wait take no thread.

        Raises:
            ServiceError: there is none of that name.
        """
        found = self.get(name)
        until = time.monotonic() + seconds
        while not found.over.is_set() and time.monotonic() < until:
            await asyncio.sleep(_LOOK)

    def cancel(self, name: str) -> None:
        """End an operation; one that is over stays as it is [M]."""
        found = self.get(name)
        with self._lock:
            found.watch.cancel()
            if found.state is State.PENDING:
                del self._waiting[found]
                found.enter(State.CANCELLED)
            elif found.state is State.RUNNING:
                found.enter(State.CANCELLING)

    def clear(self) -> None:
        """Cancel what is not over, wait for it, and forget all operations."""
        with self._lock:
            known = list(self._all.values())
        for operation in known:
            self.cancel(operation.name)
        for operation in known:
            operation.over.wait()
        with self._lock:
            for operation in known:
                self._all.pop(operation.name, None)
            self._requests = {k: o for k, o in self._requests.items() if o not in known}

    def close(self) -> None:
        """Cancel what is not over, and end the threads."""
        self.clear()
        self._pool.shutdown(wait=True)

    def _forget(self) -> None:
        surplus = len(self._all) - _MOST_KEPT
        for name in [o.name for o in self._all.values() if o.state in _OVER][: max(surplus, 0)]:
            forgotten = self._all.pop(name)
            self._requests = {k: o for k, o in self._requests.items() if o is not forgotten}

    def _next(self) -> None:
        """Run the one that waits with the highest priority, the oldest of those."""
        with self._lock:
            if not self._waiting:
                return  # It was cancelled.
            chosen = max(self._waiting, key=lambda operation: operation.priority)
            work = self._waiting.pop(chosen)
            chosen.enter(State.RUNNING)
        state, began = State.SUCCEEDED, time.thread_time()
        try:
            chosen.watch.check()
            chosen.destinations = self._watchdog.run_until(
                partial(work, chosen.watch), chosen.watch.end, _CancelledError
            )
            chosen.watch.progress = 1.0
        except _CancelledError:
            state = State.CANCELLED
        except Exception as error:
            state, chosen.error = State.FAILED, _error(chosen.name, error)
        chosen.cpu_seconds = time.thread_time() - began
        self._spend(chosen.cpu_seconds)
        with self._lock:
            chosen.enter(state)


def _error(name: str, error: Exception) -> dict[str, Any]:
    """What an operation says of its failure."""
    match error:
        case ServiceError():
            code = _RESOURCE_EXHAUSTED if error.kind == "memory" else _INVALID_ARGUMENT
            return {"code": code, "message": error.message}
        case OSError():
            _log.error("operation %s cannot write: %s", name, error)
            reason = error.strerror or "the log says why"
            return {"code": _INTERNAL, "message": f"The export cannot be written: {reason}."}
    token = uuid.uuid4()
    _log.error("operation %s (%s)", name, token, exc_info=error)
    return {"code": _INTERNAL, "message": f"An internal error has occurred (request: {token})"}
