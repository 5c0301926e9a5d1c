"""The last requests, kept for people to look at."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .code import expression_code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

ENTRY = "eemulator.entry"
"""Key of a request's `Entry` in its ASGI scope."""

_KEPT = 200
_SHOWN = {
    "listAssets": ("filter", "pageSize", "pageToken", "view"),
    "createAsset": ("assetId",),
}
# A longer body is not kept: with `_KEPT` this bounds the log to 25 MB.
_BODY_BYTES = 128 * 1024


@dataclass(slots=True)
class Entry:
    """One request. Headers are not kept: they hold credentials.

    Attributes:
        number: from 1, in the order of arrival.
        time: of its arrival, in seconds since 1970.
        method: of HTTP.
        path: without the query, which may hold a key.
        kind: as `Snapshot.requests` counts it; empty until the request was read.
        name: the resource.
        query: what a listing asks for: `filter`, `pageSize`, `pageToken`, `view`; the `assetId`
            that is made.
        body: of a POST, or kept under the name that is asked for; None where it is too long to
            keep.
        fault: the kind of the injected fault, if any.
        status: of the reply; None while there is none, or if the connection was cut first.
        size: of the reply's body, in bytes, as announced.
        seconds: from the request's arrival to the reply's first byte.
    """

    number: int
    time: float
    method: str
    path: str
    kind: str = ""
    name: str = ""
    query: dict[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=b"", repr=False)
    fault: str | None = None
    status: int | None = None
    size: int = 0
    seconds: float | None = None

    def understood(self, kind: str, name: str, query: Mapping[str, str], body: bytes) -> None:
        """Note what the request asks for."""
        self.kind, self.name = kind, name
        self.query = {key: query[key] for key in _SHOWN.get(kind, ()) if key in query}
        self.stands_for(body)

    def stands_for(self, body: bytes) -> None:
        """Note the body; of a thumbnail or a tile, the one that was kept under its name."""
        self.body = body if len(body) <= _BODY_BYTES else None

    @property
    def fields(self) -> dict[str, Any]:
        """The body as JSON; empty where there is none, or it is no object."""
        try:
            parsed = json.loads(self.body or b"{}")
        except (ValueError, RecursionError):
            return {}
        return parsed if isinstance(parsed, dict) else {}

    @property
    def code(self) -> str:
        """The expression as Python, shortened; the resource where there is no expression."""
        if self.body is None:
            return "(a request too long to keep)"
        expression = self.fields.get("expression")
        return expression_code(expression) if expression is not None else self.name

    @property
    def grid(self) -> str:
        """Size, CRS and upper left corner of the pixels asked for; empty where none are named."""
        wire = self.fields.get("grid")
        if not isinstance(wire, dict):
            return ""
        size, place = wire.get("dimensions"), wire.get("affineTransform")
        parts = []
        if isinstance(size, dict):
            parts.append(f"{size.get('width', 0)} × {size.get('height', 0)}")
        if code := wire.get("crsCode"):
            parts.append(str(code))
        if isinstance(place, dict):
            parts.append(f"{place.get('scaleX', 0)} from")
            parts.append(f"{place.get('translateX', 0)}, {place.get('translateY', 0)}")
        return " ".join(parts)


class RequestLog:
    """The last requests of a service; written by its event loop, read by any thread.

    Args:
        kept: how many.

    Attributes:
        most: how many are kept.
    """

    def __init__(self, kept: int = _KEPT) -> None:
        self.most = kept
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._count = 0

    def begin(self, method: str, path: str) -> Entry:
        """Note a request's arrival."""
        with self._lock:
            self._count += 1
            entry = Entry(self._count, time.time(), method, path)
            self._entries.append(entry)
        return entry

    @staticmethod
    def end(entry: Entry, reply: Response) -> None:
        """Note its reply."""
        entry.seconds = time.time() - entry.time
        if entry.fault != "reset":
            entry.status = reply.status_code
            entry.size = int(reply.headers.get("content-length", 0))

    def clear(self) -> None:
        """Forget all of them; the next is number 1."""
        with self._lock:
            self._entries.clear()
            self._count = 0

    def entries(self) -> list[Entry]:
        """Those kept, oldest first."""
        with self._lock:
            return list(self._entries)
