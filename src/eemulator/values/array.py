"""Arrays: numbers in any number of dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ServiceError
from .pixel_type import DOUBLE, PixelType

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST = 10_000_000
_DEEPEST = 16


@dataclass(frozen=True, eq=False, slots=True)
class Array:
    """Numbers.

    Attributes:
        values: of the dtype of `type`.
        type: of each number.
    """

    values: NDArray[Any]
    type: PixelType

    @staticmethod
    def of(values: NDArray[Any], kind: PixelType | None = None) -> Array:
        """Numbers of a type; by default of the exact range of integers, else doubles.

        Raises:
            ServiceError: they are too many.
        """
        if values.size > _MOST or values.ndim > _DEEPEST:
            raise ServiceError(f"An array cannot have {values.size} values.")
        if kind is None:
            if values.dtype.kind == "f":
                kind = DOUBLE
            elif values.size:
                kind = PixelType("int", int(values.min()), int(values.max()))
            else:
                kind = PixelType("int", 0, 0)
        return Array(values.astype(kind.dtype, copy=False), kind)

    @staticmethod
    def parsed(value: Any) -> Array | None:
        """An array of a number or of nested lists of numbers; None where it is neither."""
        if isinstance(value, Array):
            return value
        if isinstance(value, (bool, int, float)):
            value = int(value) if isinstance(value, bool) else value
        elif not isinstance(value, list) or not _regular(value):
            return None
        try:
            made = np.array(value)
        except (ValueError, OverflowError):
            return None
        if made.dtype.kind == "O":
            made = made.astype(np.float64)
        if made.dtype.kind not in "iuf":
            return None
        return Array.of(made.astype(np.int64) if made.dtype.kind == "u" else made)

    def json(self) -> Any:
        """Nested lists."""
        return self.values.tolist()


def _regular(items: list[Any]) -> bool:
    """Whether lists of one depth have one length, and numbers are only in the deepest."""
    level: list[Any] = [items]
    for _ in range(_DEEPEST):
        if len({len(part) for part in level}) > 1:
            return False
        inner = [item for part in level for item in part]
        if all(isinstance(item, (int, float)) for item in inner):
            return True
        if not all(isinstance(item, list) for item in inner):
            return False
        level = inner
    return False
