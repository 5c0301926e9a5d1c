"""An export: from images and an area to a plan, and from the plan to pixels in memory."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil
import shapely

from geetensor.blocks import parse_chunks, plan_layout
from geetensor.callers import warn_caller
from geetensor.composites import compose, default_bands
from geetensor.coverage import Coverage, cover
from geetensor.engine.fetch import concurrency, fetch_pixels, known_limits
from geetensor.engine.pixels import PixelRequest, Scene
from geetensor.engine.planner import most_together
from geetensor.errors import InvalidInputError, OutputTooLargeError, OutsideImageError
from geetensor.geometry import Area, Spot
from geetensor.grid import (
    PixelGrid,
    Window,
    converted_resolution,
    lattice,
    metres_per_unit,
    resolution_from_scale,
    resolution_text,
    same_crs,
    window_of_geometry,
    window_of_point,
)
from geetensor.masks import Beside, Fill, output_dtype, resolve_fill
from geetensor.plan import LIMITS, Limits, Tile, plan_one_tile, plan_tiles, tile_bytes
from geetensor.progress import progress_bar
from geetensor.scenes import Prepared, prepare
from geetensor.sinks.memory import MemorySink
from geetensor.source import finest, native_grid, open_ref, select_bands

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from geetensor.blocks import Block, Layout
    from geetensor.composites import Composite
    from geetensor.engine.transport import Transport
    from geetensor.engine.wire import BandInfo
    from geetensor.masks import BandGroup
    from geetensor.mosaics import Bands
    from geetensor.options import Options
    from geetensor.sinks.placement import Scalings
    from geetensor.source import Source


class Pixels(NamedTuple):
    """An output.

    Attributes:
        values: `(time, band, height, width)`.
        mask: of the same shape; bool, True where valid, or float32, 0 to 1. None where it was
            not asked for.
    """

    values: NDArray[Any]
    mask: NDArray[Any] | None


@dataclass(frozen=True, slots=True)
class Export:
    """A planned export of one or more images onto one grid.

    Attributes:
        grid: of the output.
        area: that the output is to show.
        coverage: the parts of the grid that the area touches.
        band_names: of the output, as the caller names them.
        scenes: the images, one for each step of the time axis.
        dtype: of the output.
        fill: value of masked pixels.
        cast: whether what the dtype cannot hold may be lost, as the caller asked for it.
        split: False for one request an image.
        mask: what of the mask comes beside the values; None for nothing.
    """

    grid: PixelGrid
    area: Area
    coverage: Coverage
    band_names: tuple[str, ...]
    scenes: tuple[Scene, ...]
    dtype: np.dtype[Any]
    fill: Fill
    cast: bool
    split: bool
    mask: Beside | None = None

    def tiles(
        self, concurrency: int, limits: Limits = LIMITS, *, beside: int = 0
    ) -> Iterator[Tile]:
        """The requests that it takes, in order. Tiles that the area does not touch are left out.

        Args:
            concurrency: requests at a time.
            limits: what one request may ask for.
            beside: counted bytes of other exports that are fetched at the same time.

        Raises:
            RequestTooLargeError: if not to be split and too large for one request.
        """
        for tile in self.all_tiles(concurrency, limits, beside=beside):
            if self.coverage.touches(tile.window):
                yield tile

    def all_tiles(
        self, concurrency: int, limits: Limits = LIMITS, *, beside: int = 0
    ) -> Iterator[Tile]:
        """The same with those that the area does not touch: every pixel, band and date once."""
        shape = self.grid.shape
        if not self.split:
            yield from (plan_one_tile(shape, scene.groups, limits) for scene in self.scenes)
            return
        own = int(self.counted_bytes * self.coverage.share)
        target = tile_bytes(own + beside, concurrency, limits)
        alike: dict[tuple[BandGroup, ...], list[int]] = {}
        for time, scene in enumerate(self.scenes):
            alike.setdefault(scene.groups, []).append(time)
        for groups, times in alike.items():
            together = most_together([self.scenes[time] for time in times], limits)
            yield from plan_tiles(
                shape, groups, limits, times=times, target=target, most_together=together
            )

    def tiles_of_blocks(
        self, blocks: Iterable[Block], concurrency: int, limits: Limits
    ) -> Iterator[tuple[Block, list[Tile]]]:
        """The requests that blocks of the output take: each one, or several within it.

        Those that the area does not touch are among them.

        Args:
            blocks: of the output.
            concurrency: requests at a time.
            limits: what one request may ask for.
        """
        own = int(self.counted_bytes * self.coverage.share)
        target = tile_bytes(own, concurrency, limits)
        for block in blocks:
            (first, count), (first_band, bands) = block.times, block.bands
            yield (
                block,
                [
                    *self.window_tiles(
                        [block.window],
                        range(first, first + count),
                        range(first_band, first_band + bands),
                        target,
                        limits,
                    )
                ],
            )

    def window_tiles(
        self,
        windows: Sequence[Window],
        times: Iterable[int],
        bands: Container[int],
        target: int | None,
        limits: Limits,
    ) -> Iterator[Tile]:
        """The requests that a part of the output takes, also where the area does not touch it.

        Args:
            windows: of the output's grid.
            times: indices of its dates.
            bands: indices of its bands.
            target: counted bytes of a tile to aim at; None for as many as a request takes.
            limits: what one request may ask for.
        """
        alike: dict[tuple[BandGroup, ...], list[int]] = {}
        for time in times:
            alike.setdefault(self._groups(time, bands), []).append(time)
        for groups, of_groups in alike.items():
            together = most_together([self.scenes[time] for time in of_groups], limits)
            for window in windows:
                for tile in plan_tiles(
                    window[2:],
                    groups,
                    limits,
                    times=of_groups,
                    target=target,
                    most_together=together,
                ):
                    row, col, height, width = tile.window
                    moved = Window(window.row + row, window.col + col, height, width)
                    yield replace(tile, window=moved)

    def bytes_per_pixel(self, times: Iterable[int], bands: Container[int]) -> int:
        """Bytes of a pixel in some bands of all of some dates, as Earth Engine counts them."""
        return sum(group.bytes_per_pixel for time in times for group in self._groups(time, bands))

    def _groups(self, time: int, bands: Container[int]) -> tuple[BandGroup, ...]:
        """What comes together of some bands of a date; of a band that the image lacks, nothing."""
        parts = (group.only(bands) for group in self.scenes[time].groups)
        return tuple(part for part in parts if part is not None)

    def requests(
        self, concurrency: int, limits: Limits = LIMITS, *, beside: int = 0
    ) -> Iterator[PixelRequest]:
        """The same, ready to be sent."""
        for tile in self.tiles(concurrency, limits, beside=beside):
            yield PixelRequest(self.scenes, self.grid, tile)

    def sink(self) -> MemorySink:
        """A place in memory for its pixels."""
        return MemorySink(
            self.shape,
            self.dtype,
            self.fill,
            cast=self.cast,
            mask=self.mask,
            scalings=self.scalings,
        )

    def values(self, sink: MemorySink) -> Pixels:
        """The whole output, when all tiles are in place.

        Tiles may have brought pixels of blocks that the area does not touch: these are fill too,
        so that the output does not depend on how it was cut.

        Args:
            sink: of this export.

        Returns:
            The values and, where it was asked for, the mask.
        """
        sink.fill(self.coverage.blanks(), self.absent)
        return Pixels(sink.values, sink.mask)

    @property
    def scalings(self) -> Scalings:
        """What brings each band of each date to physical units."""
        return tuple(scene.scalings for scene in self.scenes)

    @property
    def absent(self) -> frozenset[tuple[int, int]]:
        """Times and bands of images that lack the band: all of that is fill."""
        every = range(len(self.band_names))
        return frozenset(
            (time, band)
            for time, scene in enumerate(self.scenes)
            for band in set(every).difference(*(group.indices for group in scene.groups))
        )

    def has_pixels(self, block: Block) -> bool:
        """Whether anything of a block has to be fetched."""
        (time, times), (band, bands) = block.times, block.bands
        wanted = set(range(band, band + bands))
        scenes = self.scenes[time : time + times]
        return self.coverage.touches(block.window) and any(
            not wanted.isdisjoint(group.indices) for scene in scenes for group in scene.groups
        )

    def layout(self, chunks: object = None) -> Layout:
        """The blocks in which it is stored.

        Args:
            chunks: sides of a chunk by dimension; None for the default.

        Raises:
            InvalidInputError: if these are no sides of chunks.
        """
        shape, itemsize = self.shape, self.dtype.itemsize
        chunk = None if chunks is None else parse_chunks(chunks, shape, itemsize)
        return plan_layout(shape, self.counted_bytes / math.prod(shape), itemsize, chunk)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """`(time, band, height, width)` of the output."""
        return len(self.scenes), len(self.band_names), *self.grid.shape

    @property
    def counted_bytes(self) -> int:
        """Size of all its pixels, as Earth Engine counts it."""
        pixels = self.grid.height * self.grid.width
        return pixels * sum(g.bytes_per_pixel for scene in self.scenes for g in scene.groups)

    @property
    def output_bytes(self) -> int:
        """Size of the output, with the mask where it comes beside."""
        mask = {None: 0, Beside.BITS: 1, Beside.FRACTIONS: 4}[self.mask]
        return math.prod(self.shape) * (self.dtype.itemsize + mask)


def plan_export(
    sources: Sequence[Source],
    extent: Area | Spot,
    options: Options,
    *,
    split: bool = True,
    stored: bool = False,
    steps: Sequence[Sequence[int]] | None = None,
    partial: bool = False,
) -> Export:
    """What it takes to export images over an area. Sends nothing.

    Args:
        sources: the images; the first one's grid is the default.
        extent: the area to cover, or the pixels around a point.
        options: how the output should be.
        split: False for one request an image.
        stored: whether the service may compute nothing, as `getPixels` does.
        steps: of the time axis: which images each is a mosaic of, the lowest first. None: each
            image is one.
        partial: whether images may lack some of the bands.

    Raises:
        UnknownBandError: if an image lacks a band.
        OutsideImageError: if no image has pixels there.
        InvalidInputError: if the grid is not determined, or an argument does not fit.
    """
    names = options.bands or tuple(band.id for band in sources[0].info.bands)
    if not names:
        raise InvalidInputError(f"{sources[0].label} has no bands.")
    selected = select_bands(sources, names, partial=partial)
    grid, area = _place(sources, selected, extent, options)
    images = prepare(sources, selected, steps, grid, options)
    return _export(images, names, grid, area, options, split=split, stored=stored)


def plan_composite(
    sources: Sequence[Source],
    area: Area,
    options: Options,
    composite: Composite,
    transport: Transport,
    *,
    partial: bool = False,
) -> Export:
    """What it takes to export one image of many, composed by the service on the output's grid.

    Sends one request: of which types the composite's bands are, the service says.

    Args:
        sources: the images; the first one's grid is the default.
        area: to cover.
        options: how the output should be.
        composite: how the image is made.
        transport: the door to the network.
        partial: whether images may lack some of the bands.

    Raises:
        UnknownBandError: if an image lacks a band.
        OutsideImageError: if no image has pixels there.
        InvalidInputError: if the grid is not determined, or images cannot be compared.
        EarthEngineError: if the service cannot tell what the composite is.
    """
    names = options.bands or default_bands(sources[0], composite)
    selected = select_bands(sources, names, partial=partial)
    grid, area = _place(sources, selected, area, options)
    ref = compose(sources, selected, names, grid, options, composite)
    source = open_ref(ref, transport)
    bands = source.bands(names)
    # The service has done to each scene what was to be done.
    image, finished = Prepared(source, bands, None, finite=False), replace(options, scaled=False)
    return _export([image], names, grid, area, finished, cast=options.scaled)


def _place(
    sources: Sequence[Source],
    selected: Sequence[Bands],
    extent: Area | Spot,
    options: Options,
) -> tuple[PixelGrid, Area]:
    """The grid of an output, and the area that it is to show."""
    owned = [[band for band in bands if band is not None] for bands in selected]
    _check_resolutions(sources, owned, options)
    base = _base_lattice(sources[0], owned[0], options)
    if isinstance(extent, Spot):
        grid = base.window(window_of_point(base, (extent.x, extent.y), extent.crs, extent.shape))
        area = Area(shapely.box(*grid.bounds), grid.crs)
    else:
        grid = base.window(window_of_geometry(base, extent.shape, extent.crs))
        area = extent
    _check_overlap(sources, owned, area)
    return grid, area


def _export(
    images: Sequence[Prepared],
    names: tuple[str, ...],
    grid: PixelGrid,
    area: Area,
    options: Options,
    *,
    split: bool = True,
    stored: bool = False,
    cast: bool = False,
) -> Export:
    """Images on a grid, as they travel."""
    dtype = options.dtype or output_dtype([dtype for image in images for dtype in image.dtypes])
    fill = resolve_fill(options.fill_value, dtype)
    scenes = tuple(image.scene(names, fill, options, stored=stored) for image in images)
    cast = cast or options.dtype is not None or options.scaled
    coverage = cover(grid, area)
    return Export(grid, area, coverage, names, scenes, dtype, fill, cast, split, mask=options.mask)


def _base_lattice(source: Source, bands: Sequence[BandInfo], options: Options) -> PixelGrid:
    """The lattice that the output's pixels lie on, as a grid whose size does not matter."""
    native = native_grid(finest(bands))
    if native is None and (
        options.crs is None or (options.scale is None and options.transform is None)
    ):
        raise InvalidInputError(
            f"{source.label} has no fixed projection, as composites have none (Earth Engine "
            "would take 1 degree). Pass crs= and scale=, for example crs='EPSG:32738', scale=10."
        )
    crs = options.crs or (native.crs if native else "")
    if options.transform is not None:
        return PixelGrid(crs, options.transform, 0, 0)
    if native is None:
        return lattice(crs, resolution_from_scale(options.scale or 0.0, crs))
    a, b, _, d, e, _ = native.transform[:6]
    native_resolution = math.hypot(a, d)
    at_home = same_crs(crs, native.crs)
    if options.scale is None:
        if at_home:
            return native
        return lattice(crs, converted_resolution(native_resolution, native.crs, crs))
    resolution = resolution_from_scale(options.scale, crs)
    square = math.isclose(native_resolution, math.hypot(b, e), rel_tol=1e-9)
    if at_home and square and math.isclose(resolution, native_resolution, rel_tol=1e-9):
        return native
    return lattice(crs, resolution)


