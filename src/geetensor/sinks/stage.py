"""Where an output grows until it is complete: beside its name, with a journal."""

from __future__ import annotations

import logging
import os
import shutil
from typing import TYPE_CHECKING, Self

from geetensor.callers import warn_caller
from geetensor.sinks.journal import Journal
from geetensor.sinks.lock import Lock

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from geetensor.sinks.target import Target

_LOGGER = logging.getLogger("geetensor")

AFRESH = "{} was begun by a call that asked for something else: what it fetched is dropped."


class LocalStage:
    """A hidden folder beside the output: `.name.partial`.

    It holds `output`, which is renamed when it is complete; `blocks`, what an output that is no
    stage itself is made of; the journal and the lock. Nothing of it is left after a success.

    Args:
        target: where the output is to go.
        key: of the request; a stage of another is dropped.
        resume: whether to go on from what is there.

    Attributes:
        output: where to write the output to.
        blocks: a folder for blocks.
    """

    def __init__(self, target: Target, key: str, *, resume: bool) -> None:
        self._target = target
        self._key = key
        self._resume = resume
        final = target.path
        self._folder = final.parent / f".{final.name}.partial"
        self.output = self._folder / "output"
        self.blocks = self._folder / "blocks"
        self._lock = Lock(self._folder / "lock", target.location)

    def __enter__(self) -> Self:
        """Take the stage, for this process alone.

        Raises:
            TargetBusyError: if another process has it.
            TargetError: if the output is there, and is not to be overwritten.
        """
        self._lock.__enter__()
        try:
            self._target.check_free()  # once more: another process may just have finished it
            journal = self._folder / "journal.jsonl"
            if journal.exists():
                ours = Journal.is_of(journal, self._key)
                if not ours and self._resume:
                    warn_caller(AFRESH.format(self._target.location))
                if not (ours and self._resume):
                    _LOGGER.info("%s: starting afresh", self._target.location)
                    self._drop()
            self.blocks.mkdir(exist_ok=True)
            self._journal = Journal(journal, self._key)
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
        """Give it up. What is in it stays, unless it was published."""
        self._journal.close()
        if kind is not None and not self._journal.blocks:
            shutil.rmtree(self._folder, ignore_errors=True)  # nothing to go on from
        self._lock.__exit__(kind, error, trace)

    @property
    def done(self) -> dict[int, int]:
        """Stored bytes of each block that is done, by its index."""
        return dict(self._journal.blocks)

    def note(self, block: int, stored_bytes: int) -> None:
        """Write down that a block is stored."""
        self._journal.note(block, stored_bytes)

    def publish(self) -> None:
        """Give the output its name, and leave nothing else behind.

        Raises:
            TargetError: if something else has that name by now.
        """
        final = self._target.path
        self._target.check_free()
        sync(self.output)
        if final.is_dir() and not final.is_symlink():
            # A folder cannot be replaced at once: the old one is kept until the new one is there.
            old = self._folder / "old"
            shutil.rmtree(old, ignore_errors=True)
            final.rename(old)
        self.output.replace(final)
        sync(final.parent)
        self._journal.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _drop(self) -> None:
        for one in self._folder.iterdir():
            if one.is_dir():
                shutil.rmtree(one)
            elif one.name != "lock":
                one.unlink()


def sync(path: Path) -> None:
    """Have what was written to a file, or the names in a folder, outlive a loss of power."""
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
