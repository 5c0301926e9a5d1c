"""What a band can be called."""

from __future__ import annotations

import re

BAND_NAME = re.compile(r"[A-Za-z0-9_.\-]+")

_UNFIT = re.compile(r"[^A-Za-z0-9_.\-]+")


def band_name(text: str) -> str:
    """What somebody else calls a band, as Earth Engine can."""
    return _UNFIT.sub("_", text)
