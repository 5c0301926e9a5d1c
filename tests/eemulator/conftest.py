"""An emulator on a real socket, and the real client signed in to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ee
import pytest

import eemulator

from . import synthetic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def _session_server() -> Iterator[eemulator.Server]:
    limits = eemulator.Limits(requests_per_second=None)
    with eemulator.running(synthetic.catalog(), limits) as server:
        yield server


@pytest.fixture(scope="session")
def _own_server() -> Iterator[eemulator.Server]:
    with eemulator.running(limits=eemulator.Limits(requests_per_second=None)) as server:
        yield server


@pytest.fixture
def server(_session_server: eemulator.Server, monkeypatch: pytest.MonkeyPatch) -> eemulator.Server:
    """The shared server, `ee` signed in to it, its counters at zero."""
    return signed_in(_session_server, monkeypatch)


@pytest.fixture
def own_catalogue(
    _own_server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> eemulator.Server:
    """A server of the emulator's own collections, `ee` signed in to it."""
    return signed_in(_own_server, monkeypatch)


@pytest.fixture(scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def _exporting_server(_folder: Path) -> Iterator[eemulator.Server]:
    limits = eemulator.Limits(requests_per_second=None)
    with eemulator.running(synthetic.catalog(), limits, exports=_folder) as server:
        yield server


@pytest.fixture
def exporting(
    _exporting_server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[eemulator.Server]:
    """A server that exports to `folder`, `ee` signed in to it; reset when a test is over."""
    yield signed_in(_exporting_server, monkeypatch)
    _exporting_server.reset()


@pytest.fixture
def folder(_folder: Path) -> Path:
    """Where the files of exports go."""
    return _folder


def signed_in(server: eemulator.Server, monkeypatch: pytest.MonkeyPatch) -> eemulator.Server:
    """A server with `ee` signed in to it, its counters at zero."""
    monkeypatch.setattr(ee.deprecation, "_FetchDataCatalogStac", dict)
    state = ee.data._get_state()
    if not (state.initialized and state.cloud_api_base_url == server.url):
        ee.Reset()
        ee.Initialize(credentials=None, url=server.url, project=server.project)
    monkeypatch.setattr(ee.data._get_state(), "max_retries", 0)
    server.reset_stats()
    return server
