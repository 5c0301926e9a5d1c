"""How well two images lie upon each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.correlation import CrossCorrelated
from ..values.image import require_bands
from ..values.pixel_type import FLOAT
from .image_math import on_grid_of

if TYPE_CHECKING:
    from ..expression.evaluate import Session
    from ..values.image import Image

# The cost grows with the square of the gap. The service's own bounds are not known [M].
_FARTHEST = 50
_WIDEST = 255
# The first two are named in the documentation, the others are remembered [M].
_NAMES = ("deltaX", "deltaY", "eucDist", "corrCoefficient")


@algorithm("CrossCorrelation", session=True)
def cross_correlation(
    session: Session, one: Image, other: Image, gap: int, size: int, share: float
) -> Image:
    """Where in the second image, around each pixel, the window of the first correlates most.

    Bands `deltaX`, `deltaY`, their length, and the coefficient, -1 to 1. A pixel is masked where
    at any offset more than `maxMaskedFrac` of the window is masked in either image.
    https://developers.google.com/earth-engine/apidocs/ee-algorithms-crosscorrelation [S]
    Distances are in pixels, of columns and rows, as floats [M].

    Raises:
        ServiceError: the images have not as many bands, or an argument is out of bounds.
    """
    band = require_bands(one)
    if len(one.bands) != len(other.bands):
        raise ServiceError(
            "The images must have the same number of bands; "
            f"got {len(one.bands)} and {len(other.bands)}."
        )
    for name, value, least, most in (
        ("maxGap", gap, 0, _FARTHEST),
        ("windowSize", size, 2, _WIDEST),
        ("maxMaskedFrac", share, 0, 1),
    ):
        if not least <= value <= most:
            raise ServiceError(f"Parameter '{name}' must be {least} to {most}, got {value}.")
    node = CrossCorrelated(
        one.bands, other.bands, gap=gap, size=size, share=share, limits=session.limits
    )
    return one.computed(on_grid_of(band, name, FLOAT, node, i) for i, name in enumerate(_NAMES))
