"""The stage of an output in an object store, where nothing can be renamed or appended to."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

import fsspec

from geetensor.callers import warn_caller
from geetensor.errors import TargetError
from geetensor.sinks.lock import Lock
from geetensor.sinks.stage import AFRESH

if TYPE_CHECKING:
    from types import TracebackType

    from geetensor.sinks.target import Target


class RemoteStage:
    """The output's own URL, and `….zarr.partial/` beside it with an object for each block done.

    The name of such an object is all that it says, `<request>/<block>-<bytes>`. The output counts
    as complete when it has `zarr.json`, which is written last. The lock is of this machine only:
    object stores have none.

    Args:
        target: where the output is to go.
        key: of the request; what another has left is dropped.
        resume: whether to go on from what is there.

    Attributes:
        output: URL to write the output to.
    """

    def __init__(self, target: Target, key: str, *, resume: bool) -> None:
        self._target = target
        self._resume = resume
        self.output = target.location
        self._files, self._root = fsspec.core.url_to_fs(target.location)
        self._notes = f"{self._root}.partial"
        self._own = f"{self._notes}/{key}"
        name = hashlib.sha256(target.location.encode()).hexdigest()
        path = Path(tempfile.gettempdir()) / f"geetensor-{name[:24]}.lock"
        self._lock = Lock(path, target.location)
        self._done: dict[int, int] = {}

    def __enter__(self) -> Self:
        """Take the stage, for this machine's processes alone.

        Raises:
            TargetBusyError: if another process of this machine has it.
            TargetError: if something is there, and is not to be overwritten.
        """
        self._lock.__enter__()
        try:
            self._prepare()
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give it up. What is there stays."""
        self._lock.__exit__(kind, error, trace)

    @property
    def done(self) -> dict[int, int]:
        """Stored bytes of each block that is done, by its index."""
        return dict(self._done)

    def note(self, block: int, stored_bytes: int) -> None:
        """Write down that a block is stored. From any thread."""
        self._put(f"{block}-{stored_bytes}")

    def publish(self) -> None:
        """Remove the notes: the output has its name already."""
        self._remove(self._notes)

    def _prepare(self) -> None:
        self._files.invalidate_cache()
        complete = self._files.exists(f"{self._root}/zarr.json")
        begun = self._files.exists(self._notes)
        ours = self._files.exists(f"{self._own}/request")
        if (complete or (self._files.exists(self._root) and not begun)) and not (
            self._target.overwrite
        ):
            raise TargetError(
                f"{self.output} exists. Pass overwrite=True to replace it, or another name."
            )
        if begun and not ours and self._resume:
            warn_caller(AFRESH.format(self.output))
        if complete or not (ours and self._resume):
            self._remove(self._root)
            self._remove(self._notes)
        if ours and self._resume and not complete:
            self._read()
        else:
            self._put("request")

    def _put(self, name: str) -> None:
        self._files.pipe_file(f"{self._own}/{name}", b"1")

    def _read(self) -> None:
        for path in self._files.ls(self._own, detail=False):
            name = path.rstrip("/").rpartition("/")[2]
            with contextlib.suppress(ValueError):
                block, stored_bytes = map(int, name.split("-"))
                self._done[block] = stored_bytes

    def _remove(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._files.rm(path, recursive=True)
