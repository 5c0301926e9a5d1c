"""A signed-in client on an emulator whose every pixel is a closed formula."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import ee
import pytest

import eemulator
from tests.eemulator import synthetic

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def _server() -> Iterator[eemulator.Server]:
    limits = eemulator.Limits(requests_per_second=None)
    with eemulator.running(synthetic.catalog(), limits) as server:
        yield server


@pytest.fixture
def server(_server: eemulator.Server, monkeypatch: pytest.MonkeyPatch) -> eemulator.Server:
    """The emulator, with the `ee` client signed in to it and its counters at zero."""
    sign_in(_server, monkeypatch)
    return _server


class Endpoint(Protocol):
    """As much of a server as one signs in to."""

    @property
    def url(self) -> str: ...

    @property
    def project(self) -> str: ...

    def reset_stats(self) -> None: ...


def sign_in(server: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the `ee` client at a server."""
    # The client asks a storage host for deprecated assets, which no test may do.
    monkeypatch.setattr(ee.deprecation, "_FetchDataCatalogStac", dict)
    state = ee.data._get_state()
    if not (state.initialized and state.cloud_api_base_url == server.url):
        ee.Reset()
        ee.Initialize(credentials=None, url=server.url, project=server.project)
    server.reset_stats()
