"""Ids, grids, bands, dates and properties are the real collections'."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from eemulator.catalog.orbits import footprint_elsewhere
from eemulator.catalog.tiles import ELSEWHERE, TILES
from tests.eemulator.catalog.scenes import SR, TOA, collection, image, scene

if TYPE_CHECKING:
    from eemulator.catalog import ImageAsset

CORNERS = {
    "38KQE": ("EPSG:32738", 699960, 8000020),
    "38KQF": ("EPSG:32738", 699960, 8100040),
    "38KRE": ("EPSG:32738", 799980, 8000020),
    "39KTV": ("EPSG:32739", 199980, 8000020),
}


def is_first(image: ImageAsset) -> bool:
    """Whether a scene lies in Madagascar, and is the first product of its acquisition."""
    index = image.properties["system:index"]
    return index[-5:-3] in ("38", "39") and index[:8] == index[16:24]


@pytest.mark.parametrize("name", [SR, TOA])
def test_every_five_days_on_each_orbit(name: str) -> None:
    images = [i for i in collection(name).images if is_first(i)]
    seen: dict[tuple[str, int], list[datetime]] = {}
    for each in images:
        p = each.properties
        moment = datetime.fromtimestamp(p["system:time_start"] / 1000, UTC)
        seen.setdefault((p["MGRS_TILE"], p["SENSING_ORBIT_NUMBER"]), []).append(moment)
    assert set(seen) == {
        ("38KQE", 77), ("38KQE", 120), ("38KQF", 77), ("38KQF", 120), ("38KRE", 77), ("39KTV", 77),
    }  # fmt: skip
    for moments in seen.values():
        assert len(moments) == 73
        assert {(b.date() - a.date()).days for a, b in pairwise(moments)} == {5}
        assert all(m.year == 2024 and m.hour == 7 for m in moments)
    indices = [each.properties["system:index"] for each in images]
    assert indices == sorted(indices)
    assert len(set(indices)) == len(indices)


def test_satellites_take_turns() -> None:
    for each in filter(is_first, collection(SR).images):
        p = each.properties
        letter = p["SPACECRAFT_NAME"][-1]
        assert p["PRODUCT_ID"].startswith(f"S2{letter}_MSIL2A_")
        absolute = int(p["GRANULE_ID"].split("_")[2][1:])
        # The relation of absolute to relative orbits that published products show.
        offset = 3 if letter == "A" else -26
        assert (absolute + offset) % 143 == p["SENSING_ORBIT_NUMBER"]


def test_ids() -> None:
    for each in collection(SR).images:
        index = each.properties["system:index"]
        assert re.fullmatch(
            r"20(19|2[0-4])\d{4}T\d{6}_20(19|2[0-5])\d{4}T\d{6}_T\d{2}[A-Z]{3}", index
        )
        assert each.id == f"{SR}/{index}"
        assert image(f"{TOA}/{index}").properties["system:index"] == index


@pytest.mark.parametrize("tile", CORNERS)
def test_grids(tile: str) -> None:
    crs, left, top = CORNERS[tile]
    for band in scene("202407", tile).bands:
        r = band.grid.transform[0]
        assert r in (10, 20, 60)
        assert band.grid.transform == (r, 0, left, 0, -r, top)
        assert (band.grid.width, band.grid.height) == (109800 / r, 109800 / r)
        assert band.grid.crs == crs


def test_bands() -> None:
    sr = {b.id: (int(b.grid.transform[0]), b.dtype.name) for b in scene("202407", "38KQE").bands}
    toa = {b.id: b.dtype.name for b in scene("202407", "38KQE", TOA).bands}
    assert list(sr)[:12] == [
        "B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B11", "B12",
    ]  # fmt: skip
    assert list(sr)[12:23] == [
        "AOT", "WVP", "SCL", "TCI_R", "TCI_G", "TCI_B", "MSK_CLDPRB", "MSK_SNWPRB",
        "QA10", "QA20", "QA60",
    ]  # fmt: skip
    assert sr["B1"] == (60, "uint16")
    assert sr["B4"] == (10, "uint16")
    assert sr["B11"] == (20, "uint16")
    assert sr["SCL"] == (20, "uint8")
    assert sr["QA20"] == (20, "uint32")
    assert "B10" in toa
    assert not {"SCL", "AOT", "TCI_R"} & set(toa)


@pytest.mark.parametrize("name", [SR, TOA])
def test_every_band_keeps_its_dtype(name: str) -> None:
    each = scene("20240110", "38KQE", name)
    point = np.array([[700]]), np.array([[300]])
    for band in each.bands:
        values, valid = each.sample([band.id], *point)[0]
        assert values.dtype == band.dtype
        assert values.shape == valid.shape == (1, 1)
        assert valid.all()


def test_properties_that_queries_use() -> None:
    p = scene("20240105", "38KQE").properties
    assert p["SENSING_ORBIT_DIRECTION"] == "DESCENDING"
    assert p["PROCESSING_BASELINE"] == "05.10"
    assert scene("20240903", "38KQE").properties["PROCESSING_BASELINE"] == "05.11"
    assert 15 < p["MEAN_SOLAR_ZENITH_ANGLE"] < 35
    assert 90 < p["MEAN_SOLAR_AZIMUTH_ANGLE"] < 120
    assert 40 < scene("20240623", "38KQE").properties["MEAN_SOLAR_ZENITH_ANGLE"] < 55
    for name in ("CLOUDY_PIXEL_PERCENTAGE", "CLOUD_COVERAGE_ASSESSMENT", "NODATA_PIXEL_PERCENTAGE"):
        assert 0 <= p[name] <= 100
    for each in collection(SR).images:
        start = datetime.fromtimestamp(each.properties["system:time_start"] / 1000, UTC)
        assert start.strftime("%Y%m%d") == each.properties["system:index"][:8]


@pytest.mark.parametrize("name", [SR, TOA])
def test_some_acquisitions_were_processed_twice(name: str) -> None:
    by_acquisition: dict[tuple[str, str], list[ImageAsset]] = {}
    for each in collection(name).images:
        index = each.properties["system:index"]
        by_acquisition.setdefault((index[:15], index[-5:]), []).append(each)
    twice = [pair for pair in by_acquisition.values() if len(pair) > 1]
    assert len(twice) == 6
    assert {pair[0].properties["MGRS_TILE"] for pair in twice} == {"38KRE", "39KTV"}
    rows, cols = np.arange(5000, 5010)[:, None], np.arange(5000, 5010)[None, :]
    for first, again in twice:
        assert again.properties["system:index"][16:24] == "20250115"
        old, new = first.properties, again.properties
        assert (old["PROCESSING_BASELINE"], new["PROCESSING_BASELINE"]) == ("05.10", "05.11")
        assert "_N0511_" in new["PRODUCT_ID"]
        assert old["GENERATION_TIME"] < new["GENERATION_TIME"]
        for same in ("system:time_start", "DATATAKE_TYPE", "CLOUDY_PIXEL_PERCENTAGE"):
            assert old[same] == new[same]
        assert first.footprint == again.footprint
        a, b = (i.sample(["B2"], rows, cols)[0][0] for i in (first, again))
        np.testing.assert_array_equal(a, b)


def test_tiles_at_the_antimeridian_and_near_the_pole() -> None:
    # Longitudes go on beyond 180°.
    west, south, east, north = footprint_elsewhere("01KAB").bounds
    assert 179.2 < west < 179.3
    assert 180.2 < east < 180.3
    assert -17.3 < south < -17.2
    assert -16.3 < north < -16.2
    assert footprint_elsewhere("60KXF").bounds[2] < 179.1
    pole = footprint_elsewhere("24XWT").bounds
    assert pole[3] > 83.7
    assert pole[2] - pole[0] > 8
    for tile, crs in (("01KAB", "EPSG:32701"), ("60KXF", "EPSG:32760"), ("24XWT", "EPSG:32624")):
        scenes = [i for i in collection(SR).images if i.id.endswith(tile)]
        assert len(scenes) == 4
        each = scenes[0]
        grid = each.bands[1].grid
        assert grid.crs == crs
        # The footprint is the tile: its corners in the CRS are those of the grid.
        to_tile = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
        assert each.footprint is not None
        x, y = to_tile.transform(*shapely.get_coordinates(each.footprint).T)
        assert x.min() == pytest.approx(grid.transform[2], abs=0.01)
        assert x.max() == pytest.approx(grid.transform[2] + 109_800, abs=0.01)
        assert y.max() == pytest.approx(grid.transform[5], abs=0.01)
        values, valid = each.sample(["B4"], np.array([[0, 10979]]), np.array([[0, 10979]]))[0]
        assert valid.all()
        assert values.all()
    # Multiples of 60 m from the equator, next to the squares of 100 km: the rule of known tiles.
    for square in (*TILES.values(), *ELSEWHERE.values()):
        assert square.left % 60 == 0
        assert (square.top - 10_000_000 * square.crs.startswith("EPSG:327")) % 60 == 0
        assert -square.left % 100_000 < 60
