"""Landsat's own algorithms, against the formulas of its handbook and of the published score."""

from __future__ import annotations

import math
from typing import Any

import ee
import numpy as np
import pytest

from .wire import grid, info, pixels

pytestmark = pytest.mark.usefixtures("own_catalogue")

SCENE = "LC08_159073_20240319"
ONE = grid("EPSG:4326", (1, 0, 0, 0, -1, 0), 1, 1)


def window(collection: str, scene: str = SCENE, side: int = 24) -> Any:
    """Pixels amid a scene, as they are stored."""
    band = info(ee.Image(f"LANDSAT/{collection}/{scene}").select("B4"))["bands"][0]
    a, _, left, _, e, top = band["crs_transform"]
    return grid(band["crs"], (a, 0, left + a * 3000, 0, e, top + e * 3000), side, side)


def number(image: Any, band: str) -> float:
    return float(pixels(image.select(band), ONE)[band][0, 0])


def raw(**changed: Any) -> Any:
    """A made-up scene with a reflective, a thermal and a quality band."""
    properties = {
        "RADIANCE_MULT_BAND_4": 0.01,
        "RADIANCE_ADD_BAND_4": -50.0,
        "REFLECTANCE_MULT_BAND_4": 2e-5,
        "REFLECTANCE_ADD_BAND_4": -0.1,
        "RADIANCE_MULT_BAND_10": 3.342e-4,
        "RADIANCE_ADD_BAND_10": 0.1,
        "K1_CONSTANT_BAND_10": 774.8853,
        "K2_CONSTANT_BAND_10": 1321.0789,
        "SUN_ELEVATION": 30.0,
        **changed,
    }
    bands = ["B4", "B10", "QA_PIXEL"]
    return ee.Image([12000, 28000, 21824]).toUint16().rename(bands).set(properties)


def test_what_does_nothing() -> None:
    same = ee.ApiFunction.apply_("Landsat.translateMetadata", {"input": raw()})
    assert info(same) == info(raw())


def test_radiance() -> None:
    image = ee.Algorithms.Landsat.calibratedRadiance(raw())
    assert info(image.bandNames()) == ["B4", "B10", "QA_PIXEL"]
    assert number(image, "B4") == pytest.approx(12000 * 0.01 - 50)
    assert number(image, "B10") == pytest.approx(28000 * 3.342e-4 + 0.1)
    assert number(image, "QA_PIXEL") == 21824


def test_top_of_atmosphere() -> None:
    image = ee.Algorithms.Landsat.TOA(raw())
    assert number(image, "B4") == pytest.approx((12000 * 2e-5 - 0.1) / 0.5)
    radiance = 28000 * 3.342e-4 + 0.1
    assert number(image, "B10") == pytest.approx(1321.0789 / math.log(774.8853 / radiance + 1))
    assert info(image)["bands"][1]["data_type"] == {"type": "PixelType", "precision": "float"}
    assert number(image, "QA_PIXEL") == 21824
    with pytest.raises(ee.EEException, match="has no SUN_ELEVATION"):
        info(ee.Algorithms.Landsat.TOA(raw(SUN_ELEVATION=None)))
    with pytest.raises(ee.EEException, match="no band of which its properties say"):
        info(ee.Algorithms.Landsat.TOA(ee.Image(1)))


@pytest.mark.parametrize(
    ("prefix", "scene", "thermal"),
    [("LC08", SCENE, "B10"), ("LT05", "LT05_159073_20060820", "B6")],
)
def test_raw_scenes_become_those_of_the_collections(prefix: str, scene: str, thermal: str) -> None:
    if prefix == "LT05":
        first = ee.ImageCollection("LANDSAT/LT05/C02/T1").filterMetadata("WRS_ROW", "equals", 73)
        scene = info(first.first().get("system:index"))
    place = window(f"{prefix}/C02/T1", scene)
    bands = ["B4", thermal]
    made = ee.Algorithms.Landsat.TOA(ee.Image(f"LANDSAT/{prefix}/C02/T1/{scene}")).select(bands)
    stored = ee.Image(f"LANDSAT/{prefix}/C02/T1_TOA/{scene}").select(bands)
    found, expected = pixels(made, place), pixels(stored, place)
    shown = expected[thermal] > 0
    assert shown.all()
    # The sun of the stored one is that of the whole pass's middle.
    np.testing.assert_allclose(found["B4"][shown], expected["B4"][shown], rtol=0.03, atol=1e-3)
    np.testing.assert_allclose(found[thermal][shown], expected[thermal][shown], rtol=1e-5)


NAMES = ["B2", "B3", "B4", "B5", "B6", "B7", "B10"]


def score(*values: float) -> Any:
    """Blue, green, red, near, first, second, kelvin."""
    blue, green, red, near, first, second, kelvin = values
    likely = min(
        (blue - 0.1) / 0.2,
        (red + green + blue - 0.2) / 0.6,
        (near + first + second - 0.3) / 0.5,
        (kelvin - 300) / -10,
        ((green - first) / (green + first) - 0.8) / -0.2,
    )
    return math.floor(100 * min(max(likely, 0), 1) + 0.5)


