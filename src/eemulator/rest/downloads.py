"""Tables that are downloaded: requests kept under a name, and answered by it.

"json" is GeoJSON, and a file is called `table` unless it has a name [S]:
https://developers.google.com/earth-engine/apidocs/ee-featurecollection-getdownloadurl. A shapefile
comes in a zip, which is what geemap unpacks.
"""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import unimplemented
from ..exports.tables import WRITERS, write_table
from .fields import check_fields, parse_json
from .kept import Kept
from .results import as_collection
from .tables import parse_selectors

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..limits import Deadline, Limits

_ALIASES = {"": "CSV", "JSON": "GEO_JSON"}
_MEDIA_TYPES = {
    ".csv": "text/csv; charset=UTF-8",
    ".geojson": "application/geo+json",
    ".kml": "application/vnd.google-earth.kml+xml",
    ".kmz": "application/vnd.google-earth.kmz",
    ".zip": "application/zip",
}
_STRANGE = re.compile(r"[^\w.\-]")


class TableFile(NamedTuple):
    """A table as a file.

    Attributes:
        content: its bytes.
        media_type: of the content.
        name: what to call it.
    """

    content: bytes
    media_type: str
    name: str


class Tables:
    """Table downloads of a server.

    Args:
        evaluate: an expression's value, before a deadline.
        limits: what to refuse.

    Attributes:
        kept: the requests, by name.
    """

    def __init__(self, evaluate: Callable[[Any, Deadline], Any], limits: Limits) -> None:
        self._evaluate = evaluate
        self._limits = limits
        self.kept = Kept("Table", limits)

    def create(self, parent: str, body: bytes) -> dict[str, str]:
        """Keep a request under a name; what is wrong with it is said now [I]."""
        fields = check_fields(parse_json(body), "tables")
        _file_format(fields.get("fileFormat"))
        parse_selectors(fields)
        as_collection(self._evaluate(fields.get("expression"), self._limits.deadline()))
        return {"name": self.kept.keep(parent, "tables", body)}

    def file(self, name: str) -> TableFile:
        """The table of a name."""
        fields = check_fields(parse_json(self.kept.get(name)), "tables")
        deadline = self._limits.deadline()
        table = as_collection(self._evaluate(fields.get("expression"), deadline))
        stem = _STRANGE.sub("_", str(fields.get("filename") or "table"))
        with tempfile.TemporaryDirectory(prefix="eemulator-") as made:
            files = write_table(
                table,
                _file_format(fields.get("fileFormat")),
                parse_selectors(fields),
                Path(made),
                self._limits,
                deadline,
            )
            if len(files) == 1:
                ((path, end),) = files
                content = path.read_bytes()
            else:
                content, end = _zipped(files, stem), ".zip"
        return TableFile(content, _MEDIA_TYPES.get(end, "application/octet-stream"), stem + end)


def _file_format(wire: Any) -> str:
    """A key of `WRITERS`.

    Raises:
        ServiceError: the emulator does not write it.
    """
    file_format = _ALIASES.get(str(wire or ""), str(wire))
    if file_format not in WRITERS:
        raise unimplemented(f"Downloading tables as {file_format}")
    return file_format


def _zipped(files: list[tuple[Path, str]], stem: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for path, end in files:
            packed.write(path, stem + end)
    return content.getvalue()
