"""Landsat algorithms against their published formulas, on the emulator's own scenes."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest

from .wire import info, pixels

pytestmark = pytest.mark.usefixtures("own_catalogue")

RAW = "LANDSAT/LC08/C02/T1"


def window(image: Any) -> dict[str, Any]:
    """A few pixels in the middle of an image."""
    projection = info(image.select("B4").projection())
    a, b, c, d, e, f = projection["transform"]
    return {
        "crsCode": projection["crs"],
        "affineTransform": {
            "scaleX": a, "shearX": b, "translateX": c + 3000 * a,
            "shearY": d, "scaleY": e, "translateY": f + 3000 * e,
        },
        "dimensions": {"width": 40, "height": 30},
    }  # fmt: skip


def test_reflectance_and_temperature() -> None:
    raw = ee.Image(ee.ImageCollection(RAW).first())
    found = ee.Algorithms.Landsat.TOA(raw)
    assert info(found.bandNames()) == info(raw.bandNames())
    kinds = {band["id"]: band["data_type"]["precision"] for band in info(found)["bands"]}
    assert (kinds["B4"], kinds["B10"], kinds["QA_PIXEL"]) == ("float", "float", "int")
    bands = ["B4", "B10"]
    grid = window(raw)
    numbers, values = (pixels(image.select(bands), grid) for image in (raw, found))
    height = np.sin(np.radians(info(raw.get("SUN_ELEVATION"))))
    red = np.where(numbers["B4"] > 0, (numbers["B4"] * 2e-5 - 0.1) / height, 0)
    np.testing.assert_allclose(values["B4"], red, rtol=1e-6)
    radiance = numbers["B10"] * 3.342e-4 + 0.1
    kelvins = np.where(numbers["B10"] > 0, 1321.0789 / np.log(774.8853 / radiance + 1), 0)
    np.testing.assert_allclose(values["B10"], kelvins, rtol=1e-6)
    assert values["B4"].any()
    # The emulator's own product of the scene has the sun's height of each pixel.
    product = ee.Image(f"{RAW}_TOA/{info(raw.get('system:index'))}")
    np.testing.assert_allclose(values["B4"], pixels(product.select(["B4"]), grid)["B4"], rtol=0.05)


def test_coefficients_come_from_the_metadata() -> None:
    image = (
        ee.Image([10, 20])
        .rename("B3", "QA")
        .set(
            {
                "RADIANCE_MULT_BAND_3": 0.5,
                "RADIANCE_ADD_BAND_3": -1,
                "REFLECTANCE_MULT_BAND_3": 0.25,
                "REFLECTANCE_ADD_BAND_3": 0.5,
                "SUN_ELEVATION": 30,
            }
        )
    )
    grid = {"crsCode": "EPSG:32738", "dimensions": {"width": 1, "height": 1}}
    grid["affineTransform"] = {"scaleX": 1, "scaleY": 1}
    radiance = pixels(ee.Algorithms.Landsat.calibratedRadiance(image), grid)
    assert (radiance["B3"].item(), radiance["QA"].item()) == (4, 20)
    assert pixels(ee.Algorithms.Landsat.TOA(image), grid)["B3"].item() == pytest.approx(6)
    with pytest.raises(ee.EEException, match="no numeric property 'RADIANCE_MULT_BAND_1'"):
        info(ee.Algorithms.Landsat.calibratedRadiance(ee.Image(1).rename("B1")))
    with pytest.raises(ee.EEException, match="The sun is not up"):
        info(ee.Algorithms.Landsat.TOA(image.set("SUN_ELEVATION", -3)))


# Blue, green, red, infrared three times, kelvins; and the score that the sample's formula gives.
SCORES: list[tuple[list[float], int]] = [
    ([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 280], 100),
    ([0.2, 0.5, 0.5, 0.5, 0.5, 0.5, 280], 50),
    ([0.3, 0.1, 0.1, 0.5, 0.5, 0.5, 280], 50),
    ([0.5, 0.5, 0.5, 0.2, 0.2, 0.1, 280], 40),
    ([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 297], 30),
    ([0.9, 0.85, 0.9, 0.9, 0.15, 0.15, 260], 50),
    ([0.05, 0.5, 0.5, 0.5, 0.5, 0.5, 280], 0),
]
SENSORS = {
    "TM": ["B1", "B2", "B3", "B4", "B5", "B7", "B6"],
    "ETM": ["B1", "B2", "B3", "B4", "B5", "B7", "B6_VCID_1"],
    "OLI_TIRS": ["B2", "B3", "B4", "B5", "B6", "B7", "B10"],
}


@pytest.mark.parametrize("sensor", list(SENSORS))
def test_scores_of_clouds(sensor: str) -> None:
    pictures = [
        ee.Image.constant(values).rename(SENSORS[sensor]).set("SENSOR_ID", sensor)
        for values, _ in SCORES
    ]
    scored = ee.ImageCollection(pictures).map(ee.Algorithms.Landsat.simpleCloudScore)
    assert info(scored.first().bandNames()) == [*SENSORS[sensor], "cloud"]
    kind = info(scored.first().select("cloud"))["bands"][0]["data_type"]
    assert (kind["precision"], kind["min"], kind["max"]) == ("int", 0, 255)
    table = scored.select("cloud").toBands().reduceRegion("first", ee.Geometry.Point(1, 2), 30)
    assert list(info(table).values()) == [score for _, score in SCORES]


def test_a_mosaic_needs_its_sensor() -> None:
    """guides/landsat#simple-cloud-score"""
    mosaic = ee.ImageCollection(f"{RAW}_TOA").limit(3).mosaic()
    with pytest.raises(ee.EEException, match="SENSOR_ID must be one of TM, ETM, OLI_TIRS"):
        info(ee.Algorithms.Landsat.simpleCloudScore(mosaic))
    scored = ee.Algorithms.Landsat.simpleCloudScore(mosaic.set("SENSOR_ID", "OLI_TIRS"))
    assert info(scored.bandNames())[-1] == "cloud"


