"""Elements as rows of a table.

What the service makes of an image among features, of the index and of values that are neither
numbers nor text is remembered, not known [M]; it is all decided here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..values.element import Element

_HIDDEN = frozenset({"system:index", "system:footprint"})


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
