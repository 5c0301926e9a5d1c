"""Styled Layer Descriptors: colours as the guide on visualization has them, refusals by name.

https://developers.google.com/earth-engine/guides/image_visualization#styled-layer-descriptors
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import ee
import numpy as np
import pytest

from .synthetic import UTM, formula, is_valid
from .test_pictures import decoded
from .wire import grid, info, pixels, send

if TYPE_CHECKING:
    from numpy.typing import NDArray

    import eemulator

pytestmark = pytest.mark.usefixtures("server")

LINE = grid("EPSG:32738", (1, 0, 0, 0, 1, 0), 7, 1)
NAMES = ("vis-red", "vis-green", "vis-blue")


def line(*values: float) -> Any:
    """A row of pixels of these values."""
    column = ee.Image.pixelCoordinates(ee.Projection("EPSG:32738")).select("x").floor()
    return column.remap(list(range(len(values))), list(values)).rename("z")


def entries(*each: str, kind: str = "") -> str:
    """A style of `quantity:color` or `quantity:color:opacity`."""
    made = ""
    for entry in each:
        quantity, color, *opacity = entry.split(":")
        seen = f' opacity="{opacity[0]}"' if opacity else ""
        made += f'<ColorMapEntry color="#{color}" quantity="{quantity}"{seen} label="x"/>'
    kind = f' type="{kind}"' if kind else ""
    return (
        f'<RasterSymbolizer><ColorMap{kind} extended="false">{made}</ColorMap></RasterSymbolizer>'
    )


def colors(image: Any, style: str) -> list[str]:
    """Hexadecimal colours of the row, and `-` for what is transparent."""
    styled = image.sldStyle(style)
    found, seen = pixels(styled, LINE)[0], pixels(styled.mask(), LINE)[0]
    return [
        "".join(f"{pixel[name]:02x}" for name in NAMES) if shown[NAMES[0]] else "-"
        for pixel, shown in zip(found, seen, strict=True)
    ]


STYLES: list[tuple[str, str, tuple[float, ...], list[str]]] = [
    (
        "intervals: up to each quantity, opacity 0 transparent, nothing from the last one on",
        entries("0:0000ff:0", "100:00ff00", "200:007f30:0.3", kind="intervals"),
        (-5, 0, 99.5, 100, 199, 200, 1e6),
        ["-", "00ff00", "00ff00", "007f30", "007f30", "-", "-"],
    ),
    (
        "values: none but these",
        entries("2:ff0000", "1:0000ff", "5:00ff00:0", kind="values"),
        (0, 1, 1.5, 2, 5, 6, 2),
        ["-", "0000ff", "-", "ff0000", "-", "-", "ff0000"],
    ),
    (
        "ramp: between the colours",
        entries("0:0000ff", "100:00ff00", kind="ramp"),
        (-10, 0, 20, 60, 80, 100, 300),
        ["0000ff", "0000ff", "0033cc", "009966", "00cc33", "00ff00", "00ff00"],
    ),
    (
        "a ramp by default",
        entries("0:000000:0", "10:000000:0", "20:ffffff"),
        (-1, 0, 5, 10, 15, 20, 25),
        ["-", "-", "-", "-", "808080", "ffffff", "ffffff"],
    ),
    (
        "Symbology Encoding 1.1: categories",
        '<se:RasterSymbolizer xmlns:se="http://www.opengis.net/se"><se:ColorMap>'
        '<se:Categorize fallbackValue="#78c818"><se:LookupValue>Rasterdata</se:LookupValue>'
        "<se:Value>#00ff00</se:Value><se:Threshold>-417</se:Threshold>"
        "<se:Value>#00fa00</se:Value><se:Threshold>-333</se:Threshold><se:Value>red</se:Value>"
        "</se:Categorize></se:ColorMap></se:RasterSymbolizer>",
        (-500, -417, -400, -333, 0, 1, 2),
        ["00ff00", "00fa00", "00fa00", "ff0000", "ff0000", "ff0000", "ff0000"],
    ),
    (
        "Symbology Encoding 1.1: thresholds of the category below",
        '<RasterSymbolizer><ColorMap><Categorize thresholdsBelongTo="preceding">'
        "<Value>#00ff00</Value><Threshold>1</Threshold><Value>#0000ff</Value>"
        "</Categorize></ColorMap></RasterSymbolizer>",
        (0, 1, 2, 0, 1, 2, 0),
        ["00ff00", "00ff00", "0000ff"] * 2 + ["00ff00"],
    ),
    (
        "Symbology Encoding 1.1: points, within a whole document",
        '<StyledLayerDescriptor version="1.1.0" xmlns="http://www.opengis.net/sld"><!-- one -->'
        "<NamedLayer><UserStyle><FeatureTypeStyle><Rule><RasterSymbolizer><ColorMap><Interpolate>"
        "<InterpolationPoint><Data>0</Data><Value>#000000</Value></InterpolationPoint>"
        "<InterpolationPoint><Data>10</Data><Value>#ff0000</Value></InterpolationPoint>"
        "</Interpolate></ColorMap></RasterSymbolizer></Rule></FeatureTypeStyle></UserStyle>"
        "</NamedLayer></StyledLayerDescriptor>",
        (0, 2, 4, 6, 8, 10, 12),
        ["000000", "330000", "660000", "990000", "cc0000", "ff0000", "ff0000"],
    ),
    (
        "nothing is seen",
        "<RasterSymbolizer><Opacity>0</Opacity></RasterSymbolizer>",
        (0, 2, 4, 6, 8, 10, 12),
        ["-"] * 7,
    ),
    (
        "gamma",
        "<RasterSymbolizer><ContrastEnhancement><GammaValue>2</GammaValue></ContrastEnhancement>"
        "</RasterSymbolizer>",
        (0, 63.75, 255, 300, -5, 0, 0),
        ["000000", "808080", "ffffff", "ffffff", "000000", "000000", "000000"],
    ),
]


@pytest.mark.parametrize(("what", "style", "values", "expected"), STYLES)
def test_colors(what: str, style: str, values: tuple[float, ...], expected: list[str]) -> None:
    assert colors(line(*values), style) == expected, what


CHANNELS = (
    "<RasterSymbolizer><ContrastEnhancement><{}/></ContrastEnhancement><ChannelSelection>"
    "<RedChannel><SourceChannelName>i16</SourceChannelName></RedChannel>"
    "<GreenChannel><SourceChannelName>1</SourceChannelName></GreenChannel>"
    "<BlueChannel><SourceChannelName>u16</SourceChannelName><ContrastEnhancement>"
    "<GammaValue>1</GammaValue></ContrastEnhancement></BlueChannel>"
    "</ChannelSelection></RasterSymbolizer>"
)


@pytest.mark.parametrize("stretch", ["Normalize", "Histogram"])
def test_stretches_of_channels(stretch: str) -> None:
    """Over the whole image; a band by name, one by number, one with a contrast of its own."""
    width, height = 30, 20
    _a, _, _c, _, _e, _f = UTM.transform
    area = ee.Geometry.Rectangle([_c, _f + height * _e, _c + width * _a, _f], UTM.crs, False, False)
    image = ee.Image("TEST/UTM").select(["u8", "i16", "u16"]).clip(area)
    styled = image.sldStyle(CHANNELS.format(stretch))
    found = pixels(styled, grid(UTM.crs, UTM.transform, width, height))
    rows, cols = np.mgrid[:height, :width]
    stored = {band: formula(band, 3, rows, cols).astype(float) for band in ("u8", "i16", "u16")}
    ok = np.all([is_valid(band, 3, rows, cols) for band in stored], axis=0)
    for name, band in (("vis-red", "i16"), ("vis-green", "u8")):
        valid = stored[band][is_valid(band, 3, rows, cols)]
        expected = _stretched(stretch, stored[band], valid)
        np.testing.assert_array_equal(found[name], np.where(ok, expected, 0))
    plain = np.where(ok, stored["u16"].clip(0, 255), 0)
    np.testing.assert_array_equal(found["vis-blue"], plain)
    kept = [name for name in info(styled.propertyNames()) if name.startswith("histogram_")]
    assert sorted(kept) == ["histogram_i16", "histogram_u8"]
    counts = np.array(info(styled.get("histogram_u8")))
    values, number = np.unique(stored["u8"][is_valid("u8", 3, rows, cols)], return_counts=True)
    np.testing.assert_array_equal(counts, np.column_stack([values, number]))


def _stretched(stretch: str, values: NDArray[Any], valid: NDArray[Any]) -> NDArray[Any]:
    if stretch == "Normalize":
        share = (values - valid.min()) / (valid.max() - valid.min())
    else:
        # The share of valid pixels that are no higher, from the lowest one's as 0.
        rank = np.searchsorted(np.sort(valid), values, "right")
        least = (valid == valid.min()).sum()
        share = (rank - least) / (valid.size - least)
    found: NDArray[Any] = np.floor(255 * share.clip(0, 1) + 0.5)
    return found


GRAY = (
    "<ChannelSelection><GrayChannel><SourceChannelName>{}</SourceChannelName></GrayChannel>"
    "</ChannelSelection>"
)
REFUSED = [
    ("no xml", "is no XML"),
    ("<a/>", "Exactly one RasterSymbolizer is required, got 0"),
    ("<a><RasterSymbolizer/><RasterSymbolizer/></a>", "got 2"),
    ('<!DOCTYPE a [<!ENTITY b "c">]><RasterSymbolizer/>', "declares types or entities"),
    ("<RasterSymbolizer><ShadedRelief/></RasterSymbolizer>", "not currently supported"),
    (f"<RasterSymbolizer>{GRAY.format('B9')}</RasterSymbolizer>", "did not match any bands"),
    (entries(kind="ramp"), "needs entries"),
    (entries("1:ff0000", kind="steps"), "'steps' of a ColorMap is not known"),
    (entries("x:ff0000"), "must be a number"),
    (entries("1:blau"), "Invalid color"),
    (CHANNELS.format("Logarithmic"), "'Logarithmic' is not known"),
    (
        "<RasterSymbolizer><ContrastEnhancement><Normalize/></ContrastEnhancement>"
        "</RasterSymbolizer>",
        "not supported for floating point imagery; band 'f32' is float",
    ),
]


@pytest.mark.parametrize(("style", "message"), REFUSED)
def test_styles_that_are_refused(style: str, message: str) -> None:
    with pytest.raises(ee.EEException, match=message):
        info(ee.Image("TEST/UTM").select("f32").sldStyle(style))


def thumbnail(server: eemulator.Server, image: Any) -> NDArray[np.uint8]:
    """A picture of ten columns and one row, `(columns, RGBA)`."""
    left, top = UTM.transform[2], UTM.transform[5]
    area = ee.Geometry.Rectangle([left, top - 10, left + 100, top], UTM.crs, False, False)
    parameters = {"region": area, "crs": UTM.crs, "dimensions": "10x1", "format": "png"}
    reply = send(server, "GET", urlsplit(image.getThumbURL(parameters)).path)
    assert reply.status == 200, reply.message
    found: NDArray[np.uint8] = decoded(reply.body)[0]
    return found


def test_colours_of_classes_are_saved_in_properties(server: eemulator.Server) -> None:
    flag = ee.Image("TEST/UTM").select(["flag"], ["landcover"])
    saved = flag.set({"landcover_class_values": "0,1", "landcover_class_palette": "0000FF,AABBCD"})
    values, shown = (of("flag", 3, np.zeros(10, int), np.arange(10)) for of in (formula, is_valid))
    shades = np.array([[0, 0, 255, 255], [0xAA, 0xBB, 0xCD, 255]])
    found = thumbnail(server, saved)
    np.testing.assert_array_equal(found[shown], shades[values[shown]])
    assert not found[~shown, 3].any()
    # Without both properties, or with texts that do not fit, it is grey.
    for other in (
        flag,
        saved.set("landcover_class_values", "0"),
        saved.set("landcover_class_values", "water"),
    ):
        grey = thumbnail(server, other)[shown]
        np.testing.assert_array_equal(grey[:, 0], grey[:, 2])


def test_two_bands_are_red_and_blue(server: eemulator.Server) -> None:
    found = thumbnail(server, ee.Image("TEST/UTM").select(["u8", "flag"]))
    columns = np.arange(10)
    shown = is_valid("u8", 3, 0, columns) & is_valid("flag", 3, 0, columns)
    np.testing.assert_array_equal(found[shown, 0], formula("u8", 3, 0, columns)[shown])
    np.testing.assert_array_equal(found[shown, 1], 0)
    np.testing.assert_array_equal(found[shown, 2], formula("flag", 3, 0, columns)[shown])
