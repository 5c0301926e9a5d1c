"""Tiles of an export that were not begun, planned once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geetensor.engine import wire
from geetensor.engine.pixels import PixelTask
from geetensor.replan import replan_tiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geetensor.engine.pixels import Scene
    from geetensor.engine.tasks import Task
    from geetensor.plan import Limits

_BYTES_PER_NAME = 40
"""Of a request's body, that a band of a date takes besides its name: it is renamed, and asked for
by that name."""


def plan_anew(tasks: Sequence[Task], places: int) -> list[Task]:
    """Tasks for the same pixels; see `geetensor.engine.tasks.Planner`.

    Args:
        tasks: all of one export, for pixels.
        places: requests at a time.
    """
    pixels = [task for task in tasks if isinstance(task, PixelTask)]
    series, limits = pixels[0].request.series, pixels[0].limits
    tiles = [task.request.tile for task in pixels]
    scenes = [series[time] for time in {time for tile in tiles for time in tile.times}]
    together = most_together(scenes, limits)
    planned = replan_tiles(tiles, places, limits, most_together=together)
    return [pixels[0].of(tile) for tile in planned]


def most_together(scenes: Sequence[Scene], limits: Limits) -> int:
    """Dates that one request can name without its own body being too large.

    Args:
        scenes: of the dates.
        limits: what one request may ask for.
    """
    longest = max(wire.expression_bytes(ref) for s in scenes for ref in s.refs.values())
    names = sum(len(name) + _BYTES_PER_NAME for name in scenes[0].band_ids)
    return max(1, limits.payload_bytes // 2 // (longest + names))
