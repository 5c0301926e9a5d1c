"""Pixels against the closed formula: any window, lattice, CRS, band set and format."""

from __future__ import annotations

import dataclasses
import io
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

import eemulator

from . import synthetic
from .overviews import read_at
from .synthetic import DTYPES, LONLAT, SHEARED, UTM, UTM_60, formula, is_valid
from .wire import grid, pixels, send

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from eemulator import Server

ASSETS = {"TEST/UTM": (3, UTM), "TEST/COARSE": (4, UTM_60), "TEST/SHEARED": (5, SHEARED),
          "TEST/LONLAT": (6, LONLAT)}  # fmt: skip
on_server = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def oracle(
    asset_id: str, band: str, crs: str, transform: tuple[float, ...], width: int, height: int
) -> tuple[NDArray[Any], NDArray[np.bool_], NDArray[np.bool_]]:
    """Values, validity, and where a centre is too near a pixel's edge to tell (1e-6 pixel)."""
    k, native = ASSETS[asset_id]
    coarser = read_at(band, k, native, crs, transform)
    if coarser is not None:
        values, valid, native = coarser
    a, b, c, d, e, f = transform
    col, row = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    x, y = a * col + b * row + c, d * col + e * row + f
    if crs != native.crs:
        x, y = Transformer.from_crs(crs, native.crs, always_xy=True).transform(x, y)
    inverse = np.linalg.inv(np.array([*native.transform, 0, 0, 1], float).reshape(3, 3))
    u = inverse[0, 0] * (x - native.transform[2]) + inverse[0, 1] * (y - native.transform[5])
    v = inverse[1, 0] * (x - native.transform[2]) + inverse[1, 1] * (y - native.transform[5])
    unsure = (np.abs(u - np.round(u)) < 1e-6) | (np.abs(v - np.round(v)) < 1e-6)
    cols, rows = np.floor(u).astype(int), np.floor(v).astype(int)
    inside = (cols >= 0) & (cols < native.width) & (rows >= 0) & (rows < native.height)
    if coarser is not None:
        rows, cols = np.where(inside, rows, 0), np.where(inside, cols, 0)
        ok = inside & valid[rows, cols]
        return np.where(ok, values[rows, cols], 0), ok, unsure
    ok = inside & is_valid(band, k, rows, cols)
    return np.where(ok, formula(band, k, rows, cols), 0), ok, unsure


@on_server
@given(
    asset_id=st.sampled_from(list(ASSETS)),
    bands=st.lists(st.sampled_from(list(DTYPES)), min_size=1, unique=True),
    left=st.integers(-40, 320),
    top=st.integers(-40, 260),
    width=st.integers(1, 90),
    height=st.integers(1, 90),
)
def test_windows_of_the_native_lattice(
    server: Server, asset_id: str, bands: list[str], left: int, top: int, width: int, height: int
) -> None:
    assert server.url
    k, native = ASSETS[asset_id]
    a, b, c, d, e, f = native.transform
    moved = (a, b, c + a * left + b * top, d, e, f + d * left + e * top)
    found = pixels(asset_id, grid(native.crs, moved, width, height), bandIds=bands)
    assert found.dtype == np.dtype([(band, DTYPES[band]) for band in bands])
    assert found.shape == (height, width)
    rows, cols = np.mgrid[top : top + height, left : left + width]
    inside = (cols >= 0) & (cols < native.width) & (rows >= 0) & (rows < native.height)
    for band in bands:
        ok = inside & is_valid(band, k, rows, cols)
        np.testing.assert_array_equal(found[band], np.where(ok, formula(band, k, rows, cols), 0))