def _check_overlap(
    sources: Sequence[Source], selected: Sequence[Sequence[BandInfo]], area: Area
) -> None:
    """Refuse an area that no image touches; warn where some of a series do not."""
    extents = [native_grid(finest(bands)) for bands in selected]
    beside = {
        extent
        for extent in {*extents}
        if extent is not None and extent.width and not extent.touches(area.shape, area.crs)
    }
    outside = [
        source.label for source, extent in zip(sources, extents, strict=True) if extent in beside
    ]
    if not outside:
        return
    if len(outside) < len(sources):
        listed = ", ".join(outside[:5]) + (", …" if len(outside) > 5 else "")
        warn_caller(
            f"The area does not touch {len(outside)} of {len(sources)} scenes, which will hold "
            f"fill only: {listed}"
        )
        return
    extent = extents[0]
    ground = f" in {extent.crs}: {extent.bounds}" if extent else ""
    others = f" nor any of the {len(sources) - 1} others" if len(sources) > 1 else ""
    raise OutsideImageError(
        f"The area, {area.shape.bounds} in {area.crs}, does not touch {sources[0].label}{others}. "
        f"Its bounds{ground}. Is the geometry in another CRS than said (crs_geometry)?"
    )


def _check_resolutions(
    sources: Sequence[Source], owned: Sequence[Sequence[BandInfo]], options: Options
) -> None:
    """Refuse images of several resolutions, if nobody said which one is meant."""
    if options.scale is not None or options.transform is not None:
        return
    found: dict[str, list[str]] = {}
    metres: dict[str, float] = {}
    for source, bands in zip(sources, owned, strict=True):
        grid = native_grid(finest(bands))
        if grid is None:
            continue
        ground = math.sqrt(abs(grid.transform.determinant)) * metres_per_unit(grid.crs)
        text = next((t for t, m in metres.items() if math.isclose(m, ground, rel_tol=1e-6)), None)
        if text is None:
            text = resolution_text(grid)
            metres[text] = ground
        found.setdefault(text, []).append(source.label)
    if len(found) < 2:
        return
    listed = "; ".join(
        f"{text} ({labels[0]}{f' and {len(labels) - 1} more' if labels[1:] else ''})"
        for text, labels in found.items()
    )
    raise InvalidInputError(
        f"The scenes have pixels of {len(found)} sizes: {listed}. Pass scale= to say which one "
        "the output shall have."
    )


