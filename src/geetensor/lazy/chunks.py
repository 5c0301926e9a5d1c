"""The chunks of a lazy array: the tiles of the exporter's own plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from geetensor.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geetensor.masks import BandGroup
    from geetensor.plan import Tile

DIMENSIONS = ("time", "band", "y", "x")

Sides = tuple[int, int, int, int]
"""Of time, band, y and x."""


def tile_sides(tiles: Iterable[Tile], bands: int) -> Sides:
    """Sides of the tiles of a plan, all bands together.

    Where bands travel apart, because of their masks or types, the sides are those of the smallest
    tiles: a chunk then takes a request for each part.

    Args:
        tiles: of a plan, at least one.
        bands: of the output.
    """
    sides: dict[BandGroup, tuple[int, int, int]] = {}
    for tile in tiles:
        # Tiles at the end of a line are smaller than the others.
        times, height, width = sides.get(tile.group, (0, 0, 0))
        sides[tile.group] = (
            max(times, len(tile.times)),
            max(height, tile.window.height),
            max(width, tile.window.width),
        )
    times, height, width = (min(side) for side in zip(*sides.values(), strict=True))
    return times, bands, height, width


def parse_chunks(chunks: Mapping[str, int] | None, planned: Sides, shape: Sides) -> Sides:
    """The sides of chunks that a caller asked for, the planned ones where they did not.

    Args:
        chunks: sides by dimension, -1 for all of it; None for all as planned.
        planned: sides of the plan's tiles.
        shape: of the output.

    Raises:
        InvalidInputError: if a dimension or a side is not one.
    """
    sides = dict(zip(DIMENSIONS, planned, strict=True))
    lengths = dict(zip(DIMENSIONS, shape, strict=True))
    if chunks is not None and not isinstance(chunks, Mapping):
        raise InvalidInputError(f"chunks must be sides by dimension, got {chunks!r}.")
    for name, side in (chunks or {}).items():
        if name not in sides:
            raise InvalidInputError(
                f"chunks names the dimension {name!r}; there are {', '.join(DIMENSIONS)}."
            )
        if isinstance(side, bool) or not isinstance(side, int) or not (side > 0 or side == -1):
            raise InvalidInputError(
                f"chunks[{name!r}] must be a whole number above 0, or -1 for all of the "
                f"dimension, got {side!r}."
            )
        sides[name] = lengths[name] if side == -1 else min(side, lengths[name])
    return sides["time"], sides["band"], sides["y"], sides["x"]
