"""Images: what getInfo says of them, and what their pixels are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from .overviews import level_one
from .synthetic import LONLAT, UTM, UTM_60, formula, is_valid
from .wire import grid, info, pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray


pytestmark = pytest.mark.usefixtures("server")

SMALL = grid(UTM.crs, UTM.transform, 40, 30)
ROWS, COLS = np.mgrid[0:30, 0:40]


def image() -> Any:
    return ee.Image("TEST/UTM")


def stored(band: str, k: int = 3) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    return formula(band, k, ROWS, COLS), is_valid(band, k, ROWS, COLS)


def kind(expression: ee.Image, band: int = 0) -> dict[str, Any]:
    """The data type that getInfo states."""
    found: dict[str, Any] = info(expression)["bands"][band]["data_type"]
    assert found.pop("type") == "PixelType"
    return found


def ints(low: int, high: int) -> dict[str, Any]:
    return {"precision": "int", "min": low, "max": high}


def test_get_info_of_an_asset() -> None:
    shown = info(image())
    assert list(shown) == ["type", "bands", "id", "version", "properties"]
    assert shown["type"] == "Image"
    assert shown["id"] == "TEST/UTM"
    assert shown["version"] == 1_700_000_000_000_000
    assert shown["bands"][2] == {
        "id": "u16",
        "data_type": {"type": "PixelType", "precision": "int", "min": 0, "max": 65535},
        "dimensions": [300, 250],
        "crs": "EPSG:32738",
        "crs_transform": [10, 0, 399960, 0, -10, 8000020],
    }
    assert shown["bands"][4]["data_type"] == {"type": "PixelType", "precision": "float"}
    assert shown["bands"][5]["data_type"] == {"type": "PixelType", "precision": "double"}
    properties = shown["properties"]
    assert properties["time"] == "noon"
    assert properties["system:time_start"] == 1_704_067_200_000
    footprint = properties["system:footprint"]
    assert footprint["type"] == "LinearRing"
    to_lonlat = Transformer.from_crs(UTM.crs, "EPSG:4326", always_xy=True)
    assert footprint["coordinates"][0] == pytest.approx(to_lonlat.transform(399_960, 8_000_020))


def test_get_info_of_constants() -> None:
    assert ee.Image(5).getInfo() == {
        "type": "Image",
        "bands": [
            {
                "id": "constant",
                "data_type": {"type": "PixelType", "precision": "int", "min": 5, "max": 5},
                "crs": "EPSG:4326",
                "crs_transform": [1, 0, 0, 0, 1, 0],
            }
        ],
    }
    assert kind(ee.Image(1.5)) == {"precision": "double", "min": 1.5, "max": 1.5}
    assert ee.Image([1, 2, 3]).bandNames().getInfo() == ["constant", "constant_1", "constant_2"]
    assert ee.Image.constant([1, 2]).bandNames().getInfo() == ["constant_0", "constant_1"]
    found = pixels(ee.Image([7, -1.5]), grid("EPSG:4326", (1, 0, 0, 0, -1, 0), 3, 2))
    assert found.dtype == np.dtype([("constant", "u1"), ("constant_1", "f8")])
    assert found.tolist() == [[(7, -1.5)] * 3] * 2


def test_an_image_of_nothing_is_masked() -> None:
    wire = grid("EPSG:4326", (1, 0, 0, 0, -1, 0), 2, 2)
    assert pixels(ee.Image().unmask(9), wire)["constant"].tolist() == [[9, 9]] * 2
    assert pixels(ee.Image().mask(), wire)["constant"].tolist() == [[0.0, 0.0]] * 2


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        (["u16", "u8"], ["u16", "u8"]),
        ("f.*", ["f32", "f64", "flag"]),
        (["[iu]16"], ["i16", "u16"]),
        ([0, -1, "u16"], ["u8", "flag", "u16"]),
        (["u8", "u8"], ["u8", "u8_1"]),
        ([], []),
    ],
)
def test_select(selectors: Any, expected: list[str]) -> None:
    assert image().select(selectors).bandNames().getInfo() == expected


def test_select_keeps_the_identity_and_renames() -> None:
    shown = image().select(["u16", "u8"], ["a", "b"]).getInfo()
    assert [band["id"] for band in shown["bands"]] == ["a", "b"]
    assert shown["id"] == "TEST/UTM"
    assert shown["properties"]["time"] == "noon"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: image().select("B4"),
            "Image.select: Band pattern 'B4' did not match any bands. "
            "Available bands: [u8, i16, u16, i32, f32, f64, flag]",
        ),
        (lambda: image().select("("), "Image.select: Invalid pattern '('."),
        (lambda: image().select([9]), "Image.select: Band index 9 is out of range"),
        (lambda: image().select(["u8"], ["a", "b"]), "Image.select: The number of new names (2)"),
        (lambda: image().rename("a"), "Image.rename: The number of names (1) must match"),
        (lambda: image().select(["u8", "u16"]).rename("a", "a"), "Band names must be unique"),
        (lambda: ee.Image("TEST/SERIES"), "Image.load: Asset 'TEST/SERIES' is not an Image."),
        (lambda: ee.Image("TEST/UTM", 7), "Image.load: Image asset 'TEST/UTM' not found"),
        (
            lambda: image().select("u8", "u16").add(image().select("u8", "u16", "i16")),
            "Image.add: The images must have the same number of bands",
        ),
        (lambda: image().addBands(ee.Image("TEST/COARSE"), ["x"]), "Image.addBands: Band pattern"),
    ],
)
def test_what_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ee.EEException) as caught:
        make().getInfo()
    assert message in str(caught.value)


def test_add_bands() -> None:
    one, other = image().select("u8", "u16"), ee.Image("TEST/COARSE").select("u16", "f32")
    assert one.addBands(other).bandNames().getInfo() == ["u8", "u16", "u16_1", "f32"]
    over = one.addBands(other, None, True)
    assert over.bandNames().getInfo() == ["u8", "u16", "f32"]
    assert over.getInfo()["bands"][1]["dimensions"] == [50, 42]
    assert one.addBands(other, ["f32"]).bandNames().getInfo() == ["u8", "u16", "f32"]
    # Bands of two lattices in one request, each nearest in its own.
    found = pixels(over, SMALL)
    rows, cols = ROWS // 6, COLS // 6
    np.testing.assert_array_equal(found["u8"], np.where(stored("u8")[1], stored("u8")[0], 0))
    expected = np.where(is_valid("u16", 4, rows, cols), formula("u16", 4, rows, cols), 0)
    np.testing.assert_array_equal(found["u16"], expected)


ARITHMETIC = {
    "add": (np.add, ints(-25000, 90535)),
    "subtract": (np.subtract, ints(-65535 - 25000, 25000)),
    "multiply": (np.multiply, None),
    "max": (np.maximum, ints(0, 65535)),
    "min": (np.minimum, ints(-32768, 32767)),
}


@pytest.mark.parametrize("name", list(ARITHMETIC))
def test_integers_never_wrap(name: str) -> None:
    function, _ = ARITHMETIC[name]
    result = getattr(image().select("i16"), name)(image().select("u16"))
    left, left_ok = stored("i16")
    right, right_ok = stored("u16")
    expected = function(left.astype(np.int64), right.astype(np.int64))
    found = pixels(result, SMALL)["i16"]
    np.testing.assert_array_equal(found, np.where(left_ok & right_ok, expected, 0))


def test_types_of_arithmetic() -> None:
    u8, u16, i16 = (image().select(name) for name in ("u8", "u16", "i16"))
    assert kind(u8.add(u16)) == ints(0, 255 + 65535)
    assert kind(u8.subtract(u16)) == ints(-65535, 255)
    assert kind(i16.multiply(2)) == ints(-65536, 65534)
    assert kind(u16.add(0.5)) == {"precision": "double"}
    assert kind(u16.multiply(image().select("f32"))) == {"precision": "float"}
    assert kind(image().select("i32").multiply(image().select("f32"))) == {"precision": "double"}
    assert kind(u16.divide(10_000)) == {"precision": "float"}
    assert kind(u16.gt(5)) == ints(0, 1)
    assert kind(u16.mask()) == {"precision": "float", "min": 0, "max": 1}
    assert kind(i16.abs()) == ints(0, 32768)
    assert kind(u16.normalizedDifference(["u16", "u16"])) == {"precision": "float"}
    assert kind(ee.Image(1).add(2)) == ints(3, 3)
    assert kind(u8.toFloat()) == {"precision": "float"}
    assert kind(u16.toInt16()) == ints(-32768, 32767)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bands=st.lists(st.sampled_from(["u8", "i16", "u16", "i32", "f32", "f64"]), min_size=2,
                   max_size=4),
    names=st.lists(st.sampled_from(["add", "subtract", "multiply", "divide", "gt", "lte", "eq",
                                    "max", "min", "and", "or"]), min_size=3, max_size=3),
    constant=st.integers(-300, 300) | st.floats(-100, 100),
)  # fmt: skip
def test_random_expressions_against_numpy(
    bands: list[str], names: list[str], constant: float
) -> None:
    numeric: dict[str, Any] = {
        "add": np.add, "subtract": np.subtract, "multiply": np.multiply,
        "divide": lambda a, b: np.where(b == 0, 0, a / np.where(b == 0, 1, b)),
        "gt": np.greater, "lte": np.less_equal, "eq": np.equal, "max": np.maximum,
        "min": np.minimum, "and": np.logical_and, "or": np.logical_or,
    }  # fmt: skip
    expression = image().select(bands[0]).add(constant)
    values, ok = stored(bands[0])
    exact = values.astype(np.float64) + constant
    fits = np.ones(exact.shape, np.bool_)  # past 64 bits, what the service does is not known
    for band, name in zip(bands[1:], names, strict=False):
        other, other_ok = stored(band)
        method = {"and": "And", "or": "Or"}.get(name, name)
        expression = getattr(expression, method)(image().select(band))
        exact = numeric[name](exact, other.astype(np.float64)).astype(np.float64)
        ok = ok & other_ok
        fits &= np.abs(exact) < 2.0**62
    found = pixels(expression, SMALL)[bands[0]].astype(np.float64)
    single = ~fits | np.isclose(found, np.where(ok, exact, 0), rtol=2e-5, atol=1e-4)
    # A comparison may turn on the rounding of a float32.
    assert single.mean() > (0.99 if {"gt", "lte", "eq", "and", "or"} & set(names) else 0.999999)


def test_division_by_zero_is_zero() -> None:
    wire = grid("EPSG:4326", (1, 0, 0, 0, -1, 0), 1, 1)
    assert pixels(ee.Image(5).divide(0), wire)["constant"].item() == 0
    assert pixels(ee.Image(5).divide(2), wire)["constant"].item() == 2.5


def test_band_matching() -> None:
    both = image().select("u8", "u16")
    assert both.add(1).bandNames().getInfo() == ["u8", "u16"]
    assert ee.Image(1).add(both).bandNames().getInfo() == ["u8", "u16"]
    # Equal sets of names meet by name, others by position.
    swapped = image().select("u16", "u8")
    difference = pixels(both.subtract(swapped), SMALL)
    assert not difference["u8"].any()
    assert not difference["u16"].any()
    renamed = pixels(both.subtract(swapped.rename("a", "b")), SMALL)
    ok = stored("u8")[1] & stored("u16")[1]
    expected = np.where(ok, stored("u8")[0].astype(int) - stored("u16")[0], 0)
    np.testing.assert_array_equal(renamed["u8"], expected)


def test_what_arithmetic_leaves_of_the_metadata() -> None:
    shown = image().select("u8").multiply(2).getInfo()
    assert "id" not in shown
    assert set(shown["properties"]) == {"system:index", "system:footprint"}
    assert shown["bands"][0]["dimensions"] == [300, 250]
    assert shown["bands"][0]["crs"] == "EPSG:32738"
    assert ee.Image(2).multiply(image().select("u8")).projection().crs().getInfo() == "EPSG:32738"


def test_casts_cut_and_clamp() -> None:
    wire = grid("EPSG:4326", (1, 0, 0, 0, -1, 0), 1, 1)

    def cast(value: float, method: str) -> float:
        return float(pixels(getattr(ee.Image(value), method)(), wire)["constant"].item())

    assert cast(300, "toUint8") == 255
    assert cast(-1, "toUint8") == 0
    assert cast(2.9, "toInt16") == 2
    assert cast(-2.9, "toInt16") == -2
    assert cast(-40_000.5, "toInt16") == -32768
    assert cast(1e10, "toInt32") == 2**31 - 1
    assert cast(1e30, "toInt64") == pytest.approx(2**63)
    assert cast(0.1, "toFloat") == np.float32(0.1)
    assert pixels(ee.Image(1).toUint16(), wire).dtype["constant"] == np.uint16
    assert pixels(ee.Image(1).toInt64(), wire).dtype["constant"] == np.float64


def test_mask_as_an_image() -> None:
    found = pixels(image().select("u16", "i32").mask(), SMALL)
    assert found.dtype["u16"] == np.float32
    np.testing.assert_array_equal(found["u16"], stored("u16")[1])
    assert found["i32"].all()


def test_update_mask_and_fractions() -> None:
    half = ee.Image(0.5)
    found = pixels(image().select("u16").updateMask(half).mask(), SMALL)["u16"]
    np.testing.assert_array_equal(found, stored("u16")[1] * np.float32(0.5))
    found = pixels(image().select("i32").updateMask(image().select("flag")), SMALL)["i32"]
    shown = (stored("flag")[0] == 1) & stored("flag")[1]
    np.testing.assert_array_equal(found, np.where(shown, stored("i32")[0], 0))


def test_setting_a_mask_shows_zero_where_nothing_was() -> None:
    found = pixels(image().select("u16").mask(1).add(5), SMALL)["u16"]
    values, ok = stored("u16")
    np.testing.assert_array_equal(found, np.where(ok, values, 0).astype(int) + 5)


@pytest.mark.parametrize(
    ("band", "value", "dtype"),
    [
        ("u8", 255, np.uint8),
        ("u8", 256, np.uint16),
        ("u8", -1, np.int16),
        ("u16", -1, np.int32),
        ("i16", 40_000, np.int32),
        ("u16", 0.5, np.float64),
        ("f32", -9999, np.float32),
        ("f32", 2**30 + 1, np.float64),
        ("f64", 7, np.float64),
        ("i32", -(2**40), np.float64),
    ],
)
def test_unmask_widens(band: str, value: float, dtype: Any) -> None:
    found = pixels(image().select(band).unmask(value), SMALL)[band]
    assert found.dtype == dtype
    values, ok = stored(band)
    np.testing.assert_array_equal(found, np.where(ok, values.astype(dtype), dtype(value)))


def test_unmask_and_the_footprint() -> None:
    a, _, c, _, e, f = UTM.transform
    wire = grid(UTM.crs, (a, 0, c - 3 * a, 0, e, f - 2 * e), 10, 8)
    rows, cols = np.mgrid[-2:6, -3:7]
    inside = (rows >= 0) & (cols >= 0)
    ok = inside & is_valid("u8", 3, rows, cols)
    values = formula("u8", 3, rows, cols)
    within = pixels(image().select("u8").unmask(77), wire)["u8"]
    np.testing.assert_array_equal(within, np.where(ok, values, np.where(inside, 77, 0)))
    everywhere = pixels(image().select("u8").unmask(77, False), wire)["u8"]
    np.testing.assert_array_equal(everywhere, np.where(ok, values, 77))


def test_the_one_degree_default() -> None:
    mosaic = ee.ImageCollection("TEST/PAIR").mosaic()
    assert mosaic.projection().getInfo() == {
        "type": "Projection",
        "crs": "EPSG:4326",
        "transform": [1, 0, 0, 0, 1, 0],
    }
    assert pixels(mosaic.select("u8")).shape == (1, 1)
    assert pixels(ee.Image(1)).shape == (180, 360)


def test_mosaic_puts_the_last_on_top() -> None:
    a, _, c, _, e, f = UTM.transform
    found = pixels(ee.ImageCollection("TEST/PAIR").mosaic(), grid(UTM.crs, (a, 0, c, 0, e, f),
                   520, 100), bandIds=["u16", "i32"])  # fmt: skip
    rows, cols = np.mgrid[0:100, 0:520]
    east = cols - 204
    for band in ("u16", "i32"):
        west_ok = (cols < 300) & is_valid(band, 1, rows, cols)
        east_ok = (east >= 0) & (east < 300) & is_valid(band, 2, rows, east)
        expected = np.where(west_ok, formula(band, 1, rows, cols), 0)
        expected = np.where(east_ok, formula(band, 2, rows, east), expected)
        np.testing.assert_array_equal(found[band], expected)


def test_to_bands() -> None:
    series = ee.ImageCollection("TEST/SERIES").select(["u8", "f32"])
    stack = series.toBands()
    shown = info(stack)
    assert [band["id"] for band in shown["bands"]][:3] == ["s000_u8", "s000_f32", "s001_u8"]
    assert shown["bands"][0]["dimensions"] == [300, 250]
    found = pixels(stack, SMALL)
    for i in range(6):
        expected = np.where(stored("u8", 10 + i)[1], stored("u8", 10 + i)[0], 0)
        np.testing.assert_array_equal(found[f"s00{i}_u8"], expected)


@pytest.mark.parametrize("name", ["mean", "median", "min", "max", "sum", "count", "mode"])
def test_reductions_of_a_series(name: str) -> None:
    series = ee.ImageCollection("TEST/SERIES").select("i16")
    found = pixels(getattr(series, name)(), SMALL)["i16"]
    stack = np.ma.masked_array(
        [stored("i16", 10 + i)[0] for i in range(6)],
        [~stored("i16", 10 + i)[1] for i in range(6)],
        dtype=np.int64,
    )
    if name == "mode":
        expected = np.empty(found.shape, np.int64)
        for at in np.ndindex(found.shape):
            values, counts = np.unique(stack[:, *at].compressed(), return_counts=True)
            expected[at] = values[counts.argmax()] if values.size else 0
    elif name == "median":
        expected = np.ma.median(stack, axis=0).filled(0)  # type: ignore[no-untyped-call]
    elif name == "count":
        expected = stack.count(axis=0)
    else:
        expected = getattr(stack, name)(axis=0).filled(0)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert pixels(series.reduce(ee.Reducer.mean()), SMALL).dtype.names == ("i16_mean",)


def test_reduce_across_bands() -> None:
    pair = image().select("u8", "i16")
    found = pixels(pair.reduce(ee.Reducer.minMax()), SMALL)
    assert found.dtype.names == ("min", "max")
    (a, a_ok), (b, b_ok) = stored("u8"), stored("i16")
    ok = a_ok & b_ok
    np.testing.assert_array_equal(found["max"][ok], np.maximum(a.astype(int), b)[ok])


def test_reproject_is_seen_through_its_lattice() -> None:
    coarse = image().select("i32").reproject("EPSG:32738", [60, 0, 399_960, 0, -60, 8_000_020])
    found = pixels(coarse, SMALL)["i32"]
    # The centre of a 60 m pixel lies in one of the 20 m pixels of the image's only coarser level.
    expected = level_one("i32", 3, UTM)[0][ROWS // 6 * 3 + 1, COLS // 6 * 3 + 1]
    np.testing.assert_array_equal(found, expected)
    assert coarse.projection().nominalScale().getInfo() == 60
    lonlat = pixels(ee.Image("TEST/LONLAT").select("i32").reproject("EPSG:32738", None, 50), SMALL)
    assert lonlat["i32"].shape == (30, 40)
    direct = grid(LONLAT.crs, LONLAT.transform, 30, 20)
    same = ee.Image("TEST/LONLAT").select("i32").reproject("EPSG:4326", list(LONLAT.transform))
    rows, cols = np.mgrid[0:20, 0:30]
    np.testing.assert_array_equal(pixels(same, direct)["i32"], formula("i32", 6, rows, cols))


def test_a_shared_band_is_read_once_and_long_chains_are_read_at_all() -> None:
    total = image().select("u8")
    for _ in range(60):
        total = total.add(1)
    found = pixels(total, SMALL)["u8"]
    values, ok = stored("u8")
    np.testing.assert_array_equal(found, np.where(ok, values.astype(int) + 60, 0))
    doubled = image().select("u8").toDouble()
    for _ in range(40):
        doubled = doubled.add(doubled)
    found = pixels(doubled, SMALL)["u8"]
    np.testing.assert_array_equal(found, np.where(ok, values * 2.0**40, 0))


def test_clip() -> None:
    a, _, c, _, e, f = UTM.transform
    ring = [[c, f], [c + 20 * a, f], [c, f + 20 * e], [c, f]]
    triangle = ee.Geometry.Polygon([ring], "EPSG:32738", False)
    found = pixels(image().select("i32").clip(triangle), SMALL)["i32"]
    inside = (COLS + 0.5) + (ROWS + 0.5) < 20
    sure = (COLS + ROWS + 1) != 20
    np.testing.assert_array_equal(found[sure], np.where(inside, stored("i32")[0], 0)[sure])


def test_a_download_by_crs_transform_and_dimensions() -> None:
    """What getDownloadURL puts into the expression."""
    transform = [20, 0, 400_000, 0, -20, 8_000_000]
    prepared, rest = (
        image()
        .select("i32")
        .prepare_for_export(
            {"crs": "EPSG:32738", "crs_transform": transform, "dimensions": [30, 20]}
        )
    )
    assert rest == {}
    shown = info(prepared)["bands"][0]
    assert shown["dimensions"] == [30, 20]
    assert shown["crs_transform"] == transform
    found = pixels(prepared)["i32"]
    rows, cols = np.mgrid[0:20, 0:30]
    expected = level_one("i32", 3, UTM)[0][rows + 1, cols + 2]
    np.testing.assert_array_equal(found, expected)


def test_a_download_by_region_and_scale() -> None:
    region = ee.Geometry.Rectangle([400_000, 7_999_000, 400_600, 7_999_400], "EPSG:32738", False)
    prepared, _ = image().select("i32").prepare_for_export({"region": region, "scale": 20})
    shown = info(prepared)["bands"][0]
    # The lattice keeps the image's origin, 2 and 31 pixels of 20 m away.
    assert shown["crs_transform"] == [20, 0, 400_000, 0, -20, 7_999_400]
    assert shown["dimensions"] == [30, 20]


def test_projections() -> None:
    projection = image().projection()
    assert info(projection.atScale(30))["transform"] == [30, 0, 399960, 0, -30, 8000020]
    assert ee.Projection("EPSG:4326").nominalScale().getInfo() == pytest.approx(111319.49079327358)
    scale = info(ee.Projection("EPSG:4326").atScale(30))["transform"][0]
    assert scale == pytest.approx(30 / 111319.49079327358)
    wkt = info(projection.wkt())
    assert wkt.startswith('PROJCS["WGS 84 / UTM zone 38S"')
    assert ee.Projection(wkt).nominalScale().getInfo() == 1
    sinusoidal = ee.Projection("SR-ORG:6974")
    assert sinusoidal.nominalScale().getInfo() == 1
    with pytest.raises(ee.EEException, match="could not be parsed"):
        ee.Projection("EPSG:99999999").getInfo()
    with pytest.raises(ee.EEException, match="different projections"):
        image().select("u8").addBands(ee.Image("TEST/COARSE")).projection().getInfo()


def test_geometry_and_id() -> None:
    found = info(image().geometry())
    assert found["type"] == "Polygon"
    assert len(found["coordinates"][0]) == 5
    assert image().id().getInfo() == "UTM"
    assert ee.Image("TEST/SERIES/s002").id().getInfo() == "s002"
    assert image().date().getInfo() == {"type": "Date", "value": 1_704_067_200_000}


def test_reduce_region() -> None:
    a, _, c, _, e, f = UTM.transform
    box = ee.Geometry.Rectangle([c + 5 * a, f + 9 * e, c + 8 * a, f + 5 * e], "EPSG:32738", False)
    rows, cols = np.mgrid[5:9, 5:8]
    values, ok = formula("u16", 3, rows, cols), is_valid("u16", 3, rows, cols)
    pair = image().select("u16", "i32")
    means = pair.reduceRegion(ee.Reducer.mean(), box, 10).getInfo()
    assert means["u16"] == pytest.approx(values[ok].mean())
    assert means["i32"] == pytest.approx(formula("i32", 3, rows, cols).mean())
    listed = image().select("u16").reduceRegion(ee.Reducer.toList(), box, 10).getInfo()
    assert listed == {"u16": values[ok].tolist()}
    extremes = image().select("u16").reduceRegion(ee.Reducer.minMax(), box, 10).getInfo()
    assert extremes == {"u16_max": values[ok].max(), "u16_min": values[ok].min()}
    # Half of the last column of pixels: it counts 128 of 255 for a weighted reducer.
    half = ee.Geometry.Rectangle(
        [c + 5 * a, f + 9 * e, c + 7.5 * a, f + 5 * e], "EPSG:32738", False
    )
    weights = np.array([1, 1, 128 / 255]) * np.ones((4, 1))
    found = pair.select("i32").reduceRegion(ee.Reducer.mean(), half, 10).getInfo()["i32"]
    assert found == pytest.approx(np.average(formula("i32", 3, rows, cols), weights=weights))
    with pytest.raises(ee.EEException, match="Too many pixels in the region"):
        pair.reduceRegion(ee.Reducer.mean(), box, 10, maxPixels=3).getInfo()
    empty = ee.Geometry.Point([10, 10])
    assert pair.reduceRegion(ee.Reducer.mean(), empty, 10).getInfo() == {"u16": None, "i32": None}


def test_two_lattices_of_one_origin() -> None:
    shown = info(ee.Image("TEST/COARSE"))["bands"][0]
    assert shown["dimensions"] == [UTM_60.width, UTM_60.height]


def test_slice() -> None:
    image = ee.Image("TEST/UTM")
    assert info(image.slice(1, 3).bandNames()) == ["i16", "u16"]
    assert info(image.slice(-2).bandNames()) == ["f64", "flag"]
