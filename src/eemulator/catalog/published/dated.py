"""Images of a calendar, made when they are asked for."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from eemulator.catalog.lazy import LazyImages
from eemulator.catalog.published.calendars import EPOCH, find, millis

if TYPE_CHECKING:
    from collections.abc import Callable

    from eemulator.catalog.model import ImageAsset
    from eemulator.catalog.published.calendars import Calendar


def dated_images(calendar: Calendar, make: Callable[[int], ImageAsset]) -> LazyImages:
    """A collection's images, of which some time's are found without making the others.

    Args:
        calendar: when they begin.
        make: makes the image at a position, the same each time.
    """
    return LazyImages(
        lambda: len(calendar), make, partial(find, calendar), partial(_within, calendar)
    )


def _within(calendar: Calendar, start: int, end: int) -> range:
    """Positions of the images that begin within a range of milliseconds, its end excluded."""
    first, last = calendar.start(0), calendar.start(len(calendar) - 1)

    def after(instant: int) -> int:
        # Python's own datetimes end before the service's do.
        known = min(max(instant, millis(first)), millis(last) + 1)
        return calendar.after(EPOCH + timedelta(milliseconds=known))

    return range(after(start), after(end))
