"""Exports in other formats than GeoTIFF, CSV and GeoJSON, and tables that are downloaded."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import ee
import geopandas
import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, shape

from eemulator.exports import records
from tests.eemulator.exporting import expected, finished, to_drive
from tests.eemulator.synthetic import UTM, formula, in_pixels, is_valid
from tests.eemulator.wire import PROJECT, send

if TYPE_CHECKING:
    from pathlib import Path

    import eemulator

UTM_IMAGE = "TEST/UTM"

pytestmark = pytest.mark.usefixtures("exporting")


def _example_class() -> Any:
    """`tf.train.Example` as its public definition says."""
    file = descriptor_pb2.FileDescriptorProto(name="example.proto", package="t", syntax="proto3")
    field = descriptor_pb2.FieldDescriptorProto
    texts, floats, feature = (
        file.message_type.add(name=name) for name in ("BytesList", "FloatList", "Feature")
    )
    texts.field.add(name="value", number=1, type=field.TYPE_BYTES, label=field.LABEL_REPEATED)
    floats.field.add(name="value", number=1, type=field.TYPE_FLOAT, label=field.LABEL_REPEATED)
    for number, (name, kind) in enumerate((("bytes", "BytesList"), ("float", "FloatList")), 1):
        feature.field.add(
            name=name,
            number=number,
            type=field.TYPE_MESSAGE,
            type_name=f".t.{kind}",
            label=field.LABEL_OPTIONAL,
        )
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
    message: dict[str, Any] = {"type": field.TYPE_MESSAGE}
    entry.field.add(
        name="value", number=2, type_name=".t.Feature", label=field.LABEL_OPTIONAL, **message
    )
    features.field.add(
        name="feature",
        number=1,
        type_name=".t.Features.FeatureEntry",
        label=field.LABEL_REPEATED,
        **message,
    )
    example = file.message_type.add(name="Example")
    example.field.add(
        name="features", number=1, type_name=".t.Features", label=field.LABEL_OPTIONAL, **message
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Example"))


EXAMPLE = _example_class()


def crc32c(data: bytes) -> int:
    """Bit by bit, by Castagnoli's polynomial."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def unmasked(checksum: int) -> int:
    rotated = (checksum - 0xA282EAD8) & 0xFFFFFFFF
    return (rotated >> 17 | rotated << 15) & 0xFFFFFFFF


def decoded(content: bytes) -> list[dict[str, Any]]:
    """The examples of a TFRecord file: arrays of floats, or lists of bytes, by name."""
    found = []
    while content:
        (size,) = struct.unpack("<Q", content[:8])
        record = content[12 : 12 + size]
        checks = struct.unpack("<II", content[8:12] + content[12 + size : 16 + size])
        assert unmasked(checks[0]) == crc32c(content[:8])
        if size < 5_000:  # The loop above is slow.
            assert unmasked(checks[1]) == crc32c(record)
        content = content[16 + size :]
        features = EXAMPLE.FromString(record).features.feature
        found.append(
            {
                name: list(value.bytes.value)
                if value.HasField("bytes")
                else np.array(value.float.value, np.float32)
                for name, value in features.items()
            }
        )
    return found


def unpacked(path: Path) -> list[dict[str, Any]]:
    content = path.read_bytes()
    return decoded(gzip.decompress(content) if path.suffix == ".gz" else content)


def test_the_checksum_is_the_published_one() -> None:
    # RFC 3720, B.4: 32 bytes of zeros, of ones, and counting up.
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.text(max_size=9),
        st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=300)
        | st.lists(st.binary(max_size=200), min_size=1, max_size=4),
        max_size=4,
    )
)
def test_examples_are_those_of_the_public_definition(features: dict[str, list[Any]]) -> None:
    given = {
        name: np.array(values, np.float32) if isinstance(values[0], float) else values
        for name, values in features.items()
    }
    content = records.framed(records.example(given))
    (found,) = decoded(content + records.framed(b""))[:1]
    assert found.keys() == given.keys()
    for name, values in given.items():
        np.testing.assert_array_equal(found[name], values)


