"""The engine's rooms that touch no network: retries, the wire, decoding, the session."""

from __future__ import annotations

import ast
import io
import json
import pickle
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

import geetensor.engine.decode
from geetensor.engine import wire
from geetensor.engine.decode import pixel_decoder
from geetensor.engine.expression import stacked
from geetensor.engine.lesson import QUARTER, SMALLEST, SizeLesson
from geetensor.engine.retry import (
    NO_REPLY,
    Remedy,
    RetryPolicy,
    Weather,
    is_for_load,
    parse_retry_after,
    remedy,
)
from geetensor.engine.session import Session
from geetensor.engine.transport import Reply
from geetensor.errors import BadReplyError
from geetensor.grid import PixelGrid
from geetensor.masks import FileFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CONFORMANCE = Path(__file__).parents[1] / "conformance"
REQUESTS = json.loads((CONFORMANCE / "requests.json").read_text())
REFUSALS = json.loads((CONFORMANCE / "refusals.json").read_text())
TABLES = json.loads((CONFORMANCE / "tables.json").read_text())
VALUES = json.loads((CONFORMANCE / "values.json").read_text())
GRID = PixelGrid("EPSG:32738", Affine(10.0, 0, 7e5, 0, -10.0, 7.9e6), 3, 2)


@pytest.mark.parametrize("case", REFUSALS, ids=lambda c: c["name"])
def test_each_refusal_has_its_remedy(case: dict[str, Any]) -> None:
    message = case["message"].format(50340578) if "{}" in case["message"] else case["message"]
    body = json.dumps({"error": {"code": case["status"], "message": message}}).encode()
    assert wire.error_message(body) == message
    assert remedy(case["status"], message) is Remedy[case["remedy"]]
    assert wire.is_not_found(case["status"], message) == case.get("not_found", False)


@pytest.mark.parametrize("case", REQUESTS, ids=lambda c: c["name"])
def test_requests_for_pixels(case: dict[str, Any]) -> None:
    ref: wire.ImageRef
    if "asset_id" in case:
        ref = wire.AssetRef(case["asset_id"])
    else:
        ref = wire.ExpressionRef(json.dumps(case["expression"]).encode(), "x")
    if "stack" in case:
        stack, names = stacked([(wire.AssetRef(name), bands) for name, bands in case["stack"]])
        assert (json.loads(stack.expression), names) == (case["expression"], case["bands"])
    grid = PixelGrid(case["crs"], Affine(*case["transform"]), case["width"], case["height"])
    path, body = wire.pixels_call(
        ref, grid, case["bands"], FileFormat.NPY, "local-emulator", workload_tag=""
    )
    assert path == case["path"]
    assert json.loads(body) == case["body"]


def test_the_status_decides_not_the_text() -> None:
    for message in ("User memory limit exceeded.", "Total request size (9 bytes) must be less"):
        assert remedy(429, message) is Remedy.RETRY
        assert remedy(503, message) is Remedy.RETRY
    assert remedy(400, "Quota exceeded for quota metric") is Remedy.FAIL
    assert remedy(NO_REPLY, "") is Remedy.RETRY
    assert remedy(404, "") is Remedy.FAIL


def test_a_body_that_is_no_json_is_quoted() -> None:
    assert wire.error_message(b"<html>Bad Gateway</html>") == "<html>Bad Gateway</html>"
    assert wire.error_message(b"") == "(no message)"


def test_delays_grow_with_jitter_and_end() -> None:
    policy = RetryPolicy(attempts=4, first_delay=1, growth=2, longest_delay=5)
    drawn = [[policy.delay(n, None, random.Random(seed)) for seed in range(200)] for n in (1, 2, 3)]
    for delays, ceiling in zip(drawn, (2, 4, 5), strict=True):
        assert min(d for d in delays if d is not None) >= 0
        assert ceiling * 0.9 < max(d for d in delays if d is not None) <= ceiling
    assert policy.delay(4, None, random.Random(0)) is None
    assert policy.delay(4, 10, random.Random(0)) is None
    asked = policy.delay(1, 10, random.Random(0))
    assert asked is not None
    assert asked >= 10


def test_what_fails_while_others_succeed_is_soon_asked_for_again() -> None:
    policy = RetryPolicy(attempts=4, first_delay=1, growth=10, longest_delay=50, grace=2)
    for attempt in (1, 2, 3):
        delays = [policy.delay(attempt, None, random.Random(s), calm=True) for s in range(50)]
        assert max(d for d in delays if d is not None) <= 2
    last = [policy.delay(5, None, random.Random(s), calm=True) for s in range(50)]
    assert 20 < max(d for d in last if d is not None) <= 50
    assert policy.delay(6, None, random.Random(0), calm=True) is None


