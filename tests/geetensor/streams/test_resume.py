"""Exports that were killed or failed go on where they stopped, the same to the last byte."""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import eemulator
from geetensor import ee_image
from geetensor.ee_image import CloudMask
from geetensor.errors import (
    NotFoundError,
    ServiceUnavailableError,
    StorageError,
    TargetBusyError,
)
from geetensor.sinks.geotiff import GeotiffWriter
from geetensor.sinks.journal import Journal
from geetensor.sinks.lock import Lock
from geetensor.sinks.zarr import ZarrWriter
from tests.geetensor.conftest import sign_in
from tests.geetensor.faulty import Refusal
from tests.geetensor.streams.exports import (
    BLOCKS,
    alone,
    contents,
    export,
    failing_after,
    fetched,
    journal_of,
    requested,
    stored_blocks,
)
from tests.geetensor.streams.killed import begin_export, run_killed
from tests.geetensor.test_export_cube import SERIES

if TYPE_CHECKING:
    from tests.geetensor.conftest import Start

CUBE = BLOCKS * len(SERIES)
"""Blocks of the cube."""


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("out.zarr", ["zarr block:1", "journal:5", "zarr block:4", "zarr complete:1", "publish:1"]),
        ("out.tif", ["tif block:2", "journal:2", "image:1"]),
        ("out/", ["tif block:3", "journal:6", "image:2", "publish:1"]),
    ],
)
def test_a_killed_export_goes_on(
    server: eemulator.Server,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    name: str,
    points: list[str],
) -> None:
    whole = contents(export(f"{tmp_path}/undisturbed/{name}"))
    blocks = fetched(caplog)
    assert blocks == (BLOCKS if name.endswith(".tif") else CUBE)
    to = f"{tmp_path}/{name}"
    stored = 0
    for point in points:
        run_killed(server, to, point)
        assert not Path(to).exists()
        before, stored = stored, stored_blocks(to)
        assert stored >= before
    caplog.clear()
    assert contents(export(to)) == whole
    assert fetched(caplog) == blocks - stored
    assert alone(tmp_path, name.rstrip("/"), "undisturbed")


@pytest.mark.parametrize("name", ["out.zarr", "out/"])
def test_killed_ten_times_at_random(
    server: eemulator.Server, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """From outside, when so many requests have come, whatever the process is at then."""
    whole = contents(export(f"{tmp_path}/undisturbed/{name}"))
    to, rng = f"{tmp_path}/{name}", random.Random(5)
    killed = 0
    for _ in range(10):
        server.reset_stats()
        process = begin_export(server, to)
        until = rng.randint(1, 4)
        while process.is_alive() and requested(server) < until:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.02))
        process.kill()
        process.join()
        killed += process.exitcode == -signal.SIGKILL
        assert killed or process.exitcode == 0
    assert killed >= 5
    stored, there = stored_blocks(to), Path(to).exists()
    caplog.clear()
    if not there:
        export(to)
        assert fetched(caplog) == CUBE - stored
    assert contents(to) == whole


@pytest.mark.parametrize("name", ["out.zarr", "out/"])
def test_two_processes(
    server: eemulator.Server, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """The second is refused while the first lives, and goes on from what that has left."""
    to = f"{tmp_path}/{name}"
    process = begin_export(server, to, "journal:4:stop")
    assert process.pid is not None
    while stored_blocks(to) < 3:
        time.sleep(0.001)
    try:
        with pytest.raises(TargetBusyError, match=f"being written by process {process.pid} on"):
            export(to)
    finally:
        process.kill()
        process.join()
    stored = stored_blocks(to)
    caplog.clear()
    whole = contents(export(to))
    assert fetched(caplog) == CUBE - stored
    assert whole == contents(export(f"{tmp_path}/undisturbed/{name}"))


def test_a_lock_ends_with_its_owner(tmp_path: Path) -> None:
    with Lock(tmp_path / "lock", "it"), pytest.raises(TargetBusyError):
        Lock(tmp_path / "lock", "it").__enter__()
    with Lock(tmp_path / "lock", "it"):
        pass


def begin(to: Path, blocks: int = 5, **arguments: Any) -> Path:
    """An export that stops after some blocks; the path of its journal."""
    with failing_after(blocks, ZarrWriter, OSError("gone")), pytest.raises(StorageError):
        export(to, **arguments)
    return journal_of(to)


def test_another_request_starts_afresh_and_says_so(
    server: eemulator.Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = contents(export(tmp_path / "a" / "out.zarr"))
    to = tmp_path / "out.zarr"
    begin(to, fill_value=3)
    caplog.clear()
    with pytest.warns(UserWarning, match="out.zarr was begun by a call that asked for") as warned:
        assert contents(export(to)) == whole
    assert warned[0].filename == export.__code__.co_filename
    assert fetched(caplog) == CUBE
    begin(to.with_name("b.zarr"))
    caplog.clear()
    assert contents(export(to.with_name("b.zarr"), resume=False)) == whole
    assert fetched(caplog) == CUBE


def test_whatever_changes_bytes_is_another_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    scene = "COPERNICUS/S2_SR_HARMONIZED/20240127T065219_20240127T065221_T38KQE"
    common: Any = {"dtype": "float32", "to": tmp_path / "out.zarr"}
    requests: list[dict[str, Any]] = [
        {},
        {"scaled": True},
        {"cloud_mask": "scl"},
        {"cloud_mask": CloudMask("scl", classes=(8, 9))},
        {"resampling": "bilinear"},
        {"resampling": "bicubic"},
    ]
    with eemulator.running() as server:
        sign_in(server, monkeypatch)
        for number, request in enumerate(requests):
            for again in (False, True):
                recwarn.clear()
                with failing_after(1, ZarrWriter, OSError("gone")), pytest.raises(StorageError):
                    ee_image.export_image(
                        scene, (47.46, -18.97, 47.475, -18.955), ["B4", "B5"], **common, **request
                    )
                afresh = any("was begun by a call" in str(one.message) for one in recwarn)
                assert afresh == (number > 0 and not again), request


def test_a_torn_journal_and_a_torn_shard(
    server: eemulator.Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = contents(export(tmp_path / "a" / "out.zarr"))
    to = tmp_path / "out.zarr"
    journal = begin(to, 6)
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-1]) + lines[-1][:3])  # the last: torn
    stored_bytes = json.loads(lines[1])[1]
    shards = (journal.parent / "output/pixels/c").rglob("*")
    shard = next(one for one in shards if one.is_file() and one.stat().st_size == stored_bytes)
    shard.write_bytes(shard.read_bytes()[:-1])
    leftover = shard.with_name("0.0123abcd.partial")
    leftover.write_bytes(b"half a shard")
    caplog.clear()
    assert contents(export(to)) == whole
    assert CUBE - 5 <= fetched(caplog) <= CUBE - 3
    assert not leftover.exists()


