"""What share of each scene is cloud, shadow, water and so on.

The shares are counted from the scenes' own classification (SCL) at every 45th pixel of every
45th row, and kept in a table beside this module, because a query must know them for hundreds of
scenes at once. Against a count of all pixels they are right to about one percent of the tile.

`python -m eemulator.catalog.count_classes` counts again, after the formula has changed.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from eemulator.catalog.layouts import Level
    from eemulator.catalog.model import ImageAsset

TABLE = Path(__file__).parent / "data" / "sentinel2_classes.csv"

# SCL's classes, and the property that gives each one's share of the valid pixels.
CLASS_PROPERTIES: dict[int, str] = {
    1: "SATURATED_DEFECTIVE_PIXEL_PERCENTAGE",
    2: "DARK_FEATURES_PERCENTAGE",
    3: "CLOUD_SHADOW_PERCENTAGE",
    4: "VEGETATION_PERCENTAGE",
    5: "NOT_VEGETATED_PERCENTAGE",
    6: "WATER_PERCENTAGE",
    7: "UNCLASSIFIED_PERCENTAGE",
    8: "MEDIUM_PROBA_CLOUDS_PERCENTAGE",
    9: "HIGH_PROBA_CLOUDS_PERCENTAGE",
    10: "THIN_CIRRUS_PERCENTAGE",
    11: "SNOW_ICE_PERCENTAGE",
}
_CLOUDS = (8, 9, 10)
_STEP = 45


@cache
def _table() -> dict[str, dict[str, float]]:
    if not TABLE.exists():
        return {}
    with TABLE.open(newline="") as file:
        return {
            row.pop("index"): {k: float(v) for k, v in row.items()} for row in csv.DictReader(file)
        }


def properties(index: str, level: Level) -> dict[str, Any]:
    """Earth Engine's percentages of a scene; L1C has only those that clouds need."""
    counted = _table().get(index, {})
    shares = {name: counted.get(name, 0.0) for name in CLASS_PROPERTIES.values()}
    cloudy = round(sum(shares[CLASS_PROPERTIES[n]] for n in _CLOUDS), 4)
    general = {
        "CLOUDY_PIXEL_PERCENTAGE": cloudy,
        "CLOUD_COVERAGE_ASSESSMENT": cloudy,
        "NODATA_PIXEL_PERCENTAGE": counted.get("NODATA_PIXEL_PERCENTAGE", 0.0),
    }
    return general | shares if level == "L2A" else general


def count(image: ImageAsset, step: int = _STEP) -> dict[str, float]:
    """Shares (percent) of each class among an L2A image's valid pixels, and of no data.

    Args:
        image: a scene of the surface reflectance collection.
        step: one row and column of SCL in so many is looked at.
    """
    side = next(band.grid.height for band in image.bands if band.id == "SCL")
    lines = np.arange(step // 2, side, step)
    classes, valid = image.sample(["SCL"], lines[:, None], lines[None, :])[0]
    seen = classes[valid]
    shares = {
        name: round(100 * float(np.mean(seen == number)), 4)
        for number, name in CLASS_PROPERTIES.items()
    }
    return shares | {"NODATA_PIXEL_PERCENTAGE": round(100 * float(np.mean(~valid)), 4)}
