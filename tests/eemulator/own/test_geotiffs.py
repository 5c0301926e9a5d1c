"""GeoTIFFs of one's own: what they hold is what the client gets."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import eemulator
from eemulator.catalog.own import windows
from eemulator.catalog.own.geotiffs import HANDLES, read_geotiff
from eemulator.catalog.own.handles import File, Handles
from eemulator.catalog.own.windows import read_at
from tests.eemulator.own.files import CRS, ORIGIN, numbers, whole, write
from tests.eemulator.wire import PROJECT, grid, info, pixels, send

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from eemulator.catalog.own.windows import Pixels
    from tests.eemulator.own.conftest import Serve

SHAPE = (30, 40)

DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "int64", "float32", "float64"]


def catalog(folder: Path, text: str) -> Path:
    path = folder / "catalog.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def mask_of(image: Any) -> Any:
    """Masks as values, 1 and 0."""
    return ee.Image(image).mask()


def test_alpha_is_a_mask_of_fractions(serve: Serve, tmp_path: Path) -> None:
    large = (300, 400)  # Smaller ones have no overviews.
    values = numbers((3, *large), np.uint8)
    over = numbers((1, *large), np.uint8, seed=9)
    over[over < 50] = 0
    stored = np.concatenate([values, over])
    write(tmp_path / "a.tif", stored, photometric="RGB", alpha="yes", nodata=7)
    serve(catalog(tmp_path, "images:\n  own/alpha: {file: a.tif}"))
    opacity = over[0] / 255
    mask, found = whole(mask_of("own/alpha"), *large), whole("own/alpha", *large)
    for band, plane in zip(("b1", "b2", "b3"), values, strict=True):
        wanted = np.where(plane == 7, 0, opacity)
        np.testing.assert_allclose(mask[band], wanted, atol=1e-7)
        np.testing.assert_array_equal(found[band], np.where(wanted > 0, plane, 0))
    # Overviews are means by these weights.
    high, wide = (side // 2 for side in large)
    weights = np.where(values[0] == 7, 0, opacity)[: high * 2, : wide * 2]
    blocks = (high, 2, wide, 2)
    total = weights.reshape(blocks).sum(axis=(1, 3))
    part = (weights * values[0, : high * 2, : wide * 2]).reshape(blocks).sum(axis=(1, 3))
    image = ee.Image("own/alpha").select("b1").float()
    half = whole(image, high, wide, size=20.0)["b1"]
    shown = whole(mask_of(image), high, wide, size=20.0)["b1"]
    np.testing.assert_allclose(shown, total / 4, atol=1e-6)
    there = total > 0
    wanted = part[there] / total[there]
    # The values of overviews are whole numbers here.
    assert np.abs(half[there] - wanted).max() <= 1


def test_every_dtype(serve: Serve, tmp_path: Path) -> None:
    lines = ["images:"]
    for dtype in DTYPES:
        write(tmp_path / f"{dtype}.tif", numbers((2, *SHAPE), dtype), nodata=None)
        lines.append(f"  own/{dtype}: {{file: {dtype}.tif}}")
    serve(catalog(tmp_path, "\n".join(lines)))
    for dtype in DTYPES:
        stored = numbers((2, *SHAPE), dtype)
        found = whole(f"own/{dtype}", *SHAPE)
        served = "float64" if dtype == "int64" else dtype
        assert found.dtype.names == ("b1", "b2")
        for name, band in zip(found.dtype.names, stored, strict=True):
            assert found[name].dtype == served
            np.testing.assert_array_equal(found[name], band)
        [kind, _] = [band["data_type"] for band in info(ee.Image(f"own/{dtype}"))["bands"]]
        limits = (
            {}
            if dtype.startswith("f")
            else {"min": np.iinfo(dtype).min, "max": np.iinfo(dtype).max}
        )
        precision = {"float32": "float", "float64": "double"}.get(dtype, "int")
        assert kind == {"type": "PixelType", "precision": precision, **limits}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("nodata", [7, "nan", "none", "file"])
def test_nodata_is_masked(tmp_path: Path, dtype: str, nodata: Any) -> None:
    values = numbers((1, *SHAPE), dtype)
    values[0, 5:9, 3:30] = 7
    if dtype.startswith("float"):
        values[0, 11, :9] = np.nan
    write(tmp_path / "image.tif", values, nodata=7)
    told = "" if nodata == "file" else f", nodata: {nodata}"
    text = f"images: {{own/image: {{file: image.tif{told}}}}}"
    image = eemulator.load_catalog(catalog(tmp_path, text)).get("own/image")
    assert isinstance(image, eemulator.ImageAsset)
    rows, cols = np.arange(SHAPE[0])[:, None], np.arange(SHAPE[1])[None]
    [(found, valid)] = image.sample(["b1"], rows, cols)
    meant = {
        7: values[0] == 7,
        "file": values[0] == 7,
        "nan": np.isnan(values[0]),
        "none": np.zeros(SHAPE, np.bool_),
    }[nodata]
    np.testing.assert_array_equal(valid, ~meant)
    np.testing.assert_array_equal(found, np.where(meant, 0, values[0]))
    assert found.dtype == dtype


def test_masks_of_all_kinds(serve: Serve, tmp_path: Path) -> None:
    values = numbers((3, *SHAPE), np.uint8)
    shown = numbers((1, *SHAPE), np.uint8, seed=9)[0] % 3 != 0
    over = np.where(shown, 255, 0).astype(np.uint8)
    more = numbers((1, *SHAPE), np.uint8, seed=4)[0] % 5 != 0
    write(tmp_path / "inner.tif", values, mask=shown, photometric="RGB")
    write(
        tmp_path / "alpha.tif", np.concatenate([values, over[None]]), photometric="RGB", alpha="yes"
    )
    write(tmp_path / "plain.tif", values, names=("red", "green", "qa"))
    write(tmp_path / "mask.tif", np.stack([over, more.astype(np.uint8)]))
    serve(
        catalog(
            tmp_path,
            """
