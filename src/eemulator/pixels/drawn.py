"""Pictures of features: polygons, lines and markers, as opaque as their colours say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely

from ..catalog.model import Grid
from ..values.rings import areal
from .burn import burned, placed
from .node import Leaf, Plane

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from ..limits import Deadline
    from ..values.geometry import Geometry
    from .locate import Locator

    Floats = NDArray[np.float64]
    Shade = tuple[int, int, int, float]
    Box = tuple[float, float, float, float]
    Window = tuple[int, int, int, int]

# Each pixel is drawn as so many by so many, and these are averaged: edges are smooth.
_FINE = 4


def _regular(corners: int, turn: float, inner: float = 1.0) -> Floats:
    """Corners on a circle of radius 1, with others between them on a smaller one for stars."""
    count = corners if inner == 1.0 else 2 * corners
    angles = np.radians(turn - 90) + 2 * np.pi * np.arange(count) / count
    radii = np.where(np.arange(count) % 2 == 0, 1.0, inner) if inner != 1.0 else 1.0
    return np.column_stack([radii * np.cos(angles), radii * np.sin(angles)])


_PENTAGRAM = _regular(5, 0, math.sin(math.pi / 10) / math.sin(3 * math.pi / 10))
_HEXAGRAM = _regular(6, 0, 1 / math.sqrt(3))
MARKERS: dict[str, Floats] = {
    "circle": _regular(64, 0),
    "square": np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]]),
    "diamond": _regular(4, 0),
    "cross": _regular(4, 45),
    "plus": _regular(4, 0),
    "pentagram": _PENTAGRAM,
    "star5": _PENTAGRAM,
    "hexagram": _HEXAGRAM,
    "star6": _HEXAGRAM,
    "triangle": _regular(3, 0),
    "triangle_up": _regular(3, 0),
    "triangle_down": _regular(3, 180),
    "triangle_left": _regular(3, 270),
    "triangle_right": _regular(3, 90),
    "pentagon": _regular(5, 0),
    "hexagon": _regular(6, 0),
}
"""Corners of markers around a point, rows down; the two lines of `cross` and `plus` end in them."""

DASHES: dict[str, tuple[float, float] | None] = {
    "solid": None,
    "dotted": (1, 1),
    "dashed": (4, 2),
}
"""How long dashes and gaps are, in widths of the line; the service's are not known [I]."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a feature is drawn; sizes in pixels.

    Attributes:
        color: of lines and outlines.
        fill: of polygons and markers.
        width: of lines and outlines.
        size: from the middle of a marker to its edge.
        marker: of `MARKERS`.
        line: of `DASHES`.
    """

    color: Shade
    fill: Shade
    width: float
    size: float
    marker: str
    line: str


class Drawn(Leaf):
    """Red, green and blue of a picture; the mask is how opaque it is.

    Args:
        features: places and styles, the last on top.
        deadline: when to give up.
    """

    def __init__(self, features: Sequence[tuple[Geometry, Style]], deadline: Deadline) -> None:
        self._features = features
        self._deadline = deadline

    def planes(
        self,
        indices: Sequence[int],
        grid: Grid,
        locator: Locator,  # noqa: ARG002
    ) -> list[Plane]:
        """The picture on a grid, at its pixel size."""
        canvas = _Canvas(grid)
        for area, style in self._features:
            self._deadline.check()
            shape = areal(area.shape_in(grid.crs))
            if shape.is_empty or not np.isfinite(shape.bounds).all():
                continue
            for part in shapely.get_parts(shapely.get_parts(placed(shape, grid))):
                canvas.draw(part, style)
        colors, opacity = canvas.done()
        mask = opacity.astype(np.float32)
        return [Plane(colors[..., index], mask) for index in indices]


class _Canvas:
    """A picture that grows feature by feature; coordinates are columns and rows."""

    def __init__(self, grid: Grid) -> None:
        self._crs, self._width, self._height = grid.crs, grid.width, grid.height
        # Colours times opacity.
        self._colors = np.zeros((grid.height, grid.width, 3))
        self._opacity = np.zeros((grid.height, grid.width))

    def done(self) -> tuple[NDArray[np.uint8], Floats]:
        """Colours and opacity."""
        share = self._opacity[..., np.newaxis]
        colors = np.divide(self._colors, share, out=np.zeros_like(self._colors), where=share > 0)
        return np.floor(colors + 0.5).clip(0, 255).astype(np.uint8), self._opacity

    def draw(self, part: BaseGeometry, style: Style) -> None:
        """One point, line or polygon."""
        margin = style.width + 2
        if part.geom_type == "Point":
            margin += style.size
        visible = (-margin, -margin, self._width + margin, self._height + margin)
        west, north, east, south = part.bounds
        if west > visible[2] or north > visible[3] or east < visible[0] or south < visible[1]:
            return
        place = (
            max(math.floor(west - margin), 0),
            max(math.floor(north - margin), 0),
            min(math.ceil(east + margin), self._width),
            min(math.ceil(south + margin), self._height),
        )
        if part.geom_type == "Point":
            self._marker(place, part, style)
            return
        lines = [part]
        if part.geom_type == "Polygon":
            self._lay(place, shapely.clip_by_rect(part, *visible), style.fill)
            lines = list(shapely.get_rings(part))
        corners = [shapely.get_coordinates(line) for line in lines]
        self._lay(place, _stroke(corners, style, visible), style.color)

    def _marker(self, place: Window, point: BaseGeometry, style: Style) -> None:
        center = shapely.get_coordinates(point)[0]
        corners = MARKERS[style.marker]
        if style.marker in ("cross", "plus"):
            ends = center + style.size * corners
            outlines = [ends[i::2] for i in range(2)]
        else:
            ring = center + style.size * np.concatenate([corners, corners[:1]])
            self._lay(place, shapely.Polygon(ring), style.fill)
            outlines = [ring]
        self._lay(place, _stroke(outlines, style, None), style.color)

    def _lay(self, place: Window, shape: BaseGeometry, shade: Shade) -> None:
        """Put a shape over what is there."""
        left, top, right, bottom = place
        if shape.is_empty or right <= left or bottom <= top:
            return
        height, width = (bottom - top) * _FINE, (right - left) * _FINE
        transform = (1 / _FINE, 0.0, left, 0.0, 1 / _FINE, top)
        found = burned(shape, Grid(self._crs, transform, width, height))
        if found is None:
            return
        fine = np.zeros((height, width), np.bool_)
        fine[found.window] = found.inside
        over = fine.reshape(bottom - top, _FINE, right - left, _FINE).mean((1, 3)) * shade[3]
        rest = 1 - over
        colors = self._colors[top:bottom, left:right]
        colors *= rest[..., np.newaxis]
        colors += over[..., np.newaxis] * np.array(shade[:3], np.float64)
        opacity = self._opacity[top:bottom, left:right]
        opacity *= rest
        opacity += over


def _stroke(lines: Sequence[Floats], style: Style, visible: Box | None) -> BaseGeometry:
    """What lines of a width and a pattern cover."""
    dashes = DASHES[style.line]
    if not style.width > 0:
        return shapely.Polygon()
    if dashes is None:
        whole = shapely.MultiLineString(list(lines))
        seen = whole if visible is None else shapely.clip_by_rect(whole, *visible)
        return seen.buffer(style.width / 2, quad_segs=8)
    pattern = (dashes[0] * style.width, dashes[1] * style.width)
    pieces = [piece for line in lines for piece in _pieces(line, pattern, visible)]
    return shapely.MultiLineString(pieces).buffer(style.width / 2, cap_style="flat")


def _pieces(corners: Floats, pattern: tuple[float, float], visible: Box | None) -> Iterator[Floats]:
    """The dashes of a line, as far as they can be seen."""
    done, period = 0.0, pattern[0] + pattern[1]
    for start, end in pairwise(corners):
        length = float(np.hypot(*(end - start)))
        seen = _range(start, end, length, visible)
        if seen is not None and length > 0:
            step = (end - start) / length
            first, last = ((done + at) // period for at in seen)
            for k in range(int(first), int(last) + 1):
                begin = max(k * period - done, seen[0])
                stop = min(k * period + pattern[0] - done, seen[1])
                if stop > begin:
                    yield np.stack([start + begin * step, start + stop * step])
        done += length


def _range(
    start: Floats, end: Floats, length: float, visible: Box | None
) -> tuple[float, float] | None:
    """From where to where a piece can be seen, counted from its start."""
    if visible is None:
        return 0.0, length
    cut = shapely.get_coordinates(shapely.clip_by_rect(shapely.LineString([start, end]), *visible))
    if len(cut) < 2:
        return None
    ends = sorted(float(np.hypot(*(corner - start))) for corner in (cut[0], cut[-1]))
    return ends[0], ends[1]
