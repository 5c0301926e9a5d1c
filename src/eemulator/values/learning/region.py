"""Whether two numbers lie within a polygon."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import ServiceError
from .classifier import Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .classifier import Answers
    from .table import Rows

_MOST_CORNERS = 100_000


def spectral_region(rings: Sequence[Sequence[float]]) -> Model:
    """1 where an odd number of edges of all rings must be crossed to get outside, else 0 [S].

    Args:
        rings: each `[u1, v1, u2, v2, …]`; the last corner is joined with the first.

    Raises:
        ServiceError: a ring has less than three corners or half a one, or there are too many.
    """
    if not rings or any(len(ring) < 6 or len(ring) % 2 for ring in rings):
        raise ServiceError(
            "Each ring must be a list of at least three coordinate pairs: [u1, v1, u2, v2, …]."
        )
    if sum(map(len, rings)) > 2 * _MOST_CORNERS:
        raise ServiceError(f"The polygon may have at most {_MOST_CORNERS} corners.")
    edges: list[tuple[list[float], list[float]]] = []
    for ring in rings:
        corners = np.array(ring, np.float64).reshape(-1, 2)
        edges += zip(corners.tolist(), np.roll(corners, -1, axis=0).tolist(), strict=True)

    def inside(rows: Rows) -> Answers:
        u, v = rows[:, 0], rows[:, 1]
        odd = np.zeros(len(rows), np.bool_)
        with np.errstate(all="ignore"):
            for (u1, v1), (u2, v2) in edges:
                if v1 != v2:
                    odd ^= ((v1 > v) != (v2 > v)) & (u < u1 + (u2 - u1) * (v - v1) / (v2 - v1))
        return odd.astype(np.int64)

    return Model({"CLASSIFICATION": inside}, lambda: {"coordinates": [list(r) for r in rings]})
