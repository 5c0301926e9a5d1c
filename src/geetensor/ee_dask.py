"""A dask cluster: workers that sign in by themselves and share the project's quota.

`docs/distributed.md` shows it. This needs `pip install 'geetensor[distributed]'`.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from geetensor.ee_utils import initialize
from geetensor.engine.endpoint import endpoint_of
from geetensor.engine.session import current_session
from geetensor.errors import InvalidInputError, MissingPackageError
from geetensor.lazy.places import use_places

try:
    from distributed import Semaphore
    from distributed.diagnostics.plugin import WorkerPlugin
except ImportError as error:
    raise MissingPackageError("distributed", "distributed") from error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distributed.worker import Worker

    from geetensor.engine.scheduler import Scheduler

CONCURRENCY = 39
"""Requests at a time of all workers together: one less than Earth Engine allows a project, for a
request that the service still counts when its reply is here."""


class SignIn(WorkerPlugin):
    """Signs every worker of a cluster in, those that come later too, and divides the quota.

    What is sent to the workers says where credentials are, never what they are: a worker reads
    its own. So the machine of each has to have them: a service account's key file, what
    `earthengine authenticate` stored, or Google's application-default credentials.

    Each request that this package sends from a worker, for a lazy array or for a task that calls
    `export_cube`, has one of `concurrency` leases, which the dask scheduler hands out. So there are
    never more requests than that, however many workers there are. The leases of a worker that dies
    are free after dask's `distributed.scheduler.locks.lease-timeout` (30 s), and dask computes its
    chunks elsewhere. What the `ee` client sends by itself (`getInfo`) has no lease.

    Args:
        project: Cloud project that pays, as in `geetensor.ee_utils.initialize`; so are the others.
        service_account_key: path of a JSON key file on the workers.
        high_volume: use the endpoint for many requests at a time.
        url: another endpoint, such as an emulator's.
        concurrency: requests at a time of all workers together. Registered anew, the plugin
            takes the place of the one before.

    Raises:
        InvalidInputError: if the key is a text and not a path, or `concurrency` is no number
            from 1 on.

    Example:
        >>> from distributed import Client
        >>> from geetensor.ee_xarray import open_cube
        >>> client = Client(processes=False, n_workers=1, dashboard_address=None)
        >>> registered = client.register_plugin(
        ...     SignIn(url=server.url, project=server.project, concurrency=8)
        ... )
        >>> open_cube(scenes[:2], aoi, bands=["B04"]).mean().compute().ndim
        0
        >>> client.close()
    """

    name = "geetensor-sign-in"

    def __init__(
        self,
        project: str | None = None,
        *,
        service_account_key: str | os.PathLike[str] | None = None,
        high_volume: bool = True,
        url: str | None = None,
        concurrency: int = CONCURRENCY,
    ) -> None:
        key = None if service_account_key is None else os.fspath(service_account_key)
        if key is not None and key.lstrip().startswith("{"):
            raise InvalidInputError(
                "service_account_key must be a path on the workers: the text of a key would be "
                "sent over the network and stored with the graph."
            )
        if isinstance(concurrency, bool) or not isinstance(concurrency, int) or concurrency < 1:
            raise InvalidInputError(
                f"concurrency must be a whole number above 0, got {concurrency!r}."
            )
        self._project = project
        self._key = key
        self._high_volume = high_volume
        self._url = url
        self._concurrency = concurrency
        self._scheduler: Scheduler | None = None  # of the worker

    async def setup(self, worker: Worker) -> None:
        """Sign a worker in.

        Raises:
            SignInError: if there are no credentials, or the service refuses them.
        """
        await asyncio.to_thread(
            initialize,
            self._project,
            service_account_key=self._key,
            high_volume=self._high_volume,
            url=self._url,
        )
        session = current_session()
        leases = Semaphore(
            max_leases=self._concurrency,
            # The number in the name, as leases that exist cannot become more or fewer.
            name=f"geetensor {session.base_url} {session.project} {self._concurrency}",
            scheduler_rpc=worker.scheduler,
            loop=worker.loop,
        )
        await leases
        self._scheduler = endpoint_of(session).scheduler
        self._scheduler.share(_Leases(leases))
        use_places(_EachAlone())

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002
        """Let the process send by its own throttle again; it stays signed in."""
        use_places(None)
        if self._scheduler is not None:
            self._scheduler.share(None)


class _Leases:
    """A semaphore of dask as the engine takes leases from it."""

    def __init__(self, semaphore: Semaphore) -> None:
        self._semaphore = semaphore

    def acquire(self, seconds: float, /) -> bool:
        """Wait for a lease; see `geetensor.engine.leases.Leases`."""
        return bool(self._semaphore.acquire(timeout=seconds))

    def release(self) -> None:
        """Give one back."""
        self._semaphore.release()


class _EachAlone:
    """A read counts on one request at a time: other workers have the other leases."""

    @contextmanager
    def taken(self, _limit: int, /) -> Iterator[int]:
        """See `geetensor.lazy.places.Places`."""
        yield 1
