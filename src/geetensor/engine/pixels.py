"""Tiles of pixels: what is asked for, where it goes, and the task that fetches one."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Protocol

from geetensor.engine import wire
from geetensor.engine.answer import answer_to
from geetensor.engine.decode import RowWriter, pixel_decoder
from geetensor.engine.endpoint import endpoint_of
from geetensor.engine.events import Split, TileFetched, emit
from geetensor.engine.expression import stacked
from geetensor.engine.lesson import HALF, QUARTER
from geetensor.engine.retry import NO_REPLY, Remedy, remedy
from geetensor.engine.tasks import Done, Fail, Replace, Retry
from geetensor.engine.transport import Reply
from geetensor.errors import BadReplyError, LossyReplyError, RequestTooLargeError
from geetensor.grid import PixelGrid, Window
from geetensor.masks import FileFormat

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from geetensor.engine.call import Call
    from geetensor.engine.events import Hook
    from geetensor.engine.lesson import SizeLesson
    from geetensor.engine.tasks import Outcome
    from geetensor.engine.transport import Transport
    from geetensor.masks import BandGroup, Under
    from geetensor.plan import Limits, Tile
    from geetensor.scales import Scaling

_NAMED_BANDS = 8
"""Bands that a message names before it only counts them."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One image of an export.

    Attributes:
        label: what to call it in messages.
        band_ids: Earth Engine's names of the bands, in the output's order.
        groups: the bands, grouped by how their masks travel.
        refs: how requests name the image, by what is done about its masks.
        scalings: what brings each band to physical units, on arrival; None for none.
    """

    label: str
    band_ids: tuple[str, ...]
    groups: tuple[BandGroup, ...]
    refs: Mapping[Under, wire.ImageRef]
    scalings: tuple[Scaling | None, ...] | None = None

    @property
    def source(self) -> Hashable:
        """What it is of: the same for images whose pixels are as heavy for the service."""
        return wire.source_of(next(iter(self.refs.values())))

    @property
    def computed(self) -> bool:
        """Whether the service has to compute anything, be it only what masked pixels hold."""
        return any(isinstance(ref, wire.ExpressionRef) for ref in self.refs.values())


@dataclass(frozen=True, slots=True)
class PixelRequest:
    """One tile of an export.

    Attributes:
        series: the export's images, by index on the time axis.
        grid: of the whole output.
        tile: its share of it.
    """

    series: Sequence[Scene]
    grid: PixelGrid
    tile: Tile

    def image(self) -> tuple[wire.ImageRef, list[str]]:
        """What the request reads: an image and the names of its bands, in the tile's order."""
        group = self.tile.group
        parts = []
        for date in self.tile.times:
            scene = self.series[date]
            names = [scene.band_ids[index] for index in group.indices]
            parts.append((scene.refs[group.under], [*names, *group.mask_names]))
        return parts[0] if len(parts) == 1 else stacked(parts)

    def __str__(self) -> str:
        row, col, height, width = self.tile.window
        scene, others = self.series[self.tile.times[0]], len(self.tile.times) - 1
        more = f" and {others} more" if others else ""
        bands = [scene.band_ids[index] for index in self.tile.group.indices]
        named = ", ".join(bands[:_NAMED_BANDS])
        if len(bands) > _NAMED_BANDS:
            named += f", … ({len(bands)} in all)"
        return (
            f"{scene.label}{more}, bands {named}, rows {row}-{row + height - 1}, "
            f"columns {col}-{col + width - 1}"
        )


class TileWriter(RowWriter, Protocol):
    """Takes one reply's rows.

    A writer that is not finished is forgotten, and what it wrote is written again by another.
    """

    def finish(self) -> None:
        """No more rows come, and those that came are right: all, or the first of them."""


