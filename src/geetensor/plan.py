"""Which requests an export takes: tiles of band × row × column. Pure arithmetic, no network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geetensor.errors import InvalidInputError, RequestTooLargeError
from geetensor.grid import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geetensor.masks import BandGroup


@dataclass(frozen=True, slots=True)
class Limits:
    """What Earth Engine allows one pixel request.

    Attributes:
        request_bytes: `width × height × Σ(itemsize + 1)`, the 1 being a mask byte.
        side: pixels along one side.
        bands: bands of one image.
    """

    request_bytes: int = 50_331_648
    side: int = 32_768
    bands: int = 1_024


LIMITS = Limits()

TARGET_BYTES = 8 * 2**20
"""Counted bytes of a tile to aim at: many of these keep all connections busy to the end,
where few near the limit leave most idle while the last ones finish."""

ALIGNMENT = 256
"""Pixels. Tiles begin at multiples of this, counted from the output's corner, where that costs
no further tile: arrays are kept in blocks of such sizes."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One request's share of an image.

    Attributes:
        group: the bands it carries, and how their masks travel.
        window: pixels of the output grid.
    """

    group: BandGroup
    window: Window

    @property
    def counted_bytes(self) -> int:
        """Its size as Earth Engine counts it."""
        return self.window.height * self.window.width * self.group.bytes_per_pixel

    def split(self) -> tuple[Tile, ...]:
        """Its two halves along the longer side, or of its bands where it is one pixel.

        Returns:
            Nothing where there is only one pixel of one band left.
        """
        row, col, height, width = self.window
        if height >= width and height > 1:
            top = height // 2
            return (
                Tile(self.group, Window(row, col, top, width)),
                Tile(self.group, Window(row + top, col, height - top, width)),
            )
        if width > 1:
            left = width // 2
            return (
                Tile(self.group, Window(row, col, height, left)),
                Tile(self.group, Window(row, col + left, height, width - left)),
            )
        half = len(self.group.indices) // 2
        if not half:
            return ()
        return tuple(Tile(part, self.window) for part in _split_bands(self.group, half))


def plan_tiles(
    shape: tuple[int, int], groups: Sequence[BandGroup], limits: Limits = LIMITS
) -> Iterator[Tile]:
    """Tiles that cover every band and pixel of an image once.

    Args:
        shape: `(height, width)` of the output, in pixels.
        groups: its bands, grouped by how their masks travel.
        limits: what one request may ask for.

    Yields:
        Tiles in reading order, each within the limits.

    Raises:
        InvalidInputError: if a single pixel of one band passes the limits.
    """
    for group in groups:
        for part in _within_limits(group, limits):
            for window in _windows(shape, part.bytes_per_pixel, limits):
                yield Tile(part, window)


def plan_one_tile(
    shape: tuple[int, int], groups: Sequence[BandGroup], limits: Limits = LIMITS
) -> Tile:
    """The one tile that is the whole image.

    Args:
        shape: `(height, width)` of the output, in pixels.
        groups: its bands, grouped by how their masks travel.
        limits: what one request may ask for.

    Raises:
        RequestTooLargeError: if one request cannot carry it; says why.
    """
    height, width = shape
    tile = Tile(groups[0], Window(0, 0, height, width))
    count = len(tile.group.indices)
    if len(groups) > 1:
        reason = (
            "the masks of integer bands and of float bands, or of float32 and float64, cannot "
            "travel in one reply. Pass fill_value=0, or bands of one dtype"
        )
    elif count > limits.bands:
        reason = f"it has {count} bands, and the limit is {limits.bands}"
    elif max(shape) > limits.side:
        reason = f"it is {width}×{height} pixels, and the limit is {limits.side} a side"
    elif tile.counted_bytes > limits.request_bytes:
        reason = f"it counts {tile.counted_bytes} bytes, and the limit is {limits.request_bytes}"
    else:
        return tile
    raise RequestTooLargeError(
        f"The image does not fit into one request: {reason}. export_image splits it."
    )


def _within_limits(group: BandGroup, limits: Limits) -> Iterator[BandGroup]:
    if group.bytes_per_pixel > limits.request_bytes and len(group.indices) == 1:
        raise InvalidInputError(
            f"One pixel of one band counts {group.bytes_per_pixel} bytes, and the limit of a "
            f"request is {limits.request_bytes}."
        )
    if len(group.indices) > limits.bands or group.bytes_per_pixel > limits.request_bytes:
        for part in _split_bands(group, len(group.indices) // 2):
            yield from _within_limits(part, limits)
    else:
        yield group


def _split_bands(group: BandGroup, at: int) -> tuple[BandGroup, BandGroup]:
    first, second = (
        type(group)(
            group.indices[part], group.dtypes[part], group.file_format, group.unmask, group.marker
        )
        for part in (slice(None, at), slice(at, None))
    )
    return first, second


def _windows(shape: tuple[int, int], bytes_per_pixel: int, limits: Limits) -> Iterator[Window]:
    """Near-square windows of about `TARGET_BYTES`, of equal size but for the last."""
    height, width = shape
    pixels = max(1, min(TARGET_BYTES, limits.request_bytes) // bytes_per_pixel)
    side = math.isqrt(pixels)
    # A strip narrower than the square may be that much longer, either way.
    tile_width = _step(width, max(side, pixels // height), limits.side)
    tile_height = _step(height, pixels // tile_width, limits.side)
    for row in range(0, height, tile_height):
        for col in range(0, width, tile_width):
            yield Window(row, col, min(tile_height, height - row), min(tile_width, width - col))


def _step(length: int, most: int, side: int) -> int:
    """A tile's side: at most `most` pixels, aligned where that costs no further tile."""
    most = min(most, side)
    count = math.ceil(length / most)
    even = math.ceil(length / count)
    aligned = math.ceil(even / ALIGNMENT) * ALIGNMENT
    return min(aligned, length) if aligned <= most else even
