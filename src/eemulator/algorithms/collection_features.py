"""Features made of numbers: arrays of their properties, and points at random places."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..limits import too_many_elements
from ..values.array import Array
from ..values.collection import Collection
from ..values.geometry import Feature, Geometry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from ..expression.evaluate import Session
    from ..values.element import Element

    Floats = NDArray[np.float64]

_MOST_ROUNDS = 10_000


@algorithm("FeatureCollection.makeArray")
def make_array(collection: Collection, properties: list[str], name: str) -> Collection:
    """An array of some properties as another one; a feature is left out if one is no number [S]."""

    def elements() -> Iterator[Element]:
        for element in collection:
            values = [element.get(each) for each in properties]
            if all(isinstance(value, (int, float)) for value in values):
                yield element.with_property(name, Array.of(np.array(values)))

    return collection.derived(elements)


@algorithm("FeatureCollection.randomPoints", session=True, ignores=["maxError"])
def random_points(session: Session, region: Geometry, count: int, seed: int) -> Collection:
    """Points spread evenly over a region of the sphere, the same for the same seed.

    Over its polygons; without any along its lines; without these among its points [S]. They are
    not the service's points.

    Raises:
        ServiceError: too many points, or the region is empty.
    """
    if count < 0:
        raise ServiceError(f"Parameter 'points' must not be negative, got {count}.")
    if count > session.limits.elements:
        raise too_many_elements(session.limits.elements)
    parts = shapely.get_parts(shapely.get_parts(region.lonlat))
    dimension = max((int(shapely.get_dimensions(part)) for part in parts), default=-1)
    chosen = [part for part in parts if shapely.get_dimensions(part) == dimension]
    if dimension < 0 or all(part.is_empty for part in chosen):
        raise ServiceError("The region is empty.")
    generator = np.random.default_rng(seed % 2**64)
    shape = shapely.union_all(chosen)
    if dimension == 2:
        places = _within(session, shape, count, generator)
    elif dimension == 1:
        places = _along(shape, count, generator)
    else:
        points = shapely.get_coordinates(chosen)
        places = points[generator.integers(0, len(points), count)]
    return Collection.of([Feature(Geometry(shapely.Point(place)), {}) for place in places])


def _within(
    session: Session, shape: BaseGeometry, count: int, generator: np.random.Generator
) -> Floats:
    """Points of the rectangle around a polygon, until so many lie in it: `(count, 2)`."""
    west, south, east, north = shape.bounds
    low, high = (math.sin(math.radians(latitude)) for latitude in (south, north))
    shapely.prepare(shape)
    found = [np.empty((0, 2))]
    missing = count
    for _ in range(_MOST_ROUNDS):
        if missing <= 0:
            return np.concatenate(found)[:count]
        session.deadline.check()
        size = max(2 * missing, 64)
        # Equal areas of a sphere lie between equal differences of the sine of the latitude.
        latitude = np.degrees(np.arcsin(generator.uniform(low, high, size)))
        points = np.column_stack([generator.uniform(west, east, size), latitude])
        kept = points[shapely.contains_xy(shape, points[:, 0], points[:, 1])]
        found.append(kept)
        missing -= len(kept)
    raise ServiceError("The region is too thin for its extent.")


def _along(shape: BaseGeometry, count: int, generator: np.random.Generator) -> Floats:
    """Points of lines, as many on each degree of a great circle: `(count, 2)`."""
    corners, which = shapely.get_coordinates(shapely.get_parts(shape), return_index=True)
    same = which[1:] == which[:-1]
    starts, ends = corners[:-1][same], corners[1:][same]
    longitude, latitude = (np.radians(ends - starts)[:, i] for i in range(2))
    middle = np.radians((starts + ends)[:, 1] / 2)
    lengths = np.hypot(longitude * np.cos(middle), latitude)
    total = lengths.cumsum()
    if not total.size or total[-1] == 0:
        points: Any = corners[generator.integers(0, len(corners), count)]
        return np.asarray(points, np.float64)
    position = generator.uniform(0, total[-1], count)
    at = np.searchsorted(total, position, "right").clip(0, len(total) - 1)
    part = (position - (total[at] - lengths[at])) / np.where(lengths[at] > 0, lengths[at], 1)
    return np.asarray(starts[at] + (ends[at] - starts[at]) * part[:, np.newaxis], np.float64)
