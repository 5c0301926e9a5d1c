"""Synthetic Sentinel-2: the scenes of 2024, with the names and grids of the real ones.

Scenes are made when asked for; their pixels are a formula (see `pixels`). What Earth Engine
calls bands, properties and ids is kept, so that a query written for the real collections works.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from eemulator.catalog import scene_statistics, sun
from eemulator.catalog.layouts import Level, band_layouts
from eemulator.catalog.lazy import LazyImages, LazyProperties
from eemulator.catalog.model import Band, CollectionAsset, ImageAsset
from eemulator.catalog.orbits import (
    Pass,
    footprint,
    footprint_elsewhere,
    passes,
    passes_elsewhere,
)
from eemulator.catalog.pixels import Scene
from eemulator.catalog.tiles import ELSEWHERE, TILES, Tile

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from shapely import Polygon

    from eemulator.catalog.model import Sampler

COLLECTIONS: dict[str, Level] = {
    "COPERNICUS/S2_HARMONIZED": "L1C",
    "COPERNICUS/S2_SR_HARMONIZED": "L2A",
}

# The same, but as ESA processed them: from baseline 04.00 on, reflectances have 1000 added, which
# Earth Engine takes away in those above.
UNHARMONIZED: dict[str, Level] = {"COPERNICUS/S2": "L1C", "COPERNICUS/S2_SR": "L2A"}
_SHIFTED, _SHIFT = "04.00", 1000

# Processing baselines and the day each began: ESA's, those before 05.10 remembered [M].
_BASELINES: tuple[tuple[date, str], ...] = (
    (date(2024, 7, 23), "05.11"),
    (date(2023, 12, 13), "05.10"),
    (date(2022, 12, 6), "05.09"),
    (date(2022, 1, 25), "04.00"),
    (date(2021, 3, 30), "03.00"),
    (date(2020, 2, 4), "02.14"),
    (date(2019, 7, 8), "02.13"),
)


@cache
def bands_of(tile: Tile, level: Level) -> tuple[Band, ...]:
    """The bands of a tile's images, in order."""
    return tuple(
        Band(name, layout.dtype, tile.grid(layout.resolution), layout.pyramiding)
        for name, layout in band_layouts(level).items()
    )


@dataclass(frozen=True)
class SceneKey:
    """What tells one scene from another.

    Attributes:
        crossing: the acquisition.
        tile: what of it the scene shows.
        again: when it was processed a second time, for that product; None for the first.
    """

    crossing: Pass
    tile: Tile
    again: datetime | None = None

    @property
    def index(self) -> str:
        """`system:index`: datatake start, granule start, tile.

        Of a product that was processed again, the second moment is that of the processing [S].
        """
        c = self.crossing
        second = c.granule_start if self.again is None else self.again
        return f"{_stamp(c.datatake_start)}_{_stamp(second)}_T{self.tile.name}"

    @property
    def baseline(self) -> str:
        """The processing baseline."""
        if self.again is not None:
            return _LATER_BASELINE
        return next(name for start, name in _BASELINES if self.crossing.date >= start)

    @property
    def acquisition(self) -> SceneKey:
        """The same as it was processed first."""
        return SceneKey(self.crossing, self.tile)

    @property
    def millis(self) -> int:
        """When the tile's top was recorded."""
        return _milliseconds(self.crossing.time_over(self.tile))

    @property
    def footprint(self) -> Polygon | None:
        """Where it has data."""
        if self.tile.name in ELSEWHERE:
            return footprint_elsewhere(self.tile.name)
        return footprint(self.tile.name, self.crossing.orbit.number)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%S")


# Acquisitions of relative orbit 77 that were processed a second time, and of which tiles; as
# products were when baselines changed, both are there.
_TWICE = dict.fromkeys((date(2024, 5, 1), date(2024, 5, 6), date(2024, 6, 10)), ("38KRE", "39KTV"))
_AGAIN = datetime(2025, 1, 15, 10, 10, 10, tzinfo=UTC)
_LATER_BASELINE = "05.11"


@cache
def scene_keys() -> tuple[SceneKey, ...]:
    """Every scene of the year, by index."""
    keys = [
        SceneKey(crossing, tile)
        for crossing in passes()
        for tile in TILES.values()
        if footprint(tile.name, crossing.orbit.number) is not None
    ]
    keys += [
        replace(key, again=_AGAIN)
        for key in keys
        if key.tile.name in _TWICE.get(key.crossing.date, ())
    ]
    keys += [SceneKey(crossing, tile) for tile, crossing in passes_elsewhere()]
    return tuple(sorted(keys, key=lambda k: k.index))


@cache
def _positions() -> dict[str, int]:
    return {key.index: n for n, key in enumerate(scene_keys())}


def position(index: str) -> int | None:
    """Which scene has an index; None for none."""
    return _positions().get(index)


@dataclass(frozen=True)
class _Shifted:
    """The pixels of a scene, with reflectances as newer baselines have them."""

    sample: Sampler

    def __call__(
        self, bands: Sequence[str], rows: NDArray[np.int64], cols: NDArray[np.int64]
    ) -> list[tuple[NDArray[Any], NDArray[np.bool_]]]:
        found = self.sample(bands, rows, cols)
        return [
            (values + values.dtype.type(_SHIFT) * valid if name.startswith("B") else values, valid)
            for name, (values, valid) in zip(bands, found, strict=True)
        ]


