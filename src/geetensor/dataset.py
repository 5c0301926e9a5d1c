"""Datasets of xarray whose variables are fetched when they are looked at.

What `xarray.open_dataset(..., engine="geetensor")` opens; see `geetensor.xarray_backend`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import ee
import pandas as pd
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from geetensor.ee_image import plan_cube, plan_image
from geetensor.ee_utils import parse_geometry
from geetensor.engine.fetch import compute_value
from geetensor.engine.session import current_session
from geetensor.engine.transport import Transport
from geetensor.errors import InvalidInputError, UnknownBandError
from geetensor.export import plan_export
from geetensor.grid import crs_name
from geetensor.lazy.chunks import DIMENSIONS, tile_sides
from geetensor.lazy.labels import NAME, plan_labels, series_labels, utc_dates
from geetensor.lazy.pixels import LazyPixels
from geetensor.options import parse_options
from geetensor.preview import Plan
from geetensor.series import parse_query
from geetensor.source import open_sources, serialize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from affine import Affine
    from numpy.typing import DTypeLike, NDArray

    from geetensor.clouds import CloudMask
    from geetensor.ee_utils import Geometry
    from geetensor.lazy.chunks import Sides
    from geetensor.lazy.labels import Labels

_LABELS = ("time", "band", "y", "x", "asset_id", "satellite", "solar_day", "spatial_ref")


@dataclass(frozen=True, slots=True)
class _Opened:
    """What is known of the images.

    Attributes:
        plan: makes a plan of some bands; takes the arguments of `plan_image` from `bands` on.
        labels: of such a plan's output.
    """

    plan: Callable[..., Plan]
    labels: Callable[[Plan], Labels]


def open_dataset(
    source: ee.Image | ee.ImageCollection | pd.DataFrame | str,
    geometry: Geometry,
    bands: Sequence[str] | None,
    scale: float | None,
    crs: str | None,
    *,
    crs_geometry: str,
    transform: Affine | None,
    dtype: DTypeLike | None,
    fill_value: float | None,
    resampling: str,
    scaled: bool,
    cloud_mask: CloudMask | str | None,
    group_by: Literal["solar_day"] | None,
    missing: Literal["error", "fill"],
    band_as_variable: bool,
    timeout: float | None,
) -> xr.Dataset:
    """Open images; see `geetensor.xarray_backend.GeetensorBackend.open_dataset`."""
    if isinstance(source, pd.DataFrame):
        opened = _open_table(source, geometry, crs_geometry, group_by, missing, timeout)
    elif group_by is not None or missing != "error":
        raise InvalidInputError("group_by and missing are for tables of scenes only.")
    elif isinstance(source, ee.ImageCollection):
        opened = _open_collection(source, geometry, crs_geometry, timeout)
    else:
        opened = _open_image(source, geometry, crs_geometry, timeout)
    plan_of = functools.partial(
        opened.plan,
        dtype=dtype,
        fill_value=fill_value,
        resampling=resampling,
        scaled=scaled,
        cloud_mask=cloud_mask,
    )
    plan = plan_of(bands, scale, crs, transform=transform)
    labels = opened.labels(plan)
    sides = tile_sides(plan.tiles, len(plan.band_names))
    if not band_as_variable:
        pixels = LazyPixels(plan.export, plan.series, timeout)
        return _dataset({NAME: _variable(labels, _Pixels(pixels), sides)}, labels, sides)
    labels = replace(labels, band_names=None)
    variables = {}
    for name in plan.band_names:
        if name in _LABELS:
            raise InvalidInputError(
                f"The band {name!r} cannot be a variable beside the coordinate of that name. Pass "
                "band_as_variable=False."
            )
        # Planned alone, the band has its own dtype and fill; the grid is that of all.
        try:
            own = plan_of([name], None, plan.crs, transform=plan.transform).export
        except UnknownBandError as error:
            raise InvalidInputError(
                f"A variable for each band needs each band in all scenes, also with "
                f"missing='fill': some lack {name!r}. Pass band_as_variable=False, which has fill "
                "there, or leave the band out of bands=."
            ) from error
        export = replace(own, grid=plan.export.grid, coverage=plan.export.coverage)
        band = _Band(LazyPixels(export, plan.series, timeout))
        variables[name] = _variable(replace(labels, fill=export.fill), band, sides)
    return _dataset(variables, labels, sides)


def _open_table(
    scenes: pd.DataFrame,
    geometry: Geometry,
    crs_geometry: str,
    group_by: Literal["solar_day"] | None,
    missing: Literal["error", "fill"],
    timeout: float | None,
) -> _Opened:
    plan = functools.partial(
        plan_cube,
        scenes,
        geometry,
        crs_geometry=crs_geometry,
        group_by=group_by,
        missing=missing,
        timeout=timeout,
    )
    return _Opened(plan, functools.partial(series_labels, series=parse_query(scenes, group_by)))


def _open_image(
    image: Any, geometry: Geometry, crs_geometry: str, timeout: float | None
) -> _Opened:
    plan = functools.partial(
        plan_image, image, geometry, crs_geometry=crs_geometry, timeout=timeout
    )
    return _Opened(plan, plan_labels)


def _open_collection(
    collection: ee.ImageCollection, geometry: Geometry, crs_geometry: str, timeout: float | None
) -> _Opened:
    with Transport(current_session(), timeout=timeout) as transport:
        area = parse_geometry(geometry, crs_name(crs_geometry), transport)
        asked = serialize(collection.aggregate_array("system:index"), "the collection")
        indices = compute_value(asked.expression, transport, label=asked.label)
        if not indices:
            raise InvalidInputError("The collection has no images: there is nothing to open.")
        images = [
            ee.Image(collection.filter(ee.Filter.eq("system:index", index)).first())
            for index in indices
        ]
        sources = open_sources(images, transport)

    def plan(
        bands: Sequence[str] | None,
        scale: float | None,
        crs: str | None,
        *,
        transform: Affine | None,
        dtype: DTypeLike | None,
        fill_value: float | None,
        resampling: str,
        scaled: bool,
        cloud_mask: CloudMask | str | None,
    ) -> Plan:
        options = parse_options(
            bands,
            scale,
            crs,
            transform,
            dtype,
            fill_value,
            resampling,
            scaled=scaled,
            cloud_mask=cloud_mask,
        )
        export = plan_export(sources, area, options)
        with Transport(current_session(), timeout=timeout) as transport:
            return Plan.of(export, transport, max_workers=None, series=True)

    starts = [one.info.properties.get("system:time_start") for one in sources]
    dates = pd.to_datetime(pd.Series(starts, dtype="float64"), unit="ms", utc=True)
    names = [one.info.id or index for one, index in zip(sources, indices, strict=True)]
    labels = functools.partial(plan_labels, dates=utc_dates(dates), asset_ids=names)
    return _Opened(plan, labels)


def _dataset(variables: dict[str, xr.Variable], labels: Labels, sides: Sides) -> xr.Dataset:
    coordinates = labels.coordinates()
    for variable in coordinates.values():
        _prefer(variable, sides)
    return xr.Dataset(variables, coordinates)


def _variable(labels: Labels, array: _Pixels, sides: Sides) -> xr.Variable:
    variable = labels.variable(array.dims, indexing.LazilyIndexedArray(array))
    _prefer(variable, sides)
    return variable


def _prefer(variable: xr.Variable, sides: Sides) -> None:
    """Say which chunks `chunks={}` means; xarray divides coordinates, too."""
    lengths = dict(zip(DIMENSIONS, sides, strict=True))
    variable.encoding["preferred_chunks"] = {str(dim): lengths[str(dim)] for dim in variable.dims}


class _Pixels(BackendArray):
    """Lazy pixels, as xarray indexes them.

    Args:
        pixels: all bands of them.
    """

    def __init__(self, pixels: LazyPixels) -> None:
        self.pixels = pixels
        self.dims: tuple[str, ...] = DIMENSIONS[-pixels.ndim :]
        self.shape = pixels.shape
        self.dtype = pixels.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> NDArray[Any]:
        """Fetch pixels. Slices with any step and lists along several dimensions are passed on."""
        found: NDArray[Any] = indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._read
        )
        return found

    def _read(self, key: tuple[Any, ...]) -> NDArray[Any]:
        return self.pixels[key]


class _Band(_Pixels):
    """The same without the dimension `band`.

    Args:
        pixels: of one band.
    """

    def __init__(self, pixels: LazyPixels) -> None:
        super().__init__(pixels)
        self._axis = self.dims.index("band")
        self.dims = tuple(dim for dim in self.dims if dim != "band")
        self.shape = tuple(n for at, n in enumerate(pixels.shape) if at != self._axis)

    def _read(self, key: tuple[Any, ...]) -> NDArray[Any]:
        return self.pixels[(*key[: self._axis], 0, *key[self._axis :])]
