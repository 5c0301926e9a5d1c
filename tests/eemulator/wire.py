"""Requests without the client: what it never sends must be answered too."""

from __future__ import annotations

import http.client
import io
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import ee
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    import eemulator

PROJECT = "/v1/projects/local-emulator"


class Reply:
    """A reply, read to its end."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        return str(self.json["error"]["message"])

    @property
    def array(self) -> NDArray[Any]:
        array: NDArray[Any] = np.load(io.BytesIO(self.body))
        return array


def send(
    server: eemulator.Server,
    method: str,
    path: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """One request on a connection of its own; a body that is not bytes goes as JSON."""
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    try:
        connection.request(method, path, body, dict(headers or {}))
        return Reply(connection.getresponse())
    finally:
        connection.close()


def info(value: Any) -> Any:
    """What `getInfo` gives, of any of the client's objects."""
    return value.getInfo()


def compute(server: eemulator.Server, expression: Any) -> Reply:
    """`value:compute` of a raw expression."""
    return send(server, "POST", f"{PROJECT}/value:compute", {"expression": expression})


def call(name: str, **arguments: Any) -> dict[str, Any]:
    """An invocation node; values that are no nodes become constants."""
    nodes = {
        key: value if isinstance(value, dict) and _is_node(value) else {"constantValue": value}
        for key, value in arguments.items()
    }
    return {"functionInvocationValue": {"functionName": name, "arguments": nodes}}


def _is_node(value: dict[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).endswith(("Value", "Reference"))


def ref(key: str) -> dict[str, Any]:
    return {"valueReference": key}


def grid(crs: str, transform: tuple[float, ...], width: int, height: int) -> dict[str, Any]:
    """A pixel grid on the wire, zero fields left out as the service's own client does."""
    names = ("scaleX", "shearX", "translateX", "shearY", "scaleY", "translateY")
    return {
        "crsCode": crs,
        "affineTransform": {n: v for n, v in zip(names, transform, strict=True) if v},
        "dimensions": {"width": width, "height": height},
    }


def pixels(image: Any, wire_grid: Any = None, **more: Any) -> NDArray[Any]:
    """Pixels of an `ee.Image` (computePixels) or an asset id (getPixels), as a structured array."""
    request: dict[str, Any] = {"fileFormat": "NUMPY_NDARRAY", **more}
    if wire_grid is not None:
        request["grid"] = wire_grid
    if isinstance(image, str):
        found: NDArray[Any] = ee.data.getPixels({"assetId": image, **request})
    else:
        found = ee.data.computePixels({"expression": image, **request})
    return found
