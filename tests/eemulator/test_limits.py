"""Every limit, at its edge and beyond, with the service's words."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ee
import numpy as np
import pytest

import eemulator
from eemulator.errors import ServiceError
from eemulator.rest.gate import Gate
from eemulator.stats import Stats

from . import synthetic
from .wire import PROJECT, grid, send

ASSET = "/v1/projects/earthengine-public/assets/TEST/UTM:getPixels"
TRANSFORM = synthetic.UTM.transform


def _request(server: eemulator.Server, width: int, height: int, *bands: str) -> Any:
    body = {
        "fileFormat": "NPY",
        "bandIds": list(bands),
        "grid": grid("EPSG:32738", TRANSFORM, width, height),
    }
    return send(server, "POST", ASSET, body)


def test_request_size_counts_a_mask_byte(server: eemulator.Server) -> None:
    # 4096 x 4096 x (2 + 1) is exactly the limit.
    assert _request(server, 4096, 4096, "u16").status == 200
    reply = _request(server, 4096, 4097, "u16")
    assert reply.status == 400
    assert reply.message == (
        "Total request size (50343936 bytes) must be less than or equal to 50331648 bytes."
    )
    # The report that the limit was learnt from: 512 x 256 pixels of 48 bands of 8 bytes.
    reply = _request(server, 6938, 5734, "u16", "i16")
    assert "(238694952 bytes)" in reply.message


def test_dimensions(server: eemulator.Server) -> None:
    assert _request(server, 32768, 1, "u8").status == 200
    reply = _request(server, 32769, 7, "u8")
    assert reply.status == 400
    assert reply.message == ("Pixel grid dimensions (32769x7) must be less than or equal to 32768.")


def test_band_count(server: eemulator.Server) -> None:
    assert server.limits.bands == 1024
    image = ee.Image.constant(list(range(1025)))
    wire = grid("EPSG:4326", (1, 0, 0, 0, -1, 0), 2, 2)
    request = {"expression": image, "grid": wire, "fileFormat": "NPY"}
    with pytest.raises(ee.EEException) as caught:
        ee.data.computePixels(request)
    assert str(caught.value) == "Number of bands (1025) must be less than or equal to 1024."
    request["expression"] = ee.Image.constant(list(range(1024)))
    body = {**request, "expression": ee.serializer.encode(request["expression"])}
    reply = send(server, "POST", f"{PROJECT}/image:computePixels", body)
    # NumPy itself, and so the client's own conversion, distrusts headers beyond 10,000 bytes.
    pixels = np.load(io.BytesIO(reply.body), max_header_size=100_000)
    assert len(pixels.dtype.names) == 1024


def test_payload(server: eemulator.Server) -> None:
    limit = server.limits.payload_bytes
    for path in (f"{PROJECT}/value:compute", ASSET):
        reply = send(server, "POST", path, b" " * (limit + 1))
        assert reply.status == 400
        assert reply.message == "Request payload size exceeds the limit: 10485760 bytes."
    filler = b'{"expression": {"result": "0", "values": {"0": {"constantValue": 1}}}}'
    assert send(server, "POST", f"{PROJECT}/value:compute", filler.ljust(limit)).status == 200


def test_elements(server: eemulator.Server) -> None:
    many = ee.ImageCollection("TEST/MANY")
    with pytest.raises(ee.EEException) as caught:
        many.getInfo()
    assert str(caught.value) == "Collection query aborted after accumulating over 5000 elements."
    assert many.size().getInfo() == 5010
    assert len(many.aggregate_array("number").getInfo()) == 5010
    assert server.stats.refusals == {"elements": 1}


def test_memory_can_be_rehearsed() -> None:
    limits = eemulator.Limits(max_pixels_bytes=3_000)
    with eemulator.running(synthetic.catalog(), limits) as server:
        assert _request(server, 100, 10, "u16").status == 200
        reply = _request(server, 100, 11, "u16")
    assert (reply.status, reply.message) == (400, "User memory limit exceeded.")


def test_names_that_are_not_there(server: eemulator.Server) -> None:
    with pytest.raises(ee.EEException) as caught:
        ee.Image("TEST/NO").getInfo()
    assert str(caught.value) == (
        "Image.load: Image asset 'TEST/NO' not found (does not exist or caller does not have "
        "access)."
    )
    with pytest.raises(ee.EEException, match="ImageCollection asset 'TEST/NO' not found"):
        ee.ImageCollection("TEST/NO").size().getInfo()
    path = "/v1/projects/earthengine-public/assets/TEST/NO"
    assert send(server, "POST", f"{path}:getPixels", {"fileFormat": "NPY"}).status == 404
    assert send(server, "GET", path).status == 404
    foreign = send(server, "GET", "/v1/projects/someone/assets/thing")
    assert foreign.status == 403
    assert foreign.json["error"]["status"] == "PERMISSION_DENIED"


class _Held:
    """A catalogue with one image whose pixels wait for a signal."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.waiting = threading.Semaphore(0)
        plain = synthetic.image("TEST/HELD", 1, synthetic.UTM)

        def sample(bands: Any, rows: Any, cols: Any) -> Any:
            self.waiting.release()
            assert self.go.wait(20)
            return plain.sample(bands, rows, cols)

        held = eemulator.ImageAsset(
            plain.id, plain.bands, plain.properties, plain.footprint, sample
        )
        self.catalog = eemulator.Catalog([held])

    def request(self, server: eemulator.Server) -> Any:
        body = {"fileFormat": "NPY", "bandIds": ["u8"]}
        path = "/v1/projects/earthengine-public/assets/TEST/HELD:getPixels"
        return send(server, "POST", path, body)


