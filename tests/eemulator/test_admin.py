"""The emulator's own paths, and who may not ask them."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

import eemulator
from eemulator import Pace
from tests.eemulator import synthetic
from tests.eemulator.wire import PROJECT, Reply, compute, send

if TYPE_CHECKING:
    from collections.abc import Iterator

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def _module_server() -> Iterator[eemulator.Server]:
    with eemulator.running(synthetic.catalog(), pace=Pace(latency=0.001)) as server:
        yield server


@pytest.fixture
def server(_module_server: eemulator.Server) -> eemulator.Server:
    _module_server.reset()
    return _module_server


def post(server: eemulator.Server, path: str, body: Any, **headers: str) -> Reply:
    return send(server, "POST", f"/emulator/{path}", body, {**JSON, **headers})


def get(server: eemulator.Server, path: str) -> Any:
    reply = send(server, "GET", f"/emulator/{path}")
    assert reply.status == 200
    return reply.json


def status(server: eemulator.Server) -> int:
    """Of a request that computes."""
    return compute(server, {"result": "0", "values": {"0": {"constantValue": 1}}}).status


def test_faults_by_number(server: eemulator.Server) -> None:
    body = {"kind": "429", "at": [2, 3], "retryAfter": 4}
    assert post(server, "faults", body).json == {}
    assert post(server, "faults", {"kind": "timeout", "at": 5}).status == 200
    assert get(server, "faults") == {
        "requests": 0,
        "at": {
            "2": {"kind": "429", "seconds": 60.0, "retryAfter": 4},
            "3": {"kind": "429", "seconds": 60.0, "retryAfter": 4},
            "5": {"kind": "timeout", "seconds": 60.0},
        },
        "share": 0.0,
        "faults": [],
    }
    assert [status(server) for _ in range(6)] == [200, 429, 429, 200, 400, 200]
    assert get(server, "faults")["requests"] == 6
    assert server.stats.refusals == {"too many requests": 2, "timeout": 1}
    assert send(server, "DELETE", "/emulator/faults").status == 200
    assert get(server, "faults")["at"] == {}
    assert [status(server) for _ in range(3)] == [200] * 3


def test_faults_at_random(server: eemulator.Server) -> None:
    body = {"kinds": ["503", "500"], "share": 0.5, "seed": 3}

    def drawn() -> list[int]:
        send(server, "DELETE", "/emulator/faults")
        post(server, "faults", body)
        return [status(server) for _ in range(30)]

    first = drawn()
    assert set(first) == {200, 500, 503}
    assert drawn() == first


def test_stats_count_what_clients_ask_and_nothing_of_their_own(server: eemulator.Server) -> None:
    status(server)
    for _ in range(3):
        counted = get(server, "stats")
    assert counted["requests"] == {"value:compute": 1}
    assert counted["bytes_sent"] == server.stats.bytes_sent == len('{"result":1}')


def test_the_pace_is_set_told_and_reset(server: eemulator.Server) -> None:
    assert post(server, "pace", {"latency": 0.3, "bytesPerSecond": 6e6}).status == 200
    assert get(server, "pace") == {"latency": 0.3, "bytesPerSecond": 6e6}
    assert server.pace == Pace(0.3, 6e6)
    began = time.monotonic()
    status(server)
    assert time.monotonic() - began >= 0.3
    assert post(server, "reset", {}).status == 200
    assert server.pace == Pace(latency=0.001)


def test_a_reset_forgets_everything(server: eemulator.Server) -> None:
    assert send(server, "POST", f"{PROJECT}/assets?assetId=f", {"type": "FOLDER"}).status == 200
    post(server, "faults", {"kind": "503", "share": 1})
    assert status(server) == 503
    assert post(server, "reset", {}).status == 200
    assert status(server) == 200
    assert send(server, "GET", f"{PROJECT}/assets/f").status == 403
    assert get(server, "stats")["requests"] == {"value:compute": 1, "getAsset": 1}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {}),
        ("faults", []),
        ("faults", {"kind": "503"}),
        ("faults", {"kind": "503", "at": 1, "share": 1}),
        ("faults", {"kind": "soup", "at": 1}),
        ("faults", {"kind": "503", "at": 0}),
        ("faults", {"kinds": ["503", "500"], "at": 1}),
        ("faults", {"kinds": 503, "at": 1}),
        ("faults", {"kind": "503", "share": 2}),
        ("faults", {"kind": "503", "share": "all"}),
        ("faults", {"kind": "503", "at": 1, "colour": 1}),
        ("faults", {"kind": "503", "at": 1, "retryAfter": -1}),
        ("faults", {"kind": "hang", "at": 1, "seconds": -1}),
        ("pace", {"latency": -1}),
        ("pace", {"latency": "x"}),
        ("pace", {"bytesPerSecond": "x"}),
        ("pace", {"speed": 1}),
        ("pace", b"{"),
        ("pace", b'{"latency": NaN}'),
        ("pace", b" " * 2**21),
    ],
)
def test_malformed_bodies(server: eemulator.Server, path: str, body: Any) -> None:
    reply = post(server, path, body)
    assert (reply.status, reply.json["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert get(server, "faults")["at"] == {}
    assert server.pace == Pace(latency=0.001)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Content-Type": "text/plain"}, 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 400),
        ({"Origin": "https://example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "example.com"}, 403),
        ({"Host": "evil.localhost.example.com"}, 403),
        ({"Host": ""}, 403),
        ({"Host": "localhost:1"}, 200),
        ({"Host": "[::1]:80"}, 200),
        ({"Host": "[::ffff:127.0.0.1]:80"}, 200),
        ({"Host": "[::ffff:10.0.0.1]:80"}, 403),
        ({"Host": "[oops"}, 403),
    ],
)
def test_pages_of_others_change_nothing(
    server: eemulator.Server, headers: dict[str, str], expected: int
) -> None:
    reply = post(server, "faults", {"kind": "503", "share": 1}, **headers)
    assert reply.status == expected
    assert status(server) == (503 if expected == 200 else 200)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Origin": "https://example.com"}, 403),
        ({"Origin": "http://example.com:80", "Host": "example.com:80"}, 403),
        ({"Origin": "http://[oops", "Host": "[oops"}, 403),
        ({"Origin": "http://localhost:5", "Host": "localhost:5"}, 200),
        ({"Host": "emulator:8080"}, 200),
        ({}, 200),
    ],
)
def test_pages_of_others_make_no_assets(
    server: eemulator.Server, headers: dict[str, str], expected: int
) -> None:
    body = {"type": "FOLDER"}
    reply = send(server, "POST", f"{PROJECT}/assets?assetId=f", body, headers)
    assert reply.status == expected
    listed = send(server, "GET", f"{PROJECT}:listAssets").json
    assert len(listed.get("assets", ())) == (expected == 200)


def test_the_servers_own_page_may_ask(server: eemulator.Server) -> None:
    assert post(server, "reset", {}, Origin=server.url).status == 200


def test_a_browser_is_not_told_that_it_may_ask(server: eemulator.Server) -> None:
    """A page's request with JSON begins with this question."""
    parts = urlsplit(server.url)
    with socket.create_connection((str(parts.hostname), parts.port), timeout=10) as connection:
        connection.sendall(
            b"OPTIONS /emulator/reset HTTP/1.1\r\nHost: localhost\r\nOrigin: https://example.com\r\n"
            b"Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n"
        )
        reply = connection.makefile("rb").read().lower()
    assert b" 405 " in reply.split(b"\r\n")[0]
    assert b"access-control-allow" not in reply


def test_unknown_paths(server: eemulator.Server) -> None:
    for method, path in (("GET", "nothing"), ("GET", "reset"), ("DELETE", "pace"), ("POST", "")):
        assert send(server, method, f"/emulator/{path}", None, JSON).status == 404
