"""What would hold the emulator, or fill its memory, is refused; the next request is answered."""

from __future__ import annotations

import gzip
import http.client
import os
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

import eemulator
from eemulator.errors import ServiceError
from eemulator.limits import Limits
from eemulator.watchdog import Watchdog

from . import synthetic
from .wire import PROJECT, call, ref, send

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPUTE = PROJECT + "/value:compute"


@pytest.fixture(scope="module")
def guarded() -> Iterator[eemulator.Server]:
    """A server of little patience."""
    limits = Limits(computation_seconds=0.5, requests_per_second=None, result_values=1_000_000)
    with eemulator.running(synthetic.catalog(), limits) as server:
        yield server


def _message(server: eemulator.Server, values: dict[str, Any], result: str) -> str:
    reply = send(server, "POST", _COMPUTE, {"expression": {"result": result, "values": values}})
    assert reply.status == 400
    return reply.message


def _alive(server: eemulator.Server) -> None:
    expression = {"result": "0", "values": {"0": {"constantValue": 7}}}
    reply = send(server, "POST", _COMPUTE, {"expression": expression})
    assert (reply.status, reply.json) == (200, {"result": 7})


def _nest(prefix: str, depth: int) -> dict[str, Any]:
    """Lists of twice the list before, without a single invocation."""
    values: dict[str, Any] = {prefix + "0": {"constantValue": 1}}
    for i in range(1, depth):
        inner = ref(f"{prefix}{i - 1}")
        values[f"{prefix}{i}"] = {"arrayValue": {"values": [inner, inner]}}
    return values


@pytest.mark.parametrize(
    "end",
    [
        {"valueReference": "a29"},
        call("List.equals", list=ref("a29"), other=ref("b29")),
        call("List.sort", list={"arrayValue": {"values": [ref("a29"), ref("b29")]}}),
        call("Image.constant", value=ref("a29")),
    ],
)
def test_nested_doubling_is_weighed(guarded: eemulator.Server, end: dict[str, Any]) -> None:
    message = _message(guarded, {**_nest("a", 30), **_nest("b", 30), "end": end}, "end")
    assert "too large" in message or "timed out" in message
    _alive(guarded)


def test_properties_that_hold_their_feature_are_weighed(guarded: eemulator.Server) -> None:
    values: dict[str, Any] = {"0": call("Feature", geometry=None, metadata={})}
    for i in range(1, 40):
        grown = call("Element.set", object=ref(str(i - 1)), key=f"p{i}", value=ref(str(i - 1)))
        values[str(i)] = grown
    message = _message(guarded, values, "39")
    assert "too large" in message or "timed out" in message
    _alive(guarded)


def test_loops_without_a_deadline_of_their_own_end(guarded: eemulator.Server) -> None:
    values = {
        "a": call("List.sequence", start=0, end=300_000),
        "b": call("List.sequence", start=400_000, end=700_000),
        "c": call("List.removeAll", list=ref("a"), other=ref("b")),
    }
    for _ in range(3):
        assert _message(guarded, values, "c").endswith("Computation timed out.")
        _alive(guarded)


def test_a_watch_leaves_nothing_behind() -> None:
    dog = Watchdog(Limits(computation_seconds=-1.0))

    def spin() -> None:
        while True:
            sum(range(100))

    for _ in range(3):
        with pytest.raises(ServiceError, match="Computation timed out"):
            dog.run(spin)
        # Whatever was on its way to this thread would arrive here.
        assert sum(1 for _ in range(1_000_000)) == 1_000_000


def test_a_full_memory_fails_what_is_computed() -> None:
    dog = Watchdog(Limits(process_bytes=1))

    def spin() -> None:
        while True:
            sum(range(100))

    with pytest.raises(ServiceError, match="User memory limit exceeded"):
        dog.run(spin)


def test_an_allocation_that_fails_is_the_services_error() -> None:
    def allocate() -> bytearray:
        return bytearray(2**62)

    with pytest.raises(ServiceError, match="User memory limit exceeded"):
        Watchdog(Limits()).run(allocate)


BODIES: dict[str, bytes] = {
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep nodes": b'{"expression":{"result":"0","values":{"0":'
    + b'{"arrayValue":{"values":[' * 20_000
    + b'{"constantValue":1}'
    + b"]}}" * 20_000
    + b"}}}",
    "a long number": b'{"expression":{"result":"0","values":{"0":{"constantValue":'
    + b"9" * 10_000
    + b"}}}}",
    "no UTF-8": b'{"expression":{"result":"0","values":{"0":{"constantValue":"\xff\xfe"}}}}',
    "a bomb": gzip.compress(b" " * 50_000_000),
}