def test_forty_at_once_and_not_one_more() -> None:
    held = _Held()
    with (
        eemulator.running(held.catalog) as server,
        ThreadPoolExecutor(40) as pool,
    ):
        replies = [pool.submit(held.request, server) for _ in range(40)]
        try:
            for _ in range(40):
                assert held.waiting.acquire(timeout=20)
            refused = held.request(server)
            # Metadata needs no place.
            path = "/v1/projects/earthengine-public/assets/TEST/HELD"
            assert send(server, "GET", path).status == 200
        finally:
            held.go.set()
        assert [reply.result().status for reply in replies] == [200] * 40
        assert server.stats.peak_concurrency == 40
        assert server.stats.concurrency == 0
        assert server.stats.refusals == {"too many requests": 1}
    assert refused.status == 429
    assert refused.json["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert refused.message == (
        "Too Many Requests: Request was rejected because the request rate or concurrency limit "
        "was exceeded."
    )


def test_a_place_is_free_once_the_body_has_arrived() -> None:
    limits = eemulator.Limits(concurrent_requests=1, requests_per_second=None)
    with eemulator.running(synthetic.catalog(), limits) as server:
        for _ in range(150):
            assert _request(server, 300, 300, "f64").status == 200
        for _ in range(20):
            assert _request(server, 32769, 1, "u8").status == 400
        assert _request(server, 2000, 2000, "u16").status == 200
        assert _request(server, 2, 2, "u16").status == 200
        assert "too many requests" not in server.stats.refusals


def test_rate() -> None:
    now = [0.0]
    stats = Stats()
    gate = Gate(eemulator.Limits(requests_per_second=3), stats, clock=lambda: now[0])

    def admitted() -> bool:
        try:
            gate.enter().release()
        except ServiceError as error:
            return error.code != 429
        return True

    assert [admitted() for _ in range(5)] == [True] * 3 + [False] * 2
    now[0] = 0.999
    assert not admitted()
    now[0] = 1.0
    assert [admitted() for _ in range(4)] == [True] * 3 + [False]


def test_the_rate_is_the_services_by_default() -> None:
    with eemulator.running(synthetic.catalog()) as server, ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: _request(server, 1, 1, "u8").status, range(220)))
        assert set(statuses) == {200, 429}
        assert server.stats.refusals["too many requests"] == statuses.count(429)


def test_places_are_given_back_whatever_happens() -> None:
    gate_stats = Stats()
    gate = Gate(eemulator.Limits(), gate_stats)
    place = gate.enter()
    place.release()
    place.release()
    assert gate_stats.snapshot().concurrency == 0
    assert gate_stats.snapshot().peak_concurrency == 1
