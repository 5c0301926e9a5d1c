"""Regions of equal pixels as features: areas, counts and outlines against SciPy's labels."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest
import shapely
from scipy import ndimage

from .synthetic import UTM, formula, is_valid
from .wire import info

pytestmark = pytest.mark.usefixtures("server")

ROWS, COLS = np.mgrid[0:12, 0:15]
FLAG = formula("flag", 3, ROWS, COLS)
SHOWN = is_valid("flag", 3, ROWS, COLS)
LEFT, TOP = UTM.transform[2], UTM.transform[5]
AREA = [LEFT, TOP - 120, LEFT + 150, TOP]


def area() -> Any:
    return ee.Geometry.Rectangle(AREA, UTM.crs, geodesic=False, evenOdd=False)


def image(*bands: str) -> Any:
    return ee.Image("TEST/UTM").select(list(bands))


@pytest.mark.parametrize("eight", [False, True])
def test_regions_of_equal_pixels(eight: bool) -> None:
    table = image("flag", "u8").reduceToVectors(
        ee.Reducer.sum(),
        area(),
        10,
        eightConnected=eight,
        labelProperty="flag",
        geometryInNativeProjection=True,
    )
    found = []
    for feature in info(table)["features"]:
        properties = feature["properties"]
        shape = shapely.geometry.shape(feature["geometry"])
        found.append((properties["flag"], round(shape.area / 100), properties.get("sum", 0)))
        assert feature["geometry"]["crs"]["properties"]["name"] == UTM.crs
    values = formula("u8", 3, ROWS, COLS)
    weighed = np.where(is_valid("u8", 3, ROWS, COLS), values, 0)
    expected = []
    for value in (0, 1):
        structure = np.ones((3, 3)) if eight else None
        labels, count = ndimage.label(SHOWN & (value == FLAG), structure)
        for number in range(1, count + 1):
            chosen = labels == number
            expected.append((value, chosen.sum(), weighed[chosen].sum()))
    assert sorted(found) == sorted(expected)


def test_pixels_are_counted_where_nothing_else_is_asked_for() -> None:
    table = image("flag").reduceToVectors(geometry=area(), scale=10, geometryType="centroid")
    features = info(table)["features"]
    assert sum(feature["properties"]["count"] for feature in features) == SHOWN.sum()
    assert {feature["geometry"]["type"] for feature in features} == {"Point"}
    assert {feature["properties"]["label"] for feature in features} == {0, 1}
    # In longitude and latitude by default.
    assert all(-19 < feature["geometry"]["coordinates"][1] < -17 for feature in features)


def test_boxes_around_regions() -> None:
    whole = (
        ee.Image(1)
        .clip(area())
        .reduceToVectors(
            geometry=area(),
            scale=10,
            crs=UTM.crs,
            geometryType="bb",
            geometryInNativeProjection=True,
        )
    )
    [feature] = info(whole)["features"]
    assert shapely.geometry.shape(feature["geometry"]).area == pytest.approx(150 * 120, rel=0.2)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (lambda: image("f32").reduceToVectors(geometry=area(), scale=10), "must be integers"),
        (lambda: image("u8").reduceToVectors(geometry=area(), scale=0.01), "Too many pixels"),
        (
            lambda: image("u8").reduceToVectors(geometry=area(), scale=10, geometryType="line"),
            "Unknown geometry type",
        ),
        (
            lambda: image("u8", "u16").reduceToVectors(ee.Reducer.linearFit(), area(), 10),
            "2 inputs, but there are 1 bands",
        ),
    ],
)
def test_what_has_no_vectors(table: Any, message: str) -> None:
    with pytest.raises(ee.EEException, match=message):
        info(table())
