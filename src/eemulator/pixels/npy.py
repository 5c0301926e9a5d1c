"""NPY: one structured array, a field a band."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from .node import valid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..values.image import ImageBand
    from .node import Plane


def encode_npy(
    bands: Sequence[ImageBand], width: int, height: int, chunks: Iterable[tuple[slice, list[Plane]]]
) -> bytearray:
    """Bytes of an NPY file (version 1): shape `(height, width)`, masked pixels 0.

    Args:
        bands: one field each.
        width: columns.
        height: rows.
        chunks: rows and the planes of all bands there; together they cover the grid.
    """
    dtype = np.dtype([(band.id, band.type.output_dtype.newbyteorder("<")) for band in bands])
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": dtype.descr, "fortran_order": False, "shape": (height, width)}
    )
    start = header.tell()
    # Zeros of the operating system's: pages that stay masked are never touched.
    body = bytearray(start + width * height * dtype.itemsize)
    body[:start] = header.getvalue()
    array = np.frombuffer(body, dtype, offset=start).reshape(height, width)
    for rows, planes in chunks:
        for band, plane in zip(bands, planes, strict=True):
            field = array[band.id][rows]
            if plane.mask is None or plane.zeroed:
                field[...] = plane.values
            else:
                np.copyto(field, plane.values, where=valid(plane.mask), casting="unsafe")
    return body
