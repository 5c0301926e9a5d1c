"""Dates against Python's own calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import ee
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eemulator.errors import ServiceError
from eemulator.values.calendar import advanced, part, relative, span
from eemulator.values.date_format import formatted
from eemulator.values.time import EPOCH, Date

from .wire import info

pytestmark = pytest.mark.usefixtures("server")

LEAP = "2020-02-29T21:04:05.678"
TANA = "Indian/Antananarivo"
LA = "America/Los_Angeles"
MOMENTS = st.datetimes(datetime(1600, 1, 1), datetime(2400, 1, 1))  # noqa: DTZ001


def millis(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def at(year: int, month: int, day: int, *clock: int, zone: str = "UTC") -> int:
    hour, minute, second, micros, *_ = (*clock, 0, 0, 0, 0)
    zoned = datetime(year, month, day, hour, minute, second, micros, ZoneInfo(zone))
    return millis(zoned)


@pytest.mark.parametrize(
    ("delta", "unit", "zone", "expected"),
    [
        (1, "year", None, at(2021, 2, 28, 21, 4, 5, 678_000)),
        (4, "years", None, at(2024, 2, 29, 21, 4, 5, 678_000)),
        (-1, "month", None, at(2020, 1, 29, 21, 4, 5, 678_000)),
        (12, "month", None, at(2021, 2, 28, 21, 4, 5, 678_000)),
        (1, "day", None, at(2020, 3, 1, 21, 4, 5, 678_000)),
        (1, "month", TANA, at(2020, 4, 1, 0, 4, 5, 678_000, zone=TANA)),
        (-2, "week", None, at(2020, 2, 15, 21, 4, 5, 678_000)),
        (0.5, "day", None, at(2020, 3, 1, 9, 4, 5, 678_000)),
        (36, "hour", None, at(2020, 3, 2, 9, 4, 5, 678_000)),
        (-1.5, "minute", None, at(2020, 2, 29, 21, 2, 35, 678_000)),
        (90, "second", None, at(2020, 2, 29, 21, 5, 35, 678_000)),
    ],
)
def test_advance(delta: float, unit: str, zone: str | None, expected: int) -> None:
    assert info(ee.Date(LEAP).advance(delta, unit, zone).millis()) == expected


def test_a_day_is_as_long_as_the_clocks_say() -> None:
    # On 2024-03-10 clocks in California went from 2 to 3 o'clock.
    noon = ee.Date("2024-03-09T12:00:00", LA)
    assert info(noon.advance(1, "day", LA).difference(noon, "hour")) == 23
    assert info(noon.advance(1, "day").difference(noon, "hour")) == 24
    assert info(noon.advance(1, "day", LA).get("hour", LA)) == 12


@pytest.mark.parametrize(
    ("unit", "zone", "expected"),
    [
        ("year", None, 2020), ("month", None, 2), ("week", None, 9), ("day", None, 29),
        ("hour", None, 21), ("minute", None, 4), ("second", None, 5),
        ("month", TANA, 3), ("day", TANA, 1), ("hour", TANA, 0),
    ],
)  # fmt: skip
def test_get(unit: str, zone: str | None, expected: int) -> None:
    assert info(ee.Date(LEAP).get(unit, zone)) == expected


@pytest.mark.parametrize(
    ("unit", "start", "end"),
    [
        ("year", at(2020, 1, 1), at(2021, 1, 1)),
        ("month", at(2020, 2, 1), at(2020, 3, 1)),
        ("week", at(2020, 2, 24), at(2020, 3, 2)),
        ("day", at(2020, 2, 29), at(2020, 3, 1)),
        ("hour", at(2020, 2, 29, 21), at(2020, 2, 29, 22)),
        ("minute", at(2020, 2, 29, 21, 4), at(2020, 2, 29, 21, 5)),
        ("second", at(2020, 2, 29, 21, 4, 5), at(2020, 2, 29, 21, 4, 6)),
    ],
)
def test_get_range(unit: str, start: int, end: int) -> None:
    found = info(ee.Date(LEAP).getRange(unit))
    assert found == {"type": "DateRange", "dates": [start, end]}


def test_a_documented_range() -> None:
    found = info(ee.Date("2013-03-15").getRange("year"))
    assert found["dates"] == [at(2013, 1, 1), at(2014, 1, 1)]


def test_ranges_filter_collections() -> None:
    series = ee.ImageCollection("TEST/SERIES")
    day = ee.Date("2024-01-03T17:00:00").getRange("day")
    found = series.filterDate(day.start(), day.end()).aggregate_array("system:index")
    assert info(found) == ["s002"]
    week = series.filter(ee.Filter.date(ee.Date("2024-01-03").getRange("month")))
    assert info(week.size()) == 6


def test_ranges_together() -> None:
    one, other = ee.DateRange("2024-01-01", "2024-01-10"), ee.DateRange("2024-01-05", "2024-02-01")
    assert info(one.intersection(other))["dates"] == [at(2024, 1, 5), at(2024, 1, 10)]
    assert info(one.union(other))["dates"] == [at(2024, 1, 1), at(2024, 2, 1)]
    assert info(one.intersects(other)) is True
    late = ee.DateRange("2025-01-01", "2025-01-02")
    assert info(one.intersects(late)) is False
    assert info(one.intersection(late).isEmpty()) is True
    assert info(one.contains(ee.Date("2024-01-10"))) is False
    assert info(ee.DateRange.unbounded().contains(ee.Date(0))) is True
    assert info(ee.DateRange.unbounded().isUnbounded()) is True


@pytest.mark.parametrize(
    ("pattern", "zone", "expected"),
    [
        (None, None, "2020-02-29T21:04:05"),
        # The next four are the documentation's, of 2020-08-18.
        (None, "GMT", "2020-02-29T21:04:05"),
        (None, "US/Pacific", "2020-02-29T13:04:05"),
        (None, "Etc/GMT+8", "2020-02-29T13:04:05"),
        (None, "Australia/Tasmania", "2020-03-01T08:04:05"),
        ("YYYY-MM-dd", None, "2020-02-29"),
        ("yyyyMMdd", None, "20200229"),
        ("yy/M/d", None, "20/2/29"),
        ("D", None, "60"),
        ("DDDD", None, "0060"),
        ("EEE, d MMM yyyy", None, "Sat, 29 Feb 2020"),
        ("EEEE MMMM", None, "Saturday February"),
        ("h:mm a", None, "9:04 PM"),
        ("HH 'o''clock'", None, "21 o'clock"),
        ("ss.SSS", None, "05.678"),
        ("SSSSSS", None, "678000"),
        ("xxxx-'W'ww-e", None, "2020-W09-6"),
        ("HH:mm Z", TANA, "00:04 +0300"),
        ("ZZ", "Asia/Kolkata", "+05:30"),
        ("ZZZ", "Asia/Kolkata", "Asia/Kolkata"),
    ],
)
def test_format(pattern: str | None, zone: str | None, expected: str) -> None:
    assert info(ee.Date(LEAP).format(pattern, zone)) == expected


def test_fractions_relations_and_ratios() -> None:
    noon = ee.Date("2024-07-02T12:00:00")
    assert info(noon.getFraction("day")) == 0.5
    assert info(noon.getFraction("year")) == pytest.approx(183.5 / 366)
    assert info(noon.getRelative("day", "year")) == 183
    assert info(noon.getRelative("month", "year")) == 6
    assert info(noon.getRelative("day", "month")) == 1
    assert info(noon.getRelative("week", "year")) == 26
    assert info(noon.getRelative("hour", "month")) == 36
    assert info(ee.Date.unitRatio("day", "minute")) == 1440
    assert info(noon.difference(ee.Date("2024-07-01"), "day")) == 1.5
    assert info(ee.Date("2001-01-01").difference(ee.Date("2000-01-01"), "year")) == pytest.approx(
        366 / 365.2425
    )


def test_update() -> None:
    found = ee.Date(LEAP).update(year=2024, hour=1, second=30.5)
    assert info(found.millis()) == at(2024, 2, 29, 1, 4, 30, 500_000)
    local = ee.Date(LEAP).update(hour=0, timeZone=TANA)
    assert info(local.millis()) == at(2020, 3, 1, 0, 4, 5, 678_000, zone=TANA)
    with pytest.raises(ee.EEException, match="Invalid date"):
        info(ee.Date(LEAP).update(year=2021))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: ee.Date(LEAP).advance(1, "fortnight"),
        lambda: ee.Date(LEAP).advance(1e300, "second"),
        lambda: ee.Date(LEAP).advance(9000, "year"),
        lambda: ee.Date(LEAP).get("day", "Mars/Olympus"),
        lambda: ee.Date(LEAP).format("q"),
        lambda: ee.Date(LEAP).format("'open"),
        lambda: ee.Date.parse("yyyy", "the year 2000"),
        lambda: ee.Date.parse("yyyy yyyy", "2000 2000"),
        lambda: ee.Date.parse("yyyy-MM-dd", "2021-02-29"),
        lambda: ee.Date.parse("yyyy ww", "2021 05"),
    ],
)
def test_wrong_units_zones_and_patterns_are_told(wrong: Any) -> None:
    with pytest.raises(ee.EEException, match=r"^Date\."):
        info(wrong())


@given(MOMENTS, st.sampled_from(["year", "month", "week", "day", "hour", "minute", "second"]))
def test_a_moment_lies_in_its_range(moment: datetime, unit: str) -> None:
    value = Date(millis(moment.replace(tzinfo=UTC)))
    found = span(value, unit)
    assert found.start <= value.millis < found.end
    assert advanced(Date(found.start), 1, unit).millis == found.end
    assert part(Date(found.start), unit) == part(value, unit)


@given(MOMENTS, st.integers(-2000, 2000))
def test_months_add_up(moment: datetime, months: int) -> None:
    value = Date(millis(moment.replace(day=1, tzinfo=UTC)))
    there = advanced(value, months, "month")
    assert advanced(there, -months, "month") == value
    years, month = divmod(moment.month - 1 + months, 12)
    assert (part(there, "year"), part(there, "month")) == (moment.year + years, month + 1)


@given(MOMENTS)
def test_formats_agree_with_pythons(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    expected = aware.strftime("%m %d %H %M %S %j %A %B %I %p")
    assert formatted(aware, "MM dd HH mm ss DDD EEEE MMMM hh a") == expected
    value = Date(millis(aware))
    assert relative(value, "day", "year") == aware.timetuple().tm_yday - 1
    assert part(value, "week") == date(*aware.timetuple()[:3]).isocalendar().week


def test_out_of_range() -> None:
    with pytest.raises(ServiceError, match="out of range"):
        part(Date(10**17), "year")
