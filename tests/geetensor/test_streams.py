"""to=: exports to Zarr, GeoTIFF and folders, through a socket, pixel by pixel and byte by byte."""

from __future__ import annotations

import errno
import json
import logging
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
import numpy as np
import pytest
import rasterio
import shapely
import xarray as xr
import zarr
from rio_cogeo.cogeo import cog_validate

import eemulator
import geetensor.blocks
import geetensor.coverage
import geetensor.plan
import geetensor.sinks.assembly
from geetensor import ee_image
from geetensor.errors import (
    InvalidInputError,
    ServiceUnavailableError,
    StorageError,
    TargetBusyError,
    TargetError,
)
from geetensor.sinks.geotiff import GeotiffWriter
from geetensor.sinks.journal import Journal
from geetensor.sinks.lock import Lock
from geetensor.sinks.zarr import ZarrWriter
from tests.eemulator import synthetic
from tests.eemulator.synthetic import SHEARED, UTM
from tests.geetensor.conftest import sign_in
from tests.geetensor.faulty import Refusal
from tests.geetensor.oracle import assert_exact
from tests.geetensor.test_export_cube import SERIES, table
from tests.geetensor.test_export_image import UTM_CRS, WHOLE, box

if TYPE_CHECKING:
    from tests.geetensor.conftest import Start

ROOT = Path(__file__).parents[2]
SMALL_BLOCKS = {"BLOCK_BYTES": 60_000, "CHUNK_SIDE": 64}
BANDS = ["u16", "i32"]


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    _apply_small(monkeypatch)


def export(to: str | Path | None = None, *, image: bool | None = None, **arguments: Any) -> Any:
    """A cube, or an image for a GeoTIFF, in some twenty blocks."""
    arguments = {"crs_geometry": UTM_CRS, **arguments}
    if image or (image is None and to is not None and str(to).endswith(".tif")):
        return ee_image.export_image("TEST/UTM", WHOLE, BANDS, to=to, **arguments)
    return ee_image.export_cube(SERIES, WHOLE, BANDS, to=to, **arguments)


def contents(path: str | Path) -> dict[str, bytes]:
    """Every file of an output, by its place in it."""
    path = Path(path)
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return {str(one.relative_to(path)): one.read_bytes() for one in files}


def requested(server: eemulator.Server) -> int:
    """Requests for pixels so far."""
    return sum(n for name, n in server.stats.requests.items() if name.endswith("Pixels"))


def fetched(caplog: pytest.LogCaptureFixture) -> int:
    """Tiles that this process has fetched since the log was cleared.

    The server's count has requests, too, that an earlier export left under way.
    """
    return sum(record.getMessage().find("there after") >= 0 for record in caplog.records)


@pytest.fixture(autouse=True)
def _logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "geetensor")


def alone(folder: Path, *names: str) -> bool:
    """Whether nothing but some outputs is in a folder."""
    return {one.name for one in folder.iterdir()} == set(names)


def test_a_zarr_as_xarray_and_zarr_read_it(server: eemulator.Server, tmp_path: Path) -> None:
    to = tmp_path / "cube.zarr"
    assert export(to) == str(to)
    assert alone(tmp_path, "cube.zarr")
    cube = export()
    array = zarr.open_array(to, path="pixels", mode="r")
    assert array.metadata.zarr_format == 3
    assert array.shards is not None
    np.testing.assert_array_equal(array[...], cube.values)
    with xr.open_zarr(to, chunks=None) as opened:
        pixels = opened["pixels"]
        assert pixels.dims == ("time", "band", "y", "x")
        assert pixels.dtype == cube.dtype
        np.testing.assert_array_equal(pixels.values, cube.values)
        assert list(pixels.band.values) == BANDS
        assert list(pixels.asset_id.values) == list(SERIES["asset_id"])
        dates = SERIES["acquisition_date"].dt.tz_localize(None)
        np.testing.assert_array_equal(pixels.time.values, dates.to_numpy())
        assert pixels.x.values[0] == cube.transform.c + 5
        assert pixels.y.values[-1] == cube.transform.f - 10 * cube.shape[2] + 5
        described = opened["spatial_ref"].attrs
        assert rasterio.CRS.from_wkt(described["crs_wkt"]) == cube.crs
        assert [*map(float, described["GeoTransform"].split())] == [*cube.transform.to_gdal()]


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_rioxarray_finds_crs_transform_and_fill(server: eemulator.Server, tmp_path: Path) -> None:
    import rioxarray  # noqa: F401

    for fill, bands in ((-7, ["i16"]), (None, ["f32"]), (-1.0, ["f32"])):
        to = ee_image.export_image(
            "TEST/UTM",
            WHOLE,
            bands,
            crs_geometry=UTM_CRS,
            fill_value=fill,
            to=tmp_path / f"{bands[0]}{fill}.zarr",
        )
        with xr.open_zarr(to, chunks=None) as opened:
            pixels = opened["pixels"]
            assert pixels.dims == ("band", "y", "x")
            assert pixels.rio.crs == UTM_CRS
            assert tuple(pixels.rio.transform())[:6] == UTM.transform
            assert pixels.attrs["asset_id"] == "TEST/UTM"
            if fill == -7:
                assert pixels.rio.nodata == -7
                assert pixels.dtype == np.int16
            else:
                assert pixels.rio.encoded_nodata == fill or fill is None
                assert np.isnan(pixels.rio.nodata)
                assert np.isnan(pixels.values).sum() > 5000


