"""Elements as rows of a table, and its columns.

What the service makes of an image among features, of the index and of values that are neither
numbers nor text is remembered, not known [M]; it is all decided here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..values.element import Element

_HIDDEN = frozenset({"system:index", "system:footprint"})


def parse_selectors(fields: Mapping[str, Any]) -> list[str] | None:
    """The columns that a request chooses; None for all.

    Raises:
        ServiceError: they are no list of names.
    """
    columns = fields.get("selectors")
    if columns is None:
        return None
    if not (isinstance(columns, list) and all(isinstance(column, str) for column in columns)):
        raise ServiceError("Invalid value at 'selectors': a list of names is needed.")
    return columns


def feature_fields(element: Element) -> dict[str, Any]:
    """A GeoJSON feature in EPSG:4326 with planar edges [S]; `to_json` makes its values plain.

    The index is the feature's `id` and not among its properties, as in `getInfo` [M]. Projections,
    dates and the like are told as in `getInfo` [M]. An image gives its footprint [M].
    """
    place = element.geometry
    fields: dict[str, Any] = {"type": "Feature", "geometry": place and place.planar}
    if element.index is not None:
        fields["id"] = element.index
    fields["properties"] = {
        name: value for name, value in element.properties.items() if name not in _HIDDEN
    }
    return fields