@pytest.mark.parametrize("name", BODIES)
def test_malicious_bodies(guarded: eemulator.Server, name: str) -> None:
    headers = {"content-encoding": "gzip"} if name == "a bomb" else {}
    reply = send(guarded, "POST", _COMPUTE, BODIES[name], headers)
    assert reply.status == 400
    assert os.sep + "src" not in reply.message
    _alive(guarded)


@pytest.mark.parametrize(("text", "status"), [("\\ud800", 400), ("\\ud83c\\udf0d", 200)])
def test_half_a_surrogate_pair_is_no_text(
    guarded: eemulator.Server, text: str, status: int
) -> None:
    body = '{"expression":{"result":"0","values":{"0":{"constantValue":"TEXT"}}}}'.replace(
        "TEXT", text
    )
    assert send(guarded, "POST", _COMPUTE, body.encode()).status == status


def _send_all(wire: socket.socket, piece: bytes, times: int) -> None:
    for _ in range(times):
        wire.sendall(piece)


def test_a_body_without_end_is_cut(guarded: eemulator.Server) -> None:
    """Chunks are taken off the wire up to a bound and not kept."""
    address = urlsplit(guarded.url)
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=30) as wire:
        head = f"POST {_COMPUTE} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        wire.sendall(head.encode())
        piece = b"%x\r\n" % 2**22 + b" " * 2**22 + b"\r\n"
        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            _send_all(wire, piece, 1_000)
    _alive(guarded)


def test_slow_bodies_hold_no_place(guarded: eemulator.Server) -> None:
    """Connections that never end their bodies leave the places to others."""
    address = urlsplit(guarded.url)
    waiting = []
    try:
        for _ in range(100):
            wire = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
            wire.putrequest("POST", _COMPUTE)
            wire.putheader("content-length", "1000")
            wire.endheaders(b"{")
            waiting.append(wire)
        _alive(guarded)
    finally:
        for wire in waiting:
            wire.close()


def test_a_polygon_of_crossings_is_refused_before_it_is_repaired(
    guarded: eemulator.Server,
) -> None:
    ring = [[44 + i * 7919 % 1000 * 1e-3, -18 - i * 104729 % 997 * 1e-3] for i in range(3000)]
    star = call("GeometryConstructors.Polygon", coordinates=[ring])
    message = _message(
        guarded, {"star": star, "e": call("Geometry.area", geometry=ref("star"))}, "e"
    )
    assert "cross each other too often" in message or "timed out" in message
    bow = call("GeometryConstructors.Polygon", coordinates=[[[0, 0], [1, 1], [1, 0], [0, 1]]])
    area = {"result": "e", "values": {"e": call("Geometry.area", geometry=bow)}}
    assert send(guarded, "POST", _COMPUTE, {"expression": area}).status == 200


@pytest.mark.parametrize(
    "crs",
    [
        "/etc/passwd",
        "file:///etc/passwd",
        "https://127.0.0.1:1/crs",
        "+proj=longlat +nadgrids=/etc/passwd +type=crs",
        "+init=/etc/passwd:4326",
        "WGS 84",
        "x" * 100_000,
    ],
)
def test_a_crs_is_a_code_or_spelt_out(guarded: eemulator.Server, crs: str) -> None:
    """Nothing is looked up in files, in the network, or by a name."""
    message = _message(guarded, {"e": call("Projection", crs=crs)}, "e")
    assert "could not be parsed" in message


@pytest.mark.parametrize(
    "expression",
    [
        lambda text, many: call("List.join", list=many, separator=text),
        lambda text, many: call("List.join", list=call("List.repeat", value=text, count=100_000)),  # noqa: ARG005
    ],
)
def test_texts_are_bounded_before_they_are_put_together(
    guarded: eemulator.Server, expression: Any
) -> None:
    values = {
        "text": {"constantValue": "x" * 100_000},
        "many": call("List.repeat", value="", count=100_000),
        "e": expression(ref("text"), ref("many")),
    }
    message = _message(guarded, values, "e")
    assert "A string cannot have" in message or "too large" in message
