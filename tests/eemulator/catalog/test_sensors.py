"""Sentinel-1, the cloud masks, elevation models and embeddings."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from eemulator.catalog import ImageAsset, default_catalog
from tests.eemulator.catalog.scenes import SR, collection, image

S1 = "COPERNICUS/S1_GRD"
SCORE = "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"
PROBABILITY = "COPERNICUS/S2_CLOUD_PROBABILITY"


def is_ascending(each: ImageAsset) -> bool:
    return bool(each.properties["orbitProperties_pass"] == "ASCENDING")  # noqa: S105


def test_sentinel1_properties() -> None:
    images = collection(S1).images
    kinds = Counter(
        (p["instrumentMode"], *p["transmitterReceiverPolarisation"])
        for p in (i.properties for i in images)
    )
    assert kinds.most_common(1)[0][0] == ("IW", "VV", "VH")
    assert set(kinds) == {("IW", "VV", "VH"), ("IW", "VV"), ("EW", "HH", "HV")}
    for each in images:
        p = each.properties
        name = p["system:index"].split("_")
        assert [b.id for b in each.bands] == [*p["transmitterReceiverPolarisation"], "angle"]
        assert name[:2] == ["S1A", p["instrumentMode"]]
        assert name[4] == datetime.fromtimestamp(p["system:time_start"] / 1000, UTC).strftime(
            "%Y%m%dT%H%M%S"
        )
        # The relation of absolute to relative orbits of Sentinel-1A.
        assert (int(name[6]) - 73) % 175 + 1 == p["relativeOrbitNumber_start"]
        assert p["orbitNumber_start"] == int(name[6])
        # Mornings are descending, evenings ascending; 48° E is 3.2 hours ahead.
        hour = (p["system:time_start"] / 3_600_000 + 3.2) % 24
        assert hour == pytest.approx(18 if is_ascending(each) else 6, abs=0.8)


def test_sentinel1_repeats_in_twelve_days() -> None:
    times: dict[tuple[int, int], list[int]] = {}
    for each in collection(S1).images:
        p = each.properties
        key = p["relativeOrbitNumber_start"], p["sliceNumber"]
        times.setdefault(key, []).append(p["system:time_start"] // 1000)
    assert len(times) == 12
    for seconds in times.values():
        assert {b - a for a, b in pairwise(sorted(seconds))} == {12 * 86_400}


def test_sentinel1_grids() -> None:
    for each in collection(S1).images[5:60:9]:
        band, angle = each.bands[0], each.bands[-1]
        size = each.properties["resolution_meters"]
        assert band.dtype == np.float64
        assert (band.grid.transform[0], band.grid.transform[4]) == (size, -size)
        assert band.grid.transform[2] != round(band.grid.transform[2])
        assert (angle.grid.width, angle.grid.height) == (21, 10)
        assert angle.grid.transform[1] != 0 != angle.grid.transform[3]
        assert angle.dtype == np.float32
        values, valid = each.sample(["angle"], np.arange(10)[:, None], np.arange(21)[None, :])[0]
        assert valid.all()
        assert (30 < values.min() < 31) and (45 < values.max() < 47)  # noqa: PT018
        # Right-looking: the near edge is in the west of an ascending pass.
        rises = values[0, -1] > values[0, 0]
        assert rises == is_ascending(each)


def test_backscatter_is_that_of_the_land() -> None:
    each = next(
        i
        for i in collection(S1).images
        if i.properties["relativeOrbitNumber_start"] == 93
        and i.properties["sliceNumber"] == 2
        and len(i.bands) == 3
    )
    grid = each.bands[0].grid
    rows = np.arange(grid.height // 2, grid.height // 2 + 3000, 15)[:, None]
    cols = np.arange(1500, grid.width - 1500, 60)[None, :]
    (vv, valid), (vh, _) = each.sample(["VV", "VH"], rows, cols)
    assert -30 < np.percentile(vv[valid], 1) < np.percentile(vv[valid], 99) < 3
    assert np.all(vh[valid].mean() < vv[valid].mean() - 5)
    sea = vv < -19
    assert 0.02 < sea[valid].mean() < 0.6
    assert not vv[~valid].any()


def test_masks_have_the_scenes_of_sentinel2() -> None:
    scenes = [i.properties["system:index"] for i in collection(SR).images]
    for name in (SCORE, PROBABILITY):
        assert [i.properties["system:index"] for i in collection(name).images] == scenes
    one, other = collection(SR).images[77], collection(SCORE).images[77]
    assert one.footprint == other.footprint
    assert one.properties["system:time_start"] == other.properties["system:time_start"]
    assert one.bands[1].grid == other.bands[0].grid


def test_masks_are_of_the_clouds_that_the_scenes_show() -> None:
    index = "20240110T070159_20240110T070201_T38KQE"
    side = np.arange(2000, 4000, 4)
    classes = image(f"{SR}/{index}").sample(["SCL"], side[:, None] // 2, side[None, :] // 2)[0][0]
    score, spread = (v for v, _ in image(f"{SCORE}/{index}").sample(
        ["cs", "cs_cdf"], side[:, None], side[None, :]))  # fmt: skip
    chance = image(f"{PROBABILITY}/{index}").sample(["probability"], side[:, None], side[None, :])[
        0
    ][0]
    clear, cloudy = np.isin(classes, (4, 5, 6)), np.isin(classes, (8, 9))
    assert min(clear.sum(), cloudy.sum()) > 1000
    assert score[clear].mean() > 0.7 > 0.3 > score[cloudy].mean()
    assert chance[cloudy].mean() > 80 > 20 > chance[clear].mean()
    assert chance.max() <= 100
    assert 0 <= score.min() <= score.max() <= 1
    # The other score orders the pixels alike.
    order = np.argsort(score.ravel())
    assert np.diff(spread.ravel()[order]).min() > -1e-6


def tile(name: str) -> ImageAsset:
    return image(f"COPERNICUS/DEM/GLO30/Copernicus_DSM_COG_10_{name}_DEM")


def test_models_agree_on_the_height_of_the_land() -> None:
    glo30, srtm = tile("S19_00_E047_00"), default_catalog().get("USGS/SRTMGL1_003")
    nasadem = default_catalog().get("NASA/NASADEM_HGT/001")
    assert isinstance(srtm, ImageAsset)
    assert isinstance(nasadem, ImageAsset)
    side = np.arange(0, 3000, 30)
    heights = glo30.sample(["DEM"], side[:, None], side[None, :])[0][0]
    # Both have centres of pixels on the degree.
    top, left = (60 + 18) * 3600, (180 + 47) * 3600
    coarse = srtm.sample(["elevation"], top + side[:, None], left + side[None, :])[0][0]
    best = nasadem.sample(["elevation"], top + side[:, None], left + side[None, :])[0][0]
    assert np.abs(coarse - heights).max() < 3
    assert np.abs(best - heights).max() <= 0.5
    assert heights.std() > 50
    assert 500 < heights.mean() < 2000


def test_tiles_of_the_model_fit_together() -> None:
    west, east = tile("S19_00_E047_00"), tile("S19_00_E048_00")
    rows = np.arange(1700, 1900)[:, None]
    (left,), (right,) = (
        [v for v, _ in west.sample(["DEM"], rows, np.array([[3599, 3600]]))],
        [v for v, _ in east.sample(["DEM"], rows, np.array([[0, 1]]))],
    )
    # They share the pixels of the degree: as Xee's tests say, which ask the service.
    np.testing.assert_allclose(right[:, 0], left[:, 1], atol=1e-3)
    assert np.abs(right[:, 1] - left[:, 1]).mean() < 2 * np.abs(left[:, 0] - left[:, 1]).mean()
    assert (west.bands[0].grid.width, west.bands[0].grid.height) == (3601, 3601)
    assert west.bands[0].grid.transform[2] == pytest.approx(47 - 0.5 / 3600)
    assert west.bands[0].grid.transform[5] == pytest.approx(-18 + 0.5 / 3600)


def test_the_sea_is_flat_and_marked() -> None:
    each = tile("S19_00_E050_00")
    side = np.arange(5, 3600, 300)
    (height, _), (water, _) = each.sample(["DEM", "WBM"], side[:, None], side[None, :])
    assert not height.any()
    assert (water == 1).all()
    srtm = default_catalog().get("USGS/SRTMGL1_003")
    assert isinstance(srtm, ImageAsset)
    assert (srtm.bands[0].grid.width, srtm.bands[0].grid.height) == (1_296_001, 417_601)


def test_the_rest_of_the_earth_has_hills_too() -> None:
    srtm, nasadem = (default_catalog().get(n) for n in ("USGS/SRTMGL1_003", "NASA/NASADEM_HGT/001"))
    assert isinstance(srtm, ImageAsset)
    assert isinstance(nasadem, ImageAsset)
    rows = np.arange(0, 417_601, 1201)[:, None]
    cols = np.arange(0, 1_296_001, 3600)[None]
    ((heights, valid),) = srtm.sample(["elevation"], rows, cols)
    assert valid.all()
    assert heights.min() >= -2  # the sea, and SRTM's noise
    assert 100 < heights.mean() < 1000
    assert heights.std() > 100
    ((best, _), (water, _)) = nasadem.sample(["elevation", "swb"], rows, cols)
    assert np.abs(best - heights).max() <= 3
    assert set(np.unique(water)) == {0, 255}
    # The last column is the first again, and neighbours are of about one height.
    assert (best[:, 0] == best[:, -1]).all()
    ((near, _),) = nasadem.sample(["elevation"], rows[100:110], np.arange(1000)[None])
    assert np.abs(np.diff(near.astype(np.int32), axis=1)).max() < 20


def test_embeddings_have_unit_length_and_a_meaning() -> None:
    name = "GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL"
    this, before = (image(f"{name}/x38S_04_48_{year}") for year in (2024, 2018))
    side = np.arange(6000, 6100)
    bands = [f"A{n:02d}" for n in range(64)]

    def vectors(each: ImageAsset) -> np.ndarray:
        return np.stack([v for v, _ in each.sample(bands, side[:, None], side[None, :])])

    now, then = vectors(this), vectors(before)
    np.testing.assert_allclose((now**2).sum(axis=0), 1, rtol=1e-12)
    assert np.abs(now).max() <= 1
    # The same place in another year is nearer than another place.
    assert (now * then).sum(axis=0).mean() > (now * now[:, ::-1, ::-1]).sum(axis=0).mean() + 0.02
    assert this.bands[0].grid.width * 10 == 163_840
    span = this.properties["system:time_end"] - this.properties["system:time_start"]
    assert span == 366 * 86_400_000
