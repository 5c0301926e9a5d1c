"""What was measured, as lines of JSON: the last measurement of each row of each table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results.jsonl"


class Results:
    """Measurements in a file, which is written anew with each of them.

    Args:
        path: of the file; need not exist.
    """

    def __init__(self, path: Path = RESULTS) -> None:
        self._path = path
        self._found: dict[tuple[str, str], dict[str, Any]] = {}
        if path.exists():
            for line in path.read_text("utf-8").splitlines():
                result = json.loads(line)
                self._found[result["case"], result["entry"]] = result

    def get(self, case_name: str, entry_name: str) -> dict[str, Any] | None:
        """A measurement, if there is one."""
        return self._found.get((case_name, entry_name))

    def record(self, result: dict[str, Any]) -> None:
        """Put a measurement in the place of an earlier one; `case` and `entry` say which."""
        self._found[result["case"], result["entry"]] = result
        lines = [json.dumps(result, ensure_ascii=False) for result in self._found.values()]
        beside = self._path.with_suffix(".part")
        beside.write_text("\n".join(lines) + "\n", "utf-8")
        beside.replace(self._path)
