"""The guide's classification, end to end: samples, training, classes, accuracy, exported pixels.

https://developers.google.com/earth-engine/guides/classification
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ee
import numpy as np
import pytest

import eemulator
from geetensor import ee_image
from tests.eemulator.wire import info
from tests.geetensor.conftest import sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

AREA = (47.465, -18.965, 47.473, -18.957)
BANDS = ["B2", "B3", "B4", "B8", "B11"]


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with eemulator.running() as server:
        sign_in(server, monkeypatch)
        yield


@pytest.mark.usefixtures("own")
def test_classes_of_a_scene() -> None:
    area = ee.Geometry.BBox(*AREA)
    scene = (
        ee.ImageCollection("COPERNICUS/S2_SR_HARMONIZED")
        .filterBounds(area)
        .sort("CLOUDY_PIXEL_PERCENTAGE")
        .first()
    )
    reflectance = scene.select(BANDS).divide(10_000)
    label = scene.normalizedDifference(["B8", "B4"]).gt(0.5).rename("label")
    sample = (
        reflectance.addBands(label)
        .stratifiedSample(80, "label", area, 10, geometries=True)
        .randomColumn()
    )
    training, validation = (
        sample.filter(ee.Filter.lt("random", 0.7)),
        sample.filter(ee.Filter.gte("random", 0.7)),
    )
    trained = ee.Classifier.smileRandomForest(20).train(training, "label", BANDS)
    matrix = validation.classify(trained).errorMatrix("label", "classification")
    described = info(ee.Dictionary({"accuracy": matrix.accuracy(), "counts": matrix.array()}))
    counts = np.array(described["counts"])
    assert described["accuracy"] == counts.trace() / counts.sum()
    assert described["accuracy"] > 0.85
    classified = reflectance.classify(trained)
    whole = ee_image.export_image(classified, AREA, scale=10, crs="EPSG:32738")
    assert whole.dtype == np.int32
    truth = ee_image.export_image(label, AREA, scale=10, crs="EPSG:32738")
    assert whole.shape == truth.shape
    assert set(np.unique(whole.values)) == {0, 1}
    assert (whole.values == truth.values).mean() > 0.85
    # A request of its own, which trains anew, has the same pixels.
    west, _, _, north = whole.bounds
    quarter = (west, north - 400, west + 300, north)
    part = ee_image.export_image(
        classified, quarter, scale=10, crs="EPSG:32738", crs_geometry="EPSG:32738"
    )
    np.testing.assert_array_equal(part.values, whole.values[:, :40, :30])
