"""Bytes of a reply to arrays, as they arrive.

An NPY body is never held: its rows are handed on in blocks while the rest is on its way. A
GEO_TIFF can only be read whole.
"""

from __future__ import annotations

import ast
import functools
import io
import struct
import threading
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import rasterio

from geetensor.errors import BadReplyError
from geetensor.masks import FileFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_LONGEST_HEADER = 65_536
"""Bytes. A thousand bands with long names need a quarter of it."""

_BLOCK = 256 * 1024
"""Bytes of rows that are handed on together, about: they fit into a core's cache."""

_MAGIC = b"\x93NUMPY"

_MALFORMED = (
    *(ValueError, TypeError, SyntaxError, KeyError),
    *(RecursionError, MemoryError, SystemError),
)
"""What Python and NumPy raise for headers that are none; MemoryError for deep nesting. SystemError
for `_parsing`, where the other thread is not ours: the request is then repeated."""

_parsing = threading.Lock()
"""Held while a header is parsed: CPython counts the depth of its syntax trees for all threads
together, and two that make one at a time now and then fail with "AST constructor recursion depth
mismatch" (seen with 3.11.7; https://github.com/python/cpython/issues/106905)."""


class RowWriter(Protocol):
    """Takes the rows of one tile, from the top."""

    def write_rows(self, first: int, bands: Sequence[NDArray[Any]]) -> None:
        """Take some rows.

        Args:
            first: row of the tile, from 0.
            bands: one array a band, each of shape `(rows, width)`; valid during the call only.
        """


class PixelDecoder(Protocol):
    """Takes a body as it arrives; see `geetensor.engine.transport.Consumer`."""

    @property
    def rows(self) -> int:
        """Rows handed on so far."""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""

    def finish(self) -> None:
        """The body is over."""


def pixel_decoder(
    file_format: FileFormat, band_ids: Sequence[str], shape: tuple[int, int], writer: RowWriter
) -> PixelDecoder:
    """What turns one body into rows.

    Args:
        file_format: as asked for.
        band_ids: as asked for.
        shape: `(height, width)` as asked for, in pixels.
        writer: of the rows, each band in the order asked for.

    Returns:
        A decoder for one reply. Its methods raise `BadReplyError` if the body is not such an
        image.
    """
    kind = _Npy if file_format is FileFormat.NPY else _GeoTiff
    return kind(tuple(band_ids), shape, writer)


def _check(band_ids: Sequence[str], shape: tuple[int, int], count: int, got: Any) -> None:
    if count != len(band_ids) or got != shape:
        raise BadReplyError(
            f"Asked for {len(band_ids)} bands of {shape} pixels, got {count} of {got}."
        )