def test_an_image_becomes_patches_and_a_mixer(folder: Path) -> None:
    image = ee.Image(UTM_IMAGE).select(["u16", "f32"])
    options = {"patchDimensions": [70, 60], "compressed": True, "defaultValue": 3}
    status = to_drive(image, "p", folder="tf", fileFormat="TFRecord", formatOptions=options)
    assert status["state"] == "COMPLETED"
    assert {path.name for path in (folder / "tf").iterdir()} == {
        "p-00000.tfrecord.gz",
        "p-mixer.json",
    }
    assert json.loads((folder / "tf" / "p-mixer.json").read_text()) == {
        "projection": {"crs": "EPSG:32738", "affine": {"doubleMatrix": list(UTM.transform)}},
        "patchDimensions": [70, 60],
        "patchesPerRow": 4,
        "totalPatches": 16,
    }
    found = unpacked(folder / "tf" / "p-00000.tfrecord.gz")
    assert len(found) == 16
    for name in ("u16", "f32"):
        values, valid = expected(name)
        wanted = np.where(valid, values, 3).astype(np.float32)
        for number, patch in enumerate(found):
            row, col = number // 4 * 60, number % 4 * 70
            np.testing.assert_array_equal(
                patch[name].reshape(60, 70), wanted[row : row + 60, col : col + 70]
            )


def test_patches_overlap_by_half_a_kernel_and_files_are_cut(folder: Path) -> None:
    image = ee.Image(UTM_IMAGE).select("u8")
    area = in_pixels(80, 60, 220, 180)
    options = {"patchDimensions": [70, 60], "kernelSize": [20, 10], "maxFileSize": 30_000}
    status = to_drive(
        image, "k", folder="tf2", fileFormat="TFRecord", region=area, formatOptions=options
    )
    assert status["state"] == "COMPLETED"
    names = sorted(path.name for path in (folder / "tf2").iterdir())
    assert names == ["k-00000.tfrecord", "k-00001.tfrecord", "k-00002.tfrecord", "k-00003.tfrecord",
                     "k-mixer.json"]  # fmt: skip
    found = [patch for name in names[:4] for patch in unpacked(folder / "tf2" / name)]
    assert len(found) == 4
    values, valid = expected("u8")
    rows, cols = np.ogrid[: UTM.height, : UTM.width]
    within = (rows >= 60) & (rows < 180) & (cols >= 80) & (cols < 220)
    wanted = np.where(valid & within, values, 0)
    for number, patch in enumerate(found):
        row, col = 60 + number // 2 * 60, 80 + number % 2 * 70
        np.testing.assert_array_equal(
            patch["u8"].reshape(70, 90), wanted[row - 5 : row + 65, col - 10 : col + 80]
        )


def test_patches_that_are_too_masked_are_left_out(folder: Path) -> None:
    rows, cols = np.arange(250)[:, None], np.arange(300)[None]
    masked = ~np.broadcast_to(is_valid("u16", 3, rows, cols), (250, 300))
    parts = masked.reshape(5, 50, 6, 50).mean(axis=(1, 3))
    most = float(np.median(parts))
    kept = np.argwhere(parts <= most) * 50
    image = ee.Image(UTM_IMAGE).select("u16")
    options = {"patchDimensions": [50, 50], "maskedThreshold": most}
    to_drive(image, "m", folder="tf3", fileFormat="TFRecord", formatOptions=options)
    assert [path.name for path in (folder / "tf3").iterdir()] == ["m-00000.tfrecord"]
    assert 0 < len(kept) < 30
    found = unpacked(folder / "tf3" / "m-00000.tfrecord")
    assert len(found) == len(kept)
    values, valid = formula("u16", 3, rows, cols), ~masked
    for patch, (row, col) in zip(found, kept, strict=True):
        part = slice(row, row + 50), slice(col, col + 50)
        np.testing.assert_array_equal(
            patch["u16"].reshape(50, 50), np.where(valid[part], values[part], 0)
        )


