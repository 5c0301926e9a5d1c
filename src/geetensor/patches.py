"""Thousands of small exports at a time: planned some way ahead, given back as they are done."""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geetensor.ee_utils import parse_extent
from geetensor.engine.fetch import concurrency, known_limits, open_parcels
from geetensor.errors import GeetensorError, InvalidInputError
from geetensor.export import Export, Pixels, plan_export
from geetensor.source import METADATA_BATCH, Source, open_each

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    import ee

    from geetensor.engine.events import Hook
    from geetensor.engine.parcels import Parcels
    from geetensor.engine.transport import Transport
    from geetensor.geometry import Area, Spot
    from geetensor.options import Options
    from geetensor.sinks.memory import MemorySink

AHEAD_BYTES = 256 * 10**6
"""Bytes of outputs that are fetched, or wait to be taken, at a time; one output at the least."""

AHEAD = 3 * METADATA_BATCH
"""Exports under way at a time, at the most: several for each request that the service allows."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One export of many that is done.

    Attributes:
        index: of its job.
        source: the image.
        export: as planned.
        pixels: values and mask, each `(1, band, height, width)`.
    """

    index: int
    source: Source
    export: Export
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class _Planned:
    index: int
    source: Source
    export: Export
    beside: int  # counted bytes of the others that were planned with it


@dataclass(frozen=True, slots=True)
class _Sent:
    planned: _Planned
    sink: MemorySink


def run_many(
    jobs: Iterable[Any],
    options: Options,
    size: object,
    crs_geometry: str,
    transport: Transport,
    *,
    max_workers: int | None = None,
    hook: Hook | None = None,
) -> Generator[Patch | tuple[int, GeetensorError], None, None]:
    """Export many areas, each by itself.

    Jobs are read, looked up and planned in the caller's thread, a batch when there is room for
    it, while earlier ones are fetched.

    Args:
        jobs: as `geetensor.ee_image.export_many` takes them.
        options: how each output should be.
        size: of jobs that are points and have none of their own.
        crs_geometry: of the coordinates.
        transport: the door to the network.
        max_workers: requests at a time, over all jobs.
        hook: called with events.

    Yields:
        What is done, as it is done; or the index of a job, and why it failed.

    Raises:
        SignInError: if there is no way in: all that follows would fail too.
    """
    numbered = enumerate(jobs)
    planned: deque[_Planned] = deque()
    under_way, held, exhausted = 0, 0, False
    with open_parcels(transport, max_workers=max_workers, hook=hook) as parcels:
        while True:
            if not exhausted and not planned and under_way + METADATA_BATCH <= AHEAD:
                batch = list(itertools.islice(numbered, METADATA_BATCH))
                exhausted = len(batch) < METADATA_BATCH
                for one in _plan(batch, options, size, crs_geometry, transport):
                    if isinstance(one, _Planned):
                        planned.append(one)
                    else:
                        yield one
            while planned and (held < AHEAD_BYTES or not under_way):
                one = planned.popleft()
                held += one.export.output_bytes
                under_way += 1
                _send(one, parcels, transport, max_workers)
            if under_way:
                parcel = parcels.take()
                sent: _Sent = parcel.label
                one = sent.planned
                under_way -= 1
                held -= one.export.output_bytes
                if parcel.error is None:
                    yield Patch(one.index, one.source, one.export, one.export.values(sent.sink))
                elif isinstance(parcel.error, GeetensorError):
                    yield one.index, parcel.error
                else:
                    raise parcel.error
            elif exhausted and not planned:
                return


def _send(
    one: _Planned, parcels: Parcels[_Sent], transport: Transport, max_workers: int | None
) -> None:
    sink = one.export.sink()
    requests = one.export.requests(
        concurrency(transport, max_workers), known_limits(transport), beside=one.beside
    )
    parcels.add(_Sent(one, sink), [*requests], sink)


def _plan(
    batch: list[tuple[int, Any]],
    options: Options,
    size: object,
    crs_geometry: str,
    transport: Transport,
) -> Iterator[_Planned | tuple[int, GeetensorError]]:
    """Look up and plan some jobs; each that cannot be planned gives its error."""
    wanted: list[tuple[int, ee.Image | str, Area | Spot]] = []
    for index, job in batch:
        try:
            image, geometry, own_size = _parse_job(job, index)
            pixels = size if own_size is None else own_size
            extent = parse_extent(geometry, pixels, crs_geometry, transport)
        except GeetensorError as error:
            yield index, error
        else:
            wanted.append((index, image, extent))
    found = []
    opened = open_each([image for _, image, _ in wanted], transport)
    for (index, _, extent), source in zip(wanted, opened, strict=True):
        try:
            if isinstance(source, GeetensorError):
                raise source
            found.append((index, source, plan_export([source], extent, options)))
        except GeetensorError as error:
            yield index, error
    total = sum(export.counted_bytes for _, _, export in found)
    for index, source, export in found:
        yield _Planned(index, source, export, total - export.counted_bytes)


def _parse_job(job: Any, index: int) -> tuple[Any, Any, object]:
    """Image, geometry and size of a job; None for no size of its own."""
    if isinstance(job, (tuple, list)) and len(job) in {2, 3}:
        image, geometry, *own_size = job
        return image, geometry, own_size[0] if own_size else None
    raise InvalidInputError(
        f"Job {index} must be (image, geometry) or (image, point, size in pixels), got {job!r}."
    )
