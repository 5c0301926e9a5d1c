"""Ends computations that take too long, or all of the memory.

Most computations look at their `Deadline` themselves. An expression of a stranger may still find a
loop that does not: a list of a million items without those of another million. Threads cannot be
killed, but CPython raises an exception in another thread when asked to, before its next bytecode.
What runs in compiled code goes on until it returns; what it may be given is bounded elsewhere.
"""

from __future__ import annotations

import ctypes
import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import psutil

from .limits import out_of_memory, timed_out, too_deep

if TYPE_CHECKING:
    from collections.abc import Callable

    from .limits import Limits

_T = TypeVar("_T")

# Seconds between two looks at the memory, while anything is computed.
_LOOK = 0.05
# Seconds past its time that a computation may take to find out for itself.
_GRACE = 1.0
# Seconds until a computation is interrupted again: an exception that is raised in a finalizer
# is lost.
_AGAIN = 2.0


class Interrupted(BaseException):
    """Raised in a thread from outside; nothing that handles errors of its own may catch it."""


@dataclass(eq=False, slots=True)
class _Watch:
    """One computation.

    Attributes:
        thread: that it runs in.
        end: tells when it must be over, by the monotonic clock.
        late: what it is told if it is not.
        reason: why it was interrupted; None if it was not.
        again: when it may be interrupted again.
        over: whether it must be left alone.
    """

    thread: int
    end: Callable[[], float]
    late: Callable[[], Exception]
    reason: Callable[[], Exception] | None = None
    again: float = -math.inf
    over: bool = False


class Watchdog:
    """Watches over computations; its own thread runs only while there are any.

    Args:
        limits: how long a computation may take, and how much memory the process.
    """

    def __init__(self, limits: Limits) -> None:
        self._seconds = limits.computation_seconds
        self._bytes = limits.process_bytes
        self._lock = threading.Lock()
        self._watches: set[_Watch] = set()
        self._process = psutil.Process()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def run(self, work: Callable[[], _T]) -> _T:
        """Compute something in this thread.

        Raises:
            ServiceError: it took too long or too much memory, or is nested too deeply.
        """
        end = math.inf if self._seconds is None else time.monotonic() + self._seconds
        return self.run_until(work, lambda: end, timed_out)

    def run_until(
        self, work: Callable[[], _T], end: Callable[[], float], late: Callable[[], Exception]
    ) -> _T:
        """Compute something whose end is not known yet.

        Args:
            work: computes it, in this thread.
            end: tells when that must be over, by the monotonic clock; it is asked again and again.
            late: what to raise if it is not.

        Raises:
            ServiceError: it took too much memory, or is nested too deeply.
        """
        watch = _Watch(threading.get_ident(), end, late)
        self._begin(watch)
        try:
            try:
                return work()
            finally:
                self._end(watch)
        except Interrupted:
            self._end(watch)
            reason = watch.reason or watch.late
            raise reason() from None
        except MemoryError:
            raise out_of_memory() from None
        except RecursionError:
            raise too_deep() from None

    def close(self) -> None:
        """End the thread that watches, when nothing is computed any more."""
        self._closed.set()
        if (thread := self._thread) is not None:
            thread.join()

    def _begin(self, watch: _Watch) -> None:
        with self._lock:
            self._watches.add(watch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
                self._thread.start()

    def _end(self, watch: _Watch) -> None:
        """Leave a computation alone; an exception that is on its way is called back."""
        with self._lock:
            if not watch.over:
                watch.over = True
                self._watches.discard(watch)
                _raise_in(watch.thread, None)

    def _watch(self) -> None:
        idle = 0
        while not self._closed.wait(_LOOK):
            with self._lock:
                # A thread takes longer to start than most computations: wait for more of them.
                idle = 0 if self._watches else idle + 1
                if idle * _LOOK > _AGAIN:
                    self._thread = None
                    return
                self._interrupt(time.monotonic())

    def _interrupt(self, now: float) -> None:
        full = (
            bool(self._watches)
            and self._bytes is not None
            and self._process.memory_info().rss > self._bytes
        )
        for watch in self._watches:
            if watch.reason is None:
                if now > watch.end() + _GRACE:
                    watch.reason = watch.late
                elif full:
                    # Whose the memory is cannot be told: all that compute give theirs back.
                    watch.reason = out_of_memory
            if watch.reason is not None and now > watch.again:
                watch.again = now + _AGAIN
                _raise_in(watch.thread, Interrupted)


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Raise an exception in a thread; None takes back one that was not raised yet."""
    argument = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), argument)
