"""export_image through a real socket, pixel by pixel against the formula."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import geetensor.coverage
import geetensor.plan
from geetensor import ee_image
from geetensor.errors import (
    InvalidInputError,
    NotFoundError,
    OutputTooLargeError,
    OutsideImageError,
    RequestTooLargeError,
    UnknownBandError,
)
from tests.eemulator import synthetic
from tests.eemulator.synthetic import DTYPES, LONLAT, SHEARED, UTM, UTM_60
from tests.geetensor.oracle import assert_exact, expected_band

if TYPE_CHECKING:
    from collections.abc import Callable

    import eemulator

UTM_CRS = "EPSG:32738"
LEFT, TOP = UTM.transform[2], UTM.transform[5]

many_exports = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
band_lists = st.lists(st.sampled_from(sorted(DTYPES)), min_size=1, max_size=7, unique=True)


def box(col: float, row: float, width: float, height: float) -> tuple[float, float, float, float]:
    """Bounds of pixels of the 10 m image."""
    return LEFT + 10 * col, TOP - 10 * (row + height), LEFT + 10 * (col + width), TOP - 10 * row


WHOLE = box(0, 0, 300, 250)
BESIDE = shapely.MultiPolygon(
    [shapely.box(*box(-20, 0, 10, 10)), shapely.box(*box(310, 0, 10, 10))]
)


@many_exports
@given(
    col=st.integers(-20, 290),
    row=st.integers(-20, 240),
    width=st.integers(1, 60),
    height=st.integers(1, 60),
    bands=band_lists,
)
def test_native_windows(
    server: eemulator.Server, col: int, row: int, width: int, height: int, bands: list[str]
) -> None:
    area = box(col, row, width, height)
    if col + width <= 0 or row + height <= 0:
        with pytest.raises(OutsideImageError):
            ee_image.export_image("TEST/UTM", area, bands, crs_geometry=UTM_CRS)
        return
    out = ee_image.export_image("TEST/UTM", area, bands, crs_geometry=UTM_CRS)
    assert out.shape == (len(bands), height, width)
    assert tuple(out.transform[:6]) == (10, 0, area[0], 0, -10, area[3])
    assert out.crs == UTM_CRS
    assert out.attrs == {"band_names": bands, "asset_id": "TEST/UTM"}
    assert out.dtype == np.result_type(*(DTYPES[name] for name in bands))
    assert_exact(out, bands, 3, UTM)


@many_exports
@example(lon=44.0625, lat=-18.095703125, size=0.0078125, crs="EPSG:6933", scale=10, bands=["f32"])
@given(
    lon=st.floats(44.06, 44.07),
    lat=st.floats(-18.105, -18.095),
    size=st.floats(0.0005, 0.008),
    crs=st.sampled_from([UTM_CRS, "EPSG:32739", "EPSG:3857", "EPSG:4326", "EPSG:6933", None]),
    scale=st.sampled_from([10, 15, 30.5, 100, None]),
    bands=band_lists,
)
def test_other_grids(
    server: eemulator.Server,
    lon: float,
    lat: float,
    size: float,
    crs: str | None,
    scale: float | None,
    bands: list[str],
) -> None:
    area = shapely.box(lon, lat, lon + size, lat + size)
    out = ee_image.export_image("TEST/UTM", area, bands, scale, crs)
    assert_exact(out, bands, 3, UTM)
    assert out.crs == (crs or UTM_CRS)
    resolution = out.transform.a
    if crs == "EPSG:4326":
        assert resolution == pytest.approx((scale or 10) / 111319.49079327358)
    else:
        assert resolution == (scale or 10)
    if scale not in {10, None}:
        assert out.transform.c / resolution == pytest.approx(round(out.transform.c / resolution))


@pytest.mark.parametrize(
    ("asset_id", "k", "native"),
    [
        ("TEST/COARSE", 4, UTM_60),
        ("TEST/SHEARED", 5, SHEARED),
        ("TEST/LONLAT", 6, LONLAT),
    ],
)
def test_native_lattices_of_other_kinds(
    server: eemulator.Server, asset_id: str, k: int, native: Any
) -> None:
    affine = Affine(*native.transform)
    area = shapely.Polygon([affine @ p for p in ((5, 7), (25, 7), (25, 30), (5, 30))])
    out = ee_image.export_image(asset_id, area, crs_geometry=native.crs)
    assert out.shape == (7, 23, 20)
    assert out.transform.almost_equals(affine @ Affine.translation(5, 7), precision=1e-6)
    assert_exact(out, list(DTYPES), k, native)


def test_a_given_lattice(server: eemulator.Server) -> None:
    lattice = Affine(25, 0, LEFT + 3, 0, -40, TOP - 7)
    out = ee_image.export_image(
        "TEST/UTM", box(20, 20, 50, 50), ["u16"], crs_geometry=UTM_CRS, transform=lattice
    )
    col, row = ~lattice @ (out.transform.c, out.transform.f)
    assert (col, row) == (round(col), round(row))
    assert (out.transform.a, out.transform.e) == (25, -40)
    assert_exact(out, ["u16"], 3, UTM)


AREAS = {
    "L": shapely.Polygon(
        [(LEFT + 10 * x, TOP - 10 * y) for x, y in
         ((10, 10), (200, 10), (200, 60), (60, 60), (60, 200), (10, 200))]
    ),
    "two parts": shapely.MultiPolygon(
        [shapely.box(*box(5, 5, 40, 30)), shapely.box(*box(200, 180, 60, 50))]
    ),
    "with a hole": shapely.box(*box(10, 10, 200, 200)).difference(
        shapely.box(*box(50, 50, 100, 100))
    ),
}  # fmt: skip


@pytest.mark.parametrize("area", AREAS.values(), ids=AREAS)
@pytest.mark.parametrize("fill", [None, 7])
def test_a_split_export_equals_an_unsplit_one(
    server: eemulator.Server,
    monkeypatch: pytest.MonkeyPatch,
    area: shapely.Polygon | shapely.MultiPolygon,
    fill: float | None,
) -> None:
    def export() -> Any:
        return ee_image.export_image(
            "TEST/UTM", area, crs_geometry=UTM_CRS, fill_value=fill, max_workers=8
        )

    whole = export()
    unsplit = sum(server.stats.requests.get(m, 0) for m in ("getPixels", "computePixels"))
    monkeypatch.setattr(geetensor.plan, "TARGET_BYTES", 20_000)
    server.reset_stats()
    split = export()
    requests = sum(server.stats.requests.get(m, 0) for m in ("getPixels", "computePixels"))
    assert requests > 8 * unsplit
    assert server.stats.peak_concurrency <= 8
    assert split.values.tobytes() == whole.values.tobytes()
    assert split.transform == whole.transform
    assert_exact(split, list(DTYPES), 3, UTM, fill)


def test_assets_go_by_get_pixels_and_computed_images_by_compute_pixels(
    server: eemulator.Server,
) -> None:
    ee_image.export_image("TEST/UTM", WHOLE, ["u16", "i16"], crs_geometry=UTM_CRS)
    assert server.stats.requests == {"value:compute": 1, "getPixels": 1}
    server.reset_stats()
    image = ee.Image("TEST/UTM").select(["u16", "i16"]).multiply(1)
    ee_image.export_image(image, WHOLE, crs_geometry=UTM_CRS)
    assert server.stats.requests == {"value:compute": 1, "computePixels": 1}


def test_a_computed_image_keeps_its_grid_and_type(server: eemulator.Server) -> None:
    image = ee.Image("TEST/UTM").select(["f64", "f32"]).multiply(2)
    out = ee_image.export_image(image, box(3, 4, 20, 30), crs_geometry=UTM_CRS)
    stored = ee_image.export_image(
        "TEST/UTM", box(3, 4, 20, 30), ["f64", "f32"], crs_geometry=UTM_CRS
    )
    assert out.dtype == np.float64
    assert out.transform == stored.transform
    np.testing.assert_array_equal(out.values[0], 2 * stored.values[0])


def test_the_expression_is_serialised_once_an_export(
    server: eemulator.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    encode = ee.serializer.encode

    def counted(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        return encode(*args, **kwargs)

    monkeypatch.setattr(ee.serializer, "encode", counted)
    monkeypatch.setattr(geetensor.plan, "TARGET_BYTES", 20_000)
    image = ee.Image("TEST/UTM").select("u16").multiply(1)
    ee_image.export_image(image, WHOLE, crs_geometry=UTM_CRS)
    assert server.stats.requests["computePixels"] > 5
    assert len(calls) == 1


def test_a_composite_needs_a_grid(server: eemulator.Server) -> None:
    composite = ee.ImageCollection("TEST/SERIES").mosaic()
    for given_arguments in ({}, {"scale": 10}, {"crs": UTM_CRS}):
        with pytest.raises(InvalidInputError, match="no fixed projection.*Pass crs= and scale="):
            ee_image.export_image(composite, WHOLE, crs_geometry=UTM_CRS, **given_arguments)
    assert "computePixels" not in server.stats.requests
    area = box(10, 20, 30, 40)
    out = ee_image.export_image(
        composite, area, ["i32"], crs=UTM_CRS, scale=10, crs_geometry=UTM_CRS
    )
    assert out.transform.c % 10 == 0
    # The last scene is on top, and this band has no masked pixels.
    assert_exact(out, ["i32"], 15, UTM)


@pytest.mark.parametrize(
    ("bands", "fill", "dtype", "expected_dtype"),
    [
        (["u8"], 255, None, "uint8"),
        (["i16", "flag"], -9999, None, "int16"),
        (["u16"], -1, "int32", "int32"),
        (["u16"], None, "float32", "float32"),
        (["u16", "flag"], math.nan, "float64", "float64"),
        (["u16", "f32"], -1.5, None, "float32"),
        (["f64", "u8", "f32", "i32"], None, None, "float64"),
        (["f32"], 0, None, "float32"),
        (["u16", "i16", "u8"], 0, None, "int32"),
    ],
)
def test_masked_pixels_become_exactly_the_fill(
    server: eemulator.Server,
    bands: list[str],
    fill: float | None,
    dtype: str | None,
    expected_dtype: str,
) -> None:
    out = ee_image.export_image(
        "TEST/UTM",
        box(-5, -5, 80, 60),
        bands,
        crs_geometry=UTM_CRS,
        fill_value=fill,
        dtype=dtype,
    )
    assert out.dtype == expected_dtype
    np.testing.assert_equal(out.fill_value_default, fill if fill is not None else math.nan)
    assert_exact(out, bands, 3, UTM, fill)


@pytest.mark.parametrize(
    "form",
    [
        lambda b: b,
        lambda b: shapely.box(*b),
        np.array,
        lambda b: {
            **shapely.geometry.mapping(shapely.box(*b)),
            "crs": {"type": "name", "properties": {"name": UTM_CRS}},
        },
        lambda b: shapely.MultiPolygon([shapely.box(*b)]),
        lambda b: shapely.geometry.mapping(shapely.box(*b)),
        lambda b: ee.Geometry.Rectangle(list(b), proj=UTM_CRS, geodesic=False),
        lambda b: ee.Geometry.Polygon(
            shapely.geometry.mapping(shapely.box(*b))["coordinates"], proj=UTM_CRS, geodesic=False
        ),
    ],
    ids=[
        "bounds",
        "Polygon",
        "array",
        "GeoJSON with crs",
        "MultiPolygon",
        "GeoJSON",
        "ee.Rectangle",
        "ee.Polygon",
    ],
)
def test_forms_of_geometry(server: eemulator.Server, form: Any) -> None:
    out = ee_image.export_image("TEST/UTM", form(box(3, 4, 20, 30)), ["u8"], crs_geometry=UTM_CRS)
    assert out.shape == (1, 30, 20)
    assert_exact(out, ["u8"], 3, UTM)


@pytest.mark.parametrize(
    ("arguments", "error", "reason"),
    [
        ({"geometry": shapely.Polygon()}, InvalidInputError, "empty"),
        ({"geometry": "there"}, InvalidInputError, "got str"),
        ({"crs": "EPSG:0"}, InvalidInputError, "Unknown CRS 'EPSG:0'"),
        ({"crs_geometry": "nowhere"}, InvalidInputError, "Unknown CRS 'nowhere'"),
        ({"scale": 0}, InvalidInputError, "scale must be a finite number above 0"),
        ({"scale": -10}, InvalidInputError, "scale must be a finite number above 0"),
        ({"scale": 10, "transform": Affine.scale(10)}, InvalidInputError, "not both"),
        ({"transform": Affine.scale(0)}, InvalidInputError, "does not span"),
        ({"transform": "10"}, InvalidInputError, "must be an Affine"),
        ({"transform": "abcdef"}, InvalidInputError, "must be an Affine"),
        ({"fill_value": "0"}, InvalidInputError, "fill_value must be a number"),
        ({"timeout": "3"}, InvalidInputError, "timeout"),
        ({"max_workers": True}, InvalidInputError, "max_workers"),
        ({"geometry": BESIDE}, OutsideImageError, "does not touch TEST/UTM"),
        ({"bands": []}, InvalidInputError, "at least one"),
        ({"bands": ["u8", "u8"]}, InvalidInputError, "twice"),
        ({"bands": [4]}, InvalidInputError, "must be names"),
        ({"bands": 4}, InvalidInputError, "must be names"),
        ({"dtype": "complex64"}, InvalidInputError, "integer or a float"),
        ({"dtype": "nothing"}, InvalidInputError, "Unknown dtype"),
        ({"dtype": "uint8", "fill_value": -1}, InvalidInputError, "cannot be held"),
        ({"fill_value": 0.5}, InvalidInputError, "cannot be held by the output's dtype uint8"),
        ({"max_workers": 0}, InvalidInputError, "max_workers"),
        ({"timeout": -1}, InvalidInputError, "timeout"),
        ({"image_or_asset_id": 5}, InvalidInputError, "Expected an asset id or an ee.Image"),
        ({"image_or_asset_id": " "}, InvalidInputError, "asset id is empty"),
        ({"bands": ["B4"]}, UnknownBandError, "no band 'B4', or .* bands: u8, i16, u16, i32"),
        ({"geometry": box(301, 0, 5, 5)}, OutsideImageError, "does not touch TEST/UTM"),
        ({"geometry": (0, 0, 1, 1), "crs_geometry": "EPSG:4326"}, OutsideImageError, "touch"),
        ({"scale": 1e-4}, OutputTooLargeError, "uint8 of shape .* takes [0-9.]+ [GT]B"),
        ({"image_or_asset_id": "NO/SUCH"}, NotFoundError, "NO/SUCH.*not found"),
    ],
)
@pytest.mark.parametrize("function", [ee_image.export_image, ee_image.plan_image])
def test_bad_input_is_refused_before_any_pixel_is_asked_for(
    server: eemulator.Server,
    function: Callable[..., Any],
    arguments: dict[str, Any],
    error: type[Exception],
    reason: str,
) -> None:
    defaults = {
        "image_or_asset_id": "TEST/UTM",
        "geometry": WHOLE,
        "bands": ["u8"],
        "crs_geometry": UTM_CRS,
    }
    with pytest.raises(error, match=reason):
        function(**{**defaults, **arguments})
    assert set(server.stats.requests) <= {"value:compute"}


def test_fast_is_one_request_or_none(server: eemulator.Server) -> None:
    area = box(0, 0, 300, 250)
    out = ee_image.export_image_fast("TEST/UTM", area, ["u16", "i16"], crs_geometry=UTM_CRS)
    assert_exact(out, ["u16", "i16"], 3, UTM)
    assert server.stats.requests == {"value:compute": 1, "getPixels": 1}
    server.reset_stats()
    with pytest.raises(RequestTooLargeError, match="counts .* bytes, and the limit is 50331648"):
        ee_image.export_image_fast("TEST/UTM", area, ["u8"], 0.5, crs_geometry=UTM_CRS)
    assert not server.stats.requests


def test_getpixels_takes_assets_only(server: eemulator.Server) -> None:
    out = ee_image.export_image_getpixels("TEST/UTM", WHOLE, ["u8"], crs_geometry=UTM_CRS)
    assert_exact(out, ["u8"], 3, UTM)
    with pytest.raises(InvalidInputError, match="asset_id must be a string"):
        ee_image.export_image_getpixels(ee.Image("TEST/UTM"), WHOLE)
    server.reset_stats()
    names = ["f64", "f32"]
    floats = ee_image.export_image_getpixels("TEST/UTM", WHOLE, names, crs_geometry=UTM_CRS)
    assert_exact(floats, names, 3, UTM)
    assert set(server.stats.requests) == {"getPixels"}
    with pytest.raises(InvalidInputError, match="cannot become 7 by getPixels alone"):
        ee_image.export_image_getpixels(
            "TEST/UTM", WHOLE, ["u8"], crs_geometry=UTM_CRS, fill_value=7
        )


def test_a_fill_beyond_what_a_double_holds(server: eemulator.Server) -> None:
    fill = 2**53 + 1
    out = ee_image.export_image(
        "TEST/UTM", box(-2, -2, 20, 20), ["u8"], crs_geometry=UTM_CRS, dtype="int64",
        fill_value=fill,
    )  # fmt: skip
    assert out.values[0, 0, 0] == fill
    assert_exact(out, ["u8"], 3, UTM, fill)


def test_a_clipped_image(server: eemulator.Server) -> None:
    clipped = ee.Image("TEST/UTM").clip(
        ee.Geometry.Rectangle(list(box(100, 100, 50, 50)), proj=UTM_CRS, geodesic=False)
    )
    out = ee_image.export_image(clipped, box(110, 110, 20, 20), ["i32"], crs_geometry=UTM_CRS)
    assert_exact(out, ["i32"], 3, UTM)


def test_split_bounds() -> None:
    assert ee_image.split_bounds((0, 10, 4, 20)) == [
        (0, 15, 2, 20),
        (2, 15, 4, 20),
        (0, 10, 2, 15),
        (2, 10, 4, 15),
    ]
    for wrong in ((4, 0, 0, 4), (0, 0, 4), "bounds"):
        with pytest.raises(InvalidInputError):
            ee_image.split_bounds(wrong)  # type: ignore[arg-type]


def test_integers_of_64_bits_and_doubles_keep_every_bit(server: eemulator.Server) -> None:
    out = ee_image.export_image("TEST/UTM", WHOLE, ["f64"], crs_geometry=UTM_CRS)
    rows, cols = np.indices((250, 300))
    exact = synthetic.formula("f64", 3, rows, cols)
    valid = synthetic.is_valid("f64", 3, rows, cols)
    assert out.values[0][valid].tobytes() == exact[valid].tobytes()


@pytest.mark.parametrize("area", AREAS.values(), ids=AREAS)
@pytest.mark.parametrize("fill", [None, 7])
def test_what_the_area_does_not_touch_is_fill_and_is_not_asked_for(
    server: eemulator.Server,
    monkeypatch: pytest.MonkeyPatch,
    area: shapely.Polygon | shapely.MultiPolygon,
    fill: float | None,
) -> None:
    monkeypatch.setattr(geetensor.coverage, "BLOCK", 32)
    outputs = []
    for target in (10**6, 40_000, 5_000):
        monkeypatch.setattr(geetensor.plan, "TARGET_BYTES", target)
        server.reset_stats()
        out = ee_image.export_image(
            "TEST/UTM", area, ["i32"], crs_geometry=UTM_CRS, fill_value=fill
        )
        outputs.append(out)
        pixels = out.shape[-1] * out.shape[-2]
        requests = sum(n for kind, n in server.stats.requests.items() if "Pixels" in kind)
        if target == 5_000 and area is not AREAS["with a hole"]:  # tiles are wider than the hole
            assert requests * 1.03 * target < 0.9 * 5 * pixels
    assert outputs[0].values.tobytes() == outputs[1].values.tobytes() == outputs[2].values.tobytes()
    out = outputs[0]
    expected = expected_band(out, "i32", 3, UTM, 0 if fill is None else fill)
    col, row = (round(v) for v in ~Affine(*UTM.transform) @ (out.transform.c, out.transform.f))
    blank = 0
    for top in range(0, out.shape[1], 32):
        for left in range(0, out.shape[2], 32):
            block = (slice(top, top + 32), slice(left, left + 32))
            if area.intersects(shapely.box(*box(col + left, row + top, 32, 32))):
                np.testing.assert_array_equal(out.values[0][block], expected[block])
            elif not area.buffer(20).intersects(shapely.box(*box(col + left, row + top, 32, 32))):
                assert (out.values[0][block] == (0 if fill is None else fill)).all()
                blank += 1
    assert blank > 3
