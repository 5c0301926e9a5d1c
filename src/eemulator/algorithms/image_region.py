"""Statistics of the pixels of a region."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.default_grid import bounded_grid, natural_bounds, pixel_count
from ..pixels.region import region_rows, region_weights
from ..values.image import require_bands
from .image_grid import rescaled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..catalog.model import Grid
    from ..expression.evaluate import Session
    from ..values.collection import Collection
    from ..values.element import Element
    from ..values.geometry import Geometry
    from ..values.image import Image
    from ..values.projection import Projection
    from ..values.reducer import Reducer


# Reducers that take arrays as they are, or of which arrays are what they reduce.
_OF_ARRAYS = frozenset(
    (
        "first",
        "firstNonNull",
        "last",
        "lastNonNull",
        "count",
        "countEvery",
        "toList",
        "covariance",
        "centeredCovariance",
        "disaggregate",
        "forEachElement",
    )
)


_ADVICE = (
    "\nEnsure that you are not aggregating at a higher resolution than you intended; that is the "
    "most frequent cause of this error. If not, then you may set the 'maxPixels' argument to a "
    "limit suitable for your computation; set 'bestEffort' to true to aggregate at whatever scale "
    "results in 'maxPixels' total pixels; or both."
)


def lattice_for(
    image: Image, crs: Projection | None, transform: list[float] | None, scale: float | None
) -> Projection:
    """The pixels to work in: by default those of the first band.

    Raises:
        ServiceError: these are the 1° that composites and constants have [S].
    """
    band = require_bands(image)
    if crs is None and transform is None and scale is None and not band.is_fixed:
        raise ServiceError(
            "The default WGS84 projection is invalid for aggregations. Specify a scale or crs & "
            "crs_transform."
        )
    base = band.projection if crs is None else crs
    return rescaled(base, transform, scale, band.projection.nominal_scale)


def area_of(image: Image, area: Geometry | None) -> Geometry:
    """A region, or what an image covers.

    Raises:
        ServiceError: it has no bounds.
    """
    if area is not None:
        return area
    band = require_bands(image)
    if not band.is_fixed and image.footprint is None:
        raise ServiceError("Provide 'geometry' parameter when aggregating over an unbounded image.")
    return natural_bounds(band, image)


def grid_within(
    lattice: Projection, area: Geometry, most: int, *, best_effort: bool, advice: str = ""
) -> Grid:
    """The pixels of a region, or as many as may be.

    Args:
        lattice: that they lie on.
        area: the region.
        most: how many there may be.
        best_effort: whether to take coarser ones rather than refuse.
        advice: what a refusal adds.

    Raises:
        ServiceError: there are too many.
    """
    # Parts of pixels count as such: the service tells of 80300348117 pixels of 100 m in the world
    # (https://developers.google.com/earth-engine/guides/debugging#reduceregion) [S].
    count = int(pixel_count(lattice, area))
    if count <= most:
        return bounded_grid(lattice, area)
    if not best_effort:
        raise ServiceError(
            f"Too many pixels in the region. Found {count}, but maxPixels allows only {most}."
            + advice
        )
    factor = math.sqrt(count / most) * 1.01
    return bounded_grid(lattice.scaled(factor, factor), area)


def _reduced(
    session: Session, image: Image, reducer: Reducer, area: Geometry, grid: Grid
) -> list[tuple[str, dict[str, Any]]]:
    """The outputs of a reducer in a region, for each band or for all together.

    Raises:
        ServiceError: too many pixels, or the reducer does not fit the bands.
    """
    session.limits.check_working_pixels(grid.width * grid.height)
    if reducer.name not in _OF_ARRAYS and any(band.type.dimensions for band in image.bands):
        raise ServiceError(
            f"The emulator does not reduce pixels that are arrays with Reducer.{reducer.name}."
        )
    weights = region_weights(area, grid, weighted=reducer.weighted)
    if reducer.inputs == len(image.bands) and reducer.inputs > 1:
        rows, counts = region_rows(image.bands, grid, weights, session.deadline)
        return [("", reducer.table(rows, counts))]
    if reducer.inputs != 1:
        raise ServiceError(
            f"The reducer has {reducer.inputs} inputs, but the image has {len(image.bands)} bands."
        )
    return [
        (band.id, reducer.table(*region_rows((band,), grid, weights, session.deadline)))
        for band in image.bands
    ]


@algorithm("Image.reduceRegion", session=True, ignores=["tileScale"])
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
) -> dict[str, Any]:
    """A reducer over the pixels of a region.

    A weighted reducer counts each pixel by the part of it that lies in the region; another
    takes the pixels whose centre does.

    Raises:
        ServiceError: too many pixels, or the reducer does not fit the bands.
    """
    area = area_of(image, area)
    lattice = lattice_for(image, crs, transform, scale)
    grid = grid_within(lattice, area, max_pixels, best_effort=best_effort, advice=_ADVICE)
    found: dict[str, Any] = {}
    for band, outputs in _reduced(session, image, reducer, area, grid):
        for name, value in outputs.items():
            found[_named(band, name, alone=len(outputs) == 1)] = value
    return found


def _named(band: str, output: str, *, alone: bool) -> str:
    """Of a band's only output, the band's name; else both. Reducers of all bands have no band."""
    if not band:
        return output
    return band if alone else f"{band}_{output}"


@algorithm("Image.reduceRegions", session=True, ignores=["tileScale"])
def reduce_regions(
    session: Session,
    image: Image,
    collection: Collection,
    reducer: Reducer,
    scale: float | None,
    crs: Projection | None,
    transform: list[float] | None,
    most: int | None,
) -> Collection:
    """The features with a reducer's outputs over their regions as properties.

    Of an image of one band, properties are called as the outputs; of several, as in
    `reduceRegion`. A feature without a geometry stays as it is [M].

    Raises:
        ServiceError: too many pixels, or the reducer does not fit the bands.
    """
    lattice = lattice_for(image, crs, transform, scale)
    single = len(image.bands) == 1

    def elements() -> Iterator[Element]:
        for feature in collection:
            session.deadline.check()
            area = feature.geometry
            if area is None or area.shape.is_empty:
                yield feature
                continue
            grid = bounded_grid(lattice, area.filled)
            if most is not None and grid.width * grid.height > most:
                raise ServiceError(
                    f"Too many pixels in the region. Found {grid.width * grid.height}, but "
                    f"maxPixelsPerRegion allows only {most}."
                )
            added: dict[str, Any] = {}
            for band, outputs in _reduced(session, image, reducer, area.filled, grid):
                for name, value in outputs.items():
                    key = name if single else _named(band, name, alone=len(outputs) == 1)
                    added[key] = value
            properties = dict(feature.properties) | added
            yield feature.with_properties(
                {key: value for key, value in properties.items() if value is not None}
            )

    return collection.derived(elements, collection.count)
