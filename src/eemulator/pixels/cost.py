"""The cheapest way to each pixel from the next source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..values.projection import meters_per_unit
from .relief import lonlat

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ..catalog.model import Grid

    Floats = NDArray[np.float64]
    Shown = NDArray[np.bool_]

# The service's sphere [S].
_RADIUS = 6_378_137.0
# Half of the eight neighbours, as (row, column); the others are these from the other end.
_STEPS = ((0, 1), (1, -1), (1, 0), (1, 1))


def _shifted(step: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where pixels are that have a neighbour a step further, and where these neighbours are."""
    down, across = step
    here = (slice(None, -down or None), slice(max(0, -across), -across if across > 0 else None))
    there = (slice(down, None), slice(max(0, across), across if across < 0 else None))
    return here, there


def step_lengths(grid: Grid, *, geodetic: bool) -> list[Floats]:
    """Metres from each pixel to its neighbour by each of the four steps.

    Args:
        grid: the pixels.
        geodetic: along a sphere; else in the plane of the CRS.
    """
    shape = (grid.height, grid.width)
    if geodetic:
        lon, lat = (np.radians(np.broadcast_to(each, shape)) for each in lonlat(grid))
    found = []
    for step in _STEPS:
        here, there = _shifted(step)
        if geodetic:
            across = np.sin((lon[there] - lon[here]) / 2) ** 2
            down = np.sin((lat[there] - lat[here]) / 2) ** 2
            part = down + np.cos(lat[here]) * np.cos(lat[there]) * across
            found.append(2 * _RADIUS * np.arcsin(np.sqrt(np.minimum(part, 1))))
        else:
            a, b, _, d, e, _ = grid.transform
            length = np.hypot(a * step[1] + b * step[0], d * step[1] + e * step[0])
            wide = np.zeros(shape)[here].shape
            found.append(np.broadcast_to(length * meters_per_unit(grid.crs), wide))
    return found


def cheapest(
    costs: Sequence[Floats],
    passable: Shown,
    sources: Shown,
    lengths: Sequence[Floats],
    most: int,
    check: Callable[[], None],
) -> list[Floats]:
    """The costs of the cheapest way from a source, of so many steps at most; infinite for none.

    A step costs half of its length in each of the two pixels. Ways are compared by the first
    cost, then by the second, and so on.

    Args:
        costs: a metre, `(height, width)` each.
        passable: where ways may lead.
        sources: where they begin.
        lengths: as of `step_lengths`.
        most: steps of a way.
        check: is called before each round; may raise.
    """
    best = np.full((len(costs), *passable.shape), np.inf)
    best[:, sources & passable] = 0
    prices = []
    for step, length in zip(_STEPS, lengths, strict=True):
        here, there = _shifted(step)
        open_ = passable[here] & passable[there]
        each = [np.where(open_, (cost[here] + cost[there]) / 2 * length, np.inf) for cost in costs]
        prices.append((here, there, np.stack(each)))
    for _ in range(most):
        check()
        before = best.copy()
        for here, there, price in prices:
            _improve(best, there, before[(slice(None), *here)] + price)
            _improve(best, here, before[(slice(None), *there)] + price)
        if np.array_equal(before, best):
            break
    return list(best)


def _improve(best: Floats, place: tuple[slice, slice], offer: Any) -> None:
    """Take what is cheaper, in the order of dictionaries."""
    known = best[(slice(None), *place)]
    better = offer[-1] < known[-1]
    for one, other in zip(offer[-2::-1], known[-2::-1], strict=True):
        better = (one < other) | ((one == other) & better)
    np.copyto(known, offer, where=better)
