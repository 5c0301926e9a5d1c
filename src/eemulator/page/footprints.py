"""Footprints as SVG paths: longitude to the right, latitude up, both at one scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely
from shapely.geometry import MultiPolygon, Polygon

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapely.geometry.base import BaseGeometry

    from ..catalog.model import ImageAsset

_SIDE = 420
_MARGIN = 20


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the picture, in its pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class FootprintMap:
    """A picture of footprints.

    Attributes:
        width: in pixels, margins included.
        height: in pixels, margins included.
        box: where the bounds are.
        paths: the `d` of an SVG path for each footprint.
        west: bounds of all footprints, in degrees.
        south: see `west`.
        east: see `west`.
        north: see `west`.
    """

    width: int
    height: int
    box: Box
    paths: tuple[str, ...]
    west: float
    south: float
    east: float
    north: float


def footprint_map(images: Sequence[ImageAsset]) -> FootprintMap | None:
    """The footprints of images; None where no image has one with an area."""
    footprints = [image.footprint for image in images if image.footprint is not None]
    bounds = shapely.total_bounds(footprints) if footprints else ()
    if not len(bounds):
        return None
    west, south, east, north = (float(value) for value in bounds)
    if not (east > west and north > south):
        return None
    scale = _SIDE / max(east - west, north - south)
    box = Box(_MARGIN, _MARGIN, (east - west) * scale, (north - south) * scale)

    def place(x: float, y: float) -> str:
        return f"{_MARGIN + (x - west) * scale:.1f} {_MARGIN + (north - y) * scale:.1f}"

    paths = tuple(
        "".join(
            "M" + "L".join(place(x, y) for x, y, *_ in ring.coords) + "Z"
            for polygon in _polygons(footprint)
            for ring in (polygon.exterior, *polygon.interiors)
        )
        for footprint in footprints
    )
    width, height = round(box.width + 2 * _MARGIN), round(box.height + 2 * _MARGIN)
    edges = (round(value, 4) for value in (west, south, east, north))
    return FootprintMap(width, height, box, paths, *edges)


def _polygons(geometry: BaseGeometry) -> Iterable[Polygon]:
    if isinstance(geometry, Polygon):
        return [geometry]
    return geometry.geoms if isinstance(geometry, MultiPolygon) else []