def test_the_weather_is_that_of_the_latest_requests() -> None:
    weather = Weather()
    assert not weather.calm
    for _ in range(100):
        weather.note(good=True)
    assert weather.calm
    for _ in range(21):
        weather.note(good=False)
    assert not weather.calm


def test_retry_after_is_read_from_the_headers() -> None:
    assert Reply(429, {"retry-after": "7"}).retry_after == 7
    assert Reply(429).retry_after is None
    date = "Wed, 21 Oct 2026 07:28:00 GMT"
    now = 1792567680.0  # that moment
    for text, seconds in (
        ("0", 0),
        ("1.5", 1.5),
        ("-3", 0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
        (date, 10),
    ):
        assert parse_retry_after(text, now - 10) == seconds
    assert parse_retry_after(date, now + 10) == 0


def test_stored_images_of_a_collection_are_one_source() -> None:
    first, second = (wire.AssetRef(f"COPERNICUS/S2_SR_HARMONIZED/{n}") for n in "ab")
    assert wire.source_of(first) == wire.source_of(second)
    assert wire.source_of(first) != wire.source_of(wire.AssetRef("COPERNICUS/S2_HARMONIZED/a"))
    computed = [wire.ExpressionRef(text, "x") for text in (b"{}", b"{}", b"[]")]
    assert len({wire.source_of(ref) for ref in computed}) == 2


def test_a_size_that_was_too_much_is_halved_or_more() -> None:
    lesson = SizeLesson()
    assert lesson.most[0] is None
    lesson.failed(8_000_000, "User memory limit exceeded.")
    assert lesson.most == (4_000_000, "User memory limit exceeded.")
    lesson.failed(9_000_000, "not news")
    assert lesson.most[0] == 4_000_000
    lesson.failed(8_000_000, "Computation timed out.", caution=QUARTER)
    assert lesson.most == (2_000_000, "Computation timed out.")
    lesson.failed(1_000, "a case of its own")
    assert lesson.most[0] == SMALLEST


def test_older_quotas_answer_403() -> None:
    body = {"error": {"code": 403, "message": "x", "errors": [{"reason": "rateLimitExceeded"}]}}
    reasons = wire.error_reasons(json.dumps(body).encode())
    assert is_for_load(403, reasons)
    assert is_for_load(429, frozenset())
    assert not is_for_load(403, frozenset({"forbidden"}))
    assert not is_for_load(400, reasons)
    for odd in (b"", b"[]", b'{"error": 1}', b'{"error": {"errors": [1]}}'):
        assert wire.error_reasons(odd) == frozenset()


def test_asset_names() -> None:
    public, legacy = "projects/earthengine-public/assets/", "projects/earthengine-legacy/assets/"
    assert wire.asset_name("COPERNICUS/S2") == public + "COPERNICUS/S2"
    assert wire.asset_name("users/someone/scene") == legacy + "users/someone/scene"
    assert wire.asset_name("projects/p/assets/x/y") == "projects/p/assets/x/y"
    assert wire.asset_name("projects/sat-io/open/x") == legacy + "projects/sat-io/open/x"


def test_the_expression_is_spliced_as_it_is() -> None:
    expression = b'{"result":"0","values":{"0":{"constantValue":"\\u00e9 }"}}}'
    ref = wire.ExpressionRef(expression, "x")
    path, body = wire.pixels_call(ref, GRID, ["a"], FileFormat.NPY, "p", "tag")
    assert path == "/v1/projects/p/image:computePixels"
    sent = json.loads(body)
    assert sent["expression"] == json.loads(expression)
    assert sent["workloadTag"] == "tag"
    assert "é" not in repr(ref)
    path, body = wire.compute_call(expression, "p", "tag")
    assert path == "/v1/projects/p/value:compute"
    assert json.loads(body) == {"expression": json.loads(expression), "workloadTag": "tag"}
    assert "workloadTag" not in json.loads(wire.compute_call(expression, "p", "")[1])


def test_a_crs_without_a_code_travels_as_wkt() -> None:
    wkt = rasterio.crs.CRS.from_string("+proj=sinu +R=6371007.181").to_wkt()
    grid = PixelGrid(wkt, GRID.transform, 1, 1)
    _, body = wire.pixels_call(wire.AssetRef("a/b"), grid, ["x"], FileFormat.NPY, "p", "")
    assert json.loads(body)["grid"]["crsWkt"] == wkt


def npy(
    *,
    names: tuple[str, ...] = ("a", "b"),
    shape: tuple[int, int] = (2, 3),
    version: tuple[int, int] = (1, 0),
) -> bytes:
    pixels = np.zeros(shape, [(name, "<u2") for name in names])
    for offset, name in enumerate(names):
        pixels[name] = np.arange(pixels.size).reshape(shape) + 100 * offset
    stream = io.BytesIO()
    np.lib.format.write_array(stream, pixels, version)
    return stream.getvalue()


class Rows:
    """Collects what a decoder hands on."""

    def __init__(self) -> None:
        self.bands: list[list[NDArray[Any]]] = []
        self.next = 0

    def write_rows(self, first: int, bands: Sequence[NDArray[Any]]) -> None:
        assert first == self.next
        self.next += len(bands[0])
        self.bands.append([band.copy() for band in bands])

    @property
    def values(self) -> list[NDArray[Any]]:
        return [np.concatenate(parts) for parts in zip(*self.bands, strict=True)]


def decode(
    body: bytes,
    bands: list[str],
    shape: tuple[int, int],
    file_format: FileFormat = FileFormat.NPY,
    chunk: int = 1 << 20,
) -> list[NDArray[Any]]:
    rows = Rows()
    decoder = pixel_decoder(file_format, bands, shape, rows)
    for start in range(0, len(body), chunk):
        decoder.feed(body[start : start + chunk])
    decoder.finish()
    return rows.values


@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    names=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6, unique=True),
    chunk=st.integers(1, 700),
    block=st.integers(1, 3000),
    version=st.sampled_from([(1, 0), (2, 0)]),
)
def test_npy_rows_are_handed_on_however_the_body_is_cut(
    shape: tuple[int, int],
    names: list[str],
    chunk: int,
    block: int,
    version: tuple[int, int],
) -> None:
    body = npy(names=tuple(names), shape=shape, version=version)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(geetensor.engine.decode, "_BLOCK", block)
        bands = decode(body, names, shape, chunk=chunk)
    for offset, band in enumerate(bands):
        expected = np.arange(shape[0] * shape[1]).reshape(shape) + 100 * offset
        np.testing.assert_array_equal(band, expected)


