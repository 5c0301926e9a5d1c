"""Texture, against matrices of co-occurrence that are built cell by cell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest

from .synthetic import formula, is_valid, part
from .wire import info, pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

LEFT, TOP, WIDTH, HEIGHT, MARGIN = 50, 60, 7, 6, 4
INSIDE = part(LEFT, TOP, WIDTH, HEIGHT)
ROWS, COLS = np.mgrid[TOP - MARGIN : TOP + HEIGHT + MARGIN, LEFT - MARGIN : LEFT + WIDTH + MARGIN]
LEVELS = formula("u8", 3, ROWS, COLS).astype(int) >> 6
VALID = is_valid("u8", 3, ROWS, COLS)
METRICS = [
    "asm",
    "contrast",
    "corr",
    "var",
    "idm",
    "savg",
    "svar",
    "sent",
    "ent",
    "dvar",
    "dent",
    "imcorr1",
    "imcorr2",
    "maxcorr",
    "diss",
    "inertia",
    "shade",
    "prom",
]
STEPS = [(-1, -1), (0, -1), (1, -1), (-1, 0)]


def image() -> Any:
    """Four grey levels, with masked pixels."""
    return ee.Image("TEST/UTM").select("u8").rightShift(6)


def test_entropy_is_that_of_the_values_under_the_kernel() -> None:
    kernel = ee.Kernel.fixed(3, 3, [[1, 1, 0], [2, 1, 0], [0, -1, 0]])
    cells = [(-1, -1), (-1, 0), (0, -1), (0, 0), (1, 0)]
    found = pixels(image().entropy(kernel).unmask(-1), INSIDE)["u8"]
    for row in range(HEIGHT):
        for column in range(WIDTH):
            here = row + MARGIN, column + MARGIN
            seen = [
                LEVELS[here[0] + r, here[1] + c]
                for r, c in cells
                if VALID[here[0] + r, here[1] + c]
            ]
            _, counts = np.unique(seen, return_counts=True)
            expected = -sum(n / len(seen) * math.log2(n / len(seen)) for n in counts.tolist())
            assert found[row, column] == pytest.approx(expected if VALID[here] else -1, abs=1e-6)


def matrix(window: NDArray[Any], ok: NDArray[Any], step: tuple[int, int]) -> NDArray[np.float64]:
    """Probabilities of each pair of levels in a window, symmetric."""
    counts = np.zeros((4, 4))
    side = len(window)
    for row in range(side):
        for column in range(side):
            r, c = row + step[1], column + step[0]
            if 0 <= r < side and 0 <= c < side and ok[row, column] and ok[r, c]:
                counts[window[row, column], window[r, c]] += 1
                counts[window[r, c], window[row, column]] += 1
    probabilities: NDArray[np.float64] = counts / counts.sum()
    return probabilities


def entropy(p: NDArray[np.float64]) -> float:
    return float(-(p[p > 0] * np.log(p[p > 0])).sum())


def haralick(p: NDArray[np.float64]) -> list[float]:
    """As the papers define them, with the variance of sums around their mean."""
    i, j = np.mgrid[:4, :4]
    rows = p.sum(axis=1)
    mean = float((rows * np.arange(4)).sum())
    variance = float((rows * (np.arange(4) - mean) ** 2).sum())
    sums = np.array([p[i + j == k].sum() for k in range(7)])
    differences = np.array([p[abs(i - j) == k].sum() for k in range(4)])
    average = float((sums * np.arange(7)).sum())
    centre = float((differences * np.arange(4)).sum())
    contrast = float(((i - j) ** 2 * p).sum())
    independent = np.outer(rows, rows)
    there = independent > 0
    one = float(-(p[there] * np.log(independent[there])).sum())
    two = entropy(independent)
    return [
        float((p**2).sum()),
        contrast,
        float((i * j * p).sum() - mean**2) / variance,
        float(((i - mean) ** 2 * p).sum()),
        float((p / (1 + (i - j) ** 2)).sum()),
        average,
        float((sums * (np.arange(7) - average) ** 2).sum()),
        entropy(sums),
        entropy(p),
        float((differences * (np.arange(4) - centre) ** 2).sum()),
        entropy(differences),
        (entropy(p) - one) / entropy(rows),
        math.sqrt(1 - math.exp(-2 * (two - entropy(p)))),
        0.0,
        float((abs(i - j) * p).sum()),
        contrast,
        float(((i + j - 2 * mean) ** 3 * p).sum()),
        float(((i + j - 2 * mean) ** 4 * p).sum()),
    ]


@pytest.mark.parametrize("average", [True, False])
def test_metrics_of_co_occurrence(average: bool) -> None:
    texture = image().glcmTexture(size=2, average=average)
    suffixes = [""] if average else [f"_{x}_{y}" for x, y in STEPS]
    names = [f"u8_{metric}{suffix}" for suffix in suffixes for metric in METRICS]
    assert info(texture.bandNames()) == names
    found = pixels(texture.unmask(-99), INSIDE)
    for row in range(HEIGHT):
        for column in range(WIDTH):
            middle = row + MARGIN, column + MARGIN
            part = tuple(slice(at - 2, at + 3) for at in middle)
            each = [haralick(matrix(LEVELS[part], VALID[part], step)) for step in STEPS]
            expected = np.mean(each, axis=0) if average else np.ravel(each)
            if not VALID[middle]:
                expected = np.full(len(names), -99.0)
            values = [float(found[name][row, column]) for name in names]
            np.testing.assert_allclose(values, expected, rtol=2e-6, atol=2e-6)


def test_the_kernel_says_in_which_directions() -> None:
    plus = ee.Kernel.plus(2)
    names = info(image().glcmTexture(2, plus, False).select(".*_asm.*").bandNames())
    assert names == ["u8_asm_0_-2", "u8_asm_0_-1", "u8_asm_-2_0", "u8_asm_-1_0"]


def test_even_ground_has_no_texture() -> None:
    even = ee.Image(7).int().rename("v").glcmTexture()
    expected = dict.fromkeys(METRICS, 0.0) | {"asm": 1.0, "idm": 1.0, "savg": 14.0}
    found = pixels(even, INSIDE)
    for metric, value in expected.items():
        np.testing.assert_array_equal(found[f"v_{metric}"], value)


def test_steps_beyond_the_window_make_no_pairs() -> None:
    far = ee.Kernel.fixed(9, 9, [[1] + [0] * 8] + [[0] * 9] * 8)
    assert (pixels(image().glcmTexture(1, far).select(0).mask(), INSIDE)["u8_asm"] == 0).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: image().toFloat().glcmTexture(),
         "Image.glcmTexture: Only 32-bit or smaller integer types are currently supported."),
        (lambda: image().toInt64().entropy(ee.Kernel.square(1)),
         "Image.entropy: Only 32-bit or smaller integer types are currently supported."),
        (lambda: image().glcmTexture(0), "'size' must be 1 to 32, got 0"),
        (lambda: image().glcmTexture(1, ee.Kernel.square(90, "meters")), "must be in pixels"),
        (lambda: image().glcmTexture(1, ee.Kernel.square(0.5)), "a cell that is not 0 beside"),
    ],
)  # fmt: skip
def test_what_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ee.EEException, match=message):
        info(make())
