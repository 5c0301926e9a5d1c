"""Shuffled and rotated lists, dates by patterns, special functions of arrays."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import ee
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from eemulator.errors import ServiceError
from eemulator.values.date_format import formatted
from eemulator.values.date_parse import parsed
from eemulator.values.java_random import JavaRandom

from .wire import info

NUMBERS = list(range(20))


def test_random_numbers_are_those_of_java() -> None:
    """`nextInt(10)` of `new Random(42)`, and `nextDouble()` of `new Random(0)`."""
    tens = JavaRandom(42)
    assert [tens.integer(10) for _ in range(5)] == [0, 3, 8, 4, 0]
    assert JavaRandom(0).fraction() == 0.730967787376657


@pytest.mark.usefixtures("server")
def test_shuffle() -> None:
    numbers = ee.List(NUMBERS)
    first, again, other, any_order, default = info(
        ee.List(
            [
                numbers.shuffle(7),
                numbers.shuffle(7),
                numbers.shuffle(8),
                numbers.shuffle(False),
                numbers.shuffle(),
            ]
        )
    )
    assert first == again != other
    assert first != NUMBERS
    for found in (first, other, any_order, default):
        assert sorted(found) == NUMBERS
    with pytest.raises(ee.EEException, match="'seed' must be an integer or false"):
        info(ee.ApiFunction.call_("List.shuffle", numbers, "seven"))


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("distance", "expected"),
    [(0, [1, 2, 3]), (1, [3, 1, 2]), (-1, [2, 3, 1]), (4, [3, 1, 2]), (-300, [1, 2, 3])],
)
def test_rotate(distance: int, expected: list[int]) -> None:
    """As `java.util.Collections.rotate`, whose page gives -1 of a list of five as an example."""
    assert info(ee.List([1, 2, 3]).rotate(distance)) == expected
    assert info(ee.List([]).rotate(distance)) == []


@pytest.mark.usefixtures("server")
def test_special_functions_of_arrays() -> None:
    found = info(ee.Array([[0.5, 2.0], [3.0, 4.0]]).gammainc(ee.Array([[1.0, 2.0], [0.5, 9.0]])))
    expected = special.gammainc([[1, 2], [0.5, 9]], [[0.5, 2], [3, 4]])
    assert found == [pytest.approx(row, rel=1e-14) for row in expected.tolist()]
    # gamma(x + 1) = sqrt(2 pi) / x (x + g + 1/2) ** (x + 1/2) e ** -(x + g + 1/2) lanczos(x) x
    x, g = 2.5, 607 / 128
    series = info(ee.Array([x]).lanczos())[0]
    base = x + g + 0.5
    made = (2 * 3.141592653589793) ** 0.5 * base ** (x + 0.5) * 2.718281828459045**-base * series
    assert made == pytest.approx(special.gamma(x + 1), rel=1e-14)


@given(
    st.datetimes(datetime(1950, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 - UTC is set below
    st.sampled_from(
        [
            "yyyy-MM-dd HH:mm:ss.SSS",
            "yyyyMMddHHmmssSSS",
            "d MMMM yyyy, K:mm:ss.SSS a",
            "EEE MMM dd kk:mm:ss.SSS yyyy",
            "yyyy DDD H:m:s.SSS",
            "'at' h a, mm:ss.SSS 'on' d/M/yyyy",
        ]
    ),
)
def test_what_a_pattern_writes_it_reads(moment: datetime, pattern: str) -> None:
    at = moment.replace(tzinfo=UTC, microsecond=moment.microsecond // 1000 * 1000)
    assert parsed(formatted(at, pattern), pattern).moment() == at


@pytest.mark.parametrize(
    ("text", "pattern", "zone", "expected"),
    [
        ("2021-04-30T02:00+0300", "yyyy-MM-dd'T'HH:mmZ", None, "2021-04-29T23:00"),
        ("2021-04-30T02:00-03:30", "yyyy-MM-dd'T'HH:mmZZ", "Asia/Tokyo", "2021-04-30T05:30"),
        ("2021-04-30", "yyyy-MM-dd", "Asia/Tokyo", "2021-04-29T15:00"),
        ("12 AM", "h a", None, "2000-01-01T00:00"),
        ("70", "yy", None, "1970-01-01T00:00"),
    ],
)
def test_what_is_read(text: str, pattern: str, zone: str | None, expected: str) -> None:
    found = parsed(text, pattern, zone).moment()
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        ("x" * 1001, "yyyy"),
        ("2000", "y" * 1001),
        ("1", "'"),
        ("2021 366", "yyyy DDD"),
        ("0", "D"),
        ("2021 +24:00", "yyyy Z"),
        ("2021 +01:60", "yyyy Z"),
    ],
)
def test_what_cannot_be_read(wrong: tuple[Any, ...]) -> None:
    with pytest.raises(ServiceError):
        parsed(*wrong)
