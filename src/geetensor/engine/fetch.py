"""The scheduler: requests go out, a bounded number at a time; their pixels go to a sink."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from geetensor.engine import wire
from geetensor.engine.decode import decode_pixels
from geetensor.engine.retry import NO_REPLY, Remedy, RetryPolicy, remedy
from geetensor.errors import (
    BadReplyError,
    EarthEngineError,
    NotFoundError,
    ServiceUnavailableError,
    SignInError,
)
from geetensor.grid import PixelGrid  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from geetensor.engine.transport import Reply, Transport
    from geetensor.plan import Tile

MAX_WORKERS = 32
"""Requests at a time. Earth Engine allows a project 40; the rest is left to its other users."""


@dataclass(frozen=True, slots=True)
class PixelRequest:
    """One tile of one image.

    Attributes:
        ref: the image.
        label: what to call it in messages.
        grid: of the whole output.
        band_ids: Earth Engine's names of all bands of the output.
        tile: its share of it.
        time: index on the output's time axis.
    """

    ref: wire.ImageRef
    label: str
    grid: PixelGrid
    band_ids: tuple[str, ...]
    tile: Tile
    time: int = 0

    @property
    def tile_bands(self) -> list[str]:
        """Earth Engine's names of the tile's bands."""
        return [self.band_ids[i] for i in self.tile.group.indices]

    def __str__(self) -> str:
        row, col, height, width = self.tile.window
        return (
            f"{self.label}, bands {', '.join(self.tile_bands)}, rows {row}-{row + height - 1}, "
            f"columns {col}-{col + width - 1}"
        )


class Sink(Protocol):
    """Where pixels go."""

    def place(self, time: int, tile: Tile, bands: Sequence[NDArray[Any]]) -> None:
        """Write a tile to its place. Called from several threads, for disjoint tiles.

        Args:
            time: index on the time axis.
            tile: which bands and pixels these are.
            bands: one array a band of the tile, each `(height, width)`.
        """


def fetch_pixels(
    requests: Iterable[PixelRequest],
    sink: Sink,
    transport: Transport,
    *,
    max_workers: int = MAX_WORKERS,
    on_placed: Callable[[PixelRequest], None] | None = None,
    policy: RetryPolicy | None = None,
) -> None:
    """Fetch tiles and place them. Returns when all are in place.

    Args:
        requests: the tiles.
        sink: where they go.
        transport: the door to the network.
        max_workers: requests at a time.
        on_placed: called with each request whose pixels are in place, from any thread.
        policy: how patiently to ask again.

    Raises:
        EarthEngineError: the first request that cannot be had. No further one is sent.
    """
    stopped = threading.Event()
    fetcher = _Fetcher(sink, transport, policy or RetryPolicy(), stopped, on_placed)
    planned = iter(requests)
    parts: deque[PixelRequest] = deque()  # of tiles that had to be split
    running: set[Future[list[PixelRequest]]] = set()
    with ThreadPoolExecutor(max_workers, thread_name_prefix="geetensor") as pool:
        try:
            while True:
                while len(running) < max_workers:
                    request = parts.popleft() if parts else next(planned, None)
                    if request is None:
                        break
                    running.add(pool.submit(fetcher.fetch, request))
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    parts.extend(future.result())
        finally:
            stopped.set()


def compute_value(
    expression: bytes, transport: Transport, *, label: str, policy: RetryPolicy | None = None
) -> Any:
    """The value of an expression.

    Args:
        expression: serialised.
        transport: the door to the network.
        label: what to call it in messages.
        policy: how patiently to ask again.

    Raises:
        EarthEngineError: if the service does not answer it.
    """
    session = transport.session
    path, body = wire.compute_call(expression, session.project, session.workload_tag)
    policy = policy or RetryPolicy()
    attempt = 0
    while True:
        attempt += 1
        reply = transport.post(path, body)
        if reply.status == 200:
            return wire.decode_value(reply.body)
        delay = None
        if remedy(reply.status, reply.message) is Remedy.RETRY:
            delay = policy.delay(attempt, reply.retry_after, _JITTER)
        if delay is None:
            raise _failure(reply, label, attempt)
        time.sleep(delay)


_JITTER = random.Random()


@dataclass(frozen=True, slots=True)
class _Fetcher:
    sink: Sink
    transport: Transport
    policy: RetryPolicy
    stopped: threading.Event
    on_placed: Callable[[PixelRequest], None] | None

    def fetch(self, request: PixelRequest) -> list[PixelRequest]:
        """Fetch and place one tile; return the smaller requests it must be replaced by."""
        session = self.transport.session
        window, group = request.tile.window, request.tile.group
        path, body = wire.pixels_call(
            request.ref,
            request.grid.window(window),
            request.tile_bands,
            group.file_format,
            session.project,
            session.workload_tag,
        )
        attempt = 0
        while not self.stopped.is_set():
            attempt += 1
            reply = self.transport.post(path, body)
            if reply.status == 200:
                try:
                    bands = decode_pixels(
                        reply.body, group.file_format, request.tile_bands, window[2:]
                    )
                except BadReplyError as error:
                    reply = replace(reply, status=NO_REPLY, message=str(error))
                else:
                    self.sink.place(request.time, request.tile, bands)
                    if self.on_placed:
                        self.on_placed(request)
                    return []
            what = remedy(reply.status, reply.message)
            parts = request.tile.split() if what is Remedy.SPLIT else ()
            if parts:
                return [replace(request, tile=part) for part in parts]
            delay = None
            if what is Remedy.RETRY:
                delay = self.policy.delay(attempt, reply.retry_after, _JITTER)
            if delay is None:
                raise _failure(reply, str(request), attempt)
            self.stopped.wait(delay)
        return []


def _failure(reply: Reply, subject: str, attempts: int) -> Exception:
    """The error that says what happened, to what, and what to do."""
    status, message = reply.status or None, reply.message
    if status == 401:
        return SignInError(
            f"Earth Engine answered 401 to {subject}: {message} Sign in again: "
            "geetensor.ee_utils.initialize(), or ee.Authenticate()."
        )
    if status == 403:
        return SignInError(f"Earth Engine answered 403 to {subject}: {message}")
    kind, advice = EarthEngineError, ""
    if wire.is_not_found(reply.status, message):
        kind, advice = NotFoundError, "Check the asset id and who may read it."
    elif remedy(reply.status, message) is Remedy.RETRY:
        kind = ServiceUnavailableError
        advice = "Nothing is wrong with the request: try again later, or with fewer max_workers."
    return kind(message, status=status, attempts=attempts, subject=subject, advice=advice)