images:
  own/inner: {file: inner.tif}
  own/alpha: {file: alpha.tif}
  own/infrared: {file: alpha.tif, alpha: band, bands: [r, g, b, nir]}
  own/band: {file: plain.tif, mask: {from: qa}}
  own/file: {file: plain.tif, mask: {file: mask.tif, from: 2}}
""",
        )
    )
    for name in ("inner", "alpha"):
        found, mask = whole(f"own/{name}", *SHAPE), whole(mask_of(f"own/{name}"), *SHAPE)
        assert found.dtype.names == ("b1", "b2", "b3")
        for band, stored in zip(found.dtype.names, values, strict=True):
            np.testing.assert_array_equal(mask[band], shown)
            np.testing.assert_array_equal(found[band], np.where(shown, stored, 0))
    found = whole("own/infrared", *SHAPE)
    np.testing.assert_array_equal(found["nir"], over)
    np.testing.assert_array_equal(found["r"], values[0])
    found = whole("own/band", *SHAPE)
    assert found.dtype.names == ("red", "green")
    np.testing.assert_array_equal(found["green"], np.where(values[2] != 0, values[1], 0))
    mask = whole(mask_of("own/file"), *SHAPE)
    np.testing.assert_array_equal(mask["qa"], more)


def test_a_file_a_band(serve: Serve, tmp_path: Path) -> None:
    fine, coarse = numbers((1, 60, 80), np.uint16), numbers((2, 30, 40), np.int16, seed=3)
    write(tmp_path / "fine.tif", fine)
    write(tmp_path / "coarse.tif", coarse, size=20)
    serve(
        catalog(
            tmp_path,
            """
images:
  projects/farm/assets/pair:
    bands:
      - {name: red, file: fine.tif}
      - {name: classes, file: coarse.tif, from: 2, pyramiding: MODE, dtype: int32}
    start: 2024-05-31T10:20:30Z
    end: 2024-06-01
    properties: {region: north, cover: 12.5, bands_used: [1, 2]}
