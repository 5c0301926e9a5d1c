"""Styles of rasters: OGC Styled Layer Descriptor 1.0, and Symbology Encoding 1.1, as values.

What Earth Engine reads of them: https://developers.google.com/earth-engine/apidocs/
ee-image-sldstyle and …/guides/image_visualization#styled-layer-descriptors [S].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

from ..errors import ServiceError
from .colors import parse_color

_MOST_CHARACTERS = 1_000_000
_UNSUPPORTED = ("ShadedRelief", "ImageOutline")
_RGB = ("RedChannel", "GreenChannel", "BlueChannel")

Shade = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class ColorMap:
    """Colours of values.

    Attributes:
        kind: `ramp` between quantities, `intervals` up to them, or `values` that they equal.
        quantities: ascending.
        shades: a colour for each quantity; of intervals one more, for what is above them all.
        opaque: whether that colour is seen.
        below: whether a quantity belongs to the interval below it.
    """

    kind: Literal["ramp", "intervals", "values"]
    quantities: tuple[float, ...]
    shades: tuple[Shade, ...]
    opaque: tuple[bool, ...]
    below: bool = False


@dataclass(frozen=True, slots=True)
class Contrast:
    """How values are stretched to 0 to 255.

    Attributes:
        stretch: by the extremes of the image, by its histogram, or not at all.
        gamma: of the correction after that.
    """

    stretch: Literal["normalize", "histogram"] | None = None
    gamma: float = 1.0


@dataclass(frozen=True, slots=True)
class Style:
    """A raster symbolizer.

    Attributes:
        channels: names or numbers from 1 of the bands that are seen, with their contrast: red,
            green and blue, or one; none where the style leaves it open.
        contrast: where a channel has none of its own.
        colors: of the one channel.
        opaque: whether anything is seen.
    """

    channels: tuple[tuple[str, Contrast | None], ...]
    contrast: Contrast
    colors: ColorMap | None
    opaque: bool


def parse_style(text: str) -> Style:
    """The style of a document or of a fragment of one.

    Raises:
        ServiceError: it is no XML, has not just one raster symbolizer, or one that is not
            understood.
    """
    if len(text) > _MOST_CHARACTERS or "<!" in text.replace("<!--", ""):
        # Entities that are declared can be as large as they like.
        raise ServiceError("The SLD is too long, or declares types or entities.")
    try:
        root = ET.fromstring(text.strip())  # noqa: S314 it declares nothing
    except (ET.ParseError, ValueError) as error:
        raise ServiceError(f"The SLD is no XML: {error}.") from None
    found = [element for element in root.iter() if _name(element) == "RasterSymbolizer"]
    if len(found) != 1:
        raise ServiceError(f"Exactly one RasterSymbolizer is required, got {len(found)}.")
    symbolizer = found[0]
    for name in _UNSUPPORTED:
        if _child(symbolizer, name) is not None:
            raise ServiceError(f"The {name} mechanism is not currently supported.")
    selection = _child(symbolizer, "ChannelSelection")
    colors = _child(symbolizer, "ColorMap")
    channels = () if selection is None else _channels(selection)
    if colors is not None and len(channels) == 3:
        raise ServiceError("A ColorMap needs a single channel.")
    opacity = _child(symbolizer, "Opacity")
    return Style(
        channels,
        _contrast(symbolizer) or Contrast(),
        None if colors is None else _colors(colors),
        opacity is None or _number("Opacity", opacity.text) != 0,
    )


def _name(element: ET.Element) -> str:
    """Its name without a namespace."""
    return str(element.tag).rpartition("}")[2]


def _children(element: ET.Element, name: str) -> list[ET.Element]:
    return [child for child in element if _name(child) == name]


def _child(element: ET.Element, name: str) -> ET.Element | None:
    return next(iter(_children(element, name)), None)


def _number(name: str, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ServiceError(f"{name} of the SLD must be a number, got {text!r}.")
    return value


def _channels(selection: ET.Element) -> tuple[tuple[str, Contrast | None], ...]:
    for names in (_RGB, ("GrayChannel",)):
        elements = [_child(selection, name) for name in names]
        if all(element is not None for element in elements):
            return tuple(_channel(element) for element in elements if element is not None)
    raise ServiceError("A ChannelSelection needs a gray channel, or a red, green and blue one.")


def _channel(element: ET.Element) -> tuple[str, Contrast | None]:
    source = _child(element, "SourceChannelName")
    if source is None or not (source.text or "").strip():
        raise ServiceError(f"{_name(element)} needs a SourceChannelName.")
    return (source.text or "").strip(), _contrast(element)


def _contrast(element: ET.Element) -> Contrast | None:
    """The contrast enhancement of a symbolizer or a channel, if it says anything."""
    found = _child(element, "ContrastEnhancement")
    if found is None or not len(found):
        return None
    stretch: Literal["normalize", "histogram"] | None = None
    gamma = 1.0
    for child in found:
        name = _name(child)
        if name == "Normalize":
            stretch = "normalize"
        elif name == "Histogram":
            stretch = "histogram"
        elif name == "GammaValue":
            gamma = _number(name, child.text)
        else:
            raise ServiceError(f"The contrast enhancement '{name}' is not known.")
    if gamma <= 0:
        raise ServiceError(f"Gamma must be positive, got {gamma}.")
    return Contrast(stretch, gamma)


def _colors(element: ET.Element) -> ColorMap:
    for name, read in (("Categorize", _categories), ("Interpolate", _points)):
        function = _child(element, name)
        if function is not None:
            return read(function)
    kind = element.get("type", "ramp")
    entries = []
    for entry in _children(element, "ColorMapEntry"):
        quantity = _number("The quantity", entry.get("quantity"))
        seen = _number("The opacity", entry.get("opacity", "1")) != 0
        entries.append((quantity, parse_color(entry.get("color")), seen))
    if kind == "intervals":
        return _of("intervals", entries, [((0, 0, 0), False)])
    if kind == "values":
        return _of("values", entries)
    if kind == "ramp":
        return _of("ramp", entries)
    raise ServiceError(
        f"The type '{kind}' of a ColorMap is not known; there are ramp, intervals, values."
    )


def of_classes(values: list[float], shades: list[Shade]) -> ColorMap:
    """A colour for each value."""
    return _of("values", [(v, shade, True) for v, shade in zip(values, shades, strict=True)])


def _of(
    kind: Literal["ramp", "intervals", "values"],
    entries: list[tuple[float, Shade, bool]],
    above: list[tuple[Shade, bool]] | None = None,
    *,
    below: bool = False,
) -> ColorMap:
    if not entries:
        raise ServiceError("A ColorMap needs entries.")
    entries = sorted(entries, key=lambda entry: entry[0])
    shades = [(shade, seen) for _, shade, seen in entries] + (above or [])
    return ColorMap(
        kind,
        tuple(quantity for quantity, _, _ in entries),
        tuple(shade for shade, _ in shades),
        tuple(seen for _, seen in shades),
        below,
    )


def _points(function: ET.Element) -> ColorMap:
    """`Interpolate`: colours at points."""
    entries = []
    for point in _children(function, "InterpolationPoint"):
        data, value = _child(point, "Data"), _child(point, "Value")
        if data is None or value is None:
            raise ServiceError("An InterpolationPoint needs Data and Value.")
        entries.append((_number("Data", data.text), parse_color(value.text), True))
    return _of("ramp", entries)


def _categories(function: ET.Element) -> ColorMap:
    """`Categorize`: a colour, then thresholds with the colour above each."""
    shades = [parse_color(value.text) for value in _children(function, "Value")]
    bounds = [_number("Threshold", each.text) for each in _children(function, "Threshold")]
    if not bounds or len(shades) != len(bounds) + 1 or bounds != sorted(bounds):
        raise ServiceError("A Categorize needs a value more than ascending thresholds.")
    entries = [(bound, shade, True) for bound, shade in zip(bounds, shades, strict=False)]
    below = function.get("thresholdsBelongTo", "succeeding") == "preceding"
    return _of("intervals", entries, [(shades[-1], True)], below=below)
