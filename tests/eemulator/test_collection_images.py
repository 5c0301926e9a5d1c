"""Images of features: what lies in a pixel, how far the next one is, pictures; points at random.

Sources: https://developers.google.com/earth-engine/apidocs/ee-featurecollection-reducetoimage,
-distance, -draw, -style, -makearray, -randompoints.
"""

from __future__ import annotations

import io
import math
import urllib.request
from typing import Any

import ee
import numpy as np
import pytest
import shapely
from PIL import Image

from .wire import grid, info, pixels

pytestmark = pytest.mark.usefixtures("server")

# Pixels of a degree, columns and rows from 0 at the upper left.
PLAIN = grid("EPSG:4326", (1, 0, 0, 0, -1, 14), 20, 14)


def box(left: float, top: float, right: float, bottom: float) -> Any:
    """A rectangle in columns and rows of `PLAIN`."""
    return ee.Geometry.Rectangle([left, 14 - bottom, right, 14 - top], None, geodesic=False)


def point(column: float, row: float) -> Any:
    return ee.Geometry.Point([column, 14 - row])


def table() -> Any:
    return ee.FeatureCollection(
        [
            ee.Feature(box(0, 0, 4, 4), {"x": 3, "y": 1}),
            ee.Feature(box(2, 2, 6, 6), {"x": 5, "y": 2}),
            ee.Feature(point(1.5, 1.5), {"x": 10, "y": -3}),
            ee.Feature(None, {"x": 100, "y": 1}),
            ee.Feature(box(0, 0, 20, 14), {"y": 3}),
        ]
    )


def test_features_of_a_pixel_are_reduced() -> None:
    total = table().reduceToImage(["x"], ee.Reducer.sum())
    described = info(total)["bands"][0]
    assert (described["id"], described["crs_transform"]) == ("sum", [1, 0, 0, 0, 1, 0])
    expected = np.zeros((14, 20))
    expected[0:4, 0:4] += 3
    expected[2:6, 2:6] += 5
    expected[1, 1] += 10
    np.testing.assert_array_equal(pixels(total, PLAIN)["sum"], expected)
    mask = pixels(total.mask(), PLAIN)["sum"]
    np.testing.assert_array_equal(mask, expected > 0)
    both = pixels(table().reduceToImage(["x", "y"], ee.Reducer.max(2)), PLAIN)
    assert (both["max"][1, 1], both["max1"][1, 1]) == (10, -3)
    assert (both["max"][3, 3], both["max1"][3, 3]) == (5, 2)
    stats = ee.Reducer.mean().combine(ee.Reducer.count(), "", sharedInputs=True)
    found = pixels(table().reduceToImage(["x"], stats), PLAIN)
    assert (found["mean"][3, 3], found["count"][3, 3]) == (4, 2)
    with pytest.raises(ee.EEException, match="2 inputs, but 1 properties are given"):
        info(table().reduceToImage(["x"], ee.Reducer.max(2)))
    texts = table().map(lambda feature: feature.set("x", "a"))
    with pytest.raises(ee.EEException, match="must be numbers"):
        info(texts.reduceToImage(["x"], ee.Reducer.max()))


def test_distances_on_a_sphere() -> None:
    # Along meridians and the equator arcs are as long as their angles.
    degree = math.radians(1) * 6_371_008.7714
    shapes = ee.FeatureCollection(
        [
            ee.Geometry.Point([0, 10]),
            ee.Geometry.LineString([[10, 0], [14, 0]]),
            ee.Geometry.Polygon([[[30, -2], [34, -2], [34, 2], [30, 2]]]),
        ]
    )
    image = shapes.distance(3 * degree)
    assert info(image)["bands"][0]["data_type"] == {"type": "PixelType", "precision": "double"}

    def at(longitude: float, latitude: float) -> Any:
        lattice = grid("EPSG:4326", (0.5, 0, longitude - 0.25, 0, -0.5, latitude + 0.25), 1, 1)
        return float(pixels(image, lattice)["distance"][0, 0]) / degree

    assert at(0, 12) == pytest.approx(2)
    assert at(0, 14) == 0  # beyond the radius: masked
    assert at(12, 1.5) == pytest.approx(1.5)  # beside the line
    assert at(8, 0) == pytest.approx(2)  # beyond its end
    # Inside a polygon, too: to the edge, a meridian.
    angle = math.asin(math.cos(math.radians(0.5)) * math.sin(math.radians(1)))
    assert at(31, 0.5) == pytest.approx(math.degrees(angle))


