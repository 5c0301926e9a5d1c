"""Blocks that come in parts, disks that are full or slow, little room."""

from __future__ import annotations

import errno
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import eemulator
import geetensor.plan
import geetensor.sinks.assembly
from geetensor.errors import StorageError
from geetensor.sinks.geotiff import GeotiffWriter
from geetensor.sinks.journal import Journal
from geetensor.sinks.zarr import ZarrWriter
from tests.eemulator import synthetic
from tests.geetensor.conftest import sign_in
from tests.geetensor.faulty import Refusal
from tests.geetensor.streams.exports import (
    contents,
    export,
    failing_after,
    fetched,
    requested,
    stored_blocks,
)

if TYPE_CHECKING:
    from tests.geetensor.conftest import Start


@pytest.mark.parametrize(
    ("name", "owner", "method"),
    [
        ("out.zarr", ZarrWriter, "write"),
        ("out.zarr", Journal, "_append"),
        ("out.zarr", ZarrWriter, "complete"),
        ("out.tif", GeotiffWriter, "write"),
        ("out.tif", GeotiffWriter, "_make_image"),
        ("out/", GeotiffWriter, "_make_image"),
    ],
)
def test_a_full_disk(
    server: eemulator.Server,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    name: str,
    owner: type,
    method: str,
) -> None:
    whole = contents(export(f"{tmp_path}/a/{name}"))
    blocks = fetched(caplog)
    to, full = f"{tmp_path}/{name}", OSError(errno.ENOSPC, "No space left on device")
    after = {"write": 2, "_append": 3}.get(method, 0)
    with (
        failing_after(after, owner, full, method),
        pytest.raises(
            StorageError, match="No space left.* MB of the disk are free.*the same call goes on"
        ) as it,
    ):
        export(to)
    assert isinstance(it.value, OSError)
    assert not Path(to).exists()
    stored = stored_blocks(to)
    assert stored == {"write": 2, "_append": 2, "complete": blocks}.get(method, stored)
    assert stored
    caplog.clear()
    assert contents(export(to)) == whole
    assert fetched(caplog) == blocks - stored


@pytest.mark.parametrize("limits", [{"max_pixels_bytes": 9_000}, {"dimension": 40}])
def test_blocks_that_come_in_parts(
    server: eemulator.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: Any
) -> None:
    whole = contents(export(tmp_path / "a.zarr"))
    with eemulator.running(
        synthetic.catalog(), eemulator.Limits(requests_per_second=None, **limits)
    ) as strict:
        sign_in(strict, monkeypatch)
        assert contents(export(tmp_path / "b.zarr")) == whole
        assert strict.stats.refusals


def test_parts_of_blocks_survive_faults_and_little_room(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = contents(export(tmp_path / "a.zarr"))
    monkeypatch.setattr(geetensor.plan, "TARGET_BYTES", 7_000)
    monkeypatch.setattr(geetensor.plan, "SMALLEST_BYTES", 7_000)
    monkeypatch.setattr(geetensor.sinks.assembly, "HELD_BYTES", 150_000)
    busy = Refusal(503, "Busy.")
    start(lambda path, n: busy if path.endswith("Pixels") and n % 5 == 0 else None)
    assert contents(export(tmp_path / "b.zarr")) == whole


def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have writes take longer than requests."""
    write, gate = ZarrWriter.write, threading.Lock()

    def slow(self: Any, block: Any, values: Any) -> int:
        with gate:
            threading.Event().wait(0.05)
        return write(self, block, values)

    monkeypatch.setattr(ZarrWriter, "write", slow)


def test_a_slow_disk_bounds_what_is_held(
    server: eemulator.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_block, most = geetensor.sinks.assembly.AssemblySink._begin, [0]

    def watched(self: Any, block: Any) -> Any:
        begun = begin_block(self, block)
        most[0] = max(most[0], self._held * self._block_bytes)
        return begun

    monkeypatch.setattr(geetensor.sinks.assembly.AssemblySink, "_begin", watched)
    monkeypatch.setattr(geetensor.sinks.assembly, "HELD_BYTES", 200_000)
    slowly(monkeypatch)
    export(tmp_path / "out.zarr")
    assert 100_000 < most[0] <= 200_000


def test_fetching_goes_on_while_a_block_is_written(
    server: eemulator.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even with one request at a time, the first write waits for a later request."""
    write, first = ZarrWriter.write, threading.Event()

    def waits(self: Any, block: Any, values: Any) -> int:
        if not first.is_set():
            first.set()
            for _ in range(1000):
                if requested(server) >= 3:
                    break
                threading.Event().wait(0.01)
            assert requested(server) >= 3
        return write(self, block, values)

    monkeypatch.setattr(ZarrWriter, "write", waits)
    export(tmp_path / "out.zarr", max_workers=1)
