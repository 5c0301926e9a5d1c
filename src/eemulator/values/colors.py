"""Colours as people write them."""

from __future__ import annotations

import re
from typing import Any

import webcolors

from ..errors import ServiceError

_HEX = re.compile(r"#?(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{3})")

_WITH_OPACITY = re.compile(r"(#?[0-9A-Fa-f]{6})([0-9A-Fa-f]{2})")


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


def parse_shade(text: Any) -> tuple[int, int, int, float]:
    """Red, green and blue, and an opacity of 0 to 1 that two more hexadecimal digits may give.

    Raises:
        ServiceError: it is no colour.
    """
    found = _WITH_OPACITY.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        return (*parse_color(text), 1.0)
    return (*parse_color(found[1]), int(found[2], 16) / 255)


def parse_palette(value: Any) -> list[tuple[int, int, int]]:
    """Colours of a list, or of a text that commas divide.

    Raises:
        ServiceError: one is none, or there is none.
    """
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list) or not items:
        raise ServiceError("A palette must be a list of colors.")
    return [parse_color(item) for item in items]
