"""When Sentinel-2 passed over the tiles in 2024, and which part of them its swath covered.

What is known: the orbit repeats every ten days, 143 revolutions; 2A and 2B are half a cycle
apart. Published product names give the phase: S2B flew relative orbit 120 over T38KQE on
2022-10-27 (datatake start 07:01:59, absolute orbit 29461), S2A relative orbit 77 on 2016-06-02
and relative orbit 20 on 2023-08-01. Relative orbit 77 is the track to the east of 120 and is
flown three days before it.

What is inferred: the swaths' edges. The two tracks are 2.52° apart and a swath is 290 km wide,
so the edges and their slant follow from the orbit, but where exactly they lie here is known only
to about 50 km. Datatake starts of 2024 may differ from those given by a minute.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from pyproj import Transformer
from shapely import Polygon, box, transform

from eemulator.catalog.antimeridian import continued
from eemulator.catalog.tiles import ELSEWHERE, PLANE_CRS, TILE_METRES, TILES, Tile
from eemulator.catalog.weather import Moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

CYCLE = timedelta(days=10)
REVOLUTIONS = 143

# The track runs west of south by 12.8° here: 22 m west for every 97 m south, nearly.
_SLANT = 0.2265
_REFERENCE_NORTHING = 7_945_000.0
# Metres along the ground that the satellite covers in a second.
_GROUND_SPEED = 6_740.0


@dataclass(frozen=True, eq=False)
class Orbit:
    """One relative orbit, as it crosses the tiles (descending, in the morning).

    Attributes:
        number: relative orbit, 1 to 143.
        west: easting of the swath's western edge in the plane at northing 7 945 000, metres.
        east: of its eastern edge.
        overhead: UTC when the satellite crosses northing 8 000 000.
        satellites: for each satellite, a day of 2024 on which it flew this orbit, the absolute
            orbit on that day, and the datatake's start.
        sun_time: UTC at which the sun stands over the plane as it did overhead; the same by
            default.
    """

    number: int
    west: float
    east: float
    overhead: time
    satellites: dict[str, tuple[date, int, time]]
    sun_time: time | None = None

    def covers(
        self, easting: NDArray[np.float64], northing: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Whether points of the plane (metres) lie within the swath."""
        straight = easting - (northing - _REFERENCE_NORTHING) * _SLANT
        return (straight >= self.west) & (straight < self.east)


ORBITS: dict[int, Orbit] = {
    orbit.number: orbit
    for orbit in (
        Orbit(
            120,
            west=480_000.0,
            east=783_000.0,
            overhead=time(7, 13, 8),
            satellites={
                "A": (date(2024, 1, 5), 44590, time(7, 2, 1)),
                "B": (date(2024, 1, 10), 35753, time(7, 1, 59)),
            },
        ),
        Orbit(
            77,
            west=749_000.0,
            east=1_052_000.0,
            overhead=time(7, 3, 14),
            satellites={
                "A": (date(2024, 1, 2), 44547, time(6, 52, 21)),
                "B": (date(2024, 1, 7), 35710, time(6, 52, 19)),
            },
        ),
    )
}


@dataclass(frozen=True)
class Pass:
    """One crossing of the tiles by one satellite.

    Attributes:
        orbit: the relative orbit flown.
        satellite: `A` or `B`.
        absolute_orbit: revolutions since the satellite's launch.
        datatake_start: when the instrument began to record, UTC.
        delay: until the time in the granule's name: two seconds in the known one over the tiles.
    """

    orbit: Orbit
    satellite: str
    absolute_orbit: int
    datatake_start: datetime
    delay: timedelta = timedelta(seconds=2)

    @property
    def date(self) -> date:
        """The day, UTC."""
        return self.datatake_start.date()

    @property
    def moment(self) -> Moment:
        """What the weather depends on."""
        overhead = self.orbit.sun_time or self.orbit.overhead
        return Moment(
            self.absolute_orbit * 64 + ord(self.satellite),
            self.datatake_start.replace(hour=overhead.hour, minute=overhead.minute),
        )

    @property
    def granule_start(self) -> datetime:
        """The time in the granule's name."""
        return self.datatake_start + self.delay

    def time_over(self, tile: Tile) -> datetime:
        """When the satellite recorded the tile's top, UTC."""
        overhead = datetime.combine(self.date, self.orbit.overhead, UTC)
        south = 8_000_000 - (tile.top + tile.moved[1])
        return overhead + timedelta(milliseconds=round(south / _GROUND_SPEED * 1000))


def passes(year: int = 2024) -> Iterator[Pass]:
    """Every pass of a year, by time."""
    flown = []
    for orbit in ORBITS.values():
        for satellite, (day, absolute, start) in orbit.satellites.items():
            cycles = (day - date(year, 1, 1)) // CYCLE
            day, absolute = day - cycles * CYCLE, absolute - cycles * REVOLUTIONS
            while day.year == year:
                start_time = datetime.combine(day, start, UTC)
                flown.append(Pass(orbit, satellite, absolute, start_time))
                day, absolute = day + CYCLE, absolute + REVOLUTIONS
    yield from sorted(flown, key=lambda p: p.datatake_start)


def _everywhere(number: int, overhead: time, day: date, absolute: int, start: time) -> Orbit:
    """An orbit over one of the tiles elsewhere, whose swath covers all of it [I]."""
    satellites = {"A": (day, absolute, start)}
    return Orbit(number, -math.inf, math.inf, overhead, satellites, sun_time=time(7, 13))


