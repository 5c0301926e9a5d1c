"""An output that is there when it is looked at: an index becomes requests for its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geetensor.engine.fetch import concurrency, fetch_pixels, known_limits
from geetensor.engine.pixels import PixelRequest
from geetensor.engine.session import current_session
from geetensor.engine.transport import Transport
from geetensor.errors import SignInError
from geetensor.lazy.places import places
from geetensor.lazy.selection import Selection, parse_index
from geetensor.lazy.sink import SelectionSink
from geetensor.plan import tile_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from geetensor.engine.session import Session
    from geetensor.export import Export
    from geetensor.grid import Window
    from geetensor.lazy.selection import Index
    from geetensor.plan import Limits, Tile


@dataclass(frozen=True, slots=True, eq=False)
class LazyPixels:
    """The pixels of a planned export, as an array that holds none.

    Says what to fetch, and not as whom: whoever looks at it does so by the session of the process
    that they are in. So it may be pickled, and holds no credentials.

    Attributes:
        export: what is to be fetched.
        series: whether the array has a time axis.
        timeout: seconds that a request may be without any sign of the service; None for the
            transport's default.
    """

    export: Export
    series: bool
    timeout: float | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """`(time, band, height, width)`; of an image, `(band, height, width)`."""
        return self.export.shape if self.series else self.export.shape[1:]

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the output."""
        return self.export.dtype

    def __getitem__(self, key: tuple[Index, ...]) -> NDArray[Any]:
        """Fetch pixels.

        Args:
            key: an index for each dimension, or for the first ones. Each works on its own: two
                lists give every combination, as `numpy.ix_` does.

        Returns:
            What the whole output has there, to the last bit. Dimensions whose index is a number
            are dropped.

        Raises:
            IndexError: if there is no such pixel.
            SignInError: if this process has no session.
            EarthEngineError: if a tile cannot be had.
        """
        if len(key) > self.ndim:
            raise IndexError(f"{len(key)} indices of {self.ndim} dimensions.")
        full = (*key, *(slice(None) for _ in range(self.ndim - len(key))))
        parsed = [parse_index(one, length) for one, length in zip(full, self.shape, strict=True)]
        if not self.series:
            parsed.insert(0, (np.array([0]), 0))
        (times, bands, rows, cols), orders = zip(*parsed, strict=True)
        values = self._read(Selection(times, bands, rows, cols))
        for axis in reversed(range(values.ndim)):  # the last first, as numbers drop theirs
            values = values[(slice(None),) * axis + (orders[axis],)]
        return values

    def _read(self, selection: Selection) -> NDArray[Any]:
        """Array of the selection's shape."""
        sink = SelectionSink(self.export, selection)
        if 0 in selection.shape:
            return sink.values()
        with Transport(_session(), timeout=self.timeout) as transport:
            limits = known_limits(transport, self.export.scenes)
            with places().taken(concurrency(transport)) as expected:
                tiles = self._tiles(selection, expected, limits)
                requests = (
                    PixelRequest(self.export.scenes, self.export.grid, tile) for tile in tiles
                )
                fetch_pixels(requests, sink, transport)
        return sink.values()

    def _tiles(self, selection: Selection, expected: int, limits: Limits) -> Iterator[Tile]:
        """The requests that a selection takes, in order.

        Args:
            selection: with at least one pixel.
            expected: requests at a time.
            limits: what one request may ask for.
        """
        export, bands = self.export, {int(band) for band in selection.bands}
        times = [int(time) for time in selection.times]
        each = export.bytes_per_pixel(times, bands)
        if not each:  # the images lack all of the bands
            return
        windows = selection.windows(each)
        target = _target(windows, each, expected, limits)
        for tile in export.window_tiles(windows, times, bands, target, limits):
            if export.coverage.touches(tile.window):
                yield tile


def _session() -> Session:
    try:
        return current_session()
    except SignInError as error:
        raise SignInError(
            f"{error} Workers of a dask cluster sign in by themselves: "
            "client.register_plugin(geetensor.ee_dask.SignIn())."
        ) from None


def _target(
    windows: Sequence[Window], bytes_per_pixel: int, expected: int, limits: Limits
) -> int | None:
    """Counted bytes of a tile to aim at; None where one request at a time is all there is."""
    if expected == 1:
        return None
    pixels = sum(window.height * window.width for window in windows)
    return tile_bytes(pixels * bytes_per_pixel, expected, limits)
