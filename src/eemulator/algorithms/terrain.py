"""Relief: slope, aspect, hillshade and plain gradients.

Slopes are computed on the grid that is asked for, from the neighbours to the left, above, to the
right and below [S]; the service may work on the image's own lattice instead [M].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..expression.registry import algorithm
from ..pixels.neighborhood import Around
from ..pixels.node import Plane
from ..pixels.relief import CROSS, differences, gradient
from ..values.image import Image, require_bands, unique_names
from ..values.pixel_type import BYTE, DOUBLE, FLOAT
from .image_math import on_grid_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid
    from ..expression.evaluate import Session
    from ..values.image import ImageBand
    from ..values.pixel_type import PixelType

    Floats = NDArray[np.float64]
    Relief = Callable[[Floats, Floats], Floats]


def _slope(x: Floats, y: Floats) -> Floats:
    return np.degrees(np.arctan(np.hypot(x, y)))


def _aspect(x: Floats, y: Floats) -> Floats:
    """Where it goes down, clockwise from north; 0 where it is flat [M]."""
    found: Floats = np.where((x == 0) & (y == 0), 0.0, np.degrees(np.arctan2(-x, -y)) % 360)
    return found


def _hillshade(azimuth: float, elevation: float) -> Relief:
    def shade(x: Floats, y: Floats) -> Floats:
        """The cosine between the slope's normal and the sun, as 0 to 255 [M]."""
        sun, high = np.radians(azimuth), np.radians(elevation)
        toward = np.cos(high) * (np.sin(sun) * -x + np.cos(sun) * -y) + np.sin(high)
        found: Floats = np.rint((255 * toward / np.sqrt(1 + x * x + y * y)).clip(0, 255))
        return found

    return shade


def _bands(
    session: Session, band: ImageBand, wanted: Sequence[tuple[str, PixelType, Relief]]
) -> list[ImageBand]:
    def output(kind: PixelType, relief: Relief) -> Callable[[Sequence[Plane], Grid], Plane]:
        def run(planes: Sequence[Plane], grid: Grid) -> Plane:
            x, y, whole = gradient(planes[0], grid)
            return Plane(relief(x, y).astype(kind.dtype), whole)

        return run

    node = Around(
        [band],
        CROSS,
        [((0,), output(kind, relief)) for _, kind, relief in wanted],
        session.limits,
    )
    return [on_grid_of(band, name, kind, node, i) for i, (name, kind, _) in enumerate(wanted)]


def _alone(session: Session, image: Image, name: str, kind: PixelType, relief: Relief) -> Image:
    return image.computed(_bands(session, require_bands(image), [(name, kind, relief)]))


@algorithm("Terrain.slope", session=True)
def slope(session: Session, image: Image) -> Image:
    """Degrees from level, of the first band in metres; float band `slope` [I]."""
    return _alone(session, image, "slope", FLOAT, _slope)


@algorithm("Terrain.aspect", session=True)
def aspect(session: Session, image: Image) -> Image:
    """Degrees clockwise from north of the direction downhill; float band `aspect` [I]."""
    return _alone(session, image, "aspect", FLOAT, _aspect)


@algorithm("Terrain.hillshade", session=True)
def hillshade(session: Session, image: Image, azimuth: float, elevation: float) -> Image:
    """Light on the ground from a sun at an azimuth and a height in degrees, 0 to 255."""
    return _alone(session, image, "hillshade", BYTE, _hillshade(azimuth, elevation))


@algorithm("Terrain", "Terrain.products", session=True)
def products(session: Session, image: Image) -> Image:
    """The image with bands `slope`, `aspect` and `hillshade` of its one band, or `elevation` [S].

    Raises:
        ServiceError: there are several bands, and none of that name.
    """
    heights = require_bands(image) if len(image.bands) < 2 else image.named(["elevation"])[0]
    wanted: list[tuple[str, PixelType, Relief]] = [
        ("slope", FLOAT, _slope),
        ("aspect", FLOAT, _aspect),
        ("hillshade", BYTE, _hillshade(270.0, 45.0)),
    ]
    made = _bands(session, heights, wanted)
    return image.with_bands(unique_names([*image.bands, *made]))


@algorithm("Image.gradient", session=True)
def make_gradient(session: Session, image: Image) -> Image:
    """Bands `x` and `y`: the first band's rise per metre along the axes of the CRS [I]."""
    band = require_bands(image)
    return image.computed(
        _bands(session, band, [("x", DOUBLE, lambda x, y: x), ("y", DOUBLE, lambda x, y: y)])  # noqa: ARG005
    )


@algorithm("Image.derivative", session=True)
def derivative(session: Session, image: Image) -> Image:
    """Bands `{band}_x`, `{band}_y`: half the difference of the neighbours, in pixels [I]."""
    outputs: list[tuple[Sequence[int], Callable[[Sequence[Plane], Grid], Plane]]] = []
    named = []
    for i, band in enumerate(image.bands):
        for axis, name in enumerate("xy"):
            outputs.append(((i,), _difference(axis)))
            named.append((band, f"{band.id}_{name}"))
    node = Around(image.bands, CROSS, outputs, session.limits)
    return image.computed(
        on_grid_of(band, name, DOUBLE, node, i) for i, (band, name) in enumerate(named)
    )


def _difference(axis: int) -> Callable[[Sequence[Plane], Grid], Plane]:
    def run(planes: Sequence[Plane], grid: Grid) -> Plane:  # noqa: ARG001
        found = differences(planes[0])
        return Plane(found[axis], found[2])

    return run
