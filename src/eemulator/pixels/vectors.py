"""Pixels made of features: what lies in each, and how far away the next one is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.spatial import cKDTree

from ..values.rings import areal
from .burn import burned
from .node import Leaf, Plane
from .relief import lonlat

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from ..catalog.model import Grid
    from ..limits import Deadline
    from ..values.geometry import Geometry
    from .locate import Locator

    Floats = NDArray[np.float64]
    Statistic = Callable[[NDArray[Any], NDArray[np.bool_]], tuple[NDArray[Any], Any]]

SPHERE = 6_371_008.7714
"""The radius of the sphere on which distances are counted: the mean one of WGS 84 [I]."""


class Gathered(Leaf):
    """Statistics of the features in each pixel.

    A polygon is in the pixels whose centre it covers; a line or a point in those that it touches.
    A pixel without a feature is masked [M].

    Args:
        areas: of the features.
        rows: `(features, inputs)`, the statistics' inputs.
        outputs: the statistic and the dtype of each output.
        deadline: when to give up.
    """

    def __init__(
        self,
        areas: Sequence[Geometry],
        rows: Floats,
        outputs: Sequence[tuple[Statistic, np.dtype[Any]]],
        deadline: Deadline,
    ) -> None:
        self._areas = areas
        self._rows = rows
        self._outputs = outputs
        self._deadline = deadline

    def planes(
        self,
        indices: Sequence[int],
        grid: Grid,
        locator: Locator,  # noqa: ARG002
    ) -> list[Plane]:
        """Reduce pixels together that have as many features as each other."""
        pixels, members = self._pairs(grid)
        order = np.argsort(pixels, kind="stable")
        pixels, members = pixels[order], members[order]
        places, starts, counts = np.unique(pixels, return_index=True, return_counts=True)
        size = grid.height * grid.width
        made: list[Plane] = []
        for index in indices:
            statistic, dtype = self._outputs[index]
            values = np.zeros((size, *self._shape(statistic)), dtype)
            shown = np.zeros(size, np.bool_)
            for count in np.unique(counts):
                self._deadline.check()
                chosen = np.nonzero(counts == count)[0]
                stack = members[starts[chosen] + np.arange(count)[:, np.newaxis]]
                found, ok = self._reduced(statistic, stack)
                values[places[chosen]] = found
                shown[places[chosen]] = ok
            shape = (grid.height, grid.width)
            made.append(Plane(values.reshape(*shape, *values.shape[1:]), shown.reshape(shape)))
        return made

    def _shape(self, statistic: Statistic) -> tuple[int, ...]:
        """The lengths of an output's axes; none of a number."""
        stack = np.zeros((self._rows.shape[1], 1))
        return statistic(stack, np.zeros(stack.shape, np.bool_))[0].shape[1:]

    def _reduced(
        self, statistic: Statistic, members: NDArray[np.int64]
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """A statistic of the features `(n, pixels)` of some pixels."""
        # Inputs of one feature lie one after the other.
        stack = np.moveaxis(self._rows[members], 2, 1).reshape(-1, members.shape[1])
        with np.errstate(all="ignore"):
            values, known = statistic(stack, np.ones(stack.shape, np.bool_))
        return values, np.broadcast_to(known, (members.shape[1],))

    def _pairs(self, grid: Grid) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which pixels hold which features."""
        pixels, members = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for number, area in enumerate(self._areas):
            self._deadline.check()
            found = _covered(areal(area.shape_in(grid.crs)), grid)
            pixels.append(found)
            members.append(np.full(len(found), number, np.int64))
        return np.concatenate(pixels), np.concatenate(members)


def _covered(shape: BaseGeometry, grid: Grid) -> NDArray[np.int64]:
    """The numbers of the pixels that a shape is in, row by row."""
    found = burned(shape, grid)
    if found is None:
        return np.empty(0, np.int64)
    rows, columns = np.nonzero(found.inside)
    top, left = (part.start for part in found.window)
    numbers: NDArray[np.int64] = (rows + top) * grid.width + columns + left
    return numbers


class Distances(Leaf):
    """One output: metres on a sphere to the next point, line or edge; masked beyond a radius.

    Args:
        shapes: in longitude and latitude, edges being arcs of great circles.
        radius: metres.
        deadline: when to give up.
    """

    def __init__(self, shapes: Sequence[BaseGeometry], radius: float, deadline: Deadline) -> None:
        self._radius = radius
        self._deadline = deadline
        points, arcs = [np.empty((0, 2))], [np.empty((0, 2, 2))]
        for part in shapely.get_parts(shapely.get_parts(np.array(shapes, dtype=object))):
            lines = shapely.get_rings(part) if part.geom_type == "Polygon" else [part]
            for line in lines:
                corners = shapely.get_coordinates(line)
                points.append(corners)
                arcs.append(np.stack([corners[:-1], corners[1:]], 1))
        corners = unit_vectors(*np.concatenate(points).T)
        self._corners = cKDTree(corners) if len(corners) else None
        ends = np.concatenate(arcs)
        self._starts, self._ends = (unit_vectors(*ends[:, i].T) for i in range(2))

    def planes(
        self,
        indices: Sequence[int],
        grid: Grid,
        locator: Locator,  # noqa: ARG002
    ) -> list[Plane]:
        """Distances from the centres."""
        shape = (grid.height, grid.width)
        longitude, latitude = (np.broadcast_to(part, shape).ravel() for part in lonlat(grid))
        finite = np.isfinite(longitude) & np.isfinite(latitude)
        centres = unit_vectors(np.where(finite, longitude, 0), np.where(finite, latitude, 0))
        found = np.full(len(centres), np.inf)
        if self._corners is not None:
            chords, _ = self._corners.query(centres)
            found = 2 * np.arcsin(np.minimum(chords / 2, 1))
            self._along_arcs(centres, found)
        metres = (found * SPHERE).reshape(shape)
        mask = finite.reshape(shape) & (metres <= self._radius)
        return [Plane(np.where(mask, metres, 0.0), mask)] * len(indices)

    def _along_arcs(self, centres: Floats, found: Floats) -> None:
        """Put the distances to the arcs where they are less than those to their ends."""
        reach = 2 * np.sin(min(self._radius / SPHERE, np.pi) / 2)
        pixels = cKDTree(centres)
        for start, end in zip(self._starts, self._ends, strict=True):
            self._deadline.check()
            pole = np.cross(start, end)
            length = float(np.linalg.norm(pole))
            if length < 1e-15:
                continue
            # Pixels farther from the middle than its ends are by more than the radius cannot count.
            middle = start + end
            middle /= max(float(np.linalg.norm(middle)), 1e-300)
            near = pixels.query_ball_point(middle, reach + float(np.linalg.norm(middle - start)))
            pole /= length
            chosen = centres[near]
            beside = (chosen @ np.cross(pole, start) >= 0) & (chosen @ np.cross(end, pole) >= 0)
            across = np.arcsin(np.minimum(np.abs(chosen @ pole), 1))
            found[near] = np.where(beside, np.minimum(found[near], across), found[near])


def unit_vectors(longitude: Floats, latitude: Floats) -> Floats:
    """Points on a sphere of radius 1: `(n, 3)`."""
    east, north = np.radians(longitude), np.radians(latitude)
    return np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], -1)
