"""Numbers as JSON."""

from __future__ import annotations

import math


class Long(int):
    """An integer that a cast made: `ObjectType` tells it from one that was written [S]."""


def number(value: float) -> float | int | str:
    """A number as JSON: whole doubles without a fraction, infinities and NaN as text [I]."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return "NaN" if math.isnan(value) else f"{'-' * (value < 0)}Infinity"
        if value.is_integer() and abs(value) < 2**53:
            return int(value)
    return value
