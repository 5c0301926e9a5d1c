"""Values as `getInfo` shows them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..limits import too_many_elements
from .collection import Collection
from .geometry import Feature, Geometry
from .image import Image
from .margin import ErrorMargin
from .pixel_type import PixelType
from .projection import Projection
from .time import Date, DateRange

if TYPE_CHECKING:
    from ..limits import Limits


def to_json(value: Any, limits: Limits) -> Any:
    """A value as plain JSON.

    Raises:
        ServiceError: it has no JSON form, or too many elements.
    """
    match value:
        case None | str():
            return value
        case bool() | int() | float():
            return number(value)
        case list() | tuple():
            return [to_json(item, limits) for item in value]
        case dict():
            return {str(key): to_json(item, limits) for key, item in value.items()}
        case Image():
            return image_json(value, limits)
        case Feature():
            return feature_json(value, limits)
        case Collection():
            return collection_json(value, limits)
        case Geometry() | Projection() | Date() | DateRange() | ErrorMargin() | PixelType():
            return to_json(value.json(), limits)
    raise ServiceError(f"A value of type {type(value).__name__} cannot be shown.")


def number(value: float) -> float | int | str:
    """A number as JSON: whole doubles without a fraction, infinities and NaN as text [I]."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return "NaN" if math.isnan(value) else f"{'-' * (value < 0)}Infinity"
        if value.is_integer() and abs(value) < 2**53:
            return int(value)
    return value


def image_json(image: Image, limits: Limits) -> dict[str, Any]:
    """An image: bands, identity, properties."""
    described: dict[str, Any] = {
        "type": "Image",
        "bands": [to_json(band.json(), limits) for band in image.bands],
    }
    if image.asset_id is not None:
        described["id"] = image.asset_id
        described["version"] = image.version
    properties = {key: to_json(v, limits) for key, v in image.properties.items()}
    if image.footprint is not None:
        properties["system:footprint"] = to_json(image.footprint, limits)
    if properties:
        described["properties"] = properties
    return described


def feature_json(feature: Feature, limits: Limits) -> dict[str, Any]:
    """A feature; its index becomes `id`."""
    described: dict[str, Any] = {
        "type": "Feature",
        "geometry": to_json(feature.geometry, limits),
    }
    if feature.index is not None:
        described["id"] = feature.index
    described["properties"] = {
        key: to_json(item, limits)
        for key, item in feature.properties.items()
        if key != "system:index"
    }
    return described


def collection_json(collection: Collection, limits: Limits) -> dict[str, Any]:
    """A collection with all its elements.

    Raises:
        ServiceError: there are too many.
    """
    elements = collection.first(limits.elements + 1)
    if len(elements) > limits.elements:
        raise too_many_elements(limits.elements)
    described: dict[str, Any] = {"type": collection.type_name}
    if collection.asset_id is not None:
        described["id"] = collection.asset_id
    if collection.is_images:
        described["bands"] = []
    else:
        described["columns"] = _columns(elements)
    if collection.properties:
        described["properties"] = to_json(dict(collection.properties), limits)
    described["features"] = [to_json(element, limits) for element in elements]
    return described


def _columns(elements: list[Any]) -> dict[str, str]:
    """Names and types of the first element's properties."""
    if not elements:
        return {}
    kinds = {str: "String", bool: "Boolean", int: "Integer", float: "Float", list: "List"}
    return {key: kinds.get(type(item), "Object") for key, item in elements[0].properties.items()}
