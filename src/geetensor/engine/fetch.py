"""What the rooms above ask of the engine: pixels into a sink, and computed values."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from geetensor.engine import wire
from geetensor.engine.answer import answer_to
from geetensor.engine.endpoint import endpoint_of
from geetensor.engine.job import Job
from geetensor.engine.pixels import Delivery, PixelTask, SizeLesson
from geetensor.engine.retry import NO_REPLY
from geetensor.engine.tasks import Cap, Done, Fail
from geetensor.engine.transport import Collected, Reply
from geetensor.errors import BadReplyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from geetensor.engine.call import Call
    from geetensor.engine.events import Hook
    from geetensor.engine.pixels import PixelRequest, Sink
    from geetensor.engine.tasks import Outcome
    from geetensor.engine.transport import Transport
    from geetensor.plan import Limits


def concurrency(transport: Transport, max_workers: int | None = None) -> int:
    """Requests at a time that an export may count on, for now.

    Args:
        transport: the door to the network.
        max_workers: as the caller asked; None for what the service allows.
    """
    limit = endpoint_of(transport.session).scheduler.limit
    return limit if max_workers is None else min(limit, max_workers)


def known_limits(transport: Transport) -> Limits:
    """What one request may ask for: as published, or as the service has said since.

    Args:
        transport: the door to the network.
    """
    return endpoint_of(transport.session).limits


def fetch_pixels(
    requests: Iterable[PixelRequest],
    sink: Sink,
    transport: Transport,
    *,
    max_workers: int | None = None,
    split: bool = True,
    hook: Hook | None = None,
) -> None:
    """Fetch tiles and place them. Returns when all are in place.

    Args:
        requests: the tiles. Pulled as there is room; must not use the engine.
        sink: where they go.
        transport: the door to the network.
        max_workers: requests at a time, at the most; None for what the service allows.
        split: whether a tile that is too large may be had in parts.
        hook: called with events.

    Raises:
        RequestTooLargeError: if a tile is too large and not to be split.
        EarthEngineError: the first request that cannot be had. The others are stopped.
    """
    delivery = Delivery(sink, transport, hook, split, SizeLesson())
    tasks = (PixelTask(request, delivery) for request in requests)
    _run(Job(tasks, cap=Cap(max_workers), hook=hook), transport)


def compute_value(
    expression: bytes, transport: Transport, *, label: str, hook: Hook | None = None
) -> Any:
    """The value of an expression; see `compute_values`."""
    [value] = compute_values([(expression, label)], transport, hook=hook)
    return value


def compute_values(
    expressions: Sequence[tuple[bytes, str]], transport: Transport, *, hook: Hook | None = None
) -> list[Any]:
    """The values of some expressions, asked for at the same time.

    Args:
        expressions: serialised, each with what messages call it.
        transport: the door to the network.
        hook: called with events.

    Raises:
        EarthEngineError: the first that the service does not answer.
        BadReplyError: if it answers with nothing.
    """
    tasks = [_ValueTask(expression, transport, label) for expression, label in expressions]
    pace = endpoint_of(transport.session).value_pace
    _run(Job(tasks, hook=hook, pace=pace), transport)
    return [task.value for task in tasks]


def _run(job: Job, transport: Transport) -> None:
    endpoint = endpoint_of(transport.session)
    try:
        endpoint.scheduler.run(job)
    finally:
        notice = endpoint.take_notice()
        if notice:
            warnings.warn(notice, stacklevel=5)


@dataclass(slots=True)
class _ValueTask:
    expression: bytes = field(repr=False)
    transport: Transport
    subject: str
    held_bytes: int = 0
    value: Any = None

    def run(self, call: Call) -> Outcome:
        session = self.transport.session
        path, body = wire.compute_call(self.expression, session.project, session.workload_tag)
        reply_body = Collected()
        reply = self.transport.post(path, body, reply_body, call)
        endpoint_of(session).heed(reply.headers)
        if reply.status == 200:
            try:
                self.value = wire.decode_value(reply_body.body)
            except BadReplyError as error:
                reply = Reply(NO_REPLY, message=str(error))
            else:
                if self.value is None:
                    return Fail(BadReplyError(f"{self.subject}: Earth Engine computed null."))
                return Done()
        return answer_to(reply, self.subject, call.attempt)
