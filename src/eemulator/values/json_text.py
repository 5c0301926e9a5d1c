"""JSON of strangers."""

from __future__ import annotations

import json
import re
from typing import Any

_HALF = re.compile("[\ud800-\udfff]")


def load_json(text: str | bytes) -> Any:
    """The value of JSON.

    Raises:
        ValueError: it is none, nested too deeply, or holds half of a surrogate pair, which no
            encoder takes.
    """
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    escaped = "\\ud" in text.lower() if isinstance(text, str) else b"\\ud" in text.lower()
    if escaped and _HALF.search(json.dumps(value, ensure_ascii=False)):
        raise ValueError("half of a surrogate pair")
    return value
