"""Images made of where their pixels are. None has a fixed projection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..catalog.model import Grid
from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.coordinates import Area, Coordinates, LonLat, Noise
from ..values.image import Image, ImageBand
from ..values.pixel_type import DOUBLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..pixels.node import PixelNode
    from ..values.projection import Projection


def _image(names: Sequence[str], node: PixelNode) -> Image:
    return Image.of(ImageBand(name, DOUBLE, node, i) for i, name in enumerate(names))


@algorithm("Image.pixelLonLat")
def pixel_lon_lat() -> Image:
    """Bands `longitude` and `latitude`: degrees of each centre."""
    return _image(["longitude", "latitude"], LonLat())


@algorithm("Image.pixelArea")
def pixel_area() -> Image:
    """Band `area`: square metres of each pixel, on the ellipsoid [I]."""
    return _image(["area"], Area())


@algorithm("Image.pixelCoordinates")
def pixel_coordinates(lattice: Projection) -> Image:
    """Bands `x` and `y`: each centre in a projection, its transform included."""
    return _image(["x", "y"], Coordinates(Grid(lattice.crs, lattice.transform, 1, 1)))


@algorithm("Image.random")
def random(seed: int, distribution: str) -> Image:
    """Band `random`: a number of each pixel, the same for the same seed.

    The numbers are not those of the service.

    Raises:
        ServiceError: the distribution is not known.
    """
    if distribution not in ("uniform", "normal"):
        raise ServiceError(f"Unknown distribution '{distribution}'; use 'uniform' or 'normal'.")
    return _image(["random"], Noise(seed, normal=distribution == "normal"))
