"""Instants and ranges of them, in milliseconds since 1970, UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ..errors import ServiceError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Date:
    """An instant."""

    millis: int

    def moment(self) -> datetime:
        """As Python's own.

        Raises:
            ServiceError: before year 1 or after year 9999.
        """
        try:
            return EPOCH + timedelta(milliseconds=self.millis)
        except OverflowError:
            raise ServiceError(f"The date {self.millis} is out of range.") from None

    def json(self) -> dict[str, Any]:
        """As in `getInfo`."""
        return {"type": "Date", "value": self.millis}


@dataclass(frozen=True, slots=True)
class DateRange:
    """A range of instants.

    Attributes:
        start: inclusive.
        end: exclusive.
    """

    start: int
    end: int

    def contains(self, millis: float) -> bool:
        """Whether an instant lies within."""
        return self.start <= millis < self.end

    def json(self) -> dict[str, Any]:
        """As in `getInfo`."""
        return {"type": "DateRange", "dates": [self.start, self.end]}


UNBOUNDED = DateRange(-(2**63), 2**63 - 1)
"""All of time; how the service tells its ends is remembered [M]."""
