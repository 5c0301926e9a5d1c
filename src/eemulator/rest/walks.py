"""Walks through collections that go on with the next page.

A page's token says all that is needed to begin anew and skip what was given. That would make a
table of n pages cost n²/2 of them; so the walk itself is kept for the next page, and a walk that
was lost costs time only.
"""

from __future__ import annotations

import threading
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..limits import Deadline
    from ..values.element import Element

_MOST_KEPT = 16


class Walk:
    """The elements of a collection that were not given yet; for one thread at a time.

    Args:
        elements: all of them.
        deadline: of what computes them; it starts anew with each page.
    """

    def __init__(self, elements: Iterable[Element], deadline: Deadline) -> None:
        self._left = iter(elements)
        self._deadline = deadline
        self._next: list[Element] = []

    def take(self, count: int) -> list[Element]:
        """At most so many more."""
        self._deadline.restart()
        taken = [*self._next, *islice(self._left, count - len(self._next))]
        self._next = []
        return taken

    def has_more(self) -> bool:
        """Whether there is another element; it is computed."""
        if not self._next:
            self._next = list(islice(self._left, 1))
        return bool(self._next)


class Walks:
    """The last walks, by the question that they answer and where they stopped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, int], Walk] = {}

    def take(self, key: str, offset: int) -> Walk | None:
        """A walk that stopped there, no longer kept; None where there is none."""
        with self._lock:
            return self._kept.pop((key, offset), None)

    def keep(self, key: str, offset: int, walk: Walk) -> None:
        """Keep a walk that stopped there; the oldest are forgotten."""
        with self._lock:
            self._kept[key, offset] = walk
            while len(self._kept) > _MOST_KEPT:
                del self._kept[next(iter(self._kept))]

    def clear(self) -> None:
        """Forget all walks; a page that goes on with one begins anew."""
        with self._lock:
            self._kept.clear()