class Sink(Protocol):
    """Where pixels go."""

    takes_any_tile: ClassVar[bool]
    """Whether tiles may be joined, and cut otherwise than they were planned."""

    def has_room(self, tile: Tile) -> bool:
        """Whether a tile may be asked for now; if so, its room is kept for it.

        Called under the scheduler's lock: must be quick. A tile is asked for regardless when
        nothing else of the export is under way.

        Args:
            tile: which dates, bands and pixels.
        """

    def open_tile(self, tile: Tile) -> TileWriter:
        """Begin to write a tile. Called from several threads, for disjoint tiles.

        Args:
            tile: which dates, bands and pixels to expect. The writer gets an array a date and
                band: all bands of the first date, with those of its masks, then those of the
                next.
        """


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the tiles of an export share.

    Attributes:
        sink: where they go.
        transport: the door to the network.
        hook: called with events.
        split: whether tiles may be split.
        lesson: how large they may be.
    """

    sink: Sink
    transport: Transport
    hook: Hook | None
    split: bool
    lesson: SizeLesson


@dataclass(frozen=True, slots=True)
class PixelTask:
    """Fetches a tile and places it, or hands over to smaller ones.

    Attributes:
        request: the tile.
        delivery: what it shares with others.
    """

    request: PixelRequest
    delivery: Delivery

    @property
    def subject(self) -> str:
        """What to call it in messages."""
        return str(self.request)

    @property
    def held_bytes(self) -> int:
        """Bytes that are held until they are decoded; none for NPY, which streams."""
        tile = self.request.tile
        return tile.counted_bytes if tile.group.file_format is FileFormat.GEO_TIFF else 0

    def run(self, call: Call) -> Outcome:
        """Send the request; see `geetensor.engine.tasks.Task`."""
        request, delivery = self.request, self.delivery
        endpoint = endpoint_of(delivery.transport.session)
        known = self._too_large()
        if known:
            return self._smaller(known)
        reply, rows = self._ask(call)
        endpoint.heed(reply.headers)
        placed, rest = self._part(rows)
        if placed is not None:
            self._announce(placed, call)
        if rest is None:
            return Done()
        if remedy(reply.status, reply.message) is Remedy.SPLIT:
            call.rejected()
            endpoint.learn_limits(reply.status, reply.message)
            if wire.is_too_heavy(reply.status, reply.message):
                caution = QUARTER if wire.is_too_slow(reply.message) else HALF
                delivery.lesson.failed(request.tile.counted_bytes, reply.message, caution=caution)
            if not delivery.split or request.tile.split():
                return self._smaller(reply.message)
        outcome = answer_to(reply, self.subject, call)
        if isinstance(outcome, Fail) and self._may_be_one_date(reply):
            return self._by_date(reply.message)
        return replace(outcome, rest=rest) if isinstance(outcome, Retry) else outcome

    def _may_be_one_date(self, reply: Reply) -> bool:
        """Whether the dates may come, or most of them, when each is asked for on its own."""
        dates = len(self.request.tile.times)
        return dates > 1 and self.delivery.split and reply.status in {400, 404}

    def _by_date(self, message: str) -> Replace:
        parts = [self.of(tile) for tile in self.request.tile.by_date()]
        emit(Split(self.subject, len(parts), message), self.delivery.hook)
        return Replace(parts)

    def of(self, tile: Tile) -> PixelTask:
        """The same for another tile of the same images."""
        return replace(self, request=replace(self.request, tile=tile))

    def _part(self, rows: int) -> tuple[Tile | None, PixelTask | None]:
        """The tile's first rows, if any, and the task of getting the others, if any."""
        row, col, height, width = self.request.tile.window
        if not rows:
            return None, self
        top = replace(self.request.tile, window=Window(row, col, rows, width))
        if rows == height:
            return top, None
        below = Window(row + rows, col, height - rows, width)
        rest = replace(self.request.tile, window=below)
        return top, self.of(rest)

    def _announce(self, tile: Tile, call: Call) -> None:
        subject = str(replace(self.request, tile=tile))
        seconds = time.monotonic() - call.started
        event = TileFetched(subject, tile, call.attempt, seconds)
        emit(event, self.delivery.hook)

    def _ask(self, call: Call) -> tuple[Reply, int]:
        """The reply, and how many of the tile's rows it has brought to their place for good."""
        request, transport = self.request, self.delivery.transport
        tile = request.tile
        ref, bands = request.image()
        path, body = wire.pixels_call(
            ref,
            request.grid.window(tile.window),
            bands,
            tile.group.file_format,
            transport.session.project,
            transport.session.workload_tag,
        )
        writer = self.delivery.sink.open_tile(tile)
        decoder = pixel_decoder(tile.group.file_format, bands, tile.window[2:], writer)
        try:
            reply = transport.post(path, body, decoder, call)
        except LossyReplyError:
            raise
        except BadReplyError as error:
            return Reply(NO_REPLY, message=str(error)), 0
        if reply.status == 200:
            writer.finish()
            return reply, tile.window.height
        # The rows before a connection broke are right; only the others are asked for again.
        rows = decoder.rows if self.delivery.split else 0
        if rows:
            writer.finish()
        return reply, rows

    @property
    def limits(self) -> Limits:
        """What one request may ask for, as far as is known by now."""
        endpoint = endpoint_of(self.delivery.transport.session)
        return endpoint.limits.within(self.delivery.lesson.most[0])

    def _too_large(self) -> str:
        """Why the tile need not be sent as it is; empty if it may work."""
        tile = self.request.tile
        limits = endpoint_of(self.delivery.transport.session).limits
        most, words = self.delivery.lesson.most
        if tile.counted_bytes > limits.request_bytes:
            return f"a request may count {limits.request_bytes} bytes"
        if max(tile.window.height, tile.window.width) > limits.side:
            return f"a request may be {limits.side} pixels a side"
        if most is not None and tile.counted_bytes > most and tile.split():
            return words
        return ""

    def _smaller(self, message: str) -> Outcome:
        if not self.delivery.split:
            return Fail(
                RequestTooLargeError(
                    f"{self.subject} does not come in one request: {message} export_image splits "
                    "it."
                )
            )
        parts = [self.of(tile) for tile in self._cut()]
        emit(Split(self.subject, len(parts), message), self.delivery.hook)
        # Of a tile that nothing known speaks against, the parts are not to be made one again.
        return Replace(parts, anew=bool(self._too_large()))

    def _cut(self) -> Iterator[Tile]:
        """The tile's halves, or theirs, until none is known to be too large."""
        limits = self.limits
        parts = [*reversed(self.request.tile.split())]
        while parts:
            part = parts.pop()
            too_large = (
                part.counted_bytes > limits.request_bytes or max(part.window[2:]) > limits.side
            )
            halves = part.split() if too_large else ()
            if halves:
                parts.extend(reversed(halves))
            else:
                yield part