def test_npy_fields_go_by_name_where_they_are_the_names_asked_for() -> None:
    body = npy(names=("b", "a"))
    first, second = decode(body, ["a", "b"], (2, 3))
    assert (first[0, 0], second[0, 0]) == (100, 0)
    first, second = decode(body, ["x", "y"], (2, 3))
    assert (first[0, 0], second[0, 0]) == (0, 100)


def test_npy_of_as_many_bands_as_the_service_allows() -> None:
    bands = [f"20240103T070239_20240103T070239_B{n}" for n in range(1024)]
    body = npy(names=tuple(bands), shape=(1, 1))
    assert len(decode(body, bands, (1, 1))) == 1024


def header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    ("body", "bands", "shape", "reason"),
    [
        (npy()[:-1], ["a", "b"], (2, 3), "ends after 0 of 2 rows"),
        (npy() + b"x", ["a", "b"], (2, 3), "goes on after its last row"),
        (npy(), ["a"], (2, 3), "Asked for 1 bands"),
        (npy(), ["a", "b"], (3, 2), r"Asked for 2 bands of \(3, 2\)"),
        (b"\x93NUMPY\x03\x00" + bytes(9), ["a"], (1, 1), "version"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + bytes(9), ["a"], (1, 1), "has 4294967295 bytes"),
        (b"", ["a"], (1, 1), "no NPY image"),
        (b"<html>", ["a"], (1, 1), "no NPY image"),
        (header("{'descr': ("), ["a"], (1, 1), "damaged"),
        (header("{'descr': [('a', '<u2')], 'shape': 5}"), ["a"], (1, 1), "damaged"),
        (header("[]"), ["a"], (1, 1), "damaged"),
        (header("\x00" * 9), ["a"], (1, 1), "damaged"),
        (header("(" * 5000), ["a"], (1, 1), "damaged"),
        (
            header("{'descr': '<u2', 'fortran_order': False, 'shape': (1, 1)}"),
            ["a"],
            (1, 1),
            "structured",
        ),
        (
            header("{'descr': [('a', 'S4')], 'fortran_order': False, 'shape': (1, 1)}"),
            ["a"],
            (1, 1),
            "Expected numbers",
        ),
        (
            header("{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1, 1)}") + bytes(8),
            ["a"],
            (1, 1),
            "structured",
        ),
    ],
)
def test_what_is_not_the_image_asked_for_is_refused(
    body: bytes, bands: list[str], shape: tuple[int, int], reason: str
) -> None:
    with pytest.raises(BadReplyError, match=reason):
        decode(body, bands, shape)


@given(st.binary(max_size=200))
def test_no_header_makes_another_error(text: bytes) -> None:
    body = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
    with pytest.raises(BadReplyError):
        decode(body, ["a"], (1, 1))


