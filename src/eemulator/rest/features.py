"""The rows of a stored table, page by page."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from ..catalog.model import TableAsset
from ..errors import ServiceError
from ..values.parse import parse_geometry
from ..values.shapes import intersects
from ..values.to_json import to_json
from .asset_filter import parse_filter
from .assets import find_asset
from .fields import parse_json
from .pages import page_size, page_start, page_token, question_key
from .tables import feature_fields

if TYPE_CHECKING:
    from ..catalog.model import Catalog
    from ..limits import Limits
    from .call import Call


def list_features(catalog: Catalog, limits: Limits, call: Call) -> dict[str, Any]:
    """`assets/*:listFeatures`.

    Args:
        catalog: where to look.
        limits: of one page.
        call: `region` (GeoJSON), `filter`, `pageSize`, `pageToken` in its query.

    Raises:
        ServiceError: the asset is no table, or the query is malformed.
    """
    table = find_asset(catalog, call.name)
    if not isinstance(table, TableAsset):
        raise ServiceError(f"Asset '{call.name}' is not a table.")
    region, text = call.query.get("region"), call.query.get("filter") or ""
    area = None if not region else parse_geometry(parse_json(region.encode()), geodesic=False)
    meets = parse_filter(text)
    key = question_key([call.name, region, text, table.version])
    start = page_start(call.query.get("pageToken"), key)
    size = page_size(call.query, limits.page, limits.elements)
    passing = (
        (position, row)
        for position, row in enumerate(table.features[start:], start)
        if (area is None or (row.geometry is not None and intersects(row.geometry, area)))
        and meets(row)
    )
    shown = [feature_fields(row) for _, row in islice(passing, size)]
    page = {"type": "FeatureCollection", "features": to_json(shown, limits)}
    if (following := next(passing, None)) is not None:
        page["nextPageToken"] = page_token(key, following[0])
    return page
