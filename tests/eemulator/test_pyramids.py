"""Coarser levels: which one is read, what its pixels are, and what is built on them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from eemulator import Grid, ImageAsset, Limits
from eemulator.catalog import default_catalog
from eemulator.catalog.model import Band
from eemulator.catalog.sentinel2 import oracle
from eemulator.limits import Deadline
from eemulator.pixels.pyramid import Pyramids, level_read

from . import synthetic
from .overviews import coarser, pyramid
from .synthetic import POLICIES, TALL, UTM, formula, tall_pixel
from .wire import grid, info, pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    import eemulator

pytestmark = pytest.mark.usefixtures("server")

A, _, LEFT, _, E, TOP = TALL.transform


def on_level(level: int, row: int, col: int, width: int, height: int) -> dict[str, Any]:
    """A window of a level's own lattice, on the wire."""
    size = 2**level
    transform = (A * size, 0, LEFT + A * size * col, 0, E * size, TOP + E * size * row)
    return grid(TALL.crs, transform, width, height)


def expected(
    band: str, level: int, row: int, col: int, width: int, height: int
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Values and masks of that window, pixel by pixel."""
    policy, dtype = POLICIES[band]

    def native(r: int, c: int) -> tuple[float, float]:
        if r >= TALL.height or c >= TALL.width:
            return 0, 0
        value, valid = tall_pixel(band, r, c)
        return value.item(), float(valid)

    pixel = pyramid(native, policy, dtype)
    found = np.array(
        [[pixel(level, r, c) for c in range(col, col + width)] for r in range(row, row + height)]
    )
    return found[..., 0].astype(dtype), found[..., 1]


@pytest.mark.parametrize("level", [1, 2, 3])
def test_every_policy_at_every_level(level: int) -> None:
    """In the middle and at the corner, where the last pixel reaches beyond the image."""
    last = -(-TALL.height // 2**level), -(-TALL.width // 2**level)
    for row, col in ((3, 5), (last[0] - 6, last[1] - 7)):
        found = pixels("TEST/PYRAMID", on_level(level, row, col, 7, 6))
        masks = pixels(ee.Image("TEST/PYRAMID").mask(), on_level(level, row, col, 7, 6))
        for band in POLICIES:
            values, mask = expected(band, level, row, col, 7, 6)
            np.testing.assert_array_equal(found[band], values)
            np.testing.assert_allclose(masks[band], mask, rtol=1e-7)


def test_the_coarsest_level_is_the_first_that_fits_256_pixels() -> None:
    assert -(-TALL.height // 2**3) <= 256 < -(-TALL.height // 2**2)
    found = pixels("TEST/PYRAMID", on_level(5, 0, 0, 4, 3), bandIds=["mean"])["mean"]
    # Pixels of 320 m, read from those of 80 m: the centre is on a corner, the next one counts.
    values, _ = expected("mean", 3, 0, 0, 16, 12)
    np.testing.assert_array_equal(found, values[2::4, 2::4])


@pytest.mark.parametrize(
    ("factor", "level"), [(0.5, 0), (1, 0), (1.99, 0), (2, 1), (3.99, 1), (4, 2), (100, 3)]
)
def test_the_level_is_the_coarsest_that_is_no_coarser(factor: float, level: int) -> None:
    at = (A * factor, 0, LEFT + 1000, 0, E * factor, TOP - 1000)
    found = pixels("TEST/PYRAMID", grid(TALL.crs, at, 5, 4), bandIds=["real", "sample"])
    cols = np.floor((1000 + A * factor * (np.arange(5) + 0.5)) / (A * 2**level) + 1e-9).astype(int)
    rows = np.floor((1000 + A * factor * (np.arange(4) + 0.5)) / (A * 2**level) + 1e-9).astype(int)
    for band in ("real", "sample"):
        alone = [[expected(band, level, r, c, 1, 1)[0][0, 0] for c in cols] for r in rows]
        np.testing.assert_array_equal(found[band], alone)


def test_another_crs_reads_the_level_of_its_nominal_scale() -> None:
    """Degrees are measured at the equator: `nominalScale` of either side decides."""
    degrees = ee.Projection("EPSG:4326").atScale(40)
    size = info(degrees)["transform"][0]
    at = grid("EPSG:4326", (size, 0, 45.02, 0, -size, -18.12), 6, 5)
    found = pixels("TEST/PYRAMID", at, bandIds=["mean"])["mean"]
    again = ee.Image("TEST/PYRAMID").select("mean").reproject(TALL.crs, [40, 0, LEFT, 0, -40, TOP])
    np.testing.assert_array_equal(found, pixels(again, at)["mean"])
    assert found.any()


def test_a_reprojection_reads_the_level_of_its_lattice() -> None:
    fixed = (
        ee.Image("TEST/PYRAMID").select("median").reproject(TALL.crs, [40, 0, LEFT, 0, -40, TOP])
    )
    found = pixels(fixed, on_level(0, 8, 12, 16, 12))["median"]
    values, _ = expected("median", 2, 2, 3, 4, 3)
    np.testing.assert_array_equal(found, np.kron(values, np.ones((4, 4), int)))


def test_reduce_resolution_reads_its_input_at_the_native_level() -> None:
    mean = ee.Image("TEST/PYRAMID").select("mean").reduceResolution(ee.Reducer.max(), maxPixels=16)
    found = pixels(mean, on_level(2, 4, 6, 5, 3))["mean"]
    rows, cols = np.mgrid[16:28, 24:44]
    blocks = tall_pixel("mean", rows, cols)[0].reshape(3, 4, 5, 4)
    np.testing.assert_array_equal(found, blocks.max(axis=(1, 3)))
    with pytest.raises(ee.EEException, match=r"64, but maxPixels allows only 16"):
        pixels(mean, on_level(3, 4, 6, 2, 2))


def test_reduce_resolution_at_best_effort_begins_at_a_coarser_level() -> None:
    best = (
        ee.Image("TEST/PYRAMID")
        .select("mean")
        .reduceResolution(ee.Reducer.max(), bestEffort=True, maxPixels=4)
    )
    found = pixels(best, on_level(3, 4, 6, 5, 3))["mean"]
    values, _ = expected("mean", 2, 8, 12, 10, 6)
    np.testing.assert_array_equal(found, values.reshape(3, 2, 5, 2).max(axis=(1, 3)))


def test_bilinear_between_the_pixels_of_the_level() -> None:
    """Pixels of 20 m that begin half a pixel late have the mean of 2 x 2 of level 1."""
    smooth = ee.Image("TEST/PYRAMID").select("mean").toDouble().resample("bilinear")
    at = (2 * A, 0, LEFT + 400 + A, 0, 2 * E, TOP - 400 - A)
    found = pixels(smooth, grid(TALL.crs, at, 5, 4))["mean"]
    values, _ = expected("mean", 1, 20, 20, 6, 5)
    fours = values.astype(float)
    around = (fours[:-1, :-1] + fours[1:, :-1] + fours[:-1, 1:] + fours[1:, 1:]) / 4
    np.testing.assert_allclose(found, around)
    # On the lattice of the level nothing is interpolated.
    same = pixels(smooth, on_level(1, 20, 20, 6, 5))["mean"]
    np.testing.assert_array_equal(same, values)


def test_a_region_is_reduced_at_the_level_of_its_scale() -> None:
    area = ee.Geometry.Rectangle(
        [LEFT + 800, TOP - 1600, LEFT + 1600, TOP - 800], TALL.crs, geodesic=False
    )
    mean = ee.Image("TEST/PYRAMID").select("real").reduceRegion("mean", area, 40).getInfo()
    values, mask = expected("real", 2, 20, 20, 20, 20)
    # Fractional masks are weights [S].
    assert mean["real"] == pytest.approx((values * mask).sum() / mask.sum())


def test_a_composite_is_read_at_a_scale_only() -> None:
    """A composite has no projection of its own but 1° of EPSG:4326."""
    series = ee.ImageCollection("TEST/SERIES").select("i32")
    point = ee.Geometry.Point([44.06, -18.1])
    assert info(series.mosaic().projection())["transform"] == [1, 0, 0, 0, 1, 0]
    wide = ee.Geometry.Rectangle([43.5, -18.5, 44.5, -17.5], None, False)
    # One pixel's centre at 44.5, -18.5 or nothing: the images cover 3 km.
    degrees = {"crs": "EPSG:4326"}
    assert series.mosaic().reduceRegion("count", wide, **degrees).getInfo()["i32"] == 0
    assert series.mosaic().reduceRegion("first", point, **degrees).getInfo()["i32"] is None
    fine = series.mosaic().reduceRegion("first", point, 10).getInfo()["i32"]
    assert fine == series.sort("cloud").first().reduceRegion("first", point, 10).getInfo()["i32"]


@settings(max_examples=15)
@given(data=st.data(), band=st.sampled_from(list(POLICIES)))
def test_levels_of_any_pixels(data: st.DataObject, band: str) -> None:
    """Whatever the pixels are; and a level made of a kept finer one is the same."""
    policy, dtype = POLICIES[band]
    shape = data.draw(st.tuples(st.integers(257, 300), st.integers(1, 9)))
    whole = np.arange(shape[0])[:, None] * 5 + np.arange(shape[1])
    drawn = data.draw(hnp.arrays(dtype, 7, elements={"min_value": 0, "max_value": 40}))
    values = drawn[whole % 7]
    valid = data.draw(hnp.arrays(np.bool_, 5))[whole % 5]
    asset = _asset(values, valid, policy)
    made = Pyramids(Limits())
    rows, cols = np.arange(-(-shape[0] // 2))[:, None], np.arange(-(-shape[1] // 2))[None]
    [level] = made.sample(asset, asset.bands, 1, rows, cols, Deadline(None))
    weight = np.ones(level.values.shape) if level.weight is None else level.weight
    for r in {0, 127, rows.size - 1}:
        for c in range(cols.size):
            four = [
                (values[y, x].item(), float(valid[y, x]))
                if y < shape[0] and x < shape[1]
                else (0, 0)
                for y in (2 * r, 2 * r + 1)
                for x in (2 * c, 2 * c + 1)
            ]
            value, mask = coarser(policy, four, dtype)
            assert weight[r, c] == pytest.approx(mask)
            if mask:
                assert level.values[r, c] == pytest.approx(value)
    at = (np.arange(3)[:, None], np.zeros((1, 1), int))
    [twice] = made.sample(asset, asset.bands, 2, *at, Deadline(None))
    [anew] = Pyramids(Limits()).sample(asset, asset.bands, 2, *at, Deadline(None))
    np.testing.assert_array_equal(twice.values, anew.values)


def _asset(values: NDArray[Any], valid: NDArray[np.bool_], policy: str) -> ImageAsset:
    lattice = Grid("EPSG:32738", UTM.transform, values.shape[1], values.shape[0])

    def sample(
        bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
        ok = valid[rows, cols]
        return [(np.where(ok, values[rows, cols], 0).astype(values.dtype), ok) for _ in bands]

    return ImageAsset("TEST/DRAWN", (Band("b", values.dtype, lattice, policy),), {}, None, sample)


class _Counting:
    """A huge image of ones that counts how many of its pixels are looked at."""

    def __init__(self, side: int, *, formula: bool = False) -> None:
        self.seen = 0
        lattice = Grid("EPSG:32738", UTM.transform, side, side)
        bands = (Band("b", np.dtype(np.uint8), lattice),)
        afar = (lambda _: self._sample) if formula else None
        self.asset = ImageAsset("TEST/HUGE", bands, {}, None, self._sample, afar=afar)

    def _sample(
        self, bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
        shape = np.broadcast_shapes(rows.shape, cols.shape)
        self.seen += shape[0] * shape[1] * len(bands)
        return [(np.ones(shape, np.uint8), np.ones(shape, np.bool_)) for _ in bands]

    def read(self, made: Pyramids, level: int, rows: Any, cols: Any) -> None:
        [found] = made.sample(self.asset, self.asset.bands, level, rows, cols, Deadline(None))
        assert found.weight is None
        assert (found.values == 1).all()


def test_only_what_is_read_is_made_and_made_once() -> None:
    image, made = _Counting(8192), Pyramids(Limits())
    rows, cols = np.arange(40, 56)[:, None], np.arange(40, 56)[None]
    image.read(made, 4, rows, cols)
    # Of 512 pixels a side that touch four blocks of 256, none twice.
    assert image.seen <= 4 * 256**2
    seen = image.seen
    image.read(made, 4, rows, cols)
    image.read(made, 5, rows // 2, cols // 2)
    assert image.seen == seen


@pytest.mark.parametrize(
    ("side", "formula", "level", "seen"),
    [
        (2**20, False, 3, 256**2),
        (2**20, False, 4, 256**2),
        (2**20, False, 12, 256**2),
        (4160, True, 3, 256**2),
        (4160, True, 4, 128**2),
        (2**20, True, 12, 128**2),
        (4096, True, 4, 512**2),
        (4160, False, 4, 512**2),
    ],
)
def test_coarse_levels_of_the_largest_images_are_some_of_their_pixels(
    side: int, formula: bool, level: int, seen: int
) -> None:
    image = _Counting(side, formula=formula)
    rows, cols = np.arange(0, 32)[:, None], np.arange(0, 32)[None]
    image.read(Pyramids(Limits()), level, rows, cols)
    assert image.seen == seen


@pytest.mark.parametrize(("level", "row", "col"), [(4, 3, 5), (6, 511, 300)])
def test_a_coarse_level_of_a_stored_giant_is_made_of_8_x_8_pixels(
    level: int, row: int, col: int
) -> None:
    """Those in the middle of the 8 x 8 parts of what a pixel stands for."""
    lattice = Grid(UTM.crs, UTM.transform, 2**15 + 1, 2**15 + 1)
    band = Band("b", np.dtype(np.int16), lattice, "MIN")

    def sample(
        bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
        values = (rows * 31 + cols * 17) % 9973
        return [(values.astype(np.int16), np.ones(values.shape, np.bool_)) for _ in bands]

    asset = ImageAsset("TEST/GIANT", (band,), {}, None, sample)
    at = (np.array([[row]]), np.array([[col]]))
    [found] = Pyramids(Limits()).sample(asset, [band], level, *at, Deadline(None))
    part = 2**level // 8
    rows = row * 2**level + part * np.arange(8)[:, None] + part // 2
    cols = col * 2**level + part * np.arange(8)[None, :] + part // 2
    assert found.values[0, 0] == ((rows * 31 + cols * 17) % 9973).min()


SCENE = "COPERNICUS/S2_SR_HARMONIZED/20240105T070201_20240105T070203_T38KQE"


def test_the_third_level_of_a_scene_is_made_of_all_its_pixels() -> None:
    asset = default_catalog().get(SCENE)
    assert isinstance(asset, ImageAsset)
    bands = [band for band in asset.bands if band.id in ("B4", "B3", "B2")]
    rows, cols = np.arange(30, 35)[:, None], np.arange(61, 67)[None]
    found = Pyramids(Limits()).sample(asset, bands, 3, rows, cols, Deadline(None))
    rows, cols = np.arange(30 * 8, 35 * 8)[:, None], np.arange(61 * 8, 67 * 8)[None]
    for band, one in zip(bands, found, strict=True):
        level, valid = oracle(SCENE, band.id, rows, cols)
        assert valid.all()
        for _ in range(3):
            fours = [level[i::2, j::2].astype(float) for i in range(2) for j in range(2)]
            level = np.rint(sum(fours) / 4)
        np.testing.assert_array_equal(one.values, level)


def test_no_more_is_kept_than_the_limit_says() -> None:
    image = _Counting(8192)
    made = Pyramids(Limits(pyramid_bytes=200_000))
    for start in range(0, 512, 64):
        image.read(made, 3, np.arange(start, start + 64)[:, None], np.arange(0, 512)[None])
        assert made.kept_bytes <= 200_000
    seen = image.seen
    image.read(made, 3, np.arange(0, 32)[:, None], np.arange(0, 32)[None])
    assert image.seen > seen


def test_pieces_that_are_made_at_once_are_made_once() -> None:
    image, made = _Counting(4096), Pyramids(Limits())
    rows, cols = np.arange(0, 128)[:, None], np.arange(0, 128)[None]
    threads = [threading.Thread(target=image.read, args=(made, 2, rows, cols)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert image.seen == 512**2


def test_too_large_a_window_of_a_level_is_refused_and_time_is_kept(
    server: eemulator.Server,
) -> None:
    assert server.url
    image, made = _Counting(8192), Pyramids(Limits(working_pixels=1000))
    with pytest.raises(Exception, match="User memory limit exceeded"):
        image.read(made, 1, np.arange(64)[:, None], np.arange(64)[None])
    late = Deadline(-1)
    with pytest.raises(Exception, match="Computation timed out"):
        Pyramids(Limits()).sample(
            image.asset, image.asset.bands, 1, np.zeros((1, 1), int), np.zeros((1, 1), int), late
        )


def test_bands_that_are_too_many_at_once_are_read_in_parts() -> None:
    asset = synthetic.catalog().get("TEST/PYRAMID")
    assert isinstance(asset, ImageAsset)
    at = (np.arange(300)[:, None], np.arange(200)[None])
    whole = Pyramids(Limits()).sample(asset, asset.bands, 1, *at, Deadline(None))
    # 3 x 2 blocks of 128 pixels a side and band; two bands fit.
    narrow = Pyramids(Limits(working_pixels=2 * 6 * 128**2 + 1))
    parts = narrow.sample(asset, asset.bands, 1, *at, Deadline(None))
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one.values, other.values)


def test_level_of_a_lattice_without_bounds() -> None:
    level, lattice, size = level_read(Grid(UTM.crs, (170.0, 0, 0, 0, -170.0, 0), 1, 1), UTM, None)
    assert (level, lattice.transform[0], size) == (4, 160.0, None)


def test_full_resolution_is_what_it_was() -> None:
    found = pixels("TEST/UTM", grid(UTM.crs, UTM.transform, 300, 250), bandIds=["i32"])["i32"]
    rows, cols = np.mgrid[0:250, 0:300]
    np.testing.assert_array_equal(found, formula("i32", 3, rows, cols))
