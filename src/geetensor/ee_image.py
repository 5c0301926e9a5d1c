"""Images and time series of images, from Earth Engine to GeoTensors.

The result covers the smallest window of whole pixels that contains the area. Unless `scale`,
`crs` or `transform` say otherwise, its pixels are the native ones of the finest of the bands
asked for; with another scale or CRS they lie on the multiples of the scale. Pixels are sampled
by nearest neighbour, as Earth Engine does, unless `resampling` says otherwise. However many
requests an export takes, the result is the same to the last bit. One exception is out of its
reach: where the centre of a pixel falls on the very edge between two of the source's, as on a
lattice half a source pixel off, the service's rounding decides, and that of a tile's grid may
differ from the whole one's; so may the last digits of interpolated floats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

from geetensor.clouds import CloudMask as CloudMask  # noqa: TC001 - for users
from geetensor.composites import parse_composite
from geetensor.errors import InvalidInputError
from geetensor.export import run_export
from geetensor.exporters import (
    check_zarr_only,
    finish,
    free_target,
    image_attrs,
    is_partial,
    open_transport,
    patches,
    plan_composed,
    plan_one,
    plan_series,
    planned_target,
    stored_layout,
)
from geetensor.geometry import GEOGRAPHIC, parse_spot
from geetensor.grid import crs_name
from geetensor.interpolation import _find_padding as _find_padding
from geetensor.options import parse_options
from geetensor.outputs import as_image
from geetensor.preview import Plan as Plan
from geetensor.sentinel2 import interpolate_20mbands_s2ee as interpolate_20mbands_s2ee
from geetensor.series import composed, parse_query, series_of_image

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Literal, Unpack

    import ee
    import pandas as pd
    from affine import Affine
    from georeader.geotensor import GeoTensor
    from numpy.typing import DTypeLike

    from geetensor.ee_utils import Geometry
    from geetensor.errors import GeetensorError
    from geetensor.keywords import OfAnyExport, OfComposite, OfCube, OfOneRequest, OfPatches


@overload
def export_image(
    image_or_asset_id: ee.Image | str,
    geometry: Geometry,
    bands: Sequence[str] | None = ...,
    scale: float | None = ...,
    crs: str | None = ...,
    *,
    return_mask: Literal[False] = ...,
    to: None = ...,
    **options: Unpack[OfAnyExport],
) -> GeoTensor: ...


@overload
def export_image(
    image_or_asset_id: ee.Image | str,
    geometry: Geometry,
    bands: Sequence[str] | None = ...,
    scale: float | None = ...,
    crs: str | None = ...,
    *,
    return_mask: Literal[True, "fraction"],
    to: None = ...,
    **options: Unpack[OfAnyExport],
) -> tuple[GeoTensor, GeoTensor]: ...


@overload
def export_image(
    image_or_asset_id: ee.Image | str,
    geometry: Geometry,
    bands: Sequence[str] | None = ...,
    scale: float | None = ...,
    crs: str | None = ...,
    *,
    return_mask: bool | str,
    to: None = ...,
    **options: Unpack[OfAnyExport],
) -> GeoTensor | tuple[GeoTensor, GeoTensor]: ...


@overload
def export_image(
    image_or_asset_id: ee.Image | str,
    geometry: Geometry,
    bands: Sequence[str] | None = ...,
    scale: float | None = ...,
    crs: str | None = ...,
    *,
    return_mask: Literal[False] = ...,
    to: str | os.PathLike[str],
    **options: Unpack[OfAnyExport],
) -> str: ...


def export_image(
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
    return_mask: bool | str = False,
    scaled: bool = False,
    cloud_mask: CloudMask | str | None = None,
    to: str | os.PathLike[str] | None = None,
    sharded: bool = True,
    resume: bool = True,
    overwrite: bool = False,
    max_workers: int | None = None,
    progress: bool = False,
    timeout: float | None = None,
) -> GeoTensor | tuple[GeoTensor, GeoTensor] | str:
    """Export an image over an area, in as many parallel requests as it takes.

    Args:
        image_or_asset_id: a stored image's id, or any `ee.Image`.
        geometry: the area: shapely polygon, `ee.Geometry`, GeoJSON, or bounds.
        bands: names, Earth Engine's (`B4`), the sensor's (`B04`) or common (`red`), in the
            output's order. Default: all bands of the image.
        scale: size of a pixel in CRS units. With a CRS in degrees, 1 or more is taken as
            metres, as Earth Engine does (`geetensor.grid.resolution_from_scale`).
        crs: of the output.
        crs_geometry: of the geometry's coordinates; an `ee.Geometry` has its own.
        transform: of a lattice that the output's pixels shall lie on, in place of `scale`.
        dtype: of the output. Default: the smallest that holds all bands without loss. 64-bit
            integers arrive from Earth Engine as float64. What a dtype asked for cannot hold is
            cast as NumPy does, without a check.
        fill_value: what masked pixels become, exactly. Default: 0 for integers, NaN for floats.
        resampling: how pixels are made where they are not the native ones: `nearest`, or
            `bilinear` or `bicubic`, interpolated by the service between a band's own pixels. Bands
            of a known collection that hold classes or bits (SCL, QA_PIXEL) stay nearest. Composites
            have no pixels of their own: resample the images they are made of.
        return_mask: give the mask, too: True for a tensor of bool, True where a pixel of a band is
            valid; `"fraction"` for float32, 0 to 1, as Earth Engine's masks are.
        scaled: give physical units, by the collection's own scale and offset, as float32 with NaN
            where masked: reflectance of Sentinel-2, Landsat level 2 and MODIS, kelvins, metres.
            Bands without a scale (classes, decibels) stay as they are; Sentinel-1's linear power is
            in `COPERNICUS/S1_GRD_FLOAT`. For stored images of the collections in
            `geetensor.collections`.
        cloud_mask: have the service mask cloudy pixels, in all bands: `"scl"`,
            `"cloud_score_plus"`, `"s2cloudless"` (Sentinel-2) or `"qa_pixel"` (Landsat); a
            `CloudMask` has the thresholds, classes and bits, too.
        to: where to write the image as it comes, however large it is: `name.zarr` (a path, or a
            URL that fsspec knows), `name.tif` (a cloud-optimized GeoTIFF) or `folder/` (such a
            GeoTIFF, and a STAC item). Default: into memory.
        sharded: store a Zarr's chunks together, some 8 MB a file. False: a file a chunk, which GDAL
            reads from 3.11 on; shards it reads from 3.13 on.
        resume: go on from what a call for the same that did not finish has left beside `to`.
            False: fetch everything.
        overwrite: replace what is there under that name, once the new one is complete (at a
            URL: at once).
        max_workers: requests at a time, at the most.
        progress: show a progress bar.
        timeout: seconds that a request may be without any sign of the service.

    Returns:
        `(C, H, W)`, with `attrs["band_names"]` and, of a stored image, `attrs["asset_id"]`. With
        `return_mask`, a pair of that and of the mask, of the same shape. With `to`, the path or
        URL that was written, as text.

    Raises:
        InvalidInputError: if an argument is wrong; its subclasses `UnknownBandError`,
            `OutsideImageError`, `OutputTooLargeError` and `TargetError` (something has that name
            already) say in which way. No pixel was asked for.
        SignInError: if there is no session, or the project or account is refused.
        EarthEngineError: if the service refuses a tile, or keeps failing; says which.
        StorageError: if what was fetched cannot be stored. The same call goes on from there.
        TargetBusyError: if another process is writing to the same place.

    Example:
        >>> export_image(asset_id, (47.46, -18.96, 47.47, -18.95), bands=["red", "B05"]).shape
        (2, 113, 108)
        >>> export_image(asset_id, (47.46, -18.96, 47.47, -18.95), ["B8"], to="nir.tif")
        'nir.tif'
    """
    options = parse_options(
        bands, scale, crs, transform, dtype, fill_value, resampling, return_mask, scaled, cloud_mask
    )
    target = free_target(to, options, resume=resume, overwrite=overwrite)
    check_zarr_only(None, sharded, target)
    with open_transport(max_workers, timeout) as transport:
        source, export = plan_one(image_or_asset_id, geometry, crs_geometry, options, transport)
        return finish(
            export,
            series_of_image(source.info),
            target,
            transport,
            sharded=sharded,
            resume=resume,
            max_workers=max_workers,
            progress=progress,
        )


@overload
def export_image_fast(
    image_or_asset_id: ee.Image | str,
    geometry: Geometry,
    bands: Sequence[str] | None = ...,
    scale: float | None = ...,
    crs: str | None = ...,
    *,
    return_mask: Literal[False] = ...,
    **options: Unpack[OfOneRequest],
) -> GeoTensor: ...


@overload
def export_image_fast(
    image_or_asset_id: ee.Image | str,
    geometry: Geometry,
    bands: Sequence[str] | None = ...,
    scale: float | None = ...,
    crs: str | None = ...,
    *,
    return_mask: Literal[True, "fraction"],
    **options: Unpack[OfOneRequest],
) -> tuple[GeoTensor, GeoTensor]: ...


@overload
def export_image_fast(
    image_or_asset_id: ee.Image | str,
    geometry: Geometry,
    bands: Sequence[str] | None = ...,
    scale: float | None = ...,
    crs: str | None = ...,
    *,
    return_mask: bool | str,
    **options: Unpack[OfOneRequest],
) -> GeoTensor | tuple[GeoTensor, GeoTensor]: ...


def export_image_fast(
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
    return_mask: bool | str = False,
    scaled: bool = False,
    cloud_mask: CloudMask | str | None = None,
    timeout: float | None = None,
) -> GeoTensor | tuple[GeoTensor, GeoTensor]:
    """Export an image over a small area in exactly one request for pixels.

    The arguments and the result are those of `export_image`.

    Raises:
        RequestTooLargeError: if one request cannot carry it; before it is sent.

    Example:
        >>> export_image_fast(asset_id, (47.46, -18.96, 47.47, -18.95), ["B8"], scale=20).shape
        (1, 57, 55)
    """
    options = parse_options(
        bands, scale, crs, transform, dtype, fill_value, resampling, return_mask, scaled, cloud_mask
    )
    with open_transport(1, timeout) as transport:
        source, export = plan_one(
            image_or_asset_id, geometry, crs_geometry, options, transport, split=False
        )
        pixels = run_export(export, transport, max_workers=1)
    return as_image(pixels, export, image_attrs(source.info))


def export_image_getpixels(
    asset_id: str,
    geometry: Geometry,
    bands: Sequence[str] | None = None,
    scale: float | None = None,
    crs: str | None = None,
    *,
    crs_geometry: str = GEOGRAPHIC,
    transform: Affine | None = None,
    dtype: DTypeLike | None = None,
    fill_value: float | None = None,
    max_workers: int | None = None,
    progress: bool = False,
    timeout: float | None = None,
) -> GeoTensor:
    """Export a stored image by `getPixels` alone: nothing is computed by the service.

    The arguments and the result are those of `export_image`, but for one case: a valid minus
    infinity of a band of floats becomes the fill, unless that is 0. `getPixels` sends floats with
    masked pixels as minus infinity or as 0, and no mask; both would tell them apart, at twice the
    bytes. `export_image` does, with the mask as bits.

    Raises:
        InvalidInputError: also if `asset_id` is not a string, or if masked pixels of integer
            bands are to become anything but 0, which `getPixels` cannot tell apart.

    Example:
        >>> export_image_getpixels(asset_id, (47.46, -18.96, 47.47, -18.95), ["SCL"]).res
        (20.0, 20.0)
    """
    if not isinstance(asset_id, str):
        raise InvalidInputError(
            f"asset_id must be a string, got {type(asset_id).__name__}. export_image takes an "
            "ee.Image."
        )
    options = parse_options(bands, scale, crs, transform, dtype, fill_value)
    with open_transport(max_workers, timeout) as transport:
        source, export = plan_one(asset_id, geometry, crs_geometry, options, transport, stored=True)
        pixels = run_export(export, transport, max_workers=max_workers, progress=progress)
    return as_image(pixels, export, image_attrs(source.info))


@overload
def export_cube(
    query: pd.DataFrame,
    geometry: Geometry,
    bands: Sequence[str] | None = ...,
    scale: float | None = ...,
    crs: str | None = ...,
    *,
    return_mask: Literal[False] = ...,
    to: None = ...,
    **options: Unpack[OfCube],
) -> GeoTensor: ...


@overload
def export_cube(
    query: pd.DataFrame,
    geometry: Geometry,
    bands: Sequence[str] | None = ...,
    scale: float | None = ...,
    crs: str | None = ...,
    *,
    return_mask: Literal[True, "fraction"],
    to: None = ...,
    **options: Unpack[OfCube],
) -> tuple[GeoTensor, GeoTensor]: ...


@overload
def export_cube(
    query: pd.DataFrame,
    geometry: Geometry,
    bands: Sequence[str] | None = ...,
    scale: float | None = ...,
    crs: str | None = ...,
    *,
    return_mask: bool | str,
    to: None = ...,
    **options: Unpack[OfCube],
) -> GeoTensor | tuple[GeoTensor, GeoTensor]: ...


@overload
def export_cube(
    query: pd.DataFrame,
    geometry: Geometry,
    bands: Sequence[str] | None = ...,
    scale: float | None = ...,
    crs: str | None = ...,
    *,
    return_mask: Literal[False] = ...,
    to: str | os.PathLike[str],
    **options: Unpack[OfCube],
) -> str: ...


def export_cube(
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
    return_mask: bool | str = False,
    scaled: bool = False,
    cloud_mask: CloudMask | str | None = None,
    group_by: Literal["solar_day"] | None = None,
    missing: Literal["error", "fill"] = "error",
    to: str | os.PathLike[str] | None = None,
    chunks: dict[str, int] | None = None,
    sharded: bool = True,
    resume: bool = True,
    overwrite: bool = False,
    max_workers: int | None = None,
    progress: bool = False,
    timeout: float | None = None,
) -> GeoTensor | tuple[GeoTensor, GeoTensor] | str:
    """Export a table of scenes over one area: a time series on one grid.

    Args:
        query: scenes, one a row, in the order of the output's time axis; with the columns
            `asset_id` and `acquisition_date`, as the functions of `geetensor.ee_query` give.
        geometry: the area, as in `export_image`.
        bands: as in `export_image`; by default those of the first scene.
        scale: as in `export_image`; by default the first scene's, if all have the same.
        crs: of the output; by default the first scene's. Scenes in another one are put on the
            grid by Earth Engine.
        crs_geometry: as in `export_image`.
        transform: as in `export_image`.
        dtype: as in `export_image`, over all scenes.
        fill_value: as in `export_image`.
        resampling: as in `export_image`.
        return_mask: as in `export_image`.
        scaled: as in `export_image`.
        cloud_mask: as in `export_image`.
        group_by: "solar_day" makes one image of all scenes of a satellite and day, by the table's
            columns `satellite` and `solar_day`. The service mosaics them: of scenes that overlap,
            the one further down in the table is on top, and where its pixel is masked, by
            `cloud_mask` too, the next one shows, each band by itself. Days come in the order of
            their first scenes, whose time they have.
        missing: what becomes of scenes that lack some of the bands: "error" refuses them, "fill"
            makes these bands of theirs fill. Of a mosaic, a band comes from the scenes that
            have it.
        to: as in `export_image`; a folder gets a GeoTIFF and a STAC item for each date, and a
            `.tif` takes one date only.
        chunks: sides of a Zarr's chunks, as `{"time": 100, "y": 64, "x": 64}`; -1 for all of a
            dimension. Default: 512 pixels of one band and date; dates that are smaller share a
            chunk.
        sharded: as in `export_image`.
        resume: as in `export_image`.
        overwrite: as in `export_image`.
        max_workers: requests at a time, over all scenes.
        progress: show a progress bar.
        timeout: as in `export_image`.

    Returns:
        `(T, C, H, W)`, with `attrs["band_names"]`, and in the order of the time axis
        `attrs["asset_ids"]` and `attrs["acquisition_dates"]`. With `group_by`, an entry of
        `asset_ids` has the ids of all its scenes, the lowest first, with commas between; and
        there are `attrs["solar_days"]` and `attrs["satellites"]`. With `to`, the path or URL
        that was written, as text.

    Raises:
        InvalidInputError: as in `export_image`; also if the table is empty or lacks a column, or
            if scenes have different resolutions and neither `scale` nor `transform` is given:
            says which resolutions. `UnknownBandError` says which scenes lack which bands.
        SignInError: as in `export_image`.
        EarthEngineError: as in `export_image`.
        StorageError: as in `export_image`.
        TargetBusyError: as in `export_image`.

    Example:
        >>> scenes = ee_query.query_s2_l2a(aoi, "2024-06-01", "2024-06-30")
        >>> export_cube(scenes[:5], aoi, bands=["B04", "B08"], scale=10).shape
        (5, 2, 113, 108)
        >>> export_cube(scenes[:5], aoi, bands=["B04", "B08"], to="cube.zarr")
        'cube.zarr'
    """
    options = parse_options(
        bands, scale, crs, transform, dtype, fill_value, resampling, return_mask, scaled, cloud_mask
    )
    series = parse_query(query, group_by)
    target = free_target(to, options, resume=resume, overwrite=overwrite)
    check_zarr_only(chunks, sharded, target)
    if target is not None:
        series.utc_dates()
    partial = is_partial(missing)
    with open_transport(max_workers, timeout) as transport:
        export = plan_series(series, geometry, crs_geometry, options, transport, partial=partial)
        return finish(
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


@overload
def export_composite(
    query: pd.DataFrame,
    geometry: Geometry,
    bands: Sequence[str] | None = ...,
    method: str = ...,
    *,
    scale: float | None = ...,
    crs: str | None = ...,
    return_mask: Literal[False] = ...,
    to: None = ...,
    **options: Unpack[OfComposite],
) -> GeoTensor: ...


@overload
def export_composite(
    query: pd.DataFrame,
    geometry: Geometry,
    bands: Sequence[str] | None = ...,
    method: str = ...,
    *,
    scale: float | None = ...,
    crs: str | None = ...,
    return_mask: Literal[True, "fraction"],
    to: None = ...,
    **options: Unpack[OfComposite],
) -> tuple[GeoTensor, GeoTensor]: ...


@overload
def export_composite(
    query: pd.DataFrame,
    geometry: Geometry,
    bands: Sequence[str] | None = ...,
    method: str = ...,
    *,
    scale: float | None = ...,
    crs: str | None = ...,
    return_mask: bool | str,
    to: None = ...,
    **options: Unpack[OfComposite],
) -> GeoTensor | tuple[GeoTensor, GeoTensor]: ...


@overload
def export_composite(
    query: pd.DataFrame,
    geometry: Geometry,
    bands: Sequence[str] | None = ...,
    method: str = ...,
    *,
    scale: float | None = ...,
    crs: str | None = ...,
    return_mask: Literal[False] = ...,
    to: str | os.PathLike[str],
    **options: Unpack[OfComposite],
) -> str: ...


def export_composite(
    query: pd.DataFrame,
    geometry: Geometry,
    bands: Sequence[str] | None = None,
    method: str = "median",
    *,
    scale: float | None = None,
    crs: str | None = None,
    crs_geometry: str = GEOGRAPHIC,
    transform: Affine | None = None,
    dtype: DTypeLike | None = None,
    fill_value: float | None = None,
    resampling: str = "nearest",
    return_mask: bool | str = False,
    scaled: bool = False,
    cloud_mask: CloudMask | str | None = None,
    quality_band: str | None = None,
    missing: Literal["error", "fill"] = "error",
    to: str | os.PathLike[str] | None = None,
    sharded: bool = True,
    resume: bool = True,
    overwrite: bool = False,
    max_workers: int | None = None,
    progress: bool = False,
    timeout: float | None = None,
) -> GeoTensor | tuple[GeoTensor, GeoTensor] | str:
    """Export one image of many scenes: composed by the service, on the output's own grid.

    Each scene is rid of clouds, resampled and brought to physical units by itself, put on the grid
    from whatever CRS it has, and composed with the others then.

    Args:
        query: scenes, one a row, with the columns `asset_id` and `acquisition_date`.
        geometry: the area, as in `export_image`.
        bands: as in `export_image`; by default those of the first scene, without classes and bits
            where `method` is an average.
        method: what becomes of a pixel's values.

            - `"median"`, `"mean"`: of the valid values, each band by itself. Not of classes or
              bits. Of two values in the middle the median is their mean. Decibels are averaged as
              such; `COPERNICUS/S1_GRD_FLOAT` has power.
            - `"qualityMosaic"`: all bands of the scene with the highest `quality_band`.
            - `"medoid"`: all bands of the scene that is nearest to the median of all, by the
              Euclidean distance over the bands asked for, without classes and bits; in stored
              numbers, or in physical units if `scaled`.

            For the last two, a scene counts where all its bands asked for are valid, classes and
            bits excepted; of equals, the one further up in the table is taken. Of two scenes,
            both are as near to their median, which is halfway: the first is taken, but for the
            last digit of physical units, which may decide if `scaled`.
        scale: as in `export_image`; by default the first scene's, if all have the same.
        crs: of the output; by default the first scene's.
        crs_geometry: as in `export_image`.
        transform: as in `export_image`.
        dtype: as in `export_image`. Default: float64 for averages of integers, as Earth Engine has
            them, and the scenes' own otherwise. What an integer dtype cannot hold of an average,
            it cuts off.
        fill_value: as in `export_image`.
        resampling: as in `export_image`, of each scene.
        return_mask: as in `export_image`.
        scaled: as in `export_image`, of each scene. Scenes whose scales differ, as those of several
            sensors or baselines, need it.
        cloud_mask: as in `export_image`, of each scene.
        quality_band: for `"qualityMosaic"`: of the scenes, the higher the better. Of Sentinel-2's,
            `"cs"` and `"cs_cdf"` are those of Cloud Score+.
        missing: what becomes of scenes that lack some of the bands: "error" refuses them, "fill"
            takes these bands of theirs for masked.
        to: as in `export_image`. The date that is stored is that of the earliest scene.
        sharded: as in `export_image`.
        resume: as in `export_image`.
        overwrite: as in `export_image`.
        max_workers: requests at a time, at the most.
        progress: show a progress bar.
        timeout: as in `export_image`.

    Returns:
        `(C, H, W)`, with `attrs["band_names"]`, `attrs["method"]`, and in the order of the table
        `attrs["asset_ids"]` and `attrs["acquisition_dates"]`. With `return_mask`, a pair of that
        and of the mask. With `to`, the path or URL that was written, as text.

    Raises:
        InvalidInputError: as in `export_cube`; also if scenes have different scales and `scaled` is
            not asked for, or if they are too many for a request.
        SignInError: as in `export_image`.
        EarthEngineError: as in `export_image`.
        StorageError: as in `export_image`.
        TargetBusyError: as in `export_image`.

    Example:
        >>> scenes = ee_query.query_s2_l2a(aoi, "2024-06-01", "2024-08-31")
        >>> clear = export_composite(scenes, aoi, ["red", "B8"], cloud_mask="scl", scaled=True)
        >>> clear.shape, clear.dtype.name, clear.attrs["method"]
        ((2, 113, 108), 'float32', 'median')
    """
    options = parse_options(
        bands, scale, crs, transform, dtype, fill_value, resampling, return_mask, scaled, cloud_mask
    )
    composite = parse_composite(method, quality_band)
    series = parse_query(query)
    target = free_target(to, options, resume=resume, overwrite=overwrite)
    check_zarr_only(None, sharded, target)
    partial = is_partial(missing)
    one = composed(series, composite.method.value)
    with open_transport(max_workers, timeout) as transport:
        export = plan_composed(
            series, geometry, crs_geometry, options, composite, transport, partial=partial
        )
        return finish(
            export,
            one,
            target,
            transport,
            sharded=sharded,
            resume=resume,
            max_workers=max_workers,
            progress=progress,
        )


@overload
def export_many(
    jobs: Iterable[tuple[Any, ...]],
    bands: Sequence[str] | None = ...,
    scale: float | None = ...,
    crs: str | None = ...,
    *,
    return_mask: Literal[False] = ...,
    **options: Unpack[OfPatches],
) -> Iterator[tuple[int, GeoTensor | GeetensorError]]: ...


@overload
def export_many(
    jobs: Iterable[tuple[Any, ...]],
    bands: Sequence[str] | None = ...,
    scale: float | None = ...,
    crs: str | None = ...,
    *,
    return_mask: Literal[True, "fraction"],
    **options: Unpack[OfPatches],
) -> Iterator[tuple[int, tuple[GeoTensor, GeoTensor] | GeetensorError]]: ...


@overload
def export_many(
    jobs: Iterable[tuple[Any, ...]],
    bands: Sequence[str] | None = ...,
    scale: float | None = ...,
    crs: str | None = ...,
    *,
    return_mask: bool | str,
    **options: Unpack[OfPatches],
) -> Iterator[tuple[int, GeoTensor | tuple[GeoTensor, GeoTensor] | GeetensorError]]: ...


def export_many(
    jobs: Iterable[tuple[Any, ...]],
    bands: Sequence[str] | None = None,
    scale: float | None = None,
    crs: str | None = None,
    *,
    size: int | tuple[int, int] | None = None,
    crs_geometry: str = GEOGRAPHIC,
    transform: Affine | None = None,
    dtype: DTypeLike | None = None,
    fill_value: float | None = None,
    resampling: str = "nearest",
    return_mask: bool | str = False,
    scaled: bool = False,
    cloud_mask: CloudMask | str | None = None,
    max_workers: int | None = None,
    progress: bool = False,
    timeout: float | None = None,
) -> Iterator[tuple[int, Any]]:
    """Export many small areas, as for training: thousands of patches, of one image or of many.

    Args:
        jobs: `(image, geometry)`, as `export_image` takes them; or `(image, point)` and
            `(image, point, size)` for a patch of `size` pixels whose pixel at row
            `height // 2`, column `width // 2` contains the point (shapely's, GeoJSON's,
            `ee.Geometry.Point`, or x and y). Read some hundreds ahead, in the caller's thread.
        bands: as in `export_image`, of every job.
        scale: as in `export_image`.
        crs: as in `export_image`; by default each image's own.
        size: pixels, or `(height, width)`, of jobs that are points without a size.
        crs_geometry: of all coordinates; an `ee.Geometry` has its own.
        transform: as in `export_image`.
        dtype: as in `export_image`.
        fill_value: as in `export_image`.
        resampling: as in `export_image`.
        return_mask: as in `export_image`.
        scaled: as in `export_image`.
        cloud_mask: as in `export_image`.
        max_workers: requests at a time, over all jobs.
        progress: show a progress bar.
        timeout: as in `export_image`.

    Yields:
        The index of a job, and its GeoTensor, or pair of them, as `export_image` returns it, or
        the error that it failed with. In the order in which they are done. Whoever stops taking
        them stops the fetching: at the most `geetensor.patches.AHEAD_BYTES` of outputs wait.

    Raises:
        InvalidInputError: if an argument that concerns all jobs is wrong.
        SignInError: if there is no session, or the project or account is refused.

    Example:
        >>> points = [(47.46, -18.96), (47.47, -18.95)]
        >>> patches = export_many([(asset_id, p) for p in points], ["B4", "B8"], size=64)
        >>> sorted((index, patch.shape) for index, patch in patches)
        [(0, (2, 64, 64)), (1, (2, 64, 64))]
    """
    options = parse_options(
        bands, scale, crs, transform, dtype, fill_value, resampling, return_mask, scaled, cloud_mask
    )
    if size is not None:
        parse_spot((0.0, 0.0), size)
    transport = open_transport(max_workers, timeout)
    return patches(
        jobs, options, size, crs_name(crs_geometry), transport, max_workers, progress=progress
    )


def plan_image(
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
    return_mask: bool | str = False,
    scaled: bool = False,
    cloud_mask: CloudMask | str | None = None,
    to: str | os.PathLike[str] | None = None,
    max_workers: int | None = None,
    timeout: float | None = None,
) -> Plan:
    """What `export_image` would take with the same arguments, without fetching a pixel.

    The plan is made by the exporter's own code, for as many requests at a time as the service
    allows at this moment, or for `max_workers` if that is less. It does not mind how much memory
    is free, nor what is at `to` already: its requests are those of an export from the start.

    Raises:
        InvalidInputError: as in `export_image`; also if the plan would not fit into memory.
        SignInError: as in `export_image`.
        EarthEngineError: if the image's metadata cannot be had.

    Example:
        >>> plan = plan_image(asset_id, (47.46, -18.96, 47.47, -18.95), bands=["red", "B05"])
        >>> plan.shape, plan.requests, plan.counted_bytes
        ((2, 113, 108), 1, 73224)
    """
    options = parse_options(
        bands, scale, crs, transform, dtype, fill_value, resampling, return_mask, scaled, cloud_mask
    )
    target = planned_target(to, options)
    with open_transport(max_workers, timeout) as transport:
        source, export = plan_one(image_or_asset_id, geometry, crs_geometry, options, transport)
        layout = stored_layout(export, series_of_image(source.info), target)
        return Plan.of(export, transport, max_workers=max_workers, series=False, layout=layout)


def plan_cube(
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
    return_mask: bool | str = False,
    scaled: bool = False,
    cloud_mask: CloudMask | str | None = None,
    group_by: Literal["solar_day"] | None = None,
    missing: Literal["error", "fill"] = "error",
    to: str | os.PathLike[str] | None = None,
    chunks: dict[str, int] | None = None,
    max_workers: int | None = None,
    timeout: float | None = None,
) -> Plan:
    """What `export_cube` would take with the same arguments, without fetching a pixel.

    As `plan_image` is for `export_image`.

    Raises:
        InvalidInputError: as in `export_cube`; also if the plan would not fit into memory.
        SignInError: as in `export_image`.
        EarthEngineError: if the images' metadata cannot be had.

    Example:
        >>> scenes = ee_query.query_s2_l2a(aoi, "2024-06-01", "2024-06-30")
        >>> plan = plan_cube(scenes[:5], aoi, bands=["B04", "B08"], scale=10)
        >>> plan.shape, plan.requests, plan.counted_bytes
        ((5, 2, 113, 108), 1, 366120)
    """
    options = parse_options(
        bands, scale, crs, transform, dtype, fill_value, resampling, return_mask, scaled, cloud_mask
    )
    series = parse_query(query, group_by)
    target = planned_target(to, options)
    check_zarr_only(chunks, True, target)
    partial = is_partial(missing)
    with open_transport(max_workers, timeout) as transport:
        export = plan_series(series, geometry, crs_geometry, options, transport, partial=partial)
        layout = stored_layout(export, series, target, chunks)
        return Plan.of(export, transport, max_workers=max_workers, series=True, layout=layout)


def plan_composite(
    query: pd.DataFrame,
    geometry: Geometry,
    bands: Sequence[str] | None = None,
    method: str = "median",
    *,
    scale: float | None = None,
    crs: str | None = None,
    crs_geometry: str = GEOGRAPHIC,
    transform: Affine | None = None,
    dtype: DTypeLike | None = None,
    fill_value: float | None = None,
    resampling: str = "nearest",
    return_mask: bool | str = False,
    scaled: bool = False,
    cloud_mask: CloudMask | str | None = None,
    quality_band: str | None = None,
    missing: Literal["error", "fill"] = "error",
    to: str | os.PathLike[str] | None = None,
    max_workers: int | None = None,
    timeout: float | None = None,
) -> Plan:
    """What `export_composite` would take with the same arguments, without fetching a pixel.

    As `plan_image` is for `export_image`.

    Raises:
        InvalidInputError: as in `export_composite`; also if the plan would not fit into memory.
        SignInError: as in `export_image`.
        EarthEngineError: if the images' metadata cannot be had.

    Example:
        >>> scenes = ee_query.query_s2_l2a(aoi, "2024-06-01", "2024-08-31")
        >>> plan = plan_composite(scenes, aoi, ["red", "B8"], "mean", scale=20)
        >>> plan.shape, plan.dtype.name, plan.counted_bytes
        ((2, 57, 55), 'float64', 62700)
    """
    options = parse_options(
        bands, scale, crs, transform, dtype, fill_value, resampling, return_mask, scaled, cloud_mask
    )
    composite = parse_composite(method, quality_band)
    series = parse_query(query)
    target = planned_target(to, options)
    partial = is_partial(missing)
    one = composed(series, composite.method.value)
    with open_transport(max_workers, timeout) as transport:
        export = plan_composed(
            series, geometry, crs_geometry, options, composite, transport, partial=partial
        )
        layout = stored_layout(export, one, target)
        return Plan.of(export, transport, max_workers=max_workers, series=False, layout=layout)


def split_bounds(
    bounds: tuple[float, float, float, float],
) -> list[tuple[float, float, float, float]]:
    """The four quadrants of a rectangle.

    The exporters do not need it: they split in whole pixels.

    Args:
        bounds: `(min x, min y, max x, max y)`.

    Returns:
        Bounds of the upper left, upper right, lower left and lower right quadrant.

    Raises:
        InvalidInputError: if these are not bounds.

    Example:
        >>> split_bounds((0, 0, 2, 2))
        [(0, 1.0, 1.0, 2), (1.0, 1.0, 2, 2), (0, 0, 1.0, 1.0), (1.0, 0, 2, 1.0)]
    """
    try:
        min_x, min_y, max_x, max_y = bounds
        ordered = min_x < max_x and min_y < max_y
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"Bounds must be four numbers, got {bounds!r}.") from error
    if not ordered:
        raise InvalidInputError(
            f"Bounds must be (min x, min y, max x, max y) with min < max, got {bounds!r}."
        )
    mid_x, mid_y = (min_x + max_x) / 2, (min_y + max_y) / 2
    return [
        (min_x, mid_y, mid_x, max_y),
        (mid_x, mid_y, max_x, max_y),
        (min_x, min_y, mid_x, mid_y),
        (mid_x, min_y, max_x, mid_y),
    ]
