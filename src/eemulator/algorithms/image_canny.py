"""Canny's edges."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.canny import MARGINS, edges
from ..pixels.neighborhood import Around
from ..values.kernel import round_about
from ..values.pixel_type import DOUBLE
from .image_math import on_grid_of
from .image_neighborhood import convolve

if TYPE_CHECKING:
    from ..expression.evaluate import Session
    from ..values.image import Image
    from ..values.kernel import Weights

_MOST_SIGMA = 50.0


@algorithm("CannyEdgeDetector", session=True)
def canny(session: Session, image: Image, threshold: float, sigma: float) -> Image:
    """The magnitude of the gradient at the edges of each band; 0 beside them [S].

    Magnitudes are those of Sobel's weights [I]: compare thresholds with the service's only after
    having looked.

    Args:
        session: its limits bound the window.
        image: the bands.
        threshold: gradients must be greater.
        sigma: standard deviation of a Gaussian in pixels, of three on each side [I], that the
            bands are smoothed with; 0 for none.

    Raises:
        ServiceError: sigma is negative or too large.
    """
    if not 0 <= sigma <= _MOST_SIGMA:
        raise ServiceError(f"Parameter 'sigma' must be 0 to {_MOST_SIGMA:g}, got {sigma}.")
    if sigma:
        radius = float(math.ceil(3 * sigma))
        # The square of a smaller one is 0.
        spread = max(sigma, 1e-100)

        def bell(x: Any, y: Any, pixels: float) -> Weights:  # noqa: ARG001 - the shapes' signature
            return np.asarray(np.exp(-(x * x + y * y) / (2 * spread * spread)), np.float64)

        kernel = round_about("gaussian", (radius, radius), "pixels", bell, 1.0, normalize=True)
        image = convolve(session, image, kernel)
    node = Around(
        image.bands,
        MARGINS,
        [((i,), edges(threshold)) for i in range(len(image.bands))],
        session.limits,
    )
    return image.computed(
        on_grid_of(
            band, band.id, DOUBLE if band.type.is_int else band.type.without_range(), node, i
        )
        for i, band in enumerate(image.bands)
    )
