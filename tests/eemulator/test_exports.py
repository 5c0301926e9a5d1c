"""Exports: operations, and what they write."""

from __future__ import annotations

import csv
import json
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer
from rio_cogeo.cogeo import cog_validate
from shapely.geometry import shape

import eemulator
from eemulator.exports import geotiff
from eemulator.exports.folder import ExportFolder, publish
from tests.eemulator import synthetic
from tests.eemulator.conftest import signed_in
from tests.eemulator.exporting import expected, finished, to_drive
from tests.eemulator.synthetic import UTM
from tests.eemulator.wire import PROJECT, grid, info, pixels, send

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME = "projects/local-emulator/assets"
UTM_IMAGE = "TEST/UTM"
ROWS, COLS = np.arange(UTM.height)[:, None], np.arange(UTM.width)[None]


class _Held:
    """An image whose pixels wait for a signal."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.waiting = threading.Semaphore(0)
        plain = synthetic.image("TEST/HELD", 1, UTM)

        def sample(bands: Any, rows: Any, cols: Any) -> Any:
            self.waiting.release()
            assert self.go.wait(30)
            return plain.sample(bands, rows, cols)

        self.asset = replace(plain, sample=sample)


HELD = _Held()


@pytest.fixture(scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports") / "made when it is needed"


@pytest.fixture(scope="module")
def _module_server(_folder: Path) -> Iterator[eemulator.Server]:
    limits = eemulator.Limits(
        requests_per_second=None, concurrent_exports=1, queued_exports=3, asset_bytes=2_500_000
    )
    catalog = eemulator.Catalog([*synthetic.catalog(), HELD.asset])
    with eemulator.running(catalog, limits, exports=_folder) as server:
        yield server


@pytest.fixture(autouse=True)
def server(
    _module_server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[eemulator.Server]:
    HELD.go.clear()
    yield signed_in(_module_server, monkeypatch)
    HELD.go.set()
    _module_server.reset()


def to_asset(image: Any, name: str, **options: Any) -> dict[str, Any]:
    task = ee.batch.Export.image.toAsset(
        image, description=name, assetId=f"{HOME}/{name}", **options
    )
    return finished(task)


def test_an_image_becomes_a_file_with_its_names_grid_and_pixels(folder: Path) -> None:
    image = ee.Image(UTM_IMAGE).select(["u16", "u16"], ["a", "b"])
    options = {"metadataKeys": ["time", "none"]}
    status = to_drive(image, "plain", folder="drive", formatOptions=options)
    assert status["state"] == "COMPLETED"
    assert status["task_type"] == "EXPORT_IMAGE"
    assert status["description"] == "plain"
    assert status["attempt"] == 1
    assert status["destination_uris"] == [(folder / "drive").as_uri()]
    with rasterio.open(folder / "drive" / "plain.tif") as file:
        assert file.descriptions == ("a", "b")
        assert file.crs.to_epsg() == 32738
        assert tuple(file.transform)[:6] == UTM.transform
        assert file.nodata is None
        assert file.tags()["time"] == "noon"
        values, _ = expected("u16")
        np.testing.assert_array_equal(file.read(), [values, values])


def test_masked_floats_are_not_a_number(folder: Path) -> None:
    to_drive(ee.Image(UTM_IMAGE).select("f32"), "floats")
    values, valid = expected("f32")
    with rasterio.open(folder / "floats.tif") as file:
        np.testing.assert_array_equal(file.read(1), np.where(valid, values, np.nan))


def test_long_images_are_cut_into_files_named_by_their_corner(folder: Path) -> None:
    task = ee.batch.Export.image.toCloudStorage(
        ee.Image(UTM_IMAGE).select("u8"),
        description="cut",
        bucket="bucket",
        fileNamePrefix="some/where/cut",
        shardSize=16,
        fileDimensions=(160, 112),
    )
    assert finished(task)["state"] == "COMPLETED"
    found = sorted(path.name for path in (folder / "bucket/some/where").iterdir())
    assert found == [f"cut-{top:010}-{left:010}.tif" for top in (0, 112, 224) for left in (0, 160)]
    values, _ = expected("u8")
    with rasterio.open(folder / "bucket/some/where" / found[-1]) as file:
        assert (file.width, file.height) == (140, 26)
        assert tuple(file.transform)[:6] == (10, 0, 401_560, 0, -10, 7_997_780)
        np.testing.assert_array_equal(file.read(1), values[224:, 160:])


def test_empty_files_can_be_left_out(folder: Path) -> None:
    left = ee.Image(UTM_IMAGE).select("u8").updateMask(ee.Image.pixelCoordinates("EPSG:32738")
                                                       .select("x").lt(402_000))  # fmt: skip
    to_drive(left, "half", folder="half", fileDimensions=256, skipEmptyTiles=True)
    assert [path.name for path in (folder / "half").iterdir()] == ["half-0000000000-0000000000.tif"]


def test_cloud_optimized_with_nodata(folder: Path) -> None:
    options = {"cloudOptimized": True, "noData": -9999}
    image = ee.Image(UTM_IMAGE).select("i16")
    status = to_drive(image.unmask(-9999), "cog", formatOptions=options)
    assert status["state"] == "COMPLETED"
    valid, errors, _ = cog_validate(folder / "cog.tif")
    assert valid, errors
    with rasterio.open(folder / "cog.tif") as file:
        values, ok = expected("i16")
        assert file.nodata == -9999
        np.testing.assert_array_equal(file.read(1), np.where(ok, values, -9999))


def test_region_scale_and_crs_are_the_clients_and_are_kept(folder: Path) -> None:
    region = ee.Geometry.Rectangle([400_060, 7_999_000, 400_960, 7_999_600], UTM.crs, False)
    to_drive(ee.Image(UTM_IMAGE).select("u8"), "part", region=region, scale=5, crs=UTM.crs)
    with rasterio.open(folder / "part.tif") as file:
        assert (file.width, file.height) == (180, 120)
        assert file.transform.a == 5
        a, _, left, _, e, top = UTM.transform
        x = file.transform.c + 5 * (np.arange(180)[None] + 0.5)
        y = file.transform.f - 5 * (np.arange(120)[:, None] + 0.5)
        cols, rows = ((x - left) // a).astype(int), ((y - top) // e).astype(int)
        values, _ = expected("u8")
        np.testing.assert_array_equal(file.read(1), values[rows, cols])


def test_an_exported_asset_can_be_read_again(server: eemulator.Server) -> None:
    policies = {".default": "mode", "f32": "sample"}
    status = to_asset(ee.Image(UTM_IMAGE), "kept", pyramidingPolicy=policies)
    assert status["state"] == "COMPLETED"
    assert status["destination_uris"] == [f"https://code.earthengine.google.com/?asset={HOME}/kept"]
    kept, stored = info(ee.Image(f"{HOME}/kept")), info(ee.Image(UTM_IMAGE))
    assert kept["bands"] == stored["bands"]
    assert kept["properties"]["time"] == "noon"
    assert kept["properties"]["system:index"] == "kept"
    assert kept["properties"]["system:time_start"] == 1_704_067_200_000
    np.testing.assert_array_equal(pixels(f"{HOME}/kept"), pixels(UTM_IMAGE))
    mask = ee.Image(f"{HOME}/kept").select("f64").mask()
    np.testing.assert_array_equal(pixels(mask)["f64"] > 0, expected("f64")[1])
    bands = ee.data.getAsset(f"{HOME}/kept")["bands"]
    assert {band["id"]: band["pyramidingPolicy"] for band in bands} == {
        name: "SAMPLE" if name == "f32" else "MODE" for name in synthetic.DTYPES
    }
    # It is used as any other: with others in one expression.
    difference = ee.Image(f"{HOME}/kept").select("i32").subtract(ee.Image(UTM_IMAGE).select("i32"))
    assert not pixels(difference)["i32"].any()


def test_the_javascript_clients_words(server: eemulator.Server) -> None:
    """It sends a policy that says nothing, and asks for the task under another project."""
    body = {
        "expression": json.loads(ee.Image(UTM_IMAGE).select(["u8", "f32"]).serialize()),
        "assetExportOptions": {
            "earthEngineDestination": {"name": f"{HOME}/scripted"},
            "pyramidingPolicy": "PYRAMIDING_POLICY_UNSPECIFIED",
            "pyramidingPolicyOverrides": {
                "u8": "MODE",
                "f32": "PYRAMIDING_POLICY_UNSPECIFIED",
            },
        },
    }
    name = send(server, "POST", f"{PROJECT}/image:export", body).json["name"]
    legacy = f"/v1/projects/earthengine-legacy/operations/{name.rpartition('/')[2]}"
    assert send(server, "POST", f"{legacy}:wait", {"timeout": "60s"}).json["done"]
    assert send(server, "GET", legacy).json["name"] == name
    assert send(server, "GET", legacy.replace("legacy", "other")).status == 404
    bands = ee.data.getAsset(f"{HOME}/scripted")["bands"]
    assert [band["pyramidingPolicy"] for band in bands] == ["MODE", "MEAN"]


def test_an_asset_is_overwritten_only_on_demand() -> None:
    first = (
        ee.Image.constant(1)
        .toUint8()
        .clipToBoundsAndScale(ee.Geometry.Rectangle([0, 0, 4, 3], "EPSG:4326", False))
    )
    assert to_asset(first, "c")["state"] == "COMPLETED"
    assert info(ee.Image(f"{HOME}/c"))["bands"][0]["dimensions"] == [4, 3]
    coarse = grid("EPSG:4326", (2, 0, 0, 0, -2, 2), 2, 1)
    assert (pixels(f"{HOME}/c", coarse)["constant"] == 1).all()
    with pytest.raises(ee.EEException, match=f"Cannot overwrite asset '{HOME}/c'"):
        to_asset(first, "c")
    assert to_asset(first.add(1), "c", overwrite=True)["state"] == "COMPLETED"
    assert (pixels(f"{HOME}/c")["constant"] == 2).all()
    assert (pixels(f"{HOME}/c", coarse)["constant"] == 2).all()
    with pytest.raises(ee.EEException, match="does not exist"):
        to_asset(first, "no/where")


SQUARE = [400_000, 8_000_000, 401_000, 8_001_000]


def table() -> Any:
    rows = [
        ee.Feature(ee.Geometry.Point([44.5, -18]), {"b": 1.5, "a": 'x,"y"', "l": [1, 2]}),
        ee.Feature(ee.Geometry.Rectangle(SQUARE, UTM.crs, False), {"b": 2, "more": 1}),
        ee.Feature(None, {"a": None}),
    ]
    return ee.FeatureCollection(rows)


def test_a_table_becomes_csv(folder: Path) -> None:
    status = finished(ee.batch.Export.table.toDrive(table(), "rows", "tables"))
    assert (status["state"], status["task_type"]) == ("COMPLETED", "EXPORT_FEATURES")
    with (folder / "tables/rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["system:index", "a", "b", "l", ".geo"]
    assert [row["system:index"] for row in rows] == ["0", "1", "2"]
    assert [row["b"] for row in rows] == ["1.5", "2", ""]
    assert (rows[0]["a"], rows[0]["l"]) == ('x,"y"', "[1,2]")
    assert json.loads(rows[0][".geo"]) == {"type": "Point", "coordinates": [44.5, -18]}
    task = ee.batch.Export.table.toDrive(table(), "some", selectors=["more", "b"])
    finished(task)
    assert (folder / "some.csv").read_text() == "more,b\n,1.5\n1,2\n,\n"


def test_a_table_becomes_geojson_in_degrees(folder: Path) -> None:
    task = ee.batch.Export.table.toCloudStorage(
        table(), "rows", bucket="b", fileNamePrefix="x/rows", fileFormat="GeoJSON"
    )
    assert finished(task)["state"] == "COMPLETED"
    written = json.loads((folder / "b/x/rows.geojson").read_text())
    assert [feature["id"] for feature in written["features"]] == ["0", "1", "2"]
    assert written["features"][1]["properties"] == {"b": 2, "more": 1}
    to_degrees = Transformer.from_crs(UTM.crs, "EPSG:4326", always_xy=True).transform
    west, south, east, north = SQUARE
    ring = to_degrees([west, east, east, west], [south, south, north, north])
    corners = shapely.Polygon(np.column_stack(ring))
    found = shape(written["features"][1]["geometry"])
    assert shapely.hausdorff_distance(found, corners) < 1e-9
    assert written["features"][2]["geometry"] is None


def test_a_table_becomes_an_asset() -> None:
    task = ee.batch.Export.table.toAsset(table(), "rows", f"{HOME}/rows")
    assert finished(task)["state"] == "COMPLETED"
    assert ee.data.getAsset(f"{HOME}/rows")["type"] == "TABLE"
    kept: Any = ee.FeatureCollection(f"{HOME}/rows")
    before, after = info(table()), info(kept)
    assert after["id"] == f"{HOME}/rows"
    assert after["features"] == before["features"]
    assert kept.filter(ee.Filter.eq("b", 2)).size().getInfo() == 1
    with pytest.raises(ee.EEException, match="is not an Image"):
        info(ee.Image(f"{HOME}/rows"))


def test_the_rows_of_a_table_are_listed_by_pages() -> None:
    finished(ee.batch.Export.table.toAsset(table(), "rows", f"{HOME}/rows"))

    def listed(**more: Any) -> Any:
        return ee.data.listFeatures({"assetId": f"{HOME}/rows", **more})

    def ids(page: Any) -> list[str]:
        return [feature["id"] for feature in page.get("features", ())]

    assert listed()["type"] == "FeatureCollection"
    assert listed()["features"] == ee.data.computeFeatures({"expression": table()})["features"]
    first = listed(pageSize=2)
    assert ids(first) == ["0", "1"]
    second = listed(pageSize=2, pageToken=first["nextPageToken"])
    assert ids(second) == ["2"]
    assert "nextPageToken" not in second
    assert ids(listed(region=json.dumps({"type": "Point", "coordinates": [44.5, -18]}))) == ["0"]
    assert ids(listed(filter="properties.b>=2")) == ["1"]
    assert ids(listed(filter="intersects('POINT (44.5 -18)')")) == ["0"]
    with pytest.raises(ee.EEException, match="is not a table"):
        ee.data.listFeatures({"assetId": UTM_IMAGE})
    with pytest.raises(ee.EEException, match="page_token"):
        listed(pageToken="nonsense")


def test_states_from_the_queue_to_the_end(server: eemulator.Server) -> None:
    held = ee.batch.Export.image.toAsset(ee.Image("TEST/HELD"), "held", f"{HOME}/held")
    plain = [ee.batch.Export.image.toDrive(ee.Image(1).clipToBoundsAndScale(
        ee.Geometry.Rectangle([0, 0, 2, 2], "EPSG:4326", False)), f"plain{k}", priority=k)
        for k in range(3)]  # fmt: skip
    assert held.status()["state"] == "UNSUBMITTED"
    held.start()
    assert HELD.waiting.acquire(timeout=30)
    for task in plain:
        task.start()
    assert held.status()["state"] == "RUNNING"
    assert ee.data.getOperation(str(held.name))["metadata"]["progress"] == 0
    assert "progress" not in ee.data.getOperation(str(plain[0].name))["metadata"]
    assert [task.status()["state"] for task in plain] == ["READY"] * 3
    with pytest.raises(ee.EEException, match="Too many tasks already in the queue"):
        ee.batch.Export.image.toDrive(ee.Image(1), "one too many").start()
    plain[1].cancel()
    assert plain[1].status()["state"] == "CANCELLED"
    assert plain[1].status()["error_message"] == "Cancelled."
    assert ee.data.getOperation(str(plain[1].name))["metadata"]["progress"] == 0
    listed = ee.data.listOperations()
    assert [each["metadata"]["description"] for each in listed] == [
        "plain2",
        "plain1",
        "plain0",
        "held",
    ]
    assert "done" not in listed[3]
    HELD.go.set()
    assert finished(plain[0], start=False)["state"] == "COMPLETED"
    assert ee.data.getOperation(str(held.name))["metadata"]["progress"] == 1
    states = {task.config["description"]: task.state for task in ee.batch.Task.list()
              if task.config}  # fmt: skip
    assert states == {
        "held": "COMPLETED",
        "plain0": "COMPLETED",
        "plain1": "CANCELLED",
        "plain2": "COMPLETED",
    }
    began = [t.status()["start_timestamp_ms"] for t in (plain[2], plain[0])]
    assert began == sorted(began)  # the higher priority first
    path = f"{PROJECT}/operations?pageSize=3"
    first = send(server, "GET", path).json
    second = send(server, "GET", f"{path}&pageToken={first['nextPageToken']}").json
    assert first["operations"] + second["operations"] == ee.data.listOperations()


def test_a_running_export_is_cancelled_and_leaves_nothing(folder: Path) -> None:
    task = ee.batch.Export.image.toDrive(ee.Image("TEST/HELD").select("u8"), "held", "held")
    task.start()
    assert HELD.waiting.acquire(timeout=30)
    task.cancel()
    assert task.status()["state"] == "CANCEL_REQUESTED"
    HELD.go.set()
    status = finished(task, start=False)
    assert status["state"] == "CANCELLED"
    assert not (folder / "held").exists()
    assert not list(folder.glob(".export-*"))
    task.cancel()
    assert task.status()["state"] == "CANCELLED"


def test_the_same_request_is_started_once() -> None:
    image = ee.Image(1).clipToBoundsAndScale(
        ee.Geometry.Rectangle([0, 0, 2, 2], "EPSG:4326", False)
    )
    config: Any = ee.batch.Export.image.toDrive(image, "once").config
    one = ee.data.exportImage("the id", config)
    assert ee.data.exportImage("the id", config)["name"] == one["name"]
    assert ee.data.exportImage("another", config)["name"] != one["name"]
    # A reply that was lost is asked for again after all is done, and the asset there.
    task = ee.batch.Export.image.toAsset(image, "kept", f"{HOME}/kept")
    assert finished(task)["state"] == "COMPLETED"
    config = task.config
    assert ee.data.exportImage(str(task._request_id), config)["name"] == task.operation_name


@pytest.mark.parametrize(
    ("image", "options", "words"),
    [
        (
            lambda: ee.Image(UTM_IMAGE).select("u8"),
            {"maxPixels": 74_999},
            "Export too large: specified 75000 pixels (max: 74999). Specify higher maxPixels value "
            "if you intend to export a large area.",
        ),
        (
            lambda: ee.Image(UTM_IMAGE).select(["u8", "f32"]),
            {},
            "Exported bands must have compatible data types; found inconsistent types: Byte and "
            "Float32.",
        ),
        (
            lambda: ee.Image(UTM_IMAGE).select("B99"),
            {},
            "Image.select: Band pattern 'B99' did not match any bands. Available bands: "
            "[u8, i16, u16, i32, f32, f64, flag]",
        ),
        (
            lambda: ee.Image(UTM_IMAGE).select("u8"),
            {"formatOptions": {"noData": -1}},
            "The noData value -1.0 is no value of type Byte.",
        ),
    ],
)
def test_errors_of_the_computation_are_the_operations(
    folder: Path, image: Any, options: dict[str, Any], words: str
) -> None:
    status = to_drive(image(), "wrong", **options)
    assert (status["state"], status["error_message"]) == ("FAILED", words)
    assert not list(folder.glob("wrong*"))
    assert not list(folder.glob(".export-*"))


def test_assets_beyond_the_quota_are_refused_before_they_are_computed() -> None:
    assert to_asset(ee.Image(UTM_IMAGE).select(["u8", "i32"]), "one")["state"] == "COMPLETED"
    status = to_asset(ee.Image("TEST/HELD"), "held")
    assert status["state"] == "FAILED"
    # A byte a pixel of mask on top; the first has 7 bytes a pixel, this one 29.
    words = "Asset quota exceeded: 2175000 bytes, and 1975000 are left."
    assert status["error_message"].startswith(words)


def test_tables_beyond_the_quota_are_refused() -> None:
    long = ee.String("x" * 100_000)
    rows = ee.FeatureCollection([ee.Feature(None, {"k": k}) for k in range(30)])
    grown = rows.map(lambda row: row.set("text", long))
    status = finished(ee.batch.Export.table.toAsset(grown, "long", f"{HOME}/long"))
    assert status["state"] == "FAILED"
    assert status["error_message"].startswith("Asset quota exceeded: 250")
    assert ee.data.getAssetRootQuota(HOME)["asset_size"] == {"usage": 0, "limit": 2_500_000}


def test_what_cannot_be_written_is_said_without_the_path(folder: Path) -> None:
    (folder / "taken.tif").mkdir()
    status = to_drive(ee.Image(UTM_IMAGE).select("u8"), "taken")
    assert (status["state"], status["error_message"]) == (
        "FAILED",
        "The export cannot be written: Is a directory.",
    )


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (lambda: to_drive(ee.Image(1), "x", fileFormat="PNG"), "Exporting images as PNG"),
        (lambda: to_drive(ee.Image(1), "x", fileDimensions=100), "multiples of shardSize"),
        (lambda: to_asset(ee.Image(1), "x", pyramidingPolicy={"b": "magic"}), "MAGIC"),
        (
            lambda: finished(ee.batch.Export.table.toDrive(table(), "x", fileFormat="XLS")),
            "XLS: not implemented by the emulator",
        ),
        (
            lambda: finished(ee.batch.Export.table.toDrive(table(), "x", maxVertices=5)),
            "maxVertices: not implemented",
        ),
        (
            lambda: finished(
                ee.batch.Export.video.toDrive(
                    ee.ImageCollection("TEST/SERIES"), "x", dimensions=8, framesPerSecond=1
                )
            ),
            "video:export: not implemented by the emulator",
        ),
    ],
)
def test_what_is_not_exported_is_refused_at_once(start: Any, words: str) -> None:
    with pytest.raises(ee.EEException, match=words):
        start()
    assert ee.data.listOperations() == []


@pytest.mark.parametrize(
    "path", ["..", "../..", "/etc", "a/../../b", "..\\..", "~", "", ".", "con\x00trol", "é" * 300]
)
def test_no_name_leads_out_of_the_folder(folder: Path, path: str) -> None:
    outside = set(folder.parent.rglob("*")) - set(folder.rglob("*"))
    image = ee.Image(1).clipToBoundsAndScale(
        ee.Geometry.Rectangle([0, 0, 2, 2], "EPSG:4326", False)
    )
    finished(ee.batch.Export.image.toDrive(image, "x", path or "d", f"{path}/x"))
    task = ee.batch.Export.image.toCloudStorage(image, "x", path or "b", f"{path}/x/{path}")
    assert finished(task)["state"] == "COMPLETED"
    assert set(folder.parent.rglob("*")) - set(folder.rglob("*")) == outside


@given(st.lists(st.text(max_size=20) | st.sampled_from(["..", ".", "/", "a/..", "\0"]), min_size=1))
def test_no_path_leads_out_of_the_folder(parts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as made:
        root = Path(made).resolve()
        stem = ExportFolder(root).stem(parts)
        assert stem.is_relative_to(root)
        assert len(stem.relative_to(root).parts) == len(parts)
        (root / ".ready").touch()
        publish([(root / ".ready", stem.with_name(f"{stem.name}.tif"))])
        assert [path.suffix for path in root.rglob("*") if path.is_file()] == [".tif"]


@given(
    *(st.integers(1, 90) for _ in range(4)),
    st.tuples(*(st.integers(-3, 3) for _ in range(2))),
)
def test_files_cover_each_pixel_once_where_it_is(
    width: int, height: int, wide: int, high: int, shear: tuple[int, int]
) -> None:
    whole = eemulator.Grid(
        "EPSG:32738", (10.0, shear[0], 500.0, shear[1], -9.0, 70.0), width, height
    )
    found = np.zeros((height, width), int)
    for suffix, part in geotiff._parts(whole, (wide, high)):
        assert part.width <= wide
        assert part.height <= high
        top, left = (int(text) for text in suffix[1:].split("-")) if suffix else (0, 0)
        corner = Affine(*whole.transform) * (left, top)
        assert (part.transform[2], part.transform[5]) == corner
        found[top : top + part.height, left : left + part.width] += 1
    assert (found == 1).all()


def test_no_link_leads_out_of_the_folder(folder: Path, tmp_path: Path) -> None:
    (folder / "link").symlink_to(tmp_path)
    image = ee.Image(1).clipToBoundsAndScale(
        ee.Geometry.Rectangle([0, 0, 2, 2], "EPSG:4326", False)
    )
    status = to_drive(image, "x", folder="link")
    assert status["state"] == "FAILED"
    assert status["error_message"] == "The destination is not inside of the export folder."
    assert not list(tmp_path.iterdir())


def test_without_a_folder_files_are_refused_and_assets_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with eemulator.running(synthetic.catalog()) as other:
        signed_in(other, monkeypatch)
        with pytest.raises(ee.EEException, match=r"Start it with `--exports DIR`"):
            to_drive(ee.Image(UTM_IMAGE).select("u8"), "x")
        assert to_asset(ee.Image(UTM_IMAGE).select("u8"), "x")["state"] == "COMPLETED"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("image", []),
        ("image", {"expression": {}}),
        ("image", {"fileExportOptions": 1}),
        ("image", {"fileExportOptions": {"fileFormat": "GEO_TIFF"}}),
        ("image", {"fileExportOptions": {"fileFormat": "GEO_TIFF", "geoTiffOptions": [1]}}),
        (
            "image",
            {
                "fileExportOptions": {
                    "fileFormat": "GEO_TIFF",
                    "geoTiffOptions": {"tileDimensions": {"width": 0, "height": 256}},
                }
            },
        ),
        ("image", {"assetExportOptions": {}}),
        ("image", {"assetExportOptions": {"earthEngineDestination": {"name": ""}}}),
        ("image", {"maxPixels": "many", "assetExportOptions": {"earthEngineDestination": {
            "name": f"{HOME}/x"}}}),
        ("image", {"colour": "red"}),
        ("table", {"fileExportOptions": {"cloudStorageDestination": {}}}),
        ("table", {"selectors": "a", "fileExportOptions": {}}),
    ],
)  # fmt: skip
def test_malformed_requests(server: eemulator.Server, kind: str, body: Any) -> None:
    if isinstance(body, dict):
        body = {"expression": ee.serializer.encode(ee.Image(1)), **body}
    reply = send(server, "POST", f"{PROJECT}/{kind}:export", body)
    assert (reply.status, reply.json["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert ee.data.listOperations() == []


def test_an_unknown_operation_is_not_found(server: eemulator.Server) -> None:
    for method, path in (("GET", "x"), ("POST", "x:cancel"), ("POST", "x:wait")):
        reply = send(
            server, method, f"{PROJECT}/operations/{path}", {} if method != "GET" else None
        )
        assert reply.status == 404
