"""Dates as people write them."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geetensor.discovery.dates import Interval, parse_interval
from geetensor.errors import InvalidInputError

NEW_YORK = dt.timezone(dt.timedelta(hours=-5))


def moment(text: str) -> int:
    return int(pd.Timestamp(text, tz="UTC").timestamp() * 1000)


@pytest.mark.parametrize(
    ("start", "end", "first", "after"),
    [
        ("2024-02-28", "2024-02-29", "2024-02-28", "2024-03-01"),
        ("2024-02", "2024-02", "2024-02-01", "2024-03-01"),
        ("2023", "2024", "2023-01-01", "2025-01-01"),
        (np.datetime64("2024-02"), np.datetime64("2024"), "2024-02-01", "2025-01-01"),
        (dt.date(2024, 1, 2), dt.date(2024, 1, 2), "2024-01-02", "2024-01-03"),
        (dt.datetime(2024, 1, 2), "2024-01-02", "2024-01-02", "2024-01-03"),  # noqa: DTZ001
        ("2024-01-01", dt.datetime(2024, 1, 2), "2024-01-01", "2024-01-02"),  # noqa: DTZ001
        (
            dt.datetime(2024, 1, 1, 19, tzinfo=NEW_YORK),
            pd.Timestamp("2024-01-03T01:00+02:00"),
            "2024-01-02",
            "2024-01-02T23:00",
        ),
        ("2024-01-01T00:00:00.0001", "2024-01-02", "2024-01-01T00:00:00.001", "2024-01-03"),
        ("1960", "1969-12-31T23:59:59.9999", "1960-01-01", "1970-01-01"),
        ("2024-01-01 02:00+02:00", " 2024-01-02T06Z ", "2024-01-01", "2024-01-02T06:00"),
    ],
)
def test_a_day_is_included_and_a_moment_is_not(
    start: Any, end: Any, first: str, after: str
) -> None:
    assert parse_interval(start, end) == Interval(moment(first), moment(after))


@pytest.mark.parametrize(
    "wrong",
    [
        *("", "summer", "2024-13-01", "2024-02-30", "NaT", pd.NaT, np.datetime64("NaT"), 20240101),
        # pandas would take these for midnight, and the day would not be included.
        *("20240601", "2024/06/01", "2024-6-1", "1 June 2024", "06/01/2024", "2024Q2", "today"),
        # And these for this very moment, or for a time of today.
        *("now", "12:00", None),
    ],
)
def test_what_is_no_date_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match="Not a date"):
        parse_interval(wrong, "2024-06-30")
    with pytest.raises(InvalidInputError, match="Not a date"):
        parse_interval("2024-06-30", wrong)


def test_the_end_comes_after_the_start() -> None:
    with pytest.raises(InvalidInputError, match="2024-01-01 is not after start_date 2024-01-02"):
        parse_interval("2024-01-02", "2024-01-01")
    with pytest.raises(InvalidInputError, match="is not after"):
        parse_interval("2024-01-02T00:00", "2024-01-02T00:00")


def test_no_dates_are_any_time() -> None:
    assert parse_interval(None, None) is None


@given(
    start=st.integers(-(10**12), 10**12),
    length=st.integers(1, 10**12) | st.integers(1, 5),
    count=st.integers(0, 40),
)
def test_parts_cover_the_whole_and_nothing_twice(start: int, length: int, count: int) -> None:
    parts = Interval(start, start + length).cut(count)
    assert len(parts) == min(max(count, 1), length)
    assert parts[0].start == start
    assert parts[-1].end == start + length
    assert all(one.end == next_one.start for one, next_one in itertools.pairwise(parts))
    lengths = [part.end - part.start for part in parts]
    assert min(lengths) > 0
    assert max(lengths) - min(lengths) <= 1
