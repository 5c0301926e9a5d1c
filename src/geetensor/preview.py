"""What an export will take, before a pixel is fetched: the plan, for people to look at."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from geetensor.engine.fetch import concurrency, known_limits
from geetensor.errors import InvalidInputError, OutputTooLargeError
from geetensor.grid import parse_crs, resolution_text
from geetensor.masks import FileFormat
from geetensor.picture import draw
from geetensor.plan import HELD_BYTES, TARGET_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affine import Affine

    from geetensor.blocks import Layout
    from geetensor.engine.transport import Transport
    from geetensor.export import Export
    from geetensor.grid import Window
    from geetensor.masks import Fill
    from geetensor.plan import Tile

MOST_REQUESTS = 10**6
"""Plans of more than about these are refused: they are a slip of the scale, and to write them
down would fill the memory."""

_NAMED_BANDS = 8
"""Bands that a line names before it only counts them."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What an export will take. `ee_image.plan_image` and `ee_image.plan_cube` make it.

    As text it is a few lines, in a notebook a picture.

    Attributes:
        export: what to export, as the exporter has it.
        tiles: one a request, in the order in which they are sent.
        left_out: tiles of the same cut that are not requested, as the area does not touch them.
        concurrency: requests at a time that the tiles are made for.
        series: whether the output has a time axis.
    """

    export: Export
    tiles: tuple[Tile, ...]
    left_out: int
    concurrency: int
    series: bool

    @classmethod
    def of(
        cls,
        export: Export,
        transport: Transport,
        *,
        max_workers: int | None,
        series: bool,
        layout: Layout | None = None,
    ) -> Plan:
        """Plan as the exporter would at this moment. Sends nothing.

        Args:
            export: what to export.
            transport: the door to the network that it would go through.
            max_workers: requests at a time, at the most; None for what the service allows.
            series: whether the output has a time axis.
            layout: the blocks in which it is stored; None for an output in memory.

        Raises:
            OutputTooLargeError: if it would take more than about `MOST_REQUESTS`.
        """
        _check_size(export)
        at_a_time = concurrency(transport, max_workers)
        limits = known_limits(transport, export.scenes if export.split else ())
        if layout is None:
            planned = export.all_tiles(at_a_time, limits)
        else:
            of_blocks = export.tiles_of_blocks(layout.blocks(), at_a_time, limits)
            planned = (tile for _, tiles in of_blocks for tile in tiles)
        every = list(planned)
        tiles = tuple(tile for tile in every if export.coverage.touches(tile.window))
        left_out = len(every) - len(tiles)
        return cls(export, tiles, left_out, at_a_time, series)

    @property
    def requests(self) -> int:
        """How many requests for pixels there will be, if none has to be split or repeated."""
        return len(self.tiles)

    @property
    def counted_bytes(self) -> int:
        """Size of all requests as Earth Engine counts it: each value and a byte for its mask."""
        return sum(tile.counted_bytes for tile in self.tiles)

    @property
    def largest_request_bytes(self) -> int:
        """Size of the largest request, counted in the same way."""
        return max(tile.counted_bytes for tile in self.tiles)

    @property
    def output_bytes(self) -> int:
        """Size of the output in memory, in bytes. Whether that is free is not checked here."""
        return self.export.output_bytes

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the output: `(band, height, width)`; of a cube, `(time, band, height, width)`."""
        return self.export.shape if self.series else self.export.shape[1:]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the output."""
        return self.export.dtype

    @property
    def fill_value(self) -> Fill:
        """What masked pixels become, and what is not requested."""
        return self.export.fill

    @property
    def images(self) -> tuple[str, ...]:
        """Asset ids of the images, in the order of the time axis; of a computed one, a label."""
        return tuple(scene.label for scene in self.export.scenes)

    @property
    def band_names(self) -> tuple[str, ...]:
        """Of the output, as the caller names them."""
        return self.export.band_names

    @property
    def crs(self) -> str:
        """Of the output: an authority's code (`EPSG:32738`) or WKT."""
        return self.export.grid.crs

    @property
    def transform(self) -> Affine:
        """(column, row) of a pixel's corner to CRS coordinates."""
        return self.export.grid.transform

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """`(left, bottom, right, top)` of the output, in CRS units."""
        return self.export.grid.bounds

    def seconds(self, *, latency: float, bytes_per_second: float) -> float:
        """How long the export would take at a pace that you name.

        Requests go out in waves of `concurrency`: each takes the latency and its own bytes
        divided by the rate, and the next starts when one ends. Both numbers are yours to measure
        or to assume, as they depend on the service's load, on what it has to compute and on the
        line; the package knows none. Refusals and repetitions are not accounted for.

        Args:
            latency: seconds from a request to the first byte of its reply.
            bytes_per_second: at which one reply arrives while `concurrency` of them do, of bytes
                as Earth Engine counts them.

        Raises:
            InvalidInputError: if the latency is below 0 or the rate is not above it.

        Example:
            >>> plan = ee_image.plan_image(asset_id, aoi, ["B4", "B8"])
            >>> round(plan.seconds(latency=0.4, bytes_per_second=1e6), 3)
            0.473
        """
        if not (latency >= 0 and bytes_per_second > 0):
            raise InvalidInputError(
                f"latency must be 0 s or more and bytes_per_second above 0, got {latency!r} and "
                f"{bytes_per_second!r}."
            )
        free = [0.0] * self.concurrency  # when each place is, in seconds
        for tile in self.tiles:
            heapq.heapreplace(free, free[0] + latency + tile.counted_bytes / bytes_per_second)
        return max(free)

    def footprints(self) -> gpd.GeoDataFrame:
        """The requests on the map.

        Returns:
            One row a request, in the order in which they are sent: `row`, `col`, `height`,
            `width` in pixels of the output; `bands`, their names; `times`, indices on the time
            axis (`(0,)` for an image); `counted_bytes`; and `geometry` in the output's CRS.

        Example:
            >>> plan = ee_image.plan_image(asset_id, aoi, ["B4", "B8"])
            >>> plan.footprints().drop(columns="geometry").T[0].to_list()
            [0, 0, 113, 108, ('B4', 'B8'), (0,), 73224]
        """
        windows = np.array([tile.window for tile in self.tiles])
        row, col, height, width = windows.T
        cols = np.stack((col, col, col + width, col + width), axis=-1)
        rows = np.stack((row, row + height, row + height, row), axis=-1)
        a, b, c, d, e, f = self.transform[:6]
        corners = np.stack((a * cols + b * rows + c, d * cols + e * rows + f), axis=-1)
        names = self.band_names
        return gpd.GeoDataFrame(
            {
                "row": row,
                "col": col,
                "height": height,
                "width": width,
                "bands": [tuple(names[i] for i in tile.group.indices) for tile in self.tiles],
                "times": [tile.times for tile in self.tiles],
                "counted_bytes": [tile.counted_bytes for tile in self.tiles],
            },
            geometry=shapely.polygons(corners),
            crs=parse_crs(self.crs),
        )

    def to_svg(self) -> str:
        """A picture: the output's rectangle, the requests in it, and the area's outline.

        Returns:
            An SVG document, all ASCII, to be written to a file.

        Example:
            >>> svg = ee_image.plan_image(asset_id, aoi, ["B4", "B8"]).to_svg()
            >>> svg[:38]
            '<svg xmlns="http://www.w3.org/2000/svg'
        """
        export = self.export
        layers: dict[tuple[int, ...], list[Window]] = {}
        for tile in self.tiles:
            layers.setdefault(tile.group.indices, []).append(tile.window)
        return draw(export.grid, export.area, export.coverage, layers.values(), self._lines())

    _repr_svg_ = to_svg

    def __repr__(self) -> str:
        return "\n".join(f"{label:<10}{text}" for label, text in self._lines())

    def _lines(self) -> list[tuple[str, str]]:
        """What there is to say: labels and texts."""
        shape = f"({', '.join(map(str, self.shape))})"
        size = _bytes(self.output_bytes)
        fill = "NaN" if math.isnan(self.fill_value) else self.fill_value
        beside = "" if self.export.mask is None else " with a mask"
        lines = [
            *self._images(),
            ("bands", _listed(self.band_names)),
            ("grid", self._grid()),
            ("output", f"{self.dtype} {shape}{beside}, {size}; masked pixels become {fill}"),
            ("requests", self._requests()),
        ]
        if self.left_out:
            total = self.requests + self.left_out
            left_out = f"{self.left_out:,} of {total:,} tiles, which the area does not touch"
            lines.append(("left out", left_out))
        return lines

    def _images(self) -> list[tuple[str, str]]:
        first, last, count = self.images[0], self.images[-1], len(self.images)
        if not self.series:
            return [("image", first)]
        if count == 1:
            return [("images", f"1: {first}")]
        return [("images", f"{count:,}, from {first}"), ("", f"to {last}")]

    def _grid(self) -> str:
        _, _, height, width = self.export.shape
        name = parse_crs(self.crs).name if "[" in self.crs else self.crs  # WKT is many lines
        size = resolution_text(self.export.grid)
        return f"{width} columns × {height} rows, pixels of {size}, {name}"

    def _requests(self) -> str:
        largest = _bytes(self.largest_request_bytes)
        if self.requests == 1:
            return f"1 of {largest} as Earth Engine counts"
        return (
            f"{self.requests:,} of at most {largest}, {_bytes(self.counted_bytes)} in all as "
            f"Earth Engine counts; {self.concurrency} at a time"
        )


def _check_size(export: Export) -> None:
    pixels = export.grid.height * export.grid.width
    least = sum(
        pixels
        * group.bytes_per_pixel
        / (HELD_BYTES if group.file_format is FileFormat.GEO_TIFF else TARGET_BYTES)
        for scene in export.scenes
        for group in scene.groups
    )
    if least > MOST_REQUESTS:
        raise OutputTooLargeError(
            f"The output, {export.dtype.name} of shape {export.shape}, takes "
            f"{_bytes(export.output_bytes)} and {least:,.0f} requests, too many to plan. Ask for "
            "a smaller area, a coarser scale or fewer bands or dates at a time."
        )


def _listed(names: Sequence[str]) -> str:
    listed = ", ".join(names[:_NAMED_BANDS])
    return listed if len(names) <= _NAMED_BANDS else f"{listed}, … ({len(names):,} in all)"


def _bytes(count: float) -> str:
    """A size for people, to three digits."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.3g} PB"
