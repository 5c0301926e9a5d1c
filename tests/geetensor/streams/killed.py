"""Exports in processes of their own, which are killed on their way.

Processes are forked from one that has imported everything, so that each begins at once.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
from typing import TYPE_CHECKING, Any

import ee

from geetensor.sinks.geotiff import GeotiffWriter
from geetensor.sinks.journal import Journal
from geetensor.sinks.stage import LocalStage
from geetensor.sinks.zarr import ZarrWriter
from tests.geetensor.streams.exports import export, use_small_blocks

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

    import eemulator

POINTS: dict[str, tuple[type, str]] = {
    "zarr block": (ZarrWriter, "write"),
    "tif block": (GeotiffWriter, "write"),
    "journal": (Journal, "_append"),
    "zarr complete": (ZarrWriter, "complete"),
    "image": (GeotiffWriter, "_make_image"),
    "publish": (LocalStage, "publish"),
}

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__])


def begin_export(
    server: eemulator.Server, to: str | Path, point: str | None = None
) -> ForkServerProcess:
    """Begin an export in another process.

    Args:
        server: to export from.
        to: where to.
        point: where that process kills itself: `where:n`, the n-th time that it gets there; with
            `:stop` after it, where it stands still.
    """
    process = _context.Process(target=_run, args=(server.url, server.project, str(to), point))
    process.start()
    return process


def run_killed(server: eemulator.Server, to: str | Path, point: str) -> None:
    """Export in another process that is killed at some point."""
    process = begin_export(server, to, point)
    process.join()
    assert process.exitcode == -signal.SIGKILL


def _run(url: str, project: str, to: str, point: str | None) -> None:
    use_small_blocks()
    ee.deprecation._FetchDataCatalogStac = dict  # it would ask a storage host
    ee.Initialize(credentials=None, url=url, project=project)
    if point is not None:
        where, number, *stop = point.split(":")
        _end_at(where, int(number), signal.SIGSTOP if stop else signal.SIGKILL)
    export(to)


def _end_at(where: str, number: int, end: signal.Signals) -> None:
    """Send the process a signal when a method has been called so often: just after it is done."""
    owner, name = POINTS[where]
    method = getattr(owner, name)
    calls = itertools.count(1)  # of several threads: each number comes once

    def called(*args: Any, **kwargs: Any) -> Any:
        if where == "publish":
            os.kill(os.getpid(), end)
        result = method(*args, **kwargs)
        if next(calls) == number:
            os.kill(os.getpid(), end)
        return result

    setattr(owner, name, called)
