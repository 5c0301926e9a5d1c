"""What happens when the service is smaller, busier or less reliable than one would like."""

from __future__ import annotations

import asyncio
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import eemulator
import geetensor.engine.answer
import geetensor.plan
from geetensor import ee_image
from geetensor.engine.retry import RetryPolicy
from geetensor.errors import (
    BadReplyError,
    EarthEngineError,
    ServiceUnavailableError,
    SignInError,
)
from tests.eemulator import synthetic
from tests.eemulator.synthetic import UTM
from tests.geetensor.conftest import sign_in
from tests.geetensor.faulty import Body, Broken, Refusal
from tests.geetensor.oracle import assert_exact
from tests.geetensor.test_export_image import UTM_CRS, WHOLE, box

if TYPE_CHECKING:
    from georeader.geotensor import GeoTensor

    from tests.geetensor.conftest import Start
    from tests.geetensor.faulty import Decide, Fault

BANDS = ["u16", "i32"]


def export(**arguments: Any) -> GeoTensor:
    return ee_image.export_image("TEST/UTM", WHOLE, BANDS, crs_geometry=UTM_CRS, **arguments)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geetensor.plan, "TARGET_BYTES", 50_000)
    monkeypatch.setattr(geetensor.engine.answer, "POLICY", RetryPolicy(first_delay=0.01, growth=2))


def limited(monkeypatch: pytest.MonkeyPatch, latency: float = 0.0, **limits: Any) -> GeoTensor:
    with eemulator.running(
        synthetic.catalog(),
        eemulator.Limits(requests_per_second=None, **limits),
        pace=eemulator.Pace(latency=latency),
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
    # So slow that requests meet on any machine.
    assert_exact(limited(monkeypatch, latency=0.2, concurrent_requests=2), BANDS, 3, UTM)


def pixels_only(decide: Decide) -> Decide:
    """The same faults, for pixels; their number counts those only."""
    count = itertools.count(1)

    def decided(path: str, _: int) -> Fault:
        return decide(path, next(count)) if path.endswith("Pixels") else None

    return decided


UNAVAILABLE = Refusal(503, "The service is currently unavailable.")
BUSY = Refusal(429, "Too Many Requests")
FAULTS: list[Fault] = [
    UNAVAILABLE,
    Refusal(429, "Too Many Requests", {"retry-after": "0"}),
    Refusal(403, "Rate Limit Exceeded", reason="rateLimitExceeded"),
    *(Broken(how) for how in ("reset", "truncated", "garbage")),
]


def test_passing_failures_leave_no_trace(start: Start) -> None:
    proxy = start(pixels_only(lambda _, n: FAULTS[n // 3 % len(FAULTS)] if n % 3 == 0 else None))
    assert_exact(export(), BANDS, 3, UTM)
    assert len(proxy.seen) > 15


def test_metadata_calls_are_as_patient(start: Start) -> None:
    faults = [*FAULTS, Body(b"{}"), Body(b"null")]
    start(lambda _, n: faults[n - 1] if n <= len(faults) else None)
    assert_exact(export(), BANDS, 3, UTM)


def test_advice_is_a_sentence_of_its_own(start: Start) -> None:
    start(pixels_only(lambda *_: Refusal(500, "An internal error has occurred")))
    with pytest.raises(ServiceUnavailableError, match="internal error has occurred. Nothing is"):
        export()


def test_a_value_of_nothing_is_refused(start: Start) -> None:
    start(lambda *_: Body(b'{"result": null}'))
    with pytest.raises(BadReplyError, match="TEST/UTM: Earth Engine computed null"):
        export()


def test_a_lasting_failure_names_the_asset_the_tile_and_the_services_words(
    start: Start,
) -> None:
    start(pixels_only(lambda *_: UNAVAILABLE))
    with pytest.raises(
        ServiceUnavailableError,
        match=r"503 to TEST/UTM, bands u16, i32, rows \d+-\d+, columns \d+-\d+ \(attempt 8\): "
        r"The service is currently unavailable\. .*try again later",
    ) as raised:
        export()
    assert raised.value.status == 503
    assert raised.value.attempts == 8


def test_a_permanent_failure_is_not_tried_again(
    start: Start,
) -> None:
    proxy = start(pixels_only(lambda *_: Refusal(400, "Image.foo: no.")))
    with pytest.raises(EarthEngineError, match=r"400 to TEST/UTM.*Image\.foo: no\."):
        export(max_workers=1)
    assert len([path for path in proxy.seen if path.endswith("Pixels")]) == 1


def test_refused_permission_is_about_signing_in(
    start: Start,
) -> None:
    start(lambda *_: Refusal(403, "Project p is not registered to use Earth Engine."))
    with pytest.raises(SignInError, match="403 to TEST/UTM: Project p is not registered"):
        export()


def test_a_service_that_asks_to_wait_for_long_is_not_waited_for(
    start: Start,
) -> None:
    for status in (429, 503):
        start(lambda *_, s=status: Refusal(s, "Not now.", {"retry-after": "3600"}))
        with pytest.raises(ServiceUnavailableError, match=r"Not now\. .*again in 3600 s"):
            export()


def test_a_refused_connection_says_so(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = start(lambda *_: None)
    proxy.stop()
    with pytest.raises(ServiceUnavailableError, match=r"no connection \(Connection refused\)"):
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


@pytest.mark.parametrize(
    ("return_mask", "end"),
    [(False, "20.0k/20.0k"), (True, "30.0k/30.0k"), ("fraction", "60.0k/60.0k")],
)
def test_a_progress_bar(
    server: eemulator.Server, capsys: pytest.CaptureFixture[str], return_mask: Any, end: str
) -> None:
    ee_image.export_image(
        "TEST/UTM",
        box(0, 0, 100, 100),
        ["u16"],
        crs_geometry=UTM_CRS,
        progress=True,
        return_mask=return_mask,
    )
    assert end in capsys.readouterr().err


def test_the_users_session_is_not_touched(server: eemulator.Server) -> None:
    import ee

    before = vars(ee.data._get_state()).copy()
    export()
    assert vars(ee.data._get_state()) == before