def test_blocks_that_vanish_are_not_taken_for_fill(
    server: eemulator.Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = contents(export(tmp_path / "a" / "out.zarr"))
    to, complete = tmp_path / "out.zarr", ZarrWriter.complete

    def after_a_loss(writer: ZarrWriter) -> None:
        shutil.rmtree(journal_of(to).parent / "output/pixels/c/0")  # a date
        complete(writer)

    lost = f"{BLOCKS} of {CUBE} blocks in .* are gone.*same call"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ZarrWriter, "complete", after_a_loss)
        with pytest.raises(StorageError, match=lost):
            export(to)
    caplog.clear()
    assert contents(export(to)) == whole
    assert fetched(caplog) == BLOCKS


def test_what_was_being_written_is_dropped(
    server: eemulator.Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A process that is killed leaves TIFFs without a directory, which GDAL would not replace."""
    whole = contents(export(f"{tmp_path}/a/out/"))
    with failing_after(6, GeotiffWriter, OSError("gone")), pytest.raises(StorageError):
        export(f"{tmp_path}/out/")
    stored = stored_blocks(tmp_path / "out")
    blocks = journal_of(tmp_path / "out").parent / "blocks"
    for block in range(CUBE):
        (blocks / f"{block}.partial").write_bytes(b"II*\0\x08\0\0\0")
    for image in range(len(SERIES)):
        (blocks / f"image{image}.tif").write_bytes(b"II*\0\x08\0\0\0")
        (blocks / f"image{image}.tif.ovr.tmp").write_bytes(b"II")
    caplog.clear()
    assert contents(export(f"{tmp_path}/out/")) == whole
    assert fetched(caplog) == CUBE - stored


def test_a_journal_of_another_format_is_not_ours(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, "a")
    journal.note(3, 50)
    journal.close()
    assert Journal.is_of(path, "a")
    assert not Journal.is_of(path, "b")
    assert not Journal.is_of(tmp_path / "none", "a")
    again = Journal(path, "a")
    assert again.resumed
    assert again.blocks == {3: 50}
    again.close()


def test_a_service_that_fails_leaves_what_is_stored(
    start: Start,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("geetensor.engine.retry.RetryPolicy.delay", lambda *_, **__: None)
    gone = Refusal(503, "Gone.")
    proxy = start(lambda path, n: gone if path.endswith("Pixels") and n > 9 else None)
    to = tmp_path / "b.zarr"
    with pytest.raises(ServiceUnavailableError):
        export(to, max_workers=2)
    stored = stored_blocks(to)
    assert stored >= 5
    proxy.decide = lambda *_: None
    caplog.clear()
    export(to)
    assert fetched(caplog) == CUBE - stored
    np.testing.assert_array_equal(zarr.open_array(to, path="pixels")[...], export().values)


def test_a_scene_that_vanishes_half_way(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is named, what is stored stays, and when it is there again the same call goes on."""
    asset_id = str(SERIES["asset_id"].iloc[-1])
    words = f"Image.load: Image asset '{asset_id}' not found (does not exist or caller does not ..."
    vanished = Refusal(404, words)
    proxy = start(
        lambda path, _: vanished if f"{asset_id.rpartition('/')[2]}:getPixels" in path else None
    )
    to = tmp_path / "out.zarr"
    with pytest.raises(NotFoundError, match=f"404 to {asset_id}, bands u16, i32, rows .*not found"):
        export(to, max_workers=1)
    stored = stored_blocks(to)
    assert stored >= CUBE - BLOCKS - 1
    with pytest.raises(NotFoundError):
        export(to)
    assert stored_blocks(to) >= stored
    proxy.decide = lambda *_: None
    stored = stored_blocks(to)
    caplog.clear()
    export(to)
    assert fetched(caplog) == CUBE - stored
    np.testing.assert_array_equal(zarr.open_array(to, path="pixels")[...], export().values)
