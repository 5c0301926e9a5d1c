"""Starting, stopping, and the form of every reply."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import ee
import pytest

import eemulator

from . import synthetic
from .wire import PROJECT, call, compute, send

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEN = {"result": "0", "values": {"0": {"constantValue": 10}}}


@pytest.fixture
def quiet() -> Iterator[eemulator.Server]:
    """A server of this test's own."""
    with eemulator.running(synthetic.catalog()) as server:
        yield server


def test_the_client_signs_in_and_computes(server: eemulator.Server) -> None:
    assert ee.Number(20).multiply(2).getInfo() == 40
    assert server.stats.requests == {"value:compute": 1}


def test_every_request_of_signing_in_is_answered(
    quiet: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ee.deprecation, "_FetchDataCatalogStac", dict)
    ee.Reset()
    ee.Initialize(credentials=None, url=quiet.url, project=quiet.project)
    ee.Reset()
    assert quiet.stats.requests == {"discovery": 2, "algorithms": 1}
    assert quiet.stats.refusals == {}


def test_stopping_leaves_no_thread_and_frees_the_port() -> None:
    before = set(threading.enumerate())
    with eemulator.running(synthetic.catalog()) as server:
        assert compute(server, TEN).json == {"result": 10}
        port = urlsplit(server.url).port
    assert set(threading.enumerate()) <= before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port or 0), timeout=1)


def test_stopping_after_an_exception() -> None:
    before = set(threading.enumerate())
    with pytest.raises(KeyError), eemulator.running(synthetic.catalog()):
        raise KeyError
    assert set(threading.enumerate()) <= before


def test_a_taken_port_is_refused_at_once(quiet: eemulator.Server) -> None:
    port = urlsplit(quiet.url).port or 0
    with pytest.raises(OSError, match="in use"), eemulator.running(synthetic.catalog(), port=port):
        pass


def test_unknown_paths_are_404_in_the_services_form(server: eemulator.Server) -> None:
    for method, path in (
        ("GET", "/nothing"),
        ("GET", "/v1/projects/p/operation"),
        ("POST", "/v1/projects/p/map"),
        ("DELETE", "/v1/projects/p/assets/a"),
        ("POST", "/v1/projects/p:getPixels"),
    ):
        reply = send(server, method, path, b"{}" if method == "POST" else None)
        assert reply.status == 404
        assert reply.json["error"]["code"] == 404
        assert reply.json["error"]["status"] == "NOT_FOUND"


def test_bad_bodies_are_400(server: eemulator.Server) -> None:
    nested = b"[" * 100_000
    for body in (b"", b"{", b"[]", b"3", nested, b'{"expression": 4}', b"\xff\xfe"):
        for path in ("value:compute", "image:computePixels"):
            reply = send(server, "POST", f"{PROJECT}/{path}", body)
            assert reply.status == 400, body
            assert reply.json["error"]["status"] == "INVALID_ARGUMENT"


def test_json_is_compressed_for_those_who_ask(server: eemulator.Server) -> None:
    path = f"{PROJECT}/algorithms"
    plain = send(server, "GET", path)
    assert "content-encoding" not in plain.headers
    packed = send(server, "GET", path, headers={"accept-encoding": "gzip, deflate"})
    assert packed.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.body)) == plain.json
    assert server.stats.bytes_sent == len(plain.body) + len(packed.body)


def test_a_get_that_arrives_as_post(server: eemulator.Server) -> None:
    reply = send(
        server,
        "POST",
        "/v1/projects/earthengine-public/assets/TEST/SERIES:listAssets",
        b"pageSize=2&view=BASIC",
        {"x-http-method-override": "GET", "content-type": "application/x-www-form-urlencoded"},
    )
    assert [asset["id"] for asset in reply.json["assets"]] == [
        "TEST/SERIES/s000",
        "TEST/SERIES/s001",
    ]


def test_an_internal_error_shows_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    def explode(*_: object) -> list[object]:
        raise ZeroDivisionError("a secret path")

    broken = synthetic.image("TEST/BROKEN", 1, synthetic.UTM)
    asset = eemulator.ImageAsset(
        broken.id,
        broken.bands,
        broken.properties,
        None,
        sample=explode,  # type: ignore[arg-type]
    )
    with eemulator.running(eemulator.Catalog([asset])) as server:
        reply = send(
            server,
            "POST",
            "/v1/projects/earthengine-public/assets/TEST/BROKEN:getPixels",
            {"fileFormat": "NPY"},
        )
        assert server.stats.concurrency == 0
    assert reply.status == 500
    error = reply.json["error"]
    assert error["status"] == "INTERNAL"
    assert error["message"].startswith("An internal error has occurred (request: ")
    assert "secret" not in reply.body.decode()
    assert "a secret path" in caplog.text


def test_an_unknown_algorithm_is_named(server: eemulator.Server) -> None:
    for name in ("Image.displacement", "Image.nonsense"):
        reply = compute(server, {"result": "0", "values": {"0": call(name)}})
        assert reply.status == 400
        assert name in reply.message
    with pytest.raises(ee.EEException, match=r"Image\.displacement"):
        ee.Image("TEST/UTM").displacement(ee.Image("TEST/UTM"), 1).getInfo()
    assert server.stats.refusals == {"algorithm": 3}


def test_serve_prints_the_line_that_signs_in(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    command = [sys.executable, "-m", "eemulator", "serve", "--port", "0", "--exports", str(exports)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stdout is not None
            text = "".join(process.stdout.readline() for _ in range(3))
        finally:
            process.terminate()
    url = text.split()[4]
    assert url.startswith("http://127.0.0.1:")
    assert f'ee.Initialize(credentials=None, url="{url}", project="local-emulator")' in text
    assert exports.is_dir()


def test_replies_on_a_kept_connection_do_not_wait(quiet: eemulator.Server) -> None:
    """Nagle's algorithm and delayed acknowledgements would cost 40 ms a reply."""
    parts = urlsplit(quiet.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
    body = json.dumps({"expression": TEN})
    times = []
    for _ in range(15):
        started = time.perf_counter()
        connection.request("POST", f"{PROJECT}/value:compute", body)
        assert json.loads(connection.getresponse().read()) == {"result": 10}
        times.append(time.perf_counter() - started)
    connection.close()
    assert sorted(times)[len(times) // 2] < 0.035
