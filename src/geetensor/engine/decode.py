"""Bytes of a reply to arrays."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio

from geetensor.errors import BadReplyError
from geetensor.masks import FileFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_LONGEST_HEADER = 65_535
"""Bytes: all that version 1.0 of the format can say."""


def decode_pixels(
    body: bytes, file_format: FileFormat, band_ids: Sequence[str], shape: tuple[int, int]
) -> list[NDArray[Any]]:
    """The bands of a reply, each an array of shape `(height, width)`.

    Args:
        body: the reply.
        file_format: as asked for.
        band_ids: as asked for.
        shape: as asked for, in pixels.

    Returns:
        One array a band, in the order asked for; for NPY, views into `body`.

    Raises:
        BadReplyError: if the body is not such an image.
    """
    try:
        bands = _npy(body) if file_format is FileFormat.NPY else _geotiff(body)
    except (ValueError, rasterio.errors.RasterioError) as error:
        raise BadReplyError(f"The reply is no {file_format} image: {error}") from error
    if len(bands) != len(band_ids) or any(band.shape != shape for band in bands):
        got = [band.shape for band in bands]
        raise BadReplyError(
            f"Asked for {len(band_ids)} bands of {shape} pixels, got {len(bands)} of {got[:3]}."
        )
    return bands


def _npy(body: bytes) -> list[NDArray[Any]]:
    stream = io.BytesIO(body)
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise BadReplyError(f"Expected NPY version 1.0, got {version}.")
    # NumPy's own bound on the header is passed by some hundreds of bands.
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(
        stream, max_header_size=_LONGEST_HEADER
    )
    if dtype.names is None or fortran_order or len(shape) != 2:
        raise BadReplyError(f"Expected a structured (height, width) array, got {dtype} {shape}.")
    # (height, width) of records, one field a band
    pixels = np.frombuffer(body, dtype, count=shape[0] * shape[1], offset=stream.tell())
    pixels = pixels.reshape(shape)
    return [pixels[name] for name in dtype.names]


def _geotiff(body: bytes) -> list[NDArray[Any]]:
    with rasterio.MemoryFile(body) as file, file.open() as image:
        return list(image.read())  # (band, height, width)
