"""Pixels in parcels: many small exports through one job, each of which may fail alone."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from geetensor.engine.job import Job
from geetensor.engine.lesson import SizeLesson
from geetensor.engine.pixels import Delivery, PixelTask
from geetensor.engine.tasks import Cap, Done, Fail, Replace, Retry
from geetensor.errors import SignInError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from geetensor.engine.call import Call
    from geetensor.engine.events import Hook
    from geetensor.engine.pace import Pace
    from geetensor.engine.pixels import PixelRequest, Sink
    from geetensor.engine.scheduler import Scheduler
    from geetensor.engine.tasks import Outcome, Task
    from geetensor.engine.transport import Transport

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Parcel(Generic[T]):
    """What stands or falls together.

    Attributes:
        label: whose it is; the caller's.
        parts: tasks that are not done yet.
        error: why it failed; None while it is whole.
    """

    label: T
    parts: int
    error: Exception | None = None


class Parcels(Generic[T]):
    """A job that takes parcels while it runs, and gives them back as they are done.

    Args:
        transport: the door to the network.
        scheduler: to run them.
        max_workers: requests at a time, at the most; None for what the service allows.
        hook: called with events.
        pace: to be shared with jobs of the same kind; by default their own.
    """

    def __init__(
        self,
        transport: Transport,
        scheduler: Scheduler,
        *,
        max_workers: int | None = None,
        hook: Hook | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._transport = transport
        self._scheduler = scheduler
        self._hook = hook
        self._lesson = SizeLesson()
        self._lock = threading.Lock()  # guards the parcels
        self._done: queue.SimpleQueue[Parcel[T] | None] = queue.SimpleQueue()
        self._job = Job(
            (),
            cap=Cap(max_workers),
            hook=hook,
            pace=pace,
            on_end=lambda _: self._done.put(None),
            more=True,
        )
        scheduler.submit(self._job)

    def add(self, label: T, requests: Sequence[PixelRequest], sink: Sink) -> None:
        """Queue the tiles of an export.

        Args:
            label: whose it is; comes back with it.
            requests: its tiles, at least one.
            sink: where they go.
        """
        delivery = Delivery(sink, self._transport, self._hook, split=True, lesson=self._lesson)
        self.add_tasks(label, [PixelTask(request, delivery) for request in requests])

    def add_tasks(self, label: T, tasks: Sequence[Task]) -> None:
        """Queue any tasks, at least one, as a parcel."""
        parcel = Parcel(label, len(tasks))
        parts = [_PartTask(task, parcel, self) for task in tasks]
        self._scheduler.add(self._job, parts)

    def take(self) -> Parcel[T]:
        """Wait for a parcel that is done or has failed. There must be one on its way.

        Raises:
            BaseException: what ended the whole job.
        """
        while True:
            try:
                # With a timeout, as an interrupt does not end a wait for ever on all systems.
                parcel = self._done.get(timeout=1.0)
            except queue.Empty:
                continue
            if parcel is None:
                raise self._job.error or RuntimeError("the parcels are closed")
            return parcel

    def close(self) -> None:
        """Stop what is under way, and leave no thread behind."""
        self._scheduler.cancel(self._job, GeneratorExit())
        self._scheduler.take_leave(self._job)

    # What follows is for the tasks, from any thread.

    def settle(self, parcel: Parcel[Any], parts: int, error: Exception | None = None) -> None:
        """Note that some of a parcel is done, or that it failed.

        Args:
            parcel: of this job.
            parts: by how many there are more now; negative for what is done.
            error: why it failed.
        """
        with self._lock:
            if parcel.error is not None or parcel.parts == 0:
                return
            parcel.parts += parts
            parcel.error = error
            over = error is not None or parcel.parts == 0
        if over:
            self._done.put(parcel)


@dataclass(frozen=True, slots=True)
class _PartTask:
    """A task whose failure fails its parcel alone."""

    task: Task
    parcel: Parcel[Any]
    parcels: Parcels[Any] = field(repr=False)

    @property
    def subject(self) -> str:
        return self.task.subject

    @property
    def held_bytes(self) -> int:
        return self.task.held_bytes

    def run(self, call: Call) -> Outcome:
        if self.parcel.error is not None:
            return Done()
        try:
            outcome = self.task.run(call)
        except Exception as raised:
            outcome = Fail(raised)
        match outcome:
            case Done():
                self.parcels.settle(self.parcel, -1)
            case Replace(tasks=tasks):
                self.parcels.settle(self.parcel, len(tasks) - 1)
                return Replace(self._parts(tasks))
            case Retry(rest=rest) if rest is not None:
                [part] = self._parts([rest])
                return replace(outcome, rest=part)
            case Fail(error=error) if isinstance(error, Exception) and not _ends_all(error):
                self.parcels.settle(self.parcel, 0, error)
                return Done()
        return outcome

    def _parts(self, tasks: Iterable[Task]) -> list[Task]:
        return [replace(self, task=task) for task in tasks]


def _ends_all(error: Exception) -> bool:
    """Whether no other parcel will fare better."""
    return isinstance(error, SignInError)
