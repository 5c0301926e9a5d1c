"""The one door to the network. Foreign exceptions stop here."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

import google.auth.exceptions
import urllib3
from google.auth.transport.urllib3 import Request as AuthRequest

from geetensor.engine import connections, wire
from geetensor.engine.call import Call, CallAbortedError
from geetensor.engine.retry import NO_REPLY, parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from geetensor.engine.session import Session

CONNECT_TIMEOUT = 15.0
"""Seconds to wait for a connection."""

DEFAULT_TIMEOUT = 330.0
"""Seconds to wait for bytes of a reply. The service itself gives up after five minutes."""

CHUNK = 64 * 1024
"""Bytes of a body handed on at a time."""

_LONGEST_ERROR = 1 << 20
"""Bytes of an error's body that are read."""

_FOREIGN = (
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    google.auth.exceptions.TransportError,
    OSError,
    CallAbortedError,
)


class Consumer(Protocol):
    """Takes a body as it arrives."""

    def feed(self, data: bytes) -> None:
        """Take the next bytes. What it raises ends the request."""

    def finish(self) -> None:
        """The body is over. What it raises is raised by `Transport.post`."""


class Collected:
    """A consumer that keeps the whole body."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def feed(self, data: bytes) -> None:
        """Keep the next bytes."""
        self._parts.append(data)

    def finish(self) -> None:
        """Nothing is left to do."""

    @property
    def body(self) -> bytes:
        """All that came."""
        return b"".join(self._parts)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. A success's body has gone to the consumer.

    Attributes:
        status: HTTP status, or `NO_REPLY`.
        headers: by lower-case name.
        message: of a reply that is no success, the service's words or the connection's fate.
        reasons: machine-readable ones, of a reply that is no success.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    message: str = ""
    reasons: frozenset[str] = frozenset()

    @property
    def retry_after(self) -> float | None:
        """Seconds that the service asked to wait, if it did."""
        return parse_retry_after(self.headers.get("retry-after", ""), time.time())


class Transport:
    """The session's endpoint, for the time of a call. Shared by threads.

    The connections belong to the process, and outlive the transport: an export need not pay
    for handshakes that the last one paid for. Left with an error, it closes the idle ones.

    Args:
        session: who is asking.
        timeout: seconds to wait for bytes of a reply.
    """

    def __init__(self, session: Session, *, timeout: float | None = None) -> None:
        self.session = session
        self.timeout = timeout or DEFAULT_TIMEOUT

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            connections.close_idle(self.session.base_url)

    def post(self, path: str, body: bytes, consumer: Consumer, call: Call | None = None) -> Reply:
        """Send a request; hand on the body of a success. Does not raise for what came back.

        Args:
            path: from the root of the endpoint.
            body: JSON.
            consumer: of the body of a success.
            call: by which it can be watched and stopped.

        Raises:
            SignInError: if the credentials cannot be renewed.
            Exception: what the consumer raises; the connection is closed.
        """
        call = call or Call()
        try:
            signature = self.session.authorization(self._refresh)
            reply = self._send(path, body, consumer, call, signature)
            if reply.status == 401 and signature:
                renewed = self.session.authorization(self._refresh, signature["Authorization"])
                reply = self._send(path, body, consumer, call, renewed)
        except _FOREIGN as error:
            return Reply(NO_REPLY, message=call.aborted or _fate(error, self.timeout))
        finally:
            call.detach()
        if call.aborted is not None:
            return Reply(NO_REPLY, message=call.aborted)
        return reply

    def _send(
        self, path: str, body: bytes, consumer: Consumer, call: Call, signature: dict[str, str]
    ) -> Reply:
        headers = {
            "Accept-Encoding": "gzip",
            "Content-Type": "application/json",
            "User-Agent": "geetensor (gzip)",
            **self.session.headers,
            **signature,
        }
        with connections.carrying(call, self.session.api_key):
            response = connections.pool_for(self.session.base_url).urlopen(
                "POST",
                self.session.base_url + path,
                body=body,
                headers=headers,
                retries=False,
                redirect=False,
                preload_content=False,
                timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT, read=self.timeout),
            )
        found = {name.lower(): value for name, value in response.headers.items()}
        whole = False
        try:
            if response.status == 200:
                call.accepted()
                while data := response.read(CHUNK):
                    call.progressed()
                    consumer.feed(data)
                whole = True
                call.end()
                consumer.finish()
                return Reply(200, found)
            data = response.read(_LONGEST_ERROR)
            whole = len(data) < _LONGEST_ERROR
        finally:
            if not whole:
                response.close()
            response.release_conn()
        return Reply(response.status, found, wire.error_message(data), wire.error_reasons(data))

    def _refresh(self, credentials: Any) -> None:
        pool = connections.pool_for(self.session.base_url)
        credentials.refresh(AuthRequest(pool))  # type: ignore[no-untyped-call]


def _fate(error: Exception, timeout: float) -> str:
    """What became of a request, without the URL, which may carry a key."""
    cause: BaseException | None = error
    if isinstance(error, urllib3.exceptions.ProxyError):
        return f"the proxy failed ({_reason(error.original_error)})"
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        return "the host's name is not known"
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return f"no connection ({_reason(error.__cause__)})"
    if isinstance(error, urllib3.exceptions.ConnectTimeoutError):
        return f"no connection within {CONNECT_TIMEOUT:g} s"
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return f"no bytes came within {timeout:g} s"
    if isinstance(error, urllib3.exceptions.DecodeError):
        return "the reply's compression is damaged"
    if isinstance(error, google.auth.exceptions.TransportError):
        return "the endpoint for credentials cannot be reached"
    if not isinstance(error, OSError):
        cause = error.__cause__ or error.__context__
    if isinstance(cause, http.client.IncompleteRead | urllib3.exceptions.IncompleteRead):
        return "the reply was cut short"
    return f"the connection broke ({_reason(cause)})"


def _reason(cause: BaseException | None) -> str:
    # An OSError's own words name no URL; those of other libraries' errors may.
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return type(cause).__name__ if cause is not None else "no reason given"
