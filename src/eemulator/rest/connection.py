"""Replies that break off, for clients that must survive them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from ..weather import FaultKind

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from .replies import BytesReply

CONNECTION = "eemulator.connection"
"""Key of a request's `Connection` in its ASGI scope."""


class Connection:
    """The connection that a request came by, to be cut.

    ASGI has no way to cut one. uvicorn's `send` is a method of the object that has the transport;
    under another server the reply just ends early, which it treats as a failure of its own.

    Args:
        send: the server's.
    """

    def __init__(self, send: Send) -> None:
        self._transport: Any = getattr(getattr(send, "__self__", None), "transport", None)

    async def cut(self, *, flush: bool) -> None:
        """End it, after what was written or at once."""
        if self._transport is not None:
            (self._transport.close if flush else self._transport.abort)()
        await asyncio.sleep(0.05)  # until the server has noticed


class _Broken(Response):
    def __init__(self, reply: BytesReply, kind: FaultKind, connection: Connection) -> None:
        super().__init__()
        self._reply = reply
        self._kind = kind
        self._connection = connection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._kind is FaultKind.RESET:
            self._reply.release()
            await self._connection.cut(flush=False)
            return

        left = int(self._reply.headers["content-length"]) // 2

        async def half(message: Any) -> None:
            nonlocal left
            if message["type"] == "http.response.body":
                body = message["body"][:left]
                left -= len(body)
                message = {**message, "body": body, "more_body": True}
            await send(message)

        await self._reply(scope, receive, half)
        await self._connection.cut(flush=True)


def broken(reply: BytesReply, kind: FaultKind, connection: Connection) -> Response:
    """A reply as a fault leaves it; untouched by faults that are over by now.

    Args:
        reply: the whole one.
        kind: of the fault.
        connection: that it goes by.
    """
    if kind in {FaultKind.RESET, FaultKind.TRUNCATE}:
        return _Broken(reply, kind, connection)
    return reply
