"""An export: from arguments to a plan, and from the plan to pixels in memory."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
from affine import Affine

from geetensor.engine.fetch import concurrency, fetch_pixels
from geetensor.engine.pixels import PixelRequest
from geetensor.engine.wire import ExpressionRef
from geetensor.errors import InvalidInputError, OutputTooLargeError, OutsideImageError
from geetensor.grid import (
    PixelGrid,
    converted_resolution,
    crs_name,
    lattice,
    resolution_from_scale,
    same_crs,
    window_of_geometry,
)
from geetensor.masks import Fill, group_bands, output_dtype, resolve_fill
from geetensor.plan import plan_one_tile, plan_tiles, tile_bytes
from geetensor.progress import progress_bar
from geetensor.sinks.memory import MemorySink
from geetensor.source import finest, native_grid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import DTypeLike, NDArray

    from geetensor.engine.transport import Transport
    from geetensor.engine.wire import BandInfo, ImageRef
    from geetensor.geometry import Area
    from geetensor.masks import BandGroup
    from geetensor.source import Source


@dataclass(frozen=True, slots=True)
class Options:
    """How the output should be: a caller's arguments, checked as far as they can be alone.

    Attributes:
        bands: as the caller names them; None for all.
        scale: as in `resolution_from_scale`; None for the native one.
        crs: None for the native one.
        transform: of the lattice that the output's pixels lie on; None to derive it.
        dtype: of the output; None for the smallest that loses nothing.
        fill_value: of masked pixels; None for the dtype's default.
    """

    bands: tuple[str, ...] | None
    scale: float | None
    crs: str | None
    transform: Affine | None
    dtype: np.dtype[Any] | None
    fill_value: float | None


def parse_options(
    bands: Sequence[str] | str | None,
    scale: float | None,
    crs: object,
    transform: Affine | None,
    dtype: DTypeLike | None,
    fill_value: float | None,
) -> Options:
    """Check what can be checked without knowing the image.

    Raises:
        InvalidInputError: with the reason.
    """
    if isinstance(bands, str):
        bands = (bands,)
    if bands is not None:
        bands = tuple(bands)
        if not bands or not all(isinstance(name, str) for name in bands):
            raise InvalidInputError(f"bands must be names, at least one; got {bands!r}.")
        if len(set(bands)) < len(bands):
            raise InvalidInputError(f"bands names one twice: {', '.join(bands)}.")
    name = None if crs is None else crs_name(crs)
    if transform is not None:
        if scale is not None:
            raise InvalidInputError("Pass scale or transform, not both.")
        transform = _check_transform(transform)
    if scale is not None:
        resolution_from_scale(scale, name or "EPSG:3857")
    checked = None if dtype is None else _check_dtype(dtype)
    if checked is not None:
        resolve_fill(fill_value, checked)
    return Options(bands, scale, name, transform, checked, fill_value)


def _check_transform(transform: Affine) -> Affine:
    try:
        checked = Affine(*(float(v) for v in tuple(transform)[:6]))
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"transform must be an Affine, or six numbers in its order; got {transform!r}."
        ) from error
    if not all(math.isfinite(v) for v in checked[:6]) or checked.determinant == 0:
        raise InvalidInputError(f"transform does not span an area: {tuple(checked)[:6]}.")
    return checked


def _check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    try:
        checked = np.dtype(dtype)
    except TypeError as error:
        raise InvalidInputError(f"Unknown dtype {dtype!r}.") from error
    if checked.kind not in "iuf":
        raise InvalidInputError(f"dtype must be an integer or a float, got {checked.name}.")
    return checked


@dataclass(frozen=True, slots=True)
class Step:
    """One image of an export.

    Attributes:
        label: what to call it in messages.
        band_ids: Earth Engine's names of the bands, in the output's order.
        groups: the bands, grouped by how their masks travel.
        refs: how requests name the image, by the value that is to stand under masked pixels.
    """

    label: str
    band_ids: tuple[str, ...]
    groups: tuple[BandGroup, ...]
    refs: Mapping[float | None, ImageRef]


@dataclass(frozen=True, slots=True)
class Export:
    """A planned export of one or more images onto one grid.

    Attributes:
        grid: of the output.
        band_names: of the output, as the caller names them.
        steps: the images, one for each step of the time axis.
        dtype: of the output.
        fill: value of masked pixels.
        cast: whether the caller asked for the dtype.
        split: False for one request an image.
    """

    grid: PixelGrid
    band_names: tuple[str, ...]
    steps: tuple[Step, ...]
    dtype: np.dtype[Any]
    fill: Fill
    cast: bool
    split: bool

    def requests(self, concurrency: int) -> Iterator[PixelRequest]:
        """The requests that it takes, in order.

        Args:
            concurrency: requests at a time.

        Raises:
            RequestTooLargeError: if not to be split and too large for one request.
        """
        shape = self.grid.shape
        target = tile_bytes(self.counted_bytes, concurrency)
        for time, step in enumerate(self.steps):
            if self.split:
                tiles = plan_tiles(shape, step.groups, target=target)
            else:
                tiles = iter([plan_one_tile(shape, step.groups)])
            for tile in tiles:
                ref = step.refs[tile.group.unmask]
                yield PixelRequest(ref, step.label, self.grid, step.band_ids, tile, time)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """`(time, band, height, width)` of the output."""
        return len(self.steps), len(self.band_names), *self.grid.shape

    @property
    def computes(self) -> bool:
        """Whether the service has to compute anything, be it only what masked pixels hold."""
        return any(
            isinstance(ref, ExpressionRef) for step in self.steps for ref in step.refs.values()
        )

    @property
    def counted_bytes(self) -> int:
        """Size of all its pixels, as Earth Engine counts it."""
        pixels = self.grid.height * self.grid.width
        return pixels * sum(g.bytes_per_pixel for step in self.steps for g in step.groups)

    @property
    def output_bytes(self) -> int:
        """Size of the output."""
        return math.prod(self.shape) * self.dtype.itemsize


def plan_export(
    sources: Sequence[Source], area: Area, options: Options, *, split: bool = True
) -> Export:
    """What it takes to export images over an area. Sends nothing.

    Args:
        sources: one for each step of the time axis; the first one's grid is the default.
        area: to cover.
        options: how the output should be.
        split: False for one request an image.

    Raises:
        UnknownBandError: if an image lacks a band.
        OutsideImageError: if no image has pixels there.
        InvalidInputError: if the grid is not determined, or an argument does not fit.
    """
    names = options.bands or tuple(band.id for band in sources[0].info.bands)
    if not names:
        raise InvalidInputError(f"{sources[0].label} has no bands.")
    selected = [source.bands(names) for source in sources]
    base = _base_lattice(sources[0], selected[0], options)
    grid = base.window(window_of_geometry(base, area.shape, area.crs))
    _check_overlap(sources, selected, area)
    dtype = options.dtype or output_dtype([b.dtype for bands in selected for b in bands])
    fill = resolve_fill(options.fill_value, dtype)
    steps = tuple(
        _step(source, bands, fill) for source, bands in zip(sources, selected, strict=True)
    )
    return Export(grid, names, steps, dtype, fill, options.dtype is not None, split)


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
    outside = [
        source.label
        for source, extent in zip(sources, extents, strict=True)
        if extent is not None and extent.width and not extent.touches(area.shape, area.crs)
    ]
    if not outside:
        return
    if len(outside) < len(sources):
        listed = ", ".join(outside[:5]) + (", …" if len(outside) > 5 else "")
        warnings.warn(
            f"The area does not touch {len(outside)} of {len(sources)} scenes, which will hold "
            f"fill only: {listed}",
            stacklevel=4,
        )
        return
    extent = extents[0]
    ground = f" in {extent.crs}: {extent.bounds}" if extent else ""
    others = f" nor any of the {len(sources) - 1} others" if len(sources) > 1 else ""
    raise OutsideImageError(
        f"The area, {area.shape.bounds} in {area.crs}, does not touch {sources[0].label}{others}. "
        f"Its bounds{ground}. Is the geometry in another CRS than said (crs_geometry)?"
    )


def _step(source: Source, bands: Sequence[BandInfo], fill: Fill) -> Step:
    groups = tuple(group_bands([band.dtype for band in bands], fill))
    refs = {
        group.unmask: source.ref if group.unmask is None else source.unmasked(group.unmask)
        for group in groups
    }
    return Step(source.label, tuple(band.id for band in bands), groups, refs)


def run_export(
    export: Export,
    transport: Transport,
    *,
    max_workers: int | None = None,
    progress: bool = False,
) -> NDArray[Any]:
    """Fetch a planned export into memory.

    Returns:
        Array of shape `(time, band, height, width)`.

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
            "Ask for a smaller area, a coarser scale or fewer bands or dates at a time."
        )
    sink = MemorySink(export.shape, export.dtype, export.fill, cast=export.cast)
    with progress_bar(export.output_bytes, export.dtype.itemsize, enabled=progress) as hook:
        fetch_pixels(
            export.requests(concurrency(transport, max_workers)),
            sink,
            transport,
            max_workers=max_workers,
            split=export.split,
            hook=hook,
        )
    return sink.values
