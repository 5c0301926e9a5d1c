"""Zarr at a URL: an object store in memory, and one that speaks S3 behind a socket."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import fsspec
import numpy as np
import pytest
import xarray as xr
import zarr
from moto.server import ThreadedMotoServer

from geetensor.errors import StorageError, TargetError
from geetensor.sinks.zarr import ZarrWriter
from tests.geetensor.streams.exports import BANDS, BLOCKS, export, failing_after, fetched

if TYPE_CHECKING:
    from collections.abc import Iterator

    import eemulator


class Bucket:
    """A bucket of an S3 server on this machine. Its objects stay while the server is away."""

    def __init__(self) -> None:
        self._server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
        self._server.start()
        self.host, self.port = self._server.get_host_and_port()

    def close(self) -> None:
        self._server.stop()

    def open(self) -> None:
        self._server = ThreadedMotoServer("127.0.0.1", port=self.port, verbose=False)
        self._server.start()


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    """The bucket `s3://bucket`, as any tool finds it by the environment."""
    served = Bucket()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{served.host}:{served.port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_MAX_ATTEMPTS", "1")
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        fsspec.filesystem("s3").mkdir("bucket")
        yield served
        served.close()


@pytest.fixture(params=["memory://bucket", "s3://bucket"])
def place(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty store."""
    if request.param.startswith("s3"):
        request.getfixturevalue("bucket")
    yield request.param
    files = fsspec.filesystem(request.param.partition(":")[0])
    for one in files.ls("bucket", detail=False):
        files.rm(one, recursive=True)


def objects(url: str) -> dict[str, Any]:
    """Every object below a URL, by its place."""
    files, root = fsspec.core.url_to_fs(url)
    files.invalidate_cache()
    return {name.removeprefix(root): files.cat_file(name) for name in files.find(root)}


def test_an_object_store(server: eemulator.Server, place: str) -> None:
    to = f"{place}/cube.zarr"
    assert export(to) == to
    cube = export()
    with xr.open_zarr(to, chunks=None) as opened:
        np.testing.assert_array_equal(opened["pixels"].values, cube.values)
        assert list(opened.band.values) == BANDS
        assert list(opened.asset_id.values) == cube.attrs["asset_ids"]
    assert not objects(f"{place}/cube.zarr.partial")
    with pytest.raises(TargetError, match="exists"):
        export(to)
    assert export(to, overwrite=True, fill_value=3) == to
    stored = zarr.open_array(to, path="pixels", mode="r")[...]
    np.testing.assert_array_equal(stored, export(fill_value=3).values)


def test_an_object_store_that_fails(
    server: eemulator.Server, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    whole = objects(export(f"{place}/a.zarr", image=True))
    assert fetched(caplog) == BLOCKS
    lost = OSError("connection lost")
    with (
        failing_after(3, ZarrWriter, lost),
        pytest.raises(StorageError, match="connection lost.*What is stored is kept"),
    ):
        export(f"{place}/b.zarr", image=True)
    assert "/zarr.json" not in objects(f"{place}/b.zarr")
    caplog.clear()
    assert objects(export(f"{place}/b.zarr", image=True)) == whole
    assert fetched(caplog) == 1
    with failing_after(2, ZarrWriter, lost), pytest.raises(StorageError):
        export(f"{place}/c.zarr", image=True, fill_value=3)
    with pytest.warns(UserWarning, match="asked for something else"):
        assert objects(export(f"{place}/c.zarr", image=True)) == whole


def test_a_server_that_goes_away(
    server: eemulator.Server,
    bucket: Bucket,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No connection is to be had, half-way; when the server is there again, the call goes on."""
    whole = objects(export("s3://bucket/a.zarr", image=True))
    noted = ZarrWriter.noted
    count = [0]

    def closing(self: ZarrWriter, block: Any) -> None:
        noted(self, block)
        count[0] += 1
        if count[0] == 2:
            bucket.close()

    monkeypatch.setattr("s3fs.core.S3FileSystem.retries", 1)
    with monkeypatch.context() as patch:
        patch.setattr(ZarrWriter, "noted", closing)
        with pytest.raises(StorageError, match="s3://bucket/b.zarr cannot be written"):
            export("s3://bucket/b.zarr", image=True, max_workers=1)
    bucket.open()
    caplog.clear()
    assert objects(export("s3://bucket/b.zarr", image=True)) == whole
    assert 1 <= fetched(caplog) <= BLOCKS - 2
