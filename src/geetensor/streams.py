"""An export to disk or to an object store: planned in blocks, fetched, stored, and resumed."""

from __future__ import annotations

import hashlib
import json
import math
from contextlib import ExitStack, closing
from shutil import disk_usage
from typing import TYPE_CHECKING, Any

from geetensor.engine.fetch import concurrency, fetch_pixels, known_limits
from geetensor.engine.pixels import PixelRequest
from geetensor.engine.wire import ExpressionRef
from geetensor.errors import GeetensorError, InvalidInputError, StorageError
from geetensor.progress import progress_bar
from geetensor.sinks.assembly import AssemblySink
from geetensor.sinks.cube import Cube
from geetensor.sinks.geotiff import GeotiffWriter, Page, check_writable
from geetensor.sinks.journal import FORMAT
from geetensor.sinks.stage import LocalStage, sync
from geetensor.sinks.target import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from numpy.typing import NDArray

    from geetensor.blocks import Block
    from geetensor.engine.transport import Transport
    from geetensor.engine.wire import ImageRef
    from geetensor.export import Export
    from geetensor.plan import Tile
    from geetensor.series import Series
    from geetensor.sinks.cube import CubeWriter
    from geetensor.sinks.remote import RemoteStage
    from geetensor.sinks.target import Target


def run_stream(
    export: Export,
    series: Series,
    target: Target,
    transport: Transport,
    *,
    chunks: object = None,
    sharded: bool = True,
    resume: bool = True,
    max_workers: int | None = None,
    progress: bool = False,
) -> str:
    """Fetch a planned export into files.

    Args:
        export: what to fetch.
        series: its images.
        target: where to.
        transport: the door to the network.
        chunks: sides of Zarr's chunks by dimension; None for the default.
        sharded: whether Zarr's chunks share files.
        resume: whether to go on from what an earlier call has left.
        max_workers: requests at a time, at the most.
        progress: show a progress bar.

    Returns:
        Where it is.

    Raises:
        InvalidInputError: if the output cannot go there; before any request.
        TargetBusyError: if another process writes it.
        StorageError: if it cannot be stored. What is stored is kept.
        EarthEngineError: if a tile cannot be had. What is stored is kept.
    """
    target.check_free()
    check_target(export, series, target)
    cube = _cube(export, series, chunks, sharded=sharded)
    key = _request_key(export, cube, target.kind, series)
    storing = _Storing(target)
    with ExitStack() as stack:
        with storing:
            stage = _stage(target, key, resume=resume)
            stack.enter_context(stage)
            writer = stack.enter_context(closing(_writer(target, cube, stage, series)))
        _fetch(export, cube, stage, writer, storing, transport, max_workers, progress=progress)
        with storing:
            writer.complete()
            stage.publish()
    return target.location


def check_target(export: Export, series: Series, target: Target) -> None:
    """Refuse what a target cannot hold, whatever is there. Sends nothing.

    Args:
        export: what is to be stored.
        series: its images.
        target: where.

    Raises:
        InvalidInputError: with the reason.
    """
    if target.kind is not Kind.ZARR:
        check_writable(export.dtype)
    dates = series.utc_dates()
    if target.kind is Kind.GEOTIFF and len(dates) > 1:
        raise InvalidInputError(
            f"A GeoTIFF has no time axis, and the cube has {len(dates)} dates: pass to= a folder "
            "(to='name/') for one GeoTIFF a date, or to='name.zarr'."
        )
    if None in dates and target.kind is Kind.FOLDER:
        raise InvalidInputError(
            f"The date of {series.asset_ids[dates.index(None)] or 'the computed image'} is not "
            "known, which the output has to tell. A single image may go to a .tif or .zarr."
        )


class _Storing:
    """Whatever goes wrong within is the storage's fault: stores raise all kinds of errors."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def __enter__(self) -> None:
        """Begin to store."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Say what to do about it."""
        if isinstance(error, Exception) and not isinstance(error, GeetensorError):
            raise StorageError(
                f"{self._target.location} cannot be written: {error!r}.{self._room()} What is "
                "stored is kept: when that is put right, the same call goes on from there."
            ) from error

    def _room(self) -> str:
        """What is left of the disk: GDAL's errors do not tell when it is full."""
        if self._target.is_remote:
            return ""
        try:
            free = disk_usage(self._target.path.parent).free
        except OSError:  # the folder is gone
            return ""
        return f" {free / 1e6:,.0f} MB of the disk are free."


