"""Blocks of storage: every value in one, sizes, and what a caller may ask for."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geetensor.blocks import BLOCK_BYTES, parse_chunks, plan_layout
from geetensor.coverage import Coverage
from geetensor.errors import InvalidInputError
from geetensor.grid import Window
from geetensor.masks import group_bands
from geetensor.plan import Tile

sides = st.tuples(
    st.integers(1, 40), st.integers(1, 70), st.integers(1, 3000), st.integers(1, 3000)
)


@given(shape=sides, itemsize=st.sampled_from([1, 2, 4, 8]))
def test_every_value_is_in_one_block(shape: tuple[int, int, int, int], itemsize: int) -> None:
    layout = plan_layout(shape, itemsize + 1, itemsize)
    blocks = [*layout.blocks()]
    assert [block.index for block in blocks] == [*range(len(blocks))]
    assert sum(math.prod(block.shape) for block in blocks) == math.prod(shape)
    assert len({block.position for block in blocks}) == len(blocks)
    for side, chunk in zip(layout.block, layout.chunk, strict=True):
        assert side % chunk == 0
    assert math.prod(layout.block) * (itemsize + 1) <= max(
        BLOCK_BYTES, math.prod(layout.chunk) * (itemsize + 1)
    )
    assert layout.values >= max(math.prod(block.shape) for block in blocks)
    [group] = group_bands([np.dtype("u1")] * shape[1], 0)
    for block in blocks[:: max(1, len(blocks) // 20)]:
        part = group.only(range(block.bands[0], sum(block.bands)))
        assert part is not None
        times = tuple(range(block.times[0], sum(block.times)))
        tile = Tile(part, block.window, times)
        assert layout.of(tile) == block
        for half in tile.split():
            assert layout.of(half) == block
        last = replace(tile, times=times[-1:])
        assert layout.of(last) == block


@pytest.mark.parametrize(
    ("shape", "itemsize", "block"),
    [
        ((1, 3, 5000, 5000), 2, (1, 3, 1536, 512)),
        ((400, 3, 128, 128), 2, (48, 3, 128, 128)),
        ((10, 64, 2000, 2000), 8, (1, 3, 512, 512)),
        ((3, 1, 200, 100_000), 1, (1, 1, 200, 20_480)),
    ],
)
def test_sizes_of_blocks(
    shape: tuple[int, int, int, int], itemsize: int, block: tuple[int, ...]
) -> None:
    assert plan_layout(shape, itemsize + 1, itemsize).block == block


def test_chunks_as_asked_for() -> None:
    shape = 400, 3, 5000, 5000
    chunk = parse_chunks({"time": 1000, "y": 64, "x": 64}, shape, 2)
    assert chunk == (400, 1, 64, 64)
    assert plan_layout(shape, 3, 2, chunk).block == (400, 1, 64, 64)
    assert parse_chunks({"band": 3}, shape, 2) == (1, 3, 512, 512)
    assert parse_chunks({"time": -1, "band": -1, "y": 9, "x": 9}, shape, 2) == (400, 3, 9, 9)
    wrong: list[Any] = [
        {"y": 0},
        {"y": -2},
        {"y": 2.5},
        {"rows": 3},
        {"y": True},
        "auto",
        (1, 2, 3, 4),
    ]
    for chunks in wrong:
        with pytest.raises(InvalidInputError, match="chunks must be a dict"):
            parse_chunks(chunks, shape, 2)
    with pytest.raises(InvalidInputError, match="MB is the most"):
        parse_chunks({"time": 400, "y": 512, "x": 512}, shape, 2)


@given(
    row=st.integers(0, 90),
    col=st.integers(0, 110),
    height=st.integers(1, 100),
    width=st.integers(1, 100),
    seed=st.integers(0, 9),
)
def test_blanks_within_a_window(row: int, col: int, height: int, width: int, seed: int) -> None:
    touched = np.random.default_rng(seed).random((4, 4)) < 0.5
    coverage = Coverage((100, 120), 32, touched)
    window = Window(row, col, min(height, 100 - row), min(width, 120 - col))
    whole = np.zeros((100, 120), int)
    for blank in coverage.blanks():
        whole[blank.slices] += 1
    part = np.zeros(window[2:], int)
    for blank in coverage.blanks_within(window):
        part[blank.slices] += 1
    np.testing.assert_array_equal(part, whole[window.slices])
