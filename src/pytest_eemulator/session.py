"""The server of a test run, renewed for each test, and the client that is signed in to it."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

import ee

import eemulator

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

_SHOWN = 20
"""Requests shown with a failure."""


@dataclass(frozen=True)
class EarthEngine:
    """What the fixture `earth_engine` gives.

    Attributes:
        ee: the client, signed in.
        server: the emulator: its `url`, and all that is below.
        exports: the test's own folder of exported files; a folder of Drive is a folder in it, and
            so is a bucket.
    """

    ee: ModuleType
    server: eemulator.Server
    exports: Path

    @property
    def stats(self) -> eemulator.Snapshot:
        """What the test asked for so far, counted; signing in is not."""
        return self.server.stats

    @property
    def faults(self) -> eemulator.Faults:
        """Which requests fail; none until told."""
        return self.server.faults

    @property
    def limits(self) -> eemulator.Limits:
        """What is refused."""
        return self.server.limits

    @property
    def log(self) -> list[eemulator.Entry]:
        """The test's requests, oldest first."""
        return self.server.log


class Session:
    """One server for all tests of a run.

    A server that starts and ends, and a client that signs in, take half a second together. So the
    socket and the session stay, and behind them each test has an emulator of its own.

    Args:
        folder: for the exported files of all tests.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begun = 0
        self._server: eemulator.Server | None = None
        self._state: Any = None
        self._as_signed_in: dict[str, Any] = {}

    def begin(
        self,
        catalog: eemulator.Catalog | None,
        limits: eemulator.Limits,
        pace: eemulator.Pace,
    ) -> EarthEngine:
        """A fresh emulator for a test, `ee` signed in to it as if for the first time."""
        if self._server is None:
            self._server = eemulator.Server(catalog)
            self._server.start()
        self._sign_in(self._server)
        self._begun += 1
        exports = self._folder / str(self._begun)
        self._server.renew(catalog, limits, pace, exports)
        return EarthEngine(ee, self._server, exports)

    def _sign_in(self, server: eemulator.Server) -> None:
        """Also undoes what the last test did to the client's settings."""
        if self._state is not ee.data._get_state():  # noqa: SLF001 - the client has no door to it
            ee.Reset()
            server.renew()  # signing in is no request of a test, and no fault's business
            # Else the client asks another host for a list of deprecated assets.
            with mock.patch.object(ee.deprecation, "_FetchDataCatalogStac", dict):
                ee.Initialize(None, url=server.url, project=server.project)
            self._state = ee.data._get_state()  # noqa: SLF001
            self._as_signed_in = copy.copy(vars(self._state))
            self._as_signed_in["workload_tag"] = copy.copy(self._state.workload_tag)
        vars(self._state).update(self._as_signed_in)
        self._state.workload_tag = copy.copy(self._as_signed_in["workload_tag"])

    def sign_out(self) -> None:
        """`ee.Reset()`, unless it was done already."""
        if self._state is not None:
            self._state = None
            ee.Reset()

    def requests(self) -> str:
        """The last requests of a test, a line or more each."""
        if self._server is None:
            return ""
        lines = []
        for entry in self._server.log[-_SHOWN:]:
            status = f"fault {entry.fault}" if entry.fault else entry.status
            lines.append(f"{entry.number}. {entry.kind} [{status}] {entry.grid}\n{entry.code}")
        return "\n".join(lines)

    def close(self) -> None:
        """Sign out, and end the server."""
        self.sign_out()
        if self._server is not None:
            self._server.stop()
