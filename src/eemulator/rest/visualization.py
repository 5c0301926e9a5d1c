"""`visualizationOptions`: how values of a request become bytes for the eye.

https://developers.google.com/earth-engine/reference/rest/v1/VisualizationOptions [S]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..algorithms.image_sld import in_classes
from ..algorithms.image_visualize import visualize
from ..errors import ServiceError
from ..pixels.constant import constant_image
from ..pixels.pictures import PICTURES
from ..pixels.request import chosen_bands, file_format_of
from ..values.image import unique_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..values.image import Image

_FIELDS = frozenset({"ranges", "paletteColors", "gamma", "opacity"})


def seen(image: Image, fields: Mapping[str, Any]) -> tuple[Image, Mapping[str, Any]]:
    """An image as a request wants to see it, and the fields that are left to obey.

    With `visualizationOptions`, and for a picture without them, that is one or three bands of
    bytes; otherwise the image itself. Without ranges, integers are stretched from the range of
    their type and others from 0 to 1, and of more than three bands the first three are seen.
    Without options, one band is seen in the colours of its classes, where the image tells them [S].
    https://developers.google.com/earth-engine/guides/image_visualization

    Raises:
        ServiceError: the options are malformed or contradict one another.
    """
    options = fields.get("visualizationOptions")
    if not options and file_format_of(fields) not in PICTURES:
        return image, fields
    chosen = image.with_bands(chosen_bands(image, fields.get("bandIds")))
    left = {name: fields[name] for name in fields if name != "bandIds"}
    colored = None if options or len(chosen.bands) != 1 else in_classes(chosen)
    return colored or _visualized(chosen, options or {}), left


def paired(image: Image, fields: Mapping[str, Any]) -> tuple[Image, Mapping[str, Any]]:
    """A thumbnail's image and fields: of two bands the first is red, the second blue [S].

    Only without options, where nothing says what else the bands should be.
    """
    if fields.get("visualizationOptions") or file_format_of(fields) not in PICTURES:
        return image, fields
    chosen = chosen_bands(image, fields.get("bandIds"))
    if len(chosen) != 2:
        return image, fields
    left = {name: fields[name] for name in fields if name != "bandIds"}
    bands = unique_names([chosen[0], *constant_image(0).bands, chosen[1]])
    return image.with_bands(bands), left


def _visualized(image: Image, options: Any) -> Image:
    if not isinstance(options, dict):
        raise _invalid("an object is needed")
    for name in options:
        if name not in _FIELDS:
            raise ServiceError(
                f'Invalid JSON payload received. Unknown name "{name}" at '
                "'visualization_options': Cannot find field."
            )
    lows, highs = _ranges(options.get("ranges"))
    palette = options.get("paletteColors") or None
    gamma, opacity = (_wrapped(options.get(name), name) for name in ("gamma", "opacity"))
    return visualize(image, None, None, None, lows, highs, gamma, opacity, palette, False)


def _ranges(wire: Any) -> tuple[list[Any] | None, list[Any] | None]:
    """Lowest and highest values, one for all bands or one for each; zero may be left out."""
    if not wire:
        return None, None
    if not isinstance(wire, list) or not all(isinstance(item, dict) for item in wire):
        raise _invalid("ranges must be a list of objects")
    if any(set(item) - {"min", "max"} for item in wire):
        raise _invalid("a range has a min and a max")
    return [item.get("min", 0) for item in wire], [item.get("max", 0) for item in wire]


def _wrapped(wire: Any, name: str) -> float | None:
    """A number, or an object that holds one as `value`, as the client writes it."""
    value = wire.get("value") if isinstance(wire, dict) else wire
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _invalid(f"{name} must be a number")
    return float(value)


def _invalid(why: str) -> ServiceError:
    return ServiceError(f"Invalid value at 'visualization_options': {why}.")
