"""What images, features and collections have in common: properties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .geometry import Geometry


class Element:
    """A thing with properties, perhaps a member of a collection.

    Not an abstract class in Python's sense: `isinstance` would take three times as long, and it is
    asked for each argument of each call.
    """

    type_name: ClassVar[str] = "Element"
    properties: Mapping[str, Any]

    def with_properties(self, properties: Mapping[str, Any]) -> Self:
        """The same thing with other properties."""
        raise NotImplementedError

    def get(self, name: str) -> Any:
        """A property, or None."""
        return self.properties.get(name)

    @property
    def geometry(self) -> Geometry | None:
        """Where it is; None for nowhere or everywhere."""
        raise NotImplementedError

    @property
    def index(self) -> str | None:
        """Its id within a collection."""
        value = self.properties.get("system:index")
        return None if value is None else str(value)

    def with_property(self, name: str, value: Any) -> Self:
        """One property changed; a null removes it."""
        properties = dict(self.properties)
        if value is None:
            properties.pop(name, None)
        else:
            properties[name] = value
        return self.with_properties(properties)
