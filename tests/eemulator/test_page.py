"""The page at `/`: assets, footprints, previews, and the requests that were made."""

from __future__ import annotations

import io
import json
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import ee
import numpy as np
import PIL.Image
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from rasterio.io import MemoryFile

import eemulator
from eemulator import Band, Catalog, CollectionAsset, Fault, FaultKind, Grid, ImageAsset
from eemulator.page.code import expression_code
from eemulator.page.footprints import footprint_map
from eemulator.page.log import RequestLog

from . import synthetic
from .wire import compute, grid, pixels, send

if TYPE_CHECKING:
    from collections.abc import Iterator

EVIL = "<script>alert('\"&')</script>"


class _Parsed(HTMLParser):
    """Tags, links and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


def page(server: eemulator.Server, path: str = "/") -> _Parsed:
    reply = send(server, "GET", path)
    assert reply.status == 200, reply.body
    return _Parsed(reply.body.decode())


def code(value: Any) -> str:
    return expression_code(json.loads(ee.serializer.toJSON(value, for_cloud_api=True)))


def test_assets_are_listed_with_links(server: eemulator.Server) -> None:
    shown = page(server)
    for wanted in ("TEST/UTM", "TEST/SERIES", "IMAGE_COLLECTION", "5010", server.initialize_line):
        assert wanted in shown.text
    for link in shown.links:
        assert link.startswith("/page/asset?id=TEST/")


def test_what_users_make_is_listed(server: eemulator.Server) -> None:
    made = f"projects/{server.project}/assets/made"
    ee.data.createAsset({"type": "FOLDER"}, made)
    try:
        ee.data.createAsset({"type": "IMAGE_COLLECTION"}, f"{made}/series")
        assert f"{made}/series" in page(server).text
        assert "FOLDER" in page(server, f"/page/asset?id={made}").text
        assert "IMAGE_COLLECTION of 0" in page(server, f"/page/asset?id={made}/series").text
    finally:
        ee.data.deleteAsset(f"{made}/series")
        ee.data.deleteAsset(made)


def test_images_of_a_collection_come_in_pages(server: eemulator.Server) -> None:
    first = page(server, "/page/asset?id=TEST/MANY")
    assert "Images 1 to 50 of 5010" in first.text
    after = next(link for link in first.links if link.endswith("from=50"))
    second = page(server, after)
    assert "TEST/MANY/m00050" in second.text
    assert "TEST/MANY/m00049" not in second.text
    assert "Images 5010 to 5010" in page(server, "/page/asset?id=TEST/MANY&from=99999").text
    assert "Images 1 to 50" in page(server, "/page/asset?id=TEST/MANY&from=-3").text


def test_an_image_shows_its_footprint_and_bands(server: eemulator.Server) -> None:
    shown = page(server, "/page/asset?id=TEST/SERIES/s001")
    assert {"svg", "path", "image"} <= shown.tags
    assert "/page/preview?id=TEST%2FSERIES%2Fs001" in shown.links
    for wanted in ("u16", "EPSG:32738", "399960.0", "scene 1"):
        assert wanted in shown.text


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_the_preview_is_the_image(server: eemulator.Server) -> None:
    reply = send(server, "GET", "/page/preview?id=TEST/LONLAT")
    assert reply.headers["content-type"] == "image/png"
    with MemoryFile(reply.body) as memory, memory.open() as opened:
        red, green, blue, alpha = opened.read()
    # 0.4° by 0.3° on 168 by 126 pixels; the overview whose scale is not above 0.002381°.
    size = (126, 168)
    step = 0.4 / 168
    wire_grid = grid("EPSG:4326", (step, 0, 44, 0, -0.3 / 126, -18), 168, 126)
    wanted = pixels("TEST/LONLAT", wire_grid, bandIds=["u8"])["u8"]
    shown = pixels(ee.Image("TEST/LONLAT").select("u8").mask(), wire_grid)["u8"] > 0
    assert red.shape == size
    np.testing.assert_array_equal(red, green)
    np.testing.assert_array_equal(red, blue)
    np.testing.assert_array_equal(alpha, np.where(shown, 255, 0))
    low, high = np.percentile(wanted[shown].astype(float), (2, 98))
    expected = np.interp(wanted.astype(float), (low, high), (0, 255)).astype(np.uint8)
    np.testing.assert_array_equal(red, np.where(shown, expected, 0))


def test_what_is_not_there(server: eemulator.Server) -> None:
    assert send(server, "GET", "/page/asset?id=NONE").status == 404
    assert send(server, "GET", "/page/preview?id=TEST/SERIES").status == 404
    assert send(server, "POST", "/", b"{}").status == 404
    assert server.stats.requests == {"unknown": 1}


def test_the_log_says_what_was_asked_for(server: eemulator.Server) -> None:
    wire_grid = grid("EPSG:32738", (10, 0, 399_960, 0, -10, 8_000_020), 20, 10)
    pixels(ee.Image("TEST/UTM").select("u16"), wire_grid, bandIds=["u16"])
    entry = server.log[-1]
    assert entry.code == "ee.Image('TEST/UTM').select(['u16'])"
    assert entry.grid == "20 × 10 EPSG:32738 10 from 399960, 8000020"
    assert (entry.kind, entry.status, entry.size) == ("computePixels", 200, 128 + 20 * 10 * 2)
    assert entry.seconds is not None
    shown = page(server).text
    for wanted in (entry.code, entry.grid, "computePixels", "528"):
        assert wanted in shown


def test_failures_are_in_the_log(server: eemulator.Server) -> None:
    compute(server, {"result": "0", "values": {}})
    assert server.log[-1].status == 400
    server.faults.clear()
    server.faults.at(1, Fault(FaultKind.RESET))
    with pytest.raises(ConnectionError):
        compute(server, {"result": "0", "values": {"0": {"constantValue": 1}}})
    server.faults.clear()
    assert server.log[-1].fault == "reset"
    assert server.log[-1].status is None
    assert "injected fault: reset" in page(server).text


def test_the_log_is_bounded() -> None:
    log = RequestLog(kept=3)
    for number in range(5):
        log.begin("GET", f"/{number}")
    assert [entry.path for entry in log.entries()] == ["/2", "/3", "/4"]
    entry = log.begin("POST", "/long")
    entry.understood("value:compute", "projects/p", {}, b" " * 1_000_000)
    assert entry.body is None
    assert "too long" in entry.code


def test_credentials_are_not_in_the_log(server: eemulator.Server) -> None:
    secret = "c0nfidential"  # noqa: S105
    path = f"/v1/projects/p/assets?key={secret}&access_token={secret}"
    send(server, "GET", path, headers={"authorization": f"Bearer {secret}"})
    path = f"/v1/projects/earthengine-public/assets/TEST/SERIES:listAssets?pageSize=1&key={secret}"
    send(server, "GET", path, headers={"x-goog-api-key": secret})
    assert server.log[-1].query == {"pageSize": "1"}
    assert secret not in repr(server.log)
    assert secret not in send(server, "GET", "/").body.decode()


@pytest.fixture(scope="module")
def hostile() -> Iterator[eemulator.Server]:
    """Assets whose names and properties are HTML."""
    area = shapely.box(44, -18.3, 44.4, -18)
    lattice = Grid("EPSG:4326", (0.1, 0.0, 44.0, 0.0, -0.1, -18.0), 4, 3)
    bands = (Band(EVIL, np.dtype(np.uint8), lattice),)
    image = ImageAsset(f"A{EVIL}/i", bands, {EVIL: EVIL}, area, synthetic._Formula(1, lattice))
    assets = [CollectionAsset(f"A{EVIL}", [image], {EVIL: EVIL})]
    with eemulator.running(Catalog(assets)) as server:
        yield server


def test_names_and_expressions_are_escaped(hostile: eemulator.Server) -> None:
    compute(hostile, {"result": "0", "values": {"0": {"constantValue": EVIL}}})
    call = {"functionInvocationValue": {"functionName": EVIL, "arguments": {EVIL: {}}}}
    compute(hostile, {"result": "0", "values": {"0": call}})
    send(hostile, "GET", f"/v1/{quote(EVIL)}")
    asset = quote(f"A{EVIL}")
    for path in ("/", f"/page/asset?id={asset}", f"/page/asset?id={asset}/i"):
        shown = page(hostile, path)
        assert "script" not in shown.tags
        assert "<script>" in shown.text
    missing = send(hostile, "GET", f"/page/asset?id={quote(EVIL)}")
    assert missing.headers["content-type"].startswith("text/plain")
    assert "default-src 'none'" in missing.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:80", 200),
        ("127.0.0.1", 200),
        ("[::1]:8080", 200),
        ("emulator", 200),
        ("rebound.example.com", 403),
        ("127.0.0.1.example.com:80", 403),
    ],
)
def test_pages_are_not_for_other_sites(server: eemulator.Server, host: str, status: int) -> None:
    assert send(server, "GET", "/", headers={"host": host}).status == status


def test_expressions_as_python(server: eemulator.Server) -> None:
    series = ee.ImageCollection("TEST/SERIES")
    assert code(series.filterDate("2024-01-01", "2024-01-03").median().add(1)) == (
        "ee.ImageCollection('TEST/SERIES')\n"
        "    .filter(ee.Filter.dateRangeContains("
        "leftValue=ee.DateRange('2024-01-01', '2024-01-03'), rightField='system:time_start'))\n"
        "    .median()\n"
        "    .add(ee.Image(1))"
    )
    mapped = series.map(lambda image: image.And(1).copyProperties(image))
    assert code(mapped) == (
        "ee.ImageCollection('TEST/SERIES').map(lambda x: x.And(ee.Image(1)).copyProperties(x))"
    )
    rows = ee.FeatureCollection([ee.Feature(ee.Geometry.Point(1, 2), {"a": 1})])
    assert code(rows.aggregate_array("a")) == (
        "ee.FeatureCollection([ee.Feature(ee.Geometry.Point([1, 2]), {'a': 1})])\n"
        "    .aggregate_array('a')"
    )
    assert code(ee.Geometry.Point(1, 2).buffer(3)) == "ee.Geometry.Point([1, 2]).buffer(3)"
    assert code(ee.Dictionary({"a": [1, ee.Number(2).add(3)]})) == "{'a': [1, ee.Number(2).add(3)]}"


def test_what_is_used_twice_has_a_name() -> None:
    image = ee.Image("TEST/UTM").select("u8").add(1)
    assert code(image.multiply(image).updateMask(image)) == (
        "v1 = ee.Image('TEST/UTM').select(['u8']).add(ee.Image(1))\nv1.multiply(v1).updateMask(v1)"
    )
    mapped = ee.List([1, 2]).map(lambda n: ee.Number(n).add(1000).multiply(ee.Number(n).add(1000)))
    assert code(mapped) == (
        "ee.List([1, 2]).map(lambda x: x.add(1000).multiply(x.add(1000)), False)"
    )


def test_long_expressions_are_cut() -> None:
    doubled: dict[str, Any] = {"0": {"argumentReference": "x"}}
    for level in range(1, 50):
        reference = {"valueReference": str(level - 1)}
        doubled[str(level)] = {"arrayValue": {"values": [reference, reference]}}
    text = expression_code({"result": "49", "values": doubled})
    assert "…" in text
    assert len(text) < 10_000
    doubled["0"] = {"constantValue": "x"}
    text = expression_code({"result": "49", "values": doubled})
    assert "…" in text
    assert "v9 = [[[v8, v8], " in text
    assert len(text) < 10_000
    looped = {"result": "0", "values": {"0": {"arrayValue": {"values": [{"valueReference": "0"}]}}}}
    assert "…" in expression_code(looped)


_KEYS = (
    *("values", "result", "0", "constantValue", "valueReference", "arrayValue", "dictionaryValue"),
    *("functionInvocationValue", "functionName", "arguments", "functionReference"),
    *("functionDefinitionValue", "argumentNames", "body"),
)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_KEYS),
            inner,
            max_size=3,
        )
    ),
    max_leaves=30,
)


@given(_JSON, _JSON)
def test_whatever_was_sent_can_be_shown(anything: Any, node: Any) -> None:
    assert isinstance(expression_code(anything), str)
    assert isinstance(expression_code({"result": "0", "values": {"0": node}}), str)


def test_footprints_keep_their_shape_and_holes() -> None:
    outer = shapely.box(10, -20, 14, -18)
    image = synthetic.image("A", 1, synthetic.LONLAT)
    ring = outer.difference(shapely.box(11, -19.5, 12, -19))
    holed = ImageAsset("B", image.bands, {}, ring, image.sample)
    drawn = footprint_map([holed])
    assert drawn is not None
    assert drawn.box.width == 2 * drawn.box.height
    assert drawn.paths[0].count("M") == 2
    empty = ImageAsset("C", image.bands, {}, None, image.sample)
    assert footprint_map([empty]) is None
    assert (
        footprint_map([ImageAsset("D", image.bands, {}, shapely.Point(1, 2), image.sample)]) is None
    )


def test_what_users_make_is_shown_too(server: eemulator.Server) -> None:
    home = f"projects/{server.project}/assets"
    try:
        image = ee.Image("TEST/LONLAT").select("u8").gt(100)
        rows = [ee.Feature(ee.Geometry.Point([k, k]), {"number": k}) for k in range(60)]
        tasks = [
            ee.batch.Export.image.toAsset(image, "image", f"{home}/zeros_and_ones"),
            ee.batch.Export.table.toAsset(ee.FeatureCollection(rows), "table", f"{home}/table"),
        ]
        for task in tasks:
            task.start()
            operations = ee.data._get_cloud_projects().operations()
            operations.wait(name=task.operation_name, body={}).execute()
            assert task.status()["state"] == "COMPLETED"
        with PIL.Image.open(
            io.BytesIO(send(server, "GET", f"/page/preview?id={home}/zeros_and_ones").body)
        ) as opened:
            found = np.asarray(opened)
        # Of the overview: each of its pixels has a valid one of the four.
        assert {tuple(one) for one in found.reshape(-1, 4).tolist()} == {
            (0, 0, 0, 255),
            (255, 255, 255, 255),
        }
        table = page(server, f"/page/asset?id={home}/table")
        assert "Rows 1 to 50 of 60" in table.text
        assert "number: 49" in table.text
        after = next(link for link in table.links if link.endswith("from=50"))
        assert "number: 59" in page(server, after).text
        ee.data.createAsset({"type": "Folder"}, f"{home}/folder")
        assert server.log[-1].query == {"assetId": "folder"}
    finally:
        server.reset()


def test_tiles_and_thumbnails_are_shown_as_what_they_stand_for(server: eemulator.Server) -> None:
    image = ee.Image("TEST/LONLAT").select("u8")
    image.getMapId({"min": 0, "max": 250})["tile_fetcher"].fetch_tile(5, 2, 3)
    thumbnail = image.getThumbURL({"min": 0, "max": 250, "dimensions": 16})
    assert send(server, "GET", urlsplit(thumbnail).path).status == 200
    made, tile, named, picture = server.log
    assert [entry.kind for entry in server.log] == ["maps", "getTile", "thumbnails", "getThumbnail"]
    assert (tile.code, picture.code) == (made.code, named.code)
    assert "visualize" in made.code
    assert "tile 2/5/3" not in page(server, "/").text
    assert "tile 3/5/2" in page(server, "/").text
