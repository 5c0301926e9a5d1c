"""Samples of as many pixels of each class."""

from __future__ import annotations

from collections import Counter
from typing import Any

import ee
import numpy as np
import pytest
from pyproj import Transformer

from .synthetic import UTM, formula, is_valid
from .wire import info

pytestmark = pytest.mark.usefixtures("server")

ROWS, COLS = np.mgrid[0:30, 0:40]
LEFT, TOP = UTM.transform[2], UTM.transform[5]


def area() -> Any:
    ring = [LEFT, TOP - 300, LEFT + 400, TOP]
    return ee.Geometry.Rectangle(ring, UTM.crs, geodesic=False, evenOdd=False)


def sample(*arguments: Any, bands: tuple[str, ...] = ("flag", "u8"), **more: Any) -> list[Any]:
    image = ee.Image("TEST/UTM").select(list(bands))
    table = image.stratifiedSample(*arguments, region=area(), scale=10, **more)
    features: list[Any] = info(table)["features"]
    return features


def test_as_many_of_each_class_and_each_where_it_was() -> None:
    features = sample(25, geometries=True)
    assert Counter(f["properties"]["flag"] for f in features) == {0: 25, 1: 25}
    to_utm = Transformer.from_crs("EPSG:4326", UTM.crs, always_xy=True)
    places = set()
    for feature in features:
        x, y = to_utm.transform(*feature["geometry"]["coordinates"])
        row, col = int((TOP - y) // 10), int((x - LEFT) // 10)
        places.add((row, col))
        assert is_valid("flag", 3, row, col)
        for band in ("flag", "u8"):
            assert feature["properties"][band] == formula(band, 3, row, col)
    assert len(places) == 50


def test_numbers_of_single_classes_and_seeds() -> None:
    features = sample(5, "flag", classValues=[1], classPoints=[40], seed=3)
    assert Counter(f["properties"]["flag"] for f in features) == {0: 5, 1: 40}
    assert sample(5, "flag", classValues=[1], classPoints=[40], seed=3) == features
    assert sample(5, "flag", classValues=[1], classPoints=[40], seed=4) != features


def test_small_classes_are_taken_whole() -> None:
    features = sample(5, "u8", bands=("u8",))
    values = formula("u8", 3, ROWS, COLS)[is_valid("u8", 3, ROWS, COLS)]
    there = Counter(values.tolist())
    assert Counter(f["properties"]["u8"] for f in features) == {
        value: min(count, 5) for value, count in there.items()
    }


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"classBand": "f32", "bands": ("f32",)}, "must be integers"),
        ({"classValues": [1]}, "must have the same size"),
        ({"classBand": "x"}, "Band pattern 'x' did not match"),
    ],
)
def test_what_cannot_be_sampled(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ee.EEException, match=message):
        sample(5, **more)
