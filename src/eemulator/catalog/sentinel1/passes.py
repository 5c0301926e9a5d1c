"""When Sentinel-1A passed over eastern Madagascar in 2024, and what its swaths covered.

What is known: 175 orbits in 12 days; relative orbits follow from absolute ones; absolute orbit
30639 was flown on 2020-01-03; at 6 and 18 hours local time [S]. What is inferred: the relative
orbits' numbers over Madagascar, from those over Italy (44 and 22 over Naples), and their place to
half a degree [I]. That there was an image at each pass is assumed; now and then one is of another
mode or polarisation, so that queries have something to leave out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import Transformer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

CYCLE_ORBITS = 175
PERIOD = timedelta(days=12) / CYCLE_ORBITS

# The ascending node of a known absolute orbit; to a few minutes.
_KNOWN = (30639, datetime(2020, 1, 3, 16, 56, tzinfo=UTC))
_FIRST, _LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)

# Tangent of the angle between the ground track and the meridian, here.
_SLANT = 0.2
_LATITUDES = (-17.3, -18.8, -20.3)
_SLICE = timedelta(seconds=25)
_LENGTH, _WIDTH = 185_000.0, 250_000.0


@dataclass(frozen=True)
class Track:
    """One relative orbit, as it crosses the land.

    Attributes:
        number: relative orbit, 1 to 175.
        ascending: whether it is flown northwards, in the evening.
        longitude: of the swath's middle at 18.8° S.
    """

    number: int
    ascending: bool
    longitude: float

    @property
    def direction(self) -> str:
        """As `orbitProperties_pass` says it."""
        return "ASCENDING" if self.ascending else "DESCENDING"


TRACKS = (
    Track(13, ascending=True, longitude=47.6),
    Track(115, ascending=True, longitude=49.7),
    Track(93, ascending=False, longitude=48.6),
    Track(166, ascending=False, longitude=46.5),
)


@dataclass(frozen=True)
class Mode:
    """How an image was taken.

    Attributes:
        name: `IW` or `EW`.
        resolution: of the product: `H` or `M`.
        metres: side of a pixel.
        polarisations: in order.
    """

    name: str
    resolution: str
    metres: int
    polarisations: tuple[str, ...]

    @property
    def product(self) -> str:
        """The part of an id that names mode, resolution and polarisation."""
        letters = {"VV": "SV", "HH": "SH", "VV VH": "DV", "HH HV": "DH"}
        polarisation = letters[" ".join(self.polarisations)]
        return f"{self.name}_GRD{self.resolution}_1S{polarisation}"


_USUAL = Mode("IW", "H", 10, ("VV", "VH"))
_SINGLE = Mode("IW", "H", 10, ("VV",))
_WIDE = Mode("EW", "M", 40, ("HH", "HV"))


@dataclass(frozen=True)
class Slice:
    """One image.

    Attributes:
        track: its relative orbit.
        absolute: orbits since launch.
        number: 1, 2 or 3, along the flight.
        start: of its recording, UTC.
        mode: how it was taken.
    """

    track: Track
    absolute: int
    number: int
    start: datetime
    mode: Mode

    @property
    def stop(self) -> datetime:
        """The end of its recording."""
        return self.start + _SLICE

    @property
    def index(self) -> str:
        """`system:index`."""
        data_take = self.absolute * 8 + 0x65000
        unique = (self.absolute * 0x9E37 + self.number * 0x79B9) % 2**16
        return (
            f"S1A_{self.mode.product}_{self.start:%Y%m%dT%H%M%S}_{self.stop:%Y%m%dT%H%M%S}"
            f"_{self.absolute:06d}_{data_take:06X}_{unique:04X}"
        )

    @property
    def centre(self) -> tuple[float, float]:
        """Longitude and latitude of its middle."""
        along = self.number - 1 if not self.track.ascending else 3 - self.number
        latitude = _LATITUDES[along]
        # Ascending tracks lean to the west as they go north, descending ones as they go south.
        lean = (latitude - _LATITUDES[1]) * _SLANT / math.cos(math.radians(latitude))
        return self.track.longitude + (-lean if self.track.ascending else lean), latitude

    @property
    def crs(self) -> str:
        """The UTM CRS of its middle."""
        return f"EPSG:327{int((self.centre[0] + 180) // 6) + 1}"


@cache
def slices() -> tuple[Slice, ...]:
    """Every image of the year, by index."""
    return tuple(sorted((s for track in TRACKS for s in _flown(track)), key=lambda s: s.index))


def _flown(track: Track) -> Iterator[Slice]:
    known, node = _KNOWN
    # A relative orbit is the absolute one less 73, from 1 on [S].
    absolute = known + (track.number + 72 - known) % CYCLE_ORBITS
    # 18.8° south lie 19° of the circle before the ascending node, or after the descending one.
    part = (360 - 19) / 360 if track.ascending else (180 + 19) / 360
    cycle = 0
    while (middle := node + (absolute - known) * PERIOD + part * PERIOD) < _LAST:
        if middle >= _FIRST:
            mode = _WIDE if cycle % 10 == 7 else _SINGLE if cycle % 7 == 3 else _USUAL
            for number in (1, 2, 3):
                yield Slice(track, absolute, number, _whole(middle + (number - 2.5) * _SLICE), mode)
            cycle += 1
        absolute += CYCLE_ORBITS


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


@dataclass(frozen=True)
class Outline:
    """A slice's parallelogram in its CRS.

    Attributes:
        easting, northing: of its middle, metres.
        lean: metres to the east for each to the north, along the flight's line.
    """

    easting: float
    northing: float
    lean: float

    def across(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Metres to the east of the middle line."""
        return (x - self.easting) - (y - self.northing) * self.lean

    def covers(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether points of the CRS lie within."""
        right, ahead = self.across(x, y), y - self.northing
        return (np.abs(right) < _WIDTH / 2) & (np.abs(ahead + right * self.lean) < _LENGTH / 2)

    def polygon(self) -> shapely.Polygon:
        """The corners, in the CRS."""
        corners = []
        for u, v in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            right = u * _WIDTH / 2
            ahead = v * _LENGTH / 2 - right * self.lean
            corners.append((self.easting + right + ahead * self.lean, self.northing + ahead))
        return shapely.Polygon(corners)


@lru_cache(maxsize=64)
def _outline(crs: str, centre: tuple[float, float], lean: float) -> Outline:
    to_utm = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    easting, northing = to_utm.transform(*centre)
    return Outline(easting, northing, lean)


def outline(image: Slice) -> Outline:
    """The outline of an image."""
    lean = -_SLANT if image.track.ascending else _SLANT
    return _outline(image.crs, image.centre, lean)


@lru_cache(maxsize=64)
def _footprint(crs: str, shape: Outline) -> shapely.Polygon:
    to_geographic = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    return shapely.transform(
        shape.polygon().segmentize(30_000),
        lambda p: np.stack(to_geographic.transform(p[:, 0], p[:, 1]), axis=1),
    )


def footprint(image: Slice) -> shapely.Polygon:
    """The outline in longitude and latitude."""
    return _footprint(image.crs, outline(image))