def test_a_cog_with_names_and_nodata(server: eemulator.Server, tmp_path: Path) -> None:
    to = export(tmp_path / "image.tif", fill_value=-9)
    assert alone(tmp_path, "image.tif")
    good, errors, warned = cog_validate(to, strict=True)
    assert (good, errors, warned) == (True, [], [])
    image = export(image=True, fill_value=-9)
    with rasterio.open(to) as file:
        assert file.descriptions == tuple(BANDS)
        assert file.nodata == -9
        assert file.crs == UTM_CRS
        assert file.transform == image.transform
        np.testing.assert_array_equal(file.read(), image.values)


def test_a_large_cog_has_overviews(server: eemulator.Server, tmp_path: Path) -> None:
    to = ee_image.export_image(
        "TEST/UTM", WHOLE, ["u8"], 3, UTM_CRS, crs_geometry=UTM_CRS, to=tmp_path / "image.tif"
    )
    assert cog_validate(to, strict=True)[0]
    with rasterio.open(to) as file:
        assert file.overviews(1) == [2]


def test_a_folder_has_a_cog_and_an_item_a_date(server: eemulator.Server, tmp_path: Path) -> None:
    to = export(f"{tmp_path}/scenes/")
    assert alone(tmp_path, "scenes")
    cube = export()
    for time, asset_id in enumerate(SERIES["asset_id"]):
        name = asset_id.rpartition("/")[2]
        path = Path(to) / f"{name}.tif"
        assert cog_validate(path, strict=True)[0]
        with rasterio.open(path) as file:
            np.testing.assert_array_equal(file.read(), cube.values[time])
        item = json.loads(path.with_suffix(".json").read_text())
        assert item["id"] == name
        assert item["stac_version"] == "1.1.0"
        assert item["properties"]["datetime"] == f"2024-01-0{time + 1}T00:00:00Z"
        assert item["properties"]["proj:code"] == UTM_CRS
        assert item["properties"]["proj:shape"] == [250, 300]
        assert item["bbox"] == pytest.approx(list(shapely.geometry.shape(item["geometry"]).bounds))
        assert item["assets"]["image"]["href"] == f"./{name}.tif"
    assert len(contents(to)) == 8


def test_one_image_in_a_folder_and_small_dates_that_share_blocks(
    server: eemulator.Server, tmp_path: Path
) -> None:
    area = box(3, 4, 30, 20)
    query = table(*(f"TEST/SERIES/s{n % 6:03d}" for n in range(50)))
    one = ee_image.export_image("TEST/UTM", area, ["u8"], crs_geometry=UTM_CRS, to=f"{tmp_path}/i/")
    assert set(contents(one)) == {"UTM.tif", "UTM.json"}
    requests = requested(server)
    many = ee_image.export_cube(query, area, BANDS, crs_geometry=UTM_CRS, to=f"{tmp_path}/m/")
    zarred = ee_image.export_cube(query, area, BANDS, crs_geometry=UTM_CRS, to=tmp_path / "m.zarr")
    assert requested(server) - requests < 20
    cube = ee_image.export_cube(query, area, BANDS, crs_geometry=UTM_CRS)
    np.testing.assert_array_equal(zarr.open_array(zarred, path="pixels")[...], cube.values)
    for time in range(50):
        suffix = f"_{time // 6 + 1}" if time >= 6 else ""
        with rasterio.open(Path(many) / f"s{time % 6:03d}{suffix}.tif") as file:
            np.testing.assert_array_equal(file.read(), cube.values[time])


