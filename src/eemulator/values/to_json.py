"""Values as `getInfo` shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely

from ..errors import ServiceError
from ..limits import too_many_elements
from .array import Array
from .collection import Collection
from .confusion import ConfusionMatrix
from .geometry import Feature, Geometry
from .image import Image
from .kernel import Kernel
from .learning.classifier import Classifier
from .learning.clusterer import Clusterer
from .margin import ErrorMargin
from .numbers import number
from .pixel_type import PixelType
from .projection import Projection
from .time import Date, DateRange

if TYPE_CHECKING:
    from ..limits import Limits


def to_json(value: Any, limits: Limits) -> Any:
    """A value as plain JSON.

    Raises:
        ServiceError: it has no JSON form, too many elements, or too many values.
    """
    return _Writer(limits).write(value)


class _Writer:
    """Writes one value, counting what it writes."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.result_values

    def write(self, value: Any) -> Any:
        """A value of any kind."""
        self._left -= 1
        if self._left < 0:
            raise ServiceError("The result is too large.", kind="result size")
        # By exact type first: most values are one of these.
        kind = type(value)
        if value is None or kind is str or kind is int or kind is bool:
            return value
        if kind is float:
            return number(value)
        if kind is dict:
            write = self.write
            return {str(key): write(item) for key, item in value.items()}
        if kind is list or kind is tuple:
            write = self.write
            return [write(item) for item in value]
        return self._other(value)

    def _other(self, value: Any) -> Any:
        """A value that is not JSON of itself."""
        match value:
            case bool() | int() | float() | str():
                return number(value) if isinstance(value, float) else value
            case Image():
                return self._image(value)
            case Feature():
                return self._feature(value)
            case Collection():
                return self._collection(value)
            case Geometry():
                self._left -= int(shapely.get_num_coordinates(value.shape))
                return value.json()
            case Array():
                self._left -= value.values.size
                return self.write(value.json())
            case ConfusionMatrix():
                return self.write(value.json())
            case Classifier() | Clusterer():
                # The service shows the arguments too [M].
                return {"type": f"{type(value).__name__}.{value.name}"}
            case Projection() | Date() | DateRange() | ErrorMargin() | PixelType() | Kernel():
                return self.write(value.json())
        raise ServiceError(f"A value of type {type(value).__name__} cannot be shown.")

    def _image(self, image: Image) -> dict[str, Any]:
        """Bands, identity, properties."""
        described: dict[str, Any] = {
            "type": "Image",
            "bands": [self.write(band.json()) for band in image.bands],
        }
        if image.asset_id is not None:
            described["id"] = image.asset_id
        if image.version is not None:
            described["version"] = image.version
        properties = {key: self.write(v) for key, v in image.properties.items()}
        if image.footprint is not None:
            properties["system:footprint"] = self.write(image.footprint)
        if properties:
            described["properties"] = properties
        return described

    def _feature(self, feature: Feature) -> dict[str, Any]:
        """Geometry and properties; the index becomes `id`."""
        described: dict[str, Any] = {
            "type": "Feature",
            "geometry": self.write(feature.geometry),
        }
        if feature.index is not None:
            described["id"] = feature.index
        described["properties"] = {
            key: self.write(item)
            for key, item in feature.properties.items()
            if key != "system:index"
        }
        return described

    def _collection(self, collection: Collection) -> dict[str, Any]:
        """All elements, if they are not too many."""
        elements = collection.first(self._limits.elements + 1)
        if len(elements) > self._limits.elements:
            raise too_many_elements(self._limits.elements)
        described: dict[str, Any] = {"type": collection.type_name}
        if collection.asset_id is not None:
            described["id"] = collection.asset_id
        if collection.is_images:
            described["bands"] = []
        else:
            # A function's results are not known before they are made [S: recorded replies].
            described["columns"] = {} if collection.mapped else _columns(elements)
        if collection.properties:
            described["properties"] = self.write(dict(collection.properties))
        described["features"] = [self.write(element) for element in elements]
        return described


def _columns(elements: list[Any]) -> dict[str, str]:
    """Names and types of the first element's properties."""
    if not elements:
        return {}
    return {key: _column_type(item) for key, item in sorted(elements[0].properties.items())}


_KINDS: dict[type, str] = {str: "String", bool: "Boolean", int: "Integer", float: "Float"}


def _column_type(value: Any) -> str:
    if isinstance(value, list):
        kinds = {_column_type(item) for item in value}
        return f"List<{kinds.pop()}>" if len(kinds) == 1 else "List"
    return _KINDS.get(type(value), "Object")
