"""export_composite: many scenes as one image, compared with NumPy on the scenes by themselves."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import zarr

import eemulator
import geetensor.composites
from eemulator import Band, Catalog, Grid, ImageAsset
from geetensor import ee_image, ee_query
from geetensor.engine.wire import ExpressionRef
from geetensor.errors import InvalidInputError, OutsideImageError, UnknownBandError
from geetensor.plan import Limits
from tests.eemulator.synthetic import LONLAT, UTM, UTM_60
from tests.geetensor.conftest import sign_in
from tests.geetensor.oracle import expected_band
from tests.geetensor.test_cloud_mask import SCENES, SCORES, beside
from tests.geetensor.test_export_cube import AREA, SERIES, table
from tests.geetensor.test_export_image import UTM_CRS, box

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

HERE = (47.46, -18.97, 47.475, -18.955)
SUMMER = ("2024-01-01", "2024-03-31")


@pytest.fixture(scope="module")
def _own() -> Iterator[eemulator.Server]:
    with eemulator.running() as server:
        yield server


@pytest.fixture
def own(_own: eemulator.Server, monkeypatch: pytest.MonkeyPatch) -> eemulator.Server:
    sign_in(_own, monkeypatch)
    return _own


def stack(scenes: pd.DataFrame, bands: list[str], area: Any = HERE, **options: Any) -> Any:
    """The scenes by themselves as float64, `(T, C, H, W)`, NaN where masked."""
    options = {"dtype": "float64", "fill_value": math.nan, **options}
    return ee_image.export_cube(scenes, area, bands, **options).values


def average(values: NDArray[Any], method: str = "median") -> NDArray[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # where all scenes are masked
        of = np.nanmean if method == "mean" else np.nanmedian
        found: NDArray[Any] = np.asarray(of(values, axis=0))
    return found


def chosen(values: NDArray[Any], scores: NDArray[Any]) -> NDArray[Any]:
    """Of each pixel the first scene with the highest score that is valid in all bands."""
    complete = ~np.isnan(values).any(axis=1) & ~np.isnan(scores)
    scores = np.where(complete, scores, -np.inf)
    out = np.take_along_axis(values, scores.argmax(axis=0)[None, None], axis=0)[0]
    return np.where(complete.any(axis=0), out, np.nan)


def medoid(values: NDArray[Any]) -> NDArray[Any]:
    complete = np.where(np.isnan(values).any(axis=1, keepdims=True), np.nan, values)
    apart = complete - average(complete)
    return chosen(values, -np.add.reduce(apart * apart, axis=1))


def test_more_scenes_than_a_request_can_name(
    server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = ee_image.plan_composite(SERIES, AREA, ["u16"], crs_geometry=UTM_CRS, fill_value=0)
    [ref] = plan.export.scenes[0].refs.values()
    assert isinstance(ref, ExpressionRef)
    most = 2**20 + len(ref.expression)
    monkeypatch.setattr(geetensor.composites, "LIMITS", Limits(payload_bytes=most))
    ee_image.plan_composite(SERIES, AREA, ["u16"], crs_geometry=UTM_CRS)
    monkeypatch.setattr(geetensor.composites, "LIMITS", Limits(payload_bytes=most - 1))
    server.reset_stats()
    with pytest.raises(InvalidInputError, match=r"median of 4 scenes takes .* compose fewer"):
        ee_image.export_composite(SERIES, AREA, ["u16"], crs_geometry=UTM_CRS)
    assert "computePixels" not in server.stats.requests


@pytest.mark.parametrize("method", ["median", "mean", "medoid"])
def test_each_pixel_of_a_series(server: eemulator.Server, method: str) -> None:
    bands = ["u16", "i32", "f32"]
    values = stack(SERIES, bands, AREA, crs_geometry=UTM_CRS)
    server.reset_stats()
    out = ee_image.export_composite(SERIES, AREA, bands, method, crs_geometry=UTM_CRS)
    assert server.stats.requests == {"value:compute": 1, "computePixels": 1}
    assert np.isnan(values).any()
    expected = medoid(values) if method == "medoid" else average(values, method)
    np.testing.assert_allclose(out.values, expected, rtol=1e-15)
    assert out.dtype == np.float64
    assert out.attrs["method"] == method
    assert out.attrs["band_names"] == bands
    assert out.attrs["asset_ids"] == list(SERIES["asset_id"])
    assert out.attrs["acquisition_dates"] == list(SERIES["acquisition_date"])


def test_scenes_of_several_crs_are_put_on_the_grid_first(server: eemulator.Server) -> None:
    query = table("TEST/UTM", "TEST/COARSE", "TEST/LONLAT")
    area = box(31, 41, 21, 13)
    with pytest.raises(InvalidInputError, match=r"pixels of \d sizes"):
        ee_image.export_composite(query, area, ["i32"], crs_geometry=UTM_CRS)
    for options in ({"scale": 10}, {"scale": 17, "crs": "EPSG:32739"}):
        out = ee_image.export_composite(
            query, area, ["i32", "f32"], crs_geometry=UTM_CRS, dtype="float64", **options
        )
        for band, name in zip(out.values, ["i32", "f32"], strict=True):
            scenes = [
                expected_band(out, name, k, native, math.nan)
                for k, native in ((3, UTM), (4, UTM_60), (6, LONLAT))
            ]
            np.testing.assert_array_equal(band, average(np.stack(scenes)))


@pytest.mark.parametrize("method", ["median", "medoid"])
def test_however_it_is_split_it_is_the_same(
    server: eemulator.Server, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    arguments: dict[str, Any] = {"crs_geometry": UTM_CRS, "fill_value": 7, "return_mask": True}
    for scenes in (SERIES, SERIES[:1]):
        whole = ee_image.export_composite(scenes, AREA, ["u16", "u8"], method, **arguments)
        with monkeypatch.context() as patch:
            patch.setattr("geetensor.plan.TARGET_BYTES", 2_000)
            server.reset_stats()
            cut = ee_image.export_composite(scenes, AREA, ["u16", "u8"], method, **arguments)
        assert server.stats.requests["computePixels"] > 3
        for one, other in zip(whole, cut, strict=True):
            np.testing.assert_array_equal(one.values, other.values)
        values, mask = whole
        assert mask.values.all() == (len(scenes) > 1)
        assert (values.values[~mask.values] == 7).all()


S2_BANDS = ["red", "B08", "B11"]


def test_clouds_are_masked_before_the_median(own: eemulator.Server) -> None:
    scenes = ee_query.query_s2_l2a(HERE, *SUMMER)[:7]
    options: dict[str, Any] = {"cloud_mask": "scl"}
    values = stack(scenes, S2_BANDS, **options)
    out, mask = ee_image.export_composite(scenes, HERE, S2_BANDS, return_mask=True, **options)
    np.testing.assert_array_equal(mask.values, ~np.isnan(values).all(axis=0))
    expected = average(values)
    np.testing.assert_array_equal(out.values, expected)
    cloudy = ee_image.export_composite(scenes, HERE, S2_BANDS)
    assert (cloudy.values != out.values)[mask.values].mean() > 0.1


def test_units_are_of_each_scene(own: eemulator.Server) -> None:
    scenes = ee_query.query_s2_l2a(HERE, *SUMMER)[:4]
    options: dict[str, Any] = {"scaled": True, "resampling": "bilinear", "cloud_mask": "scl"}
    values = stack(scenes, S2_BANDS, **options)
    plan = ee_image.plan_composite(scenes, HERE, S2_BANDS, "mean", **options)
    pixels = math.prod(plan.shape[1:])
    assert plan.dtype == np.float32
    assert plan.counted_bytes == (3 * 5 + 2) * pixels  # float32, and the bits of all three
    for method in ("median", "mean", "medoid"):
        out = ee_image.export_composite(scenes, HERE, S2_BANDS, method, **options)
        assert out.dtype == np.float32
        if method == "medoid":
            expected = medoid(values)
            # Between two that are as near, the last digit decides.
            assert (out.values == expected.astype(np.float32)).mean() > 0.5
            mine = np.isclose(out.values[None], values, rtol=1e-6).all(axis=1).any(axis=0)
            np.testing.assert_array_equal(mine, ~np.isnan(expected).any(axis=0))
        else:
            expected = average(values, method)
            np.testing.assert_allclose(out.values, expected, rtol=1e-6)
        exact = ee_image.export_composite(
            scenes, HERE, S2_BANDS, method, dtype="float64", **options
        )
        if method != "medoid":
            np.testing.assert_allclose(exact.values, expected, rtol=1e-12)


def test_the_best_scene_and_of_equals_the_first(own: eemulator.Server) -> None:
    scenes = ee_query.query_s2_l2a(HERE, *SUMMER)[:5].iloc[::-1]
    bands = ["B4", "B8", "SCL"]
    values = stack(scenes, bands)
    arguments: dict[str, Any] = {"method": "qualityMosaic"}
    # SCL has a dozen values only: most pixels have several best.
    out = ee_image.export_composite(scenes, HERE, bands, quality_band="SCL", **arguments)
    expected = chosen(values, values[:, 2])
    np.testing.assert_array_equal(out.values, expected)
    assert out.dtype == np.uint16
    best = values[:, 2] == values[:, 2].max(axis=0)
    assert (best.sum(axis=0) > 1).mean() > 0.1


def test_the_clearest_scene_that_shows_something(own: eemulator.Server) -> None:
    scenes = table(*SCENES)
    scores = table(*(beside(SCORES, scene) for scene in SCENES))
    for cloud_mask in (None, "scl"):
        options: dict[str, Any] = {"cloud_mask": cloud_mask}
        values = stack(scenes, ["B4", "B8"], **options)
        out = ee_image.export_composite(
            scenes, HERE, ["B4", "B8"], "qualityMosaic", quality_band="cs_cdf", **options
        )
        clear = stack(scores, ["cs_cdf"], transform=out.transform, crs=out.crs)[:, 0]
        expected = chosen(values, clear)
        np.testing.assert_array_equal(out.values, np.where(np.isnan(expected), 0, expected))
    # Some that are the clearest by their score are masked, and others take their place.
    hidden = np.isnan(values).any(axis=1)[clear.argmax(axis=0), *np.indices(clear.shape[1:])]
    assert (hidden & ~np.isnan(expected[0])).any()


def test_a_pair_has_its_first_scene_as_medoid(own: eemulator.Server) -> None:
    scenes = ee_query.query_s2_l2a(HERE, *SUMMER)[:2]
    for pair in (scenes, scenes.iloc[::-1]):
        out = ee_image.export_composite(pair, HERE, ["B3", "B8"], "medoid")
        first = ee_image.export_image(pair["asset_id"].iloc[0], HERE, ["B3", "B8"])
        np.testing.assert_array_equal(out.values, first.values)
        assert out.dtype == first.dtype


def test_sensors_agree_by_names_and_units(own: eemulator.Server) -> None:
    landsat = ee_query.query_landsat(HERE, "2024-06-01", "2024-08-31", missions=(8, 9), level="sr")
    older = ee_query.query_landsat(HERE, "2010-06-01", "2010-12-31", missions=(5, 7), level="sr")
    s2 = ee_query.query_s2_l2a(HERE, "2024-06-01", "2024-06-30")
    scenes = pd.concat([landsat[:2], older[:2], s2[:1]], ignore_index=True)
    options: dict[str, Any] = {"scale": 30, "scaled": True}
    values = stack(scenes, ["red", "nir"], **options)
    out = ee_image.export_composite(scenes, HERE, ["red", "nir"], **options)
    np.testing.assert_allclose(out.values, average(values), rtol=1e-6)
    own.reset_stats()
    with pytest.raises(InvalidInputError, match="have different scales of red.*scaled=True"):
        ee_image.export_composite(scenes, HERE, ["red", "nir"], scale=30)
    assert "computePixels" not in own.stats.requests


@pytest.fixture
def baselines(monkeypatch: pytest.MonkeyPatch) -> Iterator[eemulator.Server]:
    """Two of Sentinel-2 that are not harmonized, one of which lacks a band; a masked pixel each."""
    lattice = Grid(UTM_CRS, (10.0, 0.0, 399_960.0, 0.0, -10.0, 8_000_020.0), 4, 1)
    numbers = {"before": [0, 500, 900, 100], "after": [1000, 1700, 1500, 3000]}
    valid = {"before": [0, 1, 1, 1], "after": [1, 1, 1, 0]}

    def asset(collection: str, name: str, baseline: str, dtypes: dict[str, str]) -> ImageAsset:
        def sample(
            bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
        ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
            at = cols + 0 * rows
            shown = np.array(valid[name], np.bool_)[at]
            return [(np.array(numbers[name], dtypes[band])[at], shown) for band in bands]

        return ImageAsset(
            f"{collection}/{name}",
            tuple(Band(band, np.dtype(dtype), lattice) for band, dtype in dtypes.items()),
            {"system:index": name, "PROCESSING_BASELINE": baseline},
            None,
            sample,
        )

    assets = [
        asset("COPERNICUS/S2_SR", "before", "03.01", {"B4": "uint16", "B8": "uint16"}),
        asset("COPERNICUS/S2_SR", "after", "04.00", {"B4": "uint16"}),
        asset("TEST/OWN", "before", "", {"a": "uint16", "b": "uint16"}),
        asset("TEST/OWN", "after", "", {"a": "float32"}),
    ]
    with eemulator.running(Catalog(assets)) as server:
        sign_in(server, monkeypatch)
        yield server


BOTH = table("COPERNICUS/S2_SR/before", "COPERNICUS/S2_SR/after")
STRIP = (399_960, 8_000_010, 400_000, 8_000_020)


def test_baselines_are_brought_to_units_first(baselines: eemulator.Server) -> None:
    with pytest.raises(InvalidInputError, match="before and .*after have different scales of red"):
        ee_image.export_composite(BOTH, STRIP, ["red"], crs_geometry=UTM_CRS)
    out = ee_image.export_composite(BOTH, STRIP, ["red"], crs_geometry=UTM_CRS, scaled=True)
    np.testing.assert_allclose(out.values[0, 0], [0.0, 0.06, 0.07, 0.01], atol=1e-8)
    best = ee_image.export_composite(
        BOTH,
        STRIP,
        ["red"],
        "qualityMosaic",
        quality_band="B4",
        crs_geometry=UTM_CRS,
        scaled=True,
    )
    # By stored numbers, the third would be 0.05.
    np.testing.assert_allclose(best.values[0, 0], [0.0, 0.07, 0.09, 0.01], atol=1e-8)


def test_scenes_may_lack_bands(baselines: eemulator.Server) -> None:
    arguments: dict[str, Any] = {"crs_geometry": UTM_CRS, "scaled": True}
    with pytest.raises(UnknownBandError, match="after lacks B8.*missing='fill'"):
        ee_image.export_composite(BOTH, STRIP, ["B4", "B8"], **arguments)
    arguments["missing"] = "fill"
    out = ee_image.export_composite(BOTH, STRIP, ["B8", "B4"], "mean", **arguments)
    np.testing.assert_allclose(
        out.values[:, 0],
        [[math.nan, 0.05, 0.09, 0.01], [0.0, 0.06, 0.07, 0.01]],
        atol=1e-8,
    )
    whole = ee_image.export_composite(BOTH, STRIP, ["B8", "B4"], "medoid", **arguments)
    np.testing.assert_allclose(whole.values[:, 0], [[math.nan, 0.05, 0.09, 0.01]] * 2, atol=1e-8)


def test_scenes_of_other_types_are_brought_to_one(baselines: eemulator.Server) -> None:
    query = table("TEST/OWN/before", "TEST/OWN/after")

    def composite(*arguments: Any, **options: Any) -> Any:
        return ee_image.export_composite(query, STRIP, *arguments, crs_geometry=UTM_CRS, **options)

    mean = composite(["a"], "mean")
    np.testing.assert_array_equal(mean.values[0, 0], [1000, 1100, 1200, 100])
    best = composite(["a"], "qualityMosaic", quality_band="a")
    np.testing.assert_array_equal(best.values[0, 0], [1000, 1700, 1500, 100])
    medoid = composite(["b", "a"], "medoid", missing="fill", return_mask=True)
    for tensor, expected in zip(medoid, ([0, 500, 900, 100], [0, 1, 1, 1]), strict=True):
        np.testing.assert_array_equal(np.nan_to_num(tensor.values[:, 0]), [expected] * 2)
    median = composite(["b", "a"], missing="fill")
    np.testing.assert_array_equal(median.values[0, 0], [math.nan, 500, 900, 100])
    assert best.dtype == medoid[0].dtype == np.float32


def test_on_disk_it_is_the_same_and_says_what_it_is_of(
    server: eemulator.Server, tmp_path: Path
) -> None:
    arguments: dict[str, Any] = {"crs_geometry": UTM_CRS}
    memory = ee_image.export_composite(SERIES, AREA, ["u16"], "medoid", **arguments)
    to = ee_image.export_composite(
        SERIES, AREA, ["u16"], "medoid", to=tmp_path / "one.zarr", **arguments
    )
    stored = zarr.open_array(to, path="pixels")
    np.testing.assert_array_equal(stored[...], memory.values)
    assert stored.attrs["method"] == "medoid"
    assert stored.attrs["asset_id"] == ",".join(SERIES["asset_id"])
    folder = ee_image.export_composite(
        SERIES, AREA, ["u16"], "medoid", to=f"{tmp_path}/one/", **arguments
    )
    assert sorted(one.name for one in (tmp_path / "one").iterdir()) == ["medoid.json", "medoid.tif"]
    assert folder == f"{tmp_path}/one"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "mode"}, "method must be one of median, mean, qualityMosaic, medoid"),
        ({"method": None}, "method must be one of"),
        ({"method": "qualityMosaic"}, "quality_band= goes with"),
        ({"quality_band": "B4"}, "quality_band= goes with"),
        ({"method": "qualityMosaic", "quality_band": 4}, "quality_band must be the name"),
        ({"method": "qualityMosaic", "quality_band": "ndvi"}, "has no band 'ndvi'.*B1, B2"),
        ({"bands": ["B4", "SCL"]}, "SCL: a median of classes"),
        ({"bands": ["SCL"], "method": "medoid"}, "no distances between classes"),
        ({"missing": "none"}, "missing must be"),
        ({"to": "x.zarr", "return_mask": True}, "masks|mask beside values"),
    ],
)
def test_refused_before_any_pixel(
    own: eemulator.Server, arguments: dict[str, Any], message: str
) -> None:
    scenes = ee_query.query_s2_l2a(HERE, "2024-06-01", "2024-06-30")
    own.reset_stats()
    with pytest.raises(InvalidInputError, match=message):
        ee_image.export_composite(scenes, HERE, **{"bands": ["B4"], **arguments})
    with pytest.raises(InvalidInputError):
        ee_image.plan_composite(scenes, HERE, **{"bands": ["B4"], **arguments})
    assert set(own.stats.requests) <= {"value:compute"}


def test_tables_and_areas_are_checked(server: eemulator.Server) -> None:
    with pytest.raises(InvalidInputError, match="no scenes"):
        ee_image.export_composite(SERIES[:0], AREA, crs_geometry=UTM_CRS)
    with pytest.raises(OutsideImageError):
        ee_image.export_composite(SERIES, box(-900, -900, 5, 5), crs_geometry=UTM_CRS)
    default = ee_image.export_composite(SERIES[:2], AREA, scale=30, crs_geometry=UTM_CRS)
    assert len(default.attrs["band_names"]) == len(default)