@pytest.mark.parametrize("name", ["out.zarr", "out.tif"])
@pytest.mark.parametrize(
    ("bands", "arguments"),
    [
        (["u8", "f32", "f64"], {}),
        (["u8", "i16"], {"fill_value": np.nan, "dtype": "float32"}),
        (["u16"], {"fill_value": 7}),
        (["i32", "f32"], {"fill_value": -np.inf}),
        (["flag", "u8"], {"dtype": "int64", "fill_value": -1}),
    ],
)
def test_types_and_fills(
    server: eemulator.Server, tmp_path: Path, name: str, bands: list[str], arguments: Any
) -> None:
    image = ee_image.export_image("TEST/UTM", WHOLE, bands, crs_geometry=UTM_CRS, **arguments)
    to = ee_image.export_image(
        "TEST/UTM", WHOLE, bands, crs_geometry=UTM_CRS, to=tmp_path / name, **arguments
    )
    if name.endswith(".tif"):
        with rasterio.open(to) as file:
            stored = file.read()
    else:
        stored = zarr.open_array(to, path="pixels")[...]
    assert stored.dtype == image.dtype
    np.testing.assert_array_equal(stored, image.values)
    assert_exact(image, bands, 3, UTM, arguments.get("fill_value"))


@pytest.mark.parametrize("name", ["out.zarr", "out.tif"])
def test_blocks_that_the_area_does_not_touch(
    server: eemulator.Server, tmp_path: Path, name: str
) -> None:
    left, bottom, right, top = WHOLE
    area = shapely.Polygon([(left, top), (right, top), (left, bottom)])
    to = ee_image.export_image(
        "TEST/UTM", area, BANDS, crs_geometry=UTM_CRS, fill_value=-5, to=tmp_path / name
    )
    fetched = requested(server)
    image = ee_image.export_image("TEST/UTM", area, BANDS, crs_geometry=UTM_CRS, fill_value=-5)
    if name.endswith(".tif"):
        with rasterio.open(to) as file:
            np.testing.assert_array_equal(file.read(), image.values)
    else:
        array = zarr.open_array(to, path="pixels")
        np.testing.assert_array_equal(array[...], image.values)
        shards = sum(name.startswith("pixels/c") for name in contents(to))
        assert shards == fetched < 20
    assert (image.values[:, -1, -1] == -5).all()


def test_chunks_and_a_sheared_grid(server: eemulator.Server, tmp_path: Path) -> None:
    query = table("TEST/SHEARED", "TEST/SHEARED", "TEST/SHEARED")
    area = shapely.Point(400_500, 7_999_600).buffer(150)
    chunks = {"time": 3, "y": 10, "x": 15}
    to = ee_image.export_cube(
        query, area, ["u16"], crs_geometry=UTM_CRS, to=tmp_path / "a.zarr", chunks=chunks
    )
    array = zarr.open_array(to, path="pixels")
    assert array.chunks == (3, 1, 10, 15)
    cube = ee_image.export_cube(query, area, ["u16"], crs_geometry=UTM_CRS)
    np.testing.assert_array_equal(array[...], cube.values)
    assert cube.transform.b == SHEARED.transform[1]
    with xr.open_zarr(to, chunks=None) as opened:
        assert "x" not in opened.coords  # its pixels have no x of their own


def test_an_object_store(server: eemulator.Server) -> None:
    files = fsspec.filesystem("memory")
    to = "memory://bucket/cube.zarr"
    assert export(to) == to
    np.testing.assert_array_equal(zarr.open_array(to, path="pixels")[...], export().values)
    assert not files.exists("/bucket/cube.zarr.partial")
    with pytest.raises(TargetError, match="exists"):
        export(to)
    assert export(to, overwrite=True) == to
    files.rm("/bucket", recursive=True)


