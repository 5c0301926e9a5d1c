"""eemont: what it makes of images, computed by the emulator; and by numpy of the same pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import eemont  # noqa: F401 - it adds methods to the client's classes
import numpy as np
import pytest

import eemulator
from tests.eemulator.wire import grid, pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pytest_eemulator.session import EarthEngine

pytestmark = pytest.mark.earth_engine(limits=eemulator.Limits(requests_per_second=None))

BANDS = ["B2", "B4", "B8"]


@pytest.fixture
def scene(earth_engine: EarthEngine) -> Any:
    return ee.ImageCollection("COPERNICUS/S2_SR_HARMONIZED").first()


def read(scene: Any, image: Any) -> NDArray[Any]:
    """60 × 60 pixels from inside the scene, on its own lattice."""
    info = scene.select("B2").getInfo()
    [band] = info["bands"]
    step, _, left, _, _, top = band["crs_transform"]
    place = (step, 0, left + 8000 * step, 0, -step, top - 3000 * step)
    return pixels(image, grid(band["crs"], place, 60, 60))


def test_scale_and_offset(scene: Any) -> None:
    raw = read(scene, scene.select(BANDS))
    found = read(scene, scene.scaleAndOffset().select(BANDS))
    assert raw["B4"].any()
    for band in BANDS:
        np.testing.assert_array_equal(found[band], raw[band] * 0.0001)


def test_spectral_indices(scene: Any) -> None:
    raw = read(scene, scene.select(BANDS))
    found = read(scene, scene.scaleAndOffset().spectralIndices(["NDVI", "EVI"]))
    blue, red, near = (raw[band] * 0.0001 for band in BANDS)
    ok = (near + red) > 0
    np.testing.assert_allclose(found["NDVI"][ok], ((near - red) / (near + red))[ok], rtol=1e-6)
    evi = 2.5 * (near - red) / (near + 6 * red - 7.5 * blue + 1)
    np.testing.assert_allclose(found["EVI"][ok], evi[ok], rtol=1e-6)


def test_operators(scene: Any) -> None:
    raw = read(scene, scene.select(BANDS))
    red, near = scene.select("B4"), scene.select("B8")
    found = read(scene, ((near - red) * 2 + 1).toInt32().rename("x"))
    wanted = (raw["B8"].astype(np.int32) - raw["B4"].astype(np.int32)) * 2 + 1
    ok = (raw["B4"] != 0) & (raw["B8"] != 0)
    np.testing.assert_array_equal(found["x"][ok], wanted[ok])


def test_closest(earth_engine: EarthEngine) -> None:
    series = ee.ImageCollection("COPERNICUS/S2_SR_HARMONIZED")
    times: Any = series.aggregate_array("system:time_start").getInfo()
    found: Any = series.closest("2024-03-03")
    shown = found.aggregate_array("system:time_start").getInfo()
    moment = 1_709_424_000_000
    assert shown
    assert min(abs(t - moment) for t in shown) == min(abs(t - moment) for t in times)
