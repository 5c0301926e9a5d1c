"""What peers are asked for: a window of images whose every pixel is a closed formula."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import eemulator
from tests.eemulator import synthetic

if TYPE_CHECKING:
    from numpy.typing import NDArray

IMAGE = "TEST/UTM"
SERIES = "TEST/SERIES"
CRS = synthetic.UTM.crs
ROW, COL, HEIGHT, WIDTH = 20, 30, 40, 50

_STEP = synthetic.UTM.transform[0]
LEFT = synthetic.UTM.transform[2] + COL * _STEP
TOP = synthetic.UTM.transform[5] - ROW * _STEP
TRANSFORM = (_STEP, 0.0, LEFT, 0.0, -_STEP, TOP)
BOUNDS = (LEFT, TOP - HEIGHT * _STEP, LEFT + WIDTH * _STEP, TOP)
NUMBERS = {IMAGE: 3} | {f"{SERIES}/s{i:03d}": 10 + i for i in range(6)}
"""The `k` of `synthetic.formula`, by asset id."""

on_synthetic_ground = pytest.mark.earth_engine(
    catalog=synthetic.catalog(), limits=eemulator.Limits(requests_per_second=None)
)


def values(band: str, asset_id: str = IMAGE) -> NDArray[Any]:
    """The pixels of the window, `(HEIGHT, WIDTH)`; those that are masked, too."""
    return synthetic.formula(band, NUMBERS[asset_id], *_window())


def valid(band: str, asset_id: str = IMAGE) -> NDArray[np.bool_]:
    """Which of them are not masked."""
    return synthetic.is_valid(band, NUMBERS[asset_id], *_window())


def _window() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.arange(ROW, ROW + HEIGHT)[:, None], np.arange(COL, COL + WIDTH)[None]
