"""The journal of an export: which blocks are stored. A line each, as JSON."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1
"""Of journals and of what is kept beside them; another one starts afresh."""


class Journal:
    """Blocks that are stored, in a file that outlives a killed process.

    The first line says of which request it is; each other one is `[block, bytes]`. A line that
    is not whole, as one that was being written when the machine stopped, and all after it are
    cut off: their blocks are fetched again.

    Args:
        path: of the file; made if it is not there.
        key: of the request.

    Attributes:
        blocks: stored bytes of each block that is done, by its index.
        resumed: whether the file was there and is of this request.
    """

    def __init__(self, path: Path, key: str) -> None:
        head = {"format": FORMAT, "request": key}
        self.blocks: dict[int, int] = {}
        self._lock = threading.Lock()
        length = self._read(path, head) if path.exists() else 0
        self.resumed = length > 0
        self._file = path.open("r+b" if self.resumed else "wb")
        self._file.seek(length)
        self._file.truncate()
        if not self.resumed:
            self._append(head)

    @staticmethod
    def is_of(path: Path, key: str) -> bool:
        """Whether a journal is of a request."""
        try:
            with path.open("rb") as file:
                return bool(json.loads(file.readline()) == {"format": FORMAT, "request": key})
        except (OSError, ValueError):
            return False

    def note(self, block: int, stored_bytes: int) -> None:
        """Write down that a block is stored. Durable when it returns. From any thread."""
        with self._lock:
            self._append([block, stored_bytes])
            self.blocks[block] = stored_bytes

    def close(self) -> None:
        """Write no more."""
        with self._lock:
            self._file.close()

    def _append(self, entry: object) -> None:
        # One write, so that nothing but its end can be missing.
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _read(self, path: Path, head: object) -> int:
        """Read what is there, and tell up to which byte it is whole; 0 for another request's."""
        length = 0
        with path.open("rb") as file:
            for number, line in enumerate(file):
                try:
                    entry = json.loads(line)
                    if not line.endswith(b"\n") or (number == 0 and entry != head):
                        break
                    if number:
                        block, stored_bytes = entry
                        self.blocks[int(block)] = int(stored_bytes)
                except (ValueError, TypeError):
                    break
                length += len(line)
        return length