def test_headers_are_parsed_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """CPython's compiler fails now and then where two threads make syntax trees at a time."""
    parse, at_a_time, most = ast.literal_eval, threading.Semaphore(1), []

    def watched(text: str) -> Any:
        most.append(at_a_time.acquire(blocking=False))
        time.sleep(0.01)
        at_a_time.release()
        return parse(text)

    monkeypatch.setattr(ast, "literal_eval", watched)
    shapes = [(rows, 7919) for rows in range(1, 9)]  # as no other test has
    with ThreadPoolExecutor(len(shapes)) as pool:
        bodies = [npy(shape=shape) for shape in shapes]
        decoded = list(pool.map(decode, bodies, [["a", "b"]] * len(shapes), shapes))
    assert [bands[0].shape for bands in decoded] == shapes
    assert most == [True] * len(shapes)


def test_an_npy_of_objects_is_never_unpickled() -> None:
    stream = io.BytesIO()
    np.save(stream, np.array([[object]], dtype=object), allow_pickle=True)
    with pytest.raises(BadReplyError):
        decode(stream.getvalue(), ["a"], (1, 1))


def test_a_geotiff_that_is_none_is_refused() -> None:
    with pytest.raises(BadReplyError, match="no GEO_TIFF image"):
        decode(b"II*\x00garbage", ["a"], (1, 1), FileFormat.GEO_TIFF)


def test_a_null_has_no_value() -> None:
    assert wire.decode_value(b'{"result": null}') is None
    for body in (b"", b"[]", b"{}", b"[" * 100_000):
        with pytest.raises(BadReplyError, match="not a computed value"):
            wire.decode_value(body)


def test_image_metadata() -> None:
    info = wire.decode_image_info(
        {
            "type": "Image",
            "id": "C/x",
            "bands": [
                {
                    "id": "B4",
                    "data_type": {"type": "PixelType", "precision": "int", "min": 0, "max": 65535},
                    "dimensions": [10980, 5490],
                    "crs": "EPSG:32738",
                    "crs_transform": [10, 0, 699960, 0, -10, 7900000],
                },
                {"id": "sum", "data_type": {"type": "PixelType", "precision": "int"}},
                {"id": "mean", "data_type": {"type": "PixelType", "precision": "float"}},
            ],
        }
    )
    assert [band.dtype.name for band in info.bands] == ["uint16", "float64", "float32"]
    assert info.bands[0].shape == (5490, 10980)
    assert info.bands[0].transform == Affine(10, 0, 699960, 0, -10, 7900000)
    assert info.bands[1].shape is None
    with pytest.raises(BadReplyError, match="that of ImageCollection"):
        wire.decode_image_info({"type": "ImageCollection"})


def test_a_session_shows_no_secret_and_is_not_pickled() -> None:
    session = Session("https://x", "p", "", {}, credentials="hush", api_key="hush")
    assert "hush" not in repr(session)
    with pytest.raises(TypeError, match="credentials"):
        pickle.dumps(session)


@pytest.mark.parametrize(
    "case", [c for c in TABLES if c["path"].endswith("computeFeatures")], ids=lambda c: c["name"]
)
def test_pages_of_tables(case: dict[str, Any]) -> None:
    body = case["body"]
    expression, size = json.dumps(body["expression"]).encode(), body["pageSize"]
    path, sent = wire.features_call(expression, size, "", "local-emulator", "")
    assert (path, json.loads(sent)) == (case["path"], body)
    _, later = wire.features_call(expression, size, "next", "local-emulator", "tag")
    assert json.loads(later) == {**body, "pageToken": "next", "workloadTag": "tag"}
    reply = {**case["reply"], "nextPageToken": "abc"}
    features = case["reply"]["features"]
    assert wire.decode_features(json.dumps(reply).encode()) == (features, "abc")
    assert wire.decode_features(b'{"type": "FeatureCollection"}') == ([], "")


@pytest.mark.parametrize("case", VALUES, ids=lambda c: c["name"])
def test_grids_as_text(case: dict[str, Any]) -> None:
    expression = json.dumps(case["expression"]).encode()
    path, body = wire.compute_call(expression, "local-emulator", "")
    assert (path, json.loads(body)) == (case["path"], case["body"])
    [band] = case["text"]
    info = wire.decode_band_info(band)
    assert info.crs == "EPSG:4326"
    assert info.shape is None


@pytest.mark.parametrize("wrong", [None, 3, [], {}, {"id": "B1"}])
def test_what_is_no_band(wrong: Any) -> None:
    with pytest.raises(BadReplyError, match="Not the metadata of a band"):
        wire.decode_band_info(wrong)
