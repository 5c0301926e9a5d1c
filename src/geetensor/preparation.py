"""What the service is asked to do to an image before it is put on the output's grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geetensor.collections import UNKNOWN, collection_of, is_class, scaling_of
from geetensor.engine.expression import resampled, unmasked, with_masks
from geetensor.engine.wire import AssetRef
from geetensor.errors import InvalidInputError
from geetensor.grid import on_lattice
from geetensor.masks import Beside, bits_name, fraction_name
from geetensor.source import native_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        InvalidInputError: if there are no native pixels to interpolate between.
    """
    ref = source.ref
    if options.resampling != "nearest":
        names = [band.id for band in bands if _is_between(source, band, grid)]
        if names:
            ref = resampled(ref, names, options.resampling)
    return ref


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


def under_masks(ref: ImageRef, under: Under, bands: Sequence[str]) -> ImageRef:
    """An image with what is to stand under its masks, or beside its values.

    Args:
        ref: the image.
        under: what is done about masks.
        bands: names of the output's bands, in its order.
    """
    value, beside = under
    if value is not None:
        return unmasked(ref, value)
    if beside is None:
        return ref
    name_of = bits_name if beside is Beside.BITS else fraction_name
    names = [name_of(index) for index in range(len(bands))]
    return with_masks(ref, bands, names, bits=beside is Beside.BITS)


def scalings(source: Source, bands: Sequence[BandInfo]) -> tuple[Scaling | None, ...]:
    """What brings the bands of an image to physical units; None for one that is in them.

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
        return tuple(scaling_of(collection, band.id, source.info.properties) for band in bands)
    except KeyError as error:
        raise InvalidInputError(
            f"{source.label} lacks the property {error}, which tells its scale."
        ) from error


def arriving_dtypes(
    bands: Sequence[BandInfo], scaled: Sequence[Scaling | None] | None
) -> list[np.dtype[Any]]:
    """The dtypes that an output has to hold: of what is scaled, float32 and that of classes.

    Args:
        bands: of an image.
        scaled: what brings each to physical units; None if nothing is to be in them.
    """
    if scaled is None:
        return [band.dtype for band in bands]
    classes = [
        band.dtype
        for band, scaling in zip(bands, scaled, strict=True)
        if scaling is None and band.dtype.kind != "f"
    ]
    return [np.dtype(np.float32), *classes]
