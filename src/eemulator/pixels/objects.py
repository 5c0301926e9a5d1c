"""Statistics of objects: pixels that touch and have one label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .neighborhood import shown
from .node import Plane
from .patches import components

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid
    from .composite import Statistic

_EIGHT = ((0, 1), (1, 0), (1, 1), (1, -1))


def of_objects(
    statistic: Statistic, dtype: np.dtype[Any], most: int
) -> Callable[[Sequence[Plane], Grid], Plane]:
    """A statistic of the valid pixels of each object, at all its pixels.

    Args:
        statistic: of a stack.
        dtype: of the result.
        most: columns and rows that an object may have; larger ones are masked. The planes, that of
            the labels first, are padded by as many pixels.
    """

    def run(planes: Sequence[Plane], grid: Grid) -> Plane:
        label, plane = planes
        ok = shown(label)
        found = np.zeros(ok.size, dtype)
        known = np.zeros(ok.size, np.bool_)
        values, valid = plane.values.reshape(-1), shown(plane).reshape(-1)
        for members in _alike(components(label.values, ok, _EIGHT), ok, most):
            # The pixels of an object along the first axis, objects along the second.
            result, there = statistic(
                values[members][:, :, np.newaxis], valid[members][:, :, np.newaxis]
            )
            found[members] = result[:, 0]
            known[members] = np.broadcast_to(there, result.shape)[:, 0]
        middle = (slice(most, most + grid.height), slice(most, most + grid.width))
        return Plane(found.reshape(ok.shape)[middle], known.reshape(ok.shape)[middle])

    return run


def _alike(labels: NDArray[Any], ok: NDArray[np.bool_], most: int) -> Iterator[NDArray[np.intp]]:
    """Places of the pixels of objects that are as large as one another: `(pixels, objects)`."""
    order = np.argsort(labels, kind="stable")
    order = order[ok.reshape(-1)[order]]
    if not order.size:
        return
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    sizes = np.diff(starts, append=order.size)
    rows, columns = np.divmod(order, ok.shape[1])
    small = np.ones(starts.size, np.bool_)
    for along in (rows, columns):
        reach = np.maximum.reduceat(along, starts) - np.minimum.reduceat(along, starts)
        small &= reach < most
    for size in np.unique(sizes[small]):
        first = starts[small & (sizes == size)]
        yield order[first[np.newaxis, :] + np.arange(size)[:, np.newaxis]]
