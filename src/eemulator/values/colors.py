"""Colours as people write them."""

from __future__ import annotations

import re
from typing import Any

import webcolors

from ..errors import ServiceError

_HEX = re.compile(r"#?(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{3})")


def parse_color(text: Any) -> tuple[int, int, int]:
    """Red, green and blue of a CSS name or of hexadecimal digits, with or without `#`.

    Raises:
        ServiceError: it is neither.
    """
    if isinstance(text, str):
        stripped = text.strip()
        try:
            if _HEX.fullmatch(stripped):
                red, green, blue = webcolors.hex_to_rgb(f"#{stripped.removeprefix('#')}")
            else:
                red, green, blue = webcolors.name_to_rgb(stripped)
        except ValueError:
            pass
        else:
            return red, green, blue
    raise ServiceError(f"Invalid color: {text!r}.")


def parse_palette(value: Any) -> list[tuple[int, int, int]]:
    """Colours of a list, or of a text that commas divide.

    Raises:
        ServiceError: one is none, or there is none.
    """
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list) or not items:
        raise ServiceError("A palette must be a list of colors.")
    return [parse_color(item) for item in items]
