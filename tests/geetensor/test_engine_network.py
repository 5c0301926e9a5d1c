"""The engine against servers that refuse, hang, lie and restrict, through real sockets."""

from __future__ import annotations

import gzip
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import google.auth.exceptions
import pytest

import eemulator
import geetensor.engine.answer
import geetensor.plan
from geetensor import ee_image
from geetensor.engine.endpoint import endpoint_of
from geetensor.engine.fetch import compute_value
from geetensor.engine.pace import Patience
from geetensor.engine.retry import RetryPolicy
from geetensor.engine.session import Session, current_session
from geetensor.engine.transport import Collected, Transport
from geetensor.errors import (
    EarthEngineError,
    GeetensorError,
    RequestTooLargeError,
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
    from tests.geetensor.conftest import Start
    from tests.geetensor.faulty import Decide, Fault, FaultyServer

BANDS = ["u16", "i32"]
NULL = b'{"result": {"type": "Image"}}'


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geetensor.plan, "TARGET_BYTES", 50_000)
    monkeypatch.setattr(geetensor.engine.answer, "POLICY", RetryPolicy(first_delay=0.01, growth=2))


def export(**arguments: Any) -> Any:
    return ee_image.export_image("TEST/UTM", WHOLE, BANDS, crs_geometry=UTM_CRS, **arguments)


def pixels(proxy: FaultyServer) -> int:
    return sum(path.endswith("Pixels") for path in proxy.seen)


def session(url: str, **extra: Any) -> Session:
    return Session(url, "local-emulator", "", {"X-Goog-User-Project": "mine"}, **extra)


