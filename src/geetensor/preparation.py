"""What the service is asked to do to an image before it is put on the output's grid."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from geetensor.collections import collection_of
from geetensor.engine.expression import resampled
from geetensor.errors import InvalidInputError
from geetensor.grid import on_lattice
from geetensor.source import native_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geetensor.engine.wire import BandInfo, ImageRef
    from geetensor.grid import PixelGrid
    from geetensor.options import Options
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
    classes = collection_of(source.info.id or "").classes
    if any(fnmatchcase(band.id, pattern) for pattern in classes):
        return False
    native = native_grid(band)
    if native is None:
        raise InvalidInputError(
            f"{source.label} has no fixed projection, as composites have none, so that there are "
            "no pixels to interpolate between (Earth Engine would take 1 degree). Resample the "
            "images that it is made of (ee.Image.resample), and leave resampling='nearest'."
        )
    return not on_lattice(grid, native)
