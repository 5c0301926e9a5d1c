"""Map tiles through the client, and what becomes of their names."""

from __future__ import annotations

import math
from urllib.parse import urlsplit

import ee
import numpy as np
import pytest

import eemulator

from . import synthetic
from .test_pictures import decoded
from .wire import PROJECT, grid, pixels, send

EDGE = math.pi * 6_378_137


def tile_of(longitude: float, latitude: float, zoom: int) -> tuple[int, int]:
    """Where a point's tile is."""
    y = math.asinh(math.tan(math.radians(latitude)))
    count = 2**zoom
    return int((longitude + 180) / 360 * count), int((1 - y / math.pi) / 2 * count)


@pytest.mark.parametrize("zoom", [12, 14])
def test_a_tile_is_256_pixels_of_web_mercator(server: eemulator.Server, zoom: int) -> None:
    """At zoom 12, pixels of 38 m are read from the level of 20 m."""
    image = ee.Image("TEST/UTM")
    fetcher = image.getMapId({"bands": ["u8"], "min": 0, "max": 250, "format": "png"})[
        "tile_fetcher"
    ]
    x, y = tile_of(44.06, -18.09, zoom)
    found = decoded(fetcher.fetch_tile(x, y, zoom))
    width = 2 * EDGE / 2**zoom
    size = width / 256
    at = grid("EPSG:3857", (size, 0, x * width - EDGE, 0, -size, EDGE - y * width), 256, 256)
    values = pixels(image.select("u8"), at)["u8"]
    shown = pixels(image.select("u8").mask(), at)["u8"] > 0
    assert shown.any()
    stretched = np.floor(np.clip(values / 250, 0, 1) * 255 + 0.5)
    for i in range(3):
        np.testing.assert_array_equal(found[..., i], np.where(shown, stretched, 0))
    alpha = np.rint(pixels(image.select("u8").mask(), at)["u8"].astype(np.float32) * 255)
    np.testing.assert_array_equal(found[..., 3], alpha)
    assert fetcher.url_format.startswith(server.url)
    again = send(server, "GET", urlsplit(fetcher.format_tile_url(x, y, zoom)).path)
    assert again.headers["content-type"] == "image/png"
    np.testing.assert_array_equal(decoded(again.body), found)


def test_the_world_is_one_tile_and_elsewhere_is_empty(server: eemulator.Server) -> None:
    assert server.url
    fetcher = ee.Image("TEST/UTM").getMapId({"bands": "u8"})["tile_fetcher"]
    assert decoded(fetcher.fetch_tile(0, 0, 0)).shape == (256, 256, 4)
    assert not decoded(fetcher.fetch_tile(0, 0, 10)).any()


def test_names_cannot_be_guessed_and_are_forgotten() -> None:
    limits = eemulator.Limits(kept_names=2)
    with eemulator.running(synthetic.catalog(), limits) as server:
        body = {"expression": _expression(), "fileFormat": "PNG"}
        names = [
            send(server, "POST", f"{PROJECT}/maps", body).json["name"].rpartition("/")[2]
            for _ in range(3)
        ]
        assert len(set(names)) == 3
        assert all(len(name) == 32 for name in names)
        replies = [send(server, "GET", f"{PROJECT}/maps/{name}/tiles/0/0/0") for name in names]
    assert [reply.status for reply in replies] == [404, 200, 200]
    assert replies[0].json["error"]["status"] == "NOT_FOUND"
    assert names[0] in replies[0].message


@pytest.mark.parametrize("place", ["3/8/0", "3/0/8", "25/0/0"])
def test_tiles_that_are_not_there(server: eemulator.Server, place: str) -> None:
    body = {"expression": _expression(), "fileFormat": "PNG"}
    name = send(server, "POST", f"{PROJECT}/maps", body).json["name"]
    reply = send(server, "GET", f"/v1/{name}/tiles/{place}")
    assert (reply.status, reply.message) == (400, f"There is no tile {place}.")
    assert send(server, "GET", f"/v1/{name}/tiles/0/0/-1").status == 404
    assert send(server, "GET", f"/v1/{name}/tiles/0/0").status == 404


def test_what_is_wrong_is_told_when_a_map_is_made(server: eemulator.Server) -> None:
    assert server.url
    with pytest.raises(ee.EEException, match="did not match any bands"):
        ee.Image("TEST/UTM").getMapId({"bands": ["none"]})
    with pytest.raises(ee.EEException, match="is not one of map tiles"):
        ee.Image("TEST/UTM").getMapId({"bands": ["u8"], "format": "GEO_TIFF"})
    with pytest.raises(ee.EEException, match="does not evaluate to an image"):
        ee.data.getMapId({"image": ee.ImageCollection("TEST/SERIES")})
    reply = send(server, "POST", f"{PROJECT}/maps", {"expression": _expression(), "grid": {}})
    assert 'Unknown name "grid"' in reply.message


def _expression() -> dict[str, object]:
    node = {
        "functionInvocationValue": {
            "functionName": "Image.constant",
            "arguments": {"value": {"constantValue": 1}},
        }
    }
    return {"result": "0", "values": {"0": node}}


def test_making_a_map_or_a_thumbnail_holds_a_place_and_may_fail() -> None:
    with eemulator.running(synthetic.catalog()) as server:
        body = {"expression": _expression(), "fileFormat": "PNG"}
        server.faults.at(2, eemulator.Fault(eemulator.FaultKind.UNAVAILABLE))
        paths = [f"{PROJECT}/maps", f"{PROJECT}/thumbnails", f"{PROJECT}/maps"]
        assert [send(server, "POST", path, body).status for path in paths] == [200, 503, 200]
        assert server.stats.peak_concurrency == 1
        assert server.stats.eecu_seconds > 0
    with eemulator.running(synthetic.catalog(), eemulator.Limits(concurrent_requests=0)) as full:
        assert [send(full, "POST", path, body).status for path in paths] == [429] * 3


def test_a_reset_forgets_names_and_the_log() -> None:
    with eemulator.running(synthetic.catalog()) as server:
        body = {"expression": _expression(), "fileFormat": "PNG"}
        made = send(server, "POST", f"{PROJECT}/maps", body).json["name"]
        thumbnail = send(server, "POST", f"{PROJECT}/thumbnails", body).json["name"]
        paths = [f"/v1/{made}/tiles/0/0/0", f"/v1/{thumbnail}:getPixels"]
        assert [send(server, "GET", path).status for path in paths] == [200, 200]
        server.reset()
        assert server.log == []
        assert [send(server, "GET", path).status for path in paths] == [404, 404]
        assert [entry.number for entry in server.log] == [1, 2]
