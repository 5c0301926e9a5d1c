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


def patch_sizes(most: int, *, diagonal: bool) -> Callable[[Sequence[Plane], Grid], Plane]:
    """How many pixels each one's patch has, up to a number; of planes padded by as many pixels."""

    def run(planes: Sequence[Plane], grid: Grid) -> Plane:
        values, ok = planes[0].values, shown(planes[0])
        height, width = values.shape
        place = np.arange(values.size).reshape(values.shape)
        ways = [(0, 1), (1, 0), *([(1, 1), (1, -1)] if diagonal else [])]
        links = [_links(values, ok, place, row, column) for row, column in ways]
        one, other = (np.concatenate([pair[i] for pair in links]) for i in range(2))
        graph = sparse.coo_array(
            (np.ones(one.size, np.bool_), (one, other)), shape=(values.size, values.size)
        )
        _, labels = sparse.csgraph.connected_components(graph, directed=False)
        sizes = np.bincount(labels)[labels].reshape(height, width)
        middle = (slice(most, most + grid.height), slice(most, most + grid.width))
        return Plane(np.minimum(sizes[middle], most).astype(np.int32), ok[middle])

    return run


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
