"""What the reference prints of pixels that are arrays, of bits, of metadata and of links.

Each row names its page, https://developers.google.com/earth-engine/apidocs/ee-{page}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest

from .synthetic import UTM
from .wire import info

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("server")

ADD = ee.Reducer.sum


def vector(*values: float) -> Any:
    return ee.Image(list(values)).toArray()


def count_to(number: int, *shape: int) -> Any:
    """An array of 0, 1, 2, …"""
    return vector(*range(number)).arrayReshape(vector(*shape), len(shape))


def column(*values: float) -> Any:
    return vector(*values).toArray(1)


MIXED = (0, 1, 2, 4, 0, 5)
JUMBLED = (0, 10, 6, 5, 4, 7, 11, 1, 2, 9, 8, 3)


def shaped(values: tuple[int, ...], *shape: int) -> Any:
    return vector(*values).arrayReshape(vector(*shape), len(shape))


ARRAYS: list[tuple[str, Callable[[], Any], Any]] = [
    ("image-arrayaccum", lambda: vector(1, 2, 3).arrayAccum(0, ADD()), [1, 3, 6]),
    ("image-arrayaccum", lambda: count_to(10, 10).arraySlice(0, 1).arrayReshape(vector(3, 3), 2)
     .arrayAccum(0, ADD()), [[1, 2, 3], [5, 7, 9], [12, 15, 18]]),
    ("image-arrayaccum", lambda: count_to(10, 10).arraySlice(0, 1).arrayReshape(vector(3, 3), 2)
     .arrayAccum(1, ADD()), [[1, 3, 6], [4, 9, 15], [7, 15, 24]]),
    ("image-arrayargmax", lambda: vector(0, 1, 5, 2, 3, 4).arrayArgmax(), [2]),
    ("image-arrayargmax", lambda: shaped((0, 1, 5, 2, 3, 4), 2, 3).arrayArgmax(), [0, 2]),
    ("image-arraycat", lambda: vector(0, 1, 2).arrayCat(vector(3, 4, 5), 0), [0, 1, 2, 3, 4, 5]),
    ("image-arraycat", lambda: vector(0, 1, 2).arrayCat(vector(3, 4, 5), 1),
     [[0, 3], [1, 4], [2, 5]]),
    ("image-arraycat", lambda: column(0, 1, 2).arrayCat(column(3, 4, 5), 0),
     [[0], [1], [2], [3], [4], [5]]),
    ("image-arraycat", lambda: column(0, 1, 2).arrayCat(column(3, 4, 5), 1),
     [[0, 3], [1, 4], [2, 5]]),
    ("image-arraydimensions", lambda: column(0, 1, 2).arrayDimensions(), 2),
    ("image-arraydotproduct", lambda: vector(0, 1, 2).arrayDotProduct(vector(3, 4, 5)), 14),
    ("image-arrayget", lambda: count_to(6, 6).arrayGet(ee.Image([3])), 3),
    ("image-arrayget", lambda: count_to(6, 2, 3).arrayGet(ee.Image([0, 2])), 2),
    ("image-arraylength", lambda: column(0, 1, 2).arrayLength(0), 3),
    ("image-arraylength", lambda: column(0, 1, 2).arrayLength(1), 1),
    ("image-arraylengths", lambda: column(0, 1, 2).arrayLengths(), [3, 1]),
    ("image-arraymask", lambda: vector(*MIXED).lte(2), [1, 1, 1, 0, 1, 0]),
    ("image-arraymask", lambda: vector(*MIXED).arrayMask(vector(*MIXED).lte(2)), [0, 1, 2, 0]),
    ("image-arraymask", lambda: vector(*MIXED).arrayMask(vector(*MIXED)), [1, 2, 4, 5]),
    ("image-arraymask", lambda: shaped(MIXED, 2, 3)
     .arrayMask(shaped(MIXED, 2, 3).arraySlice(0, 1, 2)), [[0, 2], [4, 5]]),
    ("image-arraymask", lambda: shaped(MIXED, 2, 3)
     .arrayMask(shaped(MIXED, 2, 3).arraySlice(1, 1, 2)), [[0, 1, 2]]),
    ("image-arraypad", lambda: vector(0, 1, 2).arrayPad([5], 9), [0, 1, 2, 9, 9]),
    ("image-arraypad", lambda: count_to(6, 2, 3).arrayPad([3, 5], 9),
     [[0, 1, 2, 9, 9], [3, 4, 5, 9, 9], [9, 9, 9, 9, 9]]),
    ("image-arrayproject", lambda: column(0, 1, 2, 3).arrayProject([0]), [0, 1, 2, 3]),
    ("image-arrayreduce", lambda: count_to(6, 6).arrayReduce(ADD(), [0]), [15]),
    ("image-arrayreduce", lambda: count_to(6, 2, 3).arrayReduce(ADD(), [0]), [[3, 5, 7]]),
    ("image-arrayreduce", lambda: count_to(6, 2, 3).arrayReduce(ADD(), [1]), [[3], [12]]),
    ("image-arrayreduce", lambda: count_to(6, 2, 3).arrayReduce(ADD(), [0, 1]), [[15]]),
    ("image-arrayreduce", lambda: column(*range(6)).arrayReduce(ee.Reducer.minMax(), [0], 1),
     [[0, 5]]),
    ("image-arrayreduce", lambda: count_to(6, 2, 3).toArray(2),
     [[[0], [1], [2]], [[3], [4], [5]]]),
    ("image-arrayreduce", lambda: count_to(6, 2, 3).toArray(2)
     .arrayReduce(ee.Reducer.minMax(), [0], 2), [[[0, 3], [1, 4], [2, 5]]]),
    ("image-arrayrepeat", lambda: vector(0, 1, 2).arrayRepeat(0, 3), [0, 1, 2] * 3),
    ("image-arrayrepeat", lambda: vector(0, 1).arrayRepeat(1, 3), [[0] * 3, [1] * 3]),
    ("image-arrayrepeat", lambda: vector(0, 1).arrayRepeat(1, 3).arrayRepeat(0, 2),
     [[0] * 3, [1] * 3] * 2),
    ("image-arrayrepeat", lambda: vector(0, 1).arrayRepeat(1, 3).arrayRepeat(1, 2),
     [[0] * 6, [1] * 6]),
    ("image-arrayreshape", lambda: count_to(6, 3, -1), [[0, 1], [2, 3], [4, 5]]),
    ("image-arrayreshape", lambda: count_to(6, 2, 3).arrayReshape(vector(-1), 1),
     [0, 1, 2, 3, 4, 5]),
    ("image-arrayslice", lambda: count_to(12, 12).arraySlice(0, 0, 3), [0, 1, 2]),
    ("image-arrayslice", lambda: count_to(12, 12).arraySlice(0, -3), [9, 10, 11]),
    ("image-arrayslice", lambda: count_to(12, 12).arraySlice(0, 3, 6), [3, 4, 5]),
    ("image-arrayslice", lambda: count_to(12, 12).arraySlice(0, 4), [4, 5, 6, 7, 8, 9, 10, 11]),
    ("image-arrayslice", lambda: count_to(12, 12).arraySlice(0, 0, None, 3), [0, 3, 6, 9]),
    ("image-arrayslice", lambda: count_to(12, 3, 4).arraySlice(0, 1, 2), [[4, 5, 6, 7]]),
    ("image-arrayslice", lambda: count_to(12, 3, 4).arraySlice(1, 1, 2), [[1], [5], [9]]),
    ("image-arrayslice", lambda: count_to(12, 3, 4).arraySlice(1, 0, -1),
     [[0, 1, 2], [4, 5, 6], [8, 9, 10]]),
    ("image-arraysort", lambda: vector(*JUMBLED).arraySort(), list(range(12))),
    ("image-arraysort", lambda: vector(*JUMBLED)
     .arraySort(vector(99, 98, 50, 45, 23, 18, 9, 8, 7, 5, 2, 0)),
     [3, 8, 9, 2, 1, 11, 7, 4, 5, 6, 10, 0]),
    ("image-arraysort", lambda: shaped(JUMBLED, 3, 4)
     .arraySort(column(3, 2, 1, 0).arrayTranspose()),
     [[5, 6, 10, 0], [1, 11, 7, 4], [3, 8, 9, 2]]),
    ("image-arraysort", lambda: shaped(JUMBLED, 3, 4).arraySort(column(2, 1, 0)),
     [[2, 9, 8, 3], [4, 7, 11, 1], [0, 10, 6, 5]]),
    ("image-arraytranspose", lambda: count_to(6, 2, 3).arrayTranspose(), [[0, 3], [1, 4], [2, 5]]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "printed"), [row[1:] for row in ARRAYS], ids=[row[0] for row in ARRAYS]
)
def test_arrays_of_a_pixel(make: Callable[[], Any], printed: Any) -> None:
    # Every array band is called `array`, also where it has become a number.
    found = make().sample(ee.Geometry.Point([-121, 42]), 500).first().get("array")
    assert info(found) == printed


def band(name: str, precision: str, low: float, high: float, **more: int) -> dict[str, Any]:
    return {
        "id": name,
        "crs": "EPSG:4326",
        "crs_transform": [1, 0, 0, 0, 1, 0],
        "data_type": {"type": "PixelType", "precision": precision, "min": low, "max": high, **more},
    }


PI = 3.141592653589793
IMAGES: list[tuple[str, Callable[[], Any], list[dict[str, Any]]]] = [
    ("image", lambda: ee.Image(), [band("constant", "int", 0, 0)]),
    ("image", lambda: ee.Image([0xFF, 0x88, 0]),
     [band("constant", "int", 255, 255), band("constant_1", "int", 136, 136),
      band("constant_2", "int", 0, 0)]),
    ("image", lambda: ee.Image(ee.Array([0, 0, 0xFF])),
     [band("constant", "int", 0, 255, dimensions=1)]),
    ("image-constant", lambda: ee.Image.constant(1), [band("constant", "int", 1, 1)]),
    ("image-constant", lambda: ee.Image(PI), [band("constant", "double", PI, PI)]),
    ("image-constant", lambda: ee.Image.constant([-1.2, 4]),
     [band("constant_0", "double", -1.2, -1.2), band("constant_1", "int", 4, 4)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "bands"), [row[1:] for row in IMAGES], ids=[row[0] for row in IMAGES]
)
def test_bands_of_constants(make: Callable[[], Any], bands: list[dict[str, Any]]) -> None:
    assert info(make()) == {"type": "Image", "bands": bands}


def test_flattened_arrays_are_labelled_row_by_row() -> None:
    made = vector(0, 1, 2).arrayRepeat(1, 2).arrayFlatten([["a", "b", "c"], ["x", "y"]])
    assert info(made.bandNames()) == ["a_x", "a_y", "b_x", "b_y", "c_x", "c_y"]
    point = ee.Geometry.Point([-121, 42])
    found = info(made.sample(point, 500).first())["properties"]
    assert found == {"a_x": 0, "a_y": 0, "b_x": 1, "b_y": 1, "c_x": 2, "c_y": 2}


NUMBERS: list[tuple[str, Callable[[], Any], float]] = [
    ("number-gammainc", lambda: ee.Number(0).gammainc(1), 0),
    ("number-gammainc", lambda: ee.Number(1).gammainc(1), 0.632120558),
    ("number-gammainc", lambda: ee.Number(10).gammainc(1), 0.999954600),
    ("number-gammainc", lambda: ee.Number(-1).gammainc(1), float("nan")),
    ("number-gammainc", lambda: ee.Number(10).gammainc(-1), float("nan")),
    ("number-lanczos", lambda: ee.Number(-1).lanczos(), float("inf")),
    ("number-lanczos", lambda: ee.Number(-0.9).lanczos(), 524.955196990),
    ("number-lanczos", lambda: ee.Number(0).lanczos(), 32.946318679),
    ("number-lanczos", lambda: ee.Number(10).lanczos(), 2.281783181),
    ("number-lanczos", lambda: ee.Number(1e10).lanczos(), 1.000000001),
]


@pytest.mark.parametrize(
    ("make", "printed"), [row[1:] for row in NUMBERS], ids=[row[0] for row in NUMBERS]
)
def test_functions_around_gamma(make: Callable[[], Any], printed: float) -> None:
    # The pages cut after nine digits.
    assert float(info(make())) == pytest.approx(printed, rel=1e-11, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize(
    ("number", "bits"), [(0, [0]), (1, [1]), (5, [1, 0, 1]), (0xFF, [1] * 8), (-1, [1] * 64)]
)
def test_bits_of_numbers_and_of_pixels(number: int, bits: list[int]) -> None:
    assert info(ee.Array.bitsToArray(number)) == bits
    assert info(ee.Array.bitsToArray(number).toInt8()) == bits
    image = ee.Image([number, 2]).bitsToArrayImage().rename(["one", "two"])
    found = info(image.sample(ee.Geometry.Point([1, 2]), 500).first())["properties"]
    assert found == {"one": bits, "two": [0, 1]}


def utm(*names: str) -> Any:
    return ee.Image("TEST/UTM").select(list(names))


HALVES = [0.5, 0.5, 0.5]
NAMES: list[tuple[str, Callable[[], Any], list[str]]] = [
    ("image-addbands", lambda: utm("u8").addBands(utm("u8", "i16")).addBands(utm("u8")),
     ["u8", "u8_1", "i16", "u8_2"]),
    ("image-addbands", lambda: utm("u8", "i16").addBands(utm("u8").divide(2), None, True),
     ["u8", "i16"]),
    ("image-cast", lambda: utm("u8").cast({"z": "int8", "a": "float"}), ["u8", "a", "z"]),
    ("image-cast", lambda: utm("u8").cast({"a": "byte"}, ["a", "u8"]), ["a", "u8"]),
    ("image-cat", lambda: ee.Image.cat(utm("u8"), utm("u8"), 1), ["u8", "u8_1", "constant"]),
    ("image-derivative", lambda: utm("u8", "i16").derivative(),
     ["u8_x", "u8_y", "i16_x", "i16_y"]),
    ("image-expression", lambda: ee.Image().expression(
        "c = sqrt(pow(a, 2) + pow(b, 2))", {"a": ee.Image(5), "b": utm("u16")}), ["c"]),
    ("image-hsvtorgb", lambda: ee.Image(HALVES).hsvToRgb(), ["red", "green", "blue"]),
    ("image-lt", lambda: ee.Image(1).rename("one").lt(utm("u8", "i16")), ["u8", "i16"]),
    ("image-lt", lambda: utm("u8", "i16").lt(ee.Image([1, 2])), ["u8", "i16"]),
    ("image-mask", lambda: utm("u8", "i16").mask(), ["u8", "i16"]),
    ("image-metadata", lambda: utm("u8").set("k", 7).metadata("k"), ["k"]),
    ("image-metadata", lambda: utm("u8").set("k", 7).metadata("k", "t"), ["t"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "names"), [row[1:] for row in NAMES], ids=[row[0] for row in NAMES]
)
def test_names_of_bands(make: Callable[[], Any], names: list[str]) -> None:
    assert info(make().bandNames()) == names


@pytest.mark.parametrize(
    ("page", "make"),
    [
        ("image-addbands", lambda image: image.addBands(ee.Image(1).set("time", 0))),
        ("image-cat", lambda image: ee.Image.cat(image, ee.Image(1).set("time", 0))),
        ("image-cliptoboundsandscale", lambda image: image.clipToBoundsAndScale(
            ee.Geometry.Point([44.06, -18.09]).buffer(500), 20, 10)),
        ("image-mask", lambda image: image.mask()),
        ("image-mask", lambda image: image.mask(1)),
    ],
)  # fmt: skip
def test_metadata_and_footprint_stay(page: str, make: Callable[[Any], Any]) -> None:
    image = utm("u8")
    before, after = info(image), info(make(image))
    assert before["properties"].keys() >= {"time", "system:footprint"}
    assert (after["id"], after["properties"]) == (before["id"], before["properties"]), page


def test_a_footprint_in_another_projection() -> None:
    image = utm("u8")
    found = info(image.geometry(1, UTM.crs, False))
    assert found["crs"]["properties"]["name"] == UTM.crs
    assert found["geodesic"] is False
    _, _, west, _, _, north = UTM.transform
    corners = np.array(found["coordinates"][0])
    box = [west, north - 10 * UTM.height, west + 10 * UTM.width, north]
    np.testing.assert_allclose([*corners.min(axis=0), *corners.max(axis=0)], box, atol=1e-3)
    # Edges stay what they were unless something is said.
    assert "geodesic" not in info(image.geometry(1, UTM.crs))
    assert info(image.geometry(1, None, False)) == info(image.geometry())


def test_a_link_that_is_not_found_is_masked_and_null() -> None:
    nothing = ee.ImageCollection("TEST/SERIES").filter(ee.Filter.eq("system:index", "none"))
    linked = utm("u8").linkCollection(nothing, ["new", "u8"], ["time"])
    assert info(linked.bandNames()) == ["u8", "new"]
    assert info(linked.get("time")) is None
    place = linked.mask().sample(ee.Geometry.Point([44.06, -18.09]), 10).first()
    assert info(place)["properties"] == {"u8": 0, "new": 0}
    assert info(linked.geometry()) == info(utm("u8").geometry())


def test_properties_are_copied_by_name_or_but_for_some() -> None:
    source = ee.Image(1).set({"a": 1, "b": 2, "system:time_start": 3})
    assert info(ee.Image(5).copyProperties(source))["properties"] == {"a": 1, "b": 2}
    assert info(ee.Image(5).copyProperties(source, exclude=["b"]))["properties"] == {"a": 1}
    kept = ee.Image(5).copyProperties(source, ["system:time_start"])
    assert info(kept)["properties"] == {"system:time_start": 3}
    with pytest.raises(ee.EEException, match="must not be given together"):
        info(ee.Image(5).copyProperties(source, ["a"], ["b"]))


def test_the_order_of_a_cast_is_of_all_bands() -> None:
    with pytest.raises(ee.EEException, match="must be of all bands of the result, u8, i16, a; got"):
        info(utm("u8", "i16").cast({"a": "byte"}, ["a", "u8"]))