def test_a_region_smaller_than_a_patch_gives_an_empty_file(folder: Path) -> None:
    image = ee.Image(UTM_IMAGE).select("u16")
    status = to_drive(image, "e", folder="tf4", fileFormat="TFRecord", scale=300)
    assert status["state"] == "COMPLETED"
    assert (folder / "tf4" / "e-00000.tfrecord").read_bytes() == b""
    assert json.loads((folder / "tf4" / "e-mixer.json").read_text())["totalPatches"] == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sequenceData": True}, "TFRecord with sequenceData: not implemented"),
        ({"collapseBands": True}, "TFRecord with collapseBands: not implemented"),
        ({"tensorDepths": {"a": 1}}, "TFRecord with tensorDepths: not implemented"),
        ({"patchDimensions": [0, 5]}, "patchDimensions must be positive"),
        ({"kernelSize": [-2, 5]}, "kernelSize not negative"),
        ({"maskedThreshold": 2}, "tf_record_options"),
        ({"defaultValue": "much"}, "tf_record_options"),
    ],
)
def test_what_records_cannot_say_is_refused_at_once(options: Any, words: str) -> None:
    with pytest.raises(ee.EEException, match=words):
        to_drive(ee.Image(1), "x", fileFormat="TFRecord", formatOptions=options)
    assert ee.data.listOperations() == []


def rows() -> Any:
    features = [
        ee.Feature(ee.Geometry.Point([44.1, -18.2]), {"text": "ä", "whole": 1, "real": 0.5}),
        ee.Feature(ee.Geometry.Point([44.2, -18.3]), {"text": "b", "whole": 2, "real": 2}),
        ee.Feature(ee.Geometry.Point([44.3, -18.4]), {"text": "c", "whole": None, "real": -1}),
    ]
    return ee.FeatureCollection(features)


def to_file(table: Any, name: str, file_format: str, **options: Any) -> dict[str, Any]:
    task = ee.batch.Export.table.toDrive(
        table, description=name, folder=name, fileFormat=file_format, **options
    )
    return finished(task)


def test_a_table_becomes_records(folder: Path) -> None:
    table = rows().map(
        lambda f: f.set({"list": [1, 2], "array": ee.Array([[1, 2], [3, 4]]), "date": ee.Date(0)})
    )
    assert to_file(table, "records", "TFRecord")["state"] == "COMPLETED"
    first, _, last = unpacked(folder / "records" / "records.tfrecord.gz")
    assert set(first) == {"system:index", "text", "whole", "real", "list", "array", "date"}
    assert (first["text"], first["system:index"]) == (["ä".encode()], [b"0"])
    numbers = {"whole": [1], "real": [0.5], "list": [1, 2], "array": [1, 2, 3, 4]}
    for name, wanted in numbers.items():
        np.testing.assert_array_equal(first[name], wanted)
    assert json.loads(first["date"][0]) == {"type": "Date", "value": 0}
    assert "whole" not in last
    assert to_file(table, "chosen", "TFRecord", selectors=["real", ".geo"])["state"] == "COMPLETED"
    assert set(unpacked(folder / "chosen" / "chosen.tfrecord.gz")[0]) == {"real"}


@pytest.mark.parametrize(("file_format", "end"), [("SHP", ".shp"), ("KML", ".kml")])
def test_a_table_becomes_a_file_that_gdal_reads(folder: Path, file_format: str, end: str) -> None:
    name = f"geo{file_format}"
    assert to_file(rows(), name, file_format)["state"] == "COMPLETED"
    ends = {path.suffix for path in (folder / name).iterdir()}
    assert ends == ({".kml"} if end == ".kml" else {".shp", ".shx", ".dbf", ".prj", ".cpg"})
    read = geopandas.read_file(folder / name / f"{name}{end}", engine="pyogrio")
    assert read.crs.to_epsg() == 4326
    assert [(each.x, each.y) for each in read.geometry] == [
        (44.1, -18.2), (44.2, -18.3), (44.3, -18.4)
    ]  # fmt: skip
    assert list(read["text"]) == ["ä", "b", "c"]
    np.testing.assert_array_equal(read["real"], [0.5, 2, -1])
    np.testing.assert_array_equal(read["whole"].astype(float), [1, 2, np.nan])
    index = "system_ind" if end == ".shp" else "system:index"
    assert [str(each) for each in read[index]] == ["0", "1", "2"]


