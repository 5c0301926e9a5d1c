"""Properties of images, features and collections."""

from __future__ import annotations

from typing import Any

from ..errors import ServiceError
from ..expression.registry import algorithm
from ..values.element import Element
from ..values.geometry import Feature, Geometry
from ..values.parse import parse_geometry
from ..values.patterns import pattern_of


@algorithm("Feature")
def feature(place: Any, metadata: dict[str, Any], key: str | None) -> Element:
    """A geometry with properties; a feature or an image stays what it is.

    Args:
        place: a geometry, GeoJSON, an element, or null.
        metadata: the properties.
        key: another property to take the geometry from.
    """
    if key is not None:
        place = metadata.get(key, place)
    if isinstance(place, Element):
        return place.with_properties({**place.properties, **metadata}) if metadata else place
    if isinstance(place, dict):
        place = parse_geometry(place)
    if place is not None and not isinstance(place, Geometry):
        raise ServiceError("Parameter 'geometry' must be a Geometry.")
    return Feature(place, metadata)


@algorithm("Element.get")
def get(element: Element, name: str) -> Any:
    """A property, or null."""
    return element.get(name)


@algorithm("Element.getNumber", "Element.getString")
def get_typed(element: Element, name: str) -> Any:
    """A property, or null; what uses it checks its type."""
    return element.get(name)


@algorithm("Element.set")
def set_one(element: Element, name: str, value: Any) -> Element:
    """One property changed; null removes it."""
    return element.with_property(name, value)


@algorithm("Element.setMulti")
def set_several(element: Element, values: dict[str, Any]) -> Element:
    """Several properties changed."""
    for name, value in values.items():
        element = element.with_property(name, value)
    return element


@algorithm("Element.propertyNames")
def property_names(element: Element) -> list[str]:
    """Names of all properties."""
    own = ("system:id", "system:version", "system:footprint", "system:band_names")
    return [*element.properties, *(name for name in own if element.get(name) is not None)]


@algorithm("Element.toDictionary")
def to_dictionary(element: Element, names: list[str] | None) -> dict[str, Any]:
    """Some properties; by default all that are not the system's."""
    if names is not None:
        found = {name: element.get(name) for name in names}
        return {name: value for name, value in found.items() if value is not None}
    return {k: v for k, v in element.properties.items() if not k.startswith("system:")}


@algorithm("Element.copyProperties", "Image.copyProperties")
def copy_properties(
    target: Element | None,
    source: Element | None,
    names: list[str] | None,
    exclude: list[str] | None,
) -> Element | None:
    """Properties of another element; by default all that are not the system's.

    Raises:
        ServiceError: names are given, and others to leave out [S].
    """
    if names is not None and exclude is not None:
        raise ServiceError("Parameters 'properties' and 'exclude' must not be given together.")
    if target is None or source is None:
        return target
    copied = to_dictionary(source, names)
    for name in exclude or ():
        copied.pop(name, None)
    return target.with_properties({**target.properties, **copied})


@algorithm("Image.id", "Feature.id")
def identifier(element: Element) -> str | None:
    """The id within a collection; of a stored image alone, its asset id."""
    return element.index


@algorithm("Feature.geometry", ignores=["maxError", "proj", "geodesics"])
def geometry(element: Element) -> Geometry | None:
    """Where it is."""
    return element.geometry


@algorithm("Feature.select")
def select(
    element: Element, selectors: list[str], names: list[str] | None, retain_geometry: bool
) -> Element:
    """Some properties, by name or regular expression, perhaps under other names."""
    chosen: list[str] = []
    for selector in selectors:
        pattern = pattern_of(selector)
        known = (name for name in element.properties if not name.startswith("system:"))
        found = [name for name in known if name == selector or pattern.fits(name)]
        chosen += [name for name in (found or [selector]) if name not in chosen]
    if names is not None and len(names) != len(chosen):
        raise ServiceError(
            f"The number of new names ({len(names)}) must match the number of properties "
            f"selected ({len(chosen)})."
        )
    values = {new: element.get(old) for old, new in zip(chosen, names or chosen, strict=True)}
    properties = {name: value for name, value in values.items() if value is not None}
    if element.index is not None:
        properties["system:index"] = element.index
    return Feature(element.geometry if retain_geometry else None, properties)


@algorithm("Element.replaceProperties")
def replace_properties(target: Element, source: Element | None) -> Element:
    """The properties of another element in place of its own; the index stays."""
    properties = {} if source is None else dict(source.properties)
    properties.pop("system:index", None)
    if target.index is not None:
        properties["system:index"] = target.index
    return target.with_properties(properties)