def _fetch(
    export: Export,
    cube: Cube,
    stage: LocalStage | RemoteStage,
    writer: CubeWriter,
    storing: _Storing,
    transport: Transport,
    max_workers: int | None,
    *,
    progress: bool,
) -> None:
    """Fetch and store all blocks that are not there yet."""
    touched = [block for block in cube.layout.blocks() if export.has_pixels(block)]
    with storing:
        noted = stage.done
        done = {
            block.index: noted[block.index]
            for block in touched
            if block.index in noted and writer.has(block, noted[block.index])
        }
        todo = [block for block in touched if block.index not in done]
        writer.begin(done, todo)

    def store(block: Block, values: NDArray[Any]) -> None:
        with storing:
            stage.note(block.index, writer.write(block, values))
            writer.noted(block)

    sink = AssemblySink(
        cube.layout,
        cube.dtype,
        cube.fill,
        export.coverage,
        export.absent,
        store,
        cast=export.cast,
        scalings=export.scalings,
        reserved=writer.reserved_bytes,
    )
    at_a_time, limits = concurrency(transport, max_workers), known_limits(transport, export.scenes)

    def requests() -> Iterator[PixelRequest]:
        for block, every in export.tiles_of_blocks(todo, at_a_time, limits):
            tiles = [tile for tile in every if export.coverage.touches(tile.window)]
            sink.expect(block, sum(map(_values, tiles)))
            for tile in tiles:
                yield PixelRequest(export.scenes, export.grid, tile)

    remaining = sum(math.prod(block.shape) for block in todo) * cube.dtype.itemsize
    with (
        closing(sink),
        progress_bar(remaining, cube.dtype.itemsize, enabled=progress) as hook,
    ):
        fetch_pixels(requests(), sink, transport, max_workers=max_workers, hook=hook)


def _values(tile: Tile) -> int:
    return len(tile.times) * len(tile.group.indices) * tile.window.height * tile.window.width


def _cube(export: Export, series: Series, chunks: object, *, sharded: bool) -> Cube:
    return Cube(
        export.grid,
        export.band_names,
        export.dtype,
        export.fill,
        series.utc_dates(),
        series.asset_ids,
        series.is_cube,
        export.layout(chunks),
        sharded,
        None if series.composite is None else series.composite.method,
    )


def _request_key(export: Export, cube: Cube, kind: Kind, series: Series) -> str:
    """What tells a request from others: all that the stored bytes depend on."""
    said = {
        "format": FORMAT,
        "kind": kind,
        "images": [
            [
                scene.band_ids,
                repr(scene.groups),
                [_identity(ref) for ref in scene.refs.values()],
                repr(scene.scalings),
            ]
            for scene in export.scenes
        ],
        "grid": [cube.grid.crs, *map(repr, cube.grid.transform[:6]), *cube.grid.shape],
        "area": [
            export.coverage.block,
            _hash(export.coverage.touched.tobytes()),
        ],
        "bands": cube.band_names,
        "values": [cube.dtype.name, repr(cube.fill), export.cast],
        "layout": [cube.layout.shape, cube.layout.block, cube.layout.chunk, cube.sharded],
        "series": [cube.series, list(map(str, cube.dates)), cube.asset_ids, series.satellites],
    }
    return _hash(json.dumps(said).encode())


def _hash(said: bytes) -> str:
    return hashlib.sha256(said).hexdigest()


def _identity(ref: ImageRef) -> str:
    if isinstance(ref, ExpressionRef):
        return _hash(ref.expression)
    return ref.asset_id


def _stage(target: Target, key: str, *, resume: bool) -> LocalStage | RemoteStage:
    if not target.is_remote:
        return LocalStage(target, key, resume=resume)
    from geetensor.sinks.remote import RemoteStage

    return RemoteStage(target, key, resume=resume)


def _writer(
    target: Target, cube: Cube, stage: LocalStage | RemoteStage, series: Series
) -> CubeWriter:
    if target.kind is Kind.ZARR:
        from geetensor.sinks.zarr import ZarrWriter

        return ZarrWriter(cube, stage.output)
    assert isinstance(stage, LocalStage)  # noqa: S101
    if target.kind is Kind.GEOTIFF:
        return GeotiffWriter(cube, [Page(0, stage.output)], stage.blocks)
    from geetensor.bridges.stac_files import file_items

    names, folder = _file_names(cube), stage.output
    items = file_items(cube, names, series.satellites)

    def on_page(page: Page) -> None:
        path = page.path.with_suffix(".json")
        path.write_text(json.dumps(items[page.time], indent=2), encoding="utf-8")
        sync(path)

    pages = [Page(time, folder / f"{name}.tif") for time, name in enumerate(names)]
    return GeotiffWriter(cube, pages, stage.blocks, on_page)


def _file_names(cube: Cube) -> list[str]:
    """A name for each image: the last part of its first asset's id, or its date; each once.

    A composite is called what it is.
    """
    if cube.method is not None:
        return [cube.method]
    names: list[str] = []
    for asset_id, date in zip(cube.asset_ids, cube.dates, strict=True):
        assert date is not None  # noqa: S101
        name = (asset_id or "").partition(",")[0].rpartition("/")[2] or f"{date:%Y%m%dT%H%M%S}"
        count = 1
        while (numbered := name if count == 1 else f"{name}_{count}") in names:
            count += 1
        names.append(numbered)
    return names