@on_server
@given(
    asset_id=st.sampled_from(list(ASSETS)),
    crs=st.sampled_from(["EPSG:32738", "EPSG:4326", "EPSG:3857", "EPSG:32739", "ESRI:54009"]),
    scale=st.floats(2.0, 120.0),
    stretch=st.floats(0.5, 2.0),
    shear=st.sampled_from([0.0, 0.0, 0.3]),
    shift=st.tuples(st.floats(-1500, 3500), st.floats(-2500, 1500)),
    size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
)
def test_any_lattice_in_any_crs(
    server: Server,
    asset_id: str,
    crs: str,
    scale: float,
    stretch: float,
    shear: float,
    shift: tuple[float, float],
    size: tuple[int, int],
) -> None:
    assert server.url
    native = ASSETS[asset_id][1]
    to_crs = Transformer.from_crs(native.crs, crs, always_xy=True)
    x, y = to_crs.transform(native.transform[2], native.transform[5])
    unit = 1 / 111_319.49 if crs == "EPSG:4326" else 1.0
    transform = (
        scale * unit, shear * unit, x + shift[0] * unit,
        shear * unit, -scale * stretch * unit, y + shift[1] * unit,
    )  # fmt: skip
    found = pixels(asset_id, grid(crs, transform, *size), bandIds=["u16", "f64", "i32"])
    for band in ("u16", "f64", "i32"):
        values, _, unsure = oracle(asset_id, band, crs, transform, *size)
        np.testing.assert_array_equal(found[band][~unsure], values[~unsure])


@on_server
@given(
    crs=st.sampled_from(["EPSG:4326", "EPSG:3857", "EPSG:32738"]),
    scale=st.sampled_from([5.0, 7.3, 10.0, 25.0]),
    cut=st.integers(1, 63),
)
def test_a_split_request_equals_an_unsplit_one(
    server: Server, crs: str, scale: float, cut: int
) -> None:
    assert server.url
    to_crs = Transformer.from_crs(UTM.crs, crs, always_xy=True)
    x, y = to_crs.transform(400_500.0, 7_999_500.0)
    unit = scale / 111_319.49 if crs == "EPSG:4326" else scale
    whole = pixels("TEST/UTM", grid(crs, (unit, 0, x, 0, -unit, y), 64, 64), bandIds=["u16"])
    parts = []
    for top, height in ((0, cut), (cut, 64 - cut)):
        row = []
        for left, width in ((0, cut), (cut, 64 - cut)):
            transform = (unit, 0, x + left * unit, 0, -unit, y - top * unit)
            wire = grid(crs, transform, width, height)
            row.append(pixels("TEST/UTM", wire, bandIds=["u16"]))
        parts.append(np.concatenate(row, axis=1))
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_a_tie_goes_the_same_way_from_every_origin(server: Server) -> None:
    """Pixels of 10 m that begin half a pixel early have their centres on corners."""
    assert server.url
    transform = (10.0, 0.0, 399_955.0, 0.0, -10.0, 8_000_025.0)
    whole = pixels("TEST/UTM", grid(UTM.crs, transform, 100, 100), bandIds=["u8"])["u8"]
    rows, cols = np.mgrid[0:100, 0:100]
    expected = formula("u8", 3, rows, cols)
    ok = is_valid("u8", 3, rows, cols)
    np.testing.assert_array_equal(whole, np.where(ok, expected, 0))


def test_large_requests_are_computed_in_strips(server: Server) -> None:
    assert server.url
    a, _, c, _, e, f = UTM.transform
    transform = (a / 8, 0.0, c, 0.0, e / 8, f)
    found = pixels("TEST/UTM", grid(UTM.crs, transform, 2400, 2000), bandIds=["u8", "i16"])
    rows, cols = np.mgrid[0:2000, 0:2400] // 8
    for band in ("u8", "i16"):
        expected = np.where(is_valid(band, 3, rows, cols), formula(band, 3, rows, cols), 0)
        np.testing.assert_array_equal(found[band], expected)


def test_the_native_grid_is_the_default(server: Server) -> None:
    assert server.url
    for asset_id, (k, native) in ASSETS.items():
        found = pixels(asset_id, bandIds=["i32"])["i32"]
        rows, cols = np.mgrid[0 : native.height, 0 : native.width]
        np.testing.assert_array_equal(found, formula("i32", k, rows, cols))
        computed = pixels(ee.Image(asset_id).select("i32"))
        np.testing.assert_array_equal(computed["i32"], found)


