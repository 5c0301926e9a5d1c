"""What the documentation says of bands, their names, types and values, and of refusals.

Each fact has the page that states it; `apidocs/…` and `guides/…` are below
https://developers.google.com/earth-engine/.
"""

from __future__ import annotations

from typing import Any

import ee
import numpy as np
import pytest

from .wire import grid, info, pixels

pytestmark = pytest.mark.usefixtures("own_catalogue")

POINT = (-121, 42)
SENTINEL2 = "COPERNICUS/S2_SR_HARMONIZED"
SPECTRAL = ["B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B11", "B12"]
SQUARE = grid("EPSG:32610", (10, 0, 500_000, 0, -10, 4_000_000), 3, 2)


def value(image: Any) -> Any:
    """The only value of an image, at a point."""
    found = image.reduceRegion(ee.Reducer.first(), ee.Geometry.Point(POINT), 500).getInfo()
    (only,) = found.values()
    return only


def scene() -> Any:
    return ee.ImageCollection(SENTINEL2).first()


# apidocs/ee-image-select
SELECTED: list[tuple[tuple[Any, ...], list[str]]] = [
    (("B11",), ["B11"]),
    ((10,), ["B11"]),
    ((["B11", "B8", "B3"],), ["B11", "B8", "B3"]),
    (("B11", "B8", "B3"), ["B11", "B8", "B3"]),
    ((10, "B8", 2), ["B11", "B8", "B3"]),
    ((["B11", "B8", "B3"], ["SWIR1", "NIR", "Green"]), ["SWIR1", "NIR", "Green"]),
    (("QA..",), ["QA10", "QA20", "QA60"]),
    (("B.*",), SPECTRAL),
    (("B..?",), SPECTRAL),
    (("B[6-8]",), ["B6", "B7", "B8"]),
    (("B[1-9][1-2]",), ["B11", "B12"]),
    (("B.*|QA.*",), [*SPECTRAL, "QA10", "QA20", "QA60"]),
]


@pytest.mark.parametrize(("selectors", "names"), SELECTED)
def test_bands_are_selected(selectors: tuple[Any, ...], names: list[str]) -> None:
    assert info(scene().select(*selectors).bandNames()) == names


def test_bands_are_renamed() -> None:
    """apidocs/ee-image-rename, ee-image-regexprename, ee-image-slice"""
    three = scene().select(["B11", "B8", "B3"])
    assert info(three.rename("swir1", "nir", "green").bandNames()) == ["swir1", "nir", "green"]
    assert info(three.rename(["SWIR1", "NIR", "G"]).bandNames()) == ["SWIR1", "NIR", "G"]
    assert info(three.regexpRename("B(.)", "b$1_").bandNames()) == ["b1_1", "b8_", "b3_"]
    assert info(three.regexpRename("1", "x", False).bandNames()) == ["Bx1", "B8", "B3"]
    assert info(three.slice(1).bandNames()) == ["B8", "B3"]
    assert info(three.slice(-2, -1).bandNames()) == ["B8"]


# Names and types of bands: precision, and the range of integers.
BYTE = ("int", 0, 255)
MADE: list[tuple[str, Any, dict[str, tuple[Any, ...]]]] = [
    ("pixelarea", lambda: ee.Image.pixelArea(), {"area": ("double",)}),
    (
        "pixellonlat",
        lambda: ee.Image.pixelLonLat(),
        {"longitude": ("double",), "latitude": ("double",)},
    ),
    ("neq", lambda: ee.Image(5).neq(3), {"constant": ("int", 0, 1)}),
    ("or", lambda: ee.Image(5).Or(3), {"constant": ("int", 0, 1)}),
    ("normalizeddifference", lambda: ee.Image([1, 2]).normalizedDifference(), {"nd": ("float",)}),
    ("remap", lambda: ee.Image(5).remap([5], [1]), {"remapped": ("int", 1, 1)}),
    ("unmix", lambda: ee.Image([1, 2]).unmix([[1, 0]]), {"band_0": ("double",)}),
    ("unitscale", lambda: ee.Image(5).unitScale(0, 10), {"constant": ("double",)}),
    ("where", lambda: ee.Image(5).toByte().where(1, 300), {"constant": ("int", 0, 300)}),
    (
        "visualize",
        lambda: ee.Image(5).visualize(palette=["red"]),
        {"vis-red": BYTE, "vis-green": BYTE, "vis-blue": BYTE},
    ),
    (
        "reduceneighborhood",
        lambda: ee.Image(1).rename("10").reduceNeighborhood("mean", ee.Kernel.square(1)),
        {"10_mean": ("double",)},
    ),
    (
        "touint8",
        lambda: ee.Image(300).toUint8().addBands(ee.Image(1).int16()),
        {"constant": BYTE, "constant_1": ("int", -(2**15), 2**15 - 1)},
    ),
    ("toarray", lambda: ee.Image([0, 1, 2]).toArray(), {"array": ("int", 0, 2)}),
]


