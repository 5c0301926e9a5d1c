"""One process a target: a lock that ends with its owner, however that ends."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from typing import TYPE_CHECKING, Self

from geetensor.errors import TargetBusyError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


class Lock:
    """Held from entering the context to leaving it.

    The operating system releases it when the process ends, killed or not, so that none is left
    behind. On file systems that several machines share it is as good as their locks are.

    Args:
        path: of a file that is made for it, and says who holds it.
        subject: what it guards, for messages.
    """

    def __init__(self, path: Path, subject: str) -> None:
        self._path = path
        self._subject = subject
        self._file = -1

    def __enter__(self) -> Self:
        """Take it.

        Raises:
            TargetBusyError: if another process, or this one, holds it.
        """
        while True:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                _take(self._file)
            except OSError as error:
                owner = os.read(self._file, 200).decode(errors="replace").strip()
                os.close(self._file)
                raise TargetBusyError(
                    f"{self._subject} is being written by {owner or 'another process'}. Wait for "
                    "it, or choose another name."
                ) from error
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(self._file), self._path.stat()):
                    break
            os.close(self._file)  # its last owner removed the file just now
        os.truncate(self._file, 0)
        os.write(self._file, f"process {os.getpid()} on {platform.node()}".encode())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release it."""
        os.close(self._file)


if sys.platform == "win32":
    import msvcrt

    def _take(file: int) -> None:
        os.lseek(file, 1 << 30, os.SEEK_SET)  # beyond what it says, which others may read
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)
else:
    import fcntl

    def _take(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
