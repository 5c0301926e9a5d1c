"""Arguments: defaults, and the conversions that a declared type allows.

The service promotes a number to an image, a geometry to a feature, a string to a projection,
and so on. A string is never promoted to an image.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..pixels.constant import constant_image
from ..values.array import Array
from ..values.collection import Collection
from ..values.confusion import ConfusionMatrix
from ..values.element import Element
from ..values.filters import Filter
from ..values.geometry import Feature, Geometry
from ..values.image import Image
from ..values.join import Join
from ..values.kernel import Kernel
from ..values.learning.classifier import Classifier
from ..values.learning.clusterer import Clusterer
from ..values.margin import ErrorMargin
from ..values.numbers import Long
from ..values.parse import parse_date, parse_geometry
from ..values.pixel_type import TYPES, PixelType
from ..values.projection import Projection
from ..values.reducer import Reducer
from ..values.time import Date, DateRange
from ..wheel import signatures
from .function import Function

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..wheel import Argument


class _Mismatch(Exception):  # noqa: N818
    """A value that does not fit a type."""


@cache
def fitters(name: str) -> tuple[Callable[[Any], Any], ...]:
    """For each argument of an algorithm, what turns a given value, or None, into what it takes.

    They raise a `ServiceError` where the value is missing or of the wrong type.
    """
    return tuple(_fitter(argument) for argument in signatures()[name].arguments)


def _fitter(argument: Argument) -> Callable[[Any], Any]:
    convert = _converter(argument.type)
    default, optional = argument.default, argument.optional

    def fit(value: Any) -> Any:
        if value is None:
            value = default
            if value is None:
                if optional:
                    return None
                raise ServiceError(f"Parameter '{argument.name}' is required and may not be null.")
        if convert is None:
            return value
        try:
            return convert(value)
        except _Mismatch:
            raise ServiceError(
                f"Parameter '{argument.name}' must be of type {_shown(argument.type)}, "
                f"got {type_name(value)}."
            ) from None

    return fit


def _converter(wanted: str) -> Callable[[Any], Any] | None:
    """What makes a value fit a declared type; None for a type that takes anything."""
    if wanted.startswith("List<"):
        return _list_of(_converter(wanted[5:-1]))
    if wanted.startswith("Image<"):
        wanted = "Image"
    elif wanted.startswith("Dictionary<"):
        wanted = "Dictionary"
    return _CONVERTERS.get(wanted)


def _list_of(convert: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    def run(value: Any) -> Any:
        items = [value] if isinstance(value, (str, int, float)) else value
        if not isinstance(items, list):
            raise _Mismatch
        if convert is None:
            return items
        if any(item is None for item in items):
            raise _Mismatch
        return [convert(item) for item in items]

    return run


def _image(value: Any) -> Image:
    if isinstance(value, Image):
        return value
    if _is_number(value) or (
        isinstance(value, list) and value and all(_is_number(item) for item in value)
    ):
        return constant_image(value)
    raise _Mismatch


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))


def _number(value: Any) -> float:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int) and abs(value) >= 2**63:
        return math.copysign(math.inf, value) if abs(value) > 2**1000 else float(value)
    if isinstance(value, (int, float)):
        return value
    raise _Mismatch


def _integer(value: Any) -> int:
    number = _number(value)
    if isinstance(number, float) and not number.is_integer():
        raise _Mismatch
    return int(number)


def _float(value: Any) -> float:
    return float(_number(value))


def _boolean(value: Any) -> bool:
    if isinstance(value, (bool, int, float)):
        return bool(value)
    raise _Mismatch


def _string(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise _Mismatch


def _dictionary(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if isinstance(value, Element):
        return dict(value.properties)
    raise _Mismatch


def _geometry(value: Any) -> Geometry:
    if isinstance(value, Geometry):
        return value
    if isinstance(value, (Element, dict)):
        found = value.geometry if isinstance(value, Element) else parse_geometry(value)
        if found is not None:
            return found
    raise _Mismatch


def _element(value: Any) -> Element:
    if isinstance(value, Geometry):
        return Feature(value, {})
    if isinstance(value, Element):
        return value
    raise _Mismatch


def _collection(value: Any) -> Collection:
    if isinstance(value, Collection):
        return value
    if isinstance(value, Geometry):
        value = Feature(value, {})
    items = value if isinstance(value, list) else [value]
    if all(isinstance(item, Element) for item in items):
        return Collection.of(items)
    raise _Mismatch


def _projection(value: Any) -> Projection:
    if isinstance(value, Projection):
        return value
    if isinstance(value, str):
        return Projection(value)
    if isinstance(value, dict) and value.get("type") == "Projection":
        # A default in the client's algorithms.json.
        return Projection(value["crs"], tuple(value["transform"]))
    raise _Mismatch


def _margin(value: Any) -> ErrorMargin:
    if isinstance(value, ErrorMargin):
        return value
    if isinstance(value, dict):
        return ErrorMargin.of(value.get("value"), str(value.get("unit", "meters")))
    return ErrorMargin.of(_float(value), "meters")


def _date(value: Any) -> Date:
    if isinstance(value, (Date, str, int, float)):
        return parse_date(value)
    raise _Mismatch


def _date_range(value: Any) -> DateRange:
    if isinstance(value, DateRange):
        return value
    start = _date(value)
    return DateRange(start.millis, start.millis + 1)


def _array(value: Any) -> Array:
    found = Array.parsed(value)
    if found is None:
        raise _Mismatch
    return found


def _pixel_type(value: Any) -> PixelType:
    if isinstance(value, str) and value in TYPES:
        return TYPES[value]
    if isinstance(value, PixelType):
        return value
    raise _Mismatch


def _instance(kind: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if isinstance(value, kind):
            return value
        raise _Mismatch

    return check


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "Image": _image,
    "ImageCollection": _collection,
    "FeatureCollection": _collection,
    "Element": _element,
    "Feature": _element,
    "Geometry": _geometry,
    "Projection": _projection,
    "ErrorMargin": _margin,
    "Date": _date,
    "DateRange": _date_range,
    "Dictionary": _dictionary,
    "Number": _number,
    "Float": _float,
    "Integer": _integer,
    "Long": _integer,
    "Boolean": _boolean,
    "String": _string,
    "Algorithm": _instance(Function),
    "Filter": _instance(Filter),
    "Join": _instance(Join),
    "Kernel": _instance(Kernel),
    "PixelType": _pixel_type,
    "Array": _array,
    "Reducer": _instance(Reducer),
    "ConfusionMatrix": _instance(ConfusionMatrix),
    "Classifier": _instance(Classifier),
    "Clusterer": _instance(Clusterer),
}


def type_name(value: Any) -> str:
    """What Earth Engine calls the type of a value."""
    match value:
        case None:
            return "Null"
        case bool():
            return "Boolean"
        case Long():
            return "Long"
        case int():
            return "Integer"
        case float():
            return "Float"
        case str():
            return "String"
        case list():
            return "List"
        case dict():
            return "Dictionary"
        case Element():
            return value.type_name
    return type(value).__name__


def _shown(wanted: str) -> str:
    return "Image" if wanted.startswith("Image<") else wanted