def run_export(
    export: Export,
    transport: Transport,
    *,
    max_workers: int | None = None,
    progress: bool = False,
) -> Pixels:
    """Fetch a planned export into memory.

    Returns:
        The values and, where it was asked for, the mask.

    Raises:
        OutputTooLargeError: if it does not fit into free memory; before any request.
        RequestTooLargeError: if not to be split and too large; before any request.
        EarthEngineError: if a tile cannot be had.
    """
    available = psutil.virtual_memory().available
    if export.output_bytes > available:
        raise OutputTooLargeError(
            f"The output, {export.dtype.name} of shape {export.shape}, takes "
            f"{export.output_bytes / 1e9:.1f} GB and {available / 1e9:.1f} GB of memory are free. "
            "Write it to disk as it comes (to='name.zarr', to='name.tif'), or ask for a smaller "
            "area, a coarser scale or fewer bands or dates at a time."
        )
    limits = known_limits(transport, export.scenes if export.split else ())
    requests = export.requests(concurrency(transport, max_workers), limits)
    sink = export.sink()
    each = export.output_bytes // math.prod(export.shape)
    with progress_bar(export.output_bytes, each, enabled=progress) as hook:
        fetch_pixels(
            requests,
            sink,
            transport,
            max_workers=max_workers,
            split=export.split,
            hook=hook,
        )
    return export.values(sink)
