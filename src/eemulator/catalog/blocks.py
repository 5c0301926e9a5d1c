"""Node fields worked out a block at a time, and the last blocks kept.

Neighbouring windows, and the same window on other dates, need the same nodes. Keeping them only
saves time: a node's value depends on its own position, not on when or with what it was computed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from eemulator.catalog.noise import Floats, Ints

Key = TypeVar("Key")

_BITS = 6
SIDE = 1 << _BITS
"""Nodes along the side of a block."""

_WORTH = 4

# Windows of few nodes that are kept: the same one is asked for on many dates.
_FEW = 64


class Blocks(Generic[Key]):
    """Several fields at the nodes of one lattice, for each of several keys.

    Args:
        compute: given a key and the indices of nodes (`(1, n)` and `(m, 1)`, or both of one
            shape), the fields there: `(fields, m, n)`.
        keep: how many blocks to remember; each takes `fields * 16` KB, as does each of the last
            `_FEW` windows of few nodes.
    """

    def __init__(self, compute: Callable[[Key, Ints, Ints], Floats], keep: int) -> None:
        def block(key: Key, column: int, row: int) -> Floats:
            i = np.arange(column * SIDE, (column + 1) * SIDE)[None, :]
            j = np.arange(row * SIDE, (row + 1) * SIDE)[:, None]
            return compute(key, i, j)

        self._compute = compute
        self._block = lru_cache(maxsize=keep)(block)
        self._few = lru_cache(maxsize=_FEW)(self._worked_out)

    def at(self, key: Key, i: Ints, j: Ints, *, dense: bool = False) -> Floats:
        """The fields at some nodes.

        Args:
            key: which fields.
            i: node indices along x: `(1, n)` ascending, or of the full shape.
            j: along y: `(m, 1)` ascending, or of the full shape.
            dense: whether the nodes around these will be asked for, too.

        Returns:
            `(fields, *shape)`, the shape being what `i` and `j` broadcast to.
        """
        if i.ndim == 2 and i.shape[0] == 1 and j.shape[1] == 1:
            blocks = np.unique(i >> _BITS).size * np.unique(j >> _BITS).size
            if not dense and _far_apart(i.size * j.size, blocks):
                return self._directly(key, i, j)
            return self._lattice(key, i[0], j[:, 0])
        i, j = np.broadcast_arrays(i, j)
        # Points near each other share nodes: each is worked out once.
        _, first, again = np.unique((j << 32) + i, return_index=True, return_inverse=True)
        flat_i, flat_j = i.reshape(-1)[first], j.reshape(-1)[first]
        blocks = np.unique(((flat_j >> _BITS) << 32) + (flat_i >> _BITS)).size
        if not dense and _far_apart(first.size, blocks):
            fields = self._directly(key, flat_i[None, :], flat_j[None, :])[:, 0]
        else:
            fields = self._scattered(key, flat_i, flat_j)
        return fields[:, again.reshape(i.shape)]

    def _directly(self, key: Key, i: Ints, j: Ints) -> Floats:
        """The fields at nodes of which most blocks have few."""
        if np.broadcast(i, j).size > SIDE * SIDE:
            return self._compute(key, i, j)
        return self._few(key, i.tobytes(), j.tobytes(), i.shape, j.shape)

    def _worked_out(
        self, key: Key, i: bytes, j: bytes, shape_i: tuple[int, ...], shape_j: tuple[int, ...]
    ) -> Floats:
        fields = self._compute(
            key,
            np.frombuffer(i, np.int64).reshape(shape_i),
            np.frombuffer(j, np.int64).reshape(shape_j),
        )
        fields.setflags(write=False)
        return fields

    def _lattice(self, key: Key, i: Ints, j: Ints) -> Floats:
        strips = [
            np.concatenate(
                [
                    self._block(key, column, row)[:, rows[:, None], columns[None, :]]
                    for column, columns in _by_block(i)
                ],
                axis=2,
            )
            for row, rows in _by_block(j)
        ]
        return np.concatenate(strips, axis=1)

    def _scattered(self, key: Key, i: Ints, j: Ints) -> Floats:
        flat_i, flat_j = i.ravel(), j.ravel()
        columns, rows = flat_i >> _BITS, flat_j >> _BITS
        west, width = int(columns.min()), int(columns.max() - columns.min()) + 1
        number = (rows - rows.min()) * width + (columns - west)
        order = np.argsort(number, kind="stable")
        starts = np.flatnonzero(np.diff(number[order], prepend=-1))
        out: Floats | None = None
        for members in np.split(order, starts[1:]):
            first = members[0]
            block = self._block(key, int(columns[first]), int(rows[first]))
            values = block[:, flat_j[members] & (SIDE - 1), flat_i[members] & (SIDE - 1)]
            if out is None:
                out = np.empty((len(block), i.size), np.float32)
            out[:, members] = values
        if out is None:
            raise ValueError("no nodes were asked for")
        return out.reshape(-1, *i.shape)


def _far_apart(nodes: int, blocks: int) -> bool:
    """Whether so few nodes of each block are asked for that the others are not worth it."""
    return nodes * _WORTH < blocks * SIDE * SIDE


def _by_block(index: Ints) -> list[tuple[int, Ints]]:
    """Ascending indices, cut where a block ends: its number, and positions within it."""
    number = index >> _BITS
    cuts = np.flatnonzero(np.diff(number)) + 1
    return [(int(part[0]) >> _BITS, part & (SIDE - 1)) for part in np.split(index, cuts)]
