"""Which requests an export takes: tiles of band × row × column. Pure arithmetic, no network."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from geetensor.errors import InvalidInputError, RequestTooLargeError
from geetensor.grid import Window
from geetensor.masks import FileFormat

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
        payload_bytes: of a request's own body.
    """

    request_bytes: int = 50_331_648
    side: int = 32_768
    bands: int = 1_024
    payload_bytes: int = 10_485_760

    def within(self, request_bytes: int | None) -> Limits:
        """These, and no request of more counted bytes than that; None for no bound."""
        if request_bytes is None or request_bytes >= self.request_bytes:
            return self
        return replace(self, request_bytes=request_bytes)


LIMITS = Limits()

TARGET_BYTES = 24 * 2**20
"""Counted bytes of a tile at the most, by choice: half of the limit. Larger ones save little
latency, and cost the service more memory at a time."""

HELD_BYTES = 2 * 2**20
"""The same for replies that are held whole until they are decoded, some forty of them at once."""

SMALLEST_BYTES = 2**19
"""Counted bytes below which a tile is not cut further to keep more connections busy: at some MB/s
a connection, its pixels take a fraction of the time in which the reply begins."""

SMALLEST_SIDE = 256
"""Pixels. Earth Engine computes in blocks of 256 × 256 pixels [M], so that a smaller request takes
it as much memory and time as a whole block."""

ALIGNMENT = 256
"""Pixels. Tiles begin at multiples of this, counted from the output's corner, where that costs
no further tile: arrays are kept in blocks of such sizes."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One request's share of an image, or of several on the same grid.

    Attributes:
        group: the bands it carries, and how their masks travel.
        window: pixels of the output grid.
        times: which images, as indices on the output's time axis.
    """

    group: BandGroup
    window: Window
    times: tuple[int, ...] = (0,)

    @property
    def counted_bytes(self) -> int:
        """Its size as Earth Engine counts it."""
        pixels = self.window.height * self.window.width
        return len(self.times) * pixels * self.group.bytes_per_pixel

    def split(self) -> tuple[Tile, ...]:
        """Its two halves: of its longer side, else of its dates, else of its bands.

        A side is not cut below `SMALLEST_SIDE` while there are dates or bands to be parted.

        Returns:
            Nothing where there is only one pixel of one band and date left.
        """
        if max(self.window.height, self.window.width) > SMALLEST_SIDE:
            return self._halves()
        if len(self.times) > 1:
            half = len(self.times) // 2
            return (
                replace(self, times=self.times[:half]),
                replace(self, times=self.times[half:]),
            )
        half = len(self.group.indices) // 2
        if half:
            return tuple(replace(self, group=part) for part in _split_bands(self.group, half))
        return self._halves() if max(self.window.height, self.window.width) > 1 else ()

    def _halves(self) -> tuple[Tile, Tile]:
        row, col, height, width = self.window
        if height >= width:
            top = height // 2
            first = Window(row, col, top, width)
            second = Window(row + top, col, height - top, width)
        else:
            left = width // 2
            first = Window(row, col, height, left)
            second = Window(row, col + left, height, width - left)
        return replace(self, window=first), replace(self, window=second)

    def by_date(self) -> tuple[Tile, ...]:
        """The same pixels, each date's on its own."""
        return tuple(replace(self, times=(time,)) for time in self.times)


def tile_bytes(total: int, concurrency: int, limits: Limits = LIMITS) -> int:
    """Counted bytes of a tile so that requests come in whole waves of equal tiles.

    A wave takes the latency and the time of one tile, so that as few waves as the largest tile
    allows are best, and the last one should be as full as the others.

    Args:
        total: counted bytes of all images of the export.
        concurrency: requests at a time.
        limits: what one request may ask for.
    """
    most = min(TARGET_BYTES, limits.request_bytes)
    waves = math.ceil(total / (concurrency * most))
    even = math.ceil(total / max(1, waves * concurrency))
    return min(most, max(SMALLEST_BYTES, even))


