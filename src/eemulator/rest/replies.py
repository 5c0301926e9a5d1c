"""Replies: JSON, bytes, and errors in the service's form."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from ..errors import ServiceError
    from ..stats import Stats
    from .gate import Place

_CHUNK = 2**20
# Seconds between the pieces of a body that takes its time.
_BEAT = 0.05
# Shorter bodies are sent as they are.
_WORTH_COMPRESSING = 1_000


class BytesReply(Response):
    """A body sent in pieces, that gives its place back before the last of them.

    A client that has received all it was promised may begin its next request at once, and must
    then find the place free.

    Args:
        body: what to send.
        media_type: its content type.
        stats: told of the bytes.
        place: given back; None where the request holds none.
        status: HTTP status.
        headers: more headers.
        seconds: how long the body takes, at the least.
    """

    def __init__(
        self,
        body: bytes | memoryview,
        media_type: str,
        stats: Stats,
        place: Place | None = None,
        status: int = 200,
        headers: dict[str, str] | None = None,
        seconds: float = 0.0,
    ) -> None:
        super().__init__(b"", status, headers, media_type)
        self._content = memoryview(body)
        self._stats = stats
        self._place = place
        self._seconds = seconds
        self.headers["content-length"] = str(len(body))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send it."""
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            size = len(self._content)
            count = max(1, -(-size // _CHUNK), int(self._seconds / _BEAT))
            began = time.monotonic()
            for number in range(1, count + 1):
                if self._seconds:
                    due = began + self._seconds * number / count
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
                # Not a copy: servers take whatever has a buffer.
                piece = self._content[size * (number - 1) // count : size * number // count]
                if number == count:
                    self.release()
                self._stats.sent(len(piece))
                await send(
                    {"type": "http.response.body", "body": piece, "more_body": number < count}
                )
        finally:
            self.release()

    def release(self) -> None:
        """Give the request's place back."""
        if self._place is not None:
            self._place.release()


def json_reply(
    request: Request, value: Any, stats: Stats, place: Place | None = None, status: int = 200
) -> BytesReply:
    """A JSON body, compressed for a client that asks for it."""
    body = value if isinstance(value, bytes) else encode_json(value)
    headers = {"vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", "") and len(body) > _WORTH_COMPRESSING:
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers["content-encoding"] = "gzip"
    return BytesReply(body, "application/json; charset=UTF-8", stats, place, status, headers)


def encode_json(value: Any) -> bytes:
    """JSON without spaces.

    Raises:
        ValueError: a number that JSON has not; values are made fit by `to_json`.
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def error_reply(request: Request, error: ServiceError, stats: Stats) -> BytesReply:
    """An error, counted."""
    stats.refusal(error.kind)
    reply = json_reply(request, error.body(), stats, status=error.code)
    if error.retry_after is not None:
        reply.headers["retry-after"] = str(error.retry_after)
    return reply
