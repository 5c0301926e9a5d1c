"""The emulator as a server in a thread."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from .service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .catalog.model import Catalog
    from .limits import Limits
    from .weather import Pace

# Longer than clients keep an idle connection: a server that closes first loses requests.
_KEEP_ALIVE_SECONDS = 300
_STOP_SECONDS = 5


class Server(Service):
    """An emulator that listens on a port of this machine.

    Args:
        catalog: the assets; the emulator's own by default.
        limits: what to refuse; the service's by default.
        host: address to listen on; the loopback by default, and nobody is asked who they are.
        port: 0 for any free one.
        pace: how long replies take.
        exports: folder that exported files go to; None refuses to export files.

    Attributes:
        url: to sign in with; a browser shows what the server has, and what was asked.
    """

    def __init__(
        self,
        catalog: Catalog | None = None,
        limits: Limits | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        pace: Pace | None = None,
        exports: str | Path | None = None,
    ) -> None:
        super().__init__(catalog, limits, pace, exports)
        self._socket = _bound_socket(host, port)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                self.asgi,
                interface="asgi3",
                lifespan="off",
                proxy_headers=False,
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_STOP_SECONDS,
                h11_max_incomplete_event_size=2**16,
            )
        )
        self._thread = threading.Thread(target=self.serve, name="eemulator", daemon=True)

    @property
    def initialize_line(self) -> str:
        """The line of Python that points a client here."""
        return f'ee.Initialize(credentials=None, url="{self.url}", project="{self.project}")'

    def serve(self) -> None:
        """Serve in this thread until stopped."""
        try:
            self._uvicorn.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def start(self) -> None:
        """Serve in a thread; returns when requests are answered."""
        self._thread.start()
        while not self._uvicorn.started:
            if not self._thread.is_alive():
                raise RuntimeError("the emulator did not start; the log says why")
            time.sleep(0.002)

    def stop(self) -> None:
        """Stop serving, wait for the threads, close the socket."""
        self._uvicorn.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._app.close()
        self._socket.close()


def _bound_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only for sockets that say they are TCP; with it on, every
    # reply on a kept connection would wait 40 ms for an acknowledgement.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


@contextmanager
def running(
    catalog: Catalog | None = None,
    limits: Limits | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    pace: Pace | None = None,
    exports: str | Path | None = None,
) -> Iterator[Server]:
    """A server for the time of a `with` block.

    Args:
        catalog: the assets; the emulator's own by default.
        limits: what to refuse; the service's by default.
        host: address to listen on.
        port: 0 for any free one.
        pace: how long replies take; no longer than they need by default.
        exports: folder that exported files go to; none by default, which refuses them.

    Yields:
        The server: `url`, `project`, `stats`, `faults`, `log`.

    Example:
        >>> import eemulator
        >>> with eemulator.running() as server:
        ...     print(server.project)
        local-emulator
    """
    server = Server(catalog, limits, host, port, pace, exports)
    try:
        server.start()
        yield server
    finally:
        server.stop()