@pytest.mark.parametrize("how", ["hang", "stall"])
def test_what_hangs_is_not_waited_for(
    start: Start, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr("geetensor.engine.fetch.STORED", Patience(0.5, 0.5, 0.5))
    monkeypatch.setattr("geetensor.engine.job.STALL_FLOOR", 0.5)
    proxy = start(lambda path, n: Broken(how) if path.endswith("Pixels") and n % 9 == 2 else None)
    begun = time.monotonic()
    assert_exact(export(), BANDS, 3, UTM)
    assert time.monotonic() - begun < 20
    assert proxy.seen[1].endswith("Pixels")  # the second request, which hung


def test_one_request_that_hangs_is_not_waited_for(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geetensor.engine.fetch.STORED", Patience(0.4, 0.4, 0.4))
    monkeypatch.setattr(geetensor.plan, "TARGET_BYTES", 10**6)
    proxy = start(lambda path, n: Broken("hang") if path.endswith("Pixels") and n == 2 else None)
    begun = time.monotonic()
    assert_exact(export(), BANDS, 3, UTM)
    assert time.monotonic() - begun < 10
    assert pixels(proxy) == 2 + 1


def test_a_failure_leaves_no_connection_and_no_thread(start: Start) -> None:
    def decide(path: str, n: int) -> Fault:
        if not path.endswith("Pixels"):
            return None
        if n < 8:
            return Broken("hang")
        return Refusal(400, "Image.foo: no.")

    proxy = start(decide)
    others = proxy.open_connections  # the `ee` client's own
    begun = time.monotonic()
    with pytest.raises(EarthEngineError, match=r"Image\.foo"):
        export()
    assert time.monotonic() - begun < 5
    assert not [t for t in threading.enumerate() if t.name.startswith("geetensor")]
    proxy.stopped.set()
    end = time.monotonic() + 5
    while proxy.open_connections > others and time.monotonic() < end:
        time.sleep(0.01)
    assert proxy.open_connections == others


def test_connections_outlive_an_export(start: Start) -> None:
    proxy = start(lambda *_: None)
    export(max_workers=3)
    before = proxy.open_connections
    export(max_workers=3)
    assert 0 < proxy.open_connections <= max(before, 4)


def test_a_quoted_limit_is_relearned_by_no_tile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = eemulator.Limits(requests_per_second=None, request_bytes=9_000)
    with eemulator.running(synthetic.catalog(), limits) as server:
        sign_in(server, monkeypatch)
        assert_exact(export(max_workers=1), BANDS, 3, UTM)
        assert server.stats.refusals == {"request size": 1}
        assert_exact(export(), BANDS, 3, UTM)
        assert server.stats.refusals == {"request size": 1}
        with pytest.raises(RequestTooLargeError, match="the limit is 9000"):
            ee_image.export_image_fast("TEST/UTM", WHOLE, BANDS, crs_geometry=UTM_CRS)
        assert server.stats.refusals == {"request size": 1}


@pytest.mark.parametrize("max_workers", [1, None])
def test_a_size_that_is_too_much_for_memory_is_remembered(
    monkeypatch: pytest.MonkeyPatch, max_workers: int | None
) -> None:
    limits = eemulator.Limits(requests_per_second=None, max_pixels_bytes=70_000)
    monkeypatch.setattr(geetensor.plan, "TARGET_BYTES", 150_000)
    with eemulator.running(synthetic.catalog(), limits) as server:
        sign_in(server, monkeypatch)
        assert_exact(export(max_workers=max_workers), BANDS, 3, UTM)
        assert 0 < server.stats.refusals["memory"] <= (2 if max_workers else 12)
        server.reset_stats()
        assert_exact(export(max_workers=max_workers), BANDS, 3, UTM)
        assert server.stats.refusals == {}


def test_after_a_timeout_tiles_are_a_quarter(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geetensor.plan, "TARGET_BYTES", 400_000)
    refused = Refusal(400, "Computation timed out.")
    proxy = start(lambda path, n: refused if path.endswith("Pixels") and n == 2 else None)
    assert_exact(export(max_workers=1), BANDS, 3, UTM)
    assert 1 + 8 <= pixels(proxy) <= 1 + 10  # two of 300 kB, as planned; of 75 kB, then
    proxy.reset_stats()
    assert_exact(export(max_workers=1), BANDS, 3, UTM)
    assert 8 <= pixels(proxy) <= 12


def test_a_quota_that_nobody_told_of_is_planned_for(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = eemulator.Limits(requests_per_second=None, concurrent_requests=2)
    pace = eemulator.Pace(0.3, 2e6)
    monkeypatch.setattr(geetensor.plan, "TARGET_BYTES", 200_000)
    monkeypatch.setattr(geetensor.plan, "SMALLEST_BYTES", 10_000)
    with eemulator.running(synthetic.catalog(), limits, pace=pace) as server:
        sign_in(server, monkeypatch)
        assert_exact(export(), BANDS, 3, UTM)
        refused = sum(server.stats.refusals.values())
        # 36 tiles were planned, of which two went out; all others are had in a few.
        assert server.stats.requests["getPixels"] - refused <= 10


def test_the_fast_path_sends_one_request(start: Start) -> None:
    def fast() -> Any:
        return ee_image.export_image_fast(
            "TEST/UTM", box(0, 0, 50, 50), BANDS, crs_geometry=UTM_CRS
        )

    proxy = start(lambda *_: None)
    fast()
    assert pixels(proxy) == 1
    refusal = Refusal(400, "User memory limit exceeded.")
    proxy = start(lambda path, _: refusal if path.endswith("Pixels") else None)
    with pytest.raises(RequestTooLargeError, match=r"User memory limit exceeded\."):
        fast()
    assert pixels(proxy) == 1


def test_a_restricted_project_is_warned_once_and_asked_for_little(start: Start) -> None:
    restricted = {"x-earth-engine-quota-status": "parallelism_restricted=true"}
    most = 0

    def decide(path: str, n: int) -> Fault:
        nonlocal most
        if path.endswith("Pixels"):
            most = max(most, proxy.under_way)
            time.sleep(0.01)
        return None

    proxy = start(decide)
    proxy.extra_headers = restricted
    with pytest.warns(UserWarning, match="restricted project local-emulator") as warned:
        export()
    assert len(warned) == 1
    assert most == 1
    export()  # without a warning


def test_events_tell_the_whole_story(start: Start) -> None:
    from geetensor.engine.events import Event, TileFetched

    events: list[Event] = []
    proxy = start(
        lambda path, n: Broken("truncated") if path.endswith("Pixels") and n % 3 == 0 else None
    )
    del proxy
    from geetensor.engine.fetch import fetch_pixels
    from geetensor.export import plan_export
    from geetensor.geometry import parse_area
    from geetensor.options import parse_options
    from geetensor.sinks.memory import MemorySink
    from geetensor.source import open_sources

    with Transport(current_session()) as transport:
        sources = open_sources(["TEST/UTM"], transport)
        options = parse_options(BANDS, None, None, None, None, None)
        plan = plan_export(sources, parse_area(WHOLE, UTM_CRS), options)
        sink = MemorySink(plan.shape, plan.dtype, plan.fill, cast=False)
        fetch_pixels(plan.requests(8), sink, transport, hook=events.append)
    placed = [e.tile for e in events if isinstance(e, TileFetched)]
    covered = sum(t.window.height * t.window.width * len(t.group.indices) for t in placed)
    assert covered == 2 * 300 * 250
    assert {type(event).__name__ for event in events} == {"TileFetched", "Retried"}
    for event in events:
        assert str(event).startswith("TEST/UTM, bands u16, i32, rows ")


class Credentials:
    """Google-auth's, as far as it matters."""

    def __init__(self, error: Exception | None = None) -> None:
        self.token, self.valid, self.refreshed, self.error = "stale", True, 0, error
        self.lock = threading.Lock()

    def refresh(self, _: object) -> None:
        if self.error:
            raise self.error
        self.refreshed += 1
        self.token = "fresh"  # noqa: S105

    def apply(self, headers: dict[str, str]) -> None:
        headers["authorization"] = f"Bearer {self.token}"
        headers["x-goog-user-project"] = "theirs"


def unauthorized(server: FaultyServer) -> Decide:
    def decide(path: str, n: int) -> Fault:
        fresh = server.headers[n - 1].get("Authorization") == "Bearer fresh"
        return Body(NULL) if fresh else Refusal(401, "Invalid credentials.")

    return decide


def test_stale_credentials_are_renewed_once(start: Start) -> None:
    proxy = start(lambda *_: None)
    proxy.decide = unauthorized(proxy)
    credentials = Credentials()
    transport = Transport(session(proxy.url, credentials=credentials))
    assert compute_value(b"{}", transport, label="x") == {"type": "Image"}
    assert credentials.refreshed == 1
    projects = [v for k, v in proxy.headers[-1].items() if k.lower() == "x-goog-user-project"]
    assert projects == ["mine"]


def test_credentials_that_cannot_be_renewed_are_about_signing_in(start: Start) -> None:
    proxy = start(lambda *_: Refusal(401, "Invalid credentials."))
    error = google.auth.exceptions.RefreshError("secret")  # type: ignore[no-untyped-call]
    transport = Transport(session(proxy.url, credentials=Credentials(error)))
    with pytest.raises(SignInError, match="cannot be renewed") as raised:
        compute_value(b"{}", transport, label="x")
    assert "secret" not in str(raised.value)
    assert len(proxy.seen) == 1


def test_an_endpoint_for_credentials_out_of_reach_is_tried_again(start: Start) -> None:
    proxy = start(lambda *_: Refusal(401, "Invalid credentials."))
    error = google.auth.exceptions.TransportError("secret")  # type: ignore[no-untyped-call]
    transport = Transport(session(proxy.url, credentials=Credentials(error)))
    with pytest.raises(ServiceUnavailableError, match=r"credentials cannot be reached") as raised:
        compute_value(b"{}", transport, label="x")
    assert "secret" not in str(raised.value)
    assert raised.value.attempts == 8


def test_an_api_key_is_sent_and_shown_nowhere(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    proxy = start(lambda *_: Refusal(503, "No."))
    transport = Transport(session(proxy.url, api_key="hush-hush"))
    with pytest.raises(GeetensorError) as raised:
        compute_value(b"{}", transport, label="x")
    assert proxy.seen[-1].endswith("value:compute?key=hush-hush")
    assert "hush" not in str(raised.value) + caplog.text + repr(transport.session)


def test_the_environments_proxy_is_used(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = start(lambda *_: Body(NULL))
    host = proxy.url.removeprefix("http://")
    monkeypatch.setenv("http_proxy", f"http://me:hush@{host}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    far = Transport(session("http://earthengine.invalid"))
    assert compute_value(b"{}", far, label="x") == {"type": "Image"}
    assert proxy.seen[-1].startswith("http://earthengine.invalid/v1/")
    assert "proxy-authorization" in {name.lower() for name in proxy.headers[-1]}
    near = Transport(session(proxy.url))
    assert compute_value(b"{}", near, label="x") == {"type": "Image"}
    assert proxy.seen[-1].startswith("/v1/")


def test_compressed_bodies_are_read_and_damaged_ones_refused(start: Start) -> None:
    packed = gzip.compress(NULL)
    bodies = [packed, b"\x1f\x8b" + bytes(40)]
    proxy = start(lambda *_: Body(bodies[0], {"content-encoding": "gzip"}))
    transport, collected = Transport(session(proxy.url)), Collected()
    assert transport.post("/v1/x", b"{}", collected).status == 200
    assert collected.body == NULL
    bodies.pop(0)
    reply = transport.post("/v1/x", b"{}", Collected())
    assert reply.status == 0
    assert reply.message == "the reply's compression is damaged"


def test_a_timeout_is_kept(start: Start) -> None:
    proxy = start(lambda *_: Broken("hang"))
    reply = Transport(session(proxy.url), timeout=0.2).post("/v1/x", b"{}", Collected())
    assert (reply.status, reply.message) == (0, "no bytes came within 0.2 s")


def test_an_endpoint_is_known_by_url_and_project() -> None:
    assert endpoint_of(session("http://a")) is endpoint_of(session("http://a"))
    assert endpoint_of(session("http://a")) is not endpoint_of(session("http://b"))


def test_a_long_list_of_bands_is_cut_in_messages(server: eemulator.Server) -> None:
    import numpy as np
    from affine import Affine

    from geetensor.engine.pixels import PixelRequest, Scene
    from geetensor.engine.wire import AssetRef
    from geetensor.grid import PixelGrid, Window
    from geetensor.masks import group_bands
    from geetensor.plan import Tile

    [group] = group_bands([np.dtype("uint8")] * 64, 0)
    names = tuple(f"A{n:02}" for n in range(64))
    scene = Scene("A/B", names, (group,), {None: AssetRef("A/B")})
    grid = PixelGrid("EPSG:4326", Affine.identity(), 9, 9)
    request = PixelRequest([scene], grid, Tile(group, Window(0, 0, 9, 9)))
    assert "bands A00, A01, A02, A03, A04, A05, A06, A07, … (64 in all), rows" in str(request)