""",
        )
    )
    name = "projects/farm/assets/pair"
    np.testing.assert_array_equal(
        pixels(name, grid(CRS, (10, 0, *ORIGIN[:1], 0, -10, ORIGIN[1]), 80, 60), bandIds=["red"])[
            "red"
        ],
        fine[0],
    )
    found = pixels(name, grid(CRS, (20, 0, ORIGIN[0], 0, -20, ORIGIN[1]), 40, 30))
    assert found["classes"].dtype == np.int32
    np.testing.assert_array_equal(found["classes"], coarse[1])
    asset: Any = ee.data.getAsset(name)
    assert [band["pyramidingPolicy"] for band in asset["bands"]] == ["MEAN", "MODE"]
    assert [band["grid"]["dimensions"] for band in asset["bands"]] == [
        {"width": 80, "height": 60},
        {"width": 40, "height": 30},
    ]
    assert asset["startTime"] == "2024-05-31T10:20:30Z"
    assert asset["endTime"] == "2024-06-01T00:00:00Z"
    assert asset["properties"] == {"region": "north", "cover": 12.5, "bands_used": [1, 2]}
    told = info(ee.Image(name))
    assert told["properties"]["system:time_start"] == 1_717_150_830_000
    assert told["properties"]["system:index"] == "pair"
    footprint = ee.Image(name).geometry().bounds(1, CRS)
    [ring] = info(footprint)["coordinates"]
    np.testing.assert_allclose(
        [np.min(ring, 0), np.max(ring, 0)],
        [[ORIGIN[0], ORIGIN[1] - 600], [ORIGIN[0] + 800, ORIGIN[1]]],
        atol=0.1,
    )


def test_coordinate_systems(serve: Serve, tmp_path: Path) -> None:
    values = numbers((1, *SHAPE), np.float32)
    laea = "+proj=laea +lat_0=-18 +lon_0=47 +datum=WGS84 +units=m"
    modis = "+proj=sinu +R=6371007.181 +units=m +no_defs"
    write(tmp_path / "heights.tif", values, crs="EPSG:32738+5773")
    write(tmp_path / "laea.tif", values, crs=laea, origin=(0.0, 0.0))
    write(tmp_path / "modis.tif", values, crs=modis)
    write(tmp_path / "none.tif", values, crs=None)
    upwards = rasterio.Affine(10, 0, ORIGIN[0], 0, 10, ORIGIN[1] - 300)
    write(tmp_path / "upwards.tif", values, transform=upwards)
    serve(
        catalog(
            tmp_path,
            """
images:
  own/heights: {file: heights.tif}
  own/laea: {file: laea.tif}
  own/modis: {file: modis.tif}
  own/none: {file: none.tif, crs: "EPSG:32738"}
  own/upwards: {file: upwards.tif}
