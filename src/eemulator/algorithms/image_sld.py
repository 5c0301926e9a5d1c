"""Images for the eye, by a Styled Layer Descriptor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..pixels.node import Plane, both
from ..pixels.pointwise import Pointwise, Recipe
from ..values.array import Array
from ..values.colors import parse_palette
from ..values.image import Image, ImageBand, require_bands
from ..values.pixel_type import BYTE
from ..values.reducer import SIMPLE
from ..values.sld import Contrast, Style, of_classes, parse_style
from .image_math import derived
from .image_region import reduce_region

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from ..expression.evaluate import Session
    from ..values.sld import ColorMap

    Floats = NDArray[np.float64]
    Stretch = Callable[[Floats], Floats]

_RGB = ("vis-red", "vis-green", "vis-blue")
# Pixels that a stretch is learnt from; of larger images, coarser ones.
_LEARNT_FROM = 1_000_000


@algorithm("Image.sldStyle", session=True)
def sld_style(session: Session, image: Image, text: str) -> Image:
    """Bands `vis-red`, `vis-green`, `vis-blue` [M] of a raster symbolizer.

    Channels are bands by name, or else by their number from 1; `ramp`, `intervals` and `values`
    colour one. An opacity of 0 is transparent, any other opaque. Pixels at or above the last
    interval are transparent [S]; beyond the ends of a ramp its ends go on, and values without an
    entry are transparent [M]. Without an enhancement, 0 to 255 are seen as they are [M].
    `Normalize` stretches the extremes of the image to that, `Histogram` its ranks; both only
    integers, and both leave `histogram_{band}` [S]: values and how often they occur [M].

    Raises:
        ServiceError: the style is none, or does not fit the image.
    """
    style = parse_style(text)
    channels = [(_band(image, name), own or style.contrast) for name, own in style.channels]
    if not channels:
        require_bands(image)
        open_ = (
            image.bands[:3] if style.colors is None and len(image.bands) > 2 else image.bands[:1]
        )
        channels = [(band, style.contrast) for band in open_]
    counted = {
        band.id: _histogram(session, image, band)
        for band, contrast in channels
        if contrast.stretch is not None
    }
    made = _styled(image, style, channels, counted)
    kept = {
        f"histogram_{name}": Array.of(np.array(list(counts.items()), np.float64))
        for name, counts in counted.items()
    }
    return replace(made, properties={**made.properties, **kept})


def _styled(
    image: Image,
    style: Style,
    channels: Sequence[tuple[ImageBand, Contrast]],
    counted: Mapping[str, Mapping[int, float]],
) -> Image:
    stretches = [_stretch(contrast, counted.get(band.id)) for band, contrast in channels]
    sources = tuple(band for band, _ in channels)
    if style.colors is None:
        recipes = [
            Recipe(sources, _plain(stretches[i % len(sources)], i % len(sources), style))
            for i in range(3)
        ]
    else:
        recipes = [
            Recipe(sources, _colored(stretches[0], style.colors, style, i)) for i in range(3)
        ]
    node = Pointwise(recipes)
    return image.computed(derived(name, BYTE, sources, node, i) for i, name in enumerate(_RGB))


def in_classes(image: Image) -> Image | None:
    """One band in the colours that the image's properties give its values; None if they do not.

    `{band}_class_values` and `{band}_class_palette`, texts that commas divide or lists
    (https://developers.google.com/earth-engine/guides/image_visualization#saving-default-color-palettes)
    [S]. Other values are transparent [M].
    """
    band = require_bands(image)
    values, palette = (image.get(f"{band.id}_class_{part}") for part in ("values", "palette"))
    if values is None or palette is None:
        return None
    try:
        known = [float(v) for v in (values.split(",") if isinstance(values, str) else values)]
    except (TypeError, ValueError, OverflowError):
        return None
    shades = parse_palette(palette)
    if len(shades) != len(known):
        return None
    plain = Style((), Contrast(), of_classes(known, shades), opaque=True)
    return _styled(image, plain, [(band, plain.contrast)], {})


def _band(image: Image, name: str) -> ImageBand:
    """A band by its name, or else by its number."""
    numbers = {str(number): band for number, band in enumerate(image.bands, 1)}
    if name not in image.names and name in numbers:
        return numbers[name]
    return image.named([name])[0]


def _histogram(session: Session, image: Image, band: ImageBand) -> Mapping[int, float]:
    """How often each value occurs, values ascending."""
    if not band.type.is_int:
        raise ServiceError(
            "Histogram and Normalize contrast stretches are not supported for floating point "
            f"imagery; band '{band.id}' is {band.type.precision}."
        )
    found = reduce_region(
        session,
        image.with_bands([band]),
        SIMPLE["frequencyHistogram"],
        None,
        None,
        None,
        None,
        True,
        _LEARNT_FROM,
    )
    counts: dict[str, float] = found[band.id] or {}
    if not counts:
        raise ServiceError(f"Band '{band.id}' has no valid pixel to learn a stretch from.")
    return dict(sorted((int(float(value)), count) for value, count in counts.items()))


def _stretch(contrast: Contrast, counts: Mapping[int, float] | None) -> Stretch:
    """Values as 0 to 255."""

    def lifted(values: Floats) -> Floats:
        if contrast.gamma == 1:
            return values
        found: Floats = 255 * (values.clip(0, 255) / 255) ** (1 / contrast.gamma)
        return found

    if counts is None:
        return lifted
    known = np.array(list(counts), np.float64)
    if contrast.stretch == "normalize":
        places = (known - known[0]) / max(known[-1] - known[0], 1)
    else:
        rank = np.cumsum(list(counts.values()))
        places = (rank - rank[0]) / max(rank[-1] - rank[0], 1)
    return lambda values: lifted(np.interp(values, known, 255 * places))


def _plain(stretch: Stretch, which: int, style: Style) -> Callable[..., Plane]:
    def run(*planes: Plane) -> Plane:
        values = stretch(_floats(planes[which]))
        return Plane(_bytes(values), _mask(planes, style, None))

    return run


def _colored(
    stretch: Stretch, colors: ColorMap, style: Style, channel: int
) -> Callable[[Plane], Plane]:
    quantities = np.array(colors.quantities)
    shades = np.array([shade[channel] for shade in colors.shades], np.float64)
    opaque = np.array(colors.opaque, np.float64)

    def run(plane: Plane) -> Plane:
        values = stretch(_floats(plane))
        if colors.kind == "ramp":
            # Only what lies between two transparent ends is transparent itself.
            shown: Any = np.interp(values, quantities, opaque) > 0
            return Plane(
                _bytes(np.interp(values, quantities, shades)), _mask([plane], style, shown)
            )
        after = colors.below or colors.kind == "values"
        place = np.searchsorted(quantities, values, "left" if after else "right")
        if colors.kind == "values":
            place = place.clip(0, quantities.size - 1)
            shown = (quantities[place] == values) & (opaque[place] > 0)
        else:
            shown = opaque[place] > 0
        return Plane(_bytes(shades[place]), _mask([plane], style, shown))

    return run


def _floats(plane: Plane) -> Floats:
    found: Floats = np.nan_to_num(plane.values.astype(np.float64))
    return found


def _bytes(values: Floats) -> NDArray[np.uint8]:
    return np.floor(values.clip(0, 255) + 0.5).astype(np.uint8)


def _mask(planes: Any, style: Style, shown: Any) -> Any:
    mask = shown
    for plane in planes:
        mask = both(mask, plane.mask)
    if style.opaque:
        return mask
    return np.zeros(planes[0].values.shape, np.bool_)
