"""Distances to the next pixel that is not 0."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.distances import METRICS, directional, fast, nearest, steps
from ..pixels.neighborhood import Around, pixel_metres, shown
from ..pixels.node import Plane, both
from ..pixels.patches import patch_labels, patch_sizes
from ..values.image import Image, require_bands, unique_names
from ..values.pixel_type import FLOAT, INT64, TYPES
from .image_math import on_grid_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..catalog.model import Grid
    from ..expression.evaluate import Session
    from ..values.image import ImageBand
    from ..values.kernel import Kernel

# Farther, a single request would take gigabytes. The service's own bounds are not known [M].
_FARTHEST = 2_048
_LARGEST = 1_024
METRIC_KERNELS = ("euclidean", "manhattan", "chebyshev")
"""Kernels that are distances."""


def _bounded(name: str, pixels: int, most: int = _FARTHEST) -> int:
    if not 1 <= pixels <= most:
        raise ServiceError(f"Parameter '{name}' must be 1 to {most}, got {pixels}.")
    return pixels


@algorithm("Image.fastDistanceTransform", session=True)
def fast_distance_transform(
    session: Session, image: Image, neighborhood: int, units: str, metric: str
) -> Image:
    """Band `distance`: how far, in pixels, the next pixel of the first band is that is not 0.

    The default is the square of the Euclidean distance. The input's mask counts as 0 [S]. Pixels
    are those of the grid asked for.

    Raises:
        ServiceError: unit or metric is none of those known, or the neighbourhood too large.
    """
    if units != "pixels":
        raise ServiceError(f"Only 'pixels' are supported as units, got '{units}'.")
    if metric not in METRICS:
        raise ServiceError(f"Unknown metric '{metric}'; there are {', '.join(METRICS)}.")
    reach = _bounded("neighborhood", neighborhood)
    band = require_bands(image)
    node = Around(
        [band],
        (reach, reach, reach, reach),
        [((0,), fast(metric, reach))],
        session.limits,
    )
    return image.computed([on_grid_of(band, "distance", FLOAT, node, 0)])


@algorithm("Image.distance", session=True)
def distance(session: Session, image: Image, kernel: Kernel | None, skip_masked: bool) -> Image:
    """How far the next pixel of each band is that is not 0, as far as the kernel reaches [S].

    In metres if the kernel is, at the scale of the CRS's true length [I]; times the kernel's
    magnitude [I].

    Args:
        session: its limits bound the window.
        image: what is masked in it counts as 0.
        kernel: one of `METRIC_KERNELS`.
        skip_masked: whether what is masked in the input stays so.

    Raises:
        ServiceError: the kernel is no distance.
    """
    if kernel is None or kernel.name not in METRIC_KERNELS or kernel.radius is None:
        raise ServiceError(
            f"Parameter 'kernel' must be a distance: {', '.join(METRIC_KERNELS)}. "
            "The emulator has no default."
        )
    radius, name, in_pixels = kernel.radius, kernel.name, kernel.in_pixels

    def measured(planes: Sequence[Plane], grid: Grid) -> Plane:
        plane = planes[0]
        metres = pixel_metres(grid)
        window = kernel.window(metres)
        reach = window.row
        found = nearest(plane, name, reach, radius(metres))
        # The weight of the first step is the magnitude.
        step = window.weights[reach, reach + 1] if reach else 1.0
        values = found.values * (step if in_pixels else step * metres)
        mask = found.mask
        if skip_masked:
            own = shown(plane)
            mask = both(mask, own[reach : reach + grid.height, reach : reach + grid.width])
        return Plane(values.astype(np.float32), mask)

    node = Around(
        image.bands,
        lambda grid: kernel.window(pixel_metres(grid)).margins,
        [((i,), measured) for i in range(len(image.bands))],
        session.limits,
    )
    return image.computed(
        on_grid_of(band, band.id, FLOAT, node, i) for i, band in enumerate(image.bands)
    )


@algorithm("Image.directionalDistanceTransform", session=True)
def directional_distance_transform(
    session: Session, image: Image, angle: float, most: int, label: str | None
) -> Image:
    """Band `distance`: how far, in pixels, the next one in a direction is that is not 0.

    The angle is counted counterclockwise from the columns' direction [I]: with 90° minus the sun's
    azimuth, what gets a distance is the shadow of what is searched for. Pixels that are not 0
    themselves have distance 0 [M]; where nothing is found, the result is masked.

    Args:
        session: its limits bound the window.
        image: one band; several where one of them is named.
        angle: degrees.
        most: pixels to look.
        label: the band to search; the others show what they have at the pixel found.

    Raises:
        ServiceError: several bands and none named, or the distance is too large.
    """
    if label is None and len(image.bands) != 1:
        raise ServiceError("The image must have a single band unless a label band is named.")
    if not math.isfinite(angle):
        raise ServiceError(f"The angle must be finite, got {angle}.")
    searched = require_bands(image) if label is None else image.named([label])[0]
    reach = _bounded("maxDistance", most)
    path = steps(angle, reach)
    find = directional(reach, path)
    others = [band for band in image.bands if band is not searched]
    columns = np.array([column for column, _, _ in path])
    rows = np.array([row for _, row, _ in path])

    def distance(planes: Sequence[Plane], grid: Grid) -> Plane:
        which, lengths = find(planes, grid)
        return Plane(lengths.astype(np.float32), which >= 0)

    def value(planes: Sequence[Plane], grid: Grid) -> Plane:
        which, _ = find(planes, grid)
        met = which >= 0
        place = np.maximum(which, 0)
        row = np.arange(grid.height)[:, np.newaxis]
        column = np.arange(grid.width)[np.newaxis, :]
        there = (row + reach + rows[place], column + reach + columns[place])
        plane = planes[1]
        mask = met if plane.mask is None else both(met, plane.mask[there])
        return Plane(plane.values[there], mask)

    outputs: list[tuple[Sequence[int], Callable[[Sequence[Plane], Grid], Plane]]] = [
        *(((0, i + 1), value) for i in range(len(others))),
        ((0,), distance),
    ]
    node = Around(
        [searched, *others],
        (reach, reach, reach, reach),
        outputs,
        session.limits,
    )
    made: list[ImageBand] = [
        on_grid_of(band, band.id, band.type, node, i) for i, band in enumerate(others)
    ]
    made.append(on_grid_of(searched, "distance", FLOAT, node, len(others)))
    return image.computed(made)


@algorithm("Image.connectedPixelCount", session=True)
def connected_pixel_count(session: Session, image: Image, most: int, eight: bool) -> Image:
    """How many pixels of the same value hang together with each, up to `maxSize`.

    Integers of 32 bits [M]; masked where the band is.
    """
    reach = _bounded("maxSize", most, _LARGEST)
    sizes = patch_sizes(reach, diagonal=eight)
    node = Around(
        image.bands,
        (reach, reach, reach, reach),
        [((i,), sizes) for i in range(len(image.bands))],
        session.limits,
    )
    kind = TYPES["int32"]
    return image.computed(
        on_grid_of(band, band.id, kind, node, i) for i, band in enumerate(image.bands)
    )


@algorithm("Image.connectedComponents", session=True)
def connected_components(session: Session, image: Image, kernel: Kernel, most: int) -> Image:
    """The bands, and band `labels`: a number for each patch of one value of the first band.

    Patches of more than `maxSize` pixels are masked in it [S]. The numbers are unique, but not
    the service's.

    Raises:
        ServiceError: the kernel is not of 3 by 3 pixels at most, or has no neighbour.
    """
    reach = _bounded("maxSize", most, _LARGEST)
    window = kernel.window(1.0)
    steps_to = {
        (row - window.row, column - window.column)
        for row, column in np.argwhere(window.weights != 0).tolist()
    }
    # A step and the one back are the same link.
    ways = sorted({max(step, (-step[0], -step[1])) for step in steps_to - {(0, 0)}})
    if not kernel.in_pixels or not ways or any(max(abs(r), abs(c)) > 1 for r, c in ways):
        raise ServiceError("The connectedness must be a kernel of 3 by 3 pixels at most.")
    band = require_bands(image)
    node = Around(
        [band], (reach, reach, reach, reach), [((0,), patch_labels(reach, ways))], session.limits
    )
    labels = on_grid_of(band, "labels", INT64, node, 0)
    return image.computed(unique_names([*image.bands, labels]))
