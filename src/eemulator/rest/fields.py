"""Fields of request bodies: which there are, and those that many methods have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..values.json_text import load_json

if TYPE_CHECKING:
    from collections.abc import Mapping

_PIXELS = frozenset({"fileFormat", "grid", "bandIds", "visualizationOptions", "workloadTag"})
_PAGES = frozenset({"expression", "pageSize", "pageToken", "workloadTag"})
_ASSET = frozenset(
    {"type", "name", "id", "properties", "startTime", "endTime", "start_time", "end_time"}
)
_EXPORT = frozenset(
    {"expression", "description", "requestId", "priority", "maxWorkers", "workloadTag"}
)
_TABLE_EXPORT = frozenset(
    {
        "fileExportOptions",
        "assetExportOptions",
        "featureViewExportOptions",
        "bigqueryExportOptions",
        "selectors",
        "maxVertices",
    }
)
_FRAMES = frozenset({"expression", "fileFormat", "grid", "visualizationOptions", "workloadTag"})
_FIELDS = {
    "computePixels": _PIXELS | {"expression"},
    "getPixels": _PIXELS | {"region"},
    "thumbnails": _PIXELS | {"expression", "filenamePrefix"},
    "videoThumbnails": _FRAMES | {"videoOptions"},
    "filmstripThumbnails": _FRAMES | {"orientation"},
    "maps": (_PIXELS - {"grid"}) | {"expression"},
    "computeFeatures": _PAGES,
    "computeImages": _PAGES,
    "createAsset": _ASSET,
    "updateAsset": frozenset({"asset", "updateMask"}),
    "copyAsset": frozenset({"destinationName", "overwrite"}),
    "moveAsset": frozenset({"destinationName"}),
    "setIamPolicy": frozenset({"policy", "updateMask"}),
    "image:export": _EXPORT | {"fileExportOptions", "assetExportOptions", "maxPixels", "grid"},
    "table:export": _EXPORT | _TABLE_EXPORT,
}


def parse_json(body: bytes) -> Any:
    """The JSON of a body.

    Raises:
        ServiceError: it is none.
    """
    try:
        return load_json(body)
    except ValueError:
        raise ServiceError("Invalid JSON payload received.") from None


def check_fields(body: Any, method: str) -> Mapping[str, Any]:
    """Refuse what is no object or has unknown fields.

    Args:
        body: the JSON.
        method: one that takes a body.
    """
    if not isinstance(body, dict):
        raise ServiceError("Invalid JSON payload received. Root element must be a message.")
    for name in body:
        if name not in _FIELDS[method]:
            raise ServiceError(
                f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.'
            )
    return body
