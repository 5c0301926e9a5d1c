"""Images as surfaces: parabolas, shadows of the land, pits filled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.neighborhood import Around
from ..pixels.surfaces import filled, lit, parabolas
from ..values.image import Image, require_bands
from ..values.pixel_type import BOOLEAN, DOUBLE
from .image_math import on_grid_of

if TYPE_CHECKING:
    from ..expression.evaluate import Session

# Farther, a single request would take gigabytes. The service's own bounds are not known [M].
_FARTHEST = 1_024


def _within(name: str, pixels: int, least: int) -> int:
    if not least <= pixels <= _FARTHEST:
        raise ServiceError(f"Parameter '{name}' must be {least} to {_FARTHEST}, got {pixels}.")
    return pixels


@algorithm("Image.rsedTransform", session=True)
def rsed_transform(session: Session, image: Image, neighborhood: int, units: str) -> Image:
    """The surface of parabolas that open downwards from each pixel, its value high; at least 0.

    Where it is not 0 lies within the square root of a pixel's value, in pixels, of that pixel.
    https://developers.google.com/earth-engine/apidocs/ee-image-rsedtransform [S] Each band by
    itself, as doubles, valid everywhere: a masked pixel counts as 0 [M].

    Raises:
        ServiceError: the unit is not known, or the neighbourhood too large.
    """
    if units != "pixels":
        raise ServiceError(f"Only 'pixels' are supported as units, got '{units}'.")
    reach = _within("neighborhood", neighborhood, 1)
    node = Around(
        image.bands,
        (reach,) * 4,
        [((i,), parabolas(reach)) for i in range(len(image.bands))],
        session.limits,
    )
    return image.computed(
        on_grid_of(band, band.id, DOUBLE, node, i) for i, band in enumerate(image.bands)
    )


@algorithm("HillShadow", "Terrain.hillShadow", session=True)
def hill_shadow(
    session: Session, image: Image, azimuth: float, zenith: float, reach: int, hysteresis: bool
) -> Image:
    """Band `shadow`: 1 where a light at an azimuth and zenith in degrees is seen, 0 in shadow.

    Of the first band in metres, as far as `neighborhoodSize` pixels. What lies beyond, or is
    masked, casts no shadow [M].

    Raises:
        ServiceError: the light is below the horizon, the neighbourhood too large, or hysteresis
            is asked for: what the service does then is not documented.
    """
    if hysteresis:
        raise ServiceError(
            "The emulator has no hysteresis of shadows: what the service does is not documented. "
            "Use hysteresis=False."
        )
    if not (math.isfinite(azimuth) and 0 <= zenith <= 90):
        raise ServiceError(
            f"A light at the azimuth {azimuth} and the zenith {zenith} is not above the horizon."
        )
    distance = _within("neighborhoodSize", reach, 0)
    band = require_bands(image)
    node = Around([band], (distance,) * 4, [((0,), lit(azimuth, zenith, distance))], session.limits)
    return image.computed([on_grid_of(band, "shadow", BOOLEAN, node, 0)])


@algorithm("Terrain.fillMinima", "FMask.fillMinima", session=True)
def fill_minima(session: Session, image: Image, border: int | None, neighborhood: int) -> Image:
    """Each band with its pits filled up to the lowest way out of the neighbourhood.

    Only integers. The way leads over the eight neighbours, out at the edge of the neighbourhood
    around the grid asked for or at a masked pixel, `borderValue` high at least [M].

    Raises:
        ServiceError: a band is not of integers, or the neighbourhood too large.
    """
    reach = _within("neighborhood", neighborhood, 1)
    for band in image.bands:
        if not band.type.is_int:
            raise ServiceError(
                f"Only integers can be filled; band '{band.id}' is {band.type.precision}."
            )
    outputs = []
    for i, band in enumerate(image.bands):
        low, high = band.type.bounds
        leaving = None if border is None else min(max(border, low), high)
        outputs.append(((i,), filled(leaving, reach)))
    node = Around(image.bands, (reach,) * 4, outputs, session.limits)
    return image.computed(
        on_grid_of(band, band.id, band.type, node, i) for i, band in enumerate(image.bands)
    )
