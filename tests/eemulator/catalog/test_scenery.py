"""What the pixels show agrees with itself: masks, classes, percentages, tiles, resolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from eemulator.catalog import scene_statistics
from eemulator.catalog.tiles import TILES
from tests.eemulator.catalog.scenes import SR, collection, scene

if TYPE_CHECKING:
    from eemulator.catalog import Grid, ImageAsset

RNG = np.random.default_rng(20240105)


def _grid(image: ImageAsset, band: str) -> Grid:
    return next(b.grid for b in image.bands if b.id == band)


@pytest.mark.parametrize(
    ("day", "tile"),
    [("20240105", "38KQE"), ("20240102", "38KQE"), ("20240105", "38KQF"), ("20240102", "38KRE"),
     ("20240102", "39KTV")],
)  # fmt: skip
def test_footprint_is_where_pixels_are_valid(day: str, tile: str) -> None:
    image = scene(day, tile)
    grid = _grid(image, "B4")
    rows, cols = RNG.integers(0, grid.height, (2, 1, 3000))
    _, valid = image.sample(["B4"], rows, cols)[0]
    x = grid.transform[2] + 10 * (cols + 0.5)
    y = grid.transform[5] - 10 * (rows + 0.5)
    lon, lat = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(x, y)
    points = shapely.points(lon, lat)
    assert image.footprint is not None
    # Within 20 m of the edge either may be right: footprints have straight edges in degrees.
    inside = shapely.contains(image.footprint.buffer(-2e-4), points)
    outside = ~shapely.contains(image.footprint.buffer(2e-4), points)
    assert valid[inside].all()
    assert not valid[outside].any()
    share = 100 * float(np.mean(~valid))
    assert share == pytest.approx(image.properties["NODATA_PIXEL_PERCENTAGE"], abs=3)


def test_masked_pixels_are_zero() -> None:
    image = scene("20240105", "38KQE")
    rows, cols = np.arange(0, 10980, 300)[:, None], np.arange(8000, 10980, 100)[None, :]
    for values, valid in image.sample(["B4", "B8", "QA10"], rows, cols):
        assert 0 < valid.sum() < valid.size
        assert not values[~valid].any()
    # A valid pixel of a spectral band is never 0.
    values, valid = image.sample(["B2"], rows, cols)[0]
    assert values[valid].min() > 0


def test_cloud_percentage_is_that_of_the_classes() -> None:
    # The table was counted at every 45th pixel; another lattice agrees to two percent of the tile.
    images = collection(SR).images
    for position in (3, 120, 200, 333):
        image = images[position]
        grid = _grid(image, "SCL")
        rows, cols = np.arange(7, grid.height, 61)[:, None], np.arange(9, grid.width, 61)[None, :]
        classes, valid = image.sample(["SCL"], rows, cols)[0]
        cloudy = 100 * np.isin(classes[valid], (8, 9, 10)).mean()
        assert cloudy == pytest.approx(image.properties["CLOUDY_PIXEL_PERCENTAGE"], abs=2.0)
        water = 100 * (classes[valid] == 6).mean()
        assert water == pytest.approx(image.properties["WATER_PERCENTAGE"], abs=1.0)


def test_the_table_is_of_this_formula() -> None:
    image = collection(SR).images[250]
    for name, share in scene_statistics.count(image).items():
        assert image.properties[name] == share


def test_the_year_has_clear_and_overcast_days() -> None:
    cloudy = [
        (int(i.properties["system:index"][4:6]), i.properties["CLOUDY_PIXEL_PERCENTAGE"])
        for i in collection(SR).images
        if i.properties["MGRS_TILE"] == "38KQE"
    ]
    dry = [c for month, c in cloudy if 5 <= month <= 10]
    wet = [c for month, c in cloudy if month in (12, 1, 2, 3)]
    assert sum(c < 20 for c in dry) > 20
    assert np.mean(wet) > 2 * np.mean(dry)
    assert max(wet) > 90
    assert min(dry) < 1


def test_classes_agree_with_reflectance() -> None:
    image = scene("20240325", "38KQE")
    rows, cols = np.arange(20, 5490, 37)[:, None], np.arange(10, 4000, 41)[None, :]
    (scl, valid), (red_edge, _), (nir, _), (swir, _) = image.sample(
        ["SCL", "B5", "B8A", "B11"], rows, cols
    )
    ndvi = (nir.astype(float) - red_edge) / (nir.astype(float) + red_edge + 1e-9)
    assert set(np.unique(scl[valid])) <= set(range(2, 11))
    assert ndvi[scl == 4].mean() > 0.35 > ndvi[scl == 5].mean()
    assert swir[scl == 6].mean() < 800
    cloudy = scene("20240110", "38KQE")
    (scl, _), (nir, _), (chance, _) = cloudy.sample(["SCL", "B8A", "MSK_CLDPRB"], rows, cols)
    assert (scl == 3).any()
    assert nir[scl == 9].mean() > 4500 > nir[scl == 5].mean() > nir[scl == 3].mean()
    assert chance[np.isin(scl, (8, 9))].min() >= 45
    assert chance[np.isin(scl, (4, 5))].max() <= 55


def test_a_sky_goes_on_across_tiles() -> None:
    west, east = scene("20240107", "38KQE"), scene("20240107", "38KRE")
    # 100 020 m apart: the same ground is 10002 columns further on in the western tile.
    rows = np.arange(4000, 4200)[:, None]
    cols = np.arange(500, 700)[None, :]
    for band in ("B2", "B3", "B4", "B8", "TCI_G"):
        a, a_valid = west.sample([band], rows, cols + 10002)[0]
        b, b_valid = east.sample([band], rows, cols)[0]
        assert a_valid.all()
        assert b_valid.all()
        np.testing.assert_array_equal(a, b)


def test_tiles_of_two_zones_agree_on_the_ground() -> None:
    west, east = scene("20240715", "38KRE"), scene("20240715", "39KTV")
    to_east = Transformer.from_crs("EPSG:32738", "EPSG:32739", always_xy=True)
    x = 870_005.0 + 10 * np.arange(200)[None, :]
    y = 7_950_015.0 - 10 * np.arange(200)[:, None]
    full_x, full_y = np.broadcast_arrays(x, y)
    east_x, east_y = to_east.transform(full_x, full_y)
    tile = TILES["39KTV"]
    rows = np.floor((tile.top - east_y) / 10).astype(np.int64)
    cols = np.floor((east_x - tile.left) / 10).astype(np.int64)
    plane_x, plane_y = tile.plane(east_x, east_y)
    assert np.abs(plane_x - x).max() < 0.01
    assert np.abs(plane_y - y).max() < 0.01
    a = west.sample(["B8"], ((8_000_020 - y) // 10).astype(int), ((x - 799_980) // 10).astype(int))
    b = east.sample(["B8"], rows, cols)
    # Pixels of two zones' lattices never coincide, but they show the same patches.
    one, other = a[0][0].astype(float).ravel(), b[0][0].astype(float).ravel()
    assert np.corrcoef(one, other)[0, 1] > 0.9
    assert np.median(np.abs(one - other)) < 120


def test_resolutions_show_the_same_ground() -> None:
    image = scene("20240708", "38KQE")
    index = np.arange(1000, 1300)
    coarse = image.sample(["B8A"], index[:, None], index[None, :])[0][0].astype(float)
    fine_index = np.arange(2000, 2600)
    fine = image.sample(["B8"], fine_index[:, None], fine_index[None, :])[0][0].astype(float)
    averaged = fine.reshape(300, 2, 300, 2).mean(axis=(1, 3))
    assert np.corrcoef(coarse.ravel(), averaged.ravel())[0, 1] > 0.9


def test_fields_turn_green_and_brown() -> None:
    def greenness(day: str) -> np.ndarray:
        image = scene(day, "38KQE")
        index = np.arange(8500, 9500, 3)[:, None], np.arange(5000, 5600, 3)[None, :]
        (red, _), (nir, _) = image.sample(["B4", "B8"], *index)
        index_of: np.ndarray = (nir.astype(float) - red) / (nir.astype(float) + red)
        return index_of

    assert greenness("20240325").mean() > greenness("20240901").mean() + 0.15
