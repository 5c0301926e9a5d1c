"""What exporters do between their arguments and the first pixel, and where pixels go from there."""

from __future__ import annotations

from collections.abc import Sized
from contextlib import closing
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from geetensor.ee_utils import parse_geometry
from geetensor.engine.session import current_session
from geetensor.engine.transport import Transport
from geetensor.errors import InvalidInputError
from geetensor.export import Export, plan_composite, plan_export, run_export
from geetensor.outputs import as_cube, as_image
from geetensor.patches import Patch, run_many
from geetensor.progress import patch_bar
from geetensor.sinks.target import Kind, Target, parse_target
from geetensor.source import open_sources
from geetensor.streams import check_target, run_stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import ee
    from georeader.geotensor import GeoTensor

    from geetensor.blocks import Layout
    from geetensor.composites import Composite
    from geetensor.ee_utils import Geometry
    from geetensor.engine.wire import ImageInfo
    from geetensor.options import Options
    from geetensor.series import Series
    from geetensor.source import Source


def open_transport(max_workers: int | None, timeout: float | None) -> Transport:
    """The door to the network, as whoever is signed in.

    Raises:
        InvalidInputError: if an argument is wrong.
        SignInError: if nobody is signed in.
    """
    if max_workers is not None and not (_is_number(max_workers, Integral) and max_workers > 0):
        raise InvalidInputError(f"max_workers must be a whole number above 0, got {max_workers!r}.")
    if timeout is not None and not (_is_number(timeout, Real) and timeout > 0):
        raise InvalidInputError(f"timeout must be above 0 seconds, got {timeout!r}.")
    return Transport(current_session(), timeout=timeout)


def plan_one(
    image: ee.Image | str,
    geometry: Geometry,
    crs_geometry: str,
    options: Options,
    transport: Transport,
    *,
    split: bool = True,
    stored: bool = False,
) -> tuple[Source, Export]:
    """Look an image up and plan its export: all that comes before the first pixel."""
    area = parse_geometry(geometry, crs_geometry, transport)
    [source] = open_sources([image], transport)
    return source, plan_export([source], area, options, split=split, stored=stored)


def plan_series(
    series: Series,
    geometry: Geometry,
    crs_geometry: str,
    options: Options,
    transport: Transport,
    *,
    partial: bool,
) -> Export:
    """The same for a table of scenes."""
    area = parse_geometry(geometry, crs_geometry, transport)
    sources = open_sources([one for one in series.scenes if one is not None], transport)
    return plan_export(sources, area, options, steps=series.steps, partial=partial)


def plan_composed(
    series: Series,
    geometry: Geometry,
    crs_geometry: str,
    options: Options,
    composite: Composite,
    transport: Transport,
    *,
    partial: bool,
) -> Export:
    """The same for one image of all scenes of a table."""
    area = parse_geometry(geometry, crs_geometry, transport)
    sources = open_sources([one for one in series.scenes if one is not None], transport)
    return plan_composite(sources, area, options, composite, transport, partial=partial)


def finish(
    export: Export,
    series: Series,
    target: Target | None,
    transport: Transport,
    *,
    chunks: object = None,
    sharded: bool,
    resume: bool,
    max_workers: int | None,
    progress: bool,
) -> GeoTensor | Any:
    """Fetch a planned export to where it is to go.

    Returns:
        The path or URL that was written; without a target, what is in memory.
    """
    if target is not None:
        return run_stream(
            export,
            series,
            target,
            transport,
            chunks=chunks,
            sharded=sharded,
            resume=resume,
            max_workers=max_workers,
            progress=progress,
        )
    pixels = run_export(export, transport, max_workers=max_workers, progress=progress)
    return (as_cube if series.is_cube else as_image)(pixels, export, series.attrs)


def stored_layout(
    export: Export, series: Series, target: Target | None, chunks: object = None
) -> Layout | None:
    """The blocks in which an export is stored; None for one into memory.

    Args:
        export: as planned.
        series: its images.
        target: where to.
        chunks: sides of Zarr's chunks by dimension; None for the default.

    Raises:
        InvalidInputError: if the target cannot hold it, or these are no sides of chunks.
    """
    if target is None:
        return None
    check_target(export, series, target)
    return export.layout(chunks)


def patches(
    jobs: Iterable[tuple[Any, ...]],
    options: Options,
    size: int | tuple[int, int] | None,
    crs_geometry: str,
    transport: Transport,
    max_workers: int | None,
    *,
    progress: bool,
) -> Iterator[tuple[int, Any]]:
    """Export many areas; see `geetensor.ee_image.export_many`."""
    done = run_many(jobs, options, size, crs_geometry, transport, max_workers=max_workers)
    total = len(jobs) if isinstance(jobs, Sized) else None
    with transport, closing(done), patch_bar(total, enabled=progress) as count:
        for one in done:
            count()
            if isinstance(one, Patch):
                yield one.index, as_image(one.pixels, one.export, image_attrs(one.source.info))
            else:
                yield one


def image_attrs(info: ImageInfo) -> dict[str, Any]:
    """What a GeoTensor says of its only image."""
    return {"asset_id": info.id} if info.id else {}


def is_partial(missing: object) -> bool:
    """Whether scenes may lack bands.

    Raises:
        InvalidInputError: if `missing` says neither.
    """
    if not isinstance(missing, str) or missing not in {"error", "fill"}:
        raise InvalidInputError(f"missing must be 'error' or 'fill', got {missing!r}.")
    return missing == "fill"


def check_zarr_only(chunks: object, sharded: object, target: Target | None) -> None:
    """Refuse what is said of chunks where there are none.

    Raises:
        InvalidInputError: if anything is.
    """
    if not isinstance(sharded, bool):
        raise InvalidInputError(f"sharded must be True or False, got {sharded!r}.")
    if target is not None and target.kind is Kind.ZARR:
        return
    for name, given in (("chunks", chunks is not None), ("sharded", not sharded)):
        if given:
            raise InvalidInputError(f"{name}= is for Zarr only: pass to='name.zarr', too.")


def free_target(
    to: object, options: Options, *, resume: object, overwrite: object
) -> Target | None:
    """Where to write to; None for into memory.

    Raises:
        InvalidInputError: if it is no such place, something is there, or what is said of files
            is said of memory.
        MissingPackageError: if writing there takes one.
    """
    for name, flag in (("resume", resume), ("overwrite", overwrite)):
        if not isinstance(flag, bool):
            raise InvalidInputError(f"{name} must be True or False, got {flag!r}.")
        # The default says nothing.
        if to is None and flag is not (name == "resume"):
            raise InvalidInputError(f"{name}= is for what is written: pass to=, too.")
    target = planned_target(to, options, overwrite=bool(overwrite))
    if target is not None:
        target.check_free()
        target.check_packages()
    return target


def planned_target(to: object, options: Options, *, overwrite: bool = False) -> Target | None:
    """The same, whether something is there or not.

    Raises:
        InvalidInputError: if it is no such place, or has none for masks.
    """
    if to is None:
        return None
    if options.mask is not None:
        raise InvalidInputError(
            "return_mask= gives a mask beside values in memory, and to= writes values only. In "
            "what is written, masked pixels are fill: pass a fill_value that no pixel has."
        )
    return parse_target(to, overwrite=overwrite)


def _is_number(value: object, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
