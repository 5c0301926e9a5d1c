"""Patches of pixels that touch and are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from .neighborhood import shown
from .node import Plane

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid

# More columns than a lattice has on either side of its origin; numbers stay exact in a double.
_COLUMNS = 2**26


def patch_sizes(most: int, *, diagonal: bool) -> Callable[[Sequence[Plane], Grid], Plane]:
    """How many pixels each one's patch has, up to a number; of planes padded by as many pixels."""

    def run(planes: Sequence[Plane], grid: Grid) -> Plane:
        values, ok = planes[0].values, shown(planes[0])
        ways = [(0, 1), (1, 0), *([(1, 1), (1, -1)] if diagonal else [])]
        labels = components(values, ok, ways)
        sizes = np.bincount(labels)[labels].reshape(values.shape)
        middle = (slice(most, most + grid.height), slice(most, most + grid.width))
        return Plane(np.minimum(sizes[middle], most).astype(np.int32), ok[middle])

    return run


def patch_labels(
    most: int, ways: Sequence[tuple[int, int]]
) -> Callable[[Sequence[Plane], Grid], Plane]:
    """A number for each patch, the same whatever part of it a grid shows.

    It is made of the row and the column, counted from the origin of the CRS, of the patch's first
    pixel. Patches of more than `most` pixels are masked.

    Args:
        most: greatest size; planes are padded by as many pixels.
        ways: steps `(row, column)`, of one pixel at most, that lead to a neighbour.
    """

    def run(planes: Sequence[Plane], grid: Grid) -> Plane:
        values, ok = planes[0].values, shown(planes[0])
        labels = components(values, ok, ways)
        _, starts, sizes = np.unique(labels, return_index=True, return_counts=True)
        a, b, c, d, e, f = grid.transform
        left, top = np.floor(np.linalg.solve([[a, b], [d, e]], [c, f]) + 0.25).astype(np.int64)
        rows, columns = np.divmod(starts, values.shape[1])
        numbers = (rows + top - most) * _COLUMNS + columns + left - most
        middle = (slice(most, most + grid.height), slice(most, most + grid.width))
        small = (sizes <= most)[labels].reshape(values.shape)
        return Plane(numbers[labels].reshape(values.shape)[middle], (ok & small)[middle])

    return run


def components(
    values: NDArray[Any], ok: NDArray[np.bool_], ways: Sequence[tuple[int, int]]
) -> NDArray[Any]:
    """Which patch each pixel, row by row, is of; a masked one is a patch of its own."""
    place = np.arange(values.size).reshape(values.shape)
    links = [_links(values, ok, place, row, column) for row, column in ways]
    one, other = (np.concatenate([pair[i] for pair in links]) for i in range(2))
    graph = sparse.coo_array(
        (np.ones(one.size, np.bool_), (one, other)), shape=(values.size, values.size)
    )
    labels: NDArray[Any] = sparse.csgraph.connected_components(graph, directed=False)[1]
    return labels


def _links(
    values: NDArray[Any], ok: NDArray[np.bool_], place: NDArray[Any], row: int, column: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Pairs of equal, valid pixels that lie one step apart."""
    height, width = values.shape
    right, left = max(column, 0), max(-column, 0)
    here = (slice(0, height - row), slice(left, width - right))
    there = (slice(row, height), slice(right, width - left))
    alike = (values[here] == values[there]) & ok[here] & ok[there]
    return place[here][alike], place[there][alike]
