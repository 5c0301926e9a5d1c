"""The emulator without a socket, for `ee.Initialize(http_transport=…)`.

The client hands its requests to an object like `httplib2.Http`. This one answers them by the same
application as the server's, on an event loop in a thread of its own: replies, limits, faults, pace,
counters and log are the same.
"""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit

from httplib2 import Response

from .service import Service

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from pathlib import Path

    from .catalog.model import Catalog
    from .limits import Limits
    from .weather import Pace


class Transport(Service):
    """Answers requests to any host, within this process. Threads may share it.

    Args:
        catalog: the assets; the emulator's own by default.
        limits: what to refuse; the service's by default.
        pace: how long replies take; no longer than they need by default.
        timeout: seconds after which a request is given up; None for never, as the client does.
        exports: folder that exported files go to; None refuses to export files.
    """

    def __init__(
        self,
        catalog: Catalog | None = None,
        limits: Limits | None = None,
        pace: Pace | None = None,
        timeout: float | None = None,
        exports: str | Path | None = None,
    ) -> None:
        super().__init__(catalog, limits, pace, exports)
        self.timeout = timeout
        self._process = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="eemulator", daemon=True
        )
        self._thread.start()

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        redirections: int = 0,  # noqa: ARG002 - there are none
        connection_type: Any = None,  # noqa: ARG002 - there is no connection
    ) -> tuple[Response, bytes]:
        """Answer one request, by the conventions of `httplib2.Http.request`.

        Returns:
            Status and headers, and the body. It is never compressed.

        Raises:
            ConnectionError: an injected fault cut the reply, as the client's own transport says it.
            TimeoutError: after `timeout`.
            RuntimeError: the transport is closed, or belongs to the parent of a forked process.
        """
        if os.getpid() != self._process:
            raise RuntimeError(
                "this transport belongs to another process; make one in each, or use a server"
            )
        if self._loop.is_closed():
            raise RuntimeError("this transport is closed")
        exchange = _Exchange(uri, method, body or b"", headers or {})
        answer = asyncio.run_coroutine_threadsafe(
            self.asgi(exchange.scope, exchange.receive, exchange.send), self._loop
        )
        try:
            answer.result(self.timeout)
        except TimeoutError:
            raise TimeoutError(f"{method} {urlsplit(uri).path}: no reply in time") from None
        except CancelledError:
            raise ConnectionError("the transport was closed") from None
        finally:
            answer.cancel()
        return exchange.reply()

    def close(self) -> None:
        """End the threads, and with them what is under way; closing twice does no harm."""
        if not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(_end_others(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._app.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


async def _end_others() -> None:
    """Cancel every other task of this loop."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class _Exchange:
    """One request and its reply, in ASGI's messages.

    Attributes:
        scope: of the request.
        transport: what an injected fault cuts: see `rest.connection`.
    """

    def __init__(
        self, uri: str, method: str, body: bytes | str, headers: Mapping[str, str]
    ) -> None:
        parts = urlsplit(uri)
        sent = [(name.lower(), str(value)) for name, value in headers.items()]
        # Compressing what is not sent anywhere would be the slowest part of it.
        kept = [(name, value) for name, value in sent if name not in ("accept-encoding", "host")]
        self.transport = self
        self.scope: MutableMapping[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": parts.scheme,
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1"))
                for name, value in [("host", parts.netloc), *kept]
            ],
            "client": ("127.0.0.1", 0),
            "server": (parts.hostname, parts.port),
        }
        self._body = body.encode() if isinstance(body, str) else body
        self._asked = False
        self._cut = ""
        self._status = 0
        self._headers: dict[str, str] = {}
        self._content = bytearray()

    async def receive(self) -> dict[str, Any]:
        """The whole body, once; then silence, as of a client that waits."""
        if self._asked:
            await asyncio.Event().wait()
        self._asked = True
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Take a part of the reply."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in message["headers"]
            }
        else:
            self._content += message["body"]

    def close(self) -> None:
        """The connection ends after what was sent."""
        self._cut = "the reply broke off"

    def abort(self) -> None:
        """The connection ends at once."""
        self._cut = "the connection was reset"

    def reply(self) -> tuple[Response, bytes]:
        """What the client is given."""
        if self._cut:
            path = self.scope["path"]
            raise ConnectionError(f"{self.scope['method']} {path}: {self._cut}")
        return Response({**self._headers, "status": str(self._status)}), bytes(self._content)


def transport(
    catalog: Catalog | None = None,
    limits: Limits | None = None,
    *,
    pace: Pace | None = None,
    timeout: float | None = None,
    exports: str | Path | None = None,
) -> Transport:
    """An emulator for `ee.Initialize(http_transport=…)`; see `Transport` for the arguments.

    Its thread ends with the process, with `close()`, or with a `with` block.

    Example:
        >>> import ee, eemulator
        >>> with eemulator.transport() as inside:
        ...     ee.Initialize(None, http_transport=inside, project=inside.project)
        ...     print(ee.Number(1).add(2).getInfo())
        3
    """
    return Transport(catalog, limits, pace, timeout, exports)
