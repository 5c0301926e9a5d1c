"""One of two planes at each pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .node import Plane


def overlaid(
    chosen: NDArray[np.bool_], yes: Plane, no: Plane, dtype: np.dtype[Any]
) -> tuple[NDArray[Any], NDArray[np.int64] | None]:
    """The values, and the lengths, of the first plane where it is chosen, else of the second.

    Args:
        chosen: `(height, width)`.
        yes: pixels of as many dimensions as those of `no`.
        no: the other plane.
        dtype: of the result.
    """
    one, other = (plane.values.astype(dtype, copy=False) for plane in (yes, no))
    if one.ndim == 2:
        return np.where(chosen, one, other), None
    shape = tuple(map(max, one.shape, other.shape))
    there = chosen.reshape(*chosen.shape, *[1] * (one.ndim - 2))
    values = np.where(there, _grown(one, shape), _grown(other, shape))
    if one.shape == other.shape and yes.lengths is None and no.lengths is None:
        return values, None
    lengths = np.where(chosen[..., np.newaxis], _lengths(yes), _lengths(no))
    return values, lengths


def _grown(values: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    more = [(0, wanted - size) for size, wanted in zip(values.shape, shape, strict=True)]
    return np.pad(values, more) if any(extra for _, extra in more) else values


def _lengths(plane: Plane) -> NDArray[np.int64]:
    if plane.lengths is not None:
        return plane.lengths
    size = plane.values.shape
    return np.broadcast_to(np.array(size[2:], np.int64), (*size[:2], len(size) - 2))
