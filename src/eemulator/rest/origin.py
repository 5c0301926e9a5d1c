"""Where a request comes from: this machine, or a page in a browser on it.

The emulator asks nobody who they are. A browser would send it what any page asks for; it says so
in `Origin`, which other clients leave out.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import ServiceError

if TYPE_CHECKING:
    from starlette.requests import Request


def check_machine(request: Request) -> None:
    """Refuse requests of other machines, and those to a name that is not this machine's.

    Raises:
        ServiceError: 403.
    """
    client = request.client.host if request.client else ""
    if not (_is_local(client) and _is_local(_host(request))):
        raise ServiceError("Only this machine may ask that.", code=403, kind="origin")


def check_page(request: Request) -> None:
    """Refuse pages, unless they are the emulator's own.

    Raises:
        ServiceError: 403.
    """
    origin = request.headers.get("origin")
    if origin is None:
        return
    own = origin.partition("://")[2] == request.headers.get("host")
    if not (own and _is_local(_host(request))):
        raise ServiceError("Pages of other origins may not ask that.", code=403, kind="origin")


def _host(request: Request) -> str:
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def _is_local(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
