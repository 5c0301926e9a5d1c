"""Pictures: values as bytes, decoded and compared with the formula of the stretch."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import ee
import numpy as np
import pytest
from PIL import Image

from .synthetic import UTM, formula, is_valid
from .wire import grid, pixels, send

if TYPE_CHECKING:
    from numpy.typing import NDArray

    import eemulator

pytestmark = pytest.mark.usefixtures("server")

ROWS, COLS = np.mgrid[0:30, 0:40]
WINDOW = grid(UTM.crs, UTM.transform, 40, 30)


def decoded(content: bytes) -> NDArray[np.uint8]:
    return np.array(Image.open(io.BytesIO(content)))


def stretched(band: str, low: float, high: float, gamma: float = 1.0) -> NDArray[Any]:
    """0 to 255, halves up."""
    values = formula(band, 3, ROWS, COLS).astype(float)
    part = np.clip((values - low) / (high - low), 0, 1) ** (1 / gamma)
    found: NDArray[Any] = np.floor(part * 255 + 0.5).astype(np.uint8)
    return found


def picture(request: dict[str, Any], image: Any = None) -> bytes:
    """`computePixels` of `TEST/UTM`, or of another image."""
    expression = ee.Image("TEST/UTM") if image is None else image
    body = {"expression": expression, "fileFormat": "PNG", "grid": WINDOW, **request}
    content: bytes = ee.data.computePixels(body)
    return content


def test_three_bands_with_a_range_each() -> None:
    ranges = [{"min": 10, "max": 200}, {"min": -20_000, "max": 15_000}, {"max": 60_000}]
    options = {"ranges": ranges, "gamma": {"value": 1.6}}
    bands = ["u8", "i16", "u16"]
    found = decoded(picture({"bandIds": bands, "visualizationOptions": options}))
    shown = is_valid("u8", 3, ROWS, COLS)
    assert found.shape == (30, 40, 4)
    np.testing.assert_array_equal(found[..., 3], np.where(shown, 255, 0))
    for i, (band, low, high) in enumerate(
        (("u8", 10, 200), ("i16", -20_000, 15_000), ("u16", 0, 60_000))
    ):
        np.testing.assert_array_equal(
            found[..., i], np.where(shown, stretched(band, low, high, 1.6), 0)
        )
    whole = ee.data.getPixels(
        {
            "assetId": "TEST/UTM",
            "fileFormat": "PNG",
            "grid": WINDOW,
            "bandIds": bands,
            "visualizationOptions": options,
        }
    )
    np.testing.assert_array_equal(decoded(whole), found)


def test_a_palette_and_an_opacity() -> None:
    options = {
        "ranges": [{"min": 0, "max": 250}],
        "paletteColors": ["000000", "ff0000", "white"],
        "opacity": 0.5,
    }
    found = decoded(picture({"bandIds": ["u8"], "visualizationOptions": options}))
    shown = is_valid("u8", 3, ROWS, COLS)
    place = formula("u8", 3, ROWS, COLS) / 250 * 2
    red = np.floor(np.clip(place, 0, 1) * 255 + 0.5)
    blue = np.floor(np.clip(place - 1, 0, 1) * 255 + 0.5)
    np.testing.assert_array_equal(found[..., 0], np.where(shown, red, 0))
    np.testing.assert_array_equal(found[..., 1], np.where(shown, blue, 0))
    np.testing.assert_array_equal(found[..., 2], np.where(shown, blue, 0))
    np.testing.assert_array_equal(found[..., 3], np.where(shown, 128, 0))


def test_one_band_without_a_palette_is_grey() -> None:
    found = decoded(picture({"bandIds": ["u8"]}))
    shown = is_valid("u8", 3, ROWS, COLS)
    # Without ranges, integers are stretched from the range of their type: bytes stay.
    for i in range(3):
        np.testing.assert_array_equal(
            found[..., i], np.where(shown, formula("u8", 3, ROWS, COLS), 0)
        )


def test_options_count_for_numbers_too() -> None:
    options = {"ranges": [{"min": 0, "max": 250}], "paletteColors": ["black", "lime"]}
    found = pixels("TEST/UTM", WINDOW, bandIds=["u8"], visualizationOptions=options)
    assert found.dtype == np.dtype([(name, "u1") for name in ("vis-red", "vis-green", "vis-blue")])
    shown = is_valid("u8", 3, ROWS, COLS)
    np.testing.assert_array_equal(found["vis-green"], np.where(shown, stretched("u8", 0, 250), 0))
    assert not found["vis-red"].any()


def test_a_jpeg_has_no_transparency() -> None:
    flat = ee.Image([200, 100, 50]).toByte().updateMask(ee.Image("TEST/UTM").select("u8").gte(0))
    found = Image.open(io.BytesIO(picture({"fileFormat": "JPEG"}, flat)))
    assert (found.format, found.mode, found.size) == ("JPEG", "RGB", (40, 30))
    even = Image.open(
        io.BytesIO(picture({"fileFormat": "JPEG"}, ee.Image([200, 100, 50]).toByte()))
    )
    np.testing.assert_allclose(np.array(even), np.broadcast_to([200, 100, 50], (30, 40, 3)), atol=2)


def test_automatic_is_a_jpeg_where_all_is_opaque() -> None:
    opaque = picture({"fileFormat": "AUTO_JPEG_PNG"}, ee.Image(7).toByte())
    assert Image.open(io.BytesIO(opaque)).format == "JPEG"
    holes = picture({"fileFormat": "AUTO_JPEG_PNG", "bandIds": ["u8"]})
    assert Image.open(io.BytesIO(holes)).format == "PNG"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"visualizationOptions": [1]}, "an object is needed"),
        ({"visualizationOptions": {"min": 1}}, 'Unknown name "min"'),
        ({"visualizationOptions": {"ranges": 3}}, "list of objects"),
        ({"visualizationOptions": {"ranges": [{"low": 3}]}}, "a min and a max"),
        ({"visualizationOptions": {"ranges": [{}]}}, "range to visualize is empty"),
        ({"visualizationOptions": {"ranges": [{"max": "x"}]}}, "must be numbers"),
        ({"visualizationOptions": {"gamma": "1"}}, "gamma must be a number"),
        ({"visualizationOptions": {"opacity": 3}}, "opacity must be 0 to 1"),
        ({"visualizationOptions": {"paletteColors": ["red"]}}, "more than one band"),
        ({"bandIds": ["u8", "u16"]}, "1 or 3 bands"),
        ({"bandIds": ["none"]}, "did not match any bands"),
        ({"fileFormat": "ZIPPED_GEO_TIFF"}, "is not supported by the emulator here"),
    ],
)
def test_what_is_wrong_is_told(
    server: eemulator.Server, change: dict[str, Any], words: str
) -> None:
    path = "/v1/projects/earthengine-public/assets/TEST/UTM:getPixels"
    body = {"fileFormat": "PNG", "bandIds": ["u8", "u16", "i16"], **change}
    reply = send(server, "POST", path, body)
    assert reply.status == 400
    assert words in reply.message
