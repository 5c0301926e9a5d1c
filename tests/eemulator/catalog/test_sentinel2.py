"""Ids, grids, bands, dates and properties are the real collections'."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from tests.eemulator.catalog.scenes import SR, TOA, collection, image, scene

CORNERS = {
    "38KQE": ("EPSG:32738", 699960, 8000020),
    "38KQF": ("EPSG:32738", 699960, 8100040),
    "38KRE": ("EPSG:32738", 799980, 8000020),
    "39KTV": ("EPSG:32739", 199980, 8000020),
}


@pytest.mark.parametrize("name", [SR, TOA])
def test_every_five_days_on_each_orbit(name: str) -> None:
    images = collection(name).images
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
    for each in collection(SR).images:
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
        assert re.fullmatch(r"2024\d{4}T\d{6}_2024\d{4}T\d{6}_T3[89]K[A-Z]{2}", index)
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
