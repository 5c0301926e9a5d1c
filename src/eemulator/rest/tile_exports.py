"""Exports of maps: an image as tiles of Web Mercator, one file each.

https://developers.google.com/earth-engine/guides/exporting_map_tiles [S]: files are
`prefix/{zoom}/{x}/{y}`, without an ending. The pages `index.html` and `earth.html`, which show them
by other services, are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..pixels.default_grid import default_projection, natural_bounds
from ..pixels.pictures import encode_picture
from ..pixels.render import painted
from ..pixels.request import pixel_request
from ..values.image import require_bands
from .maps import DEEPEST, HALF, tile_grid
from .visualization import seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ..exports.operations import Watch
    from ..limits import Limits
    from ..values.image import Image

_MOST_TILES = 100_000
"""The emulator's own: a slip of a zoom level must not fill a disk."""

_METRES_AT_ZERO = 2 * HALF / 256
# A tile that only touches the bounds is none of theirs.
_SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class TileOptions:
    """What a user may say of the tiles.

    Attributes:
        first: zoom.
        last: zoom; None for that of the image's own scale [I].
        skip_empty: leave out tiles without a pixel.
        file_format: of pictures.
    """

    first: int = 0
    last: int | None = None
    skip_empty: bool = False
    file_format: str = "AUTO_JPEG_PNG"


def parse_options(wire: Any, file_format: Any) -> TileOptions:
    """`tileOptions` of a request, and the format of its `tileExportOptions`.

    Raises:
        ServiceError: they are malformed, or contradict one another.
    """
    if not isinstance(wire, dict):
        raise ServiceError("Invalid value at 'tile_options': an object is needed.")
    if file_format not in (None, "AUTO_JPEG_PNG", "JPEG", "PNG"):
        raise ServiceError(
            f"The file format '{file_format}' is not one of map tiles; use auto, png or jpg."
        )
    try:
        first, last = int(wire.get("startZoom") or 0), wire.get("endZoom")
        last = None if last is None else int(last)
        scale = wire.get("scale")
        if scale is not None and last is None:
            last = zoom_of(float(scale))
    except (TypeError, ValueError, OverflowError):
        raise ServiceError("Invalid value at 'tile_options'.") from None
    if not 0 <= first <= (DEEPEST if last is None else last) <= DEEPEST:
        raise ServiceError(
            f"Zoom levels go from 0 to {DEEPEST}, and minZoom is at most maxZoom; got {first} to "
            f"{last}."
        )
    return TileOptions(first, last, bool(wire.get("skipEmpty")), file_format or "AUTO_JPEG_PNG")


def zoom_of(scale: float) -> int:
    """The zoom whose pixels at the equator are nearest to a scale, in metres.

    Raises:
        ValueError: it is no scale.
    """
    return min(max(round(math.log2(_METRES_AT_ZERO / scale)), 0), DEEPEST)


def write_tiles(
    image: Image, options: TileOptions, folder: Path, limits: Limits, watch: Watch
) -> list[tuple[Path, tuple[str, str, str]]]:
    """Write all tiles of an image.

    Returns:
        The files, and zoom, x and y of each.

    Raises:
        ServiceError: there are too many.
    """
    tiles = list(_tiles(image, options))
    files = []
    for number, (zoom, x, y) in enumerate(tiles):
        watch.check()
        fields = {"fileFormat": options.file_format, "grid": tile_grid(zoom, x, y)}
        picture, left = seen(image, fields)
        pixels = painted(pixel_request(picture, left, limits), watch)
        watch.progress = (number + 1) / len(tiles)
        if options.skip_empty and not pixels[..., 3].any():
            continue
        path = folder / str(number)
        path.write_bytes(encode_picture(pixels, options.file_format))
        files.append((path, (str(zoom), str(x), str(y))))
    return files


def _tiles(image: Image, options: TileOptions) -> Iterator[tuple[int, int, int]]:
    """Zoom, x and y of the tiles of the rectangle around an image [S]."""
    band = require_bands(image)
    bounds = natural_bounds(band, image).bounds_in("EPSG:3857")
    # The poles have no image there: the map ends before them.
    left, bottom, right, top = (
        min(max(0.0 if math.isnan(side) else side, -HALF), HALF) for side in bounds
    )
    last = options.last
    if last is None:
        last = max(zoom_of(default_projection(band).nominal_scale), options.first)
    count = 0
    for zoom in range(options.first, last + 1):
        side = 2 * HALF / 2**zoom
        columns = _span((left + HALF) / side, (right + HALF) / side, 2**zoom)
        rows = _span((HALF - top) / side, (HALF - bottom) / side, 2**zoom)
        count += len(columns) * len(rows)
        if count > _MOST_TILES:
            raise ServiceError(
                f"Export too large: more than {_MOST_TILES} tiles up to zoom {zoom}. Choose a "
                "lower maxZoom or a smaller region.",
                kind="export size",
            )
        for x in columns:
            for y in rows:
                yield zoom, x, y


def _span(low: float, high: float, count: int) -> range:
    """The tiles along one side from one position to another: one at least."""
    first = min(max(math.floor(low + _SLACK), 0), count - 1)
    return range(first, min(max(math.ceil(high - _SLACK), first + 1), count))
