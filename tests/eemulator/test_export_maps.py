"""Exports of maps, and how files of an export appear."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import ee
import pytest
from PIL import Image

from eemulator.exports.folder import publish
from tests.eemulator.exporting import finished
from tests.eemulator.wire import PROJECT, send

if TYPE_CHECKING:
    import eemulator

LONLAT = "TEST/LONLAT"
"""0.4° from 44° E, and 0.3° from 18° S."""

pytestmark = pytest.mark.usefixtures("exporting")


def picture() -> Any:
    return ee.Image(LONLAT).select("u8").visualize(min=0, max=255)


def to_bucket(image: Any, name: str, **options: Any) -> dict[str, Any]:
    return finished(ee.batch.Export.map.toCloudStorage(image, name, "bucket", **options))


def tiles(place: Path) -> set[str]:
    return {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}


def expected_tiles(west: float, south: float, east: float, north: float, zoom: int) -> set[str]:
    """By the formulas of https://developers.google.com/maps/documentation/javascript/coordinates."""

    def column(lon: float) -> float:
        return (lon + 180) / 360 * 2.0**zoom

    def row(lat: float) -> float:
        sine = math.sin(math.radians(lat))
        return (0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)) * 2.0**zoom

    return {
        f"{zoom}/{x}/{y}"
        for x in range(int(column(west)), int(column(east)) + 1)
        for y in range(int(row(north)), int(row(south)) + 1)
    }


def test_a_map_becomes_the_tiles_that_the_map_shows(folder: Path) -> None:
    status = to_bucket(picture(), "plain", maxZoom=10)
    assert (status["state"], status["task_type"]) == ("COMPLETED", "EXPORT_TILES")
    assert status["destination_uris"] == [(folder / "bucket" / "plain").as_uri()]
    found = tiles(folder / "bucket" / "plain")
    wanted = [expected_tiles(44, -18.3, 44.4, -18, zoom) for zoom in range(11)]
    assert found == set().union(*wanted)
    template = picture().getMapId()["tile_fetcher"].url_format
    for name in sorted(found)[-3:]:
        zoom, x, y = name.split("/")
        with urlopen(template.format(z=zoom, x=x, y=y)) as reply:  # noqa: S310
            assert reply.read() == (folder / "bucket" / "plain" / name).read_bytes()


def test_scale_region_format_and_empty_tiles(folder: Path) -> None:
    # 611 m is zoom 8 at the equator; https://developers.google.com/earth-engine/guides/exporting_map_tiles
    area = ee.Geometry.BBox(43, -18.25, 44.05, -17)
    options = {"scale": 611, "minZoom": 8, "region": area, "fileFormat": "png", "path": "a/b/"}
    assert to_bucket(picture(), "x", **options)["state"] == "COMPLETED"
    whole = tiles(folder / "bucket" / "a" / "b")
    # What the clip leaves is where the region meets the image.
    assert whole == expected_tiles(44, -18.25, 44.05, -18, 8)
    for name in whole:
        content = (folder / "bucket" / "a" / "b" / name).read_bytes()
        assert Image.open(io.BytesIO(content)).format == "PNG"
    nothing = picture().updateMask(0)
    assert to_bucket(nothing, "none", maxZoom=3, skipEmptyTiles=True)["state"] == "COMPLETED"
    assert not (folder / "bucket" / "none").exists()
    assert to_bucket(nothing, "empty", maxZoom=3)["state"] == "COMPLETED"
    assert len(tiles(folder / "bucket" / "empty")) == 4


def test_without_a_zoom_the_scale_of_the_image_decides(folder: Path) -> None:
    image = picture().reproject("EPSG:4326", None, 5000)
    assert to_bucket(image, "own", minZoom=4)["state"] == "COMPLETED"
    # 4.9 km is zoom 5.
    assert {name.partition("/")[0] for name in tiles(folder / "bucket" / "own")} == set("45")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"maxZoom": 30}, "Zoom levels go from 0 to 24"),
        ({"maxZoom": 3, "minZoom": 4}, "minZoom is at most maxZoom"),
        ({"fileFormat": "GEO_TIFF"}, "is not one of map tiles"),
        ({"scale": -1}, "Invalid value at 'tile_options'"),
    ],
)
def test_malformed_options_are_refused_at_once(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ee.EEException, match=words):
        to_bucket(picture(), "x", **options)
    assert ee.data.listOperations() == []


def test_too_many_tiles_are_refused(folder: Path, exporting: eemulator.Server) -> None:
    status = to_bucket(ee.Image(1).byte(), "many", maxZoom=20)
    assert status["state"] == "FAILED"
    assert status["error_message"].startswith("Export too large: more than 100000 tiles")
    assert not (folder / "bucket" / "many").exists()
    reply = send(exporting, "POST", f"{PROJECT}/map:export", {"expression": {}, "tileOptions": []})
    assert reply.status == 400


def ready(place: Path, *names: str) -> list[Path]:
    paths = [place / name for name in names]
    for path in paths:
        path.write_text(path.name)
    return paths


def renames(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders that are renamed from now on, by their last parts."""
    found: list[str] = []
    plain = Path.rename

    def rename(self: Path, target: Path) -> Path:
        found.append(target.name)
        return plain(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    return found


def test_a_new_folder_appears_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = renames(monkeypatch)
    place = tmp_path / "deep" / "new"
    one, two = ready(tmp_path, "1", "2")
    publish([(one, place / "a"), (two, place / "b" / "c")])
    assert found == ["new"]
    assert ((place / "a").read_text(), (place / "b" / "c").read_text()) == ("1", "2")
    three, four = ready(tmp_path, "3", "4")
    publish([(three, place / "a"), (four, place / "d")])
    assert found == ["new"]
    assert {path.name: path.read_text() for path in place.iterdir() if path.is_file()} == {
        "a": "3",
        "d": "4",
    }
    publish([])
    assert {path.name for path in tmp_path.iterdir()} == {"deep"}


def test_a_folder_that_comes_in_between_is_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "new"
    one, two = ready(tmp_path, "1", "2")
    plain = Path.rename

    def rename(self: Path, target: Path) -> Path:
        place.mkdir()
        ready(place, "other")
        return plain(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    publish([(one, place / "a"), (two, place / "b")])
    assert {path.name for path in place.iterdir()} == {"a", "b", "other"}
