"""Sentinel-2's 20 m and 60 m bands between their native samples."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from affine import Affine
from georeader.geotensor import GeoTensor
from hypothesis import example, given
from hypothesis import strategies as st

import eemulator
from eemulator.catalog.sentinel2 import oracle
from eemulator.catalog.tiles import ELSEWHERE, TILES
from geetensor import ee_image, interpolation
from geetensor.ee_image import _find_padding, interpolate_20mbands_s2ee
from geetensor.errors import InvalidInputError
from tests.geetensor.conftest import sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from geetensor.interpolation import Method

LEFT, TOP = 399_960, 8_000_020
"""Corner of a tile in the southern hemisphere: of native pixels of 20 m and of 60 m."""

PHASES = [*itertools.product(range(2), range(2))]


def tensor(
    values: NDArray[Any], row: int = 0, col: int = 0, fill: float | None = 0, **attrs: Any
) -> GeoTensor:
    """A tensor whose first pixel is that many 10 m pixels after the tile's corner."""
    transform = Affine(10, 0, LEFT + 10 * col, 0, -10, TOP - 10 * row)
    return GeoTensor(values, transform, "EPSG:32738", fill_value_default=fill, attrs=attrs)


def blocks(samples: NDArray[Any], factor: int, row: int, col: int, shape: tuple[int, int]) -> Any:
    """What nearest neighbour makes of native samples, from pixel (row, col) on."""
    repeated = samples.repeat(factor, axis=-2).repeat(factor, axis=-1)
    return repeated[..., row : row + shape[0], col : col + shape[1]].copy()


def keys(x: float) -> float:
    """Keys' kernel as his paper writes it, with a = -1/2."""
    a, x = -0.5, abs(x)
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0


