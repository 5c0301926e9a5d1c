"""What the service is asked to do to an image before it is put on the output's grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geetensor.clouds import CloudSource
from geetensor.collections import (
    CLOUD_SCORE_PLUS,
    S2_CLOUD_PROBABILITY,
    S2_NOT_HARMONIZED,
    S2_SR,
    S2_TOA,
    UNKNOWN,
    collection_of,
    is_class,
    scaling_of,
)
from geetensor.engine.expression import (
    MaskBand,
    masked_by_bits,
    masked_by_classes,
    masked_by_threshold,
    resampled,
    unmasked,
    with_masks,
)
from geetensor.engine.wire import AssetRef
from geetensor.errors import InvalidInputError
from geetensor.grid import on_lattice
from geetensor.masks import Beside, bit, bits_name, fraction_name
from geetensor.source import native_grid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geetensor.clouds import CloudMask
    from geetensor.engine.wire import BandInfo, ImageRef
    from geetensor.grid import PixelGrid
    from geetensor.masks import Under
    from geetensor.options import Options
    from geetensor.scales import Scaling
    from geetensor.source import Source


def prepared(
    source: Source, bands: Sequence[BandInfo], grid: PixelGrid, options: Options
) -> ImageRef:
    """How requests name an image as the output is to show it.

    Args:
        source: the image.
        bands: of it, that are asked for.
        grid: of the output.
        options: how the output should be.

    Raises:
        InvalidInputError: if there are no native pixels to interpolate between, or no such cloud
            mask is known of the image.
    """
    ref = source.ref if options.cloud_mask is None else without_clouds(source, options.cloud_mask)
    if options.resampling != "nearest":
        names = [band.id for band in bands if _is_between(source, band, grid)]
        if names:
            ref = resampled(ref, names, options.resampling)
    return ref


_SENTINEL_2 = (S2_SR, S2_TOA, *S2_NOT_HARMONIZED)


def without_clouds(source: Source, clouds: CloudMask) -> ImageRef:
    """An image without its cloudy pixels, in all bands.

    Args:
        source: the image.
        clouds: which are.

    Raises:
        InvalidInputError: if it has no such mask.
    """
    match clouds.source:
        case CloudSource.SCL:
            _need_band(source, "SCL", clouds)
            return masked_by_classes(source.ref, "SCL", clouds.classes)
        case CloudSource.QA_PIXEL:
            _need_band(source, "QA_PIXEL", clouds)
            return masked_by_bits(source.ref, "QA_PIXEL", sum(1 << bit for bit in {*clouds.bits}))
    collection, _, index = (source.info.id or "").rpartition("/")
    if collection not in _SENTINEL_2:
        raise InvalidInputError(
            f"{source.label} is no stored scene of Sentinel-2, which cloud_mask="
            f"{str(clouds.source)!r} is for."
        )
    if clouds.source is CloudSource.CLOUD_SCORE_PLUS:
        other, band = AssetRef(f"{CLOUD_SCORE_PLUS}/{index}"), clouds.score
        return masked_by_threshold(source.ref, other, band, clouds.clear, least=True)
    other, band = AssetRef(f"{S2_CLOUD_PROBABILITY}/{index}"), "probability"
    return masked_by_threshold(source.ref, other, band, clouds.probability, least=False)


def _need_band(source: Source, band: str, clouds: CloudMask) -> None:
    available = [one.id for one in source.info.bands]
    if band not in available:
        raise InvalidInputError(
            f"{source.label} has no band {band}, which cloud_mask={str(clouds.source)!r} reads. "
            f"Its bands: {', '.join(available)}."
        )


def _is_between(source: Source, band: BandInfo, grid: PixelGrid) -> bool:
    """Whether the output's pixels lie between a band's, and there is something between them.

    There is nothing between two classes, or two values of a bit field.
    """
    if is_class(collection_of(source.info.id or ""), band.id):
        return False
    native = native_grid(band)
    if native is None:
        raise InvalidInputError(
            f"{source.label} has no fixed projection, as composites have none, so that there are "
            "no pixels to interpolate between (Earth Engine would take 1 degree). Resample the "
            "images that it is made of (ee.Image.resample), and leave resampling='nearest'."
        )
    return not on_lattice(grid, native)


def is_finite(source: Source) -> bool:
    """Whether no valid pixel is infinite: so it is in the known collections, as stored."""
    stored = isinstance(source.ref, AssetRef)
    return stored and collection_of(source.info.id or "") is not UNKNOWN


def under_masks(ref: ImageRef, under: Under, bands: Mapping[int, str]) -> ImageRef:
    """An image with what is to stand under its masks, or beside its values.

    Args:
        ref: the image.
        under: what is done about masks.
        bands: names of those that the image has, by their places in the output.
    """
    value, beside = under
    if value is not None:
        return unmasked(ref, value)
    if beside is None:
        return ref
    if beside is Beside.BITS:
        masks = [MaskBand(of, bits_name(index), bit(index)) for index, of in bands.items()]
    else:
        masks = [MaskBand(of, fraction_name(index), None) for index, of in bands.items()]
    return with_masks(ref, masks)


def scalings(source: Source, bands: Sequence[BandInfo | None]) -> tuple[Scaling | None, ...]:
    """What brings the bands of an image to physical units.

    Args:
        source: the image.
        bands: of it; None for one that it lacks.

    Returns:
        None for a band that is in them already, or that it lacks.

    Raises:
        InvalidInputError: if that is not known.
    """
    collection = collection_of(source.info.id or "")
    if not isinstance(source.ref, AssetRef) or collection.scales is None:
        raise InvalidInputError(
            f"{source.label}: scaled=True is for stored images, by their asset id, of collections "
            "whose scales are in geetensor.collections (Landsat's digital numbers have none: take "
            "_TOA or _L2). Scale the values yourself, or the image by ee.Image.multiply."
        )
    try:
        return tuple(
            None if band is None else scaling_of(collection, band.id, source.info.properties)
            for band in bands
        )
    except KeyError as error:
        raise InvalidInputError(
            f"{source.label} lacks the property {error}, which tells its scale."
        ) from error


def arriving_dtypes(
    bands: Sequence[BandInfo | None], scaled: Sequence[Scaling | None] | None
) -> list[np.dtype[Any]]:
    """The dtypes that an output has to hold: of what is scaled, float32 and that of classes.

    Args:
        bands: of an image; None for one that it lacks.
        scaled: what brings each to physical units; None if nothing is to be in them.
    """
    if scaled is None:
        return [band.dtype for band in bands if band is not None]
    classes = [
        band.dtype
        for band, scaling in zip(bands, scaled, strict=True)
        if scaling is None and band is not None and band.dtype.kind != "f"
    ]
    return [np.dtype(np.float32), *classes]
