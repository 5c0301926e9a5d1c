"""From a pixel request to the bytes of a file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .npy import encode_npy
from .pictures import PICTURES, colours, encode_picture
from .reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..catalog.model import Grid
    from ..limits import Deadline
    from .node import Plane
    from .pictures import Colours
    from .request import PixelRequest

# What the planes of one strip may take, about, in bytes: 4 for a value and its mask.
_WORKING_BYTES = 64 * 2**20
_PLANE_BYTES = 4
# Pixels of one strip: few enough for the processor's cache, as the fields of one pixel are
# scattered all over its rows.
_STRIP_PIXELS = 2**19


def render(request: PixelRequest, deadline: Deadline) -> memoryview | bytes:
    """The file asked for; computed in strips of rows, so that memory stays bounded."""
    grid = request.grid
    if request.file_format == "GEO_TIFF":
        from .geotiff import encode_geotiff

        return encode_geotiff(request.bands, grid, _strips(request, deadline))
    if request.file_format in PICTURES:
        return encode_picture(painted(request, deadline), request.file_format)
    return encode_npy(request.bands, grid.width, grid.height, _strips(request, deadline))


def painted(request: PixelRequest, deadline: Deadline) -> Colours:
    """The pixels of one or three bands of bytes as red, green, blue and alpha."""
    return colours(request.grid, _strips(request, deadline))


def _strips(request: PixelRequest, deadline: Deadline) -> Iterator[tuple[slice, list[Plane]]]:
    grid = request.grid
    reader = Reader(request.bands, deadline)
    per_row = grid.width * max(reader.plane_count, 1) * _PLANE_BYTES
    rows = max(1, min(_WORKING_BYTES // per_row, _STRIP_PIXELS // grid.width))
    for start in range(0, grid.height, rows):
        stop = min(start + rows, grid.height)
        yield slice(start, stop), reader.read(request.bands, strip(grid, start, stop))
        reader.forget()


def strip(grid: Grid, start: int, stop: int) -> Grid:
    """Some rows of a grid."""
    a, b, c, d, e, f = grid.transform
    moved = (a, b, c + b * start, d, e, f + e * start)
    return replace(grid, transform=moved, height=stop - start)
