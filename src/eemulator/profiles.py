"""Profiles: what computations took, told by `Profile.getProfiles` and `ee.profilePrinting`.

One entry a request, of processor time; the service has one an algorithm, with peaks of memory.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterable

REQUEST_HEADER = "x-earth-engine-computation-profiling"
"""A request that has it wants a profile [S]."""
REPLY_HEADER = "x-earth-engine-computation-profile"
"""Names the profile [S]."""

_MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Profile:
    """What a request took.

    Attributes:
        kind: of the request.
        seconds: processor time.
    """

    kind: str
    seconds: float


class Profiles:
    """The last profiles by name; called from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Profile] = {}

    def add(self, profile: Profile) -> str:
        """Keep a profile; its name."""
        name = uuid.uuid4().hex
        with self._lock:
            self._kept[name] = profile
            while len(self._kept) > _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
        return name

    def clear(self) -> None:
        """Forget all profiles."""
        with self._lock:
            self._kept.clear()

    def text(self, names: Iterable[str]) -> str:
        """A table of some profiles together, the longest first; its layout is remembered [M].

        Raises:
            ServiceError: there is none of a name.
        """
        spent: dict[str, list[float]] = {}
        for name in names:
            with self._lock:
                found = self._kept.get(name)
            if found is None:
                raise ServiceError(f"Profile '{name}' not found.", kind="not found")
            spent.setdefault(found.kind, []).append(found.seconds)
        longest = sorted(spent.items(), key=lambda item: -sum(item[1]))
        rows = [f"{sum(times):7.3f} {len(times):6}  {kind}" for kind, times in longest]
        return "\n".join([" EECU·s  Count  Description", *rows, ""])