@pytest.mark.parametrize(("page", "make", "bands"), MADE, ids=[page for page, *_ in MADE])
def test_names_and_types(page: str, make: Any, bands: dict[str, tuple[Any, ...]]) -> None:
    """apidocs/ee-image-{page}"""
    found = {}
    for band in info(make())["bands"]:
        kind = band["data_type"]
        found[band["id"]] = tuple(kind[key] for key in ("precision", "min", "max") if key in kind)
    assert found == bands, page


# The value at a point.
VALUES: list[tuple[str, Any, Any]] = [
    ("apidocs/ee-image-toarray", lambda: ee.Image([0, 1, 2]).toArray(), [0, 1, 2]),
    ("apidocs/ee-image-toarray", lambda: ee.Image([0, 1]).toArray().toArray(1), [[0], [1]]),
    ("apidocs/ee-image-updatemask", lambda: ee.Image(1).updateMask(1.65).mask(), 1),
    ("apidocs/ee-image-normalizeddifference", lambda: _difference(-1, 2), None),
    ("apidocs/ee-image-normalizeddifference", lambda: _difference(3, 1), 0.5),
    ("apidocs/ee-image-remap", lambda: ee.Image(5).remap([4], [1]), None),
    ("apidocs/ee-image-remap", lambda: ee.Image(5).remap([4], [1], 9), 9),
    ("apidocs/ee-image-selfmask", lambda: ee.Image(0).selfMask(), None),
    ("apidocs/ee-image-unmask", lambda: ee.Image(7).updateMask(0).unmask(), 0),
    ("apidocs/ee-image-unmask", lambda: ee.Image(7).updateMask(0).unmask(32767), 32767),
    ("apidocs/ee-image-unitscale", lambda: ee.Image(20).unitScale(0, 10), 2),
    ("apidocs/ee-image-polynomial", lambda: ee.Image(2).polynomial([1, 10, 100]), 421),
    ("apidocs/ee-image-where", lambda: ee.Image(1).where(ee.Image(0), 2), 1),
    ("apidocs/ee-image-where", lambda: ee.Image(1).where(_masked(), 2), 1),
    ("apidocs/ee-image-where", lambda: ee.Image(1).where(1, _masked()), 1),
    ("apidocs/ee-image-where", lambda: _masked().where(1, 2), None),
    ("guides/image_math", lambda: ee.Image(0).expression("10 / 20"), 0),
    ("guides/image_math", lambda: ee.Image(0).expression("10 * 1.0 / 20"), 0.5),
    ("guides/image_math", lambda: ee.Image(0).expression("-7 / 2"), -3),
    ("guides/image_math", lambda: ee.Image(0).expression("7 / 0"), 0),
    ("guides/image_math", lambda: ee.Image(7).divide(2), 3.5),
]


def _difference(first: float, second: float) -> Any:
    return ee.Image([first, second]).normalizedDifference()


def _masked() -> Any:
    return ee.Image(1).updateMask(0)


@pytest.mark.parametrize(("page", "make", "expected"), VALUES)
def test_values(page: str, make: Any, expected: Any) -> None:
    assert value(make()) == expected, page


def test_what_a_result_keeps_of_its_image() -> None:
    """apidocs/ee-image-normalizeddifference, ee-image-remap, ee-image-selfmask"""
    image = scene().select("B8", "B4")
    own = set(info(image.propertyNames()))
    assert "CLOUDY_PIXEL_PERCENTAGE" in own
    assert "CLOUDY_PIXEL_PERCENTAGE" not in info(image.normalizedDifference().propertyNames())
    for same in (image.remap([1], [2], 0, "B4"), image.selfMask(), image.updateMask(0)):
        assert set(info(same.propertyNames())) == own


def test_pixels_that_regions_intersect() -> None:
    """apidocs/ee-image-sampleregions: 36 pixels of 10 m in each rectangle, one at each point."""
    image = ee.Image(1).reproject("EPSG:32610", None, 10)
    boxes = [
        (-122.50620929, 37.76502806, -122.50552264, 37.76556663),
        (-122.50530270, 37.76565568, -122.50460533, 37.76619425),
    ]
    polygons = ee.FeatureCollection(
        [ee.Feature(ee.Geometry.Rectangle(box), {"id": i}) for i, box in enumerate(boxes)]
    )
    sampled = image.sampleRegions(polygons, scale=10, geometries=True)
    assert info(sampled.aggregate_histogram("id")) == {"0": 36, "1": 36}
    corners = [[-122.50309256, 37.76605006], [-122.50344661, 37.76560903]]
    points = ee.FeatureCollection(
        [ee.Feature(ee.Geometry.Point(xy), {"id": i}) for i, xy in enumerate(corners)]
    )
    assert info(image.sampleRegions(points, scale=10).aggregate_array("id")) == [0, 1]


