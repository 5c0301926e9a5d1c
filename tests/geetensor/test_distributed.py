"""Lazy cubes on a dask cluster of processes, with the emulator's own count of what they ask for."""

from __future__ import annotations

import os
import pickle
import signal
import time
from typing import TYPE_CHECKING, Any

import cloudpickle
import dask
import ee
import numpy as np
import pytest
from distributed import Client, LocalCluster

import eemulator
from geetensor import ee_image, ee_xarray
from geetensor.ee_dask import SignIn
from geetensor.errors import (
    EarthEngineError,
    InvalidInputError,
    MissingPackageError,
    NotFoundError,
    SignInError,
)
from tests.eemulator import synthetic
from tests.geetensor.conftest import sign_in
from tests.geetensor.test_export_cube import SERIES
from tests.geetensor.test_export_image import UTM_CRS, box

if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr

pytestmark = pytest.mark.timeout(300)  # processes that start on a busy machine

QUOTA = 8
WORKERS = 4
BANDS = ["u16", "i16", "f32"]
AREA = box(0, 0, 250, 250)


@pytest.fixture(scope="module")
def _quota_server() -> Iterator[eemulator.Server]:
    limits = eemulator.Limits(concurrent_requests=QUOTA, requests_per_second=None)
    pace = eemulator.Pace(latency=0.1)
    with eemulator.running(synthetic.catalog(), limits, pace=pace) as server:
        yield server


