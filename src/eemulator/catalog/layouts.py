"""Which bands a Sentinel-2 image has in Earth Engine, and how each is stored."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, NamedTuple

import numpy as np

Level = Literal["L2A", "L1C"]
"""Processing level: surface reflectance, or top of atmosphere."""


class BandLayout(NamedTuple):
    """How one band is stored.

    Attributes:
        resolution: side of a pixel, metres.
        dtype: of its values.
        pyramiding: how overviews are made.
    """

    resolution: int
    dtype: np.dtype[Any]
    pyramiding: str


# Band, resolution (m), dtype, pyramiding; in Earth Engine's order. The last column says in which
# collections the band is. Pyramiding of the masks is a guess.
_BANDS: tuple[tuple[str, int, str, str, str], ...] = (
    ("B1", 60, "uint16", "MEAN", "L2A L1C"),
    ("B2", 10, "uint16", "MEAN", "L2A L1C"),
    ("B3", 10, "uint16", "MEAN", "L2A L1C"),
    ("B4", 10, "uint16", "MEAN", "L2A L1C"),
    ("B5", 20, "uint16", "MEAN", "L2A L1C"),
    ("B6", 20, "uint16", "MEAN", "L2A L1C"),
    ("B7", 20, "uint16", "MEAN", "L2A L1C"),
    ("B8", 10, "uint16", "MEAN", "L2A L1C"),
    ("B8A", 20, "uint16", "MEAN", "L2A L1C"),
    ("B9", 60, "uint16", "MEAN", "L2A L1C"),
    ("B10", 60, "uint16", "MEAN", "L1C"),
    ("B11", 20, "uint16", "MEAN", "L2A L1C"),
    ("B12", 20, "uint16", "MEAN", "L2A L1C"),
    ("AOT", 10, "uint16", "MEAN", "L2A"),
    ("WVP", 10, "uint16", "MEAN", "L2A"),
    ("SCL", 20, "uint8", "MODE", "L2A"),
    ("TCI_R", 10, "uint8", "MEAN", "L2A"),
    ("TCI_G", 10, "uint8", "MEAN", "L2A"),
    ("TCI_B", 10, "uint8", "MEAN", "L2A"),
    ("MSK_CLDPRB", 20, "uint8", "MEAN", "L2A"),
    ("MSK_SNWPRB", 10, "uint8", "MEAN", "L2A"),
    ("QA10", 10, "uint16", "MODE", "L2A L1C"),
    ("QA20", 20, "uint32", "MODE", "L2A L1C"),
    ("QA60", 60, "uint16", "MODE", "L2A L1C"),
    ("MSK_CLASSI_OPAQUE", 60, "uint8", "MODE", "L2A L1C"),
    ("MSK_CLASSI_CIRRUS", 60, "uint8", "MODE", "L2A L1C"),
    ("MSK_CLASSI_SNOW_ICE", 60, "uint8", "MODE", "L2A L1C"),
)


@cache
def band_layouts(level: Level) -> dict[str, BandLayout]:
    """The bands of a level, in Earth Engine's order."""
    return {
        name: BandLayout(resolution, np.dtype(dtype), pyramiding)
        for name, resolution, dtype, pyramiding, levels in _BANDS
        if level in levels.split()
    }
