"""Synthetic Landsat: the cycle, the tiers, and scales that agree with each other."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from eemulator.catalog.landsat.wrs import PathRow, footprint
from eemulator.catalog.orbits import footprint as sentinel2_footprint
from tests.eemulator.catalog.scenes import collection, image

if TYPE_CHECKING:
    from eemulator.catalog import ImageAsset

SCENE = "LC08_159073_20240623"
PLACES = {f"{path}{row}" for path in (158, 159) for row in ("072", "073", "074")}
ROWS, COLS = np.arange(3000, 3160)[:, None], np.arange(3200, 3400)[None, :]


def pixels(name: str, *bands: str) -> list[np.ndarray]:
    found = image(name).sample(bands, ROWS, COLS)
    assert all(valid.all() for _, valid in found)
    return [values for values, _ in found]


@pytest.mark.parametrize(
    ("path", "row", "centre"),
    [
        # Published centres of WRS-2 scenes, to a tenth of a degree.
        (44, 34, (-122.1, 37.5)),
        (224, 77, (-54.6, -24.5)),
        (175, 83, (18.8, -33.2)),
    ],
)
def test_centres(path: int, row: int, centre: tuple[float, float]) -> None:
    assert PathRow(path, row).centre == pytest.approx(centre, abs=0.15)


def test_known_days() -> None:
    # Of published ids: LC08_175083_20190101, LC08_044034_20140318, LC08_224077_20200518.
    for path, row, day in (
        (175, 83, date(2019, 1, 1)),
        (44, 34, date(2014, 3, 18)),
        (224, 77, date(2020, 5, 18)),
    ):
        assert PathRow(path, row).flown_by_landsat8(day)
        assert not PathRow(path + 1, row).flown_by_landsat8(day)
    moment = PathRow(44, 34).overhead(date(2014, 3, 18))
    assert abs((moment - datetime(2014, 3, 18, 18, 46, tzinfo=UTC)).total_seconds()) < 300


def test_scenes_cover_the_tiles_of_sentinel2() -> None:
    scenes = shapely.union_all([footprint(PathRow(p, r)) for p in (158, 159) for r in (72, 73)])
    for tile, orbit in (("38KQE", 77), ("38KRE", 77), ("39KTV", 77), ("38KQF", 77)):
        seen = sentinel2_footprint(tile, orbit)
        assert seen is not None
        assert scenes.intersection(seen).area > 0.9 * seen.area


@pytest.mark.parametrize("prefix", ["LT04", "LT05", "LE07", "LC08", "LC09"])
def test_sixteen_days(prefix: str) -> None:
    tiers = [collection(f"LANDSAT/{prefix}/C02/{tier}").images for tier in ("T1", "T2")]
    by_place: dict[str, list[date]] = {}
    for images in tiers:
        for each in images:
            _, place, day = each.id.rpartition("/")[2].split("_")
            if place in PLACES:
                by_place.setdefault(place, []).append(date.fromisoformat(day))
    assert len(by_place) == 6
    for days in by_place.values():
        assert {(b - a).days for a, b in pairwise(sorted(days))} == {16}
    # Path 159 is flown seven days after path 158.
    (first, *_), (second, *_) = sorted(by_place["158073"]), sorted(by_place["159073"])
    assert (second - first).days % 16 == 7


def test_satellites_are_eight_days_apart() -> None:
    def phase(prefix: str) -> int:
        each = collection(f"LANDSAT/{prefix}/C02/T2").images[0]
        _, place, day = each.id.rpartition("/")[2].split("_")
        known = date(2020, 5, 18).toordinal() + 7 * (int(place[:3]) - 224)
        return (date.fromisoformat(day).toordinal() - known) % 16

    phases = [phase(prefix) for prefix in ("LC08", "LC09", "LE07", "LT05", "LT04")]
    assert phases == [0, 8, 8, 0, 8]


def test_tiers_share_no_scene_and_real_time_repeats_some() -> None:
    def indices(tier: str) -> dict[str, ImageAsset]:
        images = collection(f"LANDSAT/LC08/C02/{tier}").images
        return {each.id.rpartition("/")[2]: each for each in images}

    first, second, real_time = indices("T1"), indices("T2"), indices("T1_RT")
    assert not first.keys() & second.keys()
    assert real_time.keys() <= first.keys()
    assert {i.properties["COLLECTION_CATEGORY"] for i in list(second.values())[:9]} == {"T2"}
    fresh = [k for k, i in real_time.items() if i.properties["COLLECTION_CATEGORY"] == "RT"]
    assert 8 <= len(fresh) <= 24
    for index in fresh:
        assert real_time[index].properties["LANDSAT_PRODUCT_ID"].endswith("_02_RT")
        assert first[index].properties["LANDSAT_PRODUCT_ID"].endswith("_02_T1")
    a, b = (i.sample(["B4"], ROWS, COLS)[0][0] for i in (first[fresh[0]], real_time[fresh[0]]))
    np.testing.assert_array_equal(a, b)


def test_two_real_time_assets_have_lost_their_footprint() -> None:
    for name in ("LANDSAT/LC08/C02/T1_RT", "LANDSAT/LC08/C02/T1_RT_TOA"):
        wide = [i for i in collection(name).images if i.footprint.bounds[3] > 0]  # type: ignore[union-attr]
        assert len(wide) == 2
        for each in wide:
            assert each.footprint is not None
            assert each.footprint.bounds == (-180, -90, 180, 90)
            assert each.properties["COLLECTION_CATEGORY"] == "RT"
            same = image(each.id.replace("T1_RT", "T1"))
            assert same.footprint is not None
            assert same.footprint.area < 10


def test_properties() -> None:
    p = image(f"LANDSAT/LC08/C02/T1_TOA/{SCENE}").properties
    assert p["LANDSAT_PRODUCT_ID"] == "LC08_L1TP_159073_20240623_20240702_02_T1"
    assert p["LANDSAT_SCENE_ID"] == "LC81590732024175LGN00"
    assert (p["WRS_PATH"], p["WRS_ROW"], p["UTM_ZONE"]) == (159, 73, 38)
    assert p["SPACECRAFT_ID"] == "LANDSAT_8"
    assert p["DATE_ACQUIRED"] == "2024-06-23"
    assert 35 < p["SUN_ELEVATION"] < 42  # the noon of that day is at 48°
    assert 30 < p["SUN_AZIMUTH"] < 45
    start = datetime.fromtimestamp(p["system:time_start"] / 1000, UTC)
    assert start.strftime("%Y%m%d%H") == "2024062306"
    surface = image(f"LANDSAT/LC08/C02/T1_L2/{SCENE}").properties
    assert surface["LANDSAT_PRODUCT_ID"].startswith("LC08_L2SP_")
    assert p["EARTH_SUN_DISTANCE"] == pytest.approx(1.0164, abs=5e-4)


def test_digital_numbers_are_reflectance() -> None:
    sine = np.sin(np.radians(image(f"LANDSAT/LC08/C02/T1/{SCENE}").properties["SUN_ELEVATION"]))
    for band in ("B2", "B4", "B5", "B7", "B9"):
        (numbers,) = pixels(f"LANDSAT/LC08/C02/T1/{SCENE}", band)
        (toa,) = pixels(f"LANDSAT/LC08/C02/T1_TOA/{SCENE}", band)
        # The handbook's: 2e-5 * DN - 0.1, divided by the sine of the sun's elevation.
        expected = (numbers.astype(float) * 2e-5 - 0.1) / sine
        # The sun is that of the whole pass's middle.
        assert np.abs(toa / expected - 1).max() < 0.03
        assert -0.01 < toa.min() < toa.max() < 1.2
    (surface,) = pixels(f"LANDSAT/LC08/C02/T1_L2/{SCENE}", "SR_B4")
    (toa,) = pixels(f"LANDSAT/LC08/C02/T1_TOA/{SCENE}", "B4")
    red = surface * 2.75e-5 - 0.2
    assert np.corrcoef(red.ravel(), toa.ravel())[0, 1] > 0.99
    warm, brightness = (
        pixels(f"LANDSAT/LC08/C02/T1_L2/{SCENE}", "ST_B10")[0] * 0.00341802 + 149,
        pixels(f"LANDSAT/LC08/C02/T1_TOA/{SCENE}", "B10")[0],
    )
    assert np.abs(warm - brightness).max() < 0.01
    assert 250 < warm.min() < warm.max() < 330


def test_quality_agrees_with_the_pixels() -> None:
    # A hazy scene: clear land, water, shadow, cirrus and cloud, as collection 2 writes them.
    name = "LANDSAT/LC08/C02/T1_TOA/LC08_159073_20240319"
    place = np.arange(2600, 4600, 6)[:, None], np.arange(2600, 4600, 6)[None, :]
    (quality, valid), (blue, _), (nir, _), (heat, _) = image(name).sample(
        ["QA_PIXEL", "B2", "B5", "B10"], *place
    )
    assert set(np.unique(quality[valid])) == {21824, 21952, 22280, 23888, 54596}
    cloud, land = (quality & 8 > 0) & valid, (quality == 21824) & valid
    assert blue[cloud].mean() > 3 * blue[land].mean()
    assert heat[cloud].mean() < heat[land].mean() - 10
    assert nir[(quality == 21952) & valid].mean() < 0.5 * nir[land].mean()
    cover = image(name).properties["CLOUD_COVER"]
    assert 100 * cloud.sum() / valid.sum() == pytest.approx(cover, abs=25)


def test_cloud_cover_follows_the_pixels() -> None:
    images = [i for i in collection("LANDSAT/LC08/C02/T1").images if "_159073_2024" in i.id]
    counted, told = [], []
    rows, cols = np.arange(1000, 6500, 500)[:, None], np.arange(1500, 6000, 500)[None, :]
    for each in images:
        quality, valid = each.sample(["QA_PIXEL"], rows, cols)[0]
        counted.append(100 * float((quality[valid] & 8 > 0).mean()))
        told.append(each.properties["CLOUD_COVER"])
    assert np.corrcoef(counted, told)[0, 1] > 0.8


def test_the_panchromatic_band_is_finer() -> None:
    each = image(f"LANDSAT/LC08/C02/T1_TOA/{SCENE}")
    grids = {band.id: band.grid for band in each.bands}
    coarse, fine = grids["B4"], grids["B8"]
    assert (coarse.transform[2] - 15) % 30 == 0
    assert fine.transform[2] == coarse.transform[2] + 7.5
    assert (fine.width, fine.height) == (2 * coarse.width - 1, 2 * coarse.height - 1)
    pan = each.sample(["B8"], 2 * ROWS, 2 * COLS)[0][0].astype(float)
    red = each.sample(["B4"], ROWS, COLS)[0][0].astype(float)
    assert np.corrcoef(pan.ravel(), red.ravel())[0, 1] > 0.8


def test_both_zones_and_sentinel2_show_the_same_land() -> None:
    """A field is where it is, whoever looks: NIR of two paths, and of Sentinel-2, of dry days."""
    from pyproj import Transformer

    east = image("LANDSAT/LC08/C02/T1_L2/LC08_158073_20240616")
    west = image("LANDSAT/LC08/C02/T1_L2/LC08_159073_20240623")
    sentinel = next(
        i
        for i in collection("COPERNICUS/S2_SR_HARMONIZED").images
        if "20240615T" in i.id and i.id.endswith("38KRE")
    )
    lon, lat = np.meshgrid(np.linspace(48.02, 48.12, 40), np.linspace(-18.5, -18.6, 40))
    looks = []
    for each, band, cloud in (
        (east, "SR_B5", "QA_PIXEL"), (west, "SR_B5", "QA_PIXEL"), (sentinel, "B8A", "SCL"),
    ):  # fmt: skip
        grid = next(b.grid for b in each.bands if b.id == band)
        a, _, c, _, e, f = grid.transform
        to_grid = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True)
        x, y = to_grid.transform(lon, lat)
        at = np.floor((y - f) / e).astype(int), np.floor((x - c) / a).astype(int)
        (values, valid), (quality, _) = each.sample([band, cloud], *at)
        if cloud == "QA_PIXEL":
            clear = valid & (quality & 24 == 0)
        else:
            clear = valid & np.isin(quality, (4, 5, 6))
        looks.append((values.astype(float), clear))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        both = looks[one][1] & looks[other][1]
        if both.mean() > 0.3:
            correlation = np.corrcoef(looks[one][0][both], looks[other][0][both])[0, 1]
            assert correlation > 0.5, (one, other)