def test_a_region_limits_the_native_grid(server: Server) -> None:
    assert server.url
    a, _, c, _, _, f = UTM.transform
    corners = [(c + 4 * a + 1, f - 20 * a - 1), (c + 9 * a - 1, f - 12 * a + 1)]
    to_lonlat = Transformer.from_crs(UTM.crs, "EPSG:4326", always_xy=True)
    (west, south), (east, north) = (to_lonlat.transform(*corner) for corner in corners)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    region = {"type": "Polygon", "coordinates": [ring]}
    found = pixels("TEST/UTM", bandIds=["i32"], region=region)["i32"]
    rows, cols = np.mgrid[11:21, 4:9]
    assert found.shape[0] in (9, 10)
    height = found.shape[0]
    top = 12 if height == 9 else 11
    rows, cols = np.mgrid[top : top + height, 4 : 4 + found.shape[1]]
    np.testing.assert_array_equal(found, formula("i32", 3, rows, cols))


def test_bands_come_in_the_order_asked_for_and_once(server: Server) -> None:
    assert server.url
    found = pixels("TEST/UTM", bandIds=["u16", "f32", "u8"])
    assert found.dtype.names == ("u16", "f32", "u8")
    with pytest.raises(ee.EEException, match="Duplicate"):
        pixels("TEST/UTM", bandIds=["u8", "u8"])
    with pytest.raises(ee.EEException) as caught:
        pixels("TEST/UTM", bandIds=["B4"])
    assert str(caught.value) == (
        "Band pattern 'B4' did not match any bands. "
        "Available bands: [u8, i16, u16, i32, f32, f64, flag]"
    )


def test_npy_is_version_1_little_endian_and_in_c_order(server: Server) -> None:
    path = "/v1/projects/earthengine-public/assets/TEST/UTM:getPixels"
    reply = send(server, "POST", path, {"fileFormat": "NPY"})
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.body[:8] == b"\x93NUMPY\x01\x00"
    file = io.BytesIO(reply.body[8:])
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    assert (shape, fortran) == ((250, 300), False)
    assert [dtype[name].str for name in dtype.names or ()] == [
        "|u1", "<i2", "<u2", "<i4", "<f4", "<f8", "|u1",
    ]  # fmt: skip
    assert server.stats.bytes_sent == len(reply.body)


@pytest.mark.parametrize(
    ("bands", "dtype", "nodata"),
    [
        (["u8"], "uint8", 0.0),
        (["flag", "u16"], "uint16", 0.0),
        (["i16"], "int16", -32768.0),
        (["u16", "i16"], "int32", -2147483648.0),
        (["u8", "f32"], "float32", -np.inf),
        (["f32", "f64"], "float64", -np.inf),
        (["i32", "f32"], "float64", -np.inf),
    ],
)
def test_geotiff(server: Server, bands: list[str], dtype: str, nodata: float) -> None:
    path = "/v1/projects/earthengine-public/assets/TEST/UTM:getPixels"
    a, _, c, _, e, f = UTM.transform
    transform = (a, 0.0, c - 5 * a, 0.0, e, f + 3 * e)
    reply = send(
        server,
        "POST",
        path,
        {"fileFormat": "GEO_TIFF", "bandIds": bands, "grid": grid(UTM.crs, transform, 40, 30)},
    )
    assert reply.status == 200, reply.body
    assert reply.headers["content-type"] == "image/tiff"
    with rasterio.MemoryFile(reply.body) as memory, memory.open() as source:
        assert source.dtypes == (dtype,) * len(bands)
        assert source.nodata == nodata
        assert source.crs.to_epsg() == 32738
        assert tuple(source.transform)[:6] == transform
        assert source.descriptions == (None,) * len(bands)
        values = source.read()
    rows, cols = np.mgrid[3:33, -5:35]
    for band, plane in zip(bands, values, strict=True):
        ok = (cols >= 0) & is_valid(band, 3, rows, cols)
        expected = np.where(ok, formula(band, 3, rows, cols), np.array(nodata).astype(dtype))
        np.testing.assert_array_equal(plane, expected.astype(dtype))


