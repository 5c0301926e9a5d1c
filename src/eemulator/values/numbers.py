"""Numbers as JSON and as arrays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


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


def numbers(values: Sequence[Any]) -> NDArray[np.float64]:
    """Values as an array.

    Raises:
        ServiceError: one is no number.
    """
    if not all(isinstance(value, (int, float)) for value in values):
        raise ServiceError("Need numbers to reduce.")
    return np.asarray(values, np.float64)
