"""Synthetic Landsat over eastern Madagascar: every pass of missions 4 to 9, in all collections.

Ids, properties, paths, rows, dates and grids are as the real ones'; pixels are a formula. That each
pass was recorded, and processed to this tier, is assumed: every eleventh is tier 2. Cloud cover is
that of the pass's weather, not counted; a scene may differ from it by some twenty percent of its
pixels. The last passes are in the real-time collections as such, and at the same time in tier 1, as
when a scene has just been processed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any

from eemulator.catalog import sun
from eemulator.catalog.landsat.calibration import calibration
from eemulator.catalog.landsat.missions import MISSIONS, Level, Mission, band_layouts
from eemulator.catalog.landsat.pixels import LandsatPixels
from eemulator.catalog.landsat.wrs import CYCLE, PathRow, footprint, swath
from eemulator.catalog.lazy import LazyImages, LazyProperties
from eemulator.catalog.model import Band, Grid, ImageAsset
from eemulator.catalog.outlines import WHOLE_EARTH
from eemulator.catalog.plane import SOUTHWARD
from eemulator.catalog.weather import Moment, cloud_share

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

PLACES = tuple(PathRow(path, row) for path in (158, 159) for row in (72, 73, 74))
"""The scenes that lie over the tiles of Sentinel-2, and their neighbours along the track."""
# The one of them whose ground is shown elsewhere.
_SHOWN = PathRow(159, 73)

# Places that the documentation's examples and others' tests look at: San Francisco, Memphis,
# Palmira in Colombia and the Little Karoo; and the years whose passes are there.
_ELSEWHERE = tuple(PathRow(*place) for place in ((44, 34), (23, 36), (9, 58), (173, 83)))
_YEARS_ELSEWHERE = {
    4: (1990, 1990),
    5: (2000, 2001),
    7: (2010, 2010),
    8: (2014, 2021),
    9: (2022, 2022),
}
# Scenes that they name, of other places and years.
_NAMED = frozenset(
    {
        "LT04_173083_19880310",
        "LT05_031034_20110619",
        "LT05_173083_20051112",
        "LE07_046027_20150701",
        "LE07_173083_20220119",
        "LC08_047027_20160819",
        "LC08_044034_20130603",
        "LC09_043034_20211116",
        "LC09_044034_20240327",
    }
)
# On these days Landsat 8's passes are there around the world, of every eighth row in the light.
_WORLD_DAYS = (date(2017, 1, 1), date(2017, 1, 2))
_WORLD_ROWS = range(22, 78, 8)
# The real crops of path 224 are the last images of their collection.
_WORLD_PATHS = range(1, 224)

# Where the lattice of 30 m of a published scene begins, and its size: LT05 [S: Xee's tests],
# LC08 [M].
_KNOWN_GRIDS = {
    "LT05_031034_20110619": (643_185.0, 4_255_815.0, 7881, 6981),
    "LC08_044034_20140318": (460_785.0, 4_264_515.0, 7661, 7801),
}

_LEVELS: tuple[Level, ...] = ("", "_TOA", "_L2")
# Passes of so many days before a mission's last one are there in real time.
_REAL_TIME_DAYS = 40
# The scenes whose real-time assets have lost their footprint.
_LOST = ("LC08_158073_20241209", "LC08_159073_20241216")


@dataclass(frozen=True)
class SceneKey:
    """What tells one scene of a mission from another."""

    mission: Mission
    place: PathRow
    day: date

    @property
    def index(self) -> str:
        """`system:index`."""
        return f"{self.mission.prefix}_{self.place}_{self.day:%Y%m%d}"

    @property
    def millis(self) -> int:
        """When its middle was recorded."""
        overhead = self.place.overhead(self.day)
        return (overhead - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)

    @property
    def sun(self) -> sun.SunPosition:
        """Where the sun stood."""
        return sun.position(self.place.overhead(self.day), *self.place.centre)

    @property
    def tier(self) -> str:
        """`T1`, or `T2` of every eleventh pass over the land."""
        if self.place not in PLACES:
            return "T1"
        return "T2" if (self.day.toordinal() // CYCLE + self.place.path) % 11 == 4 else "T1"

    @property
    def in_real_time(self) -> bool:
        """Whether the real-time collection still has it as such."""
        return (self.mission.last - self.day).days < _REAL_TIME_DAYS

    @property
    def moment(self) -> Moment:
        """What its weather depends on: all rows of a pass share a sky."""
        seed = 2**31 + 8 * (self.day.toordinal() % 2**20 * 2**8 + self.place.path) % 2**31
        return Moment(seed, PathRow(self.place.path, 73).overhead(self.day))


@cache
def scene_keys(mission: Mission, tier: str) -> tuple[SceneKey, ...]:
    """The scenes of a collection, by index: by place, then by day."""
    over_land = (SceneKey(mission, place, day) for place in PLACES for day in _days(mission, place))
    # The real-time collections have the land's only.
    elsewhere = () if tier == "T1_RT" else _keys_elsewhere(mission)
    keys = (*over_land, *elsewhere)
    of_tier = (key for key in keys if key.tier == tier.removesuffix("_RT"))
    return tuple(sorted(of_tier, key=lambda key: key.index))


def _keys_elsewhere(mission: Mission) -> set[SceneKey]:
    """Scenes of other places than those over the land."""
    first, last = _YEARS_ELSEWHERE[mission.number]
    found = {
        SceneKey(mission, place, day)
        for place in _ELSEWHERE
        for day in _days(mission, place)
        if first <= day.year <= last
    }
    for index in _NAMED:
        prefix, place, day = index.split("_")
        if prefix == mission.prefix:
            where = PathRow(int(place[:3]), int(place[3:]))
            taken = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).date()
            found.add(SceneKey(mission, where, taken))
    if mission.number == 8:
        found.update(
            SceneKey(mission, PathRow(path, row), day)
            for day in _WORLD_DAYS
            for path in _WORLD_PATHS
            if PathRow(path, 1).flown_by_landsat8(day)
            for row in _WORLD_ROWS
        )
    return found


def _days(mission: Mission, place: PathRow) -> list[date]:
    shift = timedelta(days=mission.phase)
    offset = next(
        d for d in range(CYCLE) if place.flown_by_landsat8(mission.first + timedelta(d) - shift)
    )
    first = mission.first + timedelta(days=offset)
    return [first + timedelta(days=n) for n in range(0, (mission.last - first).days + 1, CYCLE)]


@cache
def _positions(mission: Mission, tier: str) -> dict[str, int]:
    return {key.index: n for n, key in enumerate(scene_keys(mission, tier))}


def images(mission: Mission, tier: str, level: Level) -> LazyImages:
    """The images of a collection."""
    collection = f"LANDSAT/{mission.prefix}/C02/{tier}{level}"
    return LazyImages(
        lambda: len(scene_keys(mission, tier)),
        lambda position: image(scene_keys(mission, tier)[position], collection, tier, level),
        lambda index: _positions(mission, tier).get(index),
    )


def collections() -> dict[str, LazyImages]:
    """All collections, by id."""
    return {
        f"LANDSAT/{mission.prefix}/C02/{tier}{level}": images(mission, tier, level)
        for mission in MISSIONS
        for level in _LEVELS
        for tier in mission.tiers(level)
    }


def _margin(key: SceneKey) -> int:
    """0 to 4; scenes of different days do not start at the same pixel."""
    return key.day.toordinal() // CYCLE % 5


def _lattices(key: SceneKey) -> dict[int, Grid]:
    """The lattices of 30 m and 15 m of a scene."""
    known = _KNOWN_GRIDS.get(key.index)
    return _grids(key.place, _margin(key)) if known is None else _pair(key.place.crs, *known)


@lru_cache(maxsize=512)
def _grids(place: PathRow, margin: int) -> dict[int, Grid]:
    """The lattices of 30 m and 15 m: centres of pixels lie at multiples of that [S]."""
    west, south, east, north = swath(place).outline().bounds
    left = (west // 300 - margin) * 300 - 15.0
    top = (north // 300 + 1 + margin) * 300 + 15.0
    width, height = int((east - left) // 30) + 2, int((top - south) // 30) + 2
    return _pair(place.crs, left, top, width, height)


def _pair(crs: str, left: float, top: float, width: int, height: int) -> dict[int, Grid]:
    return {
        30: Grid(crs, (30.0, 0.0, left, 0.0, -30.0, top), width, height),
        15: Grid(
            crs,
            (15.0, 0.0, left + 7.5, 0.0, -15.0, top - 7.5),
            2 * width - 1,
            2 * height - 1,
        ),
    }


@lru_cache(maxsize=2048)
def _bands(mission: Mission, level: Level, fine: Grid, finest: Grid) -> tuple[Band, ...]:
    grids = {30: fine, 15: finest}
    return tuple(
        Band(band.name, band.dtype, grids[band.resolution], band.pyramiding)
        for band in band_layouts(mission.family, level)
    )


@lru_cache(maxsize=512)
def _moved(place: PathRow) -> tuple[float, float] | None:
    """How far scenes elsewhere are moved, to lie on the land that there is; None over it."""
    if place in PLACES:
        return None
    here, there = swath(place), swath(_SHOWN)
    return (
        (there.easting - here.easting) // 30 * 30,
        (there.northing + SOUTHWARD - here.northing) // 30 * 30,
    )


def image(key: SceneKey, collection: str, tier: str, level: Level) -> ImageAsset:
    """A scene in one of its collections."""
    lattices = _lattices(key)
    lost = tier == "T1_RT" and key.index in _LOST
    # The footprint of some real-time assets is the Earth [S].
    outline: BaseGeometry = WHOLE_EARTH if lost else footprint(key.place)
    pixels = LandsatPixels(
        layouts={band.name: band for band in band_layouts(key.mission.family, level)},
        grids=lattices,
        mission=key.mission,
        swath=swath(key.place),
        moved=_moved(key.place),
        flight=key,
    )
    return ImageAsset(
        id=f"{collection}/{key.index}",
        bands=_bands(key.mission, level, lattices[30], lattices[15]),
        properties=LazyProperties(
            {"system:index": key.index, "system:time_start": key.millis},
            partial(_properties, key, tier, level),
        ),
        footprint=outline,
        sample=pixels,
        afar=pixels.afar,
    )


def _properties(key: SceneKey, tier: str, level: Level) -> dict[str, Any]:
    """Earth Engine's properties of a scene, spelled as there, but for those known at once."""
    mission, place, day = key.mission, key.place, key.day
    at = place.overhead(day)
    category = "RT" if tier == "T1_RT" and key.in_real_time else key.tier
    # Tier 2 is what could not be placed well: systematic terrain correction only.
    processing = "L2SP" if level == "_L2" else ("L1GT" if category == "T2" else "L1TP")
    generated = day if category == "RT" else day + timedelta(days=9)
    cover = round(100 * cloud_share(key.moment), 2)
    distance = sun.distance_correction(day) ** -0.5
    return {
        # [M] Earth Engine gives the same moment as for the start.
        "system:time_end": key.millis,
        "LANDSAT_PRODUCT_ID": (
            f"{mission.prefix}_{processing}_{place}_{day:%Y%m%d}_{generated:%Y%m%d}_02_{category}"
        ),
        "LANDSAT_SCENE_ID": f"{mission.prefix[:2]}{mission.number}{place}{day:%Y%j}LGN00",
        "COLLECTION_NUMBER": 2,
        "COLLECTION_CATEGORY": category,
        "PROCESSING_LEVEL": processing,
        "SPACECRAFT_ID": f"LANDSAT_{mission.number}",
        "SENSOR_ID": mission.sensor,
        "WRS_TYPE": 2,
        "WRS_PATH": place.path,
        "WRS_ROW": place.row,
        "DATE_ACQUIRED": f"{day:%Y-%m-%d}",
        "SCENE_CENTER_TIME": f"{at:%H:%M:%S.%f}0Z",
        "DATE_PRODUCT_GENERATED": 1000 * 86_400 * (generated - date(1970, 1, 1)).days,
        "CLOUD_COVER": cover,
        "CLOUD_COVER_LAND": cover,
        "IMAGE_QUALITY_OLI" if mission.family == "OLI" else "IMAGE_QUALITY": 9,
        "SUN_ELEVATION": 90 - key.sun.zenith,
        "SUN_AZIMUTH": key.sun.azimuth,
        "EARTH_SUN_DISTANCE": distance,
        "MAP_PROJECTION": "UTM",
        "UTM_ZONE": place.zone,
        "DATUM": "WGS84",
        "ELLIPSOID": "WGS84",
        "ORIENTATION": "NORTH_UP",
        "GRID_CELL_SIZE_REFLECTIVE": 30,
        # [M] Those of surface reflectance say how its own numbers are scaled.
        **({} if level == "_L2" else calibration(mission, distance)),
    }