def opacity(image: Any) -> Any:
    return pixels(image.mask().select(0).toDouble(), PLAIN)["vis-red"]


def test_polygons_and_lines_are_drawn() -> None:
    collection = ee.FeatureCollection([box(2, 2, 8, 8)])
    image = collection.draw("FF8000")
    assert info(image.bandNames()) == ["vis-red", "vis-green", "vis-blue"]
    planes = pixels(image, PLAIN)
    assert [
        plane[5, 5] for plane in (planes["vis-red"], planes["vis-green"], planes["vis-blue"])
    ] == [255, 128, 0]
    expected = np.zeros((14, 20))
    expected[3:7, 3:7] = 0.66
    found = opacity(image)
    np.testing.assert_allclose(found[3:7, 3:7], expected[3:7, 3:7], rtol=1e-6)
    # Two pixels of outline, one on either side, its corners round.
    np.testing.assert_allclose(found[1:9, [1, 2, 7, 8]][1:-1], 1)
    assert 0.5 < found[1, 1] < 1
    assert found[0].sum() == found[:, 9:].sum() == 0
    line = ee.FeatureCollection([ee.Geometry.LineString([[0, 7], [40, 7]], None, False)])
    solid = opacity(line.style(color="red", width=2))
    np.testing.assert_allclose(solid[6:8], 1)
    assert solid.sum() == pytest.approx(40)
    dashed = opacity(line.style(width=2, lineType="dashed"))
    np.testing.assert_allclose(dashed[6, :12], [1] * 8 + [0] * 4)
    dotted = opacity(line.style(width=2, lineType="dotted"))
    np.testing.assert_allclose(dotted[7, :8], [1, 1, 0, 0] * 2)


@pytest.mark.parametrize(
    ("marker", "area"),
    [
        ("circle", math.pi * 25),
        ("o", math.pi * 25),
        ("square", 100),
        ("diamond", 50),
        ("triangle", 0.75 * math.sqrt(3) * 25),
        ("v", 0.75 * math.sqrt(3) * 25),
        ("hexagon", 1.5 * math.sqrt(3) * 25),
        ("star6", math.sqrt(3) * 25),
        ("cross", 2 * 10 * 2 - 4 + 2 * math.pi),
        ("+", 2 * 10 * 2 - 4 + 2 * math.pi),
    ],
)
def test_markers_have_their_areas(marker: str, area: float) -> None:
    thin = 2 if marker in ("cross", "+") else 0
    image = ee.FeatureCollection([point(9, 7)]).style(
        color="black", fillColor="00FF00", pointSize=5, pointShape=marker, width=thin
    )
    assert opacity(image).sum() == pytest.approx(area, rel=0.05)


