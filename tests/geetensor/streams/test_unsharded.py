"""Zarr with a file a chunk, for readers that know no shards, as GDAL before 3.13."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import fsspec
import numpy as np
import pytest
import rasterio
import xarray as xr
import zarr

from geetensor.errors import StorageError
from geetensor.sinks.zarr import ZarrWriter
from tests.geetensor.streams.exports import (
    BANDS,
    BLOCKS,
    contents,
    export,
    failing_after,
    fetched,
    journal_of,
)
from tests.geetensor.test_export_cube import SERIES

if TYPE_CHECKING:
    from pathlib import Path

    import eemulator

GDAL = tuple(map(int, rasterio.__gdal_version__.split(".")[:2]))


def chunk_files(to: str | Path) -> set[str]:
    return {name for name in contents(to) if name.startswith("pixels/c/")}


def test_a_chunk_is_a_file(server: eemulator.Server, tmp_path: Path) -> None:
    to = export(tmp_path / "cube.zarr", sharded=False)
    array = zarr.open_array(to, path="pixels", mode="r")
    assert array.shards is None
    assert array.chunks == (1, 1, 64, 64)
    assert len(chunk_files(to)) == len(SERIES) * len(BANDS) * BLOCKS
    cube = export()
    with xr.open_zarr(to, chunks=None) as opened:
        np.testing.assert_array_equal(opened["pixels"].values, cube.values)
        assert list(opened.band.values) == BANDS
    assert len(chunk_files(export(tmp_path / "sharded.zarr"))) == len(SERIES) * BLOCKS


def test_it_goes_on_where_it_stopped(
    server: eemulator.Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = contents(export(tmp_path / "a" / "out.zarr", sharded=False))
    to = tmp_path / "out.zarr"
    with failing_after(6, ZarrWriter, OSError("gone")), pytest.raises(StorageError):
        export(to, sharded=False)
    output = journal_of(to).parent / "output"
    torn, lost = sorted(chunk_files(output))[:: len(BANDS) * 6 - 1]  # the first, the last
    (output / torn).write_bytes((output / torn).read_bytes()[:-1])
    (output / lost).unlink()
    blocks = {(time, y, x) for _, _, time, _, y, x in (one.split("/") for one in (torn, lost))}
    caplog.clear()
    assert contents(export(to, sharded=False)) == whole
    assert fetched(caplog) == BLOCKS * len(SERIES) - 6 + len(blocks)


def test_shards_are_another_request(server: eemulator.Server, tmp_path: Path) -> None:
    to = tmp_path / "out.zarr"
    with failing_after(2, ZarrWriter, OSError("gone")), pytest.raises(StorageError):
        export(to)
    with pytest.warns(UserWarning, match="asked for something else"):
        export(to, sharded=False)
    assert len(chunk_files(to)) == len(SERIES) * len(BANDS) * BLOCKS


def test_an_object_store(server: eemulator.Server, caplog: pytest.LogCaptureFixture) -> None:
    files, url = fsspec.filesystem("memory"), "memory://unsharded/out.zarr"
    try:
        with failing_after(2, ZarrWriter, OSError("gone")), pytest.raises(StorageError):
            export(url, image=True, sharded=False)
        caplog.clear()
        export(url, image=True, sharded=False)
        assert fetched(caplog) == BLOCKS - 2
        stored = zarr.open_array(url, path="pixels", mode="r")
        assert stored.shards is None
        np.testing.assert_array_equal(stored[...], export(image=True).values)
    finally:
        files.rm("unsharded", recursive=True)


@pytest.mark.skipif(
    GDAL < (3, 11), reason=f"GDAL reads Zarr 3 of today from 3.11 on; rasterio has {GDAL}"
)
@pytest.mark.parametrize(
    ("image", "sharded"),
    [
        (True, False),
        (False, False),
        pytest.param(
            False,
            True,
            marks=pytest.mark.skipif(
                GDAL < (3, 13), reason=f"GDAL reads shards from 3.13 on; rasterio has {GDAL}"
            ),
        ),
    ],
)
def test_gdal_opens_it(
    server: eemulator.Server, tmp_path: Path, *, image: bool, sharded: bool
) -> None:
    arguments: Any = {"image": image, "fill_value": -7}
    to = export(tmp_path / "out.zarr", sharded=sharded, **arguments)
    tensor = export(**arguments)
    with rasterio.open(to) as file:
        assert file.driver == "Zarr"
        assert file.crs == tensor.crs
        assert file.transform == tensor.transform
        assert file.nodata == -7
        assert file.count == (1 if image else len(SERIES)) * len(BANDS)
        # all bands of the first date, then the next
        height, width = tensor.shape[-2:]
        np.testing.assert_array_equal(file.read(), tensor.values.reshape(-1, height, width))
