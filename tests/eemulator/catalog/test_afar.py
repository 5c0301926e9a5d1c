"""Coarse levels of scenes: whatever the window, the same; and near to the means of their pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eemulator import ImageAsset, Limits
from eemulator.catalog import default_catalog
from eemulator.catalog.afar import step
from eemulator.catalog.ground import ground
from eemulator.limits import Deadline
from eemulator.pixels.pyramid import Pyramids
from tests.eemulator.catalog.scenes import scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from eemulator.catalog.noise import Ints

CATALOG = default_catalog()


def _clouds() -> str:
    """Of the scene that is seen aligned."""
    index = scene("20240110", "38KQE").id.rpartition("/")[2]
    return f"GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED/{index}"


def _first(collection: str) -> str:
    """The id of a collection's first image."""
    found = CATALOG.get(collection)
    return str(found.images[0].id)  # type: ignore[union-attr]


# An image of each formula, some of its bands, and a corner where there is data, in native pixels.
SEEN = {
    "aligned": (scene("20240110", "38KQE").id, ["B4", "B8"], (5000, 4000)),
    "askew": (scene("20240715", "39KTV").id, ["B11", "SCL"], (2500, 1000)),
    "landsat": ("LANDSAT/LC08/C02/T1_L2/LC08_158072_20130415", ["SR_B4", "ST_B10"], (3000, 3500)),
    "radar": (_first("COPERNICUS/S1_GRD"), ["HH"], (2500, 2500)),
    "clouds": (_clouds(), ["cs"], (5000, 4000)),
    "embedding": (_first("GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL"), ["A00"], (3000, 3000)),
    "height": ("USGS/SRTMGL1_003", ["elevation"], (280_000, 820_000)),
    "globe": ("MODIS/061/MOD09GA/2024_01_05", ["sur_refl_b01"], (25_000, 50_000)),
}
SIDE = 40


def _asset(name: str) -> ImageAsset:
    found = CATALOG.get(SEEN[name][0])
    assert isinstance(found, ImageAsset)
    return found


@pytest.mark.parametrize("name", SEEN)
@settings(max_examples=4, deadline=None)
@given(
    side=st.sampled_from([16, 32, 64, 512]),
    top=st.integers(0, SIDE - 1),
    left=st.integers(0, SIDE - 1),
    seed=st.none() | st.integers(0, 99),
)
def test_a_pixel_depends_on_itself_alone(
    name: str, side: int, top: int, left: int, seed: int | None
) -> None:
    """In a window of a part, or as one of scattered points, with other neighbours."""
    asset = _asset(name)
    _, bands, (row, col) = SEEN[name]
    assert asset.afar is not None
    sample, apart = asset.afar(side), max(side // 2, 1)
    apart = min(apart, 2000 // SIDE)
    rows = row + apart * np.arange(SIDE)[:, None]
    cols = col + apart * np.arange(SIDE)[None, :]
    whole = sample(bands, rows, cols)
    if seed is None:
        down, across = np.arange(top, SIDE)[:, None], np.arange(left, SIDE)[None, :]
    else:
        down, across = np.random.default_rng(seed).integers(0, SIDE, (2, 3, 5))
    part = sample(bands, row + apart * down, col + apart * across)
    for (values, valid), (some, there) in zip(whole, part, strict=True):
        assert valid.any()
        np.testing.assert_array_equal(values[down, across], some)
        np.testing.assert_array_equal(valid[down, across], there)


def _level(name: str, level: int, rows: Ints, cols: Ints) -> list[NDArray[np.float64]]:
    """Pixels of a coarse level; those that are masked are NaN."""
    asset = _asset(name)
    bands = [band for band in asset.bands if band.id in SEEN[name][1]]
    found = Pyramids(Limits()).sample(asset, bands, level, rows, cols, Deadline(None))
    return [
        values.astype(np.float64) if weight is None else np.where(weight > 0, values, np.nan)
        for values, weight in found
    ]


def test_a_level_does_not_depend_on_the_window() -> None:
    """Across the scene's edge and that of blocks, of which the small window makes other ones."""
    rows, cols = np.arange(50, 70)[:, None], np.arange(150, 172)[None, :]
    whole = _level("aligned", 6, rows, cols)
    part = _level("aligned", 6, rows[14:16], cols[:, 17:])
    for one, other in zip(whole, part, strict=True):
        np.testing.assert_array_equal(one[14:16, 17:], other)


def test_a_level_is_made_of_four_pixels_seen_from_afar() -> None:
    asset = _asset("aligned")
    assert asset.afar is not None
    rows, cols = np.arange(80, 84)[:, None], np.arange(60, 65)[None, :]
    found = _level("aligned", 5, rows, cols)
    down = (160 + np.arange(8)) * 16 + 8
    across = (120 + np.arange(10)) * 16 + 8
    four = asset.afar(32)(["B4", "B8"], down[:, None], across[None, :])
    for one, (values, valid) in zip(found, four, strict=True):
        assert valid.all()
        added = sum(values[i::2, j::2].astype(float) for i in range(2) for j in range(2))
        np.testing.assert_array_equal(one, np.rint(added / 4))


@pytest.mark.parametrize(("name", "level", "closer"), [
    ("aligned", 4, 0.5), ("aligned", 6, 0.6), ("askew", 4, 0.6), ("landsat", 4, 0.6),
    ("clouds", 5, 0.6), ("radar", 5, 0.8), ("height", 4, 0.6),
])  # fmt: skip
def test_a_level_is_nearer_to_the_means_than_single_pixels(
    name: str, level: int, closer: float
) -> None:
    """Than the middle ones, by the root mean square error over 384 x 384 pixels or more."""
    asset = _asset(name)
    _, bands, (row, col) = SEEN[name]
    wide = 2**level
    count = max(384 // wide, 12)
    rows = row // wide + np.arange(count)[:, None]
    cols = col // wide + np.arange(count)[None, :]
    [found, *_] = _level(name, level, rows, cols)
    native = np.arange(count * wide)
    pixels, valid = asset.sample(
        bands[:1], rows[0, 0] * wide + native[:, None], cols[0, 0] * wide + native[None, :]
    )[0]
    assert valid.all()
    blocks = pixels.astype(np.float64).reshape(count, wide, count, wide)
    means, middle = blocks.mean(axis=(1, 3)), blocks[:, wide // 2, :, wide // 2]
    assert _error(found, means) < closer * _error(middle, means)


def _error(found: NDArray[np.float64], means: NDArray[np.float64]) -> float:
    return float(np.sqrt(((found - means) ** 2).mean()))


def test_nodes_from_afar_are_nodes_of_level_0() -> None:
    i, j = np.arange(9500, 9540)[None, :], np.arange(99_000, 99_090)[:, None]
    for one, other in zip(ground(i, j, 2), ground(2 * i, 2 * j), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("metres", "nodes"), [(10, 1), (159, 1), (160, 2), (480, 6), (700, 8)])
def test_how_far_nodes_are_apart(metres: float, nodes: int) -> None:
    assert step(metres) == nodes
