"""The year in the fields and on the hills: what is green when.

The rains last from November to April. Rice is transplanted into water in December, green until
March, straw in May; beds of vegetables follow in the cool months; hillsides dry out by June.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from datetime import date

    from eemulator.catalog.noise import Floats

KINDS = 256
"""How many kinds of field there are: crops, and how early each was sown."""

_DAYS = 366

# Shares of a field over the year as (day of year, leaves, straw, water), the rest being soil.
_CALENDARS: tuple[tuple[tuple[int, float, float, float], ...], ...] = (
    (  # rice, one crop
        (1, 0.35, 0.0, 0.6), (35, 0.85, 0.0, 0.15), (80, 0.95, 0.05, 0.0), (115, 0.4, 0.55, 0.0),
        (140, 0.05, 0.75, 0.0), (230, 0.02, 0.5, 0.0), (300, 0.0, 0.25, 0.1), (340, 0.05, 0.0, 0.9),
    ),
    (  # rice, then vegetables
        (1, 0.5, 0.0, 0.45), (30, 0.9, 0.0, 0.1), (75, 0.9, 0.1, 0.0), (105, 0.2, 0.6, 0.0),
        (135, 0.1, 0.1, 0.0), (175, 0.75, 0.0, 0.0), (235, 0.85, 0.0, 0.0), (265, 0.15, 0.2, 0.0),
        (310, 0.02, 0.0, 0.75), (345, 0.2, 0.0, 0.75),
    ),
    (  # maize and beans on dry land
        (1, 0.65, 0.05, 0.0), (45, 0.9, 0.05, 0.0), (95, 0.55, 0.4, 0.0), (130, 0.1, 0.6, 0.0),
        (200, 0.03, 0.4, 0.0), (280, 0.0, 0.1, 0.0), (325, 0.15, 0.0, 0.0),
    ),
    (  # cassava: green most of the year
        (1, 0.6, 0.1, 0.0), (100, 0.75, 0.15, 0.0), (200, 0.45, 0.3, 0.0), (290, 0.3, 0.25, 0.0),
    ),
    (  # fallow
        (1, 0.45, 0.35, 0.0), (70, 0.55, 0.4, 0.0), (150, 0.15, 0.75, 0.0), (270, 0.03, 0.75, 0.0),
        (320, 0.15, 0.55, 0.0),
    ),
)  # fmt: skip
# Which calendar each of eight sorts of field follows.
_SORTS = (0, 0, 0, 1, 2, 2, 3, 4)
# The greenness of natural grass.
_GRASS = ((1, 0.62), (60, 0.78), (105, 0.66), (150, 0.34), (210, 0.1), (285, 0.02), (330, 0.3))


@dataclass(frozen=True)
class Season:
    """The state of the vegetation on one day.

    Attributes:
        grass: greenness of hillside grass, 0 to 1.
        leaves, straw, water: their shares (0 to 1) of each of `KINDS` kinds of field.
    """

    grass: float
    leaves: Floats
    straw: Floats
    water: Floats


@lru_cache(maxsize=512)
def season(day: date) -> Season:
    """The state of the vegetation on a day."""
    today = day.timetuple().tm_yday
    grass_days, greenness = zip(*_GRASS, strict=True)
    shares = np.empty((3, KINDS), np.float32)
    for sort, number in enumerate(_SORTS):
        days, *columns = zip(*_CALENDARS[number], strict=True)
        kinds = np.arange(sort, KINDS, len(_SORTS))
        sown_later = (kinds // len(_SORTS)) * 1.4 - 22
        for share, column in zip(shares, columns, strict=True):
            share[kinds] = np.interp(today - sown_later, days, column, period=_DAYS)
    grass = float(np.interp(today, grass_days, greenness, period=_DAYS))
    return Season(grass, shares[0], shares[1], shares[2])
