"""A signed-in client on an emulator whose every pixel is a closed formula."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import ee
import pytest

import eemulator
from geetensor.source import forget_images
from tests.eemulator import synthetic
from tests.geetensor.faulty import faulty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.geetensor.faulty import Decide, FaultyServer

    Start = Callable[[Decide], FaultyServer]


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
    forget_images()
    server.reset_stats()


@pytest.fixture
def start(server: eemulator.Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Sign in to a server before `server`, at which some requests go wrong."""
    with ExitStack() as stack:

        def started(decide: Decide) -> FaultyServer:
            made = stack.enter_context(faulty(server.url, server.project, lambda *_: None))
            sign_in(made, monkeypatch)
            made.decide = decide
            return made

        yield started
