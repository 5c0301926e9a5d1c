"""The one door to the network. Foreign exceptions stop here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

import urllib3
from google.auth.transport.urllib3 import Request as AuthRequest

from geetensor.engine import wire
from geetensor.engine.retry import NO_REPLY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from geetensor.engine.session import Session

CONNECT_TIMEOUT = 15.0
"""Seconds to wait for a connection."""

DEFAULT_TIMEOUT = 330.0
"""Seconds to wait for bytes of a reply. The service itself gives up after five minutes."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes:
        status: HTTP status, or `NO_REPLY`.
        body: the whole body.
        headers: by lower-case name.
        message: of a reply that is no success, the service's words or the connection's fate.
    """

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    message: str = ""

    @property
    def retry_after(self) -> float | None:
        """Seconds that the service asked to wait, if it did so in seconds."""
        value = self.headers.get("retry-after", "")
        return float(value) if value.isdecimal() else None


class Transport:
    """A pool of connections to the session's endpoint, shared by threads.

    Args:
        session: who is asking.
        connections: kept open at the most.
        timeout: seconds to wait for bytes of a reply.
    """

    def __init__(self, session: Session, *, connections: int, timeout: float | None = None) -> None:
        self.session = session
        self._pool = urllib3.PoolManager(
            num_pools=4,
            maxsize=connections,
            block=False,
            retries=False,
            timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT, read=timeout or DEFAULT_TIMEOUT),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections that are idle."""
        self._pool.clear()

    def post(self, path: str, body: bytes) -> Reply:
        """Send a request and wait for the whole reply. Does not raise for what came back.

        Args:
            path: from the root of the endpoint.
            body: JSON.
        """
        headers = {
            "Accept-Encoding": "gzip",
            "Content-Type": "application/json",
            "User-Agent": "geetensor (gzip)",
            **self.session.headers,
            **self.session.authorization(self._refresh),
        }
        url = self.session.base_url + path
        if self.session.api_key:
            url += "?" + urlencode({"key": self.session.api_key})
        try:
            response = self._pool.request("POST", url, body=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            return Reply(NO_REPLY, b"", {}, f"{type(error).__name__}: {_fate(error)}")
        data = response.data
        return Reply(
            response.status,
            data,
            {name.lower(): value for name, value in response.headers.items()},
            "" if response.status == 200 else wire.error_message(data),
        )

    def _refresh(self, credentials: Any) -> None:
        credentials.refresh(AuthRequest(self._pool))  # type: ignore[no-untyped-call]


def _fate(error: urllib3.exceptions.HTTPError) -> str:
    """What became of a connection, without the URL, which may carry a key."""
    cause = error.__cause__ or error.__context__
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return "no bytes came within the timeout"
    return f"{cause}" if isinstance(cause, OSError) else "the connection broke"