""",
        )
    )
    for name in ("heights", "none"):
        assert info(ee.Image(f"own/{name}"))["bands"][0]["crs"] == CRS
        np.testing.assert_array_equal(whole(f"own/{name}", *SHAPE)["b1"], values[0])
    assert info(ee.Image("own/modis"))["bands"][0]["crs"] == "SR-ORG:6974"
    band = info(ee.Image("own/laea"))["bands"][0]
    assert band["crs_wkt"].startswith("PROJCS[")
    np.testing.assert_array_equal(pixels("own/laea")["b1"], values[0])
    np.testing.assert_array_equal(whole("own/upwards", *SHAPE)["b1"], values[0, ::-1])


@given(data=st.data())
def test_windows_are_those_of_the_array(data: st.DataObject) -> None:
    """Whatever the blocks, the bound and the positions: slices, strides, flips, scattered ones."""
    height, width = (data.draw(st.integers(1, 40)) for _ in range(2))
    source = _Memory(
        numbers((3, height, width), np.int16),
        (data.draw(st.integers(1, 50)), data.draw(st.integers(1, 50))),
    )
    chosen = data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True))
    if data.draw(st.booleans()):
        rows, cols = (_spaced(data, height), _spaced(data, width))
        rows, cols = rows[:, None], cols[None]
    else:
        shape = (data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9)))
        rows = data.draw(arrays.arrays(np.int64, shape, elements=st.integers(0, height - 1)))
        cols = data.draw(arrays.arrays(np.int64, shape, elements=st.integers(0, width - 1)))
    bound, side = data.draw(st.integers(1, 20_000)), data.draw(st.integers(1, 30))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(windows, "_WINDOW_BYTES", bound)
        patched.setattr(windows, "_SIDE", side)
        found = read_at(source, chosen, rows, cols)
    for number, (values, valid) in zip(chosen, found, strict=True):
        expected = source.values[number][rows, cols]
        np.testing.assert_array_equal(valid, expected % 3 != 0)
        np.testing.assert_array_equal(values, expected)
    blocks = max(source.block[0], 1) * max(source.block[1], side)
    assert source.largest * len(chosen) * 3 <= max(bound, blocks * len(chosen) * 3)


def _spaced(data: st.DataObject, size: int) -> Any:
    """Positions of a line, one or some apart, in either direction."""
    positions = np.arange(size)[data.draw(st.slices(size))]
    return positions if positions.size else np.arange(size)


class _Memory:
    """Pixels of an array; remembers how large a window was asked for."""

    is_fractional = False

    def __init__(self, values: Any, block: tuple[int, int]) -> None:
        self.values = values
        self.block = block
        self.largest = 0

    def dtype(self, number: int) -> np.dtype[Any]:
        kind: np.dtype[Any] = self.values[number].dtype
        return kind

    def read(self, numbers: Sequence[int], rows: slice, cols: slice) -> Pixels:
        found = [self.values[number][rows, cols] for number in numbers]
        self.largest = max(self.largest, found[0].size)
        return [(values, values % 3 != 0) for values in found]


@pytest.mark.parametrize(
    "options",
    [
        {"tiled": True, "blockxsize": 64, "blockysize": 32},
        {"tiled": False, "blockysize": 7},
        {"tiled": True, "blockxsize": 16, "blockysize": 16, "interleave": "pixel"},
    ],
    ids=str,
)
def test_strides_and_other_systems(serve: Serve, tmp_path: Path, options: Any) -> None:
    values = numbers((3, 200, 300), np.uint16)
    write(tmp_path / "image.tif", values, compress="deflate", **options)
    serve(catalog(tmp_path, "images: {own/image: {file: image.tif}}"))
    found = pixels("own/image", grid(CRS, (10, 0, ORIGIN[0] + 70, 0, -10, ORIGIN[1] + 50), 31, 9))
    expected = np.zeros((9, 31), np.uint16)
    expected[5:] = values[1, :4, 7:38]
    np.testing.assert_array_equal(found["b2"], expected)
    elsewhere = grid("EPSG:4326", (1e-4, 0, 44.06, 0, -1e-4, -18.09), 50, 40)
    turned = pixels(ee.Image("own/image").select("b3"), elsewhere)["b3"]
    x, y = rasterio.warp.transform(
        "EPSG:4326",
        CRS,
        (44.06 + (np.arange(50) + 0.5) * 1e-4).repeat(40),
        np.tile(-18.09 - (np.arange(40) + 0.5) * 1e-4, 50),
    )
    cols = np.floor((np.array(x) - ORIGIN[0]) / 10).astype(int).reshape(50, 40).T
    rows = np.floor((ORIGIN[1] - np.array(y)) / 10).astype(int).reshape(50, 40).T
    np.testing.assert_array_equal(turned, values[2][rows, cols])


def test_threads_share_few_open_files(tmp_path: Path) -> None:
    paths = [
        File.at(write(tmp_path / f"{n}.tif", numbers((1, 64, 64), np.uint16, n))) for n in range(12)
    ]
    handles = Handles(most=3)

    def read(number: int) -> bool:
        with handles.opened(paths[number % 12]) as file:
            return bool((file.read(1) == numbers((1, 64, 64), np.uint16, number % 12)[0]).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(400)))
    assert handles.idle == 3
    handles.close()
    assert handles.idle == 0


def test_a_handle_that_failed_is_not_used_again(tmp_path: Path) -> None:
    path = write(tmp_path / "image.tif", numbers((1, 8, 8), np.uint8))
    handles = Handles()
    with pytest.raises(RuntimeError, match="on purpose"), handles.opened(File.at(path)) as first:
        raise RuntimeError("on purpose")
    assert first.closed
    assert handles.idle == 0


def test_many_requests_at_once(serve: Serve, tmp_path: Path) -> None:
    values = numbers((2, 256, 256), np.uint16)
    write(tmp_path / "image.tif", values, tiled=True, blockxsize=64, blockysize=64)
    serve(catalog(tmp_path, "images: {own/image: {file: image.tif}}"))

    def tile(corner: tuple[int, int]) -> bool:
        top, left = corner
        origin = (10, 0, ORIGIN[0] + left * 10, 0, -10, ORIGIN[1] - top * 10)
        found = pixels("own/image", grid(CRS, origin, 50, 40))
        window = values[:, top : top + 40, left : left + 50]
        return all((found[f"b{n + 1}"] == window[n]).all() for n in range(2))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(tile, [(r, c) for r in range(0, 200, 40) for c in range(0, 200, 50)]))


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    """A file of 80 GB, nearly all of it holes: whoever read it would run out of memory."""
    path = tmp_path / "huge.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=1,
        height=200_000,
        width=200_000,
        dtype="uint16",
        crs=CRS,
        transform=rasterio.Affine(0.5, 0, ORIGIN[0], 0, -0.5, ORIGIN[1]),
        tiled=True,
        sparse_ok=True,
        bigtiff="yes",
        blockxsize=512,
        blockysize=512,
    ) as file:
        file.write(numbers((1, 512, 512), np.uint16), window=((512, 1024), (1024, 1536)))
    [layer] = read_geotiff(path).layers
    rows, cols = np.arange(500, 1100)[:, None], np.arange(1000, 1600)[None]
    [(values, _)] = read_at(layer.source, [0], rows, cols)
    np.testing.assert_array_equal(values[12:524, 24:536], numbers((1, 512, 512), np.uint16)[0])
    assert values.sum() == numbers((1, 512, 512), np.uint16).sum()
    rows, cols = np.arange(0, 200_000, 4_000)[:, None], np.arange(0, 200_000, 4_000)[None]
    [(values, _)] = read_at(layer.source, [0], rows, cols)
    assert values.shape == (50, 50)


@pytest.mark.parametrize("damage", ["gone", "changed", "broken"])
def test_clients_learn_no_paths(serve: Serve, tmp_path: Path, damage: str) -> None:
    path = write(tmp_path / "image.tif", numbers((1, 64, 64), np.uint16), compress="deflate")
    server = serve(catalog(tmp_path, "images: {own/image: {file: image.tif}}"))
    if damage != "changed":
        HANDLES.close()
    match damage:
        case "gone":
            path.unlink()
        case "changed":
            write(path, numbers((1, 64, 64), np.uint16, 1), compress="deflate")
        case "broken":
            path.write_bytes(path.read_bytes()[:-600])
    body = {"fileFormat": "NPY", "grid": grid(CRS, (10, 0, ORIGIN[0], 0, -10, ORIGIN[1]), 9, 9)}
    reply = send(
        server,
        "POST",
        f"{PROJECT}/assets/x:getPixels".replace(
            "projects/local-emulator/assets/x", "projects/earthengine-public/assets/own/image"
        ),
        body,
    )
    assert reply.status == 400
    assert reply.message.startswith("Image asset 'own/image': its pixels cannot be read")
    assert str(tmp_path) not in reply.body.decode()
    assert "image.tif" not in reply.body.decode()
