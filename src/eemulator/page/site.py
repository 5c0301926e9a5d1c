"""The pages, for a browser on this machine: assets, one asset, its preview; no scripts."""

from __future__ import annotations

import asyncio
import ipaddress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from ..catalog.model import TYPES, CollectionAsset, ImageAsset, TableAsset
from ..errors import ServiceError
from ..names import PROJECT
from .footprints import footprint_map
from .preview import preview_png, shown_bands

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from ..catalog.model import Asset
    from ..catalog.user import UserCatalog
    from ..rest.methods import Methods
    from .log import Entry, RequestLog

_SHOWN = 50
"""Images of a collection, or rows of a table, on one page."""

_CELL = 200
"""Characters of a property of a row."""

_HEADERS = {
    # Nothing is loaded from elsewhere and nothing runs, whatever an asset is called.
    "content-security-policy": "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Page:
    """The pages as routes.

    Args:
        catalog: the assets.
        methods: where previews get their pixels.
        log: the requests to show.
        run: makes a page in a thread, watched over like a request.

    Attributes:
        routes: to be asked before the service's own.
    """

    def __init__(
        self,
        catalog: UserCatalog,
        methods: Methods,
        log: RequestLog,
        run: Callable[[Callable[[], Response]], Awaitable[Response]],
    ) -> None:
        self._catalog = catalog
        self._methods = methods
        self._log = log
        self._run = run
        self._templates = Environment(
            loader=PackageLoader("eemulator.page"), autoescape=True, undefined=StrictUndefined
        )
        self.routes = [
            Route("/", self._guarded(self._index)),
            Route("/page/asset", self._guarded(self._asset)),
            Route("/page/preview", self._one_at_a_time(self._guarded(self._preview))),
        ]

    def _guarded(
        self, handler: Callable[[Request], Response]
    ) -> Callable[[Request], Awaitable[Response]]:
        """A handler in a thread, for hosts that are this machine's."""

        async def handle(request: Request) -> Response:
            if not _is_local_name(request.url.hostname or ""):
                text = "This page is shown under an IP address or localhost only.\n"
                return PlainTextResponse(text, 403, _HEADERS)
            try:
                return await self._run(partial(handler, request))
            except ServiceError as error:
                return PlainTextResponse(f"{error.message}\n", error.code, _HEADERS)

        return handle

    @staticmethod
    def _one_at_a_time(
        handler: Callable[[Request], Awaitable[Response]],
    ) -> Callable[[Request], Awaitable[Response]]:
        """Previews that nobody may wait for leave the threads to requests."""
        place = asyncio.Semaphore(1)

        async def handle(request: Request) -> Response:
            async with place:
                return await handler(request)

        return handle

    def _index(self, request: Request) -> Response:
        assets = [
            {
                "id": asset.id,
                "href": _asset_href(asset.id),
                "type": TYPES[type(asset)],
                "count": _count(self._catalog.get(asset.id)),
            }
            for asset in sorted([*self._catalog, *self._catalog.made()], key=lambda one: one.id)
        ]
        return self._html(
            "index.html",
            url=f"{request.url.scheme}://{request.url.netloc}",
            project=PROJECT,
            assets=assets,
            entries=[_row(entry) for entry in reversed(self._log.entries())],
            most=self._log.most,
        )

    def _asset(self, request: Request) -> Response:
        asset = self._found(request)
        parent = asset.id.rpartition("/")[0]
        fields: dict[str, Any] = {
            "id": asset.id,
            "type": TYPES[type(asset)],
            "count": _count(asset),
            "parent": None,
            "map": None,
            "bands": [],
            "images": None,
            "rows": None,
            "preview": None,
            "properties": sorted(asset.properties.items()),
        }
        if isinstance(asset, CollectionAsset):
            fields |= _images_of(asset, request.query_params.get("from", "0"))
        elif isinstance(asset, TableAsset):
            fields |= _rows_of(asset, request.query_params.get("from", "0"))
        elif isinstance(asset, ImageAsset):
            shown = shown_bands(asset)
            fields |= {
                "map": footprint_map([asset]),
                "bands": asset.bands,
                "shown": ", ".join(shown),
                "preview": f"/page/preview?{urlencode({'id': asset.id})}" if shown else None,
            }
            if isinstance(self._catalog.get(parent), CollectionAsset):
                fields["parent"] = {"id": parent, "href": _asset_href(parent)}
        return self._html("asset.html", **fields)

    def _preview(self, request: Request) -> Response:
        asset = self._found(request)
        if not isinstance(asset, ImageAsset):
            raise ServiceError(f"'{asset.id}' is not an image.", 404)
        content = preview_png(asset, self._methods)
        return Response(content, 200, _HEADERS, "image/png")

    def _found(self, request: Request) -> Asset:
        asset_id = request.query_params.get("id", "")
        asset = self._catalog.get(asset_id)
        if asset is None:
            raise ServiceError(f"There is no asset '{asset_id}'.", 404)
        return asset

    def _html(self, template: str, **fields: Any) -> Response:
        text = self._templates.get_template(template).render(fields)
        return Response(text, 200, _HEADERS, "text/html; charset=utf-8")


def _is_local_name(host: str) -> bool:
    """Whether no stranger's domain can be behind a `Host` header.

    A site elsewhere can let its own name point at this machine, and then read what is served under
    that name; it cannot own an address, `localhost`, or a name without a dot.
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(".localhost")
    return True


def _images_of(collection: CollectionAsset, start: str) -> dict[str, Any]:
    turned, part = _part_of(collection.id, len(collection.images), start)
    images = list(collection.images[part])
    shown = [{"id": image.id, "href": _asset_href(image.id)} for image in images]
    return {**turned, "map": footprint_map(images), "images": shown}


def _rows_of(table: TableAsset, start: str) -> dict[str, Any]:
    turned, part = _part_of(table.id, len(table.features), start)
    rows = [
        {
            "index": row.index or "",
            "geometry": "" if row.geometry is None else row.geometry.shape.geom_type,
            "properties": [
                (name, str(value)[:_CELL])
                for name, value in row.properties.items()
                if name != "system:index"
            ],
        }
        for row in table.features[part]
    ]
    return {**turned, "rows": rows}


def _part_of(asset_id: str, count: int, start: str) -> tuple[dict[str, Any], slice]:
    """Which part of what an asset holds is on a page, and the way to those before and after."""
    first = min(int(start), max(count - 1, 0)) if start.isascii() and start.isdigit() else 0
    last = min(first + _SHOWN, count)

    def page(number: int) -> str:
        return f"{_asset_href(asset_id)}&from={number}"

    turned = {
        "count": count,
        "first": first + 1 if count else 0,
        "last": last,
        "before": page(max(first - _SHOWN, 0)) if first else None,
        "after": page(last) if last < count else None,
    }
    return turned, slice(first, last)


def _asset_href(asset_id: str) -> str:
    return f"/page/asset?id={quote(asset_id)}"


def _count(asset: Asset | None) -> str:
    """How much is in it."""
    match asset:
        case CollectionAsset():
            return str(len(asset.images))
        case TableAsset():
            return str(len(asset.features))
    return ""


def _row(entry: Entry) -> dict[str, Any]:
    """What the table shows of a request."""
    bands = entry.fields.get("bandIds")
    details = [
        entry.grid,
        f"tile {entry.name.rpartition('/tiles/')[2]}" if entry.kind == "getTile" else "",
        ", ".join(map(str, bands)) if isinstance(bands, list) else "",
        ", ".join(f"{key}: {value}" for key, value in entry.query.items()),
        f"injected fault: {entry.fault}" if entry.fault else "",
    ]
    status = "cut" if entry.seconds is not None and entry.status is None else entry.status
    return {
        "number": entry.number,
        "clock": datetime.fromtimestamp(entry.time, UTC).strftime("%H:%M:%S.%f")[:-3],
        "kind": entry.kind or entry.path,
        "method": entry.method,
        "code": entry.code,
        "detail": " · ".join(filter(None, details)),
        "bytes": f"{entry.size:,}",
        "status": "under way" if status is None else status,
        "failed": status == "cut" or (entry.status is not None and entry.status >= 400),
        "milliseconds": "" if entry.seconds is None else f"{entry.seconds * 1000:.1f}",
    }
