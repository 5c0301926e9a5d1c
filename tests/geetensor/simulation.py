"""Exports against a simulated service, with a clock of its own: exact, and without a network."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from geetensor.engine.agenda import Agenda
from geetensor.engine.answer import POLICY
from geetensor.engine.call import Call
from geetensor.engine.job import Job
from geetensor.engine.lesson import SizeLesson
from geetensor.engine.scheduler import TICK
from geetensor.engine.tasks import Cap, Done, Refused, Replace, Retry
from geetensor.engine.throttle import Throttle
from geetensor.grid import Window
from geetensor.masks import group_bands
from geetensor.plan import LIMITS, Tile, plan_tiles, tile_bytes
from geetensor.replan import replan_tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from geetensor.engine.agenda import Turn
    from geetensor.engine.tasks import Outcome, Task
    from geetensor.plan import Limits

[GROUP] = group_bands([np.dtype("uint16")] * 4, 0)


@dataclass(frozen=True)
class TileTask:
    """A tile that is never really sent."""

    tile: Tile
    held_bytes: int = 0

    @property
    def subject(self) -> str:
        return str(self.tile)

    def run(self, call: Call) -> Outcome:
        raise NotImplementedError


@dataclass
class Service:
    """Answers after a latency, with so many counted bytes a second a request.

    Attributes:
        latency: seconds until a reply begins.
        rate: counted bytes a second.
        quota: requests at a time.
        faults: share of the requests that fail: 503, reset, 429 or cut short.
        hangs: share of the requests that are never answered.
        memory: counted bytes that one request may ask for; None for no limit.
        spread: of the latency, as a share of it.
    """

    latency: float = 0.4
    rate: float = 6e6
    quota: int = 40
    faults: float = 0.0
    hangs: float = 0.0
    memory: int | None = None
    spread: float = 0.05
    requests: int = 0
    refusals: dict[str, int] = field(default_factory=dict)

    def bound(self, counted: int) -> float:
        return self.latency + counted / self.quota / self.rate


class Simulation:
    """A client of such a service, whose throttle and lesson outlive an export."""

    def __init__(self, service: Service, seed: int = 0) -> None:
        self.service = service
        self.chance = random.Random(seed)
        self.agenda = Agenda(Throttle())
        self.lesson = SizeLesson()
        self.now = 0.0
        self.done: list[Tile] = []
        self._held = 0
        self._count = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []

    @property
    def limits(self) -> Limits:
        return LIMITS.within(self.lesson.most[0])

    def plan(self, tasks: Sequence[Task], places: int) -> list[Task]:
        tiles = [task.tile for task in tasks if isinstance(task, TileTask)]
        return [TileTask(tile) for tile in replan_tiles(tiles, places, self.limits)]

    def export(self, side: int = 5000, max_workers: int | None = None) -> float:
        """Seconds that an export of 4 bands of uint16 takes."""
        cap = Cap(max_workers)
        places = cap.bound(self.agenda.throttle.limit)
        counted = side * side * GROUP.bytes_per_pixel
        target = tile_bytes(counted, places, self.limits)
        tiles = plan_tiles((side, side), [GROUP], self.limits, target=target)
        job = Job((TileTask(tile) for tile in tiles), cap=cap, planner=self.plan)
        begun = self.now
        self.done.clear()
        self.agenda.jobs.append(job)
        while not self.agenda.take_over():
            job.give_up_slow_ones(self.now)
            while (turn := self.agenda.take(self.now)) is not None:
                self._start(turn)
            due = self._events[0][0] if self._events else float("inf")
            gate = self.now + min(
                self.agenda.until_due(self.now), TICK if job.running else math.inf
            )
            assert min(due, gate) < begun + 1e5, "starved"
            if due <= gate:
                self.now, _, action = heapq.heappop(self._events)
                action()
            else:
                self.now = gate
            assert job.error is None, job.error
        self._check(side)
        return self.now - begun

    def _check(self, side: int) -> None:
        covered = np.zeros((side // 50, side // 50), int)  # exact enough, and quick
        total = 0
        for tile in self.done:
            row, col, height, width = tile.window
            total += height * width
            covered[row // 50 : -(-(row + height) // 50), col // 50 : -(-(col + width) // 50)] = 1
        assert total == side * side
        assert covered.all()

    def _at(self, time: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time, next(self._count), action))

    def _start(self, turn: Turn) -> None:
        service, chance = self.service, self.chance
        call = Call()
        call.started = self.now
        turn.job.running[call] = turn.entry
        service.requests += 1
        tile = turn.entry.task.tile  # type: ignore[attr-defined]

        def end(outcome: Outcome) -> None:
            if call in turn.job.running:
                del turn.job.running[call]
                self.agenda.settle(turn, outcome, self.now, given_up=call.given_up)

        def refused(kind: str) -> None:
            service.refusals[kind] = service.refusals.get(kind, 0) + 1

        def leave() -> None:
            self._held -= 1

        def failed(message: str, rest: Tile | None = None) -> Retry:
            delay = POLICY.delay(
                turn.entry.attempts + 1, None, chance, calm=self.agenda.weather.calm
            )
            assert delay is not None
            return Retry(delay, message, TileTask(rest) if rest else None)

        arrival = self.now + 0.001
        fault = None
        if chance.random() < service.faults:
            fault = chance.choice(("503", "reset", "429", "cut"))
        if self._held >= service.quota or fault == "429":
            refused("429")
            self._at(arrival, lambda: end(Refused(None, RuntimeError("busy"))))
            return
        self._held += 1
        begins = arrival + service.latency * (1 + chance.uniform(-1, 1) * service.spread)
        ends = begins + tile.counted_bytes / service.rate
        if chance.random() < service.hangs:
            refused("hang")

            def hang() -> None:
                leave()
                end(Retry(0.0, "hangs"))

            call.attach(lambda: self._at(self.now, hang))
            return
        if fault == "503":
            refused(fault)

            def unavailable() -> None:
                leave()
                end(failed("503"))

            self._at(begins, unavailable)
            return
        if service.memory is not None and tile.counted_bytes > service.memory:
            refused("memory")

            def too_much() -> None:
                leave()
                self.agenda.throttle.accepted(turn.ticket)
                self.lesson.failed(tile.counted_bytes, "memory")
                end(Replace([TileTask(half) for half in tile.split()], anew=True))

            self._at(begins, too_much)
            return

        def accepted() -> None:
            call.first_byte = call.last_byte = self.now
            self.agenda.accepted(turn, self.now)

        self._at(begins, accepted)
        if fault is not None:
            refused(fault)
            share = chance.uniform(0.1, 0.9)
            rows = int(tile.window.height * share)
            row, col, height, width = tile.window
            rest = Tile(tile.group, Window(row + rows, col, height - rows, width), tile.times)
            top = Tile(tile.group, Window(row, col, rows, width), tile.times)

            def cut() -> None:
                leave()
                if rows:
                    self.done.append(top)
                end(failed("cut", rest))

            self._at(begins + share * (ends - begins), cut)
            return

        def finished() -> None:
            leave()
            self.done.append(tile)
            end(Done())

        self._at(ends, finished)
