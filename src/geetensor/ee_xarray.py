"""Images and time series as xarray has them: those in memory, and those that are fetched lazily.

Dimensions are `time`, `band`, `y` and `x`; an image has no `time`. Coordinates are the
acquisition dates (datetime64[ns], in UTC, without a time zone, as xarray has no others), the asset
ids along `time`, the bands' names, the centres of the pixels, and `spatial_ref`, which holds the
CRS and the transform by the conventions of CF and rioxarray. A grid that is turned has no `x` and
`y`, only the transform. The value of masked pixels is the attribute `_FillValue` of floats and
`nodata` of integers, so that xarray does not make floats of integers when it reads them from a
file again.

This needs `pip install 'geetensor[xarray]'`.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from georeader.geotensor import GeoTensor
from rasterio.crs import CRS

from geetensor.cf import GRID_MAPPING, read_grid
from geetensor.ee_image import plan_cube, plan_image
from geetensor.errors import InvalidInputError, MissingPackageError
from geetensor.geometry import GEOGRAPHIC
from geetensor.grid import PixelGrid, crs_name, parse_crs
from geetensor.lazy.chunks import DIMENSIONS, parse_chunks, tile_sides
from geetensor.lazy.labels import (
    Labels,
    day_coordinates,
    plan_labels,
    series_labels,
    utc_dates,
)
from geetensor.lazy.pixels import LazyPixels
from geetensor.masks import resolve_fill
from geetensor.series import parse_query

try:
    import dask.array as da
except ImportError as error:
    raise MissingPackageError("dask", "xarray") from error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import ee
    import xarray as xr
    from affine import Affine
    from numpy.typing import DTypeLike

    from geetensor.clouds import CloudMask
    from geetensor.ee_image import Plan
    from geetensor.ee_utils import Geometry


def to_xarray(image_or_cube: GeoTensor) -> xr.DataArray:
    """A GeoTensor that this package exported, with its labels. The values are not copied.

    Args:
        image_or_cube: `(T, C, H, W)`, `(C, H, W)` or `(H, W)`. GeoTensors keep their `attrs` when
            dates or bands are picked from them: pick from what this returns instead.

    Raises:
        InvalidInputError: if `attrs` names more or fewer dates or bands than there are.

    Example:
        >>> cube = ee_image.export_cube(scenes[:3], aoi, bands=["B04", "B08"])
        >>> labelled = to_xarray(cube)
        >>> labelled.dims, labelled.sel(band="B08").shape
        (('time', 'band', 'y', 'x'), (3, 113, 108))
    """
    if not isinstance(image_or_cube, GeoTensor) or image_or_cube.ndim not in {2, 3, 4}:
        raise InvalidInputError(
            "to_xarray takes a GeoTensor of two to four dimensions, got "
            f"{type(image_or_cube).__name__}."
        )
    dims = DIMENSIONS[-image_or_cube.ndim :]
    sizes = dict(zip(dims, image_or_cube.shape, strict=True))
    attrs = dict(image_or_cube.attrs or {})
    names = attrs.pop("band_names", None) if "band" in dims else None
    dates = attrs.pop("acquisition_dates", None) if "time" in dims else None
    asset_ids = attrs.pop("asset_ids", None) if "time" in dims else None
    days = attrs.pop("solar_days", None) if "time" in dims else None
    along_time = {} if days is None else day_coordinates(days, attrs.pop("satellites"))
    for found, dim in ((names, "band"), (dates, "time"), (asset_ids, "time"), (days, "time")):
        if found is not None and len(found) != sizes[dim]:
            raise InvalidInputError(
                f"There are {sizes[dim]} along {dim!r}, and attrs names {len(found)}. Pick dates "
                "and bands from what to_xarray returns, or correct attrs."
            )
    height, width = image_or_cube.shape[-2:]
    labels = Labels(
        PixelGrid(crs_name(image_or_cube.crs), image_or_cube.transform, width, height),
        image_or_cube.fill_value_default,
        names,
        None if dates is None else utc_dates(dates),
        asset_ids,
        along_time,
        attrs,
    )
    return labels.array(dims, np.asarray(image_or_cube))


def from_xarray(array: xr.DataArray) -> GeoTensor:
    """The GeoTensor of an array that `to_xarray`, `open_cube` or `open_image` made, or of a part.

    An array that is lazy is computed; what is in memory is not copied.

    Args:
        array: with the dimensions `y` and `x`, and `band` and `time` before them if it has these.

    Raises:
        InvalidInputError: if it has other dimensions, no CRS, or pixels that are no grid.
        EarthEngineError: if its pixels cannot be had.

    Example:
        >>> lazy = open_cube(scenes[:3], aoi, bands=["B04", "B08"])
        >>> from_xarray(lazy.isel(x=slice(10, 20))).shape
        (3, 2, 113, 10)
    """
    dims = tuple(str(dim) for dim in array.dims)
    if len(dims) < 2 or dims != DIMENSIONS[-len(dims) :]:
        raise InvalidInputError(
            f"The dimensions must be the last ones of {', '.join(DIMENSIONS)}, got "
            f"{', '.join(dims) or 'none'}. Keep them with lists (band=['B4']), order them with "
            "array.transpose(...)."
        )
    coordinates = {str(name): one for name, one in array.coords.items()}
    along = [coordinates[dim].to_numpy() if dim in coordinates else None for dim in ("y", "x")]
    mapping = coordinates[GRID_MAPPING].attrs if GRID_MAPPING in coordinates else {}
    grid = read_grid(mapping, (array.sizes["y"], array.sizes["x"]), *along)
    attrs = {str(name): value for name, value in array.attrs.items()}
    fills = [attrs.pop(name) for name in ("_FillValue", "nodata") if name in attrs]
    labels: dict[str, list[Any]] = {}
    if "band" in dims and "band" in coordinates:
        labels["band_names"] = coordinates["band"].to_numpy().tolist()
    if "time" in dims and "time" in coordinates:
        labels["acquisition_dates"] = list(pd.DatetimeIndex(coordinates["time"]).tz_localize("UTC"))
    if "time" in dims and "asset_id" in coordinates:
        labels["asset_ids"] = coordinates["asset_id"].to_numpy().tolist()
    if "time" in dims and {"solar_day", "satellite"} <= coordinates.keys():
        days = pd.DatetimeIndex(coordinates["solar_day"])
        labels["solar_days"] = [day.to_pydatetime() for day in days]
        labels["satellites"] = [one or None for one in coordinates["satellite"].to_numpy()]
    return GeoTensor(
        array.to_numpy(),
        transform=grid.transform,
        crs=CRS.from_user_input(parse_crs(grid.crs)),
        fill_value_default=fills[0] if fills else resolve_fill(None, array.dtype),
        attrs={**labels, **attrs},
    )


def open_cube(
    query: pd.DataFrame,
    geometry: Geometry,
    bands: Sequence[str] | None = None,
    scale: float | None = None,
    crs: str | None = None,
    *,
    crs_geometry: str = GEOGRAPHIC,
    transform: Affine | None = None,
    dtype: DTypeLike | None = None,
    fill_value: float | None = None,
    resampling: str = "nearest",
    scaled: bool = False,
    cloud_mask: CloudMask | str | None = None,
    group_by: Literal["solar_day"] | None = None,
    missing: Literal["error", "fill"] = "error",
    chunks: Mapping[str, int] | None = None,
    timeout: float | None = None,
) -> xr.DataArray:
    """The output of `export_cube`, as an array whose pixels are fetched when it is computed.

    Opening looks up metadata only. Each chunk is a tile of the exporter's plan, all bands in one
    request. What is computed is the same as what `export_cube` returns there, to the last bit.

    A slice asks for its own pixels only, with a step, too: rows and columns that it steps over are
    not asked for where they are worth a request. Lists of indices, and negative steps, ask for the
    chunks that they touch, as dask gathers them afterwards. `xarray.open_dataset(...,
    engine="geetensor")` without `chunks` asks for what they name only, and so it does on dask if
    `.isel(...)` comes first: `dataset["pixels"].isel(x=[7, 2000]).chunk(time=1)`.

    dask reads chunks in as many threads as the machine has cores. Where few chunks are read at a
    time, each comes in several requests, so that the service is kept busy; with
    `.compute(num_workers=39)` each comes in one. On a dask cluster, let workers sign in with
    `geetensor.ee_dask.SignIn`.

    Args:
        query: as in `export_cube`.
        geometry: as in `export_cube`.
        bands: as in `export_cube`.
        scale: as in `export_cube`.
        crs: as in `export_cube`.
        crs_geometry: as in `export_cube`.
        transform: as in `export_cube`.
        dtype: as in `export_cube`.
        fill_value: as in `export_cube`.
        resampling: as in `export_cube`.
        scaled: as in `export_cube`.
        cloud_mask: as in `export_cube`.
        group_by: as in `export_cube`; there are coordinates `solar_day` and `satellite` then.
        missing: as in `export_cube`.
        chunks: sides of chunks in place of the plan's, such as `{"time": -1, "y": 256}`; -1 for
            all of a dimension. A chunk that is larger than a tile takes several requests.
        timeout: as in `export_cube`.

    Returns:
        `(time, band, y, x)` on dask.

    Raises:
        InvalidInputError: as in `export_cube`; also if `chunks` is wrong.
        SignInError: as in `export_cube`.
        EarthEngineError: if the images' metadata cannot be had.

    Example:
        >>> cube = open_cube(scenes[:5], aoi, bands=["B04", "B08"], scale=10)
        >>> cube.shape, cube.chunksizes["band"]
        ((5, 2, 113, 108), (2,))
        >>> cube.isel(time=0, x=slice(10, 20)).mean(["y", "x"]).compute().shape
        (2,)
    """
    plan = plan_cube(
        query,
        geometry,
        bands,
        scale,
        crs,
        crs_geometry=crs_geometry,
        transform=transform,
        dtype=dtype,
        fill_value=fill_value,
        resampling=resampling,
        scaled=scaled,
        cloud_mask=cloud_mask,
        group_by=group_by,
        missing=missing,
        timeout=timeout,
    )
    labels = series_labels(plan, parse_query(query, group_by))
    return _on_dask(plan, labels, chunks, timeout)


def open_image(
    image_or_asset_id: ee.Image | str,
    geometry: Geometry,
    bands: Sequence[str] | None = None,
    scale: float | None = None,
    crs: str | None = None,
    *,
    crs_geometry: str = GEOGRAPHIC,
    transform: Affine | None = None,
    dtype: DTypeLike | None = None,
    fill_value: float | None = None,
    resampling: str = "nearest",
    scaled: bool = False,
    cloud_mask: CloudMask | str | None = None,
    chunks: Mapping[str, int] | None = None,
    timeout: float | None = None,
) -> xr.DataArray:
    """The output of `export_image`, as an array whose pixels are fetched when it is computed.

    The arguments are those of `export_image`, and `chunks` as in `open_cube`, which says how
    pixels are fetched.

    Returns:
        `(band, y, x)` on dask.

    Raises:
        InvalidInputError: as in `export_image`; also if `chunks` is wrong.
        SignInError: as in `export_image`.
        EarthEngineError: if the image's metadata cannot be had.

    Example:
        >>> open_image(asset_id, aoi, bands=["B04", "B08"]).sel(band="B08").shape
        (113, 108)
    """
    plan = plan_image(
        image_or_asset_id,
        geometry,
        bands,
        scale,
        crs,
        crs_geometry=crs_geometry,
        transform=transform,
        dtype=dtype,
        fill_value=fill_value,
        resampling=resampling,
        scaled=scaled,
        cloud_mask=cloud_mask,
        timeout=timeout,
    )
    return _on_dask(plan, plan_labels(plan), chunks, timeout)


def _on_dask(
    plan: Plan, labels: Labels, chunks: Mapping[str, int] | None, timeout: float | None
) -> xr.DataArray:
    pixels = LazyPixels(plan.export, plan.series, timeout)
    sides = parse_chunks(chunks, tile_sides(plan.tiles, len(plan.band_names)), plan.export.shape)
    array = da.from_array(
        pixels,
        chunks=sides[-pixels.ndim :],
        # Two openings are two arrays: an asset may have been overwritten between them.
        name=f"geetensor-{uuid.uuid4().hex}",
        # dask then hands on an index of a chunk, and only its pixels are fetched.
        fancy=True,
        meta=np.empty((0,) * pixels.ndim, pixels.dtype),
    )
    return labels.array(DIMENSIONS[-pixels.ndim :], array)
