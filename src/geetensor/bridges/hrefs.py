"""How an Earth Engine image is named where a file would be: `ee://` and its asset id.

The scheme is Xee's, whose own words are that a "uri must follow the format
`ee://<image/collection/path>`" (xee 0.1.2, `ext.py`).
"""

from __future__ import annotations

SCHEME = "ee://"


def href_of(asset_id: str) -> str:
    """The address of an image."""
    return SCHEME + asset_id


def asset_id_of(href: str) -> str | None:
    """The image that an address names; None where it is not one in Earth Engine."""
    return href.removeprefix(SCHEME) if href.startswith(SCHEME) else None
