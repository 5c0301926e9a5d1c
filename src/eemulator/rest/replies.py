"""Replies: JSON, bytes, and errors in the service's form."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from ..errors import ServiceError
    from ..stats import Stats
    from .gate import Place

_CHUNK = 2**20
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
    """

    def __init__(
        self,
        body: bytes | bytearray,
        media_type: str,
        stats: Stats,
        place: Place | None = None,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(b"", status, headers, media_type)
        self._content = memoryview(body)
        self._stats = stats
        self._place = place
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
            for start in range(0, max(size, 1), _CHUNK):
                piece = bytes(self._content[start : start + _CHUNK])
                more = start + _CHUNK < size
                if not more:
                    self._release()
                self._stats.sent(len(piece))
                await send({"type": "http.response.body", "body": piece, "more_body": more})
        finally:
            self._release()

    def _release(self) -> None:
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
    return json_reply(request, error.body(), stats, status=error.code)
