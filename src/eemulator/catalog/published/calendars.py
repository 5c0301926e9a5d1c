"""When the images of a collection begin and end, and what they are called."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LAST = datetime(2024, 12, 31, tzinfo=UTC)
"""The last day that the emulator knows of."""


def utc(year: int, month: int, day: int, hour: int = 0) -> datetime:
    """An instant."""
    return datetime(year, month, day, hour, tzinfo=UTC)


def millis(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


class Calendar(Protocol):
    """The images of a collection, in order of time and of index.

    Attributes:
        name: of an image, as `strftime` makes it of its start: the `system:index`.
    """

    @property
    def name(self) -> str:
        """The pattern of the indices."""

    def __len__(self) -> int:
        """How many images there are."""

    def start(self, position: int) -> datetime:
        """When an image begins."""

    def end(self, position: int) -> datetime:
        """When it ends."""

    def after(self, moment: datetime) -> int:
        """The position of the first image that begins at a moment or later."""


@dataclass(frozen=True)
class Steps:
    """One image a step.

    Attributes:
        first: start of the first image.
        step: from one to the next.
        name: see `Calendar`.
        last: start of the last image, or later than that by less than a step.
        covered: how long an image lasts, where that is not a step.
    """

    first: datetime
    step: timedelta
    name: str
    last: datetime = LAST
    covered: timedelta | None = None

    def __len__(self) -> int:
        return (self.last - self.first) // self.step + 1

    def start(self, position: int) -> datetime:
        """When an image begins."""
        return self.first + position * self.step

    def end(self, position: int) -> datetime:
        """When it ends."""
        return self.start(position) + (self.covered or self.step)

    def after(self, moment: datetime) -> int:
        """The position of the first image that begins at a moment or later."""
        return min(max(-((self.first - moment) // self.step), 0), len(self))


@dataclass(frozen=True)
class Listed:
    """Images at moments that no step leads to.

    Attributes:
        moments: starts of the images in order, and last the end of all.
        name: see `Calendar`.
        longest: how long an image lasts, if it ends before the next one begins.
    """

    moments: Callable[[], list[datetime]]
    name: str
    longest: timedelta = timedelta.max

    @cached_property
    def _moments(self) -> list[datetime]:
        return self.moments()

    def __len__(self) -> int:
        return len(self._moments) - 1

    def start(self, position: int) -> datetime:
        """When an image begins."""
        return self._moments[position]

    def end(self, position: int) -> datetime:
        """When it ends."""
        start, following = self._moments[position : position + 2]
        return start + min(following - start, self.longest)

    def after(self, moment: datetime) -> int:
        """The position of the first image that begins at a moment or later."""
        return min(bisect_left(self._moments, moment), len(self))


def months(first: datetime, name: str, last: datetime = LAST) -> Listed:
    """One image a month, from the first to that which `last` lies in."""
    numbers = range(12 * first.year + first.month - 1, 12 * last.year + last.month + 1)
    return Listed(lambda: [utc(n // 12, n % 12 + 1, 1) for n in numbers], name)


def years(first: int, last: int, name: str) -> Listed:
    """One image a year."""
    return Listed(lambda: [utc(year, 1, 1) for year in range(first, last + 2)], name)


def parts_of_months(first: datetime, days: tuple[int, ...], name: str) -> Listed:
    """Images that begin on certain days of each month, until the end of the last year."""

    def moments() -> list[datetime]:
        found = [
            utc(year, month, day)
            for year in range(first.year, LAST.year + 1)
            for month in range(1, 13)
            for day in days
        ]
        return [moment for moment in found if moment >= first] + [utc(LAST.year + 1, 1, 1)]

    return Listed(moments, name)


def parts_of_years(first: datetime, days: int, name: str) -> Listed:
    """Images of so many days, counted anew each year: MODIS's composites.

    The first one's place in its year is that in all years: Aqua's of 16 days begin on the ninth
    of January.
    """
    phase = (first - utc(first.year, 1, 1)).days % days

    def moments() -> list[datetime]:
        found = [
            utc(year, 1, 1) + timedelta(days=day)
            for year in range(first.year, LAST.year + 1)
            for day in range(phase, 365, days)
        ]
        return [moment for moment in found if moment >= first] + [utc(LAST.year + 1, 1, 1)]

    return Listed(moments, name, timedelta(days=days))


def find(calendar: Calendar, index: str) -> int | None:
    """The position of a `system:index`; None for none."""
    if "%Y" not in calendar.name:  # a few images of one year
        return next(
            (n for n in range(len(calendar)) if calendar.start(n).strftime(calendar.name) == index),
            None,
        )
    try:
        moment = datetime.strptime(index, calendar.name).replace(tzinfo=UTC)
    except ValueError:
        return None
    position = calendar.after(moment)
    known = position < len(calendar) and calendar.start(position) == moment
    return position if known and moment.strftime(calendar.name) == index else None
