"""What happens when the service is smaller, busier or less reliable than one would like."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import eemulator
import geetensor.engine.fetch
import geetensor.plan
from geetensor import ee_image
from geetensor.engine.retry import RetryPolicy
from geetensor.engine.transport import Reply, Transport
from geetensor.errors import EarthEngineError, ServiceUnavailableError, SignInError
from tests.eemulator import synthetic
from tests.eemulator.synthetic import UTM
from tests.geetensor.conftest import sign_in
from tests.geetensor.oracle import assert_exact
from tests.geetensor.test_export_image import UTM_CRS, WHOLE, box

if TYPE_CHECKING:
    from collections.abc import Callable

    from georeader.geotensor import GeoTensor

BANDS = ["u16", "i32"]


def export(**arguments: Any) -> GeoTensor:
    return ee_image.export_image("TEST/UTM", WHOLE, BANDS, crs_geometry=UTM_CRS, **arguments)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geetensor.plan, "TARGET_BYTES", 50_000)
    monkeypatch.setattr(
        geetensor.engine.fetch, "RetryPolicy", lambda: RetryPolicy(first_delay=0.01)
    )


def limited(monkeypatch: pytest.MonkeyPatch, **limits: Any) -> GeoTensor:
    with eemulator.running(
        synthetic.catalog(), eemulator.Limits(requests_per_second=None, **limits)
    ) as server:
        sign_in(server, monkeypatch)
        out = export()
        assert server.stats.refusals
        return out


def test_a_lower_size_limit_than_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert_exact(limited(monkeypatch, request_bytes=9_000), BANDS, 3, UTM)


def test_a_memory_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert_exact(limited(monkeypatch, max_pixels_bytes=9_000), BANDS, 3, UTM)


def test_a_lower_side_than_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert_exact(limited(monkeypatch, dimension=40), BANDS, 3, UTM)


def test_fewer_concurrent_requests_than_known(monkeypatch: pytest.MonkeyPatch) -> None:
    assert_exact(limited(monkeypatch, concurrent_requests=2), BANDS, 3, UTM)


class Faults:
    """Every third request for pixels fails on its way, in one way after the other."""

    def __init__(self) -> None:
        self._post = Transport.post
        self._lock = threading.Lock()
        self.count = 0

    def patched(self) -> Callable[..., Reply]:
        def post(transport: Transport, path: str, body: bytes) -> Reply:
            reply = self._post(transport, path, body)
            if not path.endswith("Pixels"):
                return reply
            with self._lock:
                self.count += 1
                count = self.count
            if count % 3:
                return reply
            return [
                Reply(503, b"", {}, "The service is currently unavailable."),
                Reply(429, b"", {"retry-after": "0"}, "Too Many Requests"),
                Reply(0, b"", {}, "the connection broke"),
                Reply(200, reply.body[:-1], {}),
                Reply(200, b"<html>", {}),
            ][count // 3 % 5]

        return post


def test_passing_failures_leave_no_trace(
    server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = Faults()
    monkeypatch.setattr(Transport, "post", faults.patched())
    assert_exact(export(), BANDS, 3, UTM)
    assert faults.count > 15


def test_a_lasting_failure_names_the_asset_the_tile_and_the_services_words(
    server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Reply(503, b"", {}, "The service is currently unavailable.")
    post = Transport.post

    def patched(transport: Transport, path: str, body: bytes) -> Reply:
        return broken if path.endswith("Pixels") else post(transport, path, body)

    monkeypatch.setattr(Transport, "post", patched)
    with pytest.raises(
        ServiceUnavailableError,
        match=r"503 to TEST/UTM, bands u16, i32, rows \d+-\d+, columns \d+-\d+ \(attempt 8\): "
        r"The service is currently unavailable\. .*try again later",
    ) as raised:
        export()
    assert raised.value.status == 503
    assert raised.value.attempts == 8


def test_a_permanent_failure_is_not_tried_again(
    server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    post = Transport.post

    def patched(transport: Transport, path: str, body: bytes) -> Reply:
        if not path.endswith("Pixels"):
            return post(transport, path, body)
        sent.append(path)
        return Reply(400, b"", {}, "Image.foo: no.")

    monkeypatch.setattr(Transport, "post", patched)
    with pytest.raises(EarthEngineError, match=r"400 to TEST/UTM.*Image\.foo: no\."):
        export(max_workers=1)
    assert len(sent) == 1


def test_refused_permission_is_about_signing_in(
    server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = Reply(403, b"", {}, "Project p is not registered to use Earth Engine.")
    monkeypatch.setattr(Transport, "post", lambda *_: refusal)
    with pytest.raises(SignInError, match="403 to TEST/UTM: Project p is not registered"):
        export()


def test_no_thread_is_left(server: eemulator.Server) -> None:
    export()
    assert not [t for t in threading.enumerate() if t.name.startswith("geetensor")]


def test_from_threads_and_within_an_event_loop(server: eemulator.Server) -> None:
    with ThreadPoolExecutor(4) as pool:
        outputs = list(pool.map(lambda _: export(max_workers=4).tobytes(), range(4)))

    async def notebook_cell() -> bytes:
        return bytes(export().tobytes())

    outputs.append(asyncio.run(notebook_cell()))
    assert len(set(outputs)) == 1


def test_a_progress_bar(server: eemulator.Server, capsys: pytest.CaptureFixture[str]) -> None:
    ee_image.export_image(
        "TEST/UTM", box(0, 0, 100, 100), ["u16"], crs_geometry=UTM_CRS, progress=True
    )
    assert "20.0k/20.0k" in capsys.readouterr().err


def test_the_users_session_is_not_touched(server: eemulator.Server) -> None:
    import ee

    before = vars(ee.data._get_state()).copy()
    export()
    assert vars(ee.data._get_state()) == before