def test_relief_is_that_of_the_band_elevation() -> None:
    """apidocs/ee-terrain-products"""
    ramp = ee.Image.pixelCoordinates(ee.Projection("EPSG:32610")).select(["x"], ["elevation"])
    two = ee.Image(7).rename("other").addBands(ramp)
    found = ee.Terrain.products(two)
    assert info(found.bandNames()) == ["other", "elevation", "slope", "aspect", "hillshade"]
    here = pixels(found, SQUARE)
    np.testing.assert_allclose(here["slope"], 45, rtol=1e-6)
    # It goes down to the west: apidocs/ee-terrain-aspect says that 270 is W.
    np.testing.assert_allclose(here["aspect"], 270)
    with pytest.raises(ee.EEException, match="did not match any bands"):
        info(ee.Terrain.products(two.rename("a", "b")))


WORLD = (-180, -90, 180, 90)
# guides/projections, then guides/debugging, then what users were told:
# https://github.com/aazuspan/geeSharp/issues/4, https://github.com/r-spatial/rgee/issues/167
REFUSED = [
    (
        lambda: scene().projection(),
        "Image.projection: The bands of the specified image contain different projections. "
        "Use Image.select to pick a single band.",
    ),
    (
        lambda: ee.Image(1).reduceRegion("sum", ee.Geometry.Point(POINT)),
        "The default WGS84 projection is invalid for aggregations. "
        "Specify a scale or crs & crs_transform.",
    ),
    (
        lambda: ee.ImageCollection(SENTINEL2).limit(2).mosaic().sample(ee.Geometry.Point(POINT)),
        "The default WGS84 projection is invalid for aggregations. ",
    ),
    (
        lambda: ee.Image(1).select().select("my_band"),
        "Pattern 'my_band' was applied to an Image with no bands",
    ),
    (
        lambda: scene().select(["non_band"]),
        "Image.select: Band pattern 'non_band' did not match any bands.",
    ),
    (
        lambda: ee.Image(1).reduceRegion("count", ee.Geometry.Rectangle(WORLD, None, False), 100),
        "Image.reduceRegion: Too many pixels in the region. Found 80300348117, but maxPixels "
        "allows only 10000000.",
    ),
    (
        lambda: ee.Image(1).reduceRegion("count", None, 100),
        "Image.reduceRegion: Provide 'geometry' parameter when aggregating over an unbounded image",
    ),
    (
        lambda: ee.Image(1).select().multiply(1),
        "Image.multiply: If one image has no bands, the other must also have no bands. "
        "Got 0 and 1.",
    ),
]


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_words_of_refusals(make: Any, message: str) -> None:
    with pytest.raises(ee.EEException) as caught:
        info(make())
    assert message in str(caught.value)


# apidocs/ee-algorithms-objecttype and ee-algorithms-if
ANSWERS: list[tuple[Any, Any]] = [
    (lambda: ee.Algorithms.ObjectType(ee.Number(1)), "Integer"),
    (lambda: ee.Algorithms.ObjectType(ee.String("a string")), "String"),
    (lambda: ee.Algorithms.ObjectType(ee.List([1, "a string"])), "List"),
    (lambda: ee.Algorithms.ObjectType(ee.Feature(None, {"int": 42}).get("int")), "Integer"),
    (lambda: ee.Algorithms.If(False, "*true*", "*false*"), "*false*"),
    (lambda: ee.Algorithms.If(True, "*true*", "*false*"), "*true*"),
    (lambda: ee.Algorithms.If(ee.String("Tree").compareTo("Tree"), 0, 1), 1),
    (lambda: ee.Algorithms.If(ee.String("NotTree").compareTo("Tree"), 0, 1), 0),
]


@pytest.mark.parametrize(("make", "answer"), ANSWERS)
def test_answers_of_algorithms(make: Any, answer: Any) -> None:
    assert info(make()) == answer


def test_grids_of_images_without_one() -> None:
    """apidocs/ee-image-pixelarea, ee-image-reproject: 1° of WGS84, or what is asked for."""
    degree = {"type": "Projection", "crs": "EPSG:4326", "transform": [1, 0, 0, 0, 1, 0]}
    assert info(ee.Image.pixelArea().projection()) == degree
    heights = ee.Image("USGS/SRTMGL1_003")
    composite = ee.ImageCollection([heights, heights.add(1)]).mean()
    lattice = heights.projection()
    assert info(composite.projection()) == degree
    for same in (composite.reproject(lattice), composite.setDefaultProjection(lattice)):
        assert info(same.projection()) == info(lattice)
