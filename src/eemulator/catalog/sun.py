"""Where the sun stands: a closed formula, good to about a degree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True)
class SunPosition:
    """Direction of the sun.

    Attributes:
        zenith: angle from the vertical, degrees.
        azimuth: clockwise from north, degrees.
    """

    zenith: float
    azimuth: float


def _day_angle(day: date) -> float:
    return 2 * math.pi * (day.timetuple().tm_yday - 1) / 365.25


def position(moment: datetime, longitude: float, latitude: float) -> SunPosition:
    """The sun at a moment (UTC) over a point (degrees), by Spencer's series."""
    g = _day_angle(moment.date())
    declination = (
        0.006918 - 0.399912 * math.cos(g) + 0.070257 * math.sin(g)
        - 0.006758 * math.cos(2 * g) + 0.000907 * math.sin(2 * g)
    )  # fmt: skip
    equation_of_time = 229.18 * (
        0.000075 + 0.001868 * math.cos(g) - 0.032077 * math.sin(g)
        - 0.014615 * math.cos(2 * g) - 0.040849 * math.sin(2 * g)
    )  # fmt: skip
    minutes = moment.hour * 60 + moment.minute + moment.second / 60
    hour_angle = math.radians((minutes + equation_of_time + 4 * longitude) / 4 - 180)
    phi = math.radians(latitude)
    up = math.sin(phi) * math.sin(declination) + math.cos(phi) * math.cos(declination) * math.cos(
        hour_angle
    )
    east = -math.cos(declination) * math.sin(hour_angle)
    north = math.cos(phi) * math.sin(declination) - math.sin(phi) * math.cos(
        declination
    ) * math.cos(hour_angle)
    return SunPosition(
        zenith=math.degrees(math.acos(up)), azimuth=math.degrees(math.atan2(east, north)) % 360
    )


def distance_correction(day: date) -> float:
    """Squared ratio of the mean to the actual distance of the sun."""
    g = _day_angle(day)
    return (
        1.000110 + 0.034221 * math.cos(g) + 0.001280 * math.sin(g)
        + 0.000719 * math.cos(2 * g) + 0.000077 * math.sin(2 * g)
    )  # fmt: skip
