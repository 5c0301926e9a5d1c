"""Regions of equal pixels as features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from affine import Affine
from scipy import ndimage

from ..catalog.outlines import outlines
from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.clip import centers_inside
from ..pixels.node import valid
from ..pixels.reader import Reader
from ..values.collection import Collection
from ..values.geometry import Feature, Geometry
from ..values.projection import WGS84
from ..values.reducer import SIMPLE
from .image_region import area_of, grid_within, lattice_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from ..catalog.model import Grid
    from ..expression.evaluate import Session
    from ..pixels.node import Plane
    from ..values.image import Image
    from ..values.projection import Projection
    from ..values.reducer import Reducer

_GEOMETRIES: dict[str, Callable[[BaseGeometry], BaseGeometry]] = {
    "polygon": lambda shape: shape,
    "bb": lambda shape: shape.envelope,
    "centroid": lambda shape: shape.centroid,
}


@algorithm("Image.reduceToVectors", session=True, ignores=["tileScale"])
def reduce_to_vectors(
    session: Session,
    image: Image,
    reducer: Reducer | None,
    region: Geometry | None,
    scale: float | None,
    geometry_type: str,
    eight_connected: bool,
    label_property: str,
    crs: Projection | None,
    transform: list[float] | None,
    best_effort: bool,
    max_pixels: int,
    native: bool,
) -> Collection:
    """A feature of each region of equal, touching pixels of the first band.

    Its properties are the pixels' value, and a reducer over the other bands: of one input for each
    of them, or of all together; their number by default. Pixels count whose centre lies in the
    region. Parts that touch at a corner only make a MultiPolygon [M]. Features come in order of
    values [M].

    Raises:
        ServiceError: the first band is not of integers, too many pixels, or the reducer does not
            fit the other bands.
    """
    if geometry_type not in _GEOMETRIES:
        raise ServiceError(
            f"Unknown geometry type '{geometry_type}'; there are {', '.join(_GEOMETRIES)}."
        )
    area = area_of(image, region)
    lattice = lattice_for(image, crs, transform, scale)
    grid = grid_within(lattice, area, max_pixels, best_effort=best_effort)
    label, *others = image.bands
    if not label.type.is_int:
        raise ServiceError(f"The labels must be integers, band '{label.id}' is of another type.")
    session.limits.check_working_pixels(grid.width * grid.height * len(image.bands))
    planes = Reader(image.bands, session.deadline).read(image.bands, grid)
    shown = centers_inside(area, grid)
    if planes[0].mask is not None:
        shown &= valid(planes[0].mask)
    segments = _segments(session, planes[0].values, shown, eight_connected=eight_connected)
    used = SIMPLE["countEvery"] if reducer is None else reducer
    names = [band.id for band in others] if others else [label.id]
    tables = _tables(used, names, planes[1:] or planes, segments, session)
    found = []
    for number, shape in enumerate(_shapes(segments, grid), start=1):
        session.deadline.check()
        place = Geometry(_GEOMETRIES[geometry_type](shape), grid.crs, geodesic=False)
        if not native:
            place = Geometry(place.shape_in(WGS84.crs), WGS84.crs, geodesic=False)
        first, properties = tables[number - 1]
        value = planes[0].values.ravel()[first].item()
        found.append(Feature(place, {label_property: value, **properties}))
    return Collection.of(found)


def _segments(
    session: Session, values: NDArray[Any], shown: NDArray[np.bool_], *, eight_connected: bool
) -> NDArray[np.int32]:
    """Numbers from 1, the same for pixels of one region, by values; 0 for none."""
    segments = np.zeros(values.shape, np.int32)
    structure = np.ones((3, 3)) if eight_connected else None
    last = 0
    for value in np.unique(values[shown]):
        session.deadline.check()
        chosen = shown & (values == value)
        numbers, count = ndimage.label(chosen, structure)
        segments[chosen] = numbers[chosen] + last
        last += count
    return segments


def _shapes(segments: NDArray[np.int32], grid: Grid) -> list[BaseGeometry]:
    """The outline of each segment, in coordinates of the grid."""
    parts: dict[int, list[BaseGeometry]] = {}
    for outline, number in outlines(segments, Affine(*grid.transform)):
        parts.setdefault(number, []).append(outline)
    return [
        found[0] if len(found) == 1 else shapely.union_all(found)
        for _, found in sorted(parts.items())
    ]


def _tables(
    reducer: Reducer,
    names: Sequence[str],
    planes: Sequence[Plane],
    segments: NDArray[np.int32],
    session: Session,
) -> list[tuple[int, dict[str, Any]]]:
    """Of each segment the place of its first pixel, and the reducer's outputs.

    Raises:
        ServiceError: the reducer has neither one input nor one for each band.
    """
    if reducer.inputs not in (1, len(planes)):
        raise ServiceError(
            f"The reducer has {reducer.inputs} inputs, but there are {len(planes)} bands to reduce."
        )
    order = np.argsort(segments, axis=None, kind="stable")
    starts = np.searchsorted(segments.ravel()[order], np.arange(1, segments.max() + 2))
    columns = []
    for plane in planes:
        values = plane.values.ravel()[order].tolist()
        if plane.mask is not None:
            ok = valid(plane.mask).ravel()[order].tolist()
            values = [value if here else None for value, here in zip(values, ok, strict=True)]
        columns.append(values)
    together = reducer.inputs == len(planes)
    groups = [columns] if together else [[column] for column in columns]
    tables = []
    for start, stop in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        session.deadline.check()
        properties: dict[str, Any] = {}
        for name, group in zip(names, groups, strict=False):
            rows = list(zip(*(column[start:stop] for column in group), strict=True))
            for output, value in reducer.table(rows).items():
                properties[output if together else f"{name}_{output}"] = value
        kept = {key: value for key, value in properties.items() if value is not None}
        tables.append((int(order[start]), kept))
    return tables
