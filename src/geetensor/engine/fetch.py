"""What the rooms above ask of the engine: pixels into a sink, and computed values."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from geetensor.engine import wire
from geetensor.engine.answer import answer_to
from geetensor.engine.endpoint import endpoint_of
from geetensor.engine.job import Job
from geetensor.engine.parcels import Parcels
from geetensor.engine.pixels import Delivery, PixelTask, SizeLesson
from geetensor.engine.retry import NO_REPLY
from geetensor.engine.tasks import Cap, Done, Fail
from geetensor.engine.transport import Collected, Reply
from geetensor.errors import BadReplyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from geetensor.engine.call import Call
    from geetensor.engine.endpoint import Endpoint
    from geetensor.engine.events import Hook
    from geetensor.engine.pace import Pace
    from geetensor.engine.pixels import PixelRequest, Sink
    from geetensor.engine.tasks import Outcome, Task
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

    def admit(task: Task) -> bool:
        return not isinstance(task, PixelTask) or sink.has_room(task.request.tile)

    _run(Job(tasks, cap=Cap(max_workers), hook=hook, admit=admit), transport)


def compute_value(
    expression: bytes, transport: Transport, *, label: str, hook: Hook | None = None
) -> Any:
    """The value of an expression.

    Args:
        expression: serialised.
        transport: the door to the network.
        label: what to call it in messages.
        hook: called with events.

    Raises:
        EarthEngineError: if the service does not answer it.
        BadReplyError: if it answers with nothing.
    """
    task = _ValueTask(expression, transport, label)
    pace = endpoint_of(transport.session).value_pace
    _run(Job([task], hook=hook, pace=pace), transport)
    return task.value


def compute_each(
    expressions: Sequence[tuple[bytes, str]], transport: Transport
) -> list[Any | Exception]:
    """The values of some expressions, asked for at the same time.

    Args:
        expressions: serialised, each with what messages call it.
        transport: the door to the network.

    Returns:
        The values. One that cannot be had does not end the others: its error stands in its place.

    Raises:
        SignInError: if there is no way in; the others would fail too.
    """
    tasks = [_ValueTask(expression, transport, label) for expression, label in expressions]
    results: list[Any | Exception] = [None] * len(tasks)
    pace = endpoint_of(transport.session).value_pace
    with open_parcels(transport, pace=pace) as parcels:
        for index, task in enumerate(tasks):
            parcels.add_tasks(index, [task])
        for _ in tasks:
            parcel = parcels.take()
            results[parcel.label] = parcel.error or tasks[parcel.label].value
    return results


@contextmanager
def open_parcels(
    transport: Transport,
    *,
    max_workers: int | None = None,
    hook: Hook | None = None,
    pace: Pace | None = None,
) -> Iterator[Parcels[Any]]:
    """A job that takes parcels of pixels as they are planned, and ends with the context.

    Args:
        transport: the door to the network.
        max_workers: as in `fetch_pixels`.
        hook: called with events.
        pace: to be shared with jobs of the same kind; by default the job's own.
    """
    endpoint = endpoint_of(transport.session)
    parcels: Parcels[Any] = Parcels(
        transport, endpoint.scheduler, max_workers=max_workers, hook=hook, pace=pace
    )
    try:
        yield parcels
    finally:
        parcels.close()
        _pass_on_notice(endpoint)


def _run(job: Job, transport: Transport) -> None:
    endpoint = endpoint_of(transport.session)
    try:
        endpoint.scheduler.run(job)
    finally:
        _pass_on_notice(endpoint)


def _pass_on_notice(endpoint: Endpoint) -> None:
    notice = endpoint.take_notice()
    if notice:
        warnings.warn(notice, stacklevel=6)


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
