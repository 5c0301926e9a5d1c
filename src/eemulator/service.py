"""An emulator without a door: what a server and an in-process transport have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .exports.folder import ExportFolder
from .limits import Limits
from .names import PROJECT
from .page.log import Entry, RequestLog
from .rest.app import App
from .stats import Snapshot, Stats
from .weather import Faults, Pace

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from .catalog.model import Catalog


class Service:
    """Assets, limits, counters and faults behind one ASGI application.

    Args:
        catalog: the assets; the emulator's own by default.
        limits: what to refuse; the service's by default.
        pace: how long replies take; no longer than they need by default.
        exports: folder that exported files go to; None refuses to export files.

    Attributes:
        catalog: the assets.
        limits: what is refused.
        faults: which requests fail; none until told.
        project: the name to sign in with; any other does, too.
    """

    def __init__(
        self,
        catalog: Catalog | None = None,
        limits: Limits | None = None,
        pace: Pace | None = None,
        exports: str | Path | None = None,
    ) -> None:
        self.project = PROJECT
        self._exports: ExportFolder | None = None
        self._begin(catalog, limits, pace, exports)

    def _begin(
        self,
        catalog: Catalog | None,
        limits: Limits | None,
        pace: Pace | None,
        exports: str | Path | None,
    ) -> None:
        if exports is not None:
            self._exports = ExportFolder(Path(exports))
        if catalog is None:
            from .catalog import default_catalog

            catalog = default_catalog()
        self.catalog = catalog
        self.limits = limits or Limits()
        self.faults = Faults()
        self._stats = Stats()
        self._log = RequestLog()
        self._app = App(
            self.catalog,
            self.limits,
            self._stats,
            pace or Pace(),
            self.faults,
            self._log,
            self._exports,
        )

    def renew(
        self,
        catalog: Catalog | None = None,
        limits: Limits | None = None,
        pace: Pace | None = None,
        exports: str | Path | None = None,
    ) -> None:
        """Become another emulator at the same address, as if newly made.

        Nothing of the old one is left: counters, faults, log, downloads kept under a name, assets
        that users made; the files of exports stay where they are. Requests under way are still
        answered by it, and its exports are cancelled. Arguments are those of the class, except that
        without `exports` the folder stays as well.
        """
        old = self._app
        self._begin(catalog, limits, pace, exports)
        old.close()

    @property
    def stats(self) -> Snapshot:
        """What was done so far."""
        return self._stats.snapshot()

    def reset_stats(self) -> None:
        """Start counting anew."""
        self._stats.reset()

    def reset(self) -> None:
        """Be as if just started.

        No faults, counts, log, operations, names of thumbnails and maps, or assets that users made.
        The pace is that of the start. Operations that are not over are cancelled first.
        """
        self._app.reset()

    @property
    def pace(self) -> Pace:
        """How long replies take."""
        return self._app.pace

    @pace.setter
    def pace(self, pace: Pace) -> None:
        self._app.pace = pace

    @property
    def log(self) -> list[Entry]:
        """The last requests, oldest first; `Entry.code` is the expression as Python."""
        return self._log.entries()

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        await self._app.asgi(scope, receive, send)
