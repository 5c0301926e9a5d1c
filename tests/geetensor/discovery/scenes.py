"""A catalogue of every sensor that queries know: a few scenes each, and no pixels."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from eemulator import Band, Catalog, CollectionAsset, Grid, ImageAsset
from geetensor.collections import (
    CLOUD_SCORE_PLUS,
    DEM,
    EMBEDDINGS,
    LANDSAT,
    S1,
    S2_CLOUD_PROBABILITY,
    S2_SR,
    S2_TOA,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

HERE = shapely.box(45.0, -19.0, 45.2, -18.8)
"""Inside of what follows, but for what says otherwise."""

WHOLE = shapely.box(44.5, -19.5, 45.5, -18.5)
NORTH = shapely.box(44.5, -18.6, 45.5, -17.6)
"""Beside `HERE`; overlaps `WHOLE`."""

WORLD = shapely.box(-180, -90, 180, 90)


def ms(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp() * 1000)


def scene(
    asset_id: str,
    footprint: BaseGeometry | None = WHOLE,
    time: str | None = None,
    bands: Sequence[str] = ("B1",),
    grid: Grid | None = None,
    **properties: Any,
) -> ImageAsset:
    """A stored image without pixels, of 10 seconds."""
    lattice = grid or Grid("EPSG:32738", (10.0, 0.0, 699_960.0, 0.0, -10.0, 7_900_000.0), 1200, 900)
    own: dict[str, Any] = {"system:index": asset_id.rpartition("/")[2]}
    if time is not None:
        own |= {"system:time_start": ms(time), "system:time_end": ms(time) + 10_000}
    return ImageAsset(
        id=asset_id,
        bands=tuple(Band(name, np.dtype(np.uint16), lattice) for name in bands),
        properties={**own, **properties},
        footprint=footprint,
        sample=_no_pixels,
    )


def _no_pixels(bands: Any, rows: Any, cols: Any) -> Any:
    raise AssertionError("queries ask for no pixels")


def collection(asset_id: str, *images: ImageAsset) -> CollectionAsset:
    return CollectionAsset(asset_id, sorted(images, key=lambda image: image.id))


def sentinel2(root: str) -> list[ImageAsset]:
    """Two tiles of a pass each five days; one of these passes was processed twice."""
    made = []
    for day in range(1, 30, 5):
        for tile, ground in (("38KPE", WHOLE), ("38KPF", NORTH)):
            for baseline, produced in (("02.14", "0801"), ("05.10", "1231"))[: 1 + (day == 11)]:
                start = f"202406{day:02}T071301"
                made.append(
                    scene(
                        f"{root}/{start}_2024{produced}T072512_T{tile}",
                        ground.buffer(0.0001 if baseline == "02.14" else 0),
                        f"2024-06-{day:02}T07:13:0{len(tile) % 5}",
                        ("B1", "B2"),
                        SPACECRAFT_NAME="Sentinel-2A" if day % 10 == 1 else "Sentinel-2B",
                        SENSING_ORBIT_NUMBER=63,
                        MGRS_TILE=tile,
                        PROCESSING_BASELINE=baseline,
                        CLOUDY_PIXEL_PERCENTAGE=day * 3.5,
                    )
                )
    unknown = made[0].properties.keys() - {"CLOUDY_PIXEL_PERCENTAGE"}
    first = made[0]
    rest = {name: first.properties[name] for name in unknown}
    made[0] = ImageAsset(first.id, first.bands, rest, first.footprint, first.sample)
    return made


def masks(root: str, band: str, scenes: Sequence[ImageAsset]) -> CollectionAsset:
    """Cloud masks of scenes, whose footprints are much smaller."""
    return collection(
        root,
        *(
            ImageAsset(
                f"{root}/{one.properties['system:index']}",
                tuple(Band(band, np.dtype(np.uint8), b.grid) for b in one.bands[:1]),
                {
                    name: value
                    for name, value in one.properties.items()
                    if name.startswith("system:")
                },
                shapely.box(44.6, -18.6, 44.7, -18.55),
                one.sample,
            )
            for one in scenes
        ),
    )


def sentinel1() -> list[ImageAsset]:
    made = []
    for number, (mode, polarisations, direction, orbit, satellite) in enumerate(
        [
            ("IW", ["VV", "VH"], "DESCENDING", 152, "A"),
            ("IW", ["VV", "VH"], "ASCENDING", 57, "B"),
            ("IW", ["VV"], "DESCENDING", 152, "C"),
            ("EW", ["HH", "HV"], "DESCENDING", 152, "A"),
            ("IW", ["VV", "VH"], "DESCENDING", 79, "A"),
        ]
    ):
        made.append(
            scene(
                f"{S1}/S1{satellite}_{mode}_{number}",
                time=f"2024-06-{number + 1:02}T02:30:00",
                bands=[*polarisations, "angle"],
                instrumentMode=mode,
                transmitterReceiverPolarisation=polarisations,
                orbitProperties_pass=direction,
                relativeOrbitNumber_start=orbit,
                platform_number=satellite,
            )
        )
    return made


def landsat(mission: int, level: str, tier: int | str) -> CollectionAsset:
    """A scene of each tier on one day, and where real time is, one that is tier 1 already."""
    root = LANDSAT[mission, level, tier]
    sensor = root.split("/")[1]
    row, category = (73, f"T{tier}") if tier != "RT" else (74, "RT")

    def one(name: str, **own: Any) -> ImageAsset:
        properties = {
            "SPACECRAFT_ID": f"LANDSAT_{mission}",
            "WRS_PATH": 159,
            "WRS_ROW": row,
            "CLOUD_COVER": 12.5,
            "COLLECTION_CATEGORY": category,
        }
        footprint, time = own.pop("footprint", WHOLE), own.pop("time", "2024-06-05T07:01:00")
        return scene(f"{root}/{name}", footprint, time, **{**properties, **own})

    made = [one(f"{sensor}_1590{row}_20240605")]
    if tier == "RT":
        made.append(one(f"{sensor}_159073_20240605", WRS_ROW=73, COLLECTION_CATEGORY="T1"))
        before = "2024-06-05T06:59:00"
        made.append(one(f"{sensor}_159075_20240605", WRS_ROW=75, footprint=WORLD, time=before))
    return collection(root, *made)


def modis(product: str, band: str) -> CollectionAsset:
    sphere = Grid(
        "SR-ORG:6974",
        (463.3127165279165, 0, -20015109.354, 0, -463.3127165279165, 10007554.677),
        86_400,
        43_200,
    )
    return collection(
        f"MODIS/061/{product}",
        *(
            scene(f"MODIS/061/{product}/2024_06_{day:02}", WORLD, f"2024-06-{day:02}", [band],
                  sphere)
            for day in range(1, 8)
        ),
    )  # fmt: skip


def edge() -> CollectionAsset:
    """At the antimeridian: in the forms that footprints come in."""
    forms = {
        "beyond": shapely.box(179, -18, 181, -16),
        "before": shapely.box(-181, -18, -179, -16),
        "parted": shapely.MultiPolygon(
            [shapely.box(179, -18, 180, -16), shapely.box(-180, -18, -179, -16)]
        ),
        "east": shapely.box(178, -18, 179.5, -16),
        "west": shapely.box(-179.5, -18, -178, -16),
        "far": shapely.box(0, -18, 1, -16),
    }
    return collection(
        "TEST/EDGE",
        *(scene(f"TEST/EDGE/{name}", form, "2024-06-01T22:30:00") for name, form in forms.items()),
    )


def catalog() -> Catalog:
    surface, top = sentinel2(S2_SR), sentinel2(S2_TOA)
    degree = Grid("EPSG:4326", (1 / 3600, 0, 45, 0, -1 / 3600, -18), 3600, 3600)
    return Catalog(
        [
            collection(S2_SR, *surface),
            collection(S2_TOA, *top),
            masks(S2_CLOUD_PROBABILITY, "probability", surface[::2]),
            masks(CLOUD_SCORE_PLUS, "cs", surface[1:]),
            collection(S1, *sentinel1()),
            *(landsat(*key) for key in LANDSAT),
            modis("MOD09GA", "sur_refl_b01"),
            modis("MYD11A1", "LST_Day_1km"),
            modis("MOD44W", "water_mask"),
            collection(
                DEM,
                scene(f"{DEM}/S19", shapely.box(45, -19, 46, -18), None, ["DEM"], degree),
                scene(f"{DEM}/S20", shapely.box(45, -20, 46, -19), None, ["DEM"], degree),
                scene(f"{DEM}/N20", shapely.box(45, 20, 46, 21), None, ["DEM"], degree),
            ),
            collection(
                EMBEDDINGS,
                *(
                    scene(f"{EMBEDDINGS}/{year}_{number}", ground, f"{year}-01-01", ["A00"])
                    for year in range(2022, 2025)
                    for number, ground in enumerate([WHOLE, NORTH])
                ),
            ),
            edge(),
        ]
    )
