"""Exports against a simulated service, with a clock of its own: exact, and without a network."""

from __future__ import annotations

import heapq
import itertools
import math
import random
from dataclasses import dataclass, field, replace
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
        tail: of the latency, too: sigma of a lognormal distribution.
    """

    latency: float = 0.4
    rate: float = 6e6
    quota: int = 40
    faults: float = 0.0
    hangs: float = 0.0
    memory: int | None = None
    spread: float = 0.05
    tail: float = 0.0
    requests: int = 0
    refusals: dict[str, int] = field(default_factory=dict)

    def refused(self, kind: str) -> None:
        self.refusals[kind] = self.refusals.get(kind, 0) + 1

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
        self.held = 0  # requests that the service holds
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
                _Flight(self, turn).start()
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

    def at(self, time: float, action: Callable[[], None]) -> None:
        """Let something happen."""
        heapq.heappush(self._events, (time, next(self._count), action))


class _Flight:
    """One request, and what becomes of it."""

    def __init__(self, world: Simulation, turn: Turn) -> None:
        self.world, self.turn = world, turn
        self.tile: Tile = turn.entry.task.tile  # type: ignore[attr-defined]
        self.call = Call()
        self.call.started = world.now
        self.held = False  # whether the service holds it
        turn.job.running[self.call] = turn.entry
        world.service.requests += 1

    def start(self) -> None:
        world, service, chance = self.world, self.world.service, self.world.chance
        fault = None
        if chance.random() < service.faults:
            fault = chance.choice(("503", "reset", "429", "cut"))
        arrival = world.now + 0.001
        if world.held >= service.quota or fault == "429":
            service.refused("429")
            world.at(arrival, lambda: self.end(Refused(None, RuntimeError("busy"))))
            return
        self.held = True
        world.held += 1
        self.call.attach(lambda: world.at(world.now, self.stopped))
        latency = service.latency * (1 + chance.uniform(-1, 1) * service.spread)
        begins = arrival + latency * math.exp(chance.gauss(0.0, service.tail))
        if chance.random() < service.hangs:
            service.refused("hang")
        elif fault == "503":
            service.refused(fault)
            self.at(begins, lambda: self.fail(self.tile))
        elif service.memory is not None and self.tile.counted_bytes > service.memory:
            service.refused("memory")
            self.at(begins, self.too_much)
        else:
            self.at(begins, self.accepted)
            share = chance.uniform(0.1, 0.9) if fault else 1.0
            if fault:
                service.refused(fault)
            seconds = share * self.tile.counted_bytes / service.rate
            self.at(begins + seconds, lambda: self.placed(share))

    def at(self, time: float, action: Callable[[], None]) -> None:
        self.world.at(time, lambda: None if self.call.aborted else action())

    def end(self, outcome: Outcome) -> None:
        if self.held:
            self.held = False
            self.world.held -= 1
        if self.turn.job.running.pop(self.call, None) is not None:
            self.world.agenda.settle(
                self.turn, outcome, self.world.now, given_up=self.call.given_up
            )

    def stopped(self) -> None:
        self.end(Retry(0.0, "it was given up"))

    def fail(self, rest: Tile) -> None:
        attempt, calm = self.turn.entry.attempts + 1, self.world.agenda.weather.calm
        delay = POLICY.delay(attempt, None, self.world.chance, calm=calm)
        assert delay is not None
        self.end(Retry(delay, "it failed", TileTask(rest)))

    def too_much(self) -> None:
        self.world.agenda.throttle.accepted(self.turn.ticket)
        self.world.lesson.failed(self.tile.counted_bytes, "memory")
        self.end(Replace([TileTask(half) for half in self.tile.split()], anew=True))

    def accepted(self) -> None:
        self.call.first_byte = self.call.last_byte = self.world.now
        self.world.agenda.accepted(self.turn, self.world.now)

    def placed(self, share: float) -> None:
        row, col, height, width = self.tile.window
        rows = int(height * share)
        if rows:
            self.world.done.append(replace(self.tile, window=Window(row, col, rows, width)))
        if rows == height:
            self.end(Done())
        else:
            below = Window(row + rows, col, height - rows, width)
            self.fail(replace(self.tile, window=below))
