"""Downloads of tables: collections kept under a name, and their rows as a file."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..exports.tables import WRITERS
from .fields import check_fields, parse_json
from .kept import Kept
from .rendered import Rendered
from .results import as_collection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ..limits import Deadline, Limits
    from ..values.collection import Collection
    from ..values.element import Element

_MEDIA_TYPES = {"CSV": "text/csv", "GEO_JSON": "application/geo+json"}
_STRANGE = re.compile(r"[^\w.\-]")


class TableFiles:
    """Tables of a server that wait to be downloaded.

    Args:
        evaluate: an expression's value, before a deadline.
        limits: what to refuse.
    """

    def __init__(self, evaluate: Callable[[Any, Deadline], Any], limits: Limits) -> None:
        self._evaluate = evaluate
        self._limits = limits
        self._kept = Kept("Table", limits)

    def create(self, parent: str, body: bytes) -> dict[str, str]:
        """Keep a request under a name; what is wrong with it is said now [I]."""
        fields = check_fields(parse_json(body), "tables")
        _format_of(fields)
        _selectors_of(fields)
        self._collection(fields, self._limits.deadline())
        return {"name": self._kept.keep(parent, "tables", body)}

    def clear(self) -> None:
        """Forget all names."""
        self._kept.clear()

    def body(self, name: str) -> bytes:
        """The request that is kept under a name.

        Raises:
            ServiceError: there is none.
        """
        return self._kept.get(name)

    def get_features(self, name: str) -> Rendered:
        """The file of a name."""
        fields = check_fields(parse_json(self.body(name)), "tables")
        file_format = _format_of(fields)
        suffix, write = WRITERS[file_format]
        deadline = self._limits.deadline()
        rows = _watched(self._collection(fields, deadline), deadline)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table"
            write(path, rows, _selectors_of(fields), self._limits)
            content = path.read_bytes()
        title = _STRANGE.sub("_", str(fields.get("filename") or "table"))
        return Rendered(content, _MEDIA_TYPES[file_format], len(content), f"{title}{suffix}")

    def _collection(self, fields: Mapping[str, Any], deadline: Deadline) -> Collection:
        return as_collection(self._evaluate(fields.get("expression"), deadline))


def _format_of(fields: Mapping[str, Any]) -> str:
    wanted = fields.get("fileFormat") or "CSV"
    if wanted not in WRITERS:
        raise ServiceError(
            f"The emulator writes tables as {' and '.join(WRITERS)}, not as '{wanted}'."
        )
    return str(wanted)


def _selectors_of(fields: Mapping[str, Any]) -> Sequence[str] | None:
    names = fields.get("selectors")
    if not names:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ServiceError("Invalid value at 'selectors': a list of names is needed.")
    return names


def _watched(collection: Collection, deadline: Deadline) -> Iterator[Element]:
    for element in collection:
        deadline.check()
        yield element
