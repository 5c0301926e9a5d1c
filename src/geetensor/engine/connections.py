"""Connections of this process: kept alive, shared by exports, stopped when told.

A pool for each endpoint, made on first use. A child process of a fork starts with none.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from geetensor.engine.throttle import CEILING
from geetensor.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geetensor.engine.call import Call

_MOST_ENDPOINTS = 8
"""Pools that are kept; with one more, the oldest is closed when it is idle."""


class _Carried(threading.local):
    """The call that this thread is sending, and the key that it sends along."""

    call: Call | None = None
    api_key: str | None = None


_carried = _Carried()


@contextmanager
def carrying(call: Call, api_key: str | None) -> Iterator[None]:
    """Tell the connection that this thread will use which call it carries.

    Args:
        call: is told how to stop it.
        api_key: added to the URL by the connection itself, so that no log of the pool shows it.
    """
    _carried.call, _carried.api_key = call, api_key
    try:
        yield
    finally:
        _carried.call = _carried.api_key = None


class _Stoppable:
    """Mixed into a connection: requests on it can be stopped by the call they carry."""

    sock: socket.socket | None

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        if _carried.api_key:
            url += "?" + urlencode({"key": _carried.api_key})
        super().request(method, url, *args, **kwargs)  # type: ignore[misc]

    def getresponse(self) -> Any:
        call, sock = _carried.call, self.sock
        if call is not None and sock is not None:
            call.attach(lambda: _shut(sock))
        return super().getresponse()  # type: ignore[misc]


def _shut(sock: socket.socket) -> None:
    # The plain socket's own shutdown: SSLSocket's would pull TLS from under the reading thread.
    # It may be closed already, which is as good.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Http(_Stoppable, HTTPConnection):
    pass


class _Https(_Stoppable, HTTPSConnection):
    pass


class _HttpPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Https


_pools: dict[tuple[str, str | None], urllib3.PoolManager] = {}
_lock = threading.Lock()


def pool_for(base_url: str) -> urllib3.PoolManager:
    """The connections to an endpoint, through the proxy that the environment names, if any.

    Args:
        base_url: of the endpoint.

    Raises:
        InvalidInputError: if the proxy is of a kind that cannot be used.
    """
    proxy = _proxy(base_url)
    with _lock:
        pool = _pools.get((base_url, proxy))
        if pool is None:
            pool = _pools[base_url, proxy] = _make_pool(proxy)
            if len(_pools) > _MOST_ENDPOINTS:
                _close(_pools.pop(next(iter(_pools))))
        return pool


def close_idle(base_url: str) -> None:
    """Close the connections to an endpoint that carry nothing just now."""
    with _lock:
        pools = [pool for (url, _), pool in _pools.items() if url == base_url]
    for pool in pools:
        _close(pool)


def _close(manager: urllib3.PoolManager) -> None:
    # `clear` alone leaves the closing to the garbage collector.
    for key in manager.pools.keys():  # noqa: SIM118 - it is no dict, and refuses to be iterated
        pool = manager.pools.get(key)
        if pool is not None:
            pool.close()
    manager.clear()


def _make_pool(proxy: str | None) -> urllib3.PoolManager:
    # One spare for credentials' own requests, which go to another host.
    options: dict[str, Any] = {"num_pools": 4, "maxsize": CEILING, "block": False}
    if proxy is None:
        manager = urllib3.PoolManager(**options)
    else:
        parts = urlsplit(proxy)
        headers = None
        if parts.username:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers = urllib3.make_headers(proxy_basic_auth=user)
        host = parts.netloc.rpartition("@")[2]
        try:
            manager = urllib3.ProxyManager(
                f"{parts.scheme}://{host}", proxy_headers=headers, **options
            )
        except urllib3.exceptions.ProxySchemeUnknown as error:
            raise InvalidInputError(
                f"The environment's proxy is of the kind {parts.scheme!r}; http and https ones "
                "can be used. Change HTTPS_PROXY, or name the host in NO_PROXY."
            ) from error
    manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
    return manager


def _proxy(base_url: str) -> str | None:
    """The proxy for a URL, as the environment (or the system) says."""
    parts = urlsplit(base_url)
    proxies = urllib.request.getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _forget() -> None:
    """In a forked child: the connections are the parent's."""
    global _lock
    _lock = threading.Lock()
    _pools.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
