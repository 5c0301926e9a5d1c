"""The routes: which request asks for what, and the threads that answer it."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ..errors import ServiceError
from ..limits import Limits, payload_too_large
from ..watchdog import Watchdog
from ..weather import FaultKind, Faults, Pace
from ..wheel import algorithms_document, discovery_document
from .connection import CONNECTION, Connection, broken
from .gate import Gate, Place
from .methods import Methods
from .replies import BytesReply, error_reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from ..catalog.model import Catalog
    from ..stats import Stats

_log = logging.getLogger("eemulator")

# A body beyond the limit is still taken off the wire, up to here, so that the client can read
# why it was refused instead of a broken connection.
_DRAINED_BYTES = 256 * 2**20

# Seconds after which a waiting reply looks whether anybody still waits for it.
_LOOK_UP = 0.5

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_POST = re.compile(
    r"/v1/(?P<name>projects/.+?)(?P<verb>/value:compute|/image:computePixels|/table:computeFeatures"
    r"|/imageCollection:computeImages|/thumbnails|:getPixels)"
)
_GET = re.compile(
    r"/v1/(?P<name>projects/.+?)(?P<verb>:listAssets|:listImages|:getPixels|/algorithms|)"
)


@dataclass(frozen=True, slots=True)
class _Call:
    """A request, understood.

    Attributes:
        kind: as `Stats` counts it.
        name: the resource.
        query: parameters of the URL, or of the body under a method override.
        body: bytes of a POST.
    """

    kind: str
    name: str
    query: Mapping[str, str]
    body: bytes


class App:
    """The emulator as an ASGI application.

    Args:
        catalog: the assets.
        limits: what to refuse.
        stats: what to count in.
        pace: how long replies take.
        faults: which requests fail.
    """

    def __init__(
        self, catalog: Catalog, limits: Limits, stats: Stats, pace: Pace, faults: Faults
    ) -> None:
        self._limits = limits
        self._stats = stats
        self._pace = pace
        self._faults = faults
        self._gate = Gate(limits, stats)
        self._methods = Methods(catalog, limits)
        self._watchdog = Watchdog(limits)
        # More threads than places: metadata must not wait behind pixels.
        self._pool = ThreadPoolExecutor(limits.concurrent_requests + 4, "eemulator")
        self._routes = Starlette(routes=[Route("/{path:path}", self._handle, methods=_METHODS)])

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        scope[CONNECTION] = Connection(send)
        await self._routes(scope, receive, send)

    def close(self) -> None:
        """Wait for what is computing, and end the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._watchdog.close()

    async def _handle(self, request: Request) -> Response:
        try:
            return await self._answer(request)
        except ServiceError as error:
            return error_reply(request, error, self._stats)
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception:
            token = uuid.uuid4()
            _log.exception("request %s: %s %s", token, request.method, request.url.path)
            message = f"An internal error has occurred (request: {token})"
            return error_reply(
                request, ServiceError(message, code=500, kind="internal"), self._stats
            )

    async def _answer(self, request: Request) -> Response:
        call = await self._understand(request)
        match call.kind:
            case "discovery":
                document = discovery_document(f"{request.url.scheme}://{request.url.netloc}")
                return json_reply(request, document, self._stats)
            case "algorithms":
                return json_reply(request, algorithms_document(), self._stats)
            case "getAsset":
                found = await self._run(partial(self._methods.get_asset, call.name))
                return json_reply(request, found, self._stats)
            case "listAssets":
                page = partial(self._methods.list_assets, call.name, call.query)
                return json_reply(request, await self._run(page), self._stats)
            case "thumbnails":
                made = partial(self._methods.create_thumbnail, call.name, call.body)
                return json_reply(request, await self._run(made), self._stats)
        return await self._compute(request, call)

    async def _compute(self, request: Request, call: _Call) -> Response:
        """Requests that hold a place."""
        due = time.monotonic() + self._pace.latency
        place = self._gate.enter()
        try:
            fault = self._faults.draw()
            if fault is not None:
                fault.refuse()
                if fault.kind is FaultKind.HANG:
                    due += fault.seconds
            reply = await self._computed(request, call, place)
            if not await self._still_there(request, due):
                place.release()
                return Response(status_code=499)
        except BaseException:
            place.release()
            raise
        return reply if fault is None else broken(reply, fault.kind, request.scope[CONNECTION])

    async def _computed(self, request: Request, call: _Call, place: Place) -> BytesReply:
        if (to_json := self._methods.of_values.get(call.kind)) is not None:
            value = await self._run(partial(to_json, call.body))
            return json_reply(request, value, self._stats, place)
        if call.kind == "getPixels":
            work = partial(self._methods.get_pixels, call.name, call.body)
        elif call.kind == "getThumbnail":
            work = partial(self._methods.get_thumbnail, call.name)
        else:
            work = partial(self._methods.compute_pixels, call.body)
        file = await self._run(work)
        seconds = self._pace.seconds(file.counted_bytes)
        return BytesReply(file.content, file.media_type, self._stats, place, seconds=seconds)

    @staticmethod
    async def _still_there(request: Request, due: float) -> bool:
        """Wait until a reply is due; false if the client went away meanwhile."""
        while (left := due - time.monotonic()) > 0:
            await asyncio.sleep(min(left, _LOOK_UP))
            if await request.is_disconnected():
                return False
        return True

    async def _run(self, work: Callable[[], Any]) -> Any:
        watched = partial(self._watchdog.run, work)
        return await asyncio.get_running_loop().run_in_executor(self._pool, watched)

    async def _understand(self, request: Request) -> _Call:
        path, method = request.url.path, request.method
        query: Mapping[str, str] = request.query_params
        body = b""
        if method == "POST":
            body = await self._body(request)
            # The client sends a GET with a long URL this way.
            if request.headers.get("x-http-method-override", "").upper() == "GET":
                method = "GET"
                query = {**query, **dict(parse_qsl(body.decode("utf-8", "replace")))}
        kind, name = _route(method, path)
        self._stats.request(kind)
        if kind == "unknown":
            raise ServiceError(f"Not found: {method} {path}", code=404, kind="unknown path")
        return _Call(kind, name, query, body)

    async def _body(self, request: Request) -> bytes:
        parts: list[bytes] = []
        size = 0
        limit = self._limits.payload_bytes
        async for part in request.stream():
            size += len(part)
            if size <= limit:
                parts.append(part)
            else:
                parts.clear()
            if size > _DRAINED_BYTES:
                # Or the server would go on reading, for as long as the client sends.
                await request.scope[CONNECTION].cut(flush=False)
                raise ClientDisconnect
        if size > limit:
            raise payload_too_large(limit)
        return b"".join(parts)


def _route(method: str, path: str) -> tuple[str, str]:
    """What a method and a path mean: a kind and a resource name."""
    if method == "GET":
        if path == "/$discovery/rest":
            return "discovery", ""
        if found := _GET.fullmatch(path):
            verb, name = found["verb"], found["name"]
            if verb == "/algorithms" and name.count("/") == 1:
                return "algorithms", name
            if verb in (":listAssets", ":listImages"):
                return "listAssets", name
            if verb == ":getPixels" and "/thumbnails/" in name:
                return "getThumbnail", name
            if not verb and "/assets/" in name:
                return "getAsset", name
    if method == "POST" and (found := _POST.fullmatch(path)):
        verb = found["verb"].lstrip("/:")
        kind = verb if verb == "value:compute" else verb.rpartition(":")[2]
        if kind != "getPixels" or "/assets/" in found["name"]:
            return kind, found["name"]
    return "unknown", ""
