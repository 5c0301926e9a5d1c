"""The engine's rooms that touch no network: retries, the wire, decoding, the session."""

from __future__ import annotations

import io
import json
import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine

from geetensor.engine import wire
from geetensor.engine.decode import decode_pixels
from geetensor.engine.retry import NO_REPLY, Remedy, RetryPolicy, remedy
from geetensor.engine.session import Session
from geetensor.engine.transport import Reply
from geetensor.errors import BadReplyError
from geetensor.grid import PixelGrid
from geetensor.masks import FileFormat

CONFORMANCE = Path(__file__).parents[1] / "conformance"
REQUESTS = json.loads((CONFORMANCE / "requests.json").read_text())
REFUSALS = json.loads((CONFORMANCE / "refusals.json").read_text())
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
    policy = RetryPolicy(attempts=4, first_delay=1, longest_delay=5)
    drawn = [[policy.delay(n, None, random.Random(seed)) for seed in range(200)] for n in (1, 2, 3)]
    for delays, ceiling in zip(drawn, (2, 4, 5), strict=True):
        assert min(d for d in delays if d is not None) >= 0
        assert ceiling * 0.9 < max(d for d in delays if d is not None) <= ceiling
    assert policy.delay(4, None, random.Random(0)) is None
    assert policy.delay(4, 10, random.Random(0)) is None
    asked = policy.delay(1, 10, random.Random(0))
    assert asked is not None
    assert asked >= 10


def test_retry_after_is_read_from_the_headers() -> None:
    assert Reply(429, b"", {"retry-after": "7"}).retry_after == 7
    assert Reply(429, b"", {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}).retry_after is None
    assert Reply(429, b"", {}).retry_after is None


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


def npy(*, names: tuple[str, ...] = ("a", "b"), shape: tuple[int, int] = (2, 3)) -> bytes:
    pixels = np.zeros(shape, [(name, "<u2") for name in names])
    for offset, name in enumerate(names):
        pixels[name] = np.arange(pixels.size).reshape(shape) + 100 * offset
    stream = io.BytesIO()
    np.save(stream, pixels)
    return stream.getvalue()


def test_npy_bands_are_views_of_the_body() -> None:
    body = npy()
    first, second = decode_pixels(body, FileFormat.NPY, ["a", "b"], (2, 3))
    assert first.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert second.tolist() == [[100, 101, 102], [103, 104, 105]]
    assert not first.flags.owndata


def test_npy_of_as_many_bands_as_the_service_allows() -> None:
    bands = [f"20240103T070239_20240103T070239_B{n}" for n in range(1024)]
    body = npy(names=tuple(bands), shape=(1, 1))
    assert len(decode_pixels(body, FileFormat.NPY, bands, (1, 1))) == 1024


@pytest.mark.parametrize(
    ("body", "bands", "shape", "reason"),
    [
        (npy()[:-1], ["a", "b"], (2, 3), "no NPY image"),
        (npy(), ["a"], (2, 3), "Asked for 1 bands"),
        (npy(), ["a", "b"], (3, 2), r"Asked for 2 bands of \(3, 2\)"),
        (b"\x93NUMPY\x03\x00", ["a"], (1, 1), "version"),
        (b"", ["a"], (1, 1), "no NPY image"),
        (b"<html>", ["a"], (1, 1), "no NPY image"),
    ],
)
def test_what_is_not_the_image_asked_for_is_refused(
    body: bytes, bands: list[str], shape: tuple[int, int], reason: str
) -> None:
    with pytest.raises(BadReplyError, match=reason):
        decode_pixels(body, FileFormat.NPY, bands, shape)


def test_an_npy_of_objects_is_never_unpickled() -> None:
    stream = io.BytesIO()
    np.save(stream, np.array([[object]], dtype=object), allow_pickle=True)
    with pytest.raises(BadReplyError):
        decode_pixels(stream.getvalue(), FileFormat.NPY, ["a"], (1, 1))


def test_a_geotiff_that_is_none_is_refused() -> None:
    with pytest.raises(BadReplyError, match="no GEO_TIFF image"):
        decode_pixels(b"II*\x00garbage", FileFormat.GEO_TIFF, ["a"], (1, 1))


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