def plan_tiles(
    shape: tuple[int, int],
    groups: Sequence[BandGroup],
    limits: Limits = LIMITS,
    *,
    times: Sequence[int] = (0,),
    target: int | None = None,
    most_together: int | None = None,
) -> Iterator[Tile]:
    """Tiles that cover every date, band and pixel of some images once.

    Args:
        shape: `(height, width)` of the output, in pixels.
        groups: the bands of each image, grouped by how their masks travel.
        limits: what one request may ask for.
        times: the images, as indices on the output's time axis.
        target: counted bytes of a tile to aim at; None for `TARGET_BYTES`.
        most_together: dates in one request, at the most; None for as many as is good.

    Yields:
        Tiles in reading order, each within the limits. Where an image is smaller than the
        target, several share a request.

    Raises:
        InvalidInputError: if a single pixel of one band passes the limits.
    """
    for group in groups:
        for part in _within_limits(group, limits):
            most = HELD_BYTES if part.file_format is FileFormat.GEO_TIFF else TARGET_BYTES
            most = min(most, limits.request_bytes)
            aim = min(target or TARGET_BYTES, most)
            image = shape[0] * shape[1] * part.bytes_per_pixel
            if len(times) > 1:
                # Each image in rather fewer pieces: one more of each would begin another wave.
                aim = min(most, math.ceil(image / max(1, image // aim))) if image > aim else aim
            windows = [*_windows(shape, part.bytes_per_pixel, aim, limits)]
            together = 1
            if len(windows) == 1:
                fit = min(most // image, limits.bands // len(part.indices))
                fit = min(fit, math.ceil(aim / image), most_together or len(times))
                together = math.ceil(len(times) / math.ceil(len(times) / max(1, fit)))
            for start in range(0, len(times), together):
                shared = tuple(times[start : start + together])
                yield from (Tile(part, window, shared) for window in windows)


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


def _windows(
    shape: tuple[int, int], bytes_per_pixel: int, target: int, limits: Limits
) -> Iterator[Window]:
    """Equal windows of at most about `target` counted bytes, but for the last of a line."""
    height, width = shape
    most = limits.request_bytes // bytes_per_pixel
    # Three hundredths more than the target, where that makes one wave of what would be two.
    count = max(1, math.ceil(height * width * bytes_per_pixel / target / 1.03))
    while (sides := _sides(shape, count, most, limits.side)) is None:
        count += 1
    tile_height, tile_width = sides
    for row in range(0, height, tile_height):
        for col in range(0, width, tile_width):
            yield Window(row, col, min(tile_height, height - row), min(tile_width, width - col))


def _sides(shape: tuple[int, int], count: int, most: int, side: int) -> tuple[int, int] | None:
    """Height and width of windows, `count` of them at the most; None if none are small enough.

    Args:
        shape: of what they cover.
        count: of windows.
        most: pixels of one window.
        side: pixels of one side.
    """
    height, width = shape
    best: tuple[float, tuple[int, int]] | None = None
    for rows in range(1, min(count, height) + 1):
        cols = min(count // rows, width)
        sides = _even(height, rows), _even(width, cols)
        pixels = sides[0] * sides[1]
        if max(sides) > side or pixels > most:
            continue
        # The largest window decides how long all of them take. Long ones touch more of a stored
        # image's blocks than they need: a doubling of the ratio is worth two hundredths.
        cost = pixels * (1 + 0.02 * abs(math.log2(sides[0] / sides[1])))
        if best is None or cost < best[0]:
            best = cost, sides
    return best[1] if best else None


def _even(length: int, count: int) -> int:
    """A window's side so that `count` cover the length; aligned where that costs little."""
    even = math.ceil(length / count)
    aligned = math.ceil(even / ALIGNMENT) * ALIGNMENT
    return aligned if aligned <= min(1.02 * even, length) else even
