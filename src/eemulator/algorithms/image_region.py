"""Statistics of the pixels of a region."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.default_grid import bounded_grid, natural_bounds
from ..pixels.region import region_rows, region_weights
from ..values.image import require_bands
from .image_grid import rescaled

if TYPE_CHECKING:
    from ..expression.evaluate import Session
    from ..values.geometry import Geometry
    from ..values.image import Image
    from ..values.projection import Projection
    from ..values.reducer import Reducer


@algorithm("Image.reduceRegion", session=True)
def reduce_region(
    session: Session,
    image: Image,
    reducer: Reducer,
    area: Geometry | None,
    scale: float | None,
    crs: Projection | None,
    transform: list[float] | None,
    best_effort: bool,
    max_pixels: int,
    tile_scale: float,  # noqa: ARG001
) -> dict[str, Any]:
    """A reducer over the pixels of a region.

    A weighted reducer counts each pixel by the part of it that lies in the region; another
    takes the pixels whose centre does.

    Raises:
        ServiceError: too many pixels, or the reducer does not fit the bands.
    """
    band = require_bands(image)
    if area is None:
        if not band.is_fixed and image.footprint is None:
            raise ServiceError("The default footprint of the image is unbounded; give a geometry.")
        area = natural_bounds(band, image)
    base = band.projection if crs is None else crs
    lattice = rescaled(base, transform, scale, band.projection.nominal_scale)
    grid = bounded_grid(lattice, area)
    if grid.width * grid.height > max_pixels:
        if not best_effort:
            raise ServiceError(
                f"Too many pixels in the region. Found {grid.width * grid.height}, but maxPixels "
                f"allows only {max_pixels}.\nEnsure that you are not aggregating at a higher "
                "resolution than you intended; that is the most frequent cause of this error. If "
                "not, then you may set the 'maxPixels' argument to a limit suitable for your "
                "computation; set 'bestEffort' to true to aggregate at whatever scale results in "
                "'maxPixels' total pixels; or both."
            )
        factor = math.sqrt(grid.width * grid.height / max_pixels) * 1.01
        grid = bounded_grid(lattice.scaled(factor, factor), area)
    session.limits.check_working_pixels(grid.width * grid.height)
    weights = region_weights(area, grid, weighted=reducer.weighted)
    if reducer.inputs == len(image.bands) and reducer.inputs > 1:
        rows, counts = region_rows(image.bands, grid, weights, session.deadline)
        return reducer.table(rows, counts)
    if reducer.inputs != 1:
        raise ServiceError(
            f"The reducer has {reducer.inputs} inputs, but the image has {len(image.bands)} bands."
        )
    found: dict[str, Any] = {}
    for each in image.bands:
        outputs = reducer.table(*region_rows((each,), grid, weights, session.deadline))
        for name, value in outputs.items():
            found[each.id if len(outputs) == 1 else f"{each.id}_{name}"] = value
    return found
