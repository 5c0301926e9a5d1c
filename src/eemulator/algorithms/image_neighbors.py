"""What a pixel's neighbours are: as an array, or of the other sign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.array_pixels import require_room
from ..pixels.neighborhood import Around, core, shown, windowed
from ..pixels.node import Plane
from ..values.pixel_type import BOOLEAN
from .image_math import on_grid_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid
    from ..expression.evaluate import Session
    from ..values.image import Image
    from ..values.kernel import Kernel, Window
    from ..values.pixel_type import PixelType

_RECTANGULAR = ("fixed", "square", "rectangle")
_OPPOSITE = (1, 0), (0, 1), (1, 1)


@algorithm("Image.neighborhoodToArray", session=True)
def neighborhood_to_array(session: Session, image: Image, kernel: Kernel, default: float) -> Image:
    """Each band's neighbours as arrays: rows along axis 0, columns along axis 1.

    Masked neighbours are `defaultValue`, within the range of the band's type. Weights do not
    matter, zeros among them neither; the mask stays that of the pixel, and so do the properties.
    https://developers.google.com/earth-engine/apidocs/ee-image-neighborhoodtoarray [S]

    Raises:
        ServiceError: the kernel is no rectangle.
    """
    if kernel.name not in _RECTANGULAR:
        raise ServiceError(
            f"Only {', '.join(_RECTANGULAR)} kernels are supported, got '{kernel.name}'."
        )
    node = windowed(
        image.bands,
        kernel,
        [((i,), _arrays(_filling(band.type, default))) for i, band in enumerate(image.bands)],
        session.limits,
    )
    return image.with_bands(
        on_grid_of(band, band.id, band.type.arrayed(2), node, i)
        for i, band in enumerate(image.bands)
    )


def _filling(kind: PixelType, default: float) -> NDArray[Any]:
    """A number as a pixel of a type: without its fraction, and within the range."""
    if not np.isfinite(default):
        raise ServiceError(f"The default value must be finite, got {default}.")
    if not kind.is_int:
        return np.array(default, kind.dtype)
    low, high = kind.bounds
    return np.array(min(max(int(default), low), high), kind.dtype)


def _arrays(filling: NDArray[Any]) -> Callable[[Sequence[Plane], Window], Plane]:
    def run(planes: Sequence[Plane], window: Window) -> Plane:
        plane, shape = planes[0], window.weights.shape
        values = np.where(shown(plane), plane.values, filling).astype(plane.values.dtype)
        found = np.lib.stride_tricks.sliding_window_view(values, shape)
        require_room(*found.shape)
        return Plane(found, None if plane.mask is None else core(plane.mask, window))

    return run


@algorithm("Image.zeroCrossing", session=True)
def zero_crossing(session: Session, image: Image) -> Image:
    """1 where the pixel to the right, below, or right and below has the opposite sign, else 0.

    Zero has no sign, and a masked neighbour none either [M].
    https://developers.google.com/earth-engine/guides/image_edges [S]
    """
    node = Around(
        image.bands,
        (0, 0, 1, 1),
        [((i,), _crossing) for i in range(len(image.bands))],
        session.limits,
    )
    return image.computed(
        on_grid_of(band, band.id, BOOLEAN, node, i) for i, band in enumerate(image.bands)
    )


def _crossing(planes: Sequence[Plane], grid: Grid) -> Plane:
    plane, (height, width) = planes[0], (grid.height, grid.width)
    signs = np.where(shown(plane), np.sign(plane.values.astype(np.float64)), 0).astype(np.int8)
    here = signs[:height, :width]
    crossing = np.zeros(here.shape, np.bool_)
    for row, column in _OPPOSITE:
        crossing |= here * signs[row : row + height, column : column + width] < 0
    mask = None if plane.mask is None else plane.mask[:height, :width]
    return Plane(crossing.astype(np.uint8), mask)