def expected(
    samples: NDArray[Any], known: NDArray[np.bool_], factor: int, row: int, col: int, taps: int
) -> float:
    """A pixel of the whole repeated image, sample by sample."""
    y, x = (row + 0.5) / factor - 0.5, (col + 0.5) / factor - 0.5
    for reach in (taps // 2, 1):
        rows = range(math.floor(y) - reach + 1, math.floor(y) + reach + 1)
        cols = range(math.floor(x) - reach + 1, math.floor(x) + reach + 1)
        cells = [*itertools.product(rows, cols)]
        there = [
            (r, c)
            for r, c in cells
            if 0 <= r < samples.shape[0] and 0 <= c < samples.shape[1] and known[r, c]
        ]
        if reach == 2 and len(there) == len(cells):
            return sum(float(samples[r, c]) * keys(r - y) * keys(c - x) for r, c in there)
    weights = {(r, c): (1 - abs(r - y)) * (1 - abs(c - x)) for r, c in there}
    return sum(float(samples[cell]) * w for cell, w in weights.items()) / sum(weights.values())


@pytest.mark.parametrize(("factor", "band"), [(2, "B05"), (6, "B1")])
@pytest.mark.parametrize("method", ["bicubic", "bilinear"])
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_every_pixel_is_what_the_kernel_says(
    factor: int, band: str, method: Method, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interpolation, "_STRIP_PIXELS", 100)  # strips of one row of blocks
    rng = np.random.default_rng(factor)
    samples = rng.integers(3000, 10_000, (7, 8)).astype(dtype)
    known = rng.random(samples.shape) > 0.1
    fill = 0 if dtype == "uint16" else np.nan
    samples[~known] = fill
    row, col, shape = factor - 1, 1, (5 * factor + 1, 6 * factor + 1)
    window = blocks(samples, factor, row, col, shape)
    # Only the samples that the window shows count.
    shown = np.zeros_like(known)
    shown[: math.ceil((row + shape[0]) / factor), : math.ceil((col + shape[1]) / factor)] = True
    known &= shown
    out = interpolate_20mbands_s2ee(
        tensor(window[np.newaxis], row, col, fill), [band], method=method
    )
    assert out.dtype == dtype
    for r, c in itertools.product(range(shape[0]), range(shape[1])):
        if not known[(row + r) // factor, (col + c) // factor]:
            np.testing.assert_equal(out.values[0, r, c], fill)
            continue
        taps = 4 if method == "bicubic" else 2
        value = expected(samples, known, factor, row + r, col + c, taps)
        tolerance = 0.5 + 1e-9 if dtype == "uint16" else 1e-6 * value
        assert float(out.values[0, r, c]) == pytest.approx(value, abs=tolerance)


@given(
    factor=st.sampled_from([2, 6]),
    method=st.sampled_from(["bicubic", "bilinear"]),
    whole=st.tuples(*[st.integers(0, 11)] * 2, st.integers(1, 40), st.integers(1, 40)),
    cut=st.tuples(*[st.integers(0, 15)] * 4),
    holes=st.sampled_from([0.0, 0.05, 0.5]),
    seed=st.integers(0, 100),
)
@example(factor=2, method="bicubic", whole=(1, 1, 31, 30), cut=(3, 4, 5, 6), holes=0.0, seed=0)
@example(factor=6, method="bicubic", whole=(5, 2, 40, 40), cut=(7, 1, 3, 2), holes=0.05, seed=1)
def test_the_result_of_a_window_is_the_window_of_the_result(
    factor: int,
    method: Method,
    whole: tuple[int, int, int, int],
    cut: tuple[int, int, int, int],
    holes: float,
    seed: int,
) -> None:
    row, col, height, width = whole
    rng = np.random.default_rng(seed)
    samples = rng.integers(1, 65_536, (52, 52)).astype(np.uint16)
    values = blocks(samples, factor, row, col, (height, width))
    values[rng.random(values.shape) < holes] = 0  # holes of 10 m
    out = interpolate_20mbands_s2ee(
        tensor(values[np.newaxis], row, col), ["B6" if factor == 2 else "B09"], method=method
    ).values[0]
    np.testing.assert_array_equal(out == 0, values == 0)
    top, left, bottom, right = cut
    if top + bottom >= height or left + right >= width:
        return
    window = np.s_[top : height - bottom, left : width - right]
    part = interpolate_20mbands_s2ee(
        tensor(values[window][np.newaxis], row + top, col + left),
        ["B6" if factor == 2 else "B09"],
        method=method,
    ).values[0]
    reach = 2 * factor if method == "bicubic" else factor
    # Of a block that the edge cuts, all may be masked that the window shows: a sample less.
    reach += factor * bool(holes)
    inner = np.s_[
        reach * bool(top) : part.shape[0] - reach * bool(bottom),
        reach * bool(left) : part.shape[1] - reach * bool(right),
    ]
    np.testing.assert_array_equal(part[inner], out[window][inner])
    np.testing.assert_array_equal(part == 0, values[window] == 0)


def field(y: NDArray[Any], x: NDArray[Any]) -> NDArray[np.float64]:
    """A smooth field, of positions in metres: waves of 160 m and more."""
    wave: NDArray[np.float64] = (
        3000 + 900 * np.sin(2 * np.pi * x / 160) * np.cos(2 * np.pi * y / 200) + 0.5 * x - 0.3 * y
    )
    return wave


def field_at(rows: int, cols: int, metres: int) -> NDArray[np.float64]:
    """The field at the centres of pixels of a size."""
    y, x = np.meshgrid(
        (np.arange(rows) + 0.5) * metres, (np.arange(cols) + 0.5) * metres, indexing="ij"
    )
    return field(y, x)


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("shape", [(60, 60), (61, 63)])
def test_a_smooth_field_comes_back(phase: tuple[int, int], shape: tuple[int, int]) -> None:
    row, col = phase
    samples = np.rint(field_at(40, 40, 20)).astype(np.uint16)
    truth = field_at(80, 80, 10)[row : row + shape[0], col : col + shape[1]]
    nearest = blocks(samples, 2, row, col, shape)
    nearest[20:25, 30:34] = 0  # a hole that begins and ends inside of blocks, at some phases
    repaired = interpolate_20mbands_s2ee(tensor(nearest[np.newaxis], row, col), ["B5"]).values[0]
    np.testing.assert_array_equal(repaired == 0, nearest == 0)
    error = np.where(nearest == 0, 0, repaired - truth)
    inner = error[4:-4, 4:-4].copy()
    inner[12:26, 22:34] = 0  # around the hole
    was = np.where(nearest == 0, truth, nearest) - truth
    assert np.std(was) > 100
    assert np.std(inner) < 0.05 * np.std(was)
    assert np.abs(error).max() <= np.abs(was).max()  # at edges and around the hole, too


def test_northern_and_southern_tiles_begin_on_the_lattice() -> None:
    for tile in [*TILES.values(), *ELSEWHERE.values()]:
        transform = Affine(10, 0, tile.left, 0, -10, tile.top)
        corner = np.full((1, 6, 6), 7, np.uint16)
        corner[:, :, 3:] = 9  # no block of 6 × 6
        with pytest.raises(InvalidInputError, match="begin 0 rows and 0 columns before"):
            interpolate_20mbands_s2ee(GeoTensor(corner, transform, tile.crs), ["B1"])
    assert {tile.crs[:8] for tile in ELSEWHERE.values()} | {"EPSG:327"} >= {"EPSG:326", "EPSG:327"}


def test_cubes_classes_and_names() -> None:
    rng = np.random.default_rng(1)
    names = ["red", "B8A", "rededge071", "SCL", "B11", "QA60", "MSK_SNWPRB", "ndvi", "coastal"]
    samples = rng.integers(1, 9000, (3, len(names), 12, 12)).astype(np.float32)
    values = blocks(samples, 6, 1, 1, (31, 29))
    cube = tensor(values.copy(), 1, 1, np.nan, band_names=names, asset_ids=["a", "b", "c"])
    out = interpolate_20mbands_s2ee(cube)
    changed = [not np.array_equal(out.values[:, i], values[:, i]) for i in range(len(names))]
    assert changed == [name in {"B8A", "rededge071", "B11", "coastal"} for name in names]
    assert out.attrs == cube.attrs
    assert out.transform == cube.transform
    np.testing.assert_array_equal(cube.values, values)
    one = interpolate_20mbands_s2ee(cube[1], names)
    np.testing.assert_array_equal(one.values, out.values[1])
    same = interpolate_20mbands_s2ee(cube, inplace=True)
    assert same is cube
    np.testing.assert_array_equal(cube.values, out.values)


def test_a_phase_given_is_taken() -> None:
    samples = np.arange(1, 101, dtype=np.uint16).reshape(1, 10, 10) ** 2
    values = blocks(samples, 2, 1, 0, (17, 20))
    right = interpolate_20mbands_s2ee(tensor(values, 1, 0), ["B7"])
    # In a CRS that is no tile's, or a pixel off: only the caller can know.
    elsewhere = GeoTensor(values, Affine(10, 0, 5, 0, -10, 5), "EPSG:3857", fill_value_default=0)
    np.testing.assert_array_equal(
        interpolate_20mbands_s2ee(elsewhere, ["B7"], phase=(5, 2)).values, right.values
    )
    with pytest.raises(InvalidInputError, match="not the CRS of a Sentinel-2 tile"):
        interpolate_20mbands_s2ee(elsewhere, ["B7"])
    with pytest.raises(InvalidInputError, match="begin 0 rows and 0 columns before"):
        interpolate_20mbands_s2ee(tensor(values, 0, 0), ["B7"])
    with pytest.raises(InvalidInputError, match="interpolated already"):
        interpolate_20mbands_s2ee(right, ["B7"])


def test_a_valid_pixel_never_becomes_masked() -> None:
    # Beside a step, cubic convolution undershoots: to 0 and below.
    samples = np.array([[[400, 400, 400, 20, 20, 20, 20, 20]]], np.uint16).repeat(8, axis=1)
    values = blocks(samples, 2, 0, 0, (16, 16))
    out = interpolate_20mbands_s2ee(tensor(values), ["B5"])
    assert out.values.min() == 1
    signed = interpolate_20mbands_s2ee(tensor(values.astype(np.int16), fill=-32768), ["B5"])
    assert signed.values.min() < 0
    floats = values.astype("f8")
    fill = float(interpolate_20mbands_s2ee(tensor(floats, fill=-1), ["B5"]).values[0, 8, 7])
    other = interpolate_20mbands_s2ee(tensor(floats, fill=fill), ["B5"])
    assert fill not in other.values
    assert other.values[0, 8, 7] == pytest.approx(fill)
    # ... and the greatest stays within the type.
    high = np.where(samples == 400, 65_535, 40_000).astype(np.uint16)
    top = interpolate_20mbands_s2ee(tensor(blocks(high, 2, 0, 0, (16, 16))), ["B5"])
    assert top.values.max() == 65_535


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bands": None}, "band_names"),
        ({"bands": ["B5", "B6"]}, "has 1 bands"),
        ({"method": "cubic"}, "bicubic, bilinear"),
        ({"phase": (0, -1)}, "phase"),
        ({"phase": 1}, "phase"),
        ({"phase": (0.5, 0)}, "phase"),
        ({"geotensor": tensor(np.ones((4, 4), np.uint16))}, "shape"),
        ({"geotensor": tensor(np.ones((1, 4, 4), np.bool_))}, "bool"),
    ],
)
def test_bad_arguments(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {
        "geotensor": tensor(np.ones((1, 4, 4), np.uint16)),
        "bands": ["B5"],
    }
    with pytest.raises(InvalidInputError, match=message):
        interpolate_20mbands_s2ee(**arguments | change)


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        (Affine(10, 0, LEFT + 5, 0, -10, TOP), "lattice"),
        (Affine(15, 0, LEFT, 0, -15, TOP), "multiple"),
        (Affine(10, 0, LEFT, 0, 10, TOP), "north up"),
        (Affine(10, 1, LEFT, 0, -10, TOP), "north up"),
    ],
)
def test_pixels_that_are_no_part_of_native_ones(transform: Affine, message: str) -> None:
    ones = GeoTensor(np.ones((1, 4, 4), np.uint16), transform, "EPSG:32738")
    with pytest.raises(InvalidInputError, match=message):
        interpolate_20mbands_s2ee(ones, ["B5"])


