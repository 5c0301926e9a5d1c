"""Pixels of regions as tables, arrays and lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from pyproj import Transformer

from .synthetic import UTM, UTM_60, formula, is_valid
from .wire import info

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.usefixtures("server")

_A, _, _C, _, _E, _F = UTM.transform


def image(*bands: str) -> Any:
    return ee.Image("TEST/UTM").select(list(bands))


def box(left: float, top: float, right: float, bottom: float) -> Any:
    corners = [_C + left * _A, _F + bottom * _E, _C + right * _A, _F + top * _E]
    return ee.Geometry.Rectangle(corners, UTM.crs, False)


def native(
    band: str, left: int, top: int, right: int, bottom: int, k: int = 3
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    rows, cols = np.mgrid[top:bottom, left:right]
    return formula(band, k, rows, cols), is_valid(band, k, rows, cols)


def test_sample_rectangle() -> None:
    found = info(image("u8", "i32").sampleRectangle(box(3, 4, 8, 7), ["time"], 300))
    assert found["type"] == "Feature"
    assert found["geometry"]["type"] == "Polygon"
    values, ok = native("u8", 3, 4, 8, 7)
    assert found["properties"] == {
        "time": "noon",
        "u8": np.where(ok, values.astype(int), 300).tolist(),
        "i32": native("i32", 3, 4, 8, 7)[0].tolist(),
    }
    # Each band in its own projection.
    both = image("i32").addBands(ee.Image("TEST/COARSE").select(["i32"], ["wide"]))
    sizes = info(both.sampleRectangle(box(0, 0, 12, 6)))["properties"]
    assert np.shape(sizes["i32"]) == (6, 12)
    rows, cols = np.mgrid[0:1, 0:2]
    assert UTM_60.transform[0] == 60
    assert sizes["wide"] == formula("i32", 4, rows, cols).tolist()
    array = image("i32").sampleRectangle(box(3, 4, 8, 7)).get("i32")
    assert info(array) == native("i32", 3, 4, 8, 7)[0].tolist()
    masked = info(image("u8").updateMask(0).sampleRectangle(box(3, 4, 8, 7)))["properties"]
    assert masked["u8"] is None


def test_rectangles_that_are_refused() -> None:
    with pytest.raises(ee.EEException, match="Image.sampleRectangle: Too many pixels in sample; "
                       "must be <= 262144. Got 1250000."):  # fmt: skip
        image("u8").sampleRectangle(box(0, 0, 1250, 1000)).getInfo()
    with pytest.raises(ee.EEException, match="when sampling band 'u8' with no default value set"):
        image("u8").sampleRectangle(box(0, 0, 20, 20)).getInfo()


def test_reduce_regions() -> None:
    features = ee.FeatureCollection(
        [ee.Feature(box(5, 5, 8, 9), {"name": "a"}), ee.Feature(box(20, 30, 22, 31)),
         ee.Feature(None, {"name": "nowhere"})]
    )  # fmt: skip
    one = info(image("u16").reduceRegions(features, ee.Reducer.mean(), 10))["features"]
    values, ok = native("u16", 5, 5, 8, 9)
    assert one[0]["properties"]["name"] == "a"
    assert one[0]["properties"]["mean"] == pytest.approx(values[ok].mean())
    values, ok = native("u16", 20, 30, 22, 31)
    assert one[1]["properties"]["mean"] == pytest.approx(values[ok].mean())
    assert one[2]["properties"] == {"name": "nowhere"}
    two = info(image("u16", "i32").reduceRegions(features, ee.Reducer.max(), 10))["features"]
    assert two[0]["properties"]["i32"] == native("i32", 5, 5, 8, 9)[0].max()
    extremes = image("i32").reduceRegions(features.limit(1), ee.Reducer.minMax(), 10)
    assert set(info(extremes)["features"][0]["properties"]) == {"name", "min", "max"}
    with pytest.raises(ee.EEException, match="maxPixelsPerRegion allows only 3"):
        image("u8").reduceRegions(features, ee.Reducer.mean(), 10, maxPixelsPerRegion=3).getInfo()


def test_sample() -> None:
    found = info(image("u8", "i32").sample(box(2, 3, 6, 9), 10, geometries=True))["features"]
    values, ok = native("u8", 2, 3, 6, 9)
    rows, cols = np.argwhere(ok).T
    assert [f["properties"]["u8"] for f in found] == values[ok].tolist()
    to_lonlat = Transformer.from_crs(UTM.crs, "EPSG:4326", always_xy=True)
    places = np.column_stack(to_lonlat.transform(_C + (cols + 2.5) * _A, _F + (rows + 3.5) * _E))
    np.testing.assert_allclose([f["geometry"]["coordinates"] for f in found], places)
    all_of_them = info(image("u8", "i32").sample(box(2, 3, 6, 9), 10, dropNulls=False))["features"]
    assert len(all_of_them) == 24
    assert all_of_them[0]["geometry"] is None
    assert sum("u8" in f["properties"] for f in all_of_them) == ok.sum()


def test_samples_are_thinned_alike_each_time() -> None:
    def sampled(**more: Any) -> list[Any]:
        return [f["properties"]["i32"] for f in info(
            image("i32").sample(box(0, 0, 50, 40), 10, **more))["features"]]  # fmt: skip

    some = sampled(numPixels=70)
    assert len(some) == 70
    assert some == sampled(numPixels=70)
    assert some != sampled(numPixels=70, seed=1)
    assert set(some) <= set(native("i32", 0, 0, 50, 40)[0].ravel().tolist())
    assert 100 < len(sampled(factor=0.1)) < 300
    with pytest.raises(ee.EEException, match="Only one of factor and numPixels"):
        sampled(factor=0.5, numPixels=3)


def test_sample_regions() -> None:
    to_lonlat = Transformer.from_crs(UTM.crs, "EPSG:4326", always_xy=True)
    point = ee.Geometry.Point(to_lonlat.transform(_C + 7.3 * _A, _F + 5.8 * _E))
    features = ee.FeatureCollection(
        [ee.Feature(point, {"class": 1}), ee.Feature(box(1, 1, 3, 2), {"class": 2})]
    )
    found = info(image("i32").sampleRegions(features, ["class"], 10))["features"]
    assert [f["properties"] for f in found] == [
        {"class": 1, "i32": formula("i32", 3, 5, 7)},
        {"class": 2, "i32": formula("i32", 3, 1, 1)},
        {"class": 2, "i32": formula("i32", 3, 1, 2)},
    ]
    assert [f["id"] for f in found] == ["0_0", "1_0", "1_1"]


def test_get_region() -> None:
    series = ee.ImageCollection("TEST/SERIES").select(["i32", "u8"])
    transform = list(UTM.transform)
    found = info(series.getRegion(box(10, 20, 12, 21), None, UTM.crs, transform))
    assert found[0] == ["id", "longitude", "latitude", "time", "i32", "u8"]
    assert len(found) == 1 + 2 * 6
    to_lonlat = Transformer.from_crs(UTM.crs, "EPSG:4326", always_xy=True)
    for number, row in enumerate(found[1:]):
        col, i = 10 + number // 6, number % 6
        longitude, latitude = to_lonlat.transform(_C + (col + 0.5) * _A, _F + 20.5 * _E)
        assert row[0] == f"s00{i}"
        assert row[1:3] == pytest.approx([longitude, latitude])
        assert row[3] == 1_704_067_200_000 + i * 86_400_000
        assert row[4] == formula("i32", 10 + i, 20, col)
        ok = is_valid("u8", 10 + i, 20, col)
        assert row[5] == (formula("u8", 10 + i, 20, col) if ok else None)
    three = ee.ImageCollection("TEST/SERIES").select(["i32", "u8", "f32"])
    with pytest.raises(ee.EEException, match="Too many values: 75000 points x 3 bands x 6 images"):
        three.getRegion(box(0, 0, 300, 250), None, UTM.crs, transform).getInfo()
    # Whoever does not meet the region has no row.
    pair = ee.ImageCollection("TEST/PAIR").select("i32")
    west = info(pair.getRegion(box(5, 5, 6, 6), None, UTM.crs, transform))
    assert [row[0] for row in west[1:]] == ["west"]
