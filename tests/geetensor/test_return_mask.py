"""Masks beside values: which pixels are valid, whatever the values are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import geetensor.plan
from geetensor import ee_image
from geetensor.errors import InvalidInputError
from tests.eemulator.synthetic import DTYPES, UTM, formula, is_valid
from tests.geetensor.oracle import assert_exact

if TYPE_CHECKING:
    from pathlib import Path

    import eemulator

UTM_CRS = "EPSG:32738"
LEFT, TOP = UTM.transform[2], UTM.transform[5]
COL, ROW, WIDTH, HEIGHT = 20, 30, 60, 40
AREA = (LEFT + 10 * COL, TOP - 10 * (ROW + HEIGHT), LEFT + 10 * (COL + WIDTH), TOP - 10 * ROW)
ROWS, COLS = np.mgrid[ROW : ROW + HEIGHT, COL : COL + WIDTH]
NAMES = list(DTYPES)


def valid(names: list[str], k: int = 3) -> np.ndarray:
    return np.stack([is_valid(name, k, ROWS, COLS) for name in names])


def export(image: Any, names: Any = None, **options: Any) -> Any:
    options.setdefault("return_mask", True)
    return ee_image.export_image(image, AREA, names, crs_geometry=UTM_CRS, **options)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.sampled_from(NAMES), min_size=1, unique=True),
    fill=st.sampled_from([None, 0, 7, -1, 2**24 + 1, math.nan, math.inf, -math.inf, 0.5]),
    masked=st.booleans(),
)
def test_fill_and_mask_are_exact(
    server: eemulator.Server, names: list[str], fill: float | None, masked: bool
) -> None:
    for image in ("TEST/UTM", ee.Image("TEST/UTM").select(NAMES)):
        out = export(image, names, fill_value=fill, dtype="float64", return_mask=masked)
        if masked:
            out, mask = out
            assert mask.dtype == np.bool_
            np.testing.assert_array_equal(mask.values, valid(names))
            assert mask.transform == out.transform
            assert mask.crs == out.crs
            assert mask.attrs == out.attrs
        assert_exact(out, names, 3, UTM, fill)


def test_valid_zeros_and_infinities_are_no_masked_pixels(server: eemulator.Server) -> None:
    # log10 of 0 is minus infinity, valid as the 0 was.
    stored = ee.Image("TEST/UTM").select(["flag", "u8"])
    image = stored.addBands(stored.select("flag").log10().rename("log")).toFloat()
    for fill in (math.nan, -1, 0.25, -math.inf):
        out = export(image, ["flag", "log"], fill_value=fill, return_mask=False)
        expected = np.where(formula("flag", 3, ROWS, COLS) == 0, -math.inf, 0)
        expected = np.where(valid(["flag"])[0], expected, fill)
        np.testing.assert_array_equal(out.values[1], expected)
    values, mask = export("TEST/UTM", ["flag"])
    zeros = (values.values == 0) & mask.values
    assert zeros.any()
    np.testing.assert_array_equal(
        zeros[0], valid(["flag"])[0] & (formula("flag", 3, ROWS, COLS) == 0)
    )


def test_fractions_are_kept_where_asked(server: eemulator.Server) -> None:
    part = ee.Image("TEST/UTM").select("u8").divide(250)
    image = ee.Image("TEST/UTM").select(["u16", "f32"]).updateMask(part)
    values, mask = export(image, return_mask="fraction", fill_value=-999, dtype="float64")
    base = formula("u8", 3, ROWS, COLS)
    fraction = np.where(valid(["u8"])[0], np.float32(base / 250), 0)
    expected = fraction * valid(["u16", "f32"])
    assert mask.dtype == np.float32
    np.testing.assert_allclose(mask.values, expected, rtol=1e-6)
    np.testing.assert_array_equal(values.values == -999, expected == 0)
    _, whole = export(image)
    np.testing.assert_array_equal(whole.values, mask.values > 0)


def test_twenty_bands_need_three_bytes_of_bits(
    server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [ee.Image(f"TEST/SERIES/s00{k}").select("u16").rename(f"b{k}") for k in range(6)]
    image = ee.Image.cat([*parts, *(p.rename(f"c{k}") for k, p in enumerate(parts)), *parts])
    plan = ee_image.plan_image(image, AREA, crs_geometry=UTM_CRS, return_mask=True)
    assert plan.counted_bytes == WIDTH * HEIGHT * (18 * 3 + 3 * 2)
    assert plan.output_bytes == WIDTH * HEIGHT * 18 * 3
    values, mask = export(image)
    expected = np.concatenate([valid(["u16"], 10 + k % 6) for k in range(18)])
    np.testing.assert_array_equal(mask.values, expected)
    # Also when its bands come in several requests.
    monkeypatch.setattr(geetensor.plan, "LIMITS", geetensor.plan.Limits(bands=4))
    server.reset_stats()
    small = geetensor.plan.Limits(bands=4, request_bytes=60_000)
    monkeypatch.setattr("geetensor.export.known_limits", lambda *_: small)
    again, mask_again = export(image)
    assert server.stats.requests["computePixels"] >= 6
    np.testing.assert_array_equal(again.values, values.values)
    np.testing.assert_array_equal(mask_again.values, expected)


def test_every_exporter_gives_it(server: eemulator.Server) -> None:
    table = pd.DataFrame(
        {
            "asset_id": [f"TEST/SERIES/s00{k}" for k in range(6)],
            "acquisition_date": pd.date_range("2024-01-01", periods=6, tz="UTC"),
        }
    )
    options: dict[str, Any] = {"crs_geometry": UTM_CRS, "return_mask": True}
    cube, masks = ee_image.export_cube(table, AREA, ["u8", "f64"], **options)
    assert server.stats.requests["computePixels"] == 1  # all dates in one
    assert masks.shape == cube.shape
    for k in range(6):
        np.testing.assert_array_equal(masks.values[k], valid(["u8", "f64"], 10 + k))
    assert np.isnan(cube.values[~masks.values]).all()
    one, mask = ee_image.export_image_fast("TEST/SERIES/s002", AREA, ["u8", "f64"], **options)
    np.testing.assert_array_equal(one.values, cube.values[2])
    np.testing.assert_array_equal(mask.values, masks.values[2])
    [(_, patch)] = ee_image.export_many([("TEST/SERIES/s002", AREA)], ["u8", "f64"], **options)
    assert not isinstance(patch, Exception)
    np.testing.assert_array_equal(patch[0].values, one.values)
    np.testing.assert_array_equal(patch[1].values, mask.values)
    plan = ee_image.plan_cube(table, AREA, ["u8", "f64"], **options)
    assert plan.counted_bytes == 6 * WIDTH * HEIGHT * (2 + 9 + 2)
    assert "with a mask" in repr(plan)


def test_what_is_not_fetched_is_not_valid(server: eemulator.Server) -> None:
    x, y = LEFT, TOP
    corner = shapely.Polygon([(x, y), (x + 2990, y), (x, y - 2490)])
    out, mask = ee_image.export_image(
        "TEST/UTM", corner, ["i32"], 1, crs_geometry=UTM_CRS, return_mask=True, fill_value=3
    )
    assert not mask.values[0, -1, -1]
    assert mask.values[0, 0, 0]
    np.testing.assert_array_equal(out.values == 3, ~mask.values)


def test_other_values_are_refused(server: eemulator.Server) -> None:
    with pytest.raises(InvalidInputError, match="True, False or 'fraction'"):
        export("TEST/UTM", ["u8"], return_mask="bool")
    assert not server.stats.requests


def test_a_file_has_no_place_for_it(server: eemulator.Server, tmp_path: Path) -> None:
    options: Any = {"crs_geometry": UTM_CRS, "return_mask": True, "to": tmp_path / "out.zarr"}
    table = pd.DataFrame(
        {"asset_id": ["TEST/UTM"], "acquisition_date": pd.to_datetime(["2024-01-01"], utc=True)}
    )
    for function, of in (
        (ee_image.export_image, "TEST/UTM"),
        (ee_image.plan_image, "TEST/UTM"),
        (ee_image.export_cube, table),
        (ee_image.plan_cube, table),
    ):
        call: Any = function
        with pytest.raises(InvalidInputError, match="pass a fill_value that no pixel has"):
            call(of, AREA, ["u8"], **options)
    assert not server.stats.requests
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("wanted", [True, False])
def test_a_variable_may_say_whether_there_is_a_mask(server: eemulator.Server, wanted: bool) -> None:
    """Type checkers know both results by the overload for bool; mypy reads this too."""
    image = ee_image.export_image(
        "TEST/UTM", AREA, ["u8"], crs_geometry=UTM_CRS, return_mask=wanted
    )
    table = pd.DataFrame({"asset_id": ["TEST/UTM"], "acquisition_date": [pd.Timestamp(0)]})
    cube = ee_image.export_cube(table, AREA, ["u8"], crs_geometry=UTM_CRS, return_mask=wanted)
    assert isinstance(image, tuple) == isinstance(cube, tuple) == wanted
