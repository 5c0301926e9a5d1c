"""Files that stay open, so many and no more, each used by one thread at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import rasterio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_OPEN = 64


class File(NamedTuple):
    """A file as it was at some time.

    Attributes:
        path: of the file.
        written: when that was last done, nanoseconds since 1970.
        size: bytes.
    """

    path: Path
    written: int
    size: int

    @staticmethod
    def at(path: Path) -> File:
        """A file as it is now.

        Raises:
            OSError: it is not there.
        """
        now = path.stat()
        return File(path, now.st_mtime_ns, now.st_size)


class Handles:
    """GDAL's datasets may not be shared by threads: each reader takes one for itself.

    One that was given back is kept open, for to open a file takes longer than to read a window.

    Args:
        most: open ones that nobody uses; there is one more for each thread that reads.
    """

    def __init__(self, most: int = MOST_OPEN) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._idle: OrderedDict[tuple[File, int], Any] = OrderedDict()
        self._number = 0

    @property
    def idle(self) -> int:
        """Open files that nobody uses."""
        with self._lock:
            return len(self._idle)

    @contextmanager
    def opened(self, file: File) -> Iterator[Any]:
        """A GeoTIFF, for the time of a `with` block; one that failed is closed.

        Raises:
            OSError: it is not there, or none.
            ValueError: it is another by now.
        """
        if File.at(file.path) != file:
            raise ValueError(f"{file.path} has changed since the catalogue was read")
        dataset = self._taken(file) or open_geotiff(file.path)
        try:
            yield dataset
        except BaseException:
            dataset.close()
            raise
        self._give_back(file, dataset)

    def close(self) -> None:
        """Close those that nobody uses."""
        with self._lock:
            closing = list(self._idle.values())
            self._idle.clear()
        for dataset in closing:
            dataset.close()

    def _taken(self, file: File) -> Any:
        with self._lock:
            key = next((key for key in reversed(self._idle) if key[0] == file), None)
            return None if key is None else self._idle.pop(key)

    def _give_back(self, file: File, dataset: Any) -> None:
        with self._lock:
            self._number += 1
            self._idle[file, self._number] = dataset
            closing = self._idle.popitem(last=False)[1] if len(self._idle) > self._most else None
        if closing is not None:
            closing.close()


def open_geotiff(path: Path) -> Any:
    """A GeoTIFF of this machine.

    No other format: a VRT could name files and hosts that nobody has looked at.

    Raises:
        RasterioIOError: it is not there, or none.
    """
    return rasterio.open(path, driver="GTiff", sharing=False)