def test_at_their_own_size_bands_are_left_alone() -> None:
    values = np.random.default_rng(0).integers(1, 99, (1, 9, 9)).astype(np.uint16)
    own = GeoTensor(values, Affine(20, 0, LEFT, 0, -20, TOP), "EPSG:32738", fill_value_default=0)
    np.testing.assert_array_equal(interpolate_20mbands_s2ee(own, ["B5"]).values, values)


def test_the_helper_that_georeader_has() -> None:
    for v, divisor in itertools.product(range(1, 40), (2, 6, 8)):
        assert 0 <= _find_padding(v, divisor) < divisor
        assert (v + _find_padding(v, divisor)) % divisor == 0
    assert ee_image._find_padding(0) == 8


@pytest.fixture(scope="module")
def catalogue() -> Iterator[eemulator.Server]:
    with eemulator.running() as server:
        yield server


@pytest.mark.parametrize("phase", PHASES)
def test_exported_bands_have_their_samples_at_their_centres(
    catalogue: eemulator.Server, monkeypatch: pytest.MonkeyPatch, phase: tuple[int, int]
) -> None:
    sign_in(catalogue, monkeypatch)
    scene = "COPERNICUS/S2_SR_HARMONIZED/20240204T070201_20240204T070203_T38KQE"
    tile = TILES["38KQE"]
    row, col, height, width = 3000 + phase[0], 4000 + phase[1], 33, 26
    left, top = tile.left + 10 * col, tile.top - 10 * row
    area = (left, top - 10 * height, left + 10 * width, top)
    names = ["B04", "B05", "SCL", "B1"]
    out = ee_image.export_image(scene, area, names, crs_geometry=tile.crs)
    assert out.shape == (4, height, width)
    smooth = interpolate_20mbands_s2ee(out)
    for band, factor in (("B5", 2), ("B1", 6)):
        cells = np.arange(row // factor - 3, (row + height) // factor + 4)
        across = np.arange(col // factor - 3, (col + width) // factor + 4)
        samples, valid = oracle(scene, band, cells[:, np.newaxis], across[np.newaxis])
        assert valid.all()
        for r, c in itertools.product(range(2 * factor, height - 2 * factor), repeat=2):
            if c >= width - 2 * factor:
                continue
            value = expected(
                samples, valid, factor, row + r - cells[0] * factor, col + c - across[0] * factor, 4
            )
            got = float(smooth.values[names.index("B05" if band == "B5" else "B1"), r, c])
            assert abs(got - value) <= 0.5 + 1e-9
    for index in (0, 2):
        np.testing.assert_array_equal(smooth.values[index], out.values[index])
