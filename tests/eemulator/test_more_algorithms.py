"""Algorithms of several kinds, each against a value known otherwise."""

from __future__ import annotations

import colorsys
from typing import Any

import ee
import numpy as np
import pytest
import shapely
from scipy import ndimage

from .synthetic import UTM, formula, is_valid
from .wire import grid, info, pixels

pytestmark = pytest.mark.usefixtures("server")

ONE = grid("EPSG:4326", (1, 0, 0, 0, -1, 0), 1, 1)
_A, _, _C, _, _E, _F = UTM.transform


def values_of(image: Any) -> list[float]:
    return [float(value) for value in pixels(image, ONE).item()]


@pytest.mark.parametrize(
    "rgb",
    [(0.2, 0.5, 0.9), (0.9, 0.1, 0.1), (0.3, 0.8, 0.3), (0.4, 0.4, 0.4), (0, 0, 0), (1, 0, 1)],
)
def test_color_spaces(rgb: tuple[float, float, float]) -> None:
    hsv = ee.Image(list(rgb)).rgbToHsv()
    assert info(hsv.bandNames()) == ["hue", "saturation", "value"]
    assert values_of(hsv) == pytest.approx(colorsys.rgb_to_hsv(*rgb), abs=1e-6)
    assert values_of(hsv.hsvToRgb()) == pytest.approx(rgb, abs=1e-6)


def test_unmix() -> None:
    spectra = [[1.0, 2, 3, 5], [4, 1, 0, 2], [0.5, 0.5, 2, 1]]
    parts = [0.2, 0.5, 0.3]
    mixed = ee.Image((np.array(parts) @ spectra).tolist())
    found = mixed.unmix(spectra)
    assert info(found.bandNames()) == ["band_0", "band_1", "band_2"]
    assert values_of(found) == pytest.approx(parts)
    with pytest.raises(ee.EEException, match="Each endmember must be a list of 4 numbers"):
        mixed.unmix([[1, 2]]).getInfo()


@pytest.mark.parametrize("eight", [True, False])
def test_connected_pixel_count(eight: bool) -> None:
    window = grid(UTM.crs, (_A, 0, _C + 60 * _A, 0, _E, _F + 60 * _E), 30, 20)
    rows, cols = np.mgrid[50:90, 50:100]
    flag, ok = formula("flag", 3, rows, cols), is_valid("flag", 3, rows, cols)
    structure = ndimage.generate_binary_structure(2, 2 if eight else 1)
    expected = np.zeros(flag.shape, np.int64)
    for value in (0, 1):
        labels, count = ndimage.label(ok & (flag == value), structure)
        sizes = ndimage.sum_labels(np.ones(flag.shape), labels, np.arange(count + 1))
        expected += np.where(labels > 0, sizes[labels], 0).astype(np.int64)
    image = ee.Image("TEST/UTM").select("flag").connectedPixelCount(10, eight)
    found = pixels(image, window)["flag"]
    np.testing.assert_array_equal(found, np.minimum(expected, 10)[10:30, 10:40])


def test_tables() -> None:
    table = ee.FeatureCollection(
        ee.ApiFunction.call_("Collection.fromColumns", [[1, 2, 3], ["a", "b", "c"]], ["n", "s"])
    )
    rows = [feature["properties"] for feature in info(table)["features"]]
    assert rows == [{"n": 1, "s": "a"}, {"n": 2, "s": "b"}, {"n": 3, "s": "c"}]
    remapped = info(table.remap(["a", "c"], [10, 30], "s"))["features"]
    assert [feature["properties"] for feature in remapped] == [{"n": 1, "s": 10}, {"n": 3, "s": 30}]


def test_random_columns() -> None:
    table = ee.FeatureCollection([ee.Feature(None, {"n": i}) for i in range(500)])
    one = np.array(info(table.randomColumn().aggregate_array("random")))
    assert (one >= 0).all()
    assert (one < 1).all()
    assert abs(one.mean() - 0.5) < 0.05
    assert info(table.randomColumn().aggregate_array("random")) == one.tolist()
    assert info(table.randomColumn("x", 7).aggregate_array("x")) != one.tolist()
    normal = np.array(info(table.randomColumn("x", 0, "normal").aggregate_array("x")))
    assert abs(normal.mean()) < 0.15
    assert abs(normal.std() - 1) < 0.15


def test_collections_of_images_put_together() -> None:
    series = ee.ImageCollection("TEST/SERIES")
    both = series.select(["u8"]).combine(series.select(["f32"]).limit(2))
    assert info(both.aggregate_array("system:index")) == ["s000", "s001"]
    assert info(ee.Image(both.first()).bandNames()) == ["u8", "f32"]
    cast = ee.ApiFunction.call_(
        "ImageCollection.cast", series.select(["u8", "i16"]), {"u8": "float", "i16": "int32"},
        ["i16", "u8"],
    )  # fmt: skip
    bands = info(ee.Image(ee.ImageCollection(cast).first()))["bands"]
    assert [band["id"] for band in bands] == ["i16", "u8"]
    assert bands[1]["data_type"] == {"type": "PixelType", "precision": "float"}
    assert bands[0]["data_type"]["max"] == 2**31 - 1
    assert info(ee.Image("TEST/UTM").retile(256))["id"] == "TEST/UTM"


def test_grids_and_areas() -> None:
    shape = shapely.Point(_C + 1500, _F - 1500).buffer(900)
    circle = ee.Geometry(shapely.geometry.mapping(shape) | {"crs": {
        "type": "name", "properties": {"name": UTM.crs}}, "geodesic": False})  # fmt: skip
    lattice = ee.Projection(UTM.crs, [500, 0, _C, 0, -500, _F])
    cells = info(circle.coveringGrid(lattice))["features"]
    expected = {
        f"{column},{row}"
        for row in range(10)
        for column in range(10)
        if shape.intersects(shapely.box(_C + 500 * column, _F - 500 * row - 500,
                                        _C + 500 * column + 500, _F - 500 * row))
    }  # fmt: skip
    assert {cell["id"] for cell in cells} == expected
    features = ee.FeatureCollection([ee.Feature(circle, {"n": 1}), ee.Feature(None, {"n": 2})])
    area = circle.area().getInfo()
    for low, high, found in [(area - 1, area + 1, [1]), (0, area - 1, []), (area + 1, 1e12, [])]:
        chosen = features.filter(ee.ApiFunction.call_("Filter.area", low, high))
        assert info(chosen.aggregate_array("n")) == found
    with pytest.raises(ee.EEException, match="accumulating over 5000 elements"):
        circle.coveringGrid(ee.Projection(UTM.crs), 10).getInfo()


def test_nearest_points_of_features() -> None:
    left = ee.Feature(ee.Geometry.LineString([[0, -1], [0, 1]]))
    right = ee.Feature(ee.Geometry.Point([1, 0]))
    found = info(left.closestPoints(right))
    assert found["right"]["coordinates"] == pytest.approx([1, 0])
    assert found["left"]["coordinates"] == pytest.approx(
        [0, 0], abs=2e-4
    )  # an azimuthal projection
    assert info(right.closestPoint(left)) == found["left"]


def test_equality() -> None:
    equal = [ee.Algorithms.IsEqual(*pair) for pair in [(1, 1), ("a", "b"), ([1, [2]], [1, [2]])]]
    assert info(ee.List(equal)) == [True, False, True]
