"""Fixtures for tests of code that asks Earth Engine: the emulator, and `ee` signed in to it.

pytest loads this module in every run of every project beside which the package is installed, so it
imports nothing but pytest. What a test needs is imported when a test asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from .session import EarthEngine, Session

_SESSION: pytest.StashKey[Session] = pytest.StashKey()
_FIXTURE = "earth_engine"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the ini file."""
    parser.addini(
        "earth_engine_catalog",
        "assets of the emulator: 'module:name' of a Catalog, or of a function that makes one, or "
        "the path of a catalogue of your own data, from the ini file's folder",
    )
    parser.addini(
        "earth_engine_limits",
        "limits of the emulator, one 'name = number' or 'name = none' a line: see eemulator.Limits",
        type="linelist",
    )
    parser.addini(
        "earth_engine_pace",
        "how slow the emulator is, one 'name = number' a line: see eemulator.Pace",
        type="linelist",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        "earth_engine(catalog=None, limits=None, pace=None): what the emulator of the "
        "`earth_engine` fixture serves, refuses, and how slowly; limits and pace are objects or "
        "dictionaries, which go on top of the ini file's.",
    )


@pytest.fixture
def earth_engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> EarthEngine:
    """A fresh emulator on a socket, `ee` signed in to it, and all that it counts at hand."""
    from .options import options_of
    from .session import Session

    stash = request.config.stash
    if _SESSION not in stash:
        stash[_SESSION] = Session(tmp_path_factory.mktemp("earth_engine"))
    return stash[_SESSION].begin(*options_of(request.node))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Sign out before a test that does not use the emulator."""
    session = item.config.stash.get(_SESSION, None)
    if session is not None and not _asks(item):
        session.sign_out()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what was asked for."""
    report = yield
    session = item.config.stash.get(_SESSION, None)
    if report.failed and session is not None and _asks(item) and (text := session.requests()):
        report.sections.append(("Earth Engine requests", text))
    return report


def pytest_unconfigure(config: pytest.Config) -> None:
    """Sign out, and end the server."""
    session = config.stash.get(_SESSION, None)
    if session is not None:
        del config.stash[_SESSION]
        session.close()


def _asks(item: pytest.Item) -> bool:
    names: Any = getattr(item, "fixturenames", ())
    return _FIXTURE in names
