"""NPY: one structured array, a field a band."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from .node import valid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from ..values.image import ImageBand
    from .node import Plane


# Bytes of the file that the bands write to in turn: few enough for the processor's cache, as the
# fields of one pixel lie side by side (measured: half the time of eight bands).
_BLOCK_BYTES = 2**18


def encode_npy(
    bands: Sequence[ImageBand], width: int, height: int, chunks: Iterable[tuple[slice, list[Plane]]]
) -> memoryview:
    """Bytes of an NPY file (version 1): shape `(height, width)`, masked pixels 0.

    Args:
        bands: one field each.
        width: columns.
        height: rows.
        chunks: rows and the planes of all bands there; together they cover the grid.

    Raises:
        ServiceError: the name of a band cannot be that of a field.
    """
    for band in bands:
        if not (band.id and band.id.isascii()):
            raise ServiceError(f"A band called '{band.id}' cannot be written to an NPY file.")
    dtype = np.dtype([(band.id, band.type.output_dtype.newbyteorder("<")) for band in bands])
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": dtype.descr, "fortran_order": False, "shape": (height, width)}
    )
    start = header.tell()
    # Zeros of the operating system's: pages that stay masked are never touched. NumPy asks for huge
    # pages, which spares a third of the time of a large file.
    body = np.zeros(start + width * height * dtype.itemsize, np.uint8)
    body[:start] = np.frombuffer(header.getvalue(), np.uint8)
    array = np.frombuffer(body, dtype, offset=start).reshape(height, width)
    step = max(1, _BLOCK_BYTES // (width * dtype.itemsize))
    for rows, planes in chunks:
        fields = [array[band.id][rows] for band in bands]
        for start in range(0, rows.stop - rows.start, step):
            block = slice(start, start + step)
            for field, plane in zip(fields, planes, strict=True):
                _copy(plane, block, field[block])
    return body.data


def _copy(plane: Plane, rows: slice, field: NDArray[Any]) -> None:
    """Rows of a plane into zeros, where they are valid."""
    values = plane.values[rows]
    if plane.mask is None or plane.zeroed:
        field[...] = values
    else:
        np.copyto(field, values, where=valid(plane.mask[rows]), casting="unsafe")