def test_wkt_and_zero_fields(server: Server) -> None:
    assert server.url
    wire = grid("EPSG:32738", UTM.transform, 20, 20)
    plain = pixels("TEST/UTM", wire)
    wkt = ee.Projection("EPSG:32738").wkt().getInfo()
    wire["crsWkt"] = wkt
    del wire["crsCode"]
    np.testing.assert_array_equal(pixels("TEST/UTM", wire), plain)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"grid": {"crsCode": "EPSG:99999999"}}, "could not be parsed"),
        ({"grid": {"crsCode": 7}}, "grid"),
        ({"grid": []}, None),
        ({"grid": "x"}, "grid"),
        ({"grid": {"dimensions": {"width": "x"}}}, "dimensions"),
        ({"grid": {"dimensions": {"width": -1, "height": 5}}}, "positive"),
        ({"grid": {"dimensions": [1, 2]}}, "dimensions"),
        ({"grid": {"affineTransform": {"scaleX": "a"}}}, "affine_transform"),
        ({"grid": {"affineTransform": {"scaleX": 1}}}, "inverted"),
        ({"grid": {"affineTransform": {"scaleX": float("nan"), "scaleY": 1}}}, "affine"),
        ({"bandIds": "u8"}, "band_ids"),
        ({"bandIds": [3]}, "band_ids"),
        ({"region": {"type": "Potato"}}, "GeoJSON"),
        ({"region": {"type": "Polygon", "coordinates": [[1]]}}, "GeoJSON"),
        ({"region": 5}, "GeoJSON"),
        ({"fileFormat": "TF_RECORD_IMAGE"}, "TF_RECORD_IMAGE"),
        ({"fileFormat": ["PNG"]}, "['PNG']"),
        ({"nonsense": 1}, 'Unknown name "nonsense"'),
    ],
)
def test_bad_requests_are_told(server: Server, change: dict[str, Any], words: str | None) -> None:
    path = "/v1/projects/earthengine-public/assets/TEST/UTM:getPixels"
    reply = send(server, "POST", path, {"fileFormat": "NPY", **change})
    if words is None:
        assert reply.status == 200
    else:
        assert reply.status == 400, reply.body[:300]
        assert words in reply.message


def test_only_images_have_pixels(server: Server) -> None:
    path = "/v1/projects/earthengine-public/assets/TEST/SERIES:getPixels"
    assert send(server, "POST", path, {"fileFormat": "NPY"}).status == 400
    with pytest.raises(ee.EEException, match="image"):
        pixels(ee.Number(5))
    with pytest.raises(ee.EEException, match="bands"):
        pixels(ee.Image("TEST/UTM").select([]))


def test_one_lattice_is_sampled_once_a_strip(server: Server) -> None:
    """Bands that share a lattice come from one call of the sampler."""
    assert server.url
    plain = synthetic.image("TEST/COUNTED", 1, UTM)
    calls = []

    def sample(bands: Any, rows: Any, cols: Any) -> Any:
        calls.append(tuple(bands))
        return plain.sample(bands, rows, cols)

    counted = eemulator.ImageAsset(plain.id, plain.bands, plain.properties, plain.footprint, sample)
    with eemulator.running(eemulator.Catalog([counted])) as other:
        body = {"fileFormat": "NPY", "bandIds": ["f32", "u8", "i16"]}
        path = "/v1/projects/earthengine-public/assets/TEST/COUNTED:getPixels"
        assert send(other, "POST", path, body).status == 200
    assert calls == [("f32", "u8", "i16")]


def test_the_scenes_of_a_statistic_are_sampled_once(server: Server) -> None:
    """All bands of a scene at a time, also where the statistic is shown and computed with."""
    assert server.url
    calls = []

    def counted(k: int) -> eemulator.ImageAsset:
        plain = synthetic.image(f"TEST/COUNTED{k}", k, UTM)

        def sample(bands: Any, rows: Any, cols: Any) -> Any:
            calls.append((k, tuple(bands)))
            return plain.sample(bands, rows, cols)

        return dataclasses.replace(plain, sample=sample)

    scenes = ee.ImageCollection([ee.Image(f"TEST/COUNTED{k}") for k in (1, 2)])
    middle = scenes.select(["u8", "i16"]).median()
    shown = middle.addBands(middle.mask().reduce("min").rename("mask"))
    with eemulator.running(eemulator.Catalog([counted(1), counted(2)])) as other:
        body = {
            "expression": ee.serializer.encode(shown, for_cloud_api=True),
            "fileFormat": "NPY",
            "grid": grid(UTM.crs, UTM.transform, 30, 20),
        }
        path = f"/v1/projects/{other.project}/image:computePixels"
        assert send(other, "POST", path, body).status == 200
    assert calls == [(1, ("u8", "i16")), (2, ("u8", "i16"))]
