"""Names of bands, in every collection of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ee
import pytest

import eemulator
from geetensor import ee_image
from geetensor.collections import COLLECTIONS, other_names, resolve_band
from geetensor.errors import UnknownBandError
from tests.geetensor.conftest import sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def bands_of() -> Iterator[dict[str, tuple[str, ...]]]:
    """The bands of the first image of each collection that the emulator has."""
    with eemulator.running() as server, pytest.MonkeyPatch.context() as monkeypatch:
        sign_in(server, monkeypatch)
        found = {}
        for asset_id in COLLECTIONS:
            try:
                names = ee.ImageCollection(asset_id).first().bandNames().getInfo()
            except ee.EEException:
                continue
            found[asset_id] = tuple(names)
        yield found


def test_every_alias_of_what_the_emulator_has_means_a_band(
    bands_of: dict[str, tuple[str, ...]],
) -> None:
    assert len(bands_of) > 30
    for asset_id, available in bands_of.items():
        image = f"{asset_id}/x"
        for alias, band in COLLECTIONS[asset_id].aliases.items():
            # Tables are shared by sensors of one family; the panchromatic band is Landsat 7's.
            if band in available:
                assert resolve_band(alias, available, image) in {band, alias}, (asset_id, alias)
        for name in available:
            assert resolve_band(name, available, image) == name
            assert resolve_band(name.lower(), available, image) is not None


NAMES = {
    "COPERNICUS/S2_SR_HARMONIZED": {"B04": "B4", "red": "B4", "nir08": "B8A", "scl": "SCL"},
    "COPERNICUS/S2_HARMONIZED": {"B01": "B1", "cirrus": "B10", "b8a": "B8A"},
    "LANDSAT/LC08/C02/T1": {"B04": "B4", "pan": "B8", "nir08": "B5", "qa_pixel": "QA_PIXEL"},
    "LANDSAT/LC09/C02/T1_L2": {"B4": "SR_B4", "red": "SR_B4", "lwir11": "ST_B10", "B10": "ST_B10"},
    "LANDSAT/LE07/C02/T1_TOA": {"lwir": "B6_VCID_1", "pan": "B8", "B03": "B3"},
    "LANDSAT/LE07/C02/T1_L2": {"B7": "SR_B7", "swir22": "SR_B7", "B6": "ST_B6"},
    "LANDSAT/LT05/C02/T1_L2": {"B05": "SR_B5", "nir": "SR_B4"},
    "COPERNICUS/S1_GRD": {"hh": "HH", "incidence_angle": "angle"},
    "MODIS/061/MOD09GA": {"red": "sur_refl_b01", "B07": "sur_refl_b07", "nir08": "sur_refl_b02"},
    "MODIS/061/MCD43A4": {"blue": "Nadir_Reflectance_Band3", "B1": "Nadir_Reflectance_Band1"},
    "COPERNICUS/S2_CLOUD_PROBABILITY": {"cloud_probability": "probability"},
    "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED": {"cloud_score": "cs", "CS_CDF": "cs_cdf"},
    "COPERNICUS/DEM/GLO30": {"elevation": "DEM", "dem": "DEM"},
    "GOOGLE/SATELLITE_EMBEDDING/V1/ANNUAL": {"A7": "A07", "a63": "A63"},
}


@pytest.mark.parametrize("asset_id", NAMES)
def test_names_by_sensor(bands_of: dict[str, tuple[str, ...]], asset_id: str) -> None:
    for name, band in NAMES[asset_id].items():
        assert resolve_band(name, bands_of[asset_id], f"{asset_id}/x") == band


def test_a_name_that_may_mean_two_means_none() -> None:
    assert resolve_band("vv", ("VV", "Vv"), None) is None
    assert resolve_band("nir08", ("B5", "B8A"), None) is None  # Landsat's or Sentinel-2's
    assert resolve_band("nir08", ("B5", "B4"), None) is None
    assert resolve_band("nir08", ("SR_B5", "SR_B3"), None) == "SR_B5"


def test_an_unknown_name_lists_what_is_there(bands_of: dict[str, tuple[str, ...]]) -> None:
    image = ee.ImageCollection("MODIS/061/MOD09GA").first()
    with pytest.raises(UnknownBandError, match="'ndvi'.*sur_refl_b01.*Other names.*red, nir") as e:
        ee_image.export_image(image.get("system:id").getInfo(), (47, -19, 48, -18), ["ndvi"])
    assert "B08" not in str(e.value)
    names = other_names(bands_of["COPERNICUS/S1_GRD"], "COPERNICUS/S1_GRD/x")
    assert names == ["incidence_angle"]
