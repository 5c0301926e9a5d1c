"""A dataset as it is declared, and the asset that it becomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from eemulator.catalog import sinusoidal
from eemulator.catalog.model import Band, CollectionAsset, Grid, ImageAsset
from eemulator.catalog.outlines import WHOLE_EARTH
from eemulator.catalog.published.calendars import millis
from eemulator.catalog.published.dated import dated_images
from eemulator.catalog.published.layers import Formula, Layer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from eemulator.catalog.published.calendars import Calendar


def degrees(
    pixel: float, width: int, height: int, west: float = -180.0, north: float = 90.0
) -> Grid:
    """A lattice in longitude and latitude, from its upper left corner."""
    return Grid("EPSG:4326", (pixel, 0.0, west, 0.0, -pixel, north), width, height)


def _nothing(_: datetime) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Dataset:
    """An image or a collection of images that share bands and lattice.

    Attributes:
        ids: asset ids; of several, all show the same.
        grid: of the bands that have none of their own.
        layers: the bands, in order.
        calendar: when the images begin; None for one image that is no collection's.
        properties: of each image, beside index and times.
        of_time: those that follow from when an image begins.
        times: start and end of an image that is no collection's.
        footprint: where there is data, if that is not the lattice's rectangle.
    """

    ids: tuple[str, ...]
    grid: Grid
    layers: tuple[Layer, ...]
    calendar: Calendar | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    of_time: Callable[[datetime], dict[str, Any]] = _nothing
    times: tuple[datetime, datetime] | None = None
    footprint: shapely.Polygon | None = None

    def assets(self) -> list[ImageAsset | CollectionAsset]:
        """One for each id."""
        if self.calendar is None:
            return [self._image(name) for name in self.ids]
        return [self._collection(name, self.calendar) for name in self.ids]

    def _collection(self, name: str, calendar: Calendar) -> CollectionAsset:
        def make(position: int) -> ImageAsset:
            start, end = calendar.start(position), calendar.end(position)
            return self._image(name, start.strftime(calendar.name), (start, end))

        return CollectionAsset(name, dated_images(calendar, make), {"type": "ImageCollection"})

    def _image(
        self, name: str, index: str | None = None, times: tuple[datetime, datetime] | None = None
    ) -> ImageAsset:
        times = times or self.times
        properties = {} if index is None else {"system:index": index}
        made: dict[str, Any] = {}
        if times is not None:
            made = {"system:time_start": millis(times[0]), "system:time_end": millis(times[1])}
            made |= self.of_time(times[0])
        pixels = Formula(self.grid, self.layers, made.get("system:time_start", 0))
        return ImageAsset(
            id=name if index is None else f"{name}/{index}",
            bands=self._bands,
            properties={**properties, **made, **self.properties},
            footprint=self._outline,
            sample=pixels,
            afar=lambda _: pixels,
        )

    @cached_property
    def _bands(self) -> tuple[Band, ...]:
        return tuple(
            Band(layer.id, np.dtype(layer.dtype), layer.grid or self.grid, layer.pyramiding)
            for layer in self.layers
        )

    @cached_property
    def _outline(self) -> shapely.Polygon:
        if self.footprint is not None:
            return self.footprint
        if self.grid.crs == sinusoidal.CRS:
            return WHOLE_EARTH
        a, _, left, _, e, top = self.grid.transform
        east, south = left + a * self.grid.width, top + e * self.grid.height
        return shapely.box(max(left, -180.0), max(south, -90.0), min(east, 180.0), min(top, 90.0))