class _Npy:
    """Rows of a structured NPY, one field a band."""

    def __init__(self, band_ids: tuple[str, ...], shape: tuple[int, int], writer: RowWriter):
        self._band_ids = band_ids
        self._height, self._width = shape
        self._writer = writer
        self._head = bytearray()
        self._names: tuple[str, ...] = ()
        self._dtype: np.dtype[Any] | None = None
        self._block = bytearray()  # whole rows, filled up to `_filled`
        self._filled = 0
        self.rows = 0  # handed on so far

    def feed(self, data: bytes) -> None:
        view = memoryview(data)
        if self._dtype is None:
            self._head += data
            end = self._read_header()
            if end is None:
                return
            view = memoryview(bytes(self._head[end:]))
            self._head.clear()
        while view:
            if self.rows == self._height:
                raise BadReplyError("The reply goes on after its last row.")
            room = min(len(view), self._end_of_block - self._filled)
            self._block[self._filled : self._filled + room] = view[:room]
            self._filled += room
            view = view[room:]
            if self._filled == self._end_of_block:
                self._hand_on()

    def finish(self) -> None:
        if self._dtype is None:
            raise BadReplyError(f"The reply is no NPY image: {bytes(self._head[:100])!r}")
        if self.rows < self._height:
            raise BadReplyError(f"The reply ends after {self.rows} of {self._height} rows.")

    @property
    def _end_of_block(self) -> int:
        assert self._dtype is not None  # noqa: S101
        rows = min(len(self._block) // self._row_bytes, self._height - self.rows)
        return rows * self._row_bytes

    def _hand_on(self) -> None:
        rows = self._filled // self._row_bytes
        # (rows, width) of records, one field a band
        records = np.frombuffer(self._block, self._dtype, rows * self._width)
        records = records.reshape(rows, self._width)
        self._writer.write_rows(self.rows, [records[name] for name in self._names])
        self.rows += rows
        self._filled = 0

    def _read_header(self) -> int | None:
        """Where the pixels begin; None if the header has not come whole."""
        head = self._head
        if not _MAGIC.startswith(bytes(head[:6])):
            raise BadReplyError(f"The reply is no NPY image: {bytes(head[:100])!r}")
        if len(head) < 12:
            return None
        if head[6] not in {1, 2}:
            raise BadReplyError(f"Expected NPY version 1 or 2, got {head[6]}.{head[7]}.")
        size = struct.unpack_from("<H" if head[6] == 1 else "<I", head, 8)[0]
        start = 10 if head[6] == 1 else 12
        if size > _LONGEST_HEADER:
            raise BadReplyError(f"The reply's NPY header has {size} bytes.")
        if len(head) < start + size:
            return None
        try:
            with _parsing:
                fields = _parse(bytes(head[start : start + size]))
            dtype = np.lib.format.descr_to_dtype(fields["descr"])
            shape = tuple(fields["shape"])
            fortran = fields["fortran_order"]
        except _MALFORMED as error:
            raise BadReplyError(f"The reply's NPY header is damaged: {error}") from error
        self._accept(dtype, shape, fortran)
        return int(start + size)

    def _accept(self, dtype: np.dtype[Any], shape: tuple[Any, ...], fortran: object) -> None:
        if dtype.names is None or dtype.hasobject or fortran or len(shape) != 2:
            raise BadReplyError(
                f"Expected a structured (height, width) array, got {dtype} {shape}."
            )
        _check(self._band_ids, (self._height, self._width), len(dtype.names), shape)
        if any(dtype[name].kind not in "iufb" for name in dtype.names):
            raise BadReplyError(f"Expected numbers, got {dtype}.")
        # By name where the names are those asked for; they may have been renamed, by place then.
        same = set(dtype.names) == set(self._band_ids)
        self._names = self._band_ids if same else dtype.names
        self._dtype = dtype
        self._row_bytes = self._width * dtype.itemsize
        rows = max(1, min(self._height, _BLOCK // self._row_bytes))
        self._block = bytearray(rows * self._row_bytes)


@functools.lru_cache(maxsize=256)  # tiles of one shape have the same header
def _parse(header: bytes) -> Any:
    """The fields of an NPY header; literals only, so nothing of a reply is ever run."""
    return ast.literal_eval(header.decode("latin1"))


class _GeoTiff:
    """Bands of a GeoTIFF, read when all of it is there."""

    def __init__(self, band_ids: tuple[str, ...], shape: tuple[int, int], writer: RowWriter):
        self._band_ids = band_ids
        self._shape = shape
        self._writer = writer
        self._body = io.BytesIO()
        self.rows = 0

    def feed(self, data: bytes) -> None:
        self._body.write(data)

    def finish(self) -> None:
        try:
            with rasterio.MemoryFile(self._body.getbuffer()) as file, file.open() as image:
                _check(self._band_ids, self._shape, image.count, image.shape)
                bands = list(image.read())  # (band, height, width)
        except (ValueError, rasterio.errors.RasterioError) as error:
            raise BadReplyError(f"The reply is no GEO_TIFF image: {error}") from error
        self._writer.write_rows(0, bands)
