"""Error margins: accepted and told, but the emulator is always exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ErrorMargin:
    """How much error a caller accepts.

    Attributes:
        value: in `unit`; None for any.
        unit: `meters`, `projected` or `infinite`.
    """

    value: float | None
    unit: str

    def json(self) -> dict[str, Any]:
        """As in `getInfo`."""
        return {"type": "ErrorMargin", "unit": self.unit, "value": self.value}
