"""Error margins: accepted and told, but the emulator is always exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_WORLD = 2.0e7


@dataclass(frozen=True, slots=True)
class ErrorMargin:
    """How much error a caller accepts.

    Attributes:
        value: in `unit`; None for any.
        unit: `meters`, `projected` or `infinite`.
    """

    value: float | None
    unit: str

    @staticmethod
    def of(value: float | None, unit: str) -> ErrorMargin:
        """A margin as it is understood: never negative, and infinite from 20,000 km on [S]."""
        if value is None or unit == "infinite" or (unit == "meters" and abs(value) >= _WORLD):
            return ErrorMargin(None, "infinite")
        return ErrorMargin(abs(value), unit)

    def json(self) -> dict[str, Any]:
        """As in `getInfo`."""
        told = {} if self.value is None else {"value": self.value}
        return {"type": "ErrorMargin", "unit": self.unit, **told}
