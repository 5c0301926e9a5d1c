"""Queries of many scenes and of many areas, against an emulator in a process of its own.

`python queries.py [SCENES ...]` prints what they took: seconds, of them the client's CPU, requests,
and memory beyond what the process had before. The emulator computes each row in Python and is what
is waited for; the CPU is what the client itself costs.
"""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import psutil
import shapely

import eemulator
from eemulator.catalog.lazy import LazyImages
from geetensor import ee_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

SCENES = (5_000, 10_000, 20_000, 50_000)
AREAS = (100, 1_000, 10_000)

_COLLECTION = "BENCHMARK/SCENES"
_PLACES = 100  # of 1.2 by 1.2 degrees, 1 degree apart
_START = 1_577_836_800_000
_STEP = 3_600_000
_WORLD = (-1, -1, 12, 12)


def _scene(number: int) -> eemulator.ImageAsset:
    x, y = number % 10, number // 10 % 10
    grid = eemulator.Grid("EPSG:4326", (0.001, 0, x, 0, -0.001, y + 1.2), 1200, 1200)
    time_start = _START + number * _STEP
    return eemulator.ImageAsset(
        id=f"{_COLLECTION}/s{number:06}",
        bands=(eemulator.Band("B1", np.dtype("uint16"), grid),),
        properties={
            "system:index": f"s{number:06}",
            "system:time_start": time_start,
            "system:time_end": time_start + 10_000,
        },
        footprint=shapely.box(x, y, x + 1.2, y + 1.2),
        sample=_no_pixels,
    )


def _no_pixels(bands: Any, rows: Any, cols: Any) -> Any:  # noqa: ARG001
    raise AssertionError("queries ask for no pixels")


def _find(name: str) -> int | None:
    return int(name[1:])


def serve(pipe: Connection) -> None:
    """Serve until something comes through the pipe."""
    images = LazyImages(max(SCENES), _scene, _find)
    catalog = eemulator.Catalog([eemulator.CollectionAsset(_COLLECTION, images)])
    with eemulator.running(catalog, eemulator.Limits(requests_per_second=None)) as server:
        pipe.send((server.url, server.project))
        pipe.recv()


@contextmanager
def peak_memory() -> Iterator[list[int]]:
    """The most bytes that this process had, in a list of one, above what it has now."""
    process = psutil.Process()
    before, peak, done = process.memory_info().rss, [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], process.memory_info().rss - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def measure(label: str, query: Callable[[], Any]) -> None:
    """Run a query and print what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    with peak_memory() as peak:
        rows = len(query())
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(
        f"{label:>24}: {rows:7} rows, {wall:6.1f} s, CPU {cpu:5.2f} s, "
        f"{1e6 * cpu / rows:4.0f} µs a row, {peak[0] / 1e6:4.0f} MB",
        flush=True,
    )


def main() -> None:
    """Measure, first by the number of scenes, then by that of areas."""
    scenes = tuple(map(int, sys.argv[1:])) or SCENES
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,))
    server.start()
    url, project = ours.recv()
    ee.Initialize(credentials=None, url=url, project=project)
    dates = ("2020", "2030")
    measure("warm up", lambda: ee_query.query_collection(_COLLECTION, _WORLD, *dates, limit=10))
    for count in scenes:
        end = (_START + count * _STEP) / 1000
        until = np.datetime64(int(end), "s")
        for once in (False, True):
            query = partial(ee_query.query_collection, _COLLECTION, _WORLD, "2020", until)
            measure(f"{count} scenes{', once' if once else ''}", partial(query, deduplicate=once))
    corners = np.random.default_rng(0).uniform(0, 10, (max(AREAS), 2))
    fields = [shapely.box(x, y, x + 0.01, y + 0.01) for x, y in corners]
    month = ("2020-01", "2020-01")
    for count in AREAS:
        measure(f"{count} areas", partial(ee_query.query_many, _COLLECTION, fields[:count], *month))
    ours.send(None)
    server.join()


if __name__ == "__main__":
    main()
