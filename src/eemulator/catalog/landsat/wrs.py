"""Paths and rows of the second Worldwide Reference System, and the scenes that lie on them.

What is known [S: NASA's Landsat handbooks]: 233 paths and 248 rows; row 60 of a descending path is
its crossing of the equator, that of path 1 at 64.60° W; the orbit is inclined by 98.2°, and repeats
in 16 days. Centres follow from that to about 5 km. A scene is 185 km wide; its outline here is a
rectangle along the track, which real ones are but for some kilometres [I].

The path to the west is flown seven days later, and Landsat 8 flew path 224 on 2020-05-18, path 175
on 2019-01-01 and path 44 on 2014-03-18, which fixes the phase [S]; Landsat 9 and 7 fly 8 days from
Landsat 8, Landsat 5 was 8 days from Landsat 7, and Landsat 4 8 days from that [M].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import Transformer

from eemulator.catalog.antimeridian import continued

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Coordinates = NDArray[np.float64]
    Mask = NDArray[np.bool_]

CYCLE = 16
PATHS, ROWS = 233, 248

_INCLINATION = math.radians(98.2)
_FIRST_NODE = -64.60
_EQUATOR_ROW = 60
# The Earth turns by this under the satellite in one orbit, degrees; 233 orbits take 16 days.
_TURN = 360 * CYCLE / PATHS
_ROW_SECONDS = CYCLE * 86_400 / PATHS / ROWS
_FLATTENING = 1 / 298.257223563
# Local mean solar time of the descending node, hours [S: 10:11 to 10:15 since Landsat 8; M before].
_NODE_HOUR = 10.2

_WIDTH, _LENGTH = 185_000.0, 180_000.0

# A day on which Landsat 8 flew a path.
_FLOWN = (224, date(2020, 5, 18))


@dataclass(frozen=True)
class PathRow:
    """A place on the grid.

    Attributes:
        path: 1 to 233, counted westwards.
        row: 1 to 248, counted along the track.
    """

    path: int
    row: int

    def __str__(self) -> str:
        return f"{self.path:03d}{self.row:03d}"

    @property
    def centre(self) -> tuple[float, float]:
        """Longitude and latitude."""
        return _track(self.path, self.row)

    @property
    def zone(self) -> int:
        """The UTM zone of its centre."""
        return int((self.centre[0] + 180) // 6) + 1

    @property
    def crs(self) -> str:
        """The northern CRS of that zone, on both hemispheres, as Landsat has it [S]."""
        return f"EPSG:326{self.zone:02d}"

    def seconds_after_node(self) -> float:
        """How long after the crossing of the equator."""
        return (self.row - _EQUATOR_ROW) * _ROW_SECONDS

    def overhead(self, day: date) -> datetime:
        """When the centre of the scene is recorded, UTC; to a few minutes."""
        node = _node(self.path)
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        hours = (_NODE_HOUR - node / 15) % 24
        seconds = round(hours * 3600 + self.seconds_after_node(), 3)
        return midnight + timedelta(seconds=seconds)

    def flown_by_landsat8(self, day: date) -> bool:
        """Whether that is a day of Landsat 8's cycle, before its launch too."""
        path, known = _FLOWN
        return (day - known).days % CYCLE == 7 * (_westward(self.path) - _westward(path)) % CYCLE


def _westward(path: int) -> int:
    """Paths counted west from the antimeridian, where the day changes: it lies before path 76."""
    return path if path > 75 else path + PATHS


def _node(path: int) -> float:
    """Longitude at which a path crosses the equator southwards."""
    return (_FIRST_NODE - (path - 1) * 360 / PATHS + 180) % 360 - 180


def _track(path: int, row: float) -> tuple[float, float]:
    """Longitude and latitude of a point of the track, by its row, with fractions."""
    angle = math.radians((row - _EQUATOR_ROW) * 360 / ROWS)
    south = math.asin(math.sin(_INCLINATION) * math.sin(angle))
    west = math.atan2(-math.cos(_INCLINATION) * math.sin(angle), math.cos(angle))
    longitude = _node(path) - math.degrees(west) - _TURN * math.degrees(angle) / 360
    latitude = -math.atan(math.tan(south) / (1 - _FLATTENING) ** 2)
    return (longitude + 180) % 360 - 180, math.degrees(latitude)


@dataclass(frozen=True)
class Swath:
    """A scene's outline: a rectangle along the track, in its CRS.

    Attributes:
        easting, northing: of its middle, metres.
        along: unit vector (easting, northing) of the flight.
    """

    easting: float
    northing: float
    along: tuple[float, float]

    def off_track(self, x: Coordinates, y: Coordinates) -> Coordinates:
        """Metres to the right of the middle line."""
        return (x - self.easting) * -self.along[1] + (y - self.northing) * self.along[0]

    def covers(self, x: Coordinates, y: Coordinates) -> Mask:
        """Whether points of the CRS lie within."""
        ahead = (x - self.easting) * self.along[0] + (y - self.northing) * self.along[1]
        right = self.off_track(x, y)
        return (
            (ahead >= -_LENGTH / 2)
            & (ahead < _LENGTH / 2)
            & (right >= -_WIDTH / 2)
            & (right < _WIDTH / 2)
        )

    def outline(self) -> shapely.Polygon:
        """The rectangle, in its CRS."""
        a, b = self.along
        corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
        return shapely.Polygon(
            [
                (
                    self.easting + u * _LENGTH / 2 * a - v * _WIDTH / 2 * b,
                    self.northing + u * _LENGTH / 2 * b + v * _WIDTH / 2 * a,
                )
                for u, v in corners
            ]
        )


@lru_cache(maxsize=256)
def swath(place: PathRow) -> Swath:
    """The outline of the scenes of a place."""
    to_utm = Transformer.from_crs("EPSG:4326", place.crs, always_xy=True)
    before, middle, after = (
        to_utm.transform(*_track(place.path, place.row + step)) for step in (-0.1, 0, 0.1)
    )
    dx, dy = after[0] - before[0], after[1] - before[1]
    length = math.hypot(dx, dy)
    return Swath(middle[0], middle[1], (dx / length, dy / length))


@lru_cache(maxsize=256)
def footprint(place: PathRow) -> shapely.Polygon:
    """The outline in longitude and latitude."""
    to_geographic = Transformer.from_crs(place.crs, "EPSG:4326", always_xy=True)
    dense = swath(place).outline().segmentize(20_000)
    return continued(
        shapely.transform(
            dense, lambda p: np.stack(to_geographic.transform(p[:, 0], p[:, 1]), axis=1)
        )
    )
