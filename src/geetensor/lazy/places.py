"""How many requests a read of pixels counts on, where several read at the same time.

dask reads chunks in as many threads as the machine has cores, or as it is told to. A chunk is best
fetched by one request where many threads read, and by many where one does.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


class Places(Protocol):
    """Gives reads their share."""

    def taken(self, limit: int, /) -> AbstractContextManager[int]:
        """Requests at a time that a read may count on, for the time that it takes.

        Args:
            limit: requests at a time that the service allows this process, for now.
        """


class OwnPlaces:
    """All that this process may have, divided by the reads under way.

    The throttle is shared in any case: a read that counts on too much only makes its requests
    smaller than they need be.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reads = 0

    @contextmanager
    def taken(self, limit: int, /) -> Iterator[int]:
        """See `Places`."""
        with self._lock:
            self._reads += 1
            reads = self._reads
        try:
            yield max(1, limit // reads)
        finally:
            with self._lock:
                self._reads -= 1


_places: Places = OwnPlaces()


def places() -> Places:
    """What reads of this process take their share from."""
    return _places


def use_places(new: Places | None) -> None:
    """Let reads of this process take their share from something else.

    Args:
        new: where from; None for the process's own again.
    """
    global _places
    _places = OwnPlaces() if new is None else new


def _forget() -> None:
    use_places(None)


# A forked child has none of the reads, and the lock may be held by one that it lacks.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
