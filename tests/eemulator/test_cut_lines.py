"""`cutLines`: pieces as long as asked, that make the line again."""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest
from pyproj import Geod

from .wire import info

pytestmark = pytest.mark.usefixtures("server")

GEOD = Geod(ellps="WGS84")
G = ee.Geometry
# That of ee-geometry-linestring-cutlines.
LINE = [[-122.09, 37.42], [-122.08, 37.43]]
BENT = [[10, 50], [10.2, 50], [10.2, 50.1], [10.3, 50.3]]


def lengths(pieces: list[Any]) -> list[float]:
    return [GEOD.line_length(*np.array(piece).T) for piece in pieces]


def test_the_line_of_the_page() -> None:
    found = info(G.LineString(LINE).cutLines([10, 100], 1))
    assert found["type"] == "MultiLineString"
    pieces = found["coordinates"]
    whole = GEOD.line_length(*np.array(LINE).T)
    assert lengths(pieces) == pytest.approx([10, 90, whole - 100], rel=1e-5)
    assert [pieces[0][0], pieces[-1][-1]] == LINE
    assert [piece[-1] for piece in pieces[:-1]] == [piece[0] for piece in pieces[1:]]


@pytest.mark.parametrize("distances", [[], [0], [0, 5000, 14_000], [20_000, 30_000, 1e9]])
def test_corners_stay(distances: list[float]) -> None:
    pieces = info(G.LineString(BENT).cutLines(distances).coordinates())
    joined = [pieces[0][0], *(point for piece in pieces for point in piece[1:])]
    assert [point for point in joined if point in BENT] == BENT
    total = sum(lengths([BENT]))
    inner = [0.0, *(at for at in distances if 0 < at < total), total]
    assert lengths(pieces) == pytest.approx(np.diff(inner).tolist(), rel=3e-5)


def test_long_edges_are_great_circles() -> None:
    """Half of a line along 60° N, 90° wide, by the haversine's closed form: at 67.79° N."""
    whole = G.LineString([[0, 60], [90, 60]])
    half = info(whole.length()) / 2
    (_, middle), _ = info(whole.cutLines([half]).coordinates())
    assert middle == pytest.approx([45, np.degrees(np.arctan2(np.sqrt(3), np.sqrt(0.5)))], abs=1e-9)
    straight = G.LineString([[0, 60], [90, 60]], None, False)
    assert info(straight.cutLines([1]).coordinates())[0][1][1] == 60


def test_several_lines_in_a_projection() -> None:
    utm = "EPSG:32633"
    lines = [[[0, 0], [30, 0], [30, 40]], [[100, 100], [100, 120]]]
    moved = [[[x + 500_000, y + 5_000_000] for x, y in line] for line in lines]
    proj = ee.Projection(utm)
    found = info(G.MultiLineString(moved, proj, False).cutLines([30, 50], 1, proj))
    pieces = (np.array(piece) - [500_000, 5_000_000] for piece in found["coordinates"])
    assert [piece.tolist() for piece in pieces] == [
        [[0, 0], [30, 0]],
        [[30, 0], [30, 20]],
        [[30, 20], [30, 40]],
        [[100, 100], [100, 120]],
    ]
    assert found["crs"]["properties"]["name"] == utm


def test_what_is_no_line_gives_nothing() -> None:
    """ee-geometry-cutlines: all others become an empty MultiLineString."""
    square = G.Polygon([[[0, 0], [1, 0], [1, 1]]])
    assert info(square.cutLines([10])) == {"type": "MultiLineString", "coordinates": []}
    feature = info(ee.Feature(G.LineString(LINE), {"a": 1}).cutLines([10]))
    assert feature["properties"] == {"a": 1}
    assert len(feature["geometry"]["coordinates"]) == 2
    ring = G.LinearRing([[0, 0], [1, 0], [1, 1], [0, 0]])
    assert len(info(ring.cutLines([10]).coordinates())) == 2


@pytest.mark.parametrize("distances", [[2, 1], [-1, 1], [1, float("inf")]])
def test_distances_must_ascend(distances: list[float]) -> None:
    with pytest.raises(ee.EEException, match="ascending"):
        info(G.LineString(LINE).cutLines(distances))
    with pytest.raises(ee.EEException, match="no geometry"):
        info(ee.Feature(None, {}).cutLines([1]))
