"""The scene that is exported, as numbers: its grid, its assets, and what each pixel must hold.

Nothing but NumPy is imported here: a contestant's process has what that contestant needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CRS = "EPSG:32738"
SIDE = 10_980
"""Pixels."""
RESOLUTION = 10
"""Metres a pixel."""
LEFT, TOP = 699_960.0, 8_000_020.0
"""Metres: the outer corner of the first pixel."""

BANDS = ("B2", "B3", "B4", "B8")
"""All of uint16."""
IMAGE = "BENCH/IMAGE"
SERIES = "BENCH/SERIES"
DATES = 400
DAY = 86_400_000
START = 1_704_067_200_000
"""Milliseconds since 1970: the first date of the series."""

_PERIOD = 4096
_TABLE = np.random.default_rng(0).integers(1, 10_000, _PERIOD, dtype=np.uint16)


def date_id(number: int) -> str:
    """The asset of one date of the series."""
    return f"{SERIES}/d{number:03d}"


def values(number: int, row: int, col: int, height: int, width: int) -> NDArray[np.uint16]:
    """What a window of native pixels holds, in any band: a view that costs next to nothing.

    Args:
        number: of the image; 0 for the single one and for the first date.
        row: of the window's first pixel.
        col: of the window's first pixel.
        height: pixels.
        width: pixels.

    Returns:
        `(height, width)`: a table's entries at `row + column + number`, modulo its length.
    """
    line = np.resize(np.roll(_TABLE, -((row + col + number) % _PERIOD)), height + width)
    # Every row is the one above, moved by one: a view, whatever the size.
    step = line.strides[0]
    return np.lib.stride_tricks.as_strided(line, (height, width), (step, step), writeable=False)
