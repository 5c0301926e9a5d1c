"""Clear percentages, counted by hand over the polygon itself."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer

import eemulator
from eemulator import Band, Catalog, Grid, ImageAsset
from geetensor import ee_image, ee_query
from geetensor.discovery import clear
from geetensor.ee_image import CloudMask
from geetensor.errors import EarthEngineError, InvalidInputError
from tests.geetensor.conftest import sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

AREA = shapely.Polygon(
    [(47.46, -18.97), (47.475, -18.968), (47.472, -18.955), (47.468, -18.961), (47.462, -18.956)]
)
NAMES = [
    "20240127T065219_20240127T065221_T38KQE",
    "20240206T065219_20240206T065221_T38KQE",
    "20240320T070159_20240320T070201_T38KQE",
]
SCENES = pd.DataFrame(
    {
        "asset_id": [f"COPERNICUS/S2_SR_HARMONIZED/{name}" for name in NAMES],
        "note": ["a", "b", "c"],
        "geometry": [None] * 3,
    },
    index=[5, 3, 4],
)


@pytest.fixture(scope="module")
def _own() -> Iterator[eemulator.Server]:
    with eemulator.running() as server:
        yield server


@pytest.fixture
def own(_own: eemulator.Server, monkeypatch: pytest.MonkeyPatch) -> eemulator.Server:
    sign_in(_own, monkeypatch)
    return _own


def by_hand(asset_id: str, band: str, clear_of: Any, scale: float | None = None) -> float:
    """Clear of valid pixels whose centres lie in the polygon, in percent."""
    out, mask = ee_image.export_image(asset_id, AREA.bounds, [band], scale, return_mask=True)
    _, height, width = out.shape
    cols, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    x, y = out.transform @ (cols, rows)
    to_utm = Transformer.from_crs("EPSG:4326", out.crs, always_xy=True)
    dense = shapely.segmentize(AREA, 0.0001)
    area = shapely.transform(dense, lambda p: np.column_stack(to_utm.transform(*p.T)))
    inside = shapely.contains_xy(area, x, y) & mask.values[0]
    return float(100 * clear_of(out.values[0])[inside].mean())


def test_scene_classes_over_the_polygon(own: eemulator.Server) -> None:
    found = ee_query.add_clear_percentage(SCENES, AREA, "scl")
    assert list(found.columns) == ["asset_id", "note", "clear_percentage", "geometry"]
    assert list(found.index) == [5, 3, 4]
    assert "clear_percentage" not in SCENES
    expected = [
        by_hand(scene, "SCL", lambda scl: ~np.isin(scl, (1, 3, 8, 9, 10)))
        for scene in SCENES["asset_id"]
    ]
    np.testing.assert_allclose(found["clear_percentage"], expected, rtol=1e-12)
    assert 5 < min(expected) < max(expected) < 95


def test_scores_thresholds_and_batches(
    own: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clear, "BATCH", 2)
    mask = CloudMask("cloud_score_plus", clear=0.4, score="cs")
    own.reset_stats()
    found = ee_query.add_clear_percentage(SCENES, AREA, mask, column="clear")
    assert own.stats.requests == {"value:compute": 3}  # what the scenes are; two batches
    scores = [f"GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED/{name}" for name in NAMES]
    expected = [by_hand(scene, "cs", lambda score: score >= 0.4) for scene in scores]
    np.testing.assert_allclose(found["clear"], expected, rtol=1e-12)
    again = ee_query.add_clear_percentage(found, AREA, "s2cloudless")
    masks = [f"COPERNICUS/S2_CLOUD_PROBABILITY/{name}" for name in NAMES]
    expected = [by_hand(scene, "probability", lambda p: p <= 65) for scene in masks]
    np.testing.assert_allclose(again["clear_percentage"], expected, rtol=1e-12)


def test_landsat_at_its_own_and_another_scale(
    own: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = "LANDSAT/LC08/C02/T1_L2/LC08_159073_20240131"
    table = pd.DataFrame({"asset_id": [scene, scene], "geometry": [None] * 2})
    found = ee_query.add_clear_percentage(table, AREA, "qa_pixel")["clear_percentage"]
    expected = by_hand(scene, "QA_PIXEL", lambda bits: (bits & 0b11110) == 0)
    np.testing.assert_allclose(found, [expected] * 2, rtol=1e-12)
    fixed = ee_query.add_clear_percentage(table, AREA, "qa_pixel", scale=120)["clear_percentage"]
    assert 0 < abs(fixed[0] - expected) < 20
    # A smaller allowance makes for pixels of four times the size.
    monkeypatch.setattr(clear, "MOST_PIXELS", 200)
    coarse = ee_query.add_clear_percentage(table, AREA, "qa_pixel")["clear_percentage"]
    assert list(coarse) == list(fixed)


def test_empty_tables_and_scenes_beside_the_area(own: eemulator.Server) -> None:
    empty = ee_query.add_clear_percentage(SCENES[:0], AREA, "scl")
    assert empty["clear_percentage"].dtype == np.float64
    bare = ee_query.add_clear_percentage(SCENES[["asset_id"]][:0], AREA, "scl")
    assert list(bare.columns) == ["asset_id", "clear_percentage"]
    assert not own.stats.requests
    far = ee_query.add_clear_percentage(SCENES[:1], (10, 10, 10.1, 10.1), "scl", scale=100)
    assert math.isnan(far["clear_percentage"].iloc[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cloud_mask": "fmask"}, "one of scl"),
        ({"cloud_mask": None}, "cloud_mask is needed"),
        ({"cloud_mask": "qa_pixel"}, "has no band QA_PIXEL"),
        ({"scale": -1}, "scale"),
        ({"column": "note"}, "a column 'note' already"),
        ({"scenes": SCENES.drop(columns="asset_id")}, "column asset_id"),
    ],
)
def test_refused(own: eemulator.Server, arguments: dict[str, Any], message: str) -> None:
    defaults: dict[str, Any] = {"scenes": SCENES, "polygon": AREA}
    with pytest.raises(InvalidInputError, match=message):
        ee_query.add_clear_percentage(**defaults | arguments)
    assert own.stats.requests.get("value:compute", 0) <= 1


def test_a_scene_without_a_cloud_mask_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    lattice = Grid("EPSG:32738", (10.0, 0.0, 399_960.0, 0.0, -10.0, 8_000_020.0), 4, 4)

    def asset(asset_id: str, band: str, dtype: str, value: float) -> ImageAsset:
        def sample(
            bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
        ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
            shown = np.where(cols < 3, value, 0).astype(dtype) + np.zeros_like(rows, dtype)
            return [(shown, np.ones(shown.shape, np.bool_)) for _ in bands]

        index = asset_id.rpartition("/")[2]
        bands = (Band(band, np.dtype(dtype), lattice),)
        return ImageAsset(asset_id, bands, {"system:index": index}, None, sample)

    s2, scores = "COPERNICUS/S2_SR_HARMONIZED", "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"
    assets = [
        asset(f"{s2}/with", "B2", "uint16", 500),
        asset(f"{s2}/without", "B2", "uint16", 500),
        asset(f"{scores}/with", "cs_cdf", "float64", 0.9),
    ]
    table = pd.DataFrame({"asset_id": [f"{s2}/without", f"{s2}/with"], "geometry": [None] * 2})
    to_lonlat = Transformer.from_crs("EPSG:32738", "EPSG:4326", always_xy=True)
    box = shapely.box(399_961, 7_999_981, 399_999, 8_000_019)
    area = shapely.transform(box, lambda p: np.column_stack(to_lonlat.transform(*p.T)))
    with eemulator.running(Catalog(assets)) as server:
        sign_in(server, monkeypatch)
        found = ee_query.add_clear_percentage(table, area)["clear_percentage"]
        assert math.isnan(found[0])
        assert found[1] == 75
        with pytest.raises(EarthEngineError, match="none"):
            ee_query.add_clear_percentage(pd.DataFrame({"asset_id": [f"{s2}/none"]}), area)
