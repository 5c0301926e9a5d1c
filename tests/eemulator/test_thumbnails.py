"""Downloads by URL: a request is kept under a name, and its pixels fetched by that name."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import ee
import numpy as np
import pytest
import rasterio
from PIL import Image

import eemulator
from eemulator.errors import ServiceError
from eemulator.rest.kept import Kept

from . import synthetic
from .synthetic import UTM, formula, is_valid
from .test_pictures import decoded
from .wire import PROJECT, Reply, call, send

if TYPE_CHECKING:
    from numpy.typing import NDArray


def test_get_download_url(server: eemulator.Server) -> None:
    a, _, left, _, e, top = UTM.transform
    url = ee.Image("TEST/UTM").getDownloadURL(
        {
            "format": "NPY",
            "bands": ["u16", "flag"],
            "crs": UTM.crs,
            "crs_transform": [a, 0, left + 20 * a, 0, e, top + 30 * e],
            "dimensions": [40, 25],
        }
    )
    reply = send(server, "GET", urlsplit(url).path)
    assert reply.status == 200
    rows, cols = np.arange(30, 55)[:, None], np.arange(20, 60)[None]
    assert reply.array.shape == (25, 40)
    for name in ("u16", "flag"):
        valid = is_valid(name, 3, rows, cols)
        expected = np.where(valid, formula(name, 3, rows, cols), 0)
        np.testing.assert_array_equal(reply.array[name], expected)


def fetched(server: eemulator.Server, url: str) -> Reply:
    assert url.startswith(server.url)
    reply = send(server, "GET", urlsplit(url).path)
    assert reply.status == 200, reply.message
    return reply


def test_a_thumbnail_of_a_region(server: eemulator.Server) -> None:
    image = ee.Image("TEST/UTM")
    area = ee.Geometry.Rectangle([400_160, 7_999_420, 400_560, 7_999_720], UTM.crs, geodesic=False)
    url = image.getThumbURL(
        {"region": area, "dimensions": "40x30", "bands": "i32", "min": -1e9, "max": 1e9,
         "crs": UTM.crs, "palette": "black,white", "format": "png"}
    )  # fmt: skip
    reply = fetched(server, url)
    assert reply.headers["content-type"] == "image/png"
    rows, cols = np.mgrid[30:60, 20:60]
    part = np.clip((formula("i32", 3, rows, cols) + 1e9) / 2e9, 0, 1)
    found = decoded(reply.body)
    for i in range(3):
        np.testing.assert_array_equal(found[..., i], np.floor(part * 255 + 0.5))
    assert (found[..., 3] == 255).all()


def test_geotiffs_in_a_zip(server: eemulator.Server) -> None:
    a, _, left, _, e, top = UTM.transform
    request = {
        "bands": ["u16", "i16"],
        "crs": UTM.crs,
        "crs_transform": [a, 0, left, 0, e, top],
        "dimensions": [20, 10],
    }
    rows, cols = np.mgrid[0:10, 0:20]
    for change, names in (
        ({}, ["UTM.u16.tif", "UTM.i16.tif"]),
        ({"format": "ZIPPED_GEO_TIFF", "name": "../a b"}, [".._a_b.tif"]),
        ({"filePerBand": False, "name": "x"}, ["x.tif"]),
    ):
        reply = fetched(server, ee.Image("TEST/UTM").getDownloadURL(request | change))
        assert reply.headers["content-type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(reply.body)) as archive:
            assert archive.namelist() == names
            found: dict[str, NDArray[Any]] = {}
            for name in names:
                with rasterio.open(io.BytesIO(archive.read(name))) as file:
                    bands = [name.split(".")[1]] if len(names) == 2 else ["u16", "i16"]
                    assert file.transform.to_gdal() == (left, a, 0, top, 0, e)
                    found |= dict(zip(bands, file.read(masked=True), strict=True))
        for band in ("u16", "i16"):
            shown = is_valid(band, 3, rows, cols)
            values = formula(band, 3, rows, cols)
            if band == "u16" and len(names) == 2:  # 0 is what masked pixels are given
                shown &= values != 0
            np.testing.assert_array_equal(~np.ma.getmaskarray(found[band]), shown)
            np.testing.assert_array_equal(found[band].data[shown], values[shown])


def test_a_computed_image_is_called_download(server: eemulator.Server) -> None:
    area = ee.Geometry.Rectangle([400_000, 7_999_000, 400_100, 7_999_100], UTM.crs, geodesic=False)
    url = ee.Image("TEST/UTM").select("u8").add(1).getDownloadURL({"region": area, "scale": 10})
    with zipfile.ZipFile(io.BytesIO(fetched(server, url).body)) as archive:
        assert archive.namelist() == ["download.u8.tif"]


def test_frames_of_a_collection(server: eemulator.Server) -> None:
    """Black and white, so that the palette of a GIF changes nothing."""
    a, _, left, _, e, top = UTM.transform
    series = ee.ImageCollection("TEST/SERIES").select("flag")
    request = {
        "crs": UTM.crs,
        "crs_transform": [a, 0, left, 0, e, top],
        "dimensions": [24, 18],
        "palette": ["black", "white"],
        "min": 0,
        "max": 1,
    }
    rows, cols = np.mgrid[0:18, 0:24]
    expected = [
        np.where(is_valid("flag", k, rows, cols), formula("flag", k, rows, cols) * 255, 0)
        for k in range(10, 16)
    ]
    reply = fetched(server, series.getVideoThumbURL({**request, "framesPerSecond": 4}))
    assert reply.headers["content-type"] == "image/gif"
    video = Image.open(io.BytesIO(reply.body))
    assert (getattr(video, "n_frames", 1), video.info["duration"]) == (6, 250)
    for number, frame in enumerate(expected):
        video.seek(number)
        np.testing.assert_array_equal(np.array(video.convert("RGB"))[..., 0], frame)
    strip = decoded(fetched(server, series.getFilmstripThumbURL(request)).body)
    assert strip.shape == (6 * 18, 24, 4)
    np.testing.assert_array_equal(strip[..., 0], np.concatenate(expected))


def test_what_is_too_large_is_told_when_a_name_is_asked_for(server: eemulator.Server) -> None:
    assert server.url
    image = ee.Image("TEST/UTM").select("u8")
    with pytest.raises(ee.EEException, match=r"\(10001x8334\) must be less .* 10000\."):
        image.getThumbURL({"dimensions": 10_001})
    area = ee.Geometry.Rectangle([400_000, 7_990_000, 460_000, 8_000_000], UTM.crs, geodesic=False)
    request = {"region": area, "scale": 7, "format": "GEO_TIFF"}
    wide = image.toDouble().addBands([image.toDouble()] * 2)
    with pytest.raises(ee.EEException, match=r"Total request size \(\d+ bytes\) must be less"):
        wide.getDownloadURL(request)
    with pytest.raises(ee.EEException, match=r"Total request size \(\d+ bytes\) must be less"):
        wide.getDownloadURL({"region": area, "scale": 7})
    with pytest.raises(ee.EEException, match="did not match any bands"):
        image.getThumbURL({"bands": ["none"]})


def test_frames_are_checked_too(server: eemulator.Server) -> None:
    assert server.url
    series = ee.ImageCollection("TEST/SERIES").select("u8")
    for pace in (0, -1, 1000, "fast"):
        with pytest.raises(ee.EEException, match="frames_per_second"):
            series.getVideoThumbURL({"dimensions": 20, "framesPerSecond": pace})
    with pytest.raises(ee.EEException, match="has no images"):
        series.filter(ee.Filter.eq("name", "none")).getVideoThumbURL({"dimensions": 20})
    with pytest.raises(ee.EEException, match="collection of images"):
        ee.data.getThumbId({"image": ee.Image(1)}, "video")
    with pytest.raises(ee.EEException, match="not evaluate to an image"):
        ee.data.getThumbId({"image": series})
    with pytest.raises(ee.EEException, match="Total request size"):
        series.getFilmstripThumbURL({"dimensions": "4000x4000"})


def test_frames_are_no_more_than_elements() -> None:
    node = call("ImageCollection.load", id="TEST/SERIES")
    body = {"expression": {"result": "0", "values": {"0": node}}, "fileFormat": "GIF"}
    for elements, status in ((5, 400), (6, 200)):
        limits = eemulator.Limits(elements=elements)
        with eemulator.running(synthetic.catalog(), limits) as server:
            reply = send(server, "POST", f"{PROJECT}/videoThumbnails", body)
        assert reply.status == status
        assert (b"accumulating over 5 elements" in reply.body) == (status == 400)


@pytest.mark.parametrize("room", ["thumbnails", "videoThumbnails", "filmstripThumbnails"])
def test_an_unknown_name_is_not_found(server: eemulator.Server, room: str) -> None:
    reply = send(server, "GET", f"/v1/projects/local-emulator/{room}/none:getPixels")
    assert (reply.status, reply.json["error"]["status"]) == (404, "NOT_FOUND")


def test_names_are_kept_by_number_by_size_and_for_a_time() -> None:
    now = 0.0
    limits = eemulator.Limits(kept_names=3, kept_bytes=100, kept_seconds=60)
    kept = Kept("Thumbnail", limits, lambda: now)
    names = [kept.keep("projects/p", "thumbnails", b"x" * 10) for _ in range(4)]
    with pytest.raises(ServiceError, match="not found"):
        kept.get(names[0])
    assert [kept.get(name) for name in names[1:]] == [b"x" * 10] * 3
    large = kept.keep("projects/p", "thumbnails", b"y" * 85)
    with pytest.raises(ServiceError, match="not found"):
        kept.get(names[2])
    assert kept.get(names[3])
    now = 59.0
    assert kept.get(large)
    now = 60.0
    with pytest.raises(ServiceError, match="make a new one"):
        kept.get(large)
