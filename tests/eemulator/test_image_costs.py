"""Distances by kernels and the costs of ways, against all sources, graphs and great circles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from pyproj import Geod, Transformer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from .synthetic import LONLAT, formula, is_valid, part
from .wire import grid, info, pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

LEFT, TOP, WIDTH, HEIGHT, MARGIN = 50, 60, 24, 18, 12
INSIDE = part(LEFT, TOP, WIDTH, HEIGHT)
ROWS, COLS = np.mgrid[TOP - MARGIN : TOP + HEIGHT + MARGIN, LEFT - MARGIN : LEFT + WIDTH + MARGIN]
VALUES, VALID = formula("u8", 3, ROWS, COLS), is_valid("u8", 3, ROWS, COLS)
TARGET = VALID & (VALUES % 50 == 7)


def band(name: str = "u8") -> Any:
    return ee.Image("TEST/UTM").select(name)


def target() -> Any:
    return band().mod(50).eq(7)


def core(values: NDArray[Any]) -> NDArray[Any]:
    return values[MARGIN:-MARGIN, MARGIN:-MARGIN]


@pytest.mark.parametrize("name", ["euclidean", "manhattan", "chebyshev"])
@pytest.mark.parametrize(("radius", "unit"), [(5.5, "pixels"), (60, "meters")])
def test_distance_to_the_next_pixel_under_a_kernel(name: str, radius: float, unit: str) -> None:
    kernel = getattr(ee.Kernel, name)(radius, unit)
    found = pixels(target().distance(kernel, False).unmask(-1), INSIDE)["u8"]
    y, x = np.mgrid[: len(ROWS), : ROWS.shape[1]]
    targets = np.argwhere(TARGET)
    down, across = abs(y[..., None] - targets[:, 0]), abs(x[..., None] - targets[:, 1])
    every = {
        "euclidean": np.hypot(down, across),
        "manhattan": down + across,
        "chebyshev": np.maximum(down, across),
    }[name]
    expected = every.min(axis=-1) * (10 if unit == "meters" else 1)
    expected = np.where(expected <= radius, expected, -1)
    np.testing.assert_allclose(found, core(expected), rtol=1e-6)
    masked = pixels(target().distance(kernel).unmask(-1), INSIDE)["u8"]
    np.testing.assert_allclose(masked, core(np.where(VALID, expected, -1)), rtol=1e-6)


def ways(costs: NDArray[Any], passable: NDArray[np.bool_]) -> NDArray[np.float64]:
    """By Dijkstra's algorithm on a graph of the pixels, ten metres apart."""
    number = np.arange(costs.size).reshape(costs.shape)
    starts, ends, prices = [], [], []
    height, width = costs.shape
    for row in range(height):
        for column in range(width):
            for r, c in ((row, column + 1), (row + 1, column - 1), (row + 1, column),
                         (row + 1, column + 1)):  # fmt: skip
                if not (0 <= r < height and 0 <= c < width):
                    continue
                if passable[row, column] and passable[r, c]:
                    starts.append(number[row, column])
                    ends.append(number[r, c])
                    length = 10 * math.hypot(r - row, c - column)
                    prices.append((costs[row, column] + costs[r, c]) / 2 * length)
    graph = coo_array((prices, (starts, ends)), shape=(costs.size, costs.size)).tocsr()
    sources = np.flatnonzero((TARGET & passable).ravel())
    found = dijkstra(graph, directed=False, indices=sources, min_only=True)
    cheapest: NDArray[np.float64] = found.reshape(costs.shape)
    return cheapest


def test_cumulative_cost_is_that_of_the_cheapest_way() -> None:
    """Sources are so near to one another that no way is cut off by the window or its steps."""
    cost = band().bitwiseAnd(15).add(1)
    result = cost.cumulativeCost(target(), 120, False)
    assert info(result.bandNames()) == ["cumulative_cost"]
    found = pixels(result.unmask(-1), INSIDE)["cumulative_cost"]
    expected = ways((VALUES & 15) + 1.0, VALID)
    np.testing.assert_allclose(found, core(np.where(VALID, expected, -1)), rtol=1e-12)


def test_half_of_each_step_lies_in_either_pixel() -> None:
    """What fillers of holes rely on: half a step where the way ends, 1 / √2 diagonally."""
    grid_ = grid("EPSG:32738", (10, 0, 400_000, 0, -10, 8_000_000), 5, 5)
    place = ee.Image.pixelCoordinates(ee.Projection("EPSG:32738"))
    middle = place.select("x").eq(400_025).And(place.select("y").eq(7_999_975))
    for price in (0, 1):
        cost = ee.Image(100).where(middle, price)
        found = pixels(cost.cumulativeCost(middle, 20, False), grid_)["cumulative_cost"]
        half = (100 + price) / 2 * 10
        assert found[2, 1] == pytest.approx(half)
        assert found[1, 3] == pytest.approx(half * math.sqrt(2))
        assert found[2, 4] == pytest.approx(half + 1000)
        assert found[2, 2] == 0
    # Two steps reach the corner, one does not.
    near = pixels(ee.Image(1).cumulativeCost(middle, 19, False).mask(), grid_)["cumulative_cost"]
    np.testing.assert_array_equal(near, np.pad(np.ones((3, 3)), 1))