def _make(collection: str, at: int) -> ImageAsset:
    key = scene_keys()[at]
    level = COLLECTIONS.get(collection) or UNHARMONIZED[collection]

    def seen(side: int) -> Sampler:
        scene = Scene(key.tile, key.crossing, level, side)
        shifted = collection in UNHARMONIZED and key.baseline >= _SHIFTED
        return _Shifted(scene) if shifted else scene

    return ImageAsset(
        id=f"{collection}/{key.index}",
        bands=bands_of(key.tile, level),
        properties=LazyProperties(
            {"system:index": key.index, "system:time_start": key.millis},
            partial(_properties, key, level),
        ),
        footprint=key.footprint,
        sample=seen(1),
        afar=seen,
    )


def collections() -> tuple[CollectionAsset, ...]:
    """Top of atmosphere, and surface reflectance; harmonized, and as they were."""
    return tuple(
        CollectionAsset(
            id=name,
            images=LazyImages(lambda: len(scene_keys()), partial(_make, name), position),
            properties={"type": "ImageCollection"},
        )
        for name in (*COLLECTIONS, *UNHARMONIZED)
    )


def oracle(
    asset_id: str, band: str, rows: NDArray[np.int64], cols: NDArray[np.int64]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """What a pixel of a synthetic scene must be.

    Args:
        asset_id: of the scene, with its collection.
        band: one of its bands.
        rows: row indices in the band's own grid, broadcastable with `cols`.
        cols: column indices.

    Returns:
        Values (of the band's dtype, 0 where invalid) and validity, of the broadcast shape.

    Raises:
        KeyError: no such scene.

    Example:
        >>> scene = "COPERNICUS/S2_SR_HARMONIZED/20240105T070201_20240105T070203_T38KQE"
        >>> values, valid = oracle(scene, "SCL", np.array([[2000]]), np.array([[100, 101]]))
        >>> values.shape, values.dtype
        ((1, 2), dtype('uint8'))
    """
    collection, _, index = asset_id.rpartition("/")
    key = next((k for k in scene_keys() if k.index == index), None)
    if key is None or collection not in COLLECTIONS:
        raise KeyError(asset_id)
    return Scene(key.tile, key.crossing, COLLECTIONS[collection])([band], rows, cols)[0]


def _properties(key: SceneKey, level: Level) -> dict[str, Any]:
    """Earth Engine's properties of a scene, spelled as there, but for those known at once.

    The quality flags and angles are plausible, not measured; the percentages are counted from
    the scene's own pixels.
    """
    c, tile = key.crossing, key.tile
    satellite = f"S2{c.satellite}"
    baseline = key.baseline
    number = f"{c.orbit.number:03d}"
    # Products appear some hours after the pass.
    generated = c.datatake_start + timedelta(hours=3, minutes=(c.absolute_orbit * 7) % 50)
    if key.again is not None:
        generated = key.again
    sun_stood = sun.position(c.time_over(tile), *_centre(tile.name))
    properties: dict[str, Any] = {
        # [assumed] Earth Engine gives the same moment as for the start.
        "system:time_end": key.millis,
        "MGRS_TILE": tile.name,
        "SPACECRAFT_NAME": f"Sentinel-2{c.satellite}",
        "SENSING_ORBIT_NUMBER": c.orbit.number,
        "SENSING_ORBIT_DIRECTION": "DESCENDING",
        "PROCESSING_BASELINE": baseline,
        "PRODUCT_ID": (
            f"{satellite}_MSI{level}_{_stamp(c.datatake_start)}_N{baseline.replace('.', '')}"
            f"_R{number}_T{tile.name}_{_stamp(generated)}"
        ),
        "GRANULE_ID": f"{level}_T{tile.name}_A{c.absolute_orbit:06d}_{_stamp(c.granule_start)}",
        "DATATAKE_IDENTIFIER": (
            f"G{satellite}_{_stamp(c.datatake_start)}_{c.absolute_orbit:06d}_N{baseline}"
        ),
        "DATATAKE_TYPE": "INS-NOBS",
        "DATASTRIP_ID": (
            f"{satellite}_OPER_MSI_{level}_DS_2{c.satellite}PS_{_stamp(generated)}"
            f"_S{_stamp(c.granule_start)}_N{baseline}"
        ),
        "GENERATION_TIME": _milliseconds(generated),
        "MEAN_SOLAR_ZENITH_ANGLE": sun_stood.zenith,
        "MEAN_SOLAR_AZIMUTH_ANGLE": sun_stood.azimuth,
        "REFLECTANCE_CONVERSION_CORRECTION": sun.distance_correction(c.date),
        "GEOMETRIC_QUALITY": "PASSED",
        "RADIOMETRIC_QUALITY": "PASSED",
        "SENSOR_QUALITY": "PASSED",
        "GENERAL_QUALITY": "PASSED",
        "FORMAT_CORRECTNESS": "PASSED",
        "DEGRADED_MSI_DATA_PERCENTAGE": 0,
    }
    return properties | scene_statistics.properties(key.acquisition.index, level)


def _milliseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@cache
def _centre(tile_name: str) -> tuple[float, float]:
    """Longitude and latitude of the middle of a tile."""
    if tile_name in ELSEWHERE:
        middle = footprint_elsewhere(tile_name).centroid
        return middle.x, middle.y
    whole = [footprint(tile_name, number) for number in (77, 120)]
    bounds = [shape.bounds for shape in whole if shape is not None]
    west, south = min(b[0] for b in bounds), min(b[1] for b in bounds)
    east, north = max(b[2] for b in bounds), max(b[3] for b in bounds)
    return (west + east) / 2, (south + north) / 2
