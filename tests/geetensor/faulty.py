"""A server between the client and the emulator, at which requests for pixels go wrong."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Refusal:
    """Answered without asking the emulator."""

    status: int
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str = "badRequest"


@dataclass(frozen=True)
class Broken:
    """Goes wrong on its way: `reset`, `truncated`, `garbage`, `hang` or `stall`."""

    how: str


@dataclass(frozen=True)
class Body:
    """A success with a body of one's own."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


Fault = Refusal | Broken | Body | None

Decide = Callable[[str, int], Fault]
"""The fault of a request, from its path and its number among those for pixels or values."""


class FaultyServer:
    """As much of an emulator as `sign_in` needs.

    Args:
        upstream: URL of the emulator.
        project: of it.
        decide: which request goes wrong, and how.
    """

    def __init__(self, upstream: str, project: str, decide: Decide) -> None:
        self.project = project
        self.upstream = urlsplit(upstream)
        self.decide = decide
        self.stopped = threading.Event()
        self.lock = threading.Lock()
        self.seen: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.open_connections = 0
        self.under_way = 0
        self.extra_headers: Mapping[str, str] = {}
        outer = self

        class Handler(_Handler):
            server_of = outer

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def reset_stats(self) -> None:
        self.seen.clear()

    def stop(self) -> None:
        self.stopped.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_of: FaultyServer

    def setup(self) -> None:
        super().setup()
        with self.server_of.lock:
            self.server_of.open_connections += 1

    def finish(self) -> None:
        with self.server_of.lock:
            self.server_of.open_connections -= 1
        super().finish()

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        self._relay(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        own, path = self.server_of, urlsplit(self.path).path
        with own.lock:
            own.seen.append(self.path)
            own.headers.append(dict(self.headers.items()))
            number = len(own.seen)
            own.under_way += 1
        try:
            fault = own.decide(path, number)
            if fault is None:
                self._relay(body)
            else:
                self._fail(fault, body)
        finally:
            with own.lock:
                own.under_way -= 1

    def _fail(self, fault: Refusal | Broken | Body, body: bytes) -> None:
        if isinstance(fault, Refusal):
            error = {
                "code": fault.status,
                "message": fault.message,
                "errors": [{"reason": fault.reason}],
            }
            self._send(fault.status, json.dumps({"error": error}).encode(), fault.headers)
        elif isinstance(fault, Body):
            self._send(200, fault.body, fault.headers)
        elif fault.how == "reset":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
            self.close_connection = True
        elif fault.how == "garbage":
            self._send(200, b"<html>", {})
        elif fault.how == "hang":
            self.server_of.stopped.wait(60)
            self.close_connection = True
        else:
            status, _, data = self._ask(body)
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            if fault.how == "stall":
                self.server_of.stopped.wait(60)
            self.close_connection = True

    def _relay(self, body: bytes) -> None:
        self._send(*self._swap(self._ask(body)))

    @staticmethod
    def _swap(reply: tuple[int, dict[str, str], bytes]) -> tuple[int, bytes, dict[str, str]]:
        status, headers, data = reply
        return status, data, headers

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        upstream = self.server_of.upstream
        connection = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=30)
        kept = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in {"host", "connection", "content-length"}
        }
        connection.request(self.command, self.path, body or None, kept)
        reply = connection.getresponse()
        data = reply.read()
        connection.close()
        headers = {
            name: value
            for name, value in reply.getheaders()
            if name.lower() in {"content-type", "content-encoding", "retry-after"}
        }
        return reply.status, headers, data

    def _send(self, status: int, data: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, **self.server_of.extra_headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def faulty(upstream: str, project: str, decide: Decide) -> Iterator[FaultyServer]:
    """Such a server for the time of a `with` block."""
    server = FaultyServer(upstream, project, decide)
    try:
        yield server
    finally:
        server.stop()
