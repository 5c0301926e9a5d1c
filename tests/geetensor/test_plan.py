"""The plan: tiles cover everything once, within the limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geetensor.errors import InvalidInputError, RequestTooLargeError
from geetensor.grid import Window
from geetensor.masks import FileFormat, group_bands
from geetensor.plan import (
    HELD_BYTES,
    SMALLEST_BYTES,
    TARGET_BYTES,
    Limits,
    Tile,
    plan_one_tile,
    plan_tiles,
    tile_bytes,
)

DTYPES = [np.dtype(t) for t in ("uint8", "int8", "uint16", "int16", "int32", "f4", "f8")]

limits = st.builds(
    Limits,
    request_bytes=st.integers(400, 20_000),
    side=st.integers(20, 300),
    bands=st.integers(2, 5),
)
shapes = st.tuples(st.integers(1, 400), st.integers(1, 400))
dtypes = st.lists(st.sampled_from(DTYPES), min_size=1, max_size=8)


def times_covered(
    shape: tuple[int, int], bands: int, tiles: list[Tile], dates: int = 1
) -> np.ndarray:
    counts = np.zeros((dates, bands, *shape), int)
    for tile in tiles:
        rows, cols = tile.window.slices
        assert tile.window.row >= 0
        assert tile.window.col >= 0
        assert tile.window.row + tile.window.height <= shape[0]
        assert tile.window.col + tile.window.width <= shape[1]
        for date in tile.times:
            for band in tile.group.indices:
                counts[date, band, rows, cols] += 1
    return counts


@given(shape=shapes, dtypes=dtypes, limits=limits, fill=st.sampled_from([0, -1, np.nan]))
def test_tiles_cover_every_band_and_pixel_once_within_the_limits(
    shape: tuple[int, int], dtypes: list[np.dtype], limits: Limits, fill: float
) -> None:
    tiles = list(plan_tiles(shape, group_bands(dtypes, fill), limits))
    assert (times_covered(shape, len(dtypes), tiles) == 1).all()
    for tile in tiles:
        assert tile.counted_bytes <= limits.request_bytes
        assert max(tile.window.height, tile.window.width) <= limits.side
        assert tile.group.band_count <= limits.bands


@given(
    shape=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    dtypes=dtypes,
    limits=limits,
    fill=st.sampled_from([0, -1, np.nan]),
    dates=st.integers(1, 40),
    target=st.integers(100, 100_000),
)
def test_tiles_cover_every_date_once_within_the_limits(
    shape: tuple[int, int],
    dtypes: list[np.dtype],
    limits: Limits,
    fill: float,
    dates: int,
    target: int,
) -> None:
    groups = group_bands(dtypes, fill)
    tiles = list(plan_tiles(shape, groups, limits, times=range(dates), target=target))
    assert (times_covered(shape, len(dtypes), tiles, dates) == 1).all()
    for tile in tiles:
        assert tile.counted_bytes <= limits.request_bytes
        assert len(tile.times) * tile.group.band_count <= limits.bands


@pytest.mark.parametrize("concurrency", [1, 6, 36, 40])
@pytest.mark.parametrize("dates", [1, 35, 36, 37, 400, 5000])
@pytest.mark.parametrize("side", [32, 128, 300])
def test_dates_share_requests_so_that_they_come_in_whole_waves(
    concurrency: int, dates: int, side: int
) -> None:
    [group] = group_bands([np.dtype("uint16")] * 3, 0)
    one = side * side * group.bytes_per_pixel
    target = tile_bytes(dates * one, concurrency)
    tiles = list(plan_tiles((side, side), [group], times=range(dates), target=target))
    largest = max(tile.counted_bytes for tile in tiles)
    assert largest <= 1.05 * TARGET_BYTES
    if dates * one > concurrency * max(one, SMALLEST_BYTES):
        waves = -(-len(tiles) // concurrency)
        assert waves * concurrency * largest <= 1.3 * dates * one + concurrency * one
    else:
        assert len(tiles) <= concurrency
    assert max(len(tile.times) for tile in tiles) - min(len(tile.times) for tile in tiles) < dates


@given(
    shape=st.tuples(st.integers(1, 600), st.integers(1, 600)),
    dtypes=dtypes,
    dates=st.integers(1, 5),
)
def test_halving_loses_nothing(shape: tuple[int, int], dtypes: list[np.dtype], dates: int) -> None:
    [group] = group_bands(dtypes, 0)
    whole = Tile(group, Window(0, 0, *shape), tuple(range(dates)))
    parts = whole.split()
    if shape == (1, 1) and len(dtypes) == dates == 1:
        assert parts == ()
    else:
        assert (times_covered(shape, len(dtypes), list(parts), dates) == 1).all()
        assert sum(part.counted_bytes for part in parts) == whole.counted_bytes


def test_space_is_halved_before_dates_and_dates_before_bands() -> None:
    [group] = group_bands([np.dtype("uint8")] * 2, 0)
    tile = Tile(group, Window(0, 0, 512, 100), (4, 5))
    seen = []
    while parts := tile.split():
        tile = parts[0]
        seen.append((*tile.window[2:], len(tile.times), len(tile.group.indices)))
    assert seen[:4] == [(256, 100, 2, 2), (256, 100, 1, 2), (256, 100, 1, 1), (128, 100, 1, 1)]
    assert seen[-1] == (1, 1, 1, 1)


def test_a_large_image_takes_even_tiles_of_about_the_target() -> None:
    [group] = group_bands([np.dtype("uint16")] * 4, 0)
    tiles = list(plan_tiles((10980, 10980), [group]))
    sizes = {t.counted_bytes for t in tiles}
    assert max(sizes) <= 1.03 * TARGET_BYTES
    assert min(sizes) > 0.8 * max(sizes)


def test_tiles_are_aligned_where_that_costs_nothing() -> None:
    [group] = group_bands([np.dtype("uint16")] * 4, 0)
    assert {t.window.row % 256 for t in plan_tiles((2040, 2040), [group])} == {0}


def test_a_strip_is_cut_along_its_length_only() -> None:
    [group] = group_bands([np.dtype("uint8")], 0)
    assert {t.window.width for t in plan_tiles((200_000, 100), [group])} == {100}


@pytest.mark.parametrize(("shape", "most"), [((3, 40_000), 2), ((1, 30_000), 1), ((40_000, 3), 2)])
def test_strips_take_few_requests(shape: tuple[int, int], most: int) -> None:
    [group] = group_bands([np.dtype("uint8")], 0)
    assert len(list(plan_tiles(shape, [group]))) <= most


def test_the_counted_bytes_are_earth_engines() -> None:
    # Two sizes that users reported from the service's own refusals.
    [doubles] = group_bands([np.dtype("f8")] * 48, 0)
    assert Tile(doubles, Window(0, 0, 512, 256)).counted_bytes == 56_623_104
    [shorts] = group_bands([np.dtype("uint16")] * 2, 0)
    assert Tile(shorts, Window(0, 0, 6938, 5734)).counted_bytes == 238_694_952


def test_one_tile_or_a_reason() -> None:
    one: list[np.dtype] = [np.dtype("uint8")]
    assert plan_one_tile((4096, 4096), group_bands(one, 0)).window == Window(0, 0, 4096, 4096)
    for shape, dtypes, fill, reason in (
        ((5017, 5017), one, 0, "counts 50340578 bytes, and the limit is 50331648"),
        ((1, 32769), one, 0, "32769×1 pixels"),
        ((1, 1), one * 1025, 0, "1025 bands"),
        ((1, 1), one * 1000, np.nan, "1125 bands"),
    ):
        with pytest.raises(RequestTooLargeError, match=reason):
            plan_one_tile(shape, group_bands(dtypes, fill))


def test_a_pixel_past_the_limit_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="One pixel"):
        list(plan_tiles((1, 1), group_bands([np.dtype("f8")], 0), Limits(request_bytes=8)))


@pytest.mark.parametrize("concurrency", [1, 6, 36, 37, 40])
@pytest.mark.parametrize("side", [100, 1500, 5000, 10980])
def test_tiles_come_in_whole_waves(side: int, concurrency: int) -> None:
    [group] = group_bands([np.dtype("uint16")] * 4, 0)
    total = side * side * group.bytes_per_pixel
    tiles = list(plan_tiles((side, side), [group], target=tile_bytes(total, concurrency)))
    largest = max(tile.counted_bytes for tile in tiles)
    waves = -(-len(tiles) // concurrency)
    assert largest <= 1.05 * TARGET_BYTES
    if total > concurrency * SMALLEST_BYTES:
        assert waves * concurrency * largest <= 1.15 * total
        assert waves <= -(-total // (concurrency * TARGET_BYTES))
    else:
        assert len(tiles) == 1 or largest > 0.8 * SMALLEST_BYTES


def test_tiles_that_are_held_whole_are_small() -> None:
    [group] = group_bands([np.dtype("f4")] * 2, np.nan, finite=True)
    assert group.file_format is FileFormat.GEO_TIFF
    tiles = plan_tiles((5000, 5000), [group], target=tile_bytes(250_000_000, 40))
    assert max(tile.counted_bytes for tile in tiles) <= 1.1 * HELD_BYTES
