"""The pixels of an export, in strips of rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..limits import export_too_large
from ..pixels.node import valid
from ..pixels.reader import Reader
from ..pixels.render import strip
from ..pixels.request import pixel_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ..catalog.model import Grid
    from ..limits import Limits
    from ..pixels.request import PixelRequest
    from ..values.image import Image, ImageBand
    from .operations import Watch

# Pixels of one strip, of all planes together.
_STRIP_PIXELS = 2**22

Strip = tuple[slice, list[tuple["NDArray[Any]", "NDArray[np.bool_] | None"]]]


def export_request(image: Image, grid: Any, most_pixels: int, limits: Limits) -> PixelRequest:
    """Bands and grid of an export, for which the limits of interactive requests do not hold.

    Args:
        image: what to export.
        grid: of the request, if it has one; the client folds it into the image.
        most_pixels: `maxPixels`.
        limits: of the number of bands.

    Raises:
        ServiceError: the grid has more pixels [S].
    """
    unbounded = replace(limits, request_bytes=2**63, dimension=2**31, max_pixels_bytes=None)
    fields: Mapping[str, Any] = {"fileFormat": "GEO_TIFF", "grid": grid}
    request = pixel_request(image, fields, unbounded)
    count = request.grid.width * request.grid.height
    if count > most_pixels:
        raise export_too_large(count, most_pixels)
    return request


def strips(bands: Sequence[ImageBand], grid: Grid, watch: Watch) -> Iterator[Strip]:
    """Rows, and the values and validity (None for all valid) of each band there.

    The progress is the caller's to tell.
    """
    reader = Reader(bands, watch)
    per_row = grid.width * max(reader.plane_count, 1)
    rows = max(1, _STRIP_PIXELS // per_row)
    for start in range(0, grid.height, rows):
        stop = min(start + rows, grid.height)
        planes = reader.read(bands, strip(grid, start, stop))
        yield (
            slice(start, stop),
            [(p.values, None if p.mask is None else valid(p.mask)) for p in planes],
        )
        reader.forget()
