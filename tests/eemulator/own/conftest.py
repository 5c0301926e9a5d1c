"""Servers of somebody's own data, `ee` signed in to them."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

import eemulator
from tests.geetensor.conftest import sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Serve(Protocol):
    """Serves a catalogue until the test is over."""

    def __call__(self, path: Path, *, built_in: bool = False) -> eemulator.Server: ...


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serves a catalogue until the test is over, `ee` signed in to it."""
    with ExitStack() as stack:

        def started(path: Path, *, built_in: bool = False) -> eemulator.Server:
            catalog = eemulator.load_catalog(path, built_in=built_in)
            limits = eemulator.Limits(requests_per_second=None)
            server = stack.enter_context(eemulator.running(catalog, limits))
            sign_in(server, monkeypatch)
            return server

        yield started