def test_holes_are_filled_from_beside() -> None:
    """A known use: borders that cost 0, 1 and their values tell what lies next to a hole."""
    dear = 1_000_000
    source = band().mask()
    free, one, own = (
        cost.cumulativeCost(source, 30, False)
        for cost in (
            ee.Image(dear).where(source, 0),
            ee.Image(dear).where(source, 1),
            band().unmask(dear),
        )
    )
    filled = own.subtract(free).divide(one.subtract(free)).rename("v")
    found = pixels(filled, INSIDE)["v"]
    beside = np.stack(
        [
            np.where(np.roll(VALID, step, axis), np.roll(VALUES, step, axis), 999)
            for axis in (0, 1)
            for step in (-1, 1)
        ]
    ).min(axis=0)
    holes = ~core(VALID)
    assert holes.any()
    np.testing.assert_allclose(found[holes], core(beside)[holes], rtol=1e-6)


def test_ties_are_decided_by_the_next_band() -> None:
    """All ways cost nothing by the first band: the second finds its own cheapest."""
    second = band().bitwiseAnd(15).add(1)
    both = ee.Image(0).addBands(second).rename(["free", "dear"])
    found = pixels(both.cumulativeCost(target(), 120, False).unmask(-1), INSIDE)
    expected = np.where(VALID, ways((VALUES & 15) + 1.0, VALID), -1)
    np.testing.assert_allclose(found["dear"], core(expected), rtol=1e-12)
    assert set(np.unique(found["free"])) == {-1, 0}


def test_steps_along_the_sphere() -> None:
    a, _, c, _, e, f = LONLAT.transform
    row = grid("EPSG:4326", (a, 0, c, 0, e, f), 4, 3)
    place = ee.Image.pixelLonLat()
    source = place.select(0).lt(c + a).And(place.select(1).gt(f + e))
    found = pixels(ee.Image(1).cumulativeCost(source, 1000), row)["cumulative_cost"]
    geod = Geod(a=6_378_137, b=6_378_137)
    lon, lat = c + a * (np.arange(4) + 0.5), f + e * (np.arange(3) + 0.5)
    along = geod.inv(lon[0], lat[0], lon[1], lat[0])[2]
    assert found[0, 3] == pytest.approx(3 * along, rel=1e-9)
    assert found[2, 0] == pytest.approx(2 * geod.inv(lon[0], lat[0], lon[0], lat[1])[2], rel=1e-9)
    assert found[1, 1] == pytest.approx(geod.inv(lon[0], lat[0], lon[1], lat[1])[2], rel=1e-9)
    # In a projection, too, the sphere counts and not the plane.
    to_lonlat = Transformer.from_crs("EPSG:3857", "EPSG:4326", always_xy=True)
    mercator = grid("EPSG:3857", (100, 0, 0, 0, -100, 8_000_000), 2, 1)
    start = ee.Image.pixelCoordinates(ee.Projection("EPSG:3857")).select("x").lt(100)
    steps = pixels(ee.Image(1).cumulativeCost(start, 500), mercator)["cumulative_cost"]
    ends = to_lonlat.transform([50, 150], [7_999_950, 7_999_950])
    expected = geod.inv(ends[0][0], ends[1][0], ends[0][1], ends[1][1])[2]
    assert steps[0, 1] == pytest.approx(expected, rel=1e-9)
    flat = pixels(ee.Image(1).cumulativeCost(start, 500, False), mercator)["cumulative_cost"]
    assert flat[0, 1] == pytest.approx(100)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: target().distance(ee.Kernel.circle(3)), "must be a distance: euclidean, "),
        (lambda: target().distance(), "has no default"),
        (lambda: band().cumulativeCost(ee.Image([1, 2]), 9), "must be a single-band image, got 2"),
        (lambda: band().cumulativeCost(target(), 0), "'maxDistance' must be positive, got 0"),
    ],
)  # fmt: skip
def test_what_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ee.EEException, match=message):
        info(make())


def test_ways_that_would_be_too_long_are_refused_with_advice() -> None:
    with pytest.raises(ee.EEException, match="is 1000 pixels of this scale; at most 512"):
        pixels(band().cumulativeCost(target(), 10_000), INSIDE)
