"""Texture of images: entropy, and the grey-level co-occurrence matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.neighborhood import reduced, windowed
from ..pixels.texture import METRICS, CoOccurrence, entropy
from ..values.pixel_type import FLOAT
from .image_math import on_grid_of

if TYPE_CHECKING:
    from ..expression.evaluate import Session
    from ..values.image import Image
    from ..values.kernel import Kernel

# A window of 65 by 65 pixels has 4,000 pairs in each direction. The service's bound is not known.
_LARGEST = 32
_DEFAULT = ((-1, -1), (0, -1), (1, -1), (-1, 0))


def _require_integers(image: Image) -> None:
    """Refuse what the service refuses, in its words."""
    for band in image.bands:
        if not band.type.is_int or band.type.dtype.itemsize > 4:
            raise ServiceError("Only 32-bit or smaller integer types are currently supported.")


@algorithm("Image.entropy", session=True)
def windowed_entropy(session: Session, image: Image, kernel: Kernel) -> Image:
    """Of the values under the cells of a kernel that are not 0, in bits [S].

    Masked neighbours do not count, and a pixel that is masked itself stays so [I].

    Raises:
        ServiceError: a band is not of integers of at most 32 bits.
    """
    _require_integers(image)
    run = reduced(entropy, FLOAT, weighing=None, skip_masked=True)
    node = windowed(
        image.bands, kernel, [((i,), run) for i in range(len(image.bands))], session.limits
    )
    return image.computed(
        on_grid_of(band, band.id, FLOAT, node, i) for i, band in enumerate(image.bands)
    )


def _directions(kernel: Kernel | None) -> list[tuple[int, int]]:
    """Steps `(column, row)` by the kernel's order, one of each two that are opposite [S].

    Raises:
        ServiceError: there is none, or the kernel is in metres.
    """
    if kernel is None:
        return list(_DEFAULT)
    if not kernel.in_pixels:
        raise ServiceError("The kernel must be in pixels: it decides how many bands there are.")
    window = kernel.window(1.0)
    found: list[tuple[int, int]] = []
    for row, column in np.argwhere(window.weights != 0).tolist():
        across, down = column - window.column, row - window.row
        if (across, down) != (0, 0) and (-across, -down) not in found:
            found.append((across, down))
    if not found:
        raise ServiceError("The kernel must have a cell that is not 0 beside its centre.")
    return found


@algorithm("Image.glcmTexture", session=True)
def glcm_texture(
    session: Session, image: Image, size: int, kernel: Kernel | None, average: bool
) -> Image:
    """Eighteen metrics of each band, `{band}_{metric}`, averaged over the kernel's directions.

    Without averaging, names end in the step, `_{x}_{y}` [I].

    Args:
        session: its limits bound the window.
        image: bands of integers.
        size: pixels from the middle of the window to its edge.
        kernel: in which directions pairs lie; of a 3 by 3 square by default.
        average: whether directions are averaged.

    Raises:
        ServiceError: a band is not of integers of at most 32 bits; the window is too large.
    """
    _require_integers(image)
    if not 1 <= size <= _LARGEST:
        raise ServiceError(f"Parameter 'size' must be 1 to {_LARGEST}, got {size}.")
    steps = _directions(kernel)
    groups = [("", steps)] if average else [(f"_{x}_{y}", [(x, y)]) for x, y in steps]
    session.limits.check_band_count(len(image.bands) * len(METRICS) * len(groups))
    outputs, made = [], []
    for i, band in enumerate(image.bands):
        for suffix, directions in groups:
            for metric in METRICS:
                outputs.append((i, metric, directions))
                made.append((band, f"{band.id}_{metric}{suffix}"))
    node = CoOccurrence(image.bands, size, outputs, session.limits)
    return image.computed(
        on_grid_of(band, name, FLOAT, node, i) for i, (band, name) in enumerate(made)
    )
