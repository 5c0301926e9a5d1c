"""The system's own properties: what an image is, and what a copy of them makes of another."""

from __future__ import annotations

import ee
import pytest

from tests.eemulator.wire import info

pytestmark = pytest.mark.usefixtures("server")

OWN = {"system:id", "system:version", "system:footprint", "system:band_names"}


def test_they_are_among_the_names_of_properties() -> None:
    image = ee.Image("TEST/UTM")
    assert set(info(image.propertyNames())) >= {*OWN, "time", "system:index"}
    assert info(image.get("system:id")) == "TEST/UTM"
    assert info(image.get("system:band_names")) == info(image.bandNames())
    assert info(ee.Feature(None, {"a": 1}).propertyNames()) == ["a"]


def test_copies_by_name_take_the_identity_with_them() -> None:
    image = ee.Image("TEST/UTM")
    plain = image.select("u8").add(1)
    assert info(plain.get("system:id")) is None
    copied = ee.Image(plain.copyProperties(image, image.propertyNames()))
    assert info(copied.get("system:id")) == "TEST/UTM"
    described = info(copied)
    assert described["id"] == "TEST/UTM"
    assert described["version"] == info(image)["version"]
    assert not set(described["properties"]) & {"system:id", "system:version", "system:band_names"}
    assert info(ee.Image(plain.copyProperties(image)).get("system:id")) is None


def test_a_footprint_can_be_set() -> None:
    place = ee.Geometry.Point(1, 2).buffer(1000)
    image = ee.Image(1).set("system:footprint", place)
    assert info(image.geometry().area(1)) == pytest.approx(info(place.area(1)))
    assert info(ee.Image("TEST/UTM").set("system:footprint", 5).geometry().type()) == "Polygon"


def test_images_are_found_by_their_bands() -> None:
    series = ee.ImageCollection("TEST/SERIES")
    empty = ee.ImageCollection([ee.Image(1), ee.Image(1).rename("u8")])
    wanted = ee.Filter.listContains("system:band_names", "u8")
    assert info(series.filter(wanted).size()) == 6
    assert info(empty.filter(wanted).size()) == 1
