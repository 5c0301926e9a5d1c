"""What the rooms above ask of the engine: pixels into a sink, and computed values."""

from __future__ import annotations

import functools
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

from geetensor.callers import warn_caller
from geetensor.engine.endpoint import endpoint_of
from geetensor.engine.job import Job
from geetensor.engine.pace import COMPUTED, STORED, Pace
from geetensor.engine.parcels import Parcels
from geetensor.engine.pixels import Delivery, PixelTask
from geetensor.engine.planner import plan_anew
from geetensor.engine.tasks import Cap
from geetensor.engine.values import PageTask, ValueTask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from geetensor.engine.endpoint import Endpoint
    from geetensor.engine.events import Hook
    from geetensor.engine.pixels import PixelRequest, Scene, Sink
    from geetensor.engine.tasks import Task
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


def known_limits(transport: Transport, series: Sequence[Scene] = ()) -> Limits:
    """What one request may ask for: as published, or as the service has shown since.

    Args:
        transport: the door to the network.
        series: images, whose requests may have been too much for the service's memory before.
    """
    endpoint = endpoint_of(transport.session)
    most = endpoint.known(series[0].source).lesson.most[0] if series else None
    return endpoint.limits.within(most)


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
    pulled = iter(requests)
    first = next(pulled, None)
    if first is None:
        return
    known = endpoint_of(transport.session).known(first.series[0].source)
    delivery = Delivery(sink, transport, hook, split, known.lesson)

    def admit(task: Task) -> bool:
        return not isinstance(task, PixelTask) or sink.has_room(task.request.tile)

    job = Job(
        (PixelTask(request, delivery) for request in chain([first], pulled)),
        cap=Cap(max_workers),
        hook=hook,
        pace=Pace(COMPUTED if first.series[0].computed else STORED, known.pace),
        planner=plan_anew if split and sink.takes_any_tile else None,
        admit=admit,
    )
    _run(job, transport)


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
    task = ValueTask(expression, transport, label)
    pace = endpoint_of(transport.session).value_pace
    _run(Job([task], hook=hook, pace=pace), transport)
    return task.value


def compute_each(
    expressions: Sequence[tuple[bytes, str]],
    transport: Transport,
    *,
    convert: Callable[[int, Any], Any] | None = None,
    tables: bool = False,
) -> list[Any | Exception]:
    """The values of some expressions, asked for at the same time.

    Args:
        expressions: serialised, each with what messages call it.
        transport: the door to the network.
        convert: what to keep of the value of the expression with an index, so that not all are
            held as they came; called from several threads.
        tables: whether they are tables, for which one has to be more patient.

    Returns:
        The values. One that cannot be had does not end the others: its error stands in its place.

    Raises:
        SignInError: if there is no way in; the others would fail too.
    """
    tasks = [
        ValueTask(expression, transport, label, convert and functools.partial(convert, index))
        for index, (expression, label) in enumerate(expressions)
    ]
    results: list[Any | Exception] = [None] * len(tasks)
    endpoint = endpoint_of(transport.session)
    pace = endpoint.table_pace if tables else endpoint.value_pace
    with open_parcels(transport, pace=pace) as parcels:
        for index, task in enumerate(tasks):
            parcels.add_tasks(index, [task])
        for _ in tasks:
            parcel = parcels.take()
            results[parcel.label] = parcel.error or tasks[parcel.label].value
    return results


def fetch_features(
    tables: Sequence[tuple[bytes, str]],
    take: Callable[[int, list[Any]], None],
    transport: Transport,
) -> None:
    """The rows of tables of any length, page after page; of several tables at the same time.

    Args:
        tables: expressions of feature collections, serialised, each with what messages call it.
        take: called with the index of a table and the features of its next page, from several
            threads, but for one table after another.
        transport: the door to the network.

    Raises:
        EarthEngineError: the first page that cannot be had. The others are stopped.
    """
    tasks = [
        PageTask(expression, transport, label, functools.partial(take, index))
        for index, (expression, label) in enumerate(tables)
    ]
    _run(Job(tasks, pace=endpoint_of(transport.session).table_pace), transport)


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
        warn_caller(notice)