def test_projected_geometries_and_mixed_ones_in_kml(folder: Path) -> None:
    table = ee.FeatureCollection(
        [
            ee.Feature(in_pixels(0, 0, 10, 10), {"n": 1}),
            ee.Feature(ee.Geometry.LineString([[44, -18], [45, -19]]), {"n": 2}),
            ee.Feature(None, {"n": 3}),
        ]
    )
    assert to_file(table, "mixed", "KMZ")["state"] == "COMPLETED"
    with zipfile.ZipFile(folder / "mixed" / "mixed.kmz") as packed:
        assert packed.namelist() == ["doc.kml"]
        read = geopandas.read_file(io.BytesIO(packed.read("doc.kml")), engine="pyogrio")
    box = shape(in_pixels(0, 0, 10, 10).transform("EPSG:4326", 0.001).getInfo())
    assert read.geometry[0].symmetric_difference(box).area < 1e-6 * box.area
    assert read.geometry[1].equals(LineString([[44, -18], [45, -19]]))
    assert [int(n) for n in read["n"]] == [1, 2, 3]
    status = to_file(table, "mixed_shp", "SHP")
    assert status["state"] == "FAILED"
    assert "of the same type; found types: LineString, Polygon" in status["error_message"]


def test_shapefiles_have_short_names_and_texts(folder: Path) -> None:
    point = ee.Geometry.Point([1, 2])
    alike = ee.FeatureCollection([ee.Feature(point, {"a_long_name_1": 1, "a_long_name_2": 2})])
    status = to_file(alike, "alike", "SHP")
    assert (status["state"], "two begin with 'a_long_nam'" in status["error_message"]) == (
        "FAILED",
        True,
    )
    text = ee.FeatureCollection(
        [ee.Feature(point, {"a_long_name_1": "é" * 200, "big": 2**60, "a:b/é": 1})]
    )
    assert to_file(text, "short", "SHP")["state"] == "COMPLETED"
    (row,) = geopandas.read_file(folder / "short" / "short.shp").to_dict("records")
    assert row["a_long_nam"] == "é" * 127
    assert (row["big"], row["a_b_é"]) == (2**60, 1)


def downloaded(table: Any, file_format: str, **options: Any) -> tuple[bytes, str]:
    with urlopen(table.getDownloadURL(file_format, **options)) as reply:  # noqa: S310
        return reply.read(), str(reply.headers["content-disposition"])


def test_tables_are_downloaded(folder: Path) -> None:
    content, name = downloaded(rows(), "csv", selectors=["text", "whole"], filename="mine")
    assert content.decode() == "text,whole\nä,1\nb,2\nc,\n"
    assert name == 'attachment; filename="mine.csv"'
    to_file(rows(), "same", "GeoJSON")
    for file_format in ("json", "geojson"):
        content, name = downloaded(rows(), file_format)
        assert content == (folder / "same" / "same.geojson").read_bytes()
        assert name == 'attachment; filename="table.geojson"'
    assert decoded(gzip.decompress(downloaded(rows(), "TFRecord")[0]))[1]["text"] == [b"b"]
    content, name = downloaded(rows(), "shp", filename="../a b")
    assert name == 'attachment; filename=".._a_b.zip"'
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert ".._a_b.shp" in packed.namelist()
    _, name = downloaded(rows(), "csv", filename="é 語")
    assert name == "attachment; filename*=UTF-8''%C3%A9_%E8%AA%9E.csv"
    content, name = downloaded(rows(), "kml")
    assert (content[:5], name) == (b"<?xml", 'attachment; filename="table.kml"')
    read = geopandas.read_file(io.BytesIO(content), engine="pyogrio")
    assert read.geometry[0] == Point(44.1, -18.2)


def test_what_cannot_be_downloaded_is_said_when_it_is_asked_for(
    exporting: eemulator.Server,
) -> None:
    with pytest.raises(ee.EEException, match="Downloading tables as XLS: not implemented"):
        rows().getDownloadURL("xls")
    body = {"expression": ee.serializer.encode(rows()), "selectors": "text"}
    reply = send(exporting, "POST", f"{PROJECT}/tables", body)
    assert (reply.status, "a list of names is needed" in reply.message) == (400, True)
    with pytest.raises(ee.EEException, match="does not evaluate to a collection"):
        ee.FeatureCollection(ee.Image(1)).getDownloadURL()
    reply = send(exporting, "GET", f"{PROJECT}/tables/none:getFeatures")
    assert (reply.status, "Table 'projects/" in reply.message) == (404, True)
