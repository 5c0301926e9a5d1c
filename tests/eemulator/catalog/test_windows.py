"""A pixel's value depends on the pixel alone, never on the window that it was asked for in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eemulator.catalog import sentinel2
from eemulator.catalog.weather import sky
from tests.eemulator.catalog.scenes import TOA, scene

if TYPE_CHECKING:
    from eemulator.catalog import ImageAsset

# Cloudy and clear, inside the swath and across its edge; a tile along the plane and one askew.
SCENES = [("20240110", "38KQE"), ("20240708", "38KQE"), ("20240715", "39KTV")]
GRIDS = [
    ("10", ["B4", "B8", "TCI_R"]),
    ("20", ["B11", "SCL", "MSK_CLDPRB"]),
    ("60", ["B1", "QA60"]),
]
SIDE = 160

common = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _whole(
    image: ImageAsset, bands: list[str], top: int, left: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    rows = np.arange(top, top + SIDE)[:, None]
    return image.sample(bands, rows, np.arange(left, left + SIDE)[None, :])


# Where the swath's edge, a river and a town are, in 10 m pixels.
CORNERS = {"38KQE": (8900, 7380), "39KTV": (5000, 9300)}


@pytest.mark.parametrize(("day", "tile"), SCENES)
@pytest.mark.parametrize(("resolution", "bands"), GRIDS)
@common
@given(data=st.data())
def test_any_window_alone(
    day: str, tile: str, resolution: str, bands: list[str], data: st.DataObject
) -> None:
    image = scene(day, tile)
    scale = int(resolution) // 10
    top, left = (c // scale - 30 for c in CORNERS[tile])
    whole = _WHOLES.setdefault((day, tile, resolution), _whole(image, bands, top, left))
    kind = data.draw(st.sampled_from(["window", "indices", "points", "pixel"]))
    r0, c0 = data.draw(st.integers(0, SIDE - 1)), data.draw(st.integers(0, SIDE - 1))
    if kind == "pixel":
        rows, cols = np.array([[r0]]), np.array([[c0]])
    elif kind == "points":
        seed = data.draw(st.integers(0, 2**16))
        shape = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
        rows, cols = np.random.default_rng(seed).integers(0, SIDE, (2, *shape))
    else:
        row_step, col_step = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
        rows = np.arange(r0, SIDE, row_step)[:, None]
        cols = np.arange(c0, SIDE, col_step)[None, :]
        if kind == "indices":
            rows, cols = np.broadcast_arrays(rows, cols)
    parts = image.sample(bands, rows + top, cols + left)
    for (values, valid), (part, part_valid) in zip(whole, parts, strict=True):
        assert part.dtype == values.dtype
        np.testing.assert_array_equal(part, values[rows, cols])
        np.testing.assert_array_equal(part_valid, valid[rows, cols])


_WHOLES: dict[tuple[str, str, str], list[tuple[np.ndarray, np.ndarray]]] = {}


def test_windows_larger_than_a_block() -> None:
    # Longer than the blocks and strips that the work is cut into, in either direction.
    image = scene("20240110", "38KQE")
    tall = image.sample(["B2"], np.arange(900, 2000)[:, None], np.arange(500, 520)[None, :])
    wide = image.sample(["B2"], np.arange(1500, 1520)[:, None], np.arange(100, 1300)[None, :])
    np.testing.assert_array_equal(tall[0][0][600:620], wide[0][0][:, 400:420])


def test_bands_do_not_depend_on_their_company() -> None:
    image = scene("20240110", "38KQE", TOA)
    rows, cols = np.arange(3000, 3050)[:, None], np.arange(3000, 3040)[None, :]
    together = image.sample(["B2", "B3", "B4", "B8"], rows, cols)
    for name, (values, _) in zip(["B2", "B3", "B4", "B8"], together, strict=True):
        np.testing.assert_array_equal(image.sample([name], rows, cols)[0][0], values)


def test_the_oracle_is_the_sample() -> None:
    image = scene("20240110", "38KQE")
    rows, cols = np.arange(50)[:, None], np.arange(40)[None, :]
    values, valid = sentinel2.oracle(image.id, "SCL", rows, cols)
    sampled = image.sample(["SCL"], rows, cols)[0]
    np.testing.assert_array_equal(values, sampled[0])
    np.testing.assert_array_equal(valid, sampled[1])
    with pytest.raises(KeyError):
        sentinel2.oracle("COPERNICUS/S2_SR_HARMONIZED/nonesuch", "B4", rows, cols)


def test_bands_of_different_grids_are_refused() -> None:
    with pytest.raises(ValueError, match="do not share a grid"):
        scene("20240110", "38KQE").sample(["B4", "B11"], np.array([[0]]), np.array([[0]]))


def test_two_passes_never_share_a_sky() -> None:
    crossings = {key.crossing for key in sentinel2.scene_keys()}
    assert len({sky(c.moment).drift_x for c in crossings}) == len(crossings)