def test_collections_are_shown_on_maps_and_in_thumbnails() -> None:
    # All but the poles is filled: 66 of a hundred shine through, in either case.
    world = ee.FeatureCollection([ee.Geometry.Rectangle([-170, -80, 170, 80], None, False)])
    tile = world.getMapId({"color": "FF0000"})["tile_fetcher"].format_tile_url(0, 0, 0)
    bounds = ee.Geometry.Rectangle([-180, -80, 180, 80], None, False)
    thumbnail = world.style(color="red").getThumbURL({"region": bounds, "dimensions": 100})
    for url, side in ((tile, 256), (thumbnail, 100)):
        with urllib.request.urlopen(url) as reply:  # noqa: S310  the emulator's own
            picture = Image.open(io.BytesIO(reply.read()))
        assert (picture.mode, picture.size[0]) == ("RGBA", side)
        middle = (picture.size[0] // 2, picture.size[1] // 2)
        assert picture.getpixel(middle) == (255, 0, 0, round(0.66 * 255))
        assert picture.getpixel((0, middle[1])) == (0, 0, 0, 0)


def test_styles_of_features() -> None:
    collection = ee.FeatureCollection(
        [
            ee.Feature(box(0, 0, 6, 6), {"look": {"color": "0000FF80", "width": 0}}),
            ee.Feature(box(3, 3, 9, 9), {"look": {"fillColor": "red", "width": 0}}),
            ee.Feature(box(12, 3, 18, 9), {}),
        ]
    )
    image = collection.style(color="lime", styleProperty="look", width=0)
    planes, shown = pixels(image, PLAIN), opacity(image)
    half = 128 / 255 * 0.66
    assert shown[1, 1] == pytest.approx(half)
    assert planes["vis-blue"][1, 1] == 255
    # What is opaque hides what is below.
    assert (planes["vis-red"][4, 4], planes["vis-blue"][4, 4], shown[4, 4]) == (255, 0, 1)
    assert (planes["vis-green"][5, 15], shown[5, 15]) == (255, pytest.approx(0.66))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"color": "no colour"}, "Invalid color"),
        ({"pointShape": "heart"}, "Unknown style 'pointShape': 'heart'"),
        ({"lineType": "wavy"}, "Unknown style 'lineType'"),
        ({"width": -1}, "must be 0 to 1000, got -1"),
        ({"styleProperty": "x"}, "The property 'x' is no dictionary"),
    ],
)
def test_styles_that_cannot_be(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ee.EEException, match=words):
        info(table().style(**arguments))


def test_properties_as_arrays() -> None:
    found = info(table().makeArray(["x", "y"], "both"))
    assert [f["properties"]["both"] for f in found["features"]] == [
        [3, 1],
        [5, 2],
        [10, -3],
        [100, 1],
    ]
    assert info(table().makeArray(["y"]).first().getArray("array")) == [1]


def places(region: Any, count: int, seed: int = 0) -> Any:
    found = info(ee.FeatureCollection.randomPoints(region, count, seed))
    return np.array([feature["geometry"]["coordinates"] for feature in found["features"]])


def test_points_at_random() -> None:
    ring = [[0, 0], [40, 0], [40, 60], [0, 60]]
    found = places(ee.Geometry.Polygon([ring], None, False), 4_000, 3)
    assert found.shape == (4_000, 2)
    assert shapely.contains_xy(shapely.Polygon(ring), *found.T).all()
    # Half of the sphere's area between the equator and 60° lies below this latitude.
    middle = math.degrees(math.asin(math.sin(math.radians(60)) / 2))
    assert (found[:, 1] < middle).mean() == pytest.approx(0.5, abs=0.03)
    assert (found[:, 0] < 20).mean() == pytest.approx(0.5, abs=0.03)
    line = ee.Geometry.MultiLineString([[[0, 0], [3, 0]], [[10, 0], [10, 1]]])
    along = places(line, 2_000)
    on_first = along[:, 1] == 0
    assert on_first.mean() == pytest.approx(0.75, abs=0.04)
    assert (along[on_first, 0] <= 3).all()
    assert (along[~on_first, 0] == 10).all()
    among = places(ee.Geometry.MultiPoint([[1, 2], [3, 4]]), 50)
    assert {tuple(place) for place in among} == {(1, 2), (3, 4)}
    again, other = places(line, 5, 1), places(line, 5, 2)
    np.testing.assert_array_equal(places(line, 5, 1), again)
    assert (again != other).any()
    with pytest.raises(ee.EEException, match="over 5000 elements"):
        places(line, 5_001)
