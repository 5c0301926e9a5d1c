"""The watchdog's reach: exports and pages, not only requests."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ee
import pytest

import eemulator
from eemulator.exports.operations import Operations, State
from eemulator.watchdog import Watchdog
from tests.geetensor.conftest import sign_in

from . import synthetic
from .wire import send

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Endless:
    """An image whose pixels never come, and that looks at no deadline."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        plain = synthetic.image("TEST/ENDLESS", 1, synthetic.UTM)
        self.asset = replace(plain, sample=self.sample)

    def sample(self, bands: Any, rows: Any = None, cols: Any = None) -> Any:  # noqa: ARG002
        self.begun.set()
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            sum(range(100))
        raise AssertionError("nobody interrupted this")


@pytest.fixture
def endless() -> _Endless:
    return _Endless()


@pytest.fixture
def watched(
    request: pytest.FixtureRequest,
    endless: _Endless,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[eemulator.Server]:
    limits = eemulator.Limits(**request.param)
    with eemulator.running(eemulator.Catalog([endless.asset]), limits, exports=tmp_path) as server:
        sign_in(server, monkeypatch)
        yield server


def _export() -> Any:
    task = ee.batch.Export.image.toDrive(ee.Image("TEST/ENDLESS").select("u8"), "endless")
    task.start()
    return task


def _ended(task: Any) -> dict[str, Any]:
    while task.active():
        ee.data._get_cloud_projects().operations().wait(name=task.operation_name, body={}).execute()
    status: dict[str, Any] = task.status()
    return status


# Exports, and waiting for them, may take longer than requests.
@pytest.mark.parametrize("watched", [{"computation_seconds": 0.1}], indirect=True)
def test_an_export_that_does_not_look_is_cancelled(
    watched: eemulator.Server, endless: _Endless, tmp_path: Path
) -> None:
    task = _export()
    assert endless.begun.wait(30)
    task.cancel()
    assert _ended(task)["state"] == "CANCELLED"
    _export()
    watched.reset()  # which waits for it
    assert ee.data.listOperations() == []
    assert list(tmp_path.iterdir()) == []


def test_an_export_fails_when_the_memory_is_full(endless: _Endless) -> None:
    operations = Operations(1, 1, lambda _: None, Watchdog(eemulator.Limits(process_bytes=1)))
    started = operations.start("projects/p", "", "EXPORT_IMAGE", "", 1, endless.sample)
    assert started.over.wait(30)
    assert started.state is State.FAILED
    assert started.error == {"code": 8, "message": "User memory limit exceeded."}
    operations.close()


@pytest.mark.parametrize("watched", [{"computation_seconds": 0.1}], indirect=True)
def test_a_preview_ends_when_its_time_is_over(watched: eemulator.Server) -> None:
    reply = send(watched, "GET", "/page/preview?id=TEST/ENDLESS")
    assert (reply.status, reply.body) == (400, b"Computation timed out.\n")
