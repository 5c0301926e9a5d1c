"""TFRecord files: records with checksums, each of them a `tf.train.Example`.

The framing and the protocol buffer are public [S]: `tensorflow/core/example/example.proto` and
https://www.tensorflow.org/tutorials/load_data/tfrecord. An example has four kinds of field, so it
is written here; checksums (CRC-32C) are a library's.
"""

from __future__ import annotations

import gzip
import struct
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

import google_crc32c
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Feature = NDArray[np.float32] | Sequence[bytes]

_BYTES_LIST, _FLOAT_LIST = 1, 2
"""Of a `tf.train.Feature`, which is one of these."""


@contextmanager
def record_file(path: Path, *, compress: bool) -> Iterator[IO[bytes]]:
    """A file for records, for the time of a `with` block; the same records give the same bytes."""
    with path.open("wb") as plain:
        if not compress:
            yield plain
            return
        with gzip.GzipFile("", "wb", fileobj=plain, mtime=0) as packed:
            yield cast("IO[bytes]", packed)


def framed(record: bytes) -> bytes:
    """A record as it stands in a file: its length, its bytes, and checksums of both."""
    length = struct.pack("<Q", len(record))
    return length + _checksum(length) + record + _checksum(record)


def example(features: Mapping[str, Feature]) -> bytes:
    """A `tf.train.Example`.

    Args:
        features: by name, floats (flattened, row by row) or texts as bytes.
    """
    entries = b"".join(
        _field(1, _field(1, name.encode()) + _field(2, _feature(values)))
        for name, values in features.items()
    )
    return _field(1, entries)


def _feature(values: Feature) -> bytes:
    if isinstance(values, np.ndarray):
        return _field(_FLOAT_LIST, _field(1, values.astype("<f4", copy=False).tobytes()))
    return _field(_BYTES_LIST, b"".join(_field(1, text) for text in values))


def _field(number: int, content: bytes) -> bytes:
    """A field whose content says how long it is."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; all bytes but the last are marked."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _checksum(data: bytes) -> bytes:
    """CRC-32C, turned and moved, so that a checksum of checksums is none of the data's."""
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
