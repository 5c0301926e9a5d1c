"""Images moved: to another projection's coordinates, or by an image of displacements."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from ..catalog.model import Grid
from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.moved import Displaced, Reinterpreted, reinterpreted
from ..values.image import Image, ImageBand
from ..values.projection import Projection, same_crs

if TYPE_CHECKING:
    from typing import Literal

    from ..expression.evaluate import Session
    from ..pixels.interpolated import Mode

_MODES = ("nearest_neighbor", "bilinear", "bicubic")


@algorithm("Image.changeProj", session=True)
def change_projection(
    session: Session, image: Image, source: Projection, target: Projection
) -> Image:
    """Each pixel moved from where it is in one projection to the same coordinates of another.

    Coordinates are those of the projections' pixels. A band in the first one's CRS keeps its
    lattice, at its new place [I]; the footprint is not known any more.
    """
    node = Reinterpreted(image.bands, source, target, session.limits)
    made = []
    for i, band in enumerate(image.bands):
        if not band.is_fixed or not same_crs(band.projection.crs, source.crs):
            made.append(ImageBand(band.id, band.type, node, i))
            continue
        lattice = reinterpreted(band.projection, source, target)
        extent = None
        if band.dimensions is not None:
            extent = (Grid(lattice.crs, lattice.transform, *band.dimensions),)
        made.append(ImageBand(band.id, band.type, node, i, lattice, band.dimensions, extent))
    return replace(image.with_bands(made), footprint=None)


@algorithm("Image.displace", session=True)
def displace(
    session: Session, image: Image, displacement: Image, mode: str, most: float | None
) -> Image:
    """At each pixel what the image shows where the displacement leads.

    Args:
        session: its limits bound the window.
        image: keeps its metadata and projections.
        displacement: the first two bands, x and y: metres in its own default projection, added to
            a pixel's place.
        mode: how the image is read between pixels.
        most: only a hint for the service's speed.

    Raises:
        ServiceError: the mode is not known, or there are no two bands.
    """
    if mode not in _MODES:
        raise ServiceError(f"Unknown interpolation mode '{mode}'; there are {', '.join(_MODES)}.")
    if most is not None and not most >= 0:
        raise ServiceError(f"Parameter 'maxOffset' must not be negative, got {most}.")
    if len(displacement.bands) < 2:
        raise ServiceError(
            f"The displacement image must have two bands, got {len(displacement.bands)}."
        )
    across, down = displacement.bands[:2]
    chosen = cast("Mode | Literal['nearest_neighbor']", mode)
    node = Displaced(image.bands, across, down, chosen, session.limits)
    return image.with_bands(
        ImageBand(band.id, band.type, node, i, band.projection)
        for i, band in enumerate(image.bands)
    )
