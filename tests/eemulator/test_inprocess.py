"""`ee` on the emulator without a socket: the same replies, failures and counts."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from google.oauth2.credentials import Credentials

import eemulator
from eemulator import Fault, FaultKind

from . import synthetic
from .wire import grid, pixels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GRID = grid(synthetic.UTM.crs, synthetic.UTM.transform, 40, 30)


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch) -> Iterator[eemulator.Transport]:
    monkeypatch.setattr(ee.deprecation, "_FetchDataCatalogStac", dict)
    ee.Reset()
    with eemulator.transport(synthetic.catalog()) as made:
        ee.Initialize(None, http_transport=made, project=made.project)
        monkeypatch.setattr(ee.data._get_state(), "max_retries", 0)
        made.reset_stats()
        yield made
    ee.Reset()


def test_pixels_and_counts(inside: eemulator.Transport) -> None:
    found = pixels(ee.Image("TEST/UTM").select("u16").add(1), GRID)["u16"]
    rows, cols = np.arange(30)[:, None], np.arange(40)[None]
    expected = synthetic.formula("u16", 3, rows, cols).astype(np.int64) + 1
    valid = synthetic.is_valid("u16", 3, rows, cols)
    np.testing.assert_array_equal(found, np.where(valid, expected, 0))
    assert inside.stats.requests == {"computePixels": 1}
    assert inside.stats.bytes_sent >= found.nbytes


def test_the_same_as_over_a_socket(
    server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask() -> list[Any]:
        asked = [
            lambda: ee.ImageCollection("TEST/SERIES").getInfo(),
            lambda: ee.data.getAsset("TEST/UTM"),
            lambda: ee.data.listAssets({"parent": "TEST/SERIES", "pageSize": 2}),
            lambda: ee.FeatureCollection([ee.Feature(None, {"a": 1})]).getInfo(),
            lambda: pixels("TEST/UTM", GRID, bandIds=["u8", "f64"]).tobytes(),
            lambda: ee.Image("NONE").getInfo(),
            lambda: pixels("TEST/UTM", grid("EPSG:4326", (1, 0, 0, 0, -1, 0), 40_000, 1)),
        ]
        return [_outcome(question) for question in asked]

    over_socket = ask()
    kinds = server.stats.requests, server.stats.refusals
    ee.Reset()
    with eemulator.transport(synthetic.catalog()) as inside:
        ee.Initialize(None, http_transport=inside, project=inside.project)
        inside.reset_stats()
        assert ask() == over_socket
        assert (inside.stats.requests, inside.stats.refusals) == kinds
    ee.Reset()


def test_exports_to_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ee.deprecation, "_FetchDataCatalogStac", dict)
    ee.Reset()
    with eemulator.transport(exports=tmp_path) as inside:
        ee.Initialize(None, http_transport=inside, project=inside.project)
        table = ee.FeatureCollection([ee.Feature(None, {"a": 1}), ee.Feature(None, {"a": 2})])
        task = ee.batch.Export.table.toDrive(table, "numbers", selectors=["a"])
        task.start()
        name = task.operation_name
        ee.data._get_cloud_projects().operations().wait(name=name, body={}).execute()
    ee.Reset()
    assert (tmp_path / "numbers.csv").read_text() == "a\n1\n2\n"


def _outcome(question: Any) -> Any:
    try:
        return question()
    except ee.EEException as error:
        return str(error)


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.TRUNCATE])
def test_cut_replies_are_connection_errors(inside: eemulator.Transport, kind: FaultKind) -> None:
    inside.faults.at(1, Fault(kind))
    with pytest.raises(ConnectionError, match="image:computePixels"):
        pixels(ee.Image(7), GRID)
    assert pixels(ee.Image(7), GRID)["constant"].tolist() == [[7] * 40] * 30
    assert inside.stats.concurrency == 0


def test_refusals_are_the_services(inside: eemulator.Transport) -> None:
    inside.faults.at(1, Fault(FaultKind.UNAVAILABLE, retry_after=3))
    with pytest.raises(ee.EEException, match="The service is currently unavailable"):
        ee.Number(1).getInfo()
    inside.faults.at(3, Fault(FaultKind.TOO_MANY_REQUESTS, retry_after=3))
    url = "https://earthengine.googleapis.com/v1/projects/p/value:compute"
    body = b'{"expression":{"result":"0","values":{"0":{"constantValue":5}}}}'
    assert inside.request(url, "POST", body)[1] == b'{"result":5}'
    response, _ = inside.request(url, "POST", body)
    assert (response.status, response["retry-after"]) == (429, "3")


def test_the_client_tries_again(
    inside: eemulator.Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ee.data._get_state(), "max_retries", 1)
    monkeypatch.setattr("time.sleep", lambda _: None)
    inside.faults.at(1, Fault(FaultKind.RESET))
    assert ee.Number(1).getInfo() == 1
    assert inside.stats.requests == {"value:compute": 2}


def test_a_hang_ends_with_the_timeout(inside: eemulator.Transport) -> None:
    inside.timeout = 0.2
    inside.faults.at(1, Fault(FaultKind.HANG))
    with pytest.raises(TimeoutError, match="value:compute: no reply in time"):
        ee.Number(1).getInfo()
    inside.timeout = None
    assert ee.Number(2).getInfo() == 2
    assert inside.stats.concurrency == 0


def test_closing_ends_what_hangs() -> None:
    inside = eemulator.transport(synthetic.catalog())
    inside.faults.at(1, Fault(FaultKind.HANG))
    raised: list[BaseException] = []

    def ask() -> None:
        try:
            inside.request("http://any/v1/projects/p/value:compute", "POST", _ONE)
        except ConnectionError as error:
            raised.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not inside.stats.concurrency:
        pass
    inside.close()
    inside.close()
    thread.join()
    assert "closed" in str(raised[0])
    with pytest.raises(RuntimeError, match="closed"):
        inside.request("http://any/", "GET")


_ONE = b'{"expression":{"result":"0","values":{"0":{"constantValue":1}}}}'


def test_threads_share_it_within_the_quota() -> None:
    limits = eemulator.Limits(concurrent_requests=2)
    with eemulator.transport(synthetic.catalog(), limits) as inside:
        inside.faults.at(1, Fault(FaultKind.HANG, seconds=0.5))
        inside.faults.at(2, Fault(FaultKind.HANG, seconds=0.5))
        statuses: list[int] = []

        def ask() -> None:
            reply, _ = inside.request("http://any/v1/projects/p/value:compute", "POST", _ONE)
            statuses.append(reply.status)

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        while inside.stats.concurrency < 2:
            pass
        ask()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200, 200, 429]


def _signed_in() -> Any:
    make: Any = Credentials
    return make("fresh")


def test_requests_of_authorized_clients(
    inside: eemulator.Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With credentials the client wraps the transport in google_auth_httplib2's AuthorizedHttp.
    ee.Reset()
    ee.Initialize(_signed_in(), http_transport=inside, project="mine")
    assert ee.Number(3).getInfo() == 3
    assert inside.log[-1].name == "projects/mine"
    assert "fresh" not in repr(inside.log)


def test_it_is_not_for_forked_processes(
    inside: eemulator.Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.getpid", lambda: -1)
    with pytest.raises(RuntimeError, match="another process"):
        ee.Number(1).getInfo()
