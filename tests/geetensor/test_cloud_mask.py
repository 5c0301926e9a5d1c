"""`cloud_mask=`: the service masks what its cloud masks say, pixel by pixel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pandas as pd
import pytest

import eemulator
from eemulator import Band, Catalog, Grid, ImageAsset
from geetensor import ee_image
from geetensor.ee_image import CloudMask
from geetensor.errors import InvalidInputError, NotFoundError
from tests.geetensor.conftest import sign_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

AREA = (47.46, -18.97, 47.475, -18.955)


@pytest.fixture(scope="module")
def _own() -> Iterator[eemulator.Server]:
    with eemulator.running() as server:
        yield server


@pytest.fixture
def own(_own: eemulator.Server, monkeypatch: pytest.MonkeyPatch) -> eemulator.Server:
    sign_in(_own, monkeypatch)
    return _own


# Partly clouded there.
SCENES = [
    f"COPERNICUS/S2_SR_HARMONIZED/{name}_T38KQE"
    for name in (
        "20240127T065219_20240127T065221",
        "20240206T065219_20240206T065221",
        "20240320T070159_20240320T070201",
    )
]
LANDSAT = "LANDSAT/LC08/C02/T1_L2/LC08_159073_20240131"
SCORES = "GOOGLE/CLOUD_SCORE_PLUS/V1/S2_HARMONIZED"
PROBABILITIES = "COPERNICUS/S2_CLOUD_PROBABILITY"


def beside(collection: str, scene: str) -> str:
    """The image of another collection that was made from a scene."""
    return f"{collection}/{scene.rpartition('/')[2]}"


def masked_scl(scl: NDArray[Any], classes: tuple[int, ...] = (1, 3, 8, 9, 10)) -> Any:
    return np.isin(scl, classes)


CASES: dict[str, tuple[Any, Any]] = {
    "scl": ("scl", lambda scene: ~masked_scl(band(scene, "SCL"))),
    "two classes": (
        CloudMask("scl", classes=(8, 9)),
        lambda scene: ~masked_scl(band(scene, "SCL"), (8, 9)),
    ),
    "cloud score": (
        "cloud_score_plus",
        lambda scene: band(beside(SCORES, scene), "cs_cdf") >= 0.6,
    ),
    "another score": (
        CloudMask("cloud_score_plus", score="cs", clear=0.4),
        lambda scene: band(beside(SCORES, scene), "cs") >= 0.4,
    ),
    "probability": (
        "s2cloudless",
        lambda scene: band(beside(PROBABILITIES, scene), "probability") <= 65,
    ),
    "another probability": (
        CloudMask("s2cloudless", probability=20),
        lambda scene: band(beside(PROBABILITIES, scene), "probability") <= 20,
    ),
}


def band(asset_id: str, name: str) -> NDArray[Any]:
    """A band on the grid of the 10 m bands; NaN where masked."""
    b4 = ee_image.export_image(SCENES[0], AREA, ["B4"])
    out = ee_image.export_image(
        asset_id, AREA, [name], crs=b4.crs, transform=b4.transform, dtype="float64"
    )
    assert out.shape == b4.shape
    values: NDArray[Any] = out.values[0]
    return values


@pytest.mark.parametrize("case", CASES)
def test_what_is_clear_is_shown_and_nothing_else(own: eemulator.Server, case: str) -> None:
    cloud_mask, clear_of = CASES[case]
    scene = SCENES[0]
    whole, seen = ee_image.export_image(scene, AREA, ["B4", "B11"], return_mask=True)
    out, mask = ee_image.export_image(
        scene, AREA, ["B4", "B11"], return_mask=True, cloud_mask=cloud_mask
    )
    clear = clear_of(scene)
    assert 0.1 < clear.mean() < 0.9
    np.testing.assert_array_equal(mask.values, seen.values & clear)
    np.testing.assert_array_equal(out.values, np.where(mask.values, whole.values, 0))


@pytest.mark.parametrize(
    ("mask", "wanted"), [("qa_pixel", 0b11110), (CloudMask("qa_pixel", bits=(3,)), 0b1000)]
)
def test_landsat_bits(own: eemulator.Server, mask: Any, wanted: int) -> None:
    bits = ee_image.export_image(LANDSAT, AREA, ["QA_PIXEL"]).values[0]
    names = ["SR_B4", "ST_B10"]
    out = ee_image.export_image(LANDSAT, AREA, names, cloud_mask=mask, scaled=True)
    plain = ee_image.export_image(LANDSAT, AREA, names, scaled=True)
    clear = (bits & wanted) == 0
    assert 0.1 < clear.mean() < 0.9
    np.testing.assert_array_equal(out.values, np.where(clear, plain.values, np.nan))


def test_each_date_of_a_cube_has_its_own(own: eemulator.Server) -> None:
    scenes = pd.DataFrame(
        {"asset_id": SCENES, "acquisition_date": pd.date_range("2024", periods=3, tz="UTC")}
    )
    options: dict[str, Any] = {"cloud_mask": "cloud_score_plus", "fill_value": 65_535}
    own.reset_stats()
    cube = ee_image.export_cube(scenes, AREA, ["B8"], 20, **options)
    assert own.stats.requests["computePixels"] == 1
    for date, asset_id in enumerate(SCENES):
        alone = ee_image.export_image(asset_id, AREA, ["B8"], 20, **options)
        np.testing.assert_array_equal(cube.values[date], alone.values)
        fast = ee_image.export_image_fast(asset_id, AREA, ["B8"], 20, **options)
        np.testing.assert_array_equal(fast.values, alone.values)
    [(_, patch)] = ee_image.export_many([(asset_id, AREA)], ["B8"], 20, **options)
    assert not isinstance(patch, Exception)
    np.testing.assert_array_equal(patch.values, alone.values)
    assert (cube.values == 65_535).any()
    plan = ee_image.plan_cube(scenes, AREA, ["B8"], 20, **options)
    assert plan.shape == cube.shape


def test_under_a_cloud_the_next_scene_of_the_day_shows(own: eemulator.Server) -> None:
    day = pd.Timestamp("2024-01-27")
    scenes = pd.DataFrame(
        {
            "asset_id": SCENES,
            "acquisition_date": pd.date_range(day, periods=3, freq="s", tz="UTC"),
            "solar_day": [day] * 3,
            "satellite": ["Sentinel-2A"] * 3,
        }
    )
    options: dict[str, Any] = {"cloud_mask": "scl", "resampling": "bilinear", "scaled": True}
    each = ee_image.export_cube(scenes, AREA, ["B4", "B5"], **options)
    cube, mask = ee_image.export_cube(
        scenes, AREA, ["B4", "B5"], group_by="solar_day", return_mask=True, **options
    )
    expected = each.values[0]
    for upper in each.values[1:]:
        expected = np.where(np.isnan(upper), expected, upper)
    np.testing.assert_array_equal(cube.values, [expected])
    np.testing.assert_array_equal(mask.values, [~np.isnan(expected)])
    shown = [~np.isnan(one) for one in each.values]
    assert (shown[0] & ~shown[1] & ~shown[2]).any()
    assert (shown[1] & ~shown[2]).any()


def test_interpolation_keeps_away_from_clouds(own: eemulator.Server) -> None:
    options: dict[str, Any] = {"cloud_mask": "scl", "scaled": True, "resampling": "bilinear"}
    out = ee_image.export_image(SCENES[0], AREA, ["B5"], 10, **options)
    scl = ee_image.export_image(SCENES[0], AREA, ["SCL"], 10).values[0]
    np.testing.assert_array_equal(np.isnan(out.values[0]), masked_scl(scl))
    assert not math.isnan(np.nanmean(out.values))


@pytest.mark.parametrize(
    ("image", "cloud_mask", "message"),
    [
        ("s2", "clouds", "one of scl, cloud_score_plus, s2cloudless, qa_pixel"),
        ("s2", 7, "one of scl"),
        ("s2", "qa_pixel", "has no band QA_PIXEL.*B1, B2"),
        ("computed", "cloud_score_plus", "no stored scene of Sentinel-2"),
        ("USGS/SRTMGL1_003", "s2cloudless", "no stored scene of Sentinel-2"),
        ("USGS/SRTMGL1_003", "scl", "has no band SCL"),
    ],
)
def test_refused_before_any_pixel(
    own: eemulator.Server, image: str, cloud_mask: Any, message: str
) -> None:
    named: Any = {"s2": SCENES[0], "computed": ee.Image(SCENES[0]).multiply(2)}.get(image, image)
    with pytest.raises(InvalidInputError, match=message):
        ee_image.export_image(named, AREA, cloud_mask=cloud_mask)
    assert set(own.stats.requests) <= {"value:compute"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": ()}, "classes"),
        ({"classes": (12,)}, "classes"),
        ({"bits": (0.5,)}, "bits"),
        ({"clear": 60}, "clear must be from 0 to 1"),
        ({"probability": "high"}, "probability"),
        ({"score": "cdf"}, "cs or cs_cdf"),
    ],
)
def test_thresholds_are_checked(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        CloudMask("scl", **arguments)


def test_a_scene_without_a_cloud_mask_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    lattice = Grid("EPSG:32738", (10.0, 0.0, 399_960.0, 0.0, -10.0, 8_000_020.0), 3, 1)
    asset = ImageAsset(
        "COPERNICUS/S2_SR_HARMONIZED/alone",
        (Band("B4", np.dtype(np.uint16), lattice),),
        {"system:index": "alone"},
        None,
        lambda _, rows, cols: [((rows + cols).astype(np.uint16), rows + cols >= 0)],
    )
    with eemulator.running(Catalog([asset])) as server:
        sign_in(server, monkeypatch)
        with pytest.raises(NotFoundError, match="CLOUD_SCORE_PLUS/V1/S2_HARMONIZED/alone"):
            ee_image.export_image(
                asset.id,
                (399_960, 8_000_010, 399_990, 8_000_020),
                crs_geometry="EPSG:32738",
                cloud_mask="cloud_score_plus",
            )