# Relative orbits and times are made up, but for the local time of half past ten.
_AWAY = {
    ("60KXF", "01KAB"): _everywhere(
        86, time(22, 24, 30), date(2024, 7, 11), 47280, time(22, 20, 1)
    ),
    ("24XWT",): _everywhere(97, time(15, 18, 40), date(2024, 7, 12), 47291, time(15, 10, 1)),
}


class _Named(NamedTuple):
    """Scenes whose names are published, or follow from one that is.

    Attributes:
        tile: what they show.
        satellite: `A` or `B`.
        number: relative orbit [M].
        datatake: of the first; begins its name.
        granule: the time of day in the middle of its name.
        dates: how many there are, ten days apart.
    """

    tile: str
    satellite: str
    number: int
    datatake: datetime
    granule: time
    dates: int = 1


# Those of 10SEG are in the documentation's examples, those of 34HEJ in geedim's tests, those of
# 18NUJ lie where eemont's tests look; the last ones' times are made up.
_NAMED = (
    _Named("10SEG", "B", 113, datetime(2020, 1, 5, 18, 57, 51, tzinfo=UTC), time(18, 59, 31), 73),
    _Named("18NUJ", "A", 111, datetime(2020, 1, 4, 15, 26, 31, tzinfo=UTC), time(15, 27, 20), 3),
    _Named("34HEJ", "A", 35, datetime(2019, 12, 29, 8, 12, 39, tzinfo=UTC), time(8, 30, 40)),
    _Named("34HEJ", "B", 135, datetime(2020, 9, 29, 8, 7, 31, tzinfo=UTC), time(8, 36, 34)),
    _Named("34HEJ", "A", 35, datetime(2021, 2, 16, 8, 10, 11, tzinfo=UTC), time(8, 37, 3)),
    _Named("34HEJ", "A", 135, datetime(2023, 7, 21, 8, 6, 9, tzinfo=UTC), time(8, 31, 1)),
)
# Revolutions since launch at the beginning of 2020 [I]: 2A's follow from those of 2024.
_REVOLUTIONS_2020 = {"A": 23_670, "B": 14_760}


def _named(scenes: _Named) -> Iterator[tuple[Tile, Pass]]:
    first = scenes.datatake
    days = (first.date() - date(2020, 1, 1)).days
    absolute = _REVOLUTIONS_2020[scenes.satellite] + round(days * REVOLUTIONS / CYCLE.days)
    overhead = (first + timedelta(minutes=11)).time()
    orbit = _everywhere(scenes.number, overhead, first.date(), absolute, first.time())
    delay = datetime.combine(first.date(), scenes.granule, UTC) - first
    for n in range(scenes.dates):
        moment, revolution = first + n * CYCLE, absolute + n * REVOLUTIONS
        yield ELSEWHERE[scenes.tile], Pass(orbit, scenes.satellite, revolution, moment, delay)


def passes_elsewhere() -> Iterator[tuple[Tile, Pass]]:
    """Some passes over the tiles elsewhere."""
    for scenes in _NAMED:
        yield from _named(scenes)
    for names, orbit in _AWAY.items():
        (satellite, (day, absolute, start)) = next(iter(orbit.satellites.items()))
        for n in range(4):
            moment = datetime.combine(day + n * CYCLE, start, UTC)
            flown = Pass(orbit, satellite, absolute + n * REVOLUTIONS, moment)
            yield from ((ELSEWHERE[name], flown) for name in names)


@lru_cache
def footprint_elsewhere(tile_name: str) -> Polygon:
    """The square of a tile, all of which is seen, in longitude and latitude."""
    tile = ELSEWHERE[tile_name]
    to_geographic = Transformer.from_crs(tile.crs, "EPSG:4326", always_xy=True)
    square = _square(tile).segmentize(10_000)
    polygon = transform(
        square, lambda p: np.stack(to_geographic.transform(p[:, 0], p[:, 1]), axis=1)
    )
    return continued(polygon)


def _square(tile: Tile) -> Polygon:
    return box(tile.left, tile.top - TILE_METRES, tile.left + TILE_METRES, tile.top)


@lru_cache
def footprint(tile_name: str, orbit_number: int) -> Polygon | None:
    """Where a tile and a swath meet, in longitude and latitude.

    Edges are densified to 10 km, so that straight lines in longitude and latitude stay within a
    few metres of the straight lines of the tile's projection.

    Returns:
        A polygon (WGS 84), or None where they do not meet.
    """
    tile, orbit = TILES[tile_name], ORBITS[orbit_number]
    low, high = _REFERENCE_NORTHING - 400_000, _REFERENCE_NORTHING + 400_000
    lean = 400_000 * _SLANT
    swath = Polygon(
        [
            (orbit.west - lean, low),
            (orbit.east - lean, low),
            (orbit.east + lean, high),
            (orbit.west + lean, high),
        ]
    )

    def to_plane(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack(tile.plane(points[:, 0], points[:, 1]), axis=1)

    seen = transform(_square(tile).segmentize(10_000), to_plane).intersection(swath)
    if seen.is_empty:
        return None
    to_geographic = Transformer.from_crs(PLANE_CRS, "EPSG:4326", always_xy=True)
    seen = seen.segmentize(10_000)
    polygon = transform(seen, lambda p: np.stack(to_geographic.transform(p[:, 0], p[:, 1]), axis=1))
    return polygon if isinstance(polygon, Polygon) else None
