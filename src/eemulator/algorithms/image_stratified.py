"""Samples of as many pixels of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.clip import centers_inside
from ..pixels.default_grid import bounded_grid
from ..pixels.node import valid
from .image_region import area_of, lattice_for
from .image_sample import planes_of, sample_of, sampled

if TYPE_CHECKING:
    from ..expression.evaluate import Session
    from ..values.collection import Collection
    from ..values.geometry import Geometry
    from ..values.image import Image
    from ..values.projection import Projection


@algorithm("Image.stratifiedSample", session=True, ignores=["tileScale"])
def stratified_sample(
    session: Session,
    image: Image,
    number: int,
    class_band: str | None,
    region: Geometry | None,
    scale: float | None,
    crs: Projection | None,
    seed: int,
    class_values: list[int] | None,
    class_points: list[int] | None,
    drop_nulls: bool,
    geometries: bool,
) -> Collection:
    """Features of as many pixels of each class, or of all where a class has fewer [S].

    Which pixels these are is the emulator's own choice, the same for the same seed.

    Raises:
        ServiceError: the classes are no integers, too many pixels, or values and numbers of points
            do not pair.
    """
    values, points = class_values or [], class_points or []
    if len(values) != len(points):
        raise ServiceError("classValues and classPoints must have the same size.")
    if min([number, *points]) < 0:
        raise ServiceError("The number of points must not be negative.")
    area = area_of(image, region)
    grid = bounded_grid(lattice_for(image, crs, None, scale), area)
    label = image.bands[0] if class_band is None else image.named([class_band])[0]
    if not label.type.is_int:
        raise ServiceError(f"The classes must be integers, band '{label.id}' is of another type.")
    planes = planes_of(session, (label, *image.bands), grid)
    chosen = centers_inside(area, grid)
    for plane in planes if drop_nulls else planes[:1]:
        if plane.mask is not None:
            chosen &= valid(plane.mask)
    wanted = dict(zip(values, points, strict=True))
    generator = np.random.default_rng(seed % 2**63)
    kept = np.zeros(chosen.shape, np.bool_)
    for value in np.unique(planes[0].values[chosen]).tolist():
        session.deadline.check()
        places = np.flatnonzero(chosen & (planes[0].values == value))
        some = generator.choice(places, min(wanted.get(value, number), places.size), replace=False)
        kept.ravel()[some] = True
    found = sampled(session, image, grid, kept, drop_nulls=drop_nulls, geometries=geometries)
    return sample_of(image, found)