def raw(reflectance: list[float], kelvins: float, cover: int, row: int = 1) -> Any:
    """A raw scene of one value a band, the sun overhead."""
    numbers = [round((value + 0.1) / 2e-5) for value in reflectance]
    radiance = 774.8853 / (np.exp(1321.0789 / kelvins) - 1)
    return (
        ee.Image.constant([*numbers, round((radiance - 0.1) / 3.342e-4), 7])
        .rename([*SENSORS["OLI_TIRS"], "QA_PIXEL"])
        .set(
            {
                "SENSOR_ID": "OLI_TIRS",
                "SPACECRAFT_ID": "LANDSAT_8",
                "SUN_ELEVATION": 90,
                "CLOUD_COVER": cover,
                "WRS_PATH": 1,
                "WRS_ROW": row,
            }
        )
    )


CLOUD = [0.6, 0.6, 0.6, 0.6, 0.5, 0.4]


def land(red: float) -> list[float]:
    """Bands of clear land: blue too dark for a cloud."""
    return [0.05, 0.08, red, 0.3, 0.2, 0.1]


def composite(scenes: list[Any], **options: Any) -> dict[str, float]:
    made = ee.Algorithms.Landsat.simpleComposite(ee.ImageCollection(scenes), **options)
    found: dict[str, float] = made.reduceRegion("first", ee.Geometry.Point(1, 2), 30).getInfo()
    assert list(found) == info(made.bandNames())
    return found


def test_a_composite_of_the_least_cloudy() -> None:
    """apidocs/ee-algorithms-landsat-simplecomposite"""
    scenes = [
        raw(land(0.1), 300, 10),
        raw(CLOUD, 260, 90),
        raw(land(0.2), 302, 10),
        raw(land(0.4), 304, 10),
    ]
    middle = composite(scenes, asFloat=True)
    assert list(middle) == SENSORS["OLI_TIRS"]
    assert middle["B4"] == pytest.approx(0.2, abs=2e-5)
    assert middle["B10"] == pytest.approx(302, abs=0.1)
    # Whole numbers: 255 times reflectance, and kelvins less 100.
    assert composite(scenes) == {
        "B2": 13, "B3": 20, "B4": 51, "B5": 77, "B6": 51, "B7": 26, "B10": 202,
    }  # fmt: skip
    assert composite(scenes, percentile=100)["B4"] == 102
    # Of all scores, the cloud's counts too.
    everything = composite(scenes, percentile=100, cloudScoreRange=100)
    assert everything["B4"] == 153
    assert composite([scenes[1]])["B4"] == 153


def test_how_deep_a_composite_is() -> None:
    scenes = [raw(land(0.1 * (i + 1)), 300, 10 * i) for i in range(4)]
    assert composite(scenes, percentile=100)["B4"] == 102
    assert composite(scenes, percentile=100, maxDepth=2)["B4"] == 51
    beside = raw(land(0.35), 300, 99, row=2)
    assert composite([*scenes, beside], percentile=100, maxDepth=2)["B4"] == 89
    with pytest.raises(ee.EEException, match="'maxDepth' must be positive"):
        composite(scenes, maxDepth=0)
    with pytest.raises(ee.EEException, match="is empty"):
        info(ee.Algorithms.Landsat.simpleComposite(ee.ImageCollection([])))
    same = ee.data.computeValue(ee.ApiFunction.apply_("Landsat.translateMetadata", {"input": 5}))
    assert same["bands"] == info(ee.Image(5))["bands"]