@pytest.mark.parametrize(
    "values",
    [
        (0.5, 0.5, 0.5, 0.5, 0.4, 0.4, 270),  # a cloud
        (0.2, 0.2, 0.2, 0.3, 0.3, 0.2, 293),  # thin
        (0.8, 0.8, 0.8, 0.7, 0.1, 0.1, 265),  # snow, somewhat
        (0.1, 0.1, 0.1, 0.3, 0.2, 0.1, 305),  # land
        (0.24, 0.3, 0.3, 0.3, 0.2, 0.2, 280),
    ],
)
def test_the_score_of_clouds(values: tuple[float, ...]) -> None:
    image = ee.Image(list(values)).rename(NAMES)
    scored = ee.Algorithms.Landsat.simpleCloudScore(image)
    assert info(scored.bandNames()) == [*NAMES, "cloud"]
    assert number(scored, "cloud") == score(*values)
    # The same light in the bands of ETM+.
    older = image.rename(["B1", "B2", "B3", "B4", "B5", "B7", "B6_VCID_1"])
    assert number(ee.Algorithms.Landsat.simpleCloudScore(older), "cloud") == score(*values)


def test_the_score_finds_the_clouds_of_a_scene() -> None:
    scene = ee.Image(f"LANDSAT/LC08/C02/T1_TOA/{SCENE}")
    scored = ee.Algorithms.Landsat.simpleCloudScore(scene).select(["cloud", "QA_PIXEL"])
    found = pixels(scored, window("LC08/C02/T1_TOA", side=300))
    cloudy, clear = found["QA_PIXEL"] & 8 > 0, found["QA_PIXEL"] == 21824
    assert found["cloud"][cloudy].mean() > found["cloud"][clear].mean() + 30
    with pytest.raises(ee.EEException, match="The image must be a Landsat TOA scene"):
        info(ee.Algorithms.Landsat.simpleCloudScore(ee.Image(1)))


def shots(places: dict[str, tuple[int, float]]) -> Any:
    """Images by index, each of a row and with a cloud cover."""
    return ee.ImageCollection(
        [
            ee.Image(1).set({"system:index": i, "WRS_PATH": 1, "WRS_ROW": row, "CLOUD_COVER": c})
            for i, (row, c) in places.items()
        ]
    )


def test_the_least_cloudy_of_each_place() -> None:
    images = shots({"a": (7, 50), "b": (7, 10), "c": (8, 90), "d": (7, 20), "e": (8, 30)})

    def kept(*limits: int) -> Any:
        limited = ee.Algorithms.Landsat.pathRowLimit(images, *limits)
        return info(limited.aggregate_array("system:index"))

    assert kept() == ["a", "b", "c", "d", "e"]
    assert kept(1) == ["b", "e"]
    assert kept(2) == ["b", "c", "d", "e"]
    assert kept(25, 3) == ["b", "d", "e"]
    with pytest.raises(ee.EEException, match="The limits must be positive"):
        kept(0)


def test_composites_take_the_least_cloudy_pixels() -> None:
    # Numbers whose reflectance is near these at a sun that stands at the zenith.
    looks = [(0.1, 305), (0.12, 304), (0.18, 303), (0.5, 270)]

    def shot(light: float, kelvin: float) -> Any:
        emitted = 774.8853 / math.expm1(1321.0789 / kelvin)
        numbers = [round((light + 0.1) / 2e-5)] * 6 + [round((emitted - 0.1) / 3.342e-4)]
        properties: dict[str, float] = {
            "SUN_ELEVATION": 90,
            "WRS_PATH": 1,
            "WRS_ROW": 1,
            "CLOUD_COVER": 0,
        }
        for n in range(2, 8):
            properties |= {f"REFLECTANCE_MULT_BAND_{n}": 2e-5, f"REFLECTANCE_ADD_BAND_{n}": -0.1}
        properties |= {"RADIANCE_MULT_BAND_10": 3.342e-4, "RADIANCE_ADD_BAND_10": 0.1}
        properties |= {"K1_CONSTANT_BAND_10": 774.8853, "K2_CONSTANT_BAND_10": 1321.0789}
        return ee.Image(numbers).toUint16().rename(NAMES).set(properties)

    raw_scenes = ee.ImageCollection([shot(*look) for look in looks])
    compose = ee.Algorithms.Landsat.simpleComposite
    floats = compose(raw_scenes, asFloat=True)
    assert info(floats.bandNames()) == NAMES
    # The cloud is left out: the middle of the three others.
    assert number(floats, "B4") == pytest.approx(0.12, abs=1e-5)
    assert number(floats, "B10") == pytest.approx(304, abs=0.01)
    whole = compose(raw_scenes)
    assert number(whole, "B4") == round(0.12 * 255)
    assert number(whole, "B10") == 204
    assert info(whole)["bands"][0]["data_type"]["max"] == 255
    assert number(compose(raw_scenes, 50, 100, asFloat=True), "B4") == pytest.approx(0.15, abs=1e-4)
    assert number(compose(raw_scenes, 0, asFloat=True), "B4") == pytest.approx(0.1, abs=1e-5)


def test_a_composite_of_scenes() -> None:
    scenes = ee.ImageCollection("LANDSAT/LC08/C02/T1").filterDate("2024-02-01", "2024-05-01")
    place = window("LC08/C02/T1")
    made = ee.Algorithms.Landsat.simpleComposite(scenes.filter("WRS_PATH == 159 && WRS_ROW == 73"))
    found = pixels(made.select(["B2", "B10"]), place)
    cloudy = ee.Algorithms.Landsat.TOA(ee.Image(f"LANDSAT/LC08/C02/T1/{SCENE}")).select("B2")
    assert found["B2"].mean() < 255 * pixels(cloudy, place)["B2"].mean()
    assert 170 < found["B10"].mean() < 220


def test_an_empty_composite_is_refused() -> None:
    none = ee.ImageCollection("LANDSAT/LC08/C02/T1").filterDate("1990-01-01", "1990-02-01")
    with pytest.raises(ee.EEException, match="The collection has no scene"):
        info(ee.Algorithms.Landsat.simpleComposite(none))
