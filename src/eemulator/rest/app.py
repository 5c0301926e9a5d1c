"""The routes: which request asks for what, and the threads that answer it."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ..catalog.user import UserCatalog
from ..errors import ServiceError
from ..exports.operations import Operations
from ..limits import Limits, payload_too_large
from ..page.log import ENTRY
from ..page.site import Page
from ..pixels.pyramid import Pyramids
from ..profiles import REPLY_HEADER, REQUEST_HEADER, Profile
from ..watchdog import Watchdog
from ..weather import FaultKind
from ..wheel import algorithms_document, discovery_document
from .admin import PREFIX, Admin
from .call import Call
from .connection import CONNECTION, Connection, broken
from .gate import Gate, Place
from .methods import Methods
from .origin import check_page
from .replies import BytesReply, error_reply, json_reply
from .resources import Resources, resource_route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from ..catalog.model import Catalog
    from ..exports.folder import ExportFolder
    from ..page.log import RequestLog
    from ..stats import Stats
    from ..weather import Faults, Pace

_log = logging.getLogger("eemulator")

# A body beyond the limit is still taken off the wire, up to here, so that the client can read
# why it was refused instead of a broken connection.
_DRAINED_BYTES = 256 * 2**20

# Seconds after which a waiting reply looks whether anybody still waits for it.
_LOOK_UP = 0.5

# A `wait` for an operation gives up after this, as it may.
_WAIT_SECONDS = 10.0

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_POST = re.compile(
    r"/v1/(?P<name>projects/.+?)(?P<verb>/value:compute|/image:computePixels|/table:computeFeatures"
    r"|/imageCollection:computeImages|/(?:t|videoT|filmstripT)humbnails|/maps|/tables|:getPixels)"
)
_GET = re.compile(
    r"/v1/(?P<name>projects/.+?)"
    r"(?P<verb>:listAssets|:listImages|:getPixels|:getFeatures|/algorithms|/tiles/\d{1,2}/\d{1,9}/\d{1,9}|)"
)
_KEPT = frozenset({"thumbnails", "videoThumbnails", "filmstripThumbnails", "maps", "tables"})
_TABLE = re.compile(r"projects/[^/]+/tables/[^/]+")
_THUMBNAIL = re.compile(r"projects/[^/]+/(?:t|videoT|filmstripT)humbnails/[^/]+")


class App:
    """The emulator as an ASGI application.

    Args:
        catalog: the assets.
        limits: what to refuse.
        stats: what to count in.
        pace: how long replies take.
        faults: which requests fail.
        log: told of every request.
        folder: where exported files go; None for nowhere.

    Attributes:
        pace: how long replies take; may be replaced at any time.
    """

    def __init__(
        self,
        catalog: Catalog,
        limits: Limits,
        stats: Stats,
        pace: Pace,
        faults: Faults,
        log: RequestLog,
        folder: ExportFolder | None = None,
    ) -> None:
        self._limits = limits
        self._stats = stats
        self.pace = self._first_pace = pace
        self._faults = faults
        self._requests = log
        self._gate = Gate(limits, stats)
        self._assets = UserCatalog(catalog, limits.assets, limits.asset_bytes)
        self._watchdog = Watchdog(limits)
        self._operations = Operations(
            limits.concurrent_exports, limits.queued_exports, self._gate.spend, self._watchdog
        )
        pyramids = Pyramids(limits)
        self._methods = Methods(self._assets, limits, pyramids)
        self._resources = Resources(self._assets, limits, self._operations, folder, pyramids)
        self._admin = Admin(stats, faults, lambda: self.pace, self._set_pace, self.reset)
        # More threads than places: metadata must not wait behind pixels.
        self._pool = ThreadPoolExecutor(limits.concurrent_requests + 4, "eemulator")
        page = Page(self._assets, self._methods, log, self._run)
        service = Route("/{path:path}", self._handle, methods=_METHODS)
        self._routes = Starlette(routes=[*page.routes, service])

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        scope[CONNECTION] = Connection(send)
        await self._routes(scope, receive, send)

    def reset(self) -> None:
        """Be as if just started; exports that are not over are cancelled first."""
        self._operations.clear()
        self._assets.clear()
        self._resources.clear()
        self._methods.clear()
        self.pace = self._first_pace
        self._faults.clear()
        self._gate.reset()
        self._requests.clear()
        self._stats.reset()

    def _set_pace(self, pace: Pace) -> None:
        self.pace = pace

    def close(self) -> None:
        """Wait for what is computing, cancel the exports, and end the threads."""
        self._operations.close()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._watchdog.close()

    async def _handle(self, request: Request) -> Response:
        if request.url.path.startswith(PREFIX):
            return await self._admin.reply(request)
        entry = self._requests.begin(request.method, request.url.path)
        request.scope[ENTRY] = entry
        reply = await self._reply(request)
        if self._gate.restricted:
            reply.headers["x-earth-engine-quota-status"] = "parallelism_restricted=true"
        self._requests.end(entry, reply)
        return reply

    async def _reply(self, request: Request) -> Response:
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
        if (method := self._resources.methods.get(call.kind)) is not None:
            if request.method != "GET":
                check_page(request)
            if call.kind == "waitOperation":
                await self._operations.wait(call.name, _WAIT_SECONDS)
            return json_reply(request, await self._run(partial(method, call)), self._stats)
        match call.kind:
            case "discovery":
                document = discovery_document(f"{request.url.scheme}://{request.url.netloc}")
                return json_reply(request, document, self._stats)
            case "algorithms":
                return json_reply(request, algorithms_document(), self._stats)
        return await self._compute(request, call)

    async def _compute(self, request: Request, call: Call) -> Response:
        """Requests that hold a place."""
        due = time.monotonic() + self.pace.latency
        place = self._gate.enter()
        try:
            fault = self._faults.draw()
            if fault is not None:
                request.scope[ENTRY].fault = fault.kind.value
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

    async def _computed(self, request: Request, call: Call, place: Place) -> BytesReply:
        if (to_json := self._to_json(call)) is not None:
            value, profile = await self._count(call.kind, to_json)
            return self._profiled(request, json_reply(request, value, self._stats, place), profile)
        if call.kind == "getTable":
            return await self._table(request, call, place)
        if call.kind == "getPixels":
            work = partial(self._methods.get_pixels, call.name, call.body)
        elif call.kind == "getThumbnail":
            request.scope[ENTRY].stands_for(self._methods.thumbnails.kept.get(call.name))
            work = partial(self._methods.thumbnails.get_pixels, call.name)
        elif call.kind == "getTile":
            request.scope[ENTRY].stands_for(self._methods.maps.body(call.name))
            work = partial(self._methods.maps.tile, call.name)
        else:
            work = partial(self._methods.compute_pixels, call.body)
        file, profile = await self._count(call.kind, work)
        seconds = self.pace.seconds(file.counted_bytes)
        reply = BytesReply(file.content, file.media_type, self._stats, place, seconds=seconds)
        return self._profiled(request, reply, profile)

    async def _table(self, request: Request, call: Call, place: Place) -> BytesReply:
        request.scope[ENTRY].stands_for(self._methods.tables.kept.get(call.name))
        work = partial(self._methods.tables.file, call.name)
        (content, media_type, name), profile = await self._count(call.kind, work)
        seconds = self.pace.seconds(len(content))
        reply = BytesReply(content, media_type, self._stats, place, seconds=seconds)
        # Letters beyond ASCII go by RFC 6266.
        told = f'filename="{name}"' if name.isascii() else f"filename*=UTF-8''{quote(name)}"
        reply.headers["content-disposition"] = f"attachment; {told}"
        return self._profiled(request, reply, profile)

    def _to_json(self, call: Call) -> Callable[[], Any] | None:
        """What makes a reply of JSON; None for a reply of pixels."""
        if call.kind in _KEPT:
            return partial(self._methods.keep, call.name, call.kind, call.body)
        method = self._methods.of_values.get(call.kind)
        return None if method is None else partial(method, call.body)

    def _profiled(self, request: Request, reply: BytesReply, profile: Profile) -> BytesReply:
        """A reply with the name of its profile, for whoever wants one."""
        if REQUEST_HEADER in request.headers:
            reply.headers[REPLY_HEADER] = self._methods.profiles.add(profile)
        return reply

    @staticmethod
    async def _still_there(request: Request, due: float) -> bool:
        """Wait until a reply is due; false if the client went away meanwhile."""
        while (left := due - time.monotonic()) > 0:
            await asyncio.sleep(min(left, _LOOK_UP))
            if await request.is_disconnected():
                return False
        return True

    async def _count(self, kind: str, work: Callable[[], Any]) -> tuple[Any, Profile]:
        """Do work whose processor time counts."""
        spent = 0.0

        def counted() -> Any:
            nonlocal spent
            began = time.thread_time()
            try:
                return work()
            finally:
                spent = time.thread_time() - began
                self._gate.spend(spent)

        return await self._run(counted), Profile(kind, spent)

    async def _run(self, work: Callable[[], Any]) -> Any:
        watched = partial(self._watchdog.run, work)
        return await asyncio.get_running_loop().run_in_executor(self._pool, watched)

    async def _understand(self, request: Request) -> Call:
        path, method = request.url.path, request.method
        query: Mapping[str, str] = request.query_params
        body = b""
        if method in {"POST", "PATCH"}:
            body = await self._body(request)
            # The client sends a GET with a long URL this way.
            if request.headers.get("x-http-method-override", "").upper() == "GET":
                method = "GET"
                query = {**query, **dict(parse_qsl(body.decode("utf-8", "replace")))}
        kind, name = _route(method, path)
        self._stats.request(kind)
        request.scope[ENTRY].understood(kind, name, query, body)
        if kind == "unknown":
            raise ServiceError(f"Not found: {method} {path}", code=404, kind="unknown path")
        caller = request.headers.get("x-goog-user-project", "")
        return Call(kind, name, query, body, caller)

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
    if (resource := resource_route(method, path)) is not None:
        return resource
    if method == "GET":
        if path == "/$discovery/rest":
            return "discovery", ""
        if found := _GET.fullmatch(path):
            verb, name = found["verb"], found["name"]
            if verb == "/algorithms" and name.count("/") == 1:
                return "algorithms", name
            if verb in (":listAssets", ":listImages"):
                return "listAssets", name
            if verb == ":getPixels" and _THUMBNAIL.fullmatch(name):
                return "getThumbnail", name
            if verb == ":getFeatures" and _TABLE.fullmatch(name):
                return "getTable", name
            if verb.startswith("/tiles/") and "/maps/" in name:
                return "getTile", name + verb
            if not verb and "/assets/" in name:
                return "getAsset", name
    if method == "POST" and (found := _POST.fullmatch(path)):
        verb = found["verb"].lstrip("/:")
        kind = verb if verb == "value:compute" else verb.rpartition(":")[2]
        if kind != "getPixels" or "/assets/" in found["name"]:
            return kind, found["name"]
    return "unknown", ""