def test_an_object_store_that_is_lost(
    server: eemulator.Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    files = fsspec.filesystem("memory")
    export("memory://a/cube.zarr")
    blocks = fetched(caplog)
    whole = {name[2:]: files.cat(name) for name in files.find("/a")}
    lose_after(monkeypatch, ZarrWriter, 5, OSError("connection lost"))
    with pytest.raises(StorageError, match="connection lost.*What is stored is kept"):
        export("memory://b/cube.zarr")
    monkeypatch.undo()
    _apply_small(monkeypatch)
    assert not files.exists("/b/cube.zarr/zarr.json")
    caplog.clear()
    export("memory://b/cube.zarr")
    assert fetched(caplog) <= blocks - 5
    assert {name[2:]: files.cat(name) for name in files.find("/b")} == whole
    lose_after(monkeypatch, ZarrWriter, 2, OSError("connection lost"))
    with pytest.raises(StorageError):
        export("memory://c/cube.zarr", fill_value=3)
    monkeypatch.undo()
    _apply_small(monkeypatch)
    with pytest.warns(UserWarning, match="asked for something else"):
        export("memory://c/cube.zarr")
    assert {name[2:]: files.cat(name) for name in files.find("/c")} == whole
    for name in "abc":
        files.rm(f"/{name}", recursive=True)


def _apply_small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SMALL_BLOCKS.items():
        monkeypatch.setattr(geetensor.blocks, name, value)
    monkeypatch.setattr(geetensor.coverage, "BLOCK", 32)


def lose_after(monkeypatch: pytest.MonkeyPatch, writer: type, count: int, error: Exception) -> None:
    """Have all writes fail after some."""
    write, lock, calls = writer.write, threading.Lock(), [0]  # type: ignore[attr-defined]

    def failing(self: Any, block: Any, values: Any) -> int:
        with lock:
            calls[0] += 1
            failed = calls[0] > count
        if failed:
            raise error
        return int(write(self, block, values))

    monkeypatch.setattr(writer, "write", failing)


@pytest.mark.parametrize(("name", "writer"), [("out.zarr", ZarrWriter), ("out.tif", GeotiffWriter)])
def test_a_full_disk(
    server: eemulator.Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    writer: type,
) -> None:
    whole = contents(export(tmp_path / "a" / name))
    blocks = fetched(caplog)
    lose_after(monkeypatch, writer, 6, OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(StorageError, match="No space left on device") as caught:
        export(tmp_path / name)
    assert isinstance(caught.value, OSError)
    assert not (tmp_path / name).exists()
    monkeypatch.undo()
    _apply_small(monkeypatch)
    caplog.clear()
    assert contents(export(tmp_path / name)) == whole
    assert fetched(caplog) == blocks - 6


def run_killed(server: eemulator.Server, to: Path | str, point: str) -> None:
    """Export in another process that is killed at some point."""
    command = [sys.executable, "-m", "tests.geetensor.killed", server.url, server.project]
    done = subprocess.run(  # noqa: S603
        [*command, str(to), point], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == -9, done.stderr


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("out.zarr", ["zarr block:1", "journal:5", "zarr block:9", "zarr complete:1", "publish:1"]),
        ("out.tif", ["tif block:2", "journal:4", "image:1"]),
        ("out/", ["tif block:3", "journal:9", "image:2", "publish:1"]),
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
    to = f"{tmp_path}/{name}"
    journal = tmp_path / f".{name.rstrip('/')}.partial" / "journal.jsonl"
    stored = 0
    for point in points:
        run_killed(server, to, point)
        assert not Path(to).exists()
        before, stored = stored, len(journal.read_text().splitlines()) - 1
        assert stored >= before
    caplog.clear()
    assert contents(export(to)) == whole
    assert fetched(caplog) == blocks - stored
    assert alone(tmp_path, name.rstrip("/"), "undisturbed")


def begin(to: Path, monkeypatch: pytest.MonkeyPatch, blocks: int = 5, **arguments: Any) -> Path:
    """An export that stops after some blocks; the path of its journal."""
    lose_after(monkeypatch, ZarrWriter, blocks, OSError("gone"))
    with pytest.raises(StorageError):
        export(to, **arguments)
    monkeypatch.undo()
    _apply_small(monkeypatch)
    return to.parent / f".{to.name}.partial" / "journal.jsonl"


def test_another_request_starts_afresh_and_says_so(
    server: eemulator.Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    whole = contents(export(tmp_path / "a" / "out.zarr"))
    blocks = fetched(caplog)
    to = tmp_path / "out.zarr"
    begin(to, monkeypatch, fill_value=3)
    caplog.clear()
    with pytest.warns(UserWarning, match="out.zarr was begun by a call that asked for") as warned:
        assert contents(export(to)) == whole
    assert warned[0].filename == __file__
    assert fetched(caplog) == blocks
    begin(to.with_name("b.zarr"), monkeypatch)
    caplog.clear()
    assert contents(export(to.with_name("b.zarr"), resume=False)) == whole
    assert fetched(caplog) == blocks


def test_a_torn_journal_and_a_torn_shard(
    server: eemulator.Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    whole = contents(export(tmp_path / "a" / "out.zarr"))
    blocks = fetched(caplog)
    to = tmp_path / "out.zarr"
    journal = begin(to, monkeypatch, 6)
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
    assert blocks - 5 <= fetched(caplog) <= blocks - 3
    assert not leftover.exists()


def test_two_at_a_time(
    server: eemulator.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, inside, go_on = ZarrWriter.write, threading.Event(), threading.Event()

    def slow(self: Any, block: Any, values: Any) -> int:
        inside.set()
        assert go_on.wait(30)
        return write(self, block, values)

    monkeypatch.setattr(ZarrWriter, "write", slow)
    to = tmp_path / "out.zarr"
    first = threading.Thread(target=export, args=(to,))
    first.start()
    assert inside.wait(30)
    try:
        with pytest.raises(TargetBusyError, match=r"out.zarr is being written by process \d+"):
            export(to)
    finally:
        go_on.set()
        first.join()
    np.testing.assert_array_equal(zarr.open_array(to, path="pixels")[...], export().values)


def test_a_lock_ends_with_its_owner(tmp_path: Path) -> None:
    with Lock(tmp_path / "lock", "it"), pytest.raises(TargetBusyError):
        Lock(tmp_path / "lock", "it").__enter__()
    with Lock(tmp_path / "lock", "it"):
        pass


def test_what_is_there_is_not_overwritten(server: eemulator.Server, tmp_path: Path) -> None:
    for name in ("out.zarr", "out.tif", "out/"):
        to = f"{tmp_path}/{name}"
        export(to)
        before = contents(to)
        server.reset_stats()
        with pytest.raises(TargetError, match="exists. Pass overwrite=True"):
            export(to)
        assert server.stats.requests == {}
        assert contents(export(to, overwrite=True, fill_value=1)) != before
    Path(tmp_path, "out", "notes.txt").write_text("mine")
    with pytest.raises(TargetError, match="is no folder of GeoTIFFs"):
        export(f"{tmp_path}/out/", overwrite=True)
    assert Path(tmp_path, "out", "notes.txt").exists()
    empty = tmp_path / "empty"
    empty.mkdir()
    assert len(contents(export(empty))) == 8


@pytest.mark.parametrize(
    ("to", "arguments", "reason"),
    [
        (7, {}, "must be a path or URL, got int"),
        ("", {}, "must name a file"),
        ("out.nc", {}, "names no kind of output"),
        ("s3://bucket/out.tif", {}, "Only Zarr is written to a URL"),
        ("out.tif", {"image": False}, "no time axis, and the cube has 4 dates"),
        ("out/", {"chunks": {"y": 5}}, "for Zarr only"),
        (None, {"chunks": {"y": 5}}, "for Zarr only"),
        ("out.zarr", {"chunks": {"row": 5}}, "chunks must be a dict"),
        ("out.zarr", {"chunks": {"y": 0}}, "chunks must be a dict"),
        ("out.zarr", {"chunks": 5}, "chunks must be a dict"),
        ("out.tif", {"dtype": "float16"}, "cannot hold float16"),
    ],
)
def test_bad_targets_are_refused(
    server: eemulator.Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    to: Any,
    arguments: Any,
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidInputError, match=reason):
        export(to, **arguments)
    assert requested(server) == 0
    assert alone(tmp_path)


def test_a_date_that_nobody_knows(server: eemulator.Server, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="date of TEST/COARSE is not known"):
        ee_image.export_image("TEST/COARSE", WHOLE, crs_geometry=UTM_CRS, to=f"{tmp_path}/a/")
    to = tmp_path / "a.tif"
    ee_image.export_image("TEST/COARSE", WHOLE, crs_geometry=UTM_CRS, to=to)
    assert cog_validate(to, strict=True)[0]


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


def test_a_service_that_fails_leaves_what_is_stored(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geetensor.engine.retry.RetryPolicy.delay", lambda *_, **__: None)
    gone = Refusal(503, "Gone.")
    proxy = start(lambda path, n: gone if path.endswith("Pixels") and n > 9 else None)
    with pytest.raises(ServiceUnavailableError):
        export(tmp_path / "b.zarr", max_workers=2)
    stored = len((tmp_path / ".b.zarr.partial/journal.jsonl").read_text().splitlines()) - 1
    assert stored >= 5
    proxy.decide = lambda *_: None
    before = sum(path.endswith(("Pixels", "computePixels")) for path in proxy.seen)
    export(tmp_path / "b.zarr")
    assert before
    np.testing.assert_array_equal(
        zarr.open_array(tmp_path / "b.zarr", path="pixels")[...], export().values
    )


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


def slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have writes take longer than requests."""
    write, gate = ZarrWriter.write, threading.Lock()

    def slow(self: Any, block: Any, values: Any) -> int:
        with gate:
            threading.Event().wait(0.05)
        return write(self, block, values)

    monkeypatch.setattr(ZarrWriter, "write", slow)


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