@pytest.fixture
def quota_server(
    _quota_server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> eemulator.Server:
    sign_in(_quota_server, monkeypatch)
    return _quota_server


@pytest.fixture(scope="module")
def client(_quota_server: eemulator.Server) -> Iterator[Client]:
    plugin = SignIn(url=_quota_server.url, project=_quota_server.project, concurrency=QUOTA)
    with (
        # A worker that was killed is started again by its nanny, however long that takes.
        dask.config.set({"distributed.deploy.lost-worker-timeout": "10 minutes"}),
        LocalCluster(n_workers=WORKERS, threads_per_worker=3, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        client.register_plugin(plugin)
        yield client


def many_chunks(count: int) -> xr.DataArray:
    """A cube of about so many chunks."""
    side = -(-250 // round((count / len(SERIES)) ** 0.5))
    return ee_xarray.open_cube(
        SERIES,
        AREA,
        BANDS,
        crs_geometry=UTM_CRS,
        fill_value=0,
        chunks={"time": 1, "y": side, "x": side},
    )


def exported() -> Any:
    return ee_image.export_cube(SERIES, AREA, BANDS, crs_geometry=UTM_CRS, fill_value=0).values


def test_the_quota_is_shared_and_not_multiplied(
    quota_server: eemulator.Server, client: Client
) -> None:
    cube = many_chunks(64)
    quota_server.reset_stats()
    values = cube.compute().to_numpy()
    stats = quota_server.stats
    refused = stats.refusals.get("too many requests", 0)
    assert stats.requests["getPixels"] - refused == cube.data.npartitions == 64
    assert QUOTA - 2 <= stats.peak_concurrency <= QUOTA
    assert refused <= 7  # the client may think a place free a moment before the server does
    np.testing.assert_array_equal(values, exported())


def test_exports_in_tasks_share_it_too(quota_server: eemulator.Server, client: Client) -> None:
    """With the metadata that they look up: more threads, each with its own throttle of 39."""
    expected = exported()
    quota_server.reset_stats()
    futures = client.map(_export_there, range(2 * WORKERS), pure=False)
    lazy = client.compute(many_chunks(16))
    for future in futures:
        np.testing.assert_array_equal(future.result(timeout=200), expected)
    np.testing.assert_array_equal(lazy.result(timeout=200).to_numpy(), expected)
    stats = quota_server.stats
    assert QUOTA - 2 <= stats.peak_concurrency <= QUOTA
    assert stats.refusals.get("too many requests", 0) <= 7


def _export_there(_: int) -> Any:
    return exported()


def test_the_share_can_be_told_anew(quota_server: eemulator.Server, client: Client) -> None:
    for concurrency in (3, QUOTA):
        client.register_plugin(
            SignIn(url=quota_server.url, project=quota_server.project, concurrency=concurrency)
        )
        quota_server.reset_stats()
        many_chunks(36).mean().compute()
        assert quota_server.stats.peak_concurrency <= concurrency


def test_a_worker_that_dies_loses_nothing(quota_server: eemulator.Server, client: Client) -> None:
    cube = many_chunks(64)
    [victim, *_] = client.run(os.getpid).values()
    quota_server.reset_stats()
    future = client.compute(cube)
    while quota_server.stats.requests.get("getPixels", 0) < 20:
        time.sleep(0.01)
    os.kill(victim, signal.SIGKILL)
    np.testing.assert_array_equal(future.result(timeout=200).to_numpy(), exported())
    successors: set[int] = set()
    while len(successors) < WORKERS:  # the nanny's next one comes when it comes
        time.sleep(0.1)
        successors = {*client.run(os.getpid, on_error="ignore").values()} - {victim}
    assert all(client.run(_is_signed_in).values())


def _is_signed_in() -> bool:
    return bool(ee.data._get_state().initialized)


def test_an_error_arrives_with_the_services_words(
    quota_server: eemulator.Server, client: Client
) -> None:
    lazy = ee_xarray.open_image("TEST/UTM", box(0, 0, 1, 1), ["u8"], crs_geometry=UTM_CRS)
    quota_server.faults.at_random(1.0, eemulator.Fault(eemulator.FaultKind.MEMORY))
    try:
        with pytest.raises(EarthEngineError, match="TEST/UTM, bands u8, rows 0-0") as raised:
            lazy.compute()
    finally:
        quota_server.faults.clear()
    assert raised.value.service_message == "User memory limit exceeded."


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError("gone", status=404, attempts=2, subject="TEST/UTM", advice="Look."),
        MissingPackageError("xarray", "xarray"),
        InvalidInputError("wrong"),
    ],
)
def test_errors_survive_pickling(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - just made
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


class Secret:
    """Credentials that must not be pickled."""

    def __init__(self) -> None:
        self.valid = True
        self.token = "ya29.s3cret"  # noqa: S105

    def __reduce__(self) -> Any:
        raise AssertionError("credentials were pickled")

    def apply(self, headers: dict[str, str]) -> None:
        headers["Authorization"] = f"Bearer {self.token}"


def test_no_credentials_are_in_the_graph(
    quota_server: eemulator.Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(ee.data._get_state(), "credentials", Secret())
    monkeypatch.setattr(ee.data._get_state(), "cloud_api_key", "AIza.s3cret")
    lazy = ee_xarray.open_cube(SERIES, AREA, BANDS, crs_geometry=UTM_CRS)
    key = tmp_path / "key.json"
    key.write_text('{"private_key": "s3cret"}', encoding="utf-8")
    for thing in (
        lazy,
        lazy.mean("time"),
        dict(lazy.__dask_graph__()),
        SignIn(service_account_key=key),
    ):
        assert b"s3cret" not in cloudpickle.dumps(thing)
    assert b"s3cret" not in pickle.dumps(lazy)
    assert lazy.isel(time=0).compute(scheduler="synchronous").shape == (3, 250, 250)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"service_account_key": ' {"private_key": "s3cret"}'}, "path on the workers"),
        ({"concurrency": 0}, "above 0, got 0"),
        ({"concurrency": 2.5}, "above 0, got 2.5"),
    ],
)
def test_bad_sign_ins_are_refused(options: Any, reason: str) -> None:
    with pytest.raises(InvalidInputError, match=reason) as raised:
        SignIn(**options)
    assert "s3cret" not in str(raised.value)


def test_a_process_without_a_session_says_how_to_get_one(quota_server: eemulator.Server) -> None:
    lazy = ee_xarray.open_image("TEST/UTM", AREA, ["u8"], crs_geometry=UTM_CRS)
    ee.Reset()
    with pytest.raises(SignInError, match=r"client.register_plugin\(geetensor.ee_dask.SignIn"):
        lazy.compute(scheduler="synchronous")
