"""Cumulative costs of ways through an image."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.cost import cheapest, step_lengths
from ..pixels.neighborhood import padded, pixel_metres, shown
from ..pixels.node import Need, Operation, Plane
from ..values.image import Image, require_bands
from ..values.pixel_type import DOUBLE
from .image_math import on_grid_of

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from ..catalog.model import Grid
    from ..expression.evaluate import Session
    from ..values.image import ImageBand

# Steps of a way. Farther, one request would take minutes; the service's bound is not known [M].
_FARTHEST = 512


class Ways(Operation):
    """Cumulative costs on the pixels of the grid that is asked for.

    Args:
        costs: bands of costs a metre.
        source: where ways begin.
        distance: metres; ways have so many steps as pixels fit into it [S].
        geodetic: whether steps are measured along a sphere.
        session: its limits bound the window.
    """

    def __init__(
        self,
        costs: Sequence[ImageBand],
        source: ImageBand,
        distance: float,
        session: Session,
        *,
        geodetic: bool,
    ) -> None:
        self.inputs = [*costs, source]
        self._distance = distance
        self._geodetic = geodetic
        self._session = session

    def steps(
        self, indices: Sequence[int], grid: Grid
    ) -> Generator[Need, list[Plane], list[Plane]]:
        """Ask for as much as a way can reach, of all bands: each decides ties of those before."""
        most = math.floor(self._distance / pixel_metres(grid) + 1e-9)
        if most > _FARTHEST:
            raise ServiceError(
                f"The maxDistance of {self._distance} m is {most} pixels of this scale; at most "
                f"{_FARTHEST} are allowed. Use a coarser scale."
            )
        wide = padded(grid, (most, most, most, most))
        self._session.limits.check_working_pixels(wide.width * wide.height * len(self.inputs))
        *costs, source = yield Need(self.inputs, wide)
        passable = np.logical_and.reduce([shown(plane) for plane in costs])
        with np.errstate(all="ignore"):
            found = cheapest(
                [plane.values.astype(np.float64) for plane in costs],
                passable,
                shown(source) & (source.values != 0),
                step_lengths(wide, geodetic=self._geodetic),
                most,
                self._session.deadline.check,
            )
        core = (slice(most, most + grid.height), slice(most, most + grid.width))
        reached = np.isfinite(found[0][core])
        return [Plane(np.where(reached, found[i][core], 0), reached) for i in indices]


@algorithm("Image.cumulativeCost", session=True)
def cumulative_cost(
    session: Session, cost: Image, source: Image, distance: float, geodetic: bool
) -> Image:
    """What the cheapest way to each pixel costs, from the next pixel of a source that is not 0.

    Ways lead over eight neighbours, half of each step in either pixel; costs are those of a
    metre. One band is called `cumulative_cost` [M]; several keep their names [I]. What cannot be
    reached is masked.

    Args:
        session: its limits bound the window.
        cost: a metre; masked pixels are not entered. A band decides among ways that are equal in
            all before.
        source: one band.
        distance: in metres, as far as to look.
        geodetic: whether steps are measured along a sphere, or in the plane of the CRS.

    Raises:
        ServiceError: the source has several bands, or the distance is not positive.
    """
    require_bands(cost)
    if len(source.bands) != 1:
        raise ServiceError(f"The source must be a single-band image, got {len(source.bands)}.")
    if not (math.isfinite(distance) and distance > 0):
        raise ServiceError(f"Parameter 'maxDistance' must be positive, got {distance}.")
    node = Ways(cost.bands, source.bands[0], distance, session, geodetic=geodetic)
    alone = len(cost.bands) == 1
    return cost.computed(
        on_grid_of(band, "cumulative_cost" if alone else band.id, DOUBLE, node, i)
        for i, band in enumerate(cost.bands)
    )
