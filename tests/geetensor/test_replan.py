"""Tiles once more: the same pixels, within the limits, in whole waves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geetensor.grid import Window
from geetensor.masks import FileFormat, group_bands
from geetensor.plan import (
    HELD_BYTES,
    SMALLEST_BYTES,
    TARGET_BYTES,
    Limits,
    Tile,
    plan_tiles,
    tile_bytes,
)
from geetensor.replan import replan_tiles

DTYPES = [np.dtype(t) for t in ("uint8", "uint16", "int32", "f4", "f8")]
[GROUP] = group_bands([np.dtype("uint16")] * 4, 0)


def counts(shape: tuple[int, int], bands: int, dates: int, tiles: list[Tile]) -> np.ndarray:
    counted = np.zeros((dates, bands, *shape), int)
    for tile in tiles:
        rows, cols = tile.window.slices
        for time in tile.times:
            for band in tile.group.indices:
                counted[time, band, rows, cols] += 1
    return counted


@given(
    shape=st.tuples(st.integers(1, 300), st.integers(1, 300)),
    dtypes=st.lists(st.sampled_from(DTYPES), min_size=1, max_size=4),
    fill=st.sampled_from([0, -1, np.nan]),
    dates=st.integers(1, 4),
    first=st.integers(500, 20_000),
    limits=st.builds(
        Limits,
        request_bytes=st.integers(400, 40_000),
        side=st.integers(20, 300),
        bands=st.integers(1, 5),
    ),
    concurrency=st.integers(1, 40),
    together=st.one_of(st.none(), st.integers(1, 3)),
    chance=st.randoms(use_true_random=False),
)
def test_any_tiles_are_planned_anew_without_loss(
    shape: tuple[int, int],
    dtypes: list[np.dtype],
    fill: float,
    dates: int,
    first: int,
    limits: Limits,
    concurrency: int,
    together: int | None,
    chance: object,
) -> None:
    groups = group_bands(dtypes, fill)
    tiles = list(plan_tiles(shape, groups, Limits(bands=5), times=range(dates), target=first))
    tiles = [part for tile in tiles for part in (tile.split() if len(tiles) % 3 else (tile,))]
    some = chance.sample(tiles, chance.randint(0, len(tiles)))  # type: ignore[attr-defined]
    anew = replan_tiles(some, concurrency, limits, most_together=together)
    before, after = (counts(shape, len(dtypes), dates, these) for these in (some, anew))
    assert (before == after).all()
    for tile in anew:
        assert tile.counted_bytes <= limits.request_bytes
        assert max(tile.window.height, tile.window.width) <= limits.side
        assert tile.times == tuple(sorted(tile.times))
        assert len(tile.times) <= (together or dates)
    assert [t.counted_bytes for t in anew] == sorted((t.counted_bytes for t in anew), reverse=True)


@pytest.mark.parametrize("places", [1, 2, 6, 12, 18])
@pytest.mark.parametrize("gone", [0, 1, 6, 7, 11])
def test_what_is_left_fills_whole_waves_of_fewer_requests(places: int, gone: int) -> None:
    total = 5000 * 5000 * GROUP.bytes_per_pixel
    tiles = list(plan_tiles((5000, 5000), [GROUP], target=tile_bytes(total, 36)))[gone:]
    left = sum(tile.counted_bytes for tile in tiles)
    anew = replan_tiles(tiles, places)
    largest = max(tile.counted_bytes for tile in anew)
    waves = -(-len(anew) // places)
    assert waves <= -(-left // (places * TARGET_BYTES)) + (places < 6)
    assert largest <= 1.25 * TARGET_BYTES
    assert waves * places * largest <= 1.5 * left + places * SMALLEST_BYTES


def test_a_lower_limit_is_kept_to_in_whole_waves() -> None:
    tiles = list(plan_tiles((5000, 5000), [GROUP], target=8_400_000))
    anew = replan_tiles(tiles, 40, Limits(request_bytes=4_170_000))
    assert 74 <= len(anew) <= 80
    assert max(tile.counted_bytes for tile in anew) <= 4_000_000


def test_dates_are_put_together_again() -> None:
    tiles = list(plan_tiles((128, 128), [GROUP], times=range(400), target=tile_bytes(78643200, 36)))
    assert len(tiles) > 30
    anew = replan_tiles(tiles[6:], 6)
    assert len(anew) == 6
    assert max(len(tile.times) for tile in anew) <= 1.1 * (400 - 6 * len(tiles[0].times)) / 6


def test_tiles_that_are_held_whole_stay_small() -> None:
    [group] = group_bands([np.dtype("f4")] * 2, np.nan)
    assert group.file_format is FileFormat.GEO_TIFF
    tiles = list(plan_tiles((2000, 2000), [group]))
    assert max(tile.counted_bytes for tile in replan_tiles(tiles, 2)) <= 1.1 * HELD_BYTES


def test_bands_apart_stay_apart() -> None:
    first, second = Tile(GROUP, Window(0, 0, 9, 9)).split()[0], Tile(GROUP, Window(0, 9, 9, 9))
    assert len(replan_tiles([first, second], 1)) == 2
