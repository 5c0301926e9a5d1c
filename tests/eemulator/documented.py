"""What the reference's examples state: expressions beside the values that the service printed.

A page is at https://developers.google.com/earth-engine/apidocs/ee-<name>. Numbers that it rounds
are compared to the digits that it prints.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ee
import pytest

from .wire import info

Case = tuple[Callable[[], Any], Any]
Pages = dict[str, list[Case]]


def to(digits: int, *numbers: float) -> Any:
    """Numbers as the page prints them, rounded or cut, to so many decimal places."""
    shown = [pytest.approx(number, abs=1.01 * 10**-digits) for number in numbers]
    return shown if len(shown) > 1 else shown[0]


def check(cases: list[Case]) -> None:
    """Ask the server for all expressions at once, and compare."""
    found = info(ee.List([expression() for expression, _ in cases]))
    assert found == [value for _, value in cases]
